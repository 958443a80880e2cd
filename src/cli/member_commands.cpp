// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <map>
#include <memory>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include "cli/agent_client.hpp"
#include "cli/commands.hpp"
#include "cli/properties.hpp"
#include "cli/table.hpp"
#include "cli/text.hpp"
#include "http/client.hpp"

namespace rollcall::cli {
namespace {

struct MembersOptions {
  AgentOptions agent;
  std::string state;
  std::vector<std::string> tags;
};

std::string target_of(const MembersOptions& options) {
  std::string query;
  const auto add = [&query](std::string_view name, const std::string& value) {
    query += query.empty() ? '?' : '&';
    query += std::string(name) + "=" + http::percent_encoded(value);
  };
  if (!options.state.empty()) add("state", options.state);
  for (const std::string& tag : options.tags) add("tag", tag);
  return "/v1/members" + query;
}

std::string since_text(const Json& member) {
  const std::string since = field_text(member, "since");
  const std::optional<WallTime> time = parse_time(since);
  return time ? age_text(std::chrono::system_clock::now() - *time) : since;
}

std::string rtt_text(const Json& member) {
  const auto rtt = member.find("rtt_ms");
  if (rtt == member.end() || !rtt->is_number()) return "-";
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f ms", rtt->get<double>());
  return text.data();
}

std::string tags_text(const Json& member) {
  std::string text;
  if (!member.contains("tags") || !member["tags"].is_object()) return text;
  for (const auto& [key, value] : member["tags"].items()) {
    text += (text.empty() ? "" : " ") + key + "=" + field_text(member["tags"], key);
  }
  return text;
}

/// The members in an answer, whether it is a list with a head or the list alone.
const Json& members_in(const Json& answer) {
  return answer.is_object() && answer.contains("members") ? answer["members"] : answer;
}

std::string summary_of(const Json& members) {
  std::map<std::string, std::size_t> counts;
  for (const Json& member : members) ++counts[field_text(member, "state")];
  std::string text =
      std::to_string(members.size()) + (members.size() == 1 ? " member" : " members");
  for (const char* state : {"alive", "suspect", "failed", "left"}) {
    if (counts[state] > 0) text += ", " + std::to_string(counts[state]) + " " + state;
  }
  return text;
}

void print_members(const Json& answer) {
  const Json& members = members_in(answer);
  const std::string self = field_text(answer, "self");
  const Colours colours = stdout_colours();
  Table table({{"NAME"},
               {"ADDRESS"},
               {"STATE"},
               {"FOR", Align::right},
               {"INCARNATION", Align::right},
               {"RTT", Align::right},
               {"TAGS"}});
  for (const Json& member : members) {
    const std::string state = field_text(member, "state");
    const std::string name = field_text(member, "name");
    table.add({Cell(name, name == self ? Paint::bold : Paint::none), field_text(member, "address"),
               Cell(state, paint_of_state(state)), since_text(member),
               field_text(member, "incarnation"), rtt_text(member), tags_text(member)});
  }
  std::cout << table.text(colours);
  // People like a total; programs that read the table do not.
  if (colours == Colours::on) {
    std::cout << painted(summary_of(members), Paint::dim, colours) << '\n';
  }
}

/// "3.5 s"; "-" for nothing and for none.
std::string seconds_text(const Json& member, const char* field) {
  const auto time = member.find(field);
  if (time == member.end() || !time->is_number() || time->get<double>() <= 0) return "-";
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f s", time->get<double>() / 1000);
  return text.data();
}

std::string penalty_text(const Json& member) {
  const auto penalty = member.find("penalty");
  if (penalty == member.end() || !penalty->is_number()) return "-";
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f", penalty->get<double>());
  return text.data();
}

/// The suspects, and below them those that have flapped lately.
void print_suspects(const Json& answer) {
  const bool has_flapped = answer.contains("damped") && !answer["damped"].empty();
  if (members_in(answer).empty()) {
    std::cout << "nobody is suspected" << (has_flapped ? "; these have flapped lately:\n" : "\n");
  }
  Table table({{"NAME"},
               {"ADDRESS"},
               {"STATE"},
               {"FOR", Align::right},
               {"FLAPS", Align::right},
               {"PENALTY", Align::right},
               {"HELD DOWN", Align::right},
               {"MAY BE SILENT", Align::right}});
  std::size_t rows = 0;
  for (const char* list : {"members", "damped"}) {
    if (!answer.contains(list)) continue;
    for (const Json& member : answer[list]) {
      const std::string state = field_text(member, "state");
      table.add({field_text(member, "name"), field_text(member, "address"),
                 Cell(state, paint_of_state(state)), since_text(member),
                 field_text(member, "flaps"), penalty_text(member),
                 seconds_text(member, "hold_down_ms"), seconds_text(member, "time_allowed_ms")});
      ++rows;
    }
  }
  if (rows > 0) std::cout << table.text(stdout_colours());
}

Outcome<ExitCode> run_members(const MembersOptions& options) {
  const auto answer = ask(options.agent, {.what = "members", .target = target_of(options)});
  if (!answer) return std::unexpected(answer.error());
  options.agent.json ? print_json(*answer) : print_members(*answer);
  return ExitCode::done;
}

Outcome<ExitCode> run_self(const AgentOptions& options) {
  const auto answer = ask(options, {.what = "self", .target = "/v1/self"});
  if (!answer) return std::unexpected(answer.error());
  options.json ? print_json(*answer) : print_properties(*answer);
  return ExitCode::done;
}

Outcome<ExitCode> run_suspects(const AgentOptions& options) {
  const auto answer = ask(options, {.what = "suspects", .target = "/v1/suspects"});
  if (!answer) return std::unexpected(answer.error());
  options.json ? print_json(*answer) : print_suspects(*answer);
  return ExitCode::done;
}

std::string check_state(const std::string& state) {
  const std::array<std::string_view, 4> states{"alive", "suspect", "failed", "left"};
  const bool valid = std::ranges::find(states, state) != states.end();
  return valid ? "" : "'" + state + "' is not one of alive, suspect, failed, left";
}

std::string check_tag(const std::string& tag) {
  const std::size_t equals = tag.find('=');
  const bool valid = equals != std::string::npos && equals > 0;
  return valid ? "" : "'" + tag + "' is not KEY=VALUE";
}

}  // namespace

void add_member_commands(CLI::App& program, Invocation& invocation) {
  auto& members = add_command(program, "members", "List the members that an agent knows");
  auto members_options = std::make_shared<MembersOptions>();
  members.add_option("--state", members_options->state, "Only members in this state")
      ->check(check_state)
      ->type_name("alive|suspect|failed|left");
  members.add_option("--tag", members_options->tags, "Only members with this tag; repeatable")
      ->check(check_tag)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("K=V");
  add_agent_flags(members, members_options->agent);
  members.callback([members_options, &invocation] {
    invocation.action = [members_options] { return run_members(*members_options); };
  });

  auto& self = add_command(program, "self", "Show the agent's own member");
  auto self_options = std::make_shared<AgentOptions>();
  add_agent_flags(self, *self_options);
  self.callback([self_options, &invocation] {
    invocation.action = [self_options] { return run_self(*self_options); };
  });

  auto& suspects = add_command(program, "suspects", "List the members under suspicion");
  auto suspects_options = std::make_shared<AgentOptions>();
  add_agent_flags(suspects, *suspects_options);
  suspects.callback([suspects_options, &invocation] {
    invocation.action = [suspects_options] { return run_suspects(*suspects_options); };
  });
}

}  // namespace rollcall::cli
