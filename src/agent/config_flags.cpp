// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "agent/config_sources.hpp"

namespace rollcall::agent {
namespace {

constexpr const char* summary =
    "Run one member of a cluster: the protocol, and the HTTP API, until a signal ends it.";
constexpr const char* footer =
    "Durations: 250ms, 1s, 2m. Each flag is also a key of the file (--config) and an environment\n"
    "variable ROLLCALL_<KEY>; flags win over the environment, the environment over the file.\n"
    "SIGTERM and SIGINT leave the cluster and end the agent; SIGHUP reopens the log.";

/// "http.allow_get_mutations" is --http-allow-get-mutations.
std::string flag_name(std::string_view name) {
  std::string flag(name);
  std::ranges::replace(flag, '_', '-');
  std::ranges::replace(flag, '.', '-');
  return flag;
}

bool is_plain_switch(const Key& key) {
  const auto* const field = std::get_if<SwitchField>(&key.field);
  return field != nullptr && field->on == "true";
}

/// "--join,--introducer,--seeds"
std::string option_names(const Key& key) {
  std::string names = "--" + flag_name(key.name);
  if (flag_name(key.name) != key.name) names += ",--" + std::string(key.name);
  for (const std::string_view alias : key.aliases) names += ",--" + flag_name(alias);
  return names;
}

std::string help_of(const Key& key) {
  const std::string given = value_text({}, key);
  std::string help(key.help);
  const bool says_default = help.find("efault:") != std::string::npos;
  if (given.empty() || says_default || is_plain_switch(key)) return help;
  return help + " Default: " + given + ".";
}

/// The command line as CLI11 knows it. What it finds is understood later, by the schema.
class FlagParser {
 public:
  FlagParser() : app_(summary, "rollcall agent") {
    app_.footer(footer);
    app_.allow_extras();
    config_ = app_.add_option("--config");
    config_->description("A YAML or JSON file with further keys.");
    shape(config_, "FILE");
    for (const Key& key : all_keys()) add(key);
  }

  ParsedFlags parse(std::vector<std::string> arguments) {
    ParsedFlags parsed;
    std::ranges::reverse(arguments);  // as CLI11 wants them
    try {
      app_.parse(std::move(arguments));
    } catch (const CLI::CallForHelp&) {
      parsed.help = true;
      return parsed;
    } catch (const CLI::ParseError& error) {
      parsed.raw.problems.push_back({flag(""), "", error.what()});
      return parsed;
    }
    collect(parsed);
    return parsed;
  }
  std::string help() { return app_.help(); }

 private:
  static void shape(CLI::Option* option, const std::string& value) {
    option->type_size(1)->expected(1)->type_name(value)->allow_extra_args(false);
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }
  static Origin flag(std::string name) {
    return {.source = Origin::Source::flag, .name = std::move(name)};
  }

  void add(const Key& key) {
    CLI::Option* const option = is_plain_switch(key) ? app_.add_flag(option_names(key))
                                                     : app_.add_option(option_names(key));
    option->description(help_of(key));
    if (is_plain_switch(key)) {
      option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    } else {
      shape(option, value_name(key));
    }
    options_.emplace_back(&key, option);
  }

  void collect(ParsedFlags& parsed) {
    if (config_->count() > 1) {
      parsed.raw.problems.push_back({flag("config"), "config", "given twice; allowed: once"});
    }
    if (config_->count() > 0) parsed.config_file = config_->results().back();
    for (const auto& [key, option] : options_) {
      if (option->count() == 0) continue;
      parsed.raw.assignments.push_back({.key = std::string(key->name),
                                        .value = {RawValue::Shape::scalar, option->results()},
                                        .origin = flag(flag_name(key->name))});
    }
    for (const std::string& extra : app_.remaining()) add_extra(parsed.raw, extra);
  }

  /// An unknown flag becomes an assignment to an unknown key, which is refused with all others.
  /// What stands behind it may be its value, and is passed over.
  static void add_extra(RawConfig& raw, const std::string& extra) {
    if (extra.starts_with("-") && extra.size() > 1) {
      const std::size_t begin = std::min(extra.find_first_not_of('-'), extra.size());
      const std::string name = extra.substr(begin, extra.find('=') - begin);
      raw.assignments.push_back({.key = name, .value = {}, .origin = flag(name)});
    } else if (raw.assignments.empty() || !raw.assignments.back().value.items.empty()) {
      raw.problems.push_back({flag(""), "",
                              "'" + extra +
                                  "' is no flag of agent; all are listed by "
                                  "'rollcall agent --help'"});
    }
  }

  CLI::App app_;
  CLI::Option* config_ = nullptr;
  std::vector<std::pair<const Key*, CLI::Option*>> options_;
};

}  // namespace

ParsedFlags parse_flags(const std::vector<std::string>& arguments) {
  return FlagParser().parse(arguments);
}

std::string help_text() {
  return FlagParser().help();
}

}  // namespace rollcall::agent
