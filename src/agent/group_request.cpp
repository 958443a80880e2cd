// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/group_request.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "agent/api_json.hpp"
#include "agent/values.hpp"
#include "base/text.hpp"

namespace rollcall::agent {
namespace {

using Json = nlohmann::ordered_json;
using http::Problem;
using http::Request;
using Checked = std::expected<void, Problem>;
using namespace std::chrono_literals;

constexpr Groups::Timeout timeout_min = 100ms;
constexpr Groups::Timeout timeout_max = 60s;
constexpr std::uint64_t misses_max = 100;
constexpr std::string_view duration_rule =
    "a duration as text, a number and one of the units ns, us, ms, s, m, h, as in \"10s\"";

Problem wrong(std::string field, const Json& found, std::string_view allowed) {
  return {.code = "invalid-value",
          .message = "found " + shown_json(found) + "; allowed: " + std::string(allowed),
          .field = std::move(field)};
}

std::string listed(std::span<const std::string_view> words) {
  std::string text;
  for (const std::string_view word : words) text.append(text.empty() ? "" : ", ").append(word);
  return text;
}

/// Refuses fields that are not among those allowed: what is mistyped and passed over would be a
/// member that is not looked after as its owner thinks.
Checked only(const Json& object, std::span<const std::string_view> allowed,
             const std::string& prefix) {
  for (const auto& [name, value] : object.items()) {
    if (std::ranges::find(allowed, name) != allowed.end()) continue;
    return std::unexpected(Problem{
        .code = "invalid-value",
        .message = "there is no field '" + shown(name) + "' here; allowed: " + listed(allowed),
        .field = prefix + shown(name)});
  }
  return {};
}

/// The field, unless it is not there or null.
const Json* field_of(const Json& object, std::string_view name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

Checked read_text(const Json& object, std::string_view name, const std::string& prefix,
                  std::string& into) {
  const Json* const value = field_of(object, name);
  if (value == nullptr) return {};
  if (!value->is_string())
    return std::unexpected(wrong(prefix + std::string(name), *value, "text"));
  into = value->get<std::string>();
  return {};
}

Checked read_duration(const Json& object, std::string_view name, const std::string& prefix,
                      std::chrono::nanoseconds& into) {
  const Json* const value = field_of(object, name);
  if (value == nullptr) return {};
  const auto duration =
      value->is_string() ? parse_duration(value->get<std::string>()) : std::nullopt;
  if (!duration) {
    return std::unexpected(wrong(prefix + std::string(name), *value, duration_rule));
  }
  into = *duration;
  return {};
}

Checked read_meta(const Json& object, GroupMemberSpec& into) {
  const Json* const meta = field_of(object, "meta");
  if (meta == nullptr) return {};
  constexpr std::string_view allowed = "an object of names and texts, as {\"role\":\"db\"}";
  if (!meta->is_object()) return std::unexpected(wrong("meta", *meta, allowed));
  for (const auto& [name, value] : meta->items()) {
    if (!value.is_string()) return std::unexpected(wrong("meta." + shown(name), value, "text"));
    into.meta.emplace(name, value.get<std::string>());
  }
  return {};
}

Checked read_check_type(const Json& check, GroupCheck& into) {
  const Json* const type = field_of(check, "type");
  if (type != nullptr && *type == "tcp") {
    into.type = CheckType::tcp;
  } else if (type != nullptr && *type == "http") {
    into.type = CheckType::http;
  } else {
    return std::unexpected(
        wrong("check.type", type == nullptr ? Json() : *type, "\"tcp\" or \"http\""));
  }
  return {};
}

Checked read_misses(const Json& check, GroupCheck& into) {
  const Json* const misses = field_of(check, "misses");
  if (misses == nullptr) return {};
  const bool is_count = misses->is_number_unsigned() && *misses >= 1U && *misses <= misses_max;
  if (!is_count) {
    return std::unexpected(
        wrong("check.misses", *misses, "a whole number from 1 to " + std::to_string(misses_max)));
  }
  into.misses = misses->get<std::uint16_t>();
  return {};
}

Checked read_target(const Json& check, GroupCheck& into) {
  if (field_of(check, "target") != nullptr && field_of(check, "url") != nullptr) {
    return std::unexpected(Problem{.code = "invalid-value",
                                   .message = "both target and url are given; allowed: one of them",
                                   .field = "check.url"});
  }
  if (auto read = read_text(check, "target", "check.", into.target); !read) return read;
  return read_text(check, "url", "check.", into.target);
}

Checked read_check(const Json& object, GroupMemberSpec& into) {
  const Json* const check = field_of(object, "check");
  if (check == nullptr) return {};
  if (!check->is_object()) {
    return std::unexpected(
        wrong("check", *check, "an object, as {\"type\":\"tcp\",\"target\":\"10.0.0.1:80\"}"));
  }
  constexpr std::string_view fields[] = {"type", "target", "url", "interval", "timeout", "misses"};
  if (auto known = only(*check, fields, "check."); !known) return known;
  if (auto read = read_check_type(*check, into.check); !read) return read;
  if (auto read = read_target(*check, into.check); !read) return read;
  if (auto read = read_duration(*check, "interval", "check.", into.check.interval); !read) {
    return read;
  }
  // Who asks only for a shorter interval should not be told that the default timeout is longer.
  into.check.timeout = std::min(into.check.timeout, into.check.interval);
  if (auto read = read_duration(*check, "timeout", "check.", into.check.timeout); !read) {
    return read;
  }
  if (auto read = read_misses(*check, into.check); !read) return read;
  if (into.check.target.empty() && into.address.empty()) {
    return std::unexpected(Problem{.code = "invalid-value",
                                   .message = "there is nothing to check: give a target, or the "
                                              "member an address",
                                   .field = "check.target"});
  }
  return {};
}

}  // namespace

std::expected<GroupMemberSpec, Problem> member_in(const Request& request, const std::string& id) {
  constexpr std::string_view fields[] = {"address", "ttl", "meta", "check"};
  GroupMemberSpec spec;
  spec.id = id;
  if (request.body.empty()) return spec;
  const auto body = json_in(request.body, "send a JSON object with " + listed(fields));
  if (!body) return std::unexpected(body.error());
  if (!body->is_object()) {
    return std::unexpected(
        Problem{.code = "invalid-value",
                .message = "the body must be a JSON object; allowed in it: " + listed(fields)});
  }
  for (const Checked& read :
       {only(*body, fields, ""), read_text(*body, "address", "", spec.address),
        read_duration(*body, "ttl", "", spec.ttl), read_meta(*body, spec)}) {
    if (!read) return std::unexpected(read.error());
  }
  if (auto read = read_check(*body, spec); !read) return std::unexpected(read.error());
  return spec;
}

std::expected<void, Problem> no_body(const Request& request) {
  if (request.body.empty()) return {};
  const auto body = json_in(request.body, "this path takes no body");
  if (!body) return std::unexpected(body.error());
  if (body->is_object() && body->empty()) return {};
  return std::unexpected(Problem{.code = "invalid-value",
                                 .message = "this path takes no body; allowed: nothing, or {}"});
}

std::expected<void, Problem> check_name(const std::string& name, const std::string& field) {
  if (is_valid_name(name)) return {};
  return std::unexpected(
      Problem{.code = "invalid-value",
              .message = "found '" + shown(name) + "'; allowed: " + std::string(name_rule),
              .field = field});
}

std::expected<Groups::Timeout, Problem> timeout_of(const Request& request) {
  const auto text = request.parameter("timeout");
  if (!text) return Groups::default_timeout;
  const auto timeout = parse_duration(*text);
  if (timeout && *timeout >= timeout_min && *timeout <= timeout_max) return *timeout;
  return std::unexpected(Problem{.code = "invalid-value",
                                 .message = "found '" + shown(*text) +
                                            "'; allowed: " + duration_text(timeout_min) + " to " +
                                            duration_text(timeout_max),
                                 .field = "timeout"});
}

std::expected<Consistency, Problem> consistency_of(const Request& request) {
  const auto word = request.parameter("consistency");
  if (!word || *word == "local") return Consistency::local;
  if (*word == "linearizable") return Consistency::linearizable;
  return std::unexpected(
      Problem{.code = "invalid-value",
              .message = "found '" + shown(*word) + "'; allowed: local or linearizable",
              .field = "consistency"});
}

}  // namespace rollcall::agent
