// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/fault_json.hpp"

#include <array>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "agent/api_json.hpp"
#include "agent/values.hpp"
#include "base/text.hpp"

namespace rollcall::agent {
namespace {

using http::Problem;
using Json = nlohmann::ordered_json;

constexpr std::string_view fault_fields =
    "peer, direction, drop, delay, jitter, duplicate, reorder, cut, for";

Problem wrong(std::string field, const Json& found, std::string_view allowed) {
  return {.code = "invalid-value",
          .message = "found " + shown_json(found) + "; allowed: " + std::string(allowed),
          .field = std::move(field)};
}

/// Reads one fault field by field, and keeps the first thing that is wrong.
class FaultReader {
 public:
  FaultReader(const Json& object, std::string field) : object_(object), field_(std::move(field)) {}

  std::expected<Fault, Problem> read() {
    Fault fault;
    if (!object_.is_object()) {
      return std::unexpected(wrong(field_, object_, "an object with " + std::string(fault_fields)));
    }
    for (const auto& [name, value] : object_.items()) {
      if (!take(fault, name, value)) add(name, value, fault_fields, "field");
    }
    if (!object_.contains("peer")) {
      problem_ = Problem{
          .code = "invalid-value",
          .message =
              "the field is missing; allowed: the name of a member, its IP:PORT, or * for all",
          .field = field_ + ".peer"};
    }
    if (problem_) return std::unexpected(*std::move(problem_));
    return fault;
  }

 private:
  /// Whether there is such a field.
  bool take(Fault& fault, std::string_view name, const Json& value) {
    if (name == "peer") return take_text(name, value, fault.peer);
    if (name == "direction") return take_direction(name, value, fault.direction);
    if (name == "drop") return take_share(name, value, fault.drop);
    if (name == "delay") return take_duration(name, value, fault.delay);
    if (name == "jitter") return take_duration(name, value, fault.jitter);
    if (name == "duplicate") return take_share(name, value, fault.duplicate);
    if (name == "reorder") return take_share(name, value, fault.reorder);
    if (name == "cut") return take_switch(name, value, fault.cut);
    if (name == "for") return take_end(name, value, fault.lasts);
    return false;
  }

  bool take_text(std::string_view name, const Json& value, std::string& to) {
    if (value.is_string()) {
      to = value.get<std::string>();
    } else {
      add(name, value, "the name of a member, its IP:PORT, or * for all, as text");
    }
    return true;
  }
  bool take_direction(std::string_view name, const Json& value, FaultDirection& to) {
    for (const auto direction : {FaultDirection::in, FaultDirection::out, FaultDirection::both}) {
      if (value == to_text(direction)) {
        to = direction;
        return true;
      }
    }
    add(name, value, "in, out or both");
    return true;
  }
  bool take_share(std::string_view name, const Json& value, double& to) {
    if (value.is_number()) {
      to = value.get<double>();
    } else {
      add(name, value, "a share from 0 to 1, as a number");
    }
    return true;
  }
  bool take_switch(std::string_view name, const Json& value, bool& to) {
    if (value.is_boolean()) {
      to = value.get<bool>();
    } else {
      add(name, value, "true or false");
    }
    return true;
  }
  bool take_duration(std::string_view name, const Json& value, Duration& to) {
    const auto duration =
        value.is_string() ? parse_duration(value.get<std::string>()) : std::nullopt;
    if (duration) {
      to = *duration;
    } else {
      add(name, value, "a duration from 0s to 1m, as in \"50ms\"");
    }
    return true;
  }
  bool take_end(std::string_view name, const Json& value, std::optional<Duration>& to) {
    if (value.is_null()) return true;
    to = value.is_string() ? parse_duration(value.get<std::string>()) : std::nullopt;
    if (!to) add(name, value, "a duration above 0s, up to 24h, as in \"30s\"; or null, for no end");
    return true;
  }

