// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/config.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/peer_address.hpp"
#include "base/text.hpp"
#include "core/config.hpp"

namespace rollcall::agent {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint16_t member_port = 7420;
constexpr std::size_t hosts_max = 10'000;
constexpr std::size_t events_kept_max = 1'000'000;
constexpr Duration stats_interval_min = std::chrono::milliseconds(100);

std::string unknown_key_message(const std::string& key) {
  if (key == "config") return "a file cannot name a further one; remove this";
  if (const std::string_view feature = later_feature(key); !feature.empty()) {
    return std::string(feature) + " is not available in this version; remove this";
  }
  const std::string_view meant = nearest_key(key);
  if (!meant.empty()) return "no such key; did you mean " + std::string(meant) + "?";
  return "no such key; all are listed by 'rollcall agent --help'";
}

/// One member's protocol in the core's own words, for its check of ranges and contradictions.
core::Config core_config(const Settings& settings) {
  core::Config config;
  config.name = settings.name.empty() ? "host" : settings.name;
  config.cluster = settings.cluster;
  config.tags = settings.tags;
  config.advertise = Address::v4(127, 0, 0, 1, member_port);  // checked when it is bound
  config.probe_interval = settings.probe_interval;
  config.probe_timeout = settings.probe_timeout;
  config.indirect_probes = settings.indirect_probes;
  config.suspicion_enabled = settings.suspicion;
  config.suspicion_time = settings.suspicion_time;
  config.gossip_interval = settings.gossip_interval;
  config.gossip_fanout = settings.gossip_fanout;
  config.cleanup_time = settings.cleanup_time;
  config.leave_timeout = settings.leave_timeout;
  return config;
}

/// Collects the layers of one configuration.
class Resolver {
 public:
  void add(const RawConfig& layer) {
    problems_.insert(problems_.end(), layer.problems.begin(), layer.problems.end());
    for (const Assignment& assignment : layer.assignments) add(assignment);
  }

  std::expected<Config, ConfigProblems> finish() {
    shorten_default_timeout();
    if (problems_.empty()) check_whole();
    if (!problems_.empty()) return std::unexpected(std::move(problems_));
    return std::move(config_);
  }

 private:
  void add(const Assignment& assignment) {
    const Key* const key = find_key(assignment.key);
    if (key == nullptr) {
      problems_.push_back({assignment.origin, assignment.key, unknown_key_message(assignment.key)});
      return;
    }
    if (auto assigned = assign(config_.settings, *key, assignment.value); !assigned) {
      problems_.push_back({assignment.origin, assignment.key, std::move(assigned).error()});
      return;
    }
    config_.origins.insert_or_assign(std::string(key->name), assignment.origin);
  }

  /// Who asks only for a shorter interval should not be told that the default timeout is longer.
  void shorten_default_timeout() {
    Settings& settings = config_.settings;
    if (config_.origins.contains("probe-timeout")) return;
    settings.probe_timeout = std::min(settings.probe_timeout, settings.probe_interval / 2);
  }

  void check_whole() {
    for (const core::ConfigProblem& problem : core::validate(core_config(config_.settings))) {
      // A default follows other values, and is wrong only because one of them is.
      const bool follows = problem.field == "probe-timeout" && !problems_.empty() &&
                           !config_.origins.contains(problem.field);
      if (!follows) report(problem.field, problem.message);
    }
    const Settings& settings = config_.settings;
    if (settings.events_kept == 0 || settings.events_kept > events_kept_max) {
      report("events-kept", std::to_string(settings.events_kept) +
                                " is out of range; allowed: 1 to " +
                                std::to_string(events_kept_max));
    }
    const bool has_stats = settings.stats_interval != Duration::zero();
    if (has_stats && settings.stats_interval < stats_interval_min) {
      report("stats-interval", duration_text(settings.stats_interval) +
                                   " is out of range; allowed: at least " +
                                   duration_text(stats_interval_min) + ", or off");
    }
  }

  void report(const std::string& key, std::string message) {
    problems_.push_back({config_.origin_of(key), key, std::move(message)});
  }

  Config config_;
  ConfigProblems problems_;
};

/// A word that YAML reads back as the same text without quotes.
bool is_plain_word(const std::string& text) {
  if (parse_duration(text)) return true;
  if (text == "null" || text == "Null" || text == "NULL") return false;
  if (text == "true" || text == "false") return false;
  constexpr std::string_view first = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/";
  constexpr std::string_view further = "0123456789._/-";
  return !text.empty() && first.find(text.front()) != std::string_view::npos &&
         std::ranges::all_of(text, [&](char c) {
           return first.find(c) != std::string_view::npos ||
                  further.find(c) != std::string_view::npos;
         });
}

std::string yaml_value(const Json& value) {
  if (value.is_string()) {
    const auto text = value.get<std::string>();
    return is_plain_word(text) ? text : value.dump();
  }
  return value.dump();  // JSON is YAML
}

bool has_no_value(const Json& value) {
  return (value.is_string() && value.get<std::string>().empty()) ||
         (value.is_structured() && value.empty());
}

std::string trimmed(std::string line) {
  line.erase(std::min(line.find('#'), line.size()));
  line.erase(0, line.find_first_not_of(" \t\r"));
  line.erase(line.find_last_not_of(" \t\r") + 1);
  return line;
}

std::expected<std::vector<std::string>, ConfigProblem> read_hosts(const std::string& file) {
  const Origin origin{.source = Origin::Source::file, .name = file};
  const auto unreadable = [&origin] {
    return std::unexpected(ConfigProblem{origin, "hosts",
                                         std::string("cannot be read: ") + std::strerror(errno) +
                                             "; name a file with one HOST or HOST:PORT a line"});
  };
  errno = 0;
  std::ifstream stream(file);
  if (!stream) return unreadable();
  std::vector<std::string> hosts;
  int line_number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++line_number;
    const std::string host = trimmed(line);
    if (host.empty()) continue;
    const auto address = parse_peer_address(host, member_port);
    Origin at = origin;
    at.line = line_number;
    at.column = 1;
    if (!address || host.find_first_of(" \t") != std::string::npos) {
      return std::unexpected(ConfigProblem{
          at, "hosts", "found '" + host + "'; allowed: one HOST or HOST:PORT a line"});
    }
    if (hosts.size() >= hosts_max) {
      return std::unexpected(ConfigProblem{
          at, "hosts", "more than " + std::to_string(hosts_max) + " lines; allowed: fewer"});
    }
    hosts.push_back(to_text(*address));
  }
  if (stream.bad()) return unreadable();  // a directory can be opened, but not read
  return hosts;
}

