// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include "agent/config.hpp"
#include "cli/agent_client.hpp"
#include "cli/commands.hpp"
#include "cli/properties.hpp"
#include "cli/settings_change.hpp"

namespace rollcall::cli {
namespace {

/// All that is wrong with a configuration: the first problem in the message, the others below.
Failure failure_of(const agent::ConfigProblems& problems, const std::string& what) {
  Failure failure{.code = ExitCode::usage, .what = what};
  for (const agent::ConfigProblem& problem : problems) {
    if (failure.why.empty()) {
      failure.why = to_text(problem);
    } else {
      failure.details.push_back("also " + to_text(problem));
    }
  }
  return failure;
}

// --- get -----------------------------------------------------------------------------------------

struct GetOptions {
  AgentOptions agent;
  std::string key;
};

Outcome<ExitCode> run_get(const GetOptions& options) {
  const auto answer = ask(options.agent, {.what = "config get", .target = "/v1/config"});
  if (!answer) return std::unexpected(answer.error());
  if (options.key.empty()) {
    options.agent.json ? print_json(*answer) : print_properties(*answer);
    return ExitCode::done;
  }
  // The agent's own names lead; aliases and underscores are understood as in a file.
  const agent::Key* const key = agent::find_key(options.key);
  const std::string name = key == nullptr ? options.key : std::string(key->name);
  if (!answer->is_object() || !answer->contains(name)) {
    return std::unexpected(Failure{.what = "config get",
                                   .why = "the agent has no key '" + options.key + "'",
                                   .todo = "'rollcall config get' lists all"});
  }
  if (options.agent.json) {
    print_json(answer->at(name));
  } else {
    std::cout << field_text(*answer, name) << '\n';
  }
  return ExitCode::done;
}

void add_get(CLI::App& family, Invocation& invocation) {
  auto& get = add_command(family, "get", "Show what is in force in an agent, all of it or one key");
  auto options = std::make_shared<GetOptions>();
  get.add_option("key", options->key, "Only this key")->type_name("KEY");
  add_agent_flags(get, options->agent);
  get.callback(
      [options, &invocation] { invocation.action = [options] { return run_get(*options); }; });
}

// --- set -----------------------------------------------------------------------------------------

struct SetOptions {
  ChangeOptions terms;
  std::vector<std::string> assignments;
};

std::string check_assignment(const std::string& text) {
  const std::size_t equals = text.find('=');
  const bool is_assignment = equals != std::string::npos && equals > 0;
  return is_assignment ? "" : "'" + text + "' is no KEY=VALUE, such as drop-rate=0.05";
}

/// What came of the keys that were set.
void print_set(const Json& answer, const Json& body) {
  Json shown = Json::object();
  const Json settings = answer.value("settings", Json::object());
  for (const auto& [name, value] : body.items()) {
    const agent::Key* const key = agent::find_key(name);
    const std::string canonical = key == nullptr ? name : std::string(key->name);
    if (settings.contains(canonical)) shown[canonical] = settings.at(canonical);
  }
  print_properties(shown);
  std::cout << version_text(answer) << '\n';
}

Outcome<ExitCode> run_set(const SetOptions& options) {
  Json body = Json::object();
  for (const std::string& assignment : options.assignments) {
    const std::size_t equals = assignment.find('=');
    const std::string key = assignment.substr(0, equals);
    if (body.contains(key)) {
      return std::unexpected(Failure{.code = ExitCode::usage,
                                     .what = "config set",
                                     .why = "'" + key + "' is given twice",
                                     .todo = "give each key once"});
    }
    body[key] = assignment.substr(equals + 1);
  }
  const auto answer = ask_for_change(
      options.terms, {.what = "config set",
                      .method = "PATCH",
                      .target = "/v1/config",
                      .body = body.dump(-1, ' ', false, Json::error_handler_t::replace)});
  if (!answer) return std::unexpected(answer.error());
  options.terms.agent.json ? print_json(*answer) : print_set(*answer, body);
  return ExitCode::done;
}

void add_set(CLI::App& family, Invocation& invocation) {
  auto& set = add_command(family, "set", "Change settings of the running cluster");
  auto options = std::make_shared<SetOptions>();
  set.add_option("assignments", options->assignments,
                 "Keys of the cluster's, with their new values")
      ->required()
      ->check(check_assignment)
      ->type_name("KEY=VALUE");
  add_change_flags(set, options->terms);
  set.callback(
      [options, &invocation] { invocation.action = [options] { return run_set(*options); }; });
}

// --- check and dump ------------------------------------------------------------------------------

void add_check(CLI::App& family, Invocation& invocation) {
  auto& check = add_command(family, "check", "Say whether a configuration file is in order");
  auto file = std::make_shared<std::string>();
  check.add_option("file", *file, "The file, YAML or JSON")->required()->type_name("FILE");
  check.callback([file, &invocation] {
    invocation.action = [file]() -> Outcome<ExitCode> {
      const auto config = agent::load_config_file(*file);
      if (!config) return std::unexpected(failure_of(config.error(), "config check"));
      std::cout << *file << " is in order\n";
      return ExitCode::done;
    };
  });
}

Outcome<ExitCode> run_dump(const std::vector<std::string>& arguments, bool as_json) {
  const auto config = agent::load_config(agent::parse_flags(arguments),
                                         agent::process_environment(), agent::own_variables());
  if (!config) return std::unexpected(failure_of(config.error(), "config dump"));
  if (as_json) {
    print_json(agent::config_json(*config));
  } else {
    std::cout << agent::dump_yaml(*config);
  }
  return ExitCode::done;
}

void add_dump(CLI::App& family, Invocation& invocation) {
  auto& dump = add_command(family, "dump",
                           "Show the configuration that an agent with these flags would have");
  auto as_json = std::make_shared<bool>(false);
  dump.add_flag("--json", *as_json, "Print as JSON");
  dump.allow_extras();
  dump.footer(
      "Takes every flag of 'rollcall agent', and the environment and --config FILE with them:\n"
      "  rollcall config dump --config rollcall.yaml --probe-interval 2s");
  dump.callback([&dump, as_json, &invocation] {
    invocation.action = [arguments = dump.remaining(), as_json] {
      return run_dump(arguments, *as_json);
    };
  });
}

}  // namespace

void add_config_commands(CLI::App& program, Invocation& invocation) {
  auto& family = add_command(program, "config", "Get, set, check or dump a configuration");
  family.require_subcommand(1);
  add_get(family, invocation);
  add_set(family, invocation);
  add_check(family, invocation);
  add_dump(family, invocation);
}

}  // namespace rollcall::cli
