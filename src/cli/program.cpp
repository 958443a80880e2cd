// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/program.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <iostream>
#include <optional>
#include <span>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "agent/agent_command.hpp"
#include "agent/version.hpp"
#include "base/suggest.hpp"
#include "cli/commands.hpp"
#include "cli/failure.hpp"
#include "cli/help.hpp"
#include "cli/text.hpp"

namespace rollcall::cli {
namespace {

using Words = std::vector<std::string>;

int exit_status(ExitCode code) {
  return static_cast<int>(code);
}

int fail(const Failure& failure) {
  std::cout.flush();
  std::cerr << to_text(failure);
  return exit_status(failure.code);
}

/// What was printed must have arrived: a full disk behind stdout is a failure.
int finish(ExitCode code) {
  std::cout.flush();
  if (std::cout.good()) return exit_status(code);
  return fail({.code = ExitCode::refused,
               .what = "output",
               .why = "could not be written",
               .todo = "look at where it was sent"});
}

Words command_names(const CLI::App& app) {
  Words names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

/// The word that was probably meant; empty if none is near.
std::string nearest(const std::string& typed, const Words& words) {
  const std::vector<std::string_view> views(words.begin(), words.end());
  return std::string(rollcall::nearest(typed, views));
}

std::string program_path(const CLI::App& app) {
  if (app.get_parent() == nullptr) return "rollcall";
  return program_path(*app.get_parent()) + " " + app.get_name();
}

/// The command's name for messages: "cluster up".
std::string what_of(const CLI::App& app) {
  const std::string path = program_path(app);
  return path == "rollcall" ? "command line" : path.substr(std::string("rollcall ").size());
}

/// What a later version will know. Whoever types it has not mistyped anything, and must not be
/// led to another command ('events' for 'event').
bool is_later_command(const CLI::App& app, const std::string& word) {
  constexpr std::array commands{"services", "service", "event", "query",
                                "keys",     "monitor", "logs",  "doctor"};
  return app.get_parent() == nullptr && std::ranges::find(commands, word) != commands.end();
}

Failure unknown_command(const CLI::App& app, const std::string& word) {
  if (is_later_command(app, word)) {
    const std::string family = app.get_parent() == nullptr ? "" : what_of(app) + " ";
    return {.code = ExitCode::usage,
            .what = family + word,
            .why = "not available in this version",
            .todo = "'rollcall help' lists what there is"};
  }
  const std::string meant = nearest(word, command_names(app));
  const std::string family = app.get_parent() == nullptr ? "" : " " + what_of(app);
  return {.code = ExitCode::usage,
          .what = what_of(app),
          .why = "unknown command '" + word + "'",
          .todo = meant.empty() ? "'rollcall help" + family + "' lists what there is"
                                : "did you mean 'rollcall" + family + " " + meant + "'?"};
}

/// The command that the words name, as deep as they do.
Outcome<CLI::App*> find_command(CLI::App& program, const Words& words) {
  CLI::App* app = &program;
  for (const std::string& word : words) {
    const Words names = command_names(*app);
    if (names.empty() || word.starts_with('-')) break;
    if (std::ranges::find(names, word) == names.end()) {
      return std::unexpected(unknown_command(*app, word));
    }
    app = app->get_subcommand(word);
  }
  return app;
}

Failure missing_command(const CLI::App& app) {
  std::string names;
  for (const std::string& name : command_names(app)) names += (names.empty() ? "" : ", ") + name;
  return {.code = ExitCode::usage,
          .what = what_of(app),
          .why = "which command is missing",
          .todo = "it is one of " + names};
}

Failure unknown_words(const CLI::App& app, const Words& words) {
  Words flags;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  }
  const std::string& word = words.front();
  const bool is_flag = word.starts_with('-') && word != "-";
  const std::string meant = nearest(word.substr(0, word.find('=')), flags);
  const std::string help = "'" + program_path(app) + " --help' lists what there is";
  return {.code = ExitCode::usage,
          .what = what_of(app),
          .why = is_flag ? "unknown flag " + word : "'" + word + "' is one word too many",
          .todo = is_flag && !meant.empty() ? "did you mean " + meant + "?" : help};
}

/// What stands before "--" is ours; what stands behind it goes to an agent or a command.
Words take_rest(Words words, Invocation& invocation) {
  const auto separator = std::ranges::find(words, "--");
  if (separator == words.end()) return words;
  invocation.has_rest = true;
  invocation.rest.assign(separator + 1, words.end());
  words.erase(separator, words.end());
  return words;
}

int show_help(CLI::App& program, const Words& words) {
  if (!words.empty() && words.front() == "agent") {
    constexpr std::array arguments{"agent", "--help"};
    return agent::run_agent(static_cast<int>(arguments.size()), arguments.data());
  }
  const Outcome<CLI::App*> command = find_command(program, words);
  if (!command) return fail(command.error());
  const bool is_program = *command == &program;
  std::cout << (is_program ? overview()
                           : (*command)->help(program_path(*(*command)->get_parent())));
  return finish(ExitCode::done);
}

int show_version() {
  std::cout << "rollcall " << agent::version() << '\n';
  return finish(ExitCode::done);
}

/// Reads the line; nothing means that it is understood and the action is set.
std::optional<Failure> parse(CLI::App& program, const Words& words) {
  const Outcome<CLI::App*> command = find_command(program, words);
  if (!command) return command.error();
  if (!command_names(**command).empty()) return missing_command(**command);
  try {
    // CLI11 reads a list from its end.
    program.parse(Words(words.rbegin(), words.rend()));
  } catch (const CLI::ExtrasError&) {
    return unknown_words(**command, program.remaining(/*recurse=*/true));
  } catch (const CLI::ParseError& error) {
    return Failure{.code = ExitCode::usage,
                   .what = what_of(**command),
                   .why = error.what(),
                   .todo = "'" + program_path(**command) + " --help' tells what is allowed"};
  }
  return std::nullopt;
}

bool asks_for_help(const Words& words) {
  return std::ranges::any_of(
      words, [](const std::string& word) { return word == "-h" || word == "--help"; });
}

void add_all_commands(CLI::App& program, Invocation& invocation) {
  program.set_help_flag();
  program.require_subcommand(1);
  add_command(program, "agent", "Run one member");
  add_cluster_commands(program, invocation);
  add_member_commands(program, invocation);
  add_status_commands(program, invocation);
  add_event_commands(program, invocation);
  add_view_commands(program, invocation);
  add_group_commands(program, invocation);
  add_join_commands(program, invocation);
  add_switch_command(program, invocation);
  add_config_commands(program, invocation);
  add_simulate_commands(program, invocation);
  add_plan_command(program, invocation);
  add_command(program, "help", "Show the commands, or all flags of one");
  add_command(program, "version", "Show the version of this program");
}

int run_words(const Words& all) {
  CLI::App program;
  Invocation invocation;
  add_all_commands(program, invocation);
  const Words words = take_rest(all, invocation);
  if (words.empty()) {
    std::cerr << overview();
    return exit_status(ExitCode::usage);
  }
  const std::string& first = words.front();
  if (first == "help") return show_help(program, Words(words.begin() + 1, words.end()));
  if (asks_for_help(words)) return show_help(program, words);
  if (first == "version" || first == "--version" || first == "-V") return show_version();

  if (const auto failure = parse(program, words)) return fail(*failure);
  if (invocation.has_rest) {
    return fail({.code = ExitCode::usage,
                 .what = first,
                 .why = "nothing may stand behind '--'",
                 .todo = "'rollcall help " + first + "' tells what is allowed"});
  }
  const Outcome<ExitCode> outcome = invocation.action();
  return outcome ? finish(*outcome) : fail(outcome.error());
}

}  // namespace

CLI::App& add_command(CLI::App& parent, const std::string& name, const std::string& summary) {
  CLI::App& command = *parent.add_subcommand(name, summary);
  command.set_help_flag("-h,--help", "Show this");
  return command;
}

int run_program(int argc, const char* const* argv) {
  const std::span arguments(argv, static_cast<std::size_t>(argc));
  // The agent reads its own flags, each of which is a key of its configuration too.
  if (arguments.size() > 1 && std::string_view(arguments[1]) == "agent") {
    return agent::run_agent(argc - 1, argv + 1);
  }
  try {
    return run_words(Words(arguments.begin() + (arguments.empty() ? 0 : 1), arguments.end()));
  } catch (const std::exception& error) {
    return fail({.code = ExitCode::refused, .what = "internal error", .why = error.what()});
  }
}

}  // namespace rollcall::cli