std::string_view to_text(Scope scope) {
  return scope == Scope::cluster ? "cluster" : "local";
}
std::string_view to_text(Reload reload) {
  return reload == Reload::on_sighup ? "on SIGHUP" : "at start";
}

}  // namespace

Origin Config::origin_of(std::string_view key) const {
  const auto found = origins.find(key);
  return found == origins.end() ? Origin{} : found->second;
}

std::expected<Config, ConfigProblems> resolve(const std::vector<RawConfig>& layers) {
  Resolver resolver;
  for (const RawConfig& layer : layers) resolver.add(layer);
  return resolver.finish();
}

std::expected<Config, ConfigProblems> load_config(const ParsedFlags& flags,
                                                  const Environment& environment,
                                                  const std::vector<std::string>& own_variables) {
  std::vector<RawConfig> layers;
  const auto file = flags.config_file ? flags.config_file : environment("ROLLCALL_CONFIG");
  if (file) layers.push_back(read_config_file(*file));
  layers.push_back(read_environment(environment));
  layers.push_back(flags.raw);
  auto config = resolve(layers);
  if (config) config->warnings = ignored_variables(environment, own_variables);
  return config;
}

std::expected<Config, ConfigProblems> load_config_file(const std::string& file) {
  return resolve({read_config_file(file)});
}

std::string dump_yaml(const Config& config) {
  std::string yaml;
  for (const Key& key : all_keys()) {
    const Json value = value_json(config.settings, key);
    // A key without a value, such as a name that is the host's, cannot be written as one.
    if (has_no_value(value)) yaml += "# ";
    yaml += std::string(key.name) + ": " + yaml_value(value);
    const Origin origin = config.origin_of(key.name);
    if (origin.source != Origin::Source::built_in) yaml += "  # " + agent::to_text(origin);
    yaml += '\n';
  }
  return yaml;
}

Json config_json(const Config& config) {
  Json json = Json::object();
  for (const Key& key : all_keys()) json[std::string(key.name)] = value_json(config.settings, key);
  return json;
}

Json config_details_json(const Config& config) {
  Json json = Json::object();
  for (const Key& key : all_keys()) {
    json[std::string(key.name)] = {{"value", value_json(config.settings, key)},
                                   {"default", value_json({}, key)},
                                   {"origin", agent::to_text(config.origin_of(key.name))},
                                   {"variable", variable_name(key)},
                                   {"scope", to_text(key.scope)},
                                   {"taken", to_text(key.reload)},
                                   {"help", key.help}};
  }
  return json;
}

std::expected<std::vector<std::string>, ConfigProblem> seeds_of(const Config& config) {
  std::vector<std::string> seeds = config.settings.join;
  if (config.settings.hosts.empty()) return seeds;
  auto hosts = read_hosts(config.settings.hosts);
  if (!hosts) return std::unexpected(std::move(hosts).error());
  seeds.insert(seeds.end(), hosts->begin(), hosts->end());
  return seeds;
}

Options to_options(const Settings& settings, std::vector<std::string> seeds) {
  Options options;
  options.name = settings.name;
  options.cluster = settings.cluster;
  options.bind = settings.bind;
  options.advertise = settings.advertise;
  options.data_dir = settings.data_dir;
  options.seeds = std::move(seeds);
  options.tags = settings.tags;
  options.profile = settings.profile == "swim" ? Profile::swim : Profile::rollcall;
  options.probe_interval = settings.probe_interval;
  options.probe_timeout = settings.probe_timeout;
  options.indirect_probes = settings.indirect_probes;
  options.suspicion = settings.suspicion;
  options.suspicion_time = settings.suspicion_time;
  options.gossip_interval = settings.gossip_interval;
  options.gossip_fanout = settings.gossip_fanout;
  options.cleanup_time = settings.cleanup_time;
  options.leave_timeout = settings.leave_timeout;
  options.drop_rate = settings.drop_rate;
  options.events_kept = settings.events_kept;
  return options;
}

std::string reference_markdown() {
  std::string text = "| key | value | default | meaning |\n| --- | --- | --- | --- |\n";
  for (const Key& key : all_keys()) {
    std::string value = value_name(key);
    for (std::size_t at = 0; (at = value.find('|', at)) != std::string::npos; at += 2) {
      value.insert(at, "\\");
    }
    const std::string given = value_text({}, key);
    text += "| `" + std::string(key.name) + "` | `" + value + "` | " +
            (given.empty() ? "" : "`" + given + "`") + " | " + std::string(key.help);
    if (!key.aliases.empty()) {
      text += " Also:";
      for (const std::string_view alias : key.aliases) text += " `" + std::string(alias) + "`";
      text += ".";
    }
    if (key.scope == Scope::cluster) text += " Should be the same on every member.";
    if (key.reload == Reload::on_sighup) text += " Read again on SIGHUP.";
    text += " |\n";
  }
  return text;
}

}  // namespace rollcall::agent
