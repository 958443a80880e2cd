// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <iostream>
#include <memory>
#include <utility>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "cli/checks.hpp"
#include "cli/group_lead.hpp"
#include "cli/group_options.hpp"
#include "cli/text.hpp"

namespace rollcall::cli {
namespace {

using namespace std::chrono_literals;

constexpr const char* ttl_default = "10s";
constexpr std::chrono::nanoseconds lead_ttl_min = 1s;
/// Of a lease: what a command gets to end by itself, and the most that it can be given.
constexpr int grace_share = 4;
constexpr int grace_share_max = 2;
constexpr auto retry_pause = 500ms;

void print_joined(const Json& answer, const AgentOptions& agent) {
  if (agent.json) return print_json(answer);
  std::cout << printable(field_text(answer, "id") + " is in " + field_text(answer, "group") +
                         (answer.value("leads", false) ? " and leads it" : "") + " (view " +
                         field_text(answer, "view") + ")")
            << '\n';
}

/// Stays until a signal ends it; joins again when it was lost.
Outcome<ExitCode> keep(GroupLease& lease, const std::string& what, const sigset_t& signals) {
  constexpr timespec pause{.tv_sec = 0, .tv_nsec = std::chrono::nanoseconds(retry_pause).count()};
  for (;;) {
    const int signal = sigtimedwait(&signals, nullptr, &pause);
    if (signal == SIGTERM || signal == SIGINT || signal == SIGHUP) {
      const auto left = lease.leave();
      if (!left && left.error().agent_code != "unknown-member") {
        return std::unexpected(left.error());
      }
      return ExitCode::done;
    }
    if (!lease.is_lost()) continue;
    std::cerr << "rollcall: " << what << ": it was taken out; joining again\n";
    if (const auto joined = lease.join(); !joined) {
      std::cerr << to_text(joined.error());
    }
  }
}

Outcome<ExitCode> run_join(const ClientOptions& options, bool keeps) {
  const auto place = place_of(options, "group join");
  if (!place) return std::unexpected(place.error());
  if (!keeps) {
    const auto answer = ask(options.agent, {.what = place->what,
                                            .method = "PUT",
                                            .target = member_target(place->group, place->id),
                                            .body = place->body});
    if (!answer) return std::unexpected(answer.error());
    print_joined(*answer, options.agent);
    return ExitCode::done;
  }
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &signals, &before);
  GroupLease lease(options.agent, *place);
  Outcome<ExitCode> ended = ExitCode::done;
  if (const auto answer = lease.join()) {
    print_joined(*answer, options.agent);
    std::cout << std::flush;
    ended = keep(lease, place->what, signals);
  } else {
    ended = std::unexpected(answer.error());
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return ended;
}

struct LeadOptions {
  ClientOptions client;
  std::string grace;
  std::string wait;
  std::vector<std::string> command;
};

std::unexpected<Failure> wrong_lead(const std::string& why, const std::string& todo) {
  return std::unexpected(
      Failure{.code = ExitCode::usage, .what = "group lead", .why = why, .todo = todo});
}

Outcome<LeadPlan> lead_plan(const LeadOptions& options) {
  auto place = place_of(options.client, "group lead");
  if (!place) return std::unexpected(place.error());
  if (options.command.empty()) {
    return wrong_lead("no command was given",
                      "write it behind '--', as in 'rollcall group lead db $HOSTNAME -- ./serve'");
  }
  if (options.client.group == "auto") {
    return wrong_lead("a group to lead has to be named", "name it instead of 'auto'");
  }
  if (place->ttl < lead_ttl_min) {
    return wrong_lead("--ttl: found '" + options.client.ttl + "'; allowed: at least " +
                          duration_text(lead_ttl_min),
                      "");
  }
  LeadPlan plan{
      .agent = options.client.agent, .place = std::move(*place), .command = options.command};
  plan.grace = plan.place.ttl / grace_share;
  if (!options.grace.empty()) plan.grace = parse_duration(options.grace).value_or(plan.grace);
  if (plan.grace > plan.place.ttl / grace_share_max) {
    return wrong_lead("--grace: found '" + options.grace + "'; allowed: at most half of --ttl, " +
                          duration_text(plan.place.ttl / grace_share_max),
                      "");
  }
  if (!options.wait.empty()) plan.wait = parse_duration(options.wait);
  return plan;
}

}  // namespace

void add_group_join_command(CLI::App& family, Invocation& invocation) {
  auto& join = add_command(family, "join", "Put a client into a group, or renew what is known");
  auto options = std::make_shared<ClientOptions>();
  auto keeps = std::make_shared<bool>(false);
  add_client_flags(join, *options);
  join.add_flag("--keep", *keeps,
                "Stay and send heartbeats until a signal ends it, then leave (--ttl: 10s)");
  join.footer("The group 'auto' is whichever has the fewest members.");
  join.callback([options, keeps, &invocation] {
    if (*keeps && options->ttl.empty()) options->ttl = ttl_default;
    invocation.action = [options, keeps] { return run_join(*options, *keeps); };
  });
}

void add_group_lead_command(CLI::App& family, Invocation& invocation) {
  auto& command = add_command(family, "lead", "Run a command while this client leads a group");
  auto options = std::make_shared<LeadOptions>();
  add_client_flags(command, options->client);
  options->client.ttl = ttl_default;
  command.get_option("--ttl")->default_str(ttl_default);
  command
      .add_option("--grace", options->grace,
                  "Between SIGTERM and SIGKILL when it has to end; default: a quarter of --ttl")
      ->check(check_duration)
      ->type_name("DURATION");
  command.add_option("--wait", options->wait, "How long to wait for leadership; default: for ever")
      ->check(check_duration)
      ->type_name("DURATION");
  command.footer(
      "The command stands behind '--' and finds ROLLCALL_GROUP, ROLLCALL_ID and ROLLCALL_VIEW\n"
      "set; the last is a fencing token: no earlier leader had one as high.\n"
      "Exit code: the command's own, or 75 when leadership was lost and the command was ended.\n"
      "  rollcall group lead db $HOSTNAME -- ./serve-as-primary");
  command.callback([options, &invocation] {
    options->command = std::exchange(invocation.rest, {});
    invocation.has_rest = false;
    invocation.action = [options]() -> Outcome<ExitCode> {
      const auto plan = lead_plan(*options);
      if (!plan) return std::unexpected(plan.error());
      return lead(*plan);
    };
  });
}

}  // namespace rollcall::cli
