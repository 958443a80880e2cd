// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <limits>
#include <memory>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "base/text.hpp"
#include "cli/agent_client.hpp"
#include "cli/checks.hpp"
#include "cli/commands.hpp"
#include "cli/event_follower.hpp"
#include "cli/event_text.hpp"
#include "cli/table.hpp"
#include "cli/text.hpp"

namespace rollcall::cli {
namespace {

struct EventsOptions {
  AgentOptions agent;
  FollowPlan plan;
  std::string retry = "1m";
};

Outcome<ExitCode> run_events(EventsOptions& options) {
  const auto retry = parse_duration(options.retry);
  if (!retry) {
    return std::unexpected(Failure{.code = ExitCode::usage,
                                   .what = "events",
                                   .why = "--retry: '" + options.retry + "' is no duration",
                                   .todo = "write it as 500ms, 30s or 10m"});
  }
  options.plan.retry = std::chrono::duration_cast<std::chrono::milliseconds>(*retry);
  const Colours colours = stdout_colours();
  const bool as_json = options.agent.json;
  EventFollower follower(options.agent, options.plan,
                         {.event =
                              [as_json, colours](const std::string& data) {
                                // Each line at once: whoever waits for it may be a program.
                                std::cout << (as_json ? data : event_line(data, colours)) << '\n'
                                          << std::flush;
                                return std::cout.good() ? http::Flow::go_on : http::Flow::stop;
                              },
                          .remark =
                              [](const std::string& text) {
                                std::cerr << "rollcall: events: " << printable(text) << '\n';
                              }});
  return follower.run();
}

}  // namespace

void add_event_commands(CLI::App& program, Invocation& invocation) {
  auto& events = add_command(program, "events", "Follow what happens in the cluster, in order");
  auto options = std::make_shared<EventsOptions>();
  events
      .add_option("--since", options->plan.since,
                  "Begin after the event of this index; 0 is all that the agent still has")
      ->check(whole_number(0, std::numeric_limits<std::uint64_t>::max()))
      ->type_name("INDEX");
  events.add_flag("--follow,!--no-follow", options->plan.follow,
                  "Go on with what happens next (the default), or end with what has happened");
  events
      .add_option("--retry", options->retry, "How long to try again when the agent stops answering")
      ->type_name("DURATION")
      ->capture_default_str();
  add_agent_flags(events, options->agent);
  events.callback(
      [options, &invocation] { invocation.action = [options] { return run_events(*options); }; });
}

}  // namespace rollcall::cli
