// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include "base/peer_address.hpp"
#include "base/text.hpp"
#include "cli/agent_client.hpp"
#include "cli/commands.hpp"
#include "cli/table.hpp"
#include "cli/text.hpp"
#include "http/client.hpp"

namespace rollcall::cli {
namespace {

using namespace std::chrono_literals;

/// Joining tries every seed with time-outs of its own; leaving waits for acknowledgements.
constexpr auto join_timeout = 60s;
constexpr auto leave_timeout = 30s;
constexpr std::uint16_t member_port = 7420;

struct JoinOptions {
  AgentOptions agent;
  std::vector<std::string> seeds;
  bool cancel = false;
};

void print_attempts(const Json& answer) {
  if (!answer.contains("attempts") || !answer["attempts"].is_array()) {
    std::cout << "joined\n";
    return;
  }
  Table table({{"SEED"}, {"OUTCOME"}});
  for (const Json& attempt : answer["attempts"]) {
    const bool joined = attempt.value("joined", false);
    table.add({field_text(attempt, "seed"),
               Cell(field_text(attempt, "outcome"), joined ? Paint::green : Paint::yellow)});
  }
  std::cout << table.text(stdout_colours());
}

Outcome<ExitCode> cancel_join(const AgentOptions& options) {
  const auto answer =
      ask(options,
          {.what = "join", .method = "DELETE", .target = "/v1/join", .timeout = leave_timeout});
  if (!answer) return std::unexpected(answer.error());
  if (options.json) {
    print_json(*answer);
  } else {
    std::cout << "the agent looks for no other members any more; 'rollcall join ADDRESS' does\n";
  }
  return ExitCode::done;
}

Outcome<ExitCode> run_join(const JoinOptions& options) {
  if (options.cancel) return cancel_join(options.agent);
  if (options.seeds.empty()) {
    return std::unexpected(Failure{.code = ExitCode::usage,
                                   .what = "join",
                                   .why = "no address is given",
                                   .todo = "give HOST:PORT of a member, or --cancel"});
  }
  const Json body{{"addresses", options.seeds}};
  const auto answer = ask(options.agent, {.what = "join",
                                          .method = "POST",
                                          .target = "/v1/join",
                                          .body = body.dump(),
                                          .timeout = join_timeout});
  if (!answer) return std::unexpected(answer.error());
  options.agent.json ? print_json(*answer) : print_attempts(*answer);
  return ExitCode::done;
}

Outcome<ExitCode> run_leave(const AgentOptions& options) {
  const auto answer =
      ask(options,
          {.what = "leave", .method = "POST", .target = "/v1/leave", .timeout = leave_timeout});
  if (!answer) return std::unexpected(answer.error());
  if (options.json) {
    print_json(*answer);
  } else {
    std::cout << "the agent has left the cluster and stays up; 'rollcall join' brings it back\n";
  }
  return ExitCode::done;
}

/// The agent knows nothing of commands; its user wants to know which one helps.
Failure explained(Failure failure, const std::string& name) {
  if (failure.agent_code == "unknown-member") {
    failure.why = "no member named '" + name + "' is known";
    failure.todo = "'rollcall members' lists all";
  } else if (failure.agent_code == "not-allowed") {
    failure.why = name + " cannot be forced out: only a failed or suspected member can be";
    failure.todo = "a live one leaves by 'rollcall leave' on its own agent";
  }
  return failure;
}

Outcome<ExitCode> run_force_leave(const AgentOptions& options, const std::string& name) {
  if (!is_valid_name(name)) {
    return std::unexpected(Failure{.code = ExitCode::usage,
                                   .what = "force-leave",
                                   .why = "'" + name + "' is no member's name",
                                   .todo = "a name is " + std::string(name_rule)});
  }
  const auto answer =
      ask(options, {.what = "force-leave",
                    .method = "POST",
                    .target = "/v1/members/" + http::percent_encoded(name) + "/force-leave",
                    .timeout = leave_timeout});
  if (!answer) return std::unexpected(explained(answer.error(), name));
  if (options.json) {
    print_json(*answer);
  } else {
    std::cout << name << " counts as left now, everywhere\n";
  }
  return ExitCode::done;
}

std::string check_seed(const std::string& seed) {
  return parse_peer_address(seed, member_port) ? "" : "'" + seed + "' is not HOST:PORT of a member";
}

}  // namespace

void add_join_commands(CLI::App& program, Invocation& invocation) {
  auto& join =
      add_command(program, "join", "Let the agent join a cluster through any member of it");
  auto join_options = std::make_shared<JoinOptions>();
  auto* const addresses = join.add_option("addresses", join_options->seeds,
                                          "Members to join; the first that answers is enough");
  addresses->check(check_seed)->type_name("HOST:PORT");
  auto* const cancel =
      join.add_flag("--cancel", join_options->cancel, "End every try to join, instead");
  addresses->excludes(cancel);
  add_agent_flags(join, join_options->agent);
  join.callback([join_options, &invocation] {
    invocation.action = [join_options] { return run_join(*join_options); };
  });

  auto& leave = add_command(program, "leave", "Let the agent leave its cluster and stay up");
  auto leave_options = std::make_shared<AgentOptions>();
  add_agent_flags(leave, *leave_options);
  leave.callback([leave_options, &invocation] {
    invocation.action = [leave_options] { return run_leave(*leave_options); };
  });

  auto& force = add_command(program, "force-leave", "Turn a failed member into one that left");
  auto force_options = std::make_shared<AgentOptions>();
  auto name = std::make_shared<std::string>();
  force.add_option("name", *name, "The failed member")->required()->type_name("NAME");
  add_agent_flags(force, *force_options);
  force.callback([force_options, name, &invocation] {
    invocation.action = [force_options, name] { return run_force_leave(*force_options, *name); };
  });
}

}  // namespace rollcall::cli
