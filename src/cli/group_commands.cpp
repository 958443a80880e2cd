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

#include "base/text.hpp"
#include "cli/agent_client.hpp"
#include "cli/checks.hpp"
#include "cli/commands.hpp"
#include "cli/group_options.hpp"
#include "cli/table.hpp"
#include "cli/text.hpp"
#include "cli/view_follower.hpp"
#include "http/client.hpp"

namespace rollcall::cli {
namespace {

std::string group_target(const std::string& group) {
  return "/v1/groups/" + http::percent_encoded(group);
}

void print_groups(const Json& answer) {
  Table table({{"GROUP"}, {"VIEW", Align::right}, {"LEADER"}, {"MEMBERS", Align::right}});
  for (const Json& group : answer.value("groups", Json::array())) {
    table.add({field_text(group, "group"), field_text(group, "view"), field_text(group, "leader"),
               field_text(group, "members")});
  }
  std::cout << table.text(stdout_colours());
}

std::string meta_text(const Json& member) {
  std::string text;
  const Json meta = member.value("meta", Json::object());
  for (const auto& [key, value] : meta.items()) {
    text += (text.empty() ? "" : " ") + key + "=" + field_text(meta, key);
  }
  return text;
}

std::string ttl_text(const Json& member) {
  const std::string ttl = field_text(member, "ttl");
  return ttl == "null" ? "-" : ttl;
}

void print_members(const Json& group) {
  const std::string leader = field_text(group, "leader");
  Table table({{"ID"},
               {"ROLE"},
               {"ADDRESS"},
               {"SINCE", Align::right},
               {"TTL", Align::right},
               {"RESPONSIBLE"},
               {"META"}});
  for (const Json& member : group.value("members", Json::array())) {
    const std::string id = field_text(member, "id");
    const bool leads = id == leader;
    table.add({Cell(id, leads ? Paint::bold : Paint::none), leads ? "leader" : "member",
               field_text(member, "address"), field_text(member, "since"), ttl_text(member),
               field_text(member, "responsible"), meta_text(member)});
  }
  std::cout << table.text(stdout_colours());
}

struct ReadOptions {
  AgentOptions agent;
  std::string group;
  bool linearizable = false;

  [[nodiscard]] std::string query() const {
    return linearizable ? "?consistency=linearizable" : "";
  }
};

void add_linearizable(CLI::App& command, ReadOptions& options) {
  command.add_flag("--linearizable", options.linearizable,
                   "What all members agree on at this moment, and not what this agent has: needs "
                   "a quorum");
  add_agent_flags(command, options.agent);
}

Outcome<ExitCode> run_groups(const ReadOptions& options) {
  const auto answer =
      ask(options.agent, {.what = "groups", .target = "/v1/groups" + options.query()});
  if (!answer) return std::unexpected(answer.error());
  if (options.agent.json) {
    print_json(*answer);
  } else {
    print_groups(*answer);
    tell_staleness(*answer, "groups");
  }
  return ExitCode::done;
}

Outcome<ExitCode> run_members(const ReadOptions& options) {
  const auto answer = ask(options.agent, {.what = "group members",
                                          .target = group_target(options.group) + options.query()});
  if (!answer) return std::unexpected(answer.error());
  if (options.agent.json) {
    print_json(*answer);
  } else {
    print_members(*answer);
    tell_staleness(*answer, "group members");
  }
  return ExitCode::done;
}

void add_members(CLI::App& family, Invocation& invocation) {
  auto& members = add_command(family, "members", "List the members of a group, the leader first");
  auto options = std::make_shared<ReadOptions>();
  add_group_word(members, options->group);
  add_linearizable(members, *options);
  members.callback(
      [options, &invocation] { invocation.action = [options] { return run_members(*options); }; });
}

struct WatchOptions {
  AgentOptions agent;
  std::string group;
  std::optional<std::uint64_t> since;
};

void add_watch(CLI::App& family, Invocation& invocation) {
  auto& watch = add_command(family, "watch", "Follow the views of a group");
  auto options = std::make_shared<WatchOptions>();
  add_group_word(watch, options->group);
  watch
      .add_option("--since", options->since, "Begin after this view, and not with the present one")
      ->check(whole_number(0, std::numeric_limits<std::uint64_t>::max()))
      ->type_name("VIEW");
  add_agent_flags(watch, options->agent);
  watch.callback([options, &invocation] {
    invocation.action = [options] {
      return follow_views(options->agent, "group watch", group_target(options->group) + "/watch",
                          options->since);
    };
  });
}

struct MemberOptions {
  AgentOptions agent;
  std::string group;
  std::string id;
};

/// A command about one member of a group, which asks one thing of the agent.
struct MemberCommand {
  std::string name;
  std::string summary;
  std::string method;
  std::string suffix;  // of the member's path
  std::string done;    // what to say, with the id and the group about it
};

Outcome<ExitCode> run_member_command(const MemberOptions& options, const MemberCommand& command) {
  const auto answer =
      ask(options.agent, {.what = "group " + command.name,
                          .method = command.method,
                          .target = member_target(options.group, options.id) + command.suffix});
  if (!answer) return std::unexpected(answer.error());
  if (options.agent.json) {
    print_json(*answer);
  } else {
    const std::string view = field_text(*answer, "view");
    std::cout << options.id << command.done << options.group
              << (view.empty() ? "" : " (view " + view + ")") << '\n';
  }
  return ExitCode::done;
}

void add_member_command(CLI::App& family, Invocation& invocation, const MemberCommand& command) {
  auto& app = add_command(family, command.name, command.summary);
  auto options = std::make_shared<MemberOptions>();
  add_group_word(app, options->group);
  add_id_word(app, options->id);
  add_agent_flags(app, options->agent);
  app.callback([options, command, &invocation] {
    invocation.action = [options, command] { return run_member_command(*options, command); };
  });
}

}  // namespace

void add_group_commands(CLI::App& program, Invocation& invocation) {
  auto& groups = add_command(program, "groups", "List the named groups");
  auto options = std::make_shared<ReadOptions>();
  add_linearizable(groups, *options);
  groups.callback(
      [options, &invocation] { invocation.action = [options] { return run_groups(*options); }; });

  auto& family = add_command(program, "group", "Join, leave, follow and lead named groups");
  family.require_subcommand(1);
  add_group_join_command(family, invocation);
  add_group_lead_command(family, invocation);
  add_member_command(
      family, invocation,
      {"leave", "Take a client out of a group, by its own word", "DELETE", "", " has left "});
  add_member_command(
      family, invocation,
      {"heartbeat", "Renew a client's lease once", "POST", "/heartbeat", " is heard of in "});
  add_member_command(family, invocation,
                     {"remove", "Take a client out of a group, by an operator's word", "DELETE",
                      "?cause=removed", " is removed from "});
  add_members(family, invocation);
  add_watch(family, invocation);
}

}  // namespace rollcall::cli
