// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/agreement/history.hpp"

#include <map>
#include <utility>

#include "base/check.hpp"

namespace rollcall::sim::agreement {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += " " + word;
  return text;
}

std::string life_text(const Life& life) {
  return life.id.is_nobody() ? std::string() : " life " + std::to_string(life.boot);
}

struct Describe {
  const std::optional<Outcome>& outcome;

  [[nodiscard]] std::string status() const {
    return std::string(to_text(outcome->status)) + ", view " + std::to_string(outcome->number);
  }
  [[nodiscard]] std::string told(const std::string& answer) const {
    return " -> " + (outcome ? answer : "?");
  }
  std::string operator()(const JoinOperation& join) const {
    const std::string answer =
        outcome ? status() + ", granted " + std::to_string(outcome->granted) : "";
    return "join " + join.id + life_text(join.life) + " at " + join.address + told(answer);
  }
  std::string operator()(const LeaveOperation& leave) const {
    return "leave " + leave.id + life_text(leave.life) + told(outcome ? status() : "");
  }
  std::string operator()(const ReadOperation&) const {
    const std::string answer =
        outcome ? "view " + std::to_string(outcome->number) + ":" + joined(outcome->members) : "";
    return "read" + told(answer);
  }
  std::string operator()(const HeartbeatOperation& beat) const {
    constexpr const char* words[] = {"renewed", "not leading", "no such lease", "expiring"};
    const char* const word = outcome ? words[static_cast<std::size_t>(outcome->heartbeat)] : "";
    return "heartbeat " + beat.id + told(word);
  }
  std::string operator()(const EvictOperation& evict) const {
    return "evict" + joined(evict.ids) + told(outcome ? status() : "");
  }
};

}  // namespace

std::string to_text(const Operation& operation) {
  return std::visit(Describe{operation.outcome}, operation.what);
}

History::Id History::invoke(std::string group, GroupOperation what, Moment now) {
  ROLLCALL_CHECK(records_.empty() || now >= records_.back().operation.invoked ||
                 std::holds_alternative<EvictOperation>(what));
  records_.push_back({.operation = {.group = std::move(group),
                                    .what = std::move(what),
                                    .invoked = now,
                                    .returned = not_yet,
                                    .outcome = {}},
                      .is_dropped = false});
  return records_.size() - 1;
}

void History::complete(Id id, Outcome outcome, Moment now) {
  Operation& operation = records_.at(id).operation;
  ROLLCALL_CHECK(!operation.outcome && now >= operation.invoked);
  operation.outcome = std::move(outcome);
  operation.returned = now;
}

void History::drop(Id id) {
  records_.at(id).is_dropped = true;
}

std::vector<Operation> History::operations() const {
  std::multimap<std::pair<std::string, Moment>, const Operation*> order;
  for (const Record& record : records_) {
    const Operation& one = record.operation;
    if (!record.is_dropped) order.emplace(std::pair(one.group, one.invoked), &one);
  }
  std::vector<Operation> kept;
  for (const auto& [key, operation] : order) kept.push_back(*operation);
  return kept;
}

}  // namespace rollcall::sim::agreement
