// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/config.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include <nlohmann/json.hpp>

#include "agent/cluster_keys.hpp"
#include "agent/config_agreement.hpp"
#include "base/peer_address.hpp"
#include "base/text.hpp"
#include "core/config.hpp"
#include "runtime/hosts_file.hpp"
#include "runtime/settings_conversion.hpp"

namespace rollcall::agent {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint16_t member_port = 7420;
constexpr std::size_t port_max = 65'535;
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
  static_cast<core::ClusterSettings&>(config) = runtime::to_core(cluster_settings(settings));
  config.profile = settings.profile == "swim" ? core::Profile::swim : core::Profile::rollcall;
  config.name = settings.name.empty() ? "host" : settings.name;
  config.cluster = settings.cluster;
  config.tags = settings.tags;
  config.advertise = Address::v4(127, 0, 0, 1, member_port);  // checked when it is bound
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
    if (settings.broadcast_port == 0 || settings.broadcast_port > port_max) {
      report("broadcast-port", std::to_string(settings.broadcast_port) +
                                   " is out of range; allowed: 1 to " + std::to_string(port_max));
    }
    for (const KeyProblem& problem : problems_of_agreement(settings)) {
      report(problem.key, problem.message);
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

/// The members that a hosts file names, as text.
std::expected<std::vector<std::string>, ConfigProblem> read_hosts(const std::string& file) {
  const auto found = runtime::read_hosts_file(file);
  if (!found) {
    Origin origin{.source = Origin::Source::file, .name = file};
    origin.line = found.error().line;
    origin.column = origin.line > 0 ? 1 : 0;
    return std::unexpected(ConfigProblem{origin, "hosts", found.error().message});
  }
  std::vector<std::string> hosts;
  for (const HostPort& host : *found) hosts.push_back(peer_text(host));
  return hosts;
}

std::string_view to_text(Scope scope) {
  return scope == Scope::cluster ? "cluster" : "local";
}
std::string_view to_text(Reload reload) {
  switch (reload) {
    case Reload::at_start:
      return "at start";
    case Reload::on_sighup:
      return "on SIGHUP";
    case Reload::live:
      return "while the cluster runs";
  }
  return "at start";
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
  if (!config) return config;
  config->warnings = ignored_variables(environment, own_variables);
  config->file = file.value_or("");
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
  options.hosts_file = settings.hosts;
  options.broadcast = settings.broadcast;
  options.broadcast_port = static_cast<std::uint16_t>(settings.broadcast_port);
  options.tags = settings.tags;
  options.profile = settings.profile == "swim" ? Profile::swim : Profile::rollcall;
  const ClusterSettings shared = cluster_settings(settings);
  options.detector = shared.detector;
  options.suspicion = shared.suspicion;
  options.suspicion_time = shared.suspicion_time;
  options.probe_interval = shared.probe_interval;
  options.probe_timeout = shared.probe_timeout;
  options.indirect_probes = shared.indirect_probes;
  options.gossip_interval = shared.gossip_interval;
  options.gossip_fanout = shared.gossip_fanout;
  options.fail_time = shared.fail_time;
  options.accrual_threshold = shared.accrual_threshold;
  options.heartbeat_cast = shared.heartbeat_cast;
  options.cleanup_time = shared.cleanup_time;
  options.drop_rate = shared.drop_rate;
  options.leave_timeout = settings.leave_timeout;
  options.events_kept = settings.events_kept;
  options.allow_faults = settings.allow_faults;
  options.agreement = agreement_options(settings);
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
    if (key.reload == Reload::live) text += " One of the cluster's settings.";
    if (key.scope == Scope::cluster && key.reload != Reload::live) {
      text += " Should be the same on every member.";
    }
    if (key.reload == Reload::on_sighup) text += " Read again on SIGHUP.";
    text += " |\n";
  }
  return text;
}

}  // namespace rollcall::agent
