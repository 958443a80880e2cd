// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <expected>
#include <optional>
#include <utility>
#include <vector>

#include "agent/api.hpp"
#include "agent/api_json.hpp"

namespace rollcall::agent {
namespace {

using http::PathValues;
using http::Request;
using http::Responder;

constexpr std::array<MemberState, 4> states = {MemberState::alive, MemberState::suspect,
                                               MemberState::failed, MemberState::left};

/// Which members a request asks for.
struct Filter {
  std::vector<MemberState> states;                        // any of these; empty: all
  std::vector<std::pair<std::string, std::string>> tags;  // all of these

  [[nodiscard]] bool is_empty() const { return states.empty() && tags.empty(); }
  [[nodiscard]] bool matches(const Member& member) const {
    if (!states.empty() && std::ranges::find(states, member.state) == states.end()) return false;
    return std::ranges::all_of(tags, [&](const auto& tag) {
      const auto found = member.tags.find(tag.first);
      return found != member.tags.end() && found->second == tag.second;
    });
  }
};

std::optional<MemberState> parse_state(const std::string& text) {
  const auto* const found =
      std::ranges::find(states, text, [](MemberState state) { return to_text(state); });
  return found == states.end() ? std::nullopt : std::optional(*found);
}

std::expected<Filter, http::Problem> parse_filter(const Request& request) {
  Filter filter;
  for (const auto& [name, value] : request.query) {
    if (name == "state") {
      const auto state = parse_state(value);
      if (!state) {
        return std::unexpected(http::Problem{
            .code = "invalid-value",
            .message = "'" + value + "' is no state; allowed: alive, suspect, failed, left",
            .field = "state"});
      }
      filter.states.push_back(*state);
    } else if (name == "tag") {
      const std::size_t equals = value.find('=');
      if (equals == std::string::npos || equals == 0) {
        return std::unexpected(
            http::Problem{.code = "invalid-value",
                          .message = "'" + value + "' is no tag; allowed: KEY=VALUE",
                          .field = "tag"});
      }
      filter.tags.emplace_back(value.substr(0, equals), value.substr(equals + 1));
    }
  }
  return filter;
}

/// {"cluster","self","count","members":[…]}
std::string list_json(const MemberList& members, const std::string& cluster, const Filter& filter) {
  std::string list;
  std::size_t count = 0;
  for (const Member& member : members) {
    if (!filter.matches(member)) continue;
    if (count++ > 0) list += ',';
    append_member(list, member);
  }
  std::string json = "{\"cluster\":";
  append_string(json, cluster);
  json += ",\"self\":";
  append_string(json, members.self().name);
  json.append(",\"count\":").append(std::to_string(count));
  return json.append(",\"members\":[").append(list).append("]}\n");
}

std::string steadiness_json(const std::vector<Steadiness>& list, MemberState state) {
  std::string json;
  for (const Steadiness& one : list) {
    if (one.member.state != state) continue;
    if (!json.empty()) json += ',';
    append_steadiness(json, one);
  }
  return json;
}

/// {"cluster","self","count","members":[…],"damped":[…]}: the suspects, and who else has flapped.
std::string suspects_json(const std::vector<Steadiness>& list, const std::string& cluster,
                          const std::string& self) {
  const auto count = std::ranges::count(list, MemberState::suspect,
                                        [](const Steadiness& one) { return one.member.state; });
  std::string json = "{\"cluster\":";
  append_string(json, cluster);
  json += ",\"self\":";
  append_string(json, self);
  json.append(",\"count\":").append(std::to_string(count));
  json.append(",\"members\":[").append(steadiness_json(list, MemberState::suspect));
  return json.append("],\"damped\":[")
      .append(steadiness_json(list, MemberState::alive))
      .append("]}\n");
}

/// The text of the whole list, written anew only when the list is another.
///
/// Threads: none; the server's thread.
class ListCache {
 public:
  std::shared_ptr<const std::string> text(const MemberList& members, const std::string& cluster) {
    // The list that is kept keeps its storage, so no other list can have the same one.
    const bool is_same =
        text_ && members.size() == members_.size() && members.begin() == members_.begin();
    if (!is_same) {
      text_ = std::make_shared<const std::string>(list_json(members, cluster, {}));
      members_ = members;
    }
    return text_;
  }

 private:
  MemberList members_;
  std::shared_ptr<const std::string> text_;
};

http::Response unknown_member(const std::string& name) {
  return http::error_response({.status = 404,
                               .code = "unknown-member",
                               .message = "no member named '" + name + "' is known",
                               .field = "name"});
}

http::Response member_response(const Member& member) {
  std::string json;
  append_member(json, member);
  return http::json_response(200, json + "\n");
}

}  // namespace

void add_member_routes(http::Router& router, const ApiContext& context) {
  AgentPort& agent = context.agent;
  const std::string cluster = context.config()->settings.cluster;

  const auto cache = std::make_shared<ListCache>();
  router.add({.method = "GET",
              .pattern = "/v1/members",
              .handler = [&agent, cluster, cache](const Request& request, const PathValues&,
                                                  const Responder& responder) {
                const auto filter = parse_filter(request);
                if (!filter) return responder.respond(http::error_response(filter.error()));
                const MemberList members = agent.members();
                if (!filter->is_empty()) {
                  return responder.respond(
                      http::json_response(200, list_json(members, cluster, *filter)));
                }
                http::Response response;
                response.body = cache->text(members, cluster);
                responder.respond(std::move(response));
              }});

  router.add(
      {.method = "GET",
       .pattern = "/v1/suspects",
       .handler = [&agent, cluster](const Request&, const PathValues&, const Responder& responder) {
         agent.unsteady([self = agent.status().name, cluster, responder](const auto& list) {
           if (!list) return responder.respond(failure_response(list.error()));
           responder.respond(http::json_response(200, suspects_json(*list, cluster, self)));
         });
       }});

  router.add(
      {.method = "GET",
       .pattern = "/v1/members/{name}",
       .handler = [&agent](const Request&, const PathValues& values, const Responder& responder) {
         const MemberList members = agent.members();
         const Member* const member = members.find(values.front());
         responder.respond(member != nullptr ? member_response(*member)
                                             : unknown_member(values.front()));
       }});

  router.add({.method = "GET",
              .pattern = "/v1/self",
              .handler = [&agent](const Request&, const PathValues&, const Responder& responder) {
                const MemberList members = agent.members();
                responder.respond(member_response(members.self()));
              }});
}

}  // namespace rollcall::agent
