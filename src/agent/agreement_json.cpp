// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/agreement_json.hpp"

#include <utility>

#include "agent/api.hpp"
#include "agent/api_json.hpp"
#include "base/text.hpp"

namespace rollcall::agent {
namespace {

/// [one,two], each as the function writes it.
template <class List, class Append>
void append_list(std::string& out, const List& list, Append append) {
  out += '[';
  bool is_first = true;
  for (const auto& one : list) {
    if (!std::exchange(is_first, false)) out += ',';
    append(out, one);
  }
  out += ']';
}

void append_numbers(std::string& out, const View& view) {
  out.append("\"term\":").append(std::to_string(view.term));
  out.append(",\"index\":").append(std::to_string(view.index));
}

/// "group":…,"view":…,"leader":…
void append_head(std::string& out, const View& view) {
  out += "\"group\":";
  append_string(out, view.group);
  out.append(",\"view\":").append(std::to_string(view.number)).append(",\"leader\":");
  append_string(out, view.leader);
}

void append_check(std::string& out, const GroupCheck& check) {
  out.append("{\"type\":\"").append(to_text(check.type)).append("\",\"target\":");
  append_string(out, check.target);
  out.append(",\"interval\":\"").append(duration_text(check.interval));
  out.append("\",\"timeout\":\"").append(duration_text(check.timeout));
  out.append("\",\"misses\":").append(std::to_string(check.misses)).append("}");
}

void append_meta(std::string& out, const GroupMemberSpec& spec) {
  out += '{';
  bool is_first = true;
  for (const auto& [name, value] : spec.meta) {
    if (!std::exchange(is_first, false)) out += ',';
    append_string(out, name);
    out += ':';
    append_string(out, value);
  }
  out += '}';
}

void append_members(std::string& out, const std::vector<GroupMember>& members) {
  append_list(out, members, append_group_member);
}

}  // namespace

void append_view(std::string& out, const View& view) {
  out += '{';
  append_head(out, view);
  // Who has a leader has members, told or not.
  if (view.leader.empty() || !view.members.empty()) {
    out += ",\"members\":";
    append_list(out, view.members, append_string);
  }
  out += ",\"cause\":";
  append_string(out, view.cause);
  out += ',';
  append_numbers(out, view);
  out += '}';
}

void append_group_member(std::string& out, const GroupMember& member) {
  const GroupMemberSpec& spec = member.spec;
  out += "{\"id\":";
  append_string(out, spec.id);
  out += ",\"address\":";
  append_string(out, spec.address);
  out += ",\"meta\":";
  append_meta(out, spec);
  out.append(",\"since\":").append(std::to_string(member.since)).append(",\"ttl\":");
  if (spec.ttl == std::chrono::nanoseconds::zero()) {
    out += "null";
  } else {
    out.append("\"").append(duration_text(spec.ttl)).append("\"");
  }
  out += ",\"responsible\":";
  append_string(out, member.responsible);
  if (spec.check.type != CheckType::none) {
    out += ",\"check\":";
    append_check(out, spec.check);
  }
  out += '}';
}

void append_group(std::string& out, const Group& group) {
  out += '{';
  append_head(out, group.view);
  out += ',';
  append_numbers(out, group.view);
  out += ",\"cause\":";
  append_string(out, group.view.cause);
  out.append(",\"count\":").append(std::to_string(group.members.size())).append(",\"members\":");
  append_members(out, group.members);
  out += '}';
}

void append_view_change(std::string& out, const ViewChange& change) {
  append_view(out, change.view);
  out.pop_back();  // the view goes on
  out += ",\"joined\":";
  append_members(out, change.joined);
  out += ",\"left\":";
  append_list(out, change.left, [](std::string& text, const ViewChange::Departure& one) {
    text += "{\"id\":";
    append_string(text, one.id);
    text += ",\"cause\":";
    append_string(text, one.cause);
    text += '}';
  });
  out += ",\"updated\":";
  append_members(out, change.updated);
  out += '}';
}

void append_first_view(std::string& out, const Group& group) {
  append_view(out, group.view);
  out.pop_back();
  out += ",\"joined\":";
  append_members(out, group.members);
  out += ",\"left\":[],\"updated\":[]}";
}

void append_freshness(std::string& out, Consistency consistency,
                      std::optional<std::chrono::nanoseconds> stale_for) {
  const bool is_local = consistency == Consistency::local;
  out.append(",\"consistency\":\"").append(is_local ? "local" : "linearizable");
  out += "\",\"stale_ms\":";
  if (!is_local) {
    out += '0';
  } else if (stale_for) {
    append_milliseconds(out, *stale_for);
  } else {
    out += "null";
  }
}

http::Response group_failure(const Error& error, const std::string& group) {
  if (error.code != ErrorCode::unknown_member) return failure_response(error);
  return http::error_response({.status = 404,
                               .code = "unknown-group",
                               .message = "there is no group '" + group +
                                          "'; one begins with the first member that joins it",
                               .field = "group"});
}

http::Response agreement_is_off() {
  return http::error_response(
      {.status = 409,
       .code = "not-allowed",
       .message = "agreed views and groups are off at this member (agreement: off); ask another "
                  "member, or start this one with agreement: on"});
}

}  // namespace rollcall::agent