  void add(std::string_view name, const Json& value, std::string_view allowed,
           std::string_view what = {}) {
    if (problem_) return;
    std::string field = field_;
    field.append(".").append(shown(name));
    if (what.empty()) {
      problem_ = wrong(std::move(field), value, allowed);
    } else {
      std::string message = "there is no such field; allowed: ";
      message.append(allowed);
      problem_ = {.code = "invalid-value", .message = message, .field = std::move(field)};
    }
  }

  const Json& object_;
  std::string field_;
  std::optional<Problem> problem_;
};

std::expected<std::optional<Freeze>, Problem> read_freeze(const Json& value) {
  if (value.is_null() || value == false) return std::nullopt;
  if (value == true) return Freeze{};
  const auto duration = value.is_string() ? parse_duration(value.get<std::string>()) : std::nullopt;
  if (duration) return Freeze{duration};
  return std::unexpected(
      wrong("freeze", value, "a duration above 0s, up to 1h, as in \"5s\"; or true, for no end"));
}

std::expected<Json, Problem> read_object(const std::string& body) {
  const std::string example = R"(send {"faults":[{"peer":"*","drop":0.1}]})";
  auto json = json_in(body, example);
  if (!json) return json;
  if (!json->is_object() || json->empty()) {
    return std::unexpected(
        Problem{.code = "invalid-value",
                .message = "the body must be an object with faults, freeze or both; " + example});
  }
  return json;
}

// --- Writing -----------------------------------------------------------------------------------

Json text_or_null(const std::optional<Duration>& duration) {
  return duration ? Json(duration_text(*duration)) : Json();
}

/// What is left, to the millisecond.
Json left_json(const std::optional<Duration>& left) {
  if (!left) return {};
  return duration_text(std::chrono::ceil<std::chrono::milliseconds>(*left));
}

Json fault_json(const FaultInForce& in_force) {
  const Fault& fault = in_force.fault;
  return {{"peer", fault.peer},
          {"address", in_force.address.empty() ? Json() : Json(in_force.address)},
          {"direction", to_text(fault.direction)},
          {"drop", fault.drop},
          {"delay", duration_text(fault.delay)},
          {"jitter", duration_text(fault.jitter)},
          {"duplicate", fault.duplicate},
          {"reorder", fault.reorder},
          {"cut", fault.cut},
          {"for", text_or_null(fault.lasts)},
          {"left", left_json(in_force.left)}};
}

}  // namespace

std::expected<FaultPlan, Problem> parse_fault_plan(const std::string& body) {
  const auto json = read_object(body);
  if (!json) return std::unexpected(json.error());
  FaultPlan plan;
  for (const auto& [name, value] : json->items()) {
    if (name == "freeze") {
      const auto freeze = read_freeze(value);
      if (!freeze) return std::unexpected(freeze.error());
      plan.freeze = *freeze;
    } else if (name != "faults") {
      return std::unexpected(Problem{.code = "invalid-value",
                                     .message = "there is no such field; allowed: faults, freeze",
                                     .field = shown(name)});
    } else if (!value.is_array()) {
      return std::unexpected(wrong("faults", value, "a list of faults"));
    }
  }
  if (!json->contains("faults")) return plan;
  for (const Json& object : json->at("faults")) {
    auto fault = FaultReader(object, "faults[" + std::to_string(plan.faults.size()) + "]").read();
    if (!fault) return std::unexpected(std::move(fault).error());
    plan.faults.push_back(*std::move(fault));
  }
  return plan;
}

std::string faults_json(const FaultsInForce& faults, bool is_allowed) {
  Json list = Json::array();
  for (const FaultInForce& fault : faults.faults) list.push_back(fault_json(fault));
  Json freeze;
  if (faults.freeze) {
    freeze = {{"for", text_or_null(faults.freeze->freeze.lasts)},
              {"left", left_json(faults.freeze->left)}};
  }
  const Json json = {{"allowed", is_allowed},
                     {"faults", std::move(list)},
                     {"freeze", std::move(freeze)},
                     {"counts",
                      {{"dropped", faults.counts.dropped},
                       {"delayed", faults.counts.delayed},
                       {"duplicated", faults.counts.duplicated},
                       {"reordered", faults.counts.reordered},
                       {"overflowed", faults.counts.overflowed}}}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace rollcall::agent
