// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <limits>
#include <memory>
#include <optional>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include "cli/agent_client.hpp"
#include "cli/checks.hpp"
#include "cli/commands.hpp"
#include "cli/properties.hpp"
#include "cli/table.hpp"
#include "cli/text.hpp"
#include "cli/view_follower.hpp"

namespace rollcall::cli {
namespace {

struct ViewsOptions {
  AgentOptions agent;
  std::optional<std::uint64_t> since;
  bool follow = false;
};

std::string names_text(const Json& names) {
  std::string text;
  for (const Json& name : names) {
    if (!text.empty()) text += ", ";
    text += name.is_string() ? name.get<std::string>() : name.dump();
  }
  return text;
}

void print_views(const Json& answer) {
  Table table({{"VIEW", Align::right},
               {"CAUSE"},
               {"LEADER"},
               {"TERM", Align::right},
               {"INDEX", Align::right},
               {"MEMBERS"}});
  for (const Json& view : answer.value("views", Json::array())) {
    table.add({field_text(view, "view"), field_text(view, "cause"), field_text(view, "leader"),
               field_text(view, "term"), field_text(view, "index"),
               names_text(view.value("members", Json::array()))});
  }
  std::cout << table.text(stdout_colours());
}

Outcome<ExitCode> run_views(const ViewsOptions& options) {
  if (options.follow)
    return follow_views(options.agent, "views", "/v1/views?follow=true", options.since);
  const std::string query = options.since ? "?since=" + std::to_string(*options.since) : "";
  const auto answer = ask(options.agent, {.what = "views", .target = "/v1/views" + query});
  if (!answer) return std::unexpected(answer.error());
  if (options.agent.json) {
    print_json(*answer);
  } else {
    print_views(*answer);
    tell_staleness(*answer, "views");
  }
  return ExitCode::done;
}

Outcome<ExitCode> run_leader(const AgentOptions& options) {
  const auto answer = ask(options, {.what = "leader", .target = "/v1/leader"});
  if (!answer) return std::unexpected(answer.error());
  options.json ? print_json(*answer) : print_properties(*answer);
  return ExitCode::done;
}

}  // namespace

Outcome<ExitCode> follow_views(const AgentOptions& agent, const std::string& what,
                               const std::string& target, std::optional<std::uint64_t> since) {
  ViewFollower follower(agent, {.what = what, .target = target, .since = since},
                        {.view =
                             [as_json = agent.json](const std::string& data, const Json& view) {
                               // Each line at once: whoever waits for it may be a program.
                               std::cout << (as_json ? data : view_line(view)) << '\n'
                                         << std::flush;
                               return std::cout.good() ? http::Flow::go_on : http::Flow::stop;
                             },
                         .remark =
                             [what](const std::string& text) {
                               std::cerr << "rollcall: " << what << ": " << printable(text) << '\n';
                             }});
  return follower.run();
}

void add_view_commands(CLI::App& program, Invocation& invocation) {
  auto& views = add_command(program, "views", "Show the agreed views of the cluster's members");
  auto options = std::make_shared<ViewsOptions>();
  views.add_option("--since", options->since, "Only those after this view")
      ->check(whole_number(0, std::numeric_limits<std::uint64_t>::max()))
      ->type_name("VIEW");
  views.add_flag("--follow", options->follow,
                 "Go on with each further view: from --since on, or from the present one");
  add_agent_flags(views, options->agent);
  views.callback(
      [options, &invocation] { invocation.action = [options] { return run_views(*options); }; });

  auto& leader = add_command(program, "leader", "Show which member leads the cluster");
  auto leader_options = std::make_shared<AgentOptions>();
  add_agent_flags(leader, *leader_options);
  leader.callback([leader_options, &invocation] {
    invocation.action = [leader_options] { return run_leader(*leader_options); };
  });
}

}  // namespace rollcall::cli
