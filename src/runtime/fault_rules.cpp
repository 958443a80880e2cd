// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/fault_rules.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "base/text.hpp"

namespace rollcall {

std::string_view to_text(FaultDirection direction) {
  switch (direction) {
    case FaultDirection::in:
      return "in";
    case FaultDirection::out:
      return "out";
    case FaultDirection::both:
      break;
  }
  return "both";
}

}  // namespace rollcall

namespace rollcall::runtime {
namespace {

/// Faults told of in one sentence; a partition of many members has one for each of them.
constexpr std::size_t told_max = 5;

Error invalid(std::string field, std::string message) {
  return {ErrorCode::invalid_option, std::move(message), std::move(field)};
}

std::string number_text(double number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%g", number);
  return text.data();
}

std::optional<Error> check_share(const std::string& field, double share) {
  // Asked so that what is no number is refused too.
  if (share >= 0 && share <= 1) return std::nullopt;
  return invalid(field, "found " + number_text(share) + "; allowed: a share from 0 to 1");
}

std::optional<Error> check_delay(const std::string& field, Duration delay) {
  if (delay >= Duration::zero() && delay <= fault_delay_max) return std::nullopt;
  return invalid(field, "found " + duration_text(delay) + "; allowed: a duration from 0s to " +
                            duration_text(fault_delay_max));
}

std::optional<Error> check_end(const std::string& field, const std::optional<Duration>& lasts,
                               Duration longest) {
  if (!lasts || (*lasts > Duration::zero() && *lasts <= longest)) return std::nullopt;
  return invalid(field, "found " + duration_text(*lasts) +
                            "; allowed: a duration above 0s, up to " + duration_text(longest));
}

bool does_something(const Fault& fault) {
  return fault.cut || fault.drop > 0 || fault.duplicate > 0 || fault.reorder > 0 ||
         fault.delay > Duration::zero() || fault.jitter > Duration::zero();
}

std::optional<Error> check_values(const Fault& fault, const std::string& field) {
  if (auto error = check_share(field + ".drop", fault.drop)) return error;
  if (auto error = check_delay(field + ".delay", fault.delay)) return error;
  if (auto error = check_delay(field + ".jitter", fault.jitter)) return error;
  if (auto error = check_share(field + ".duplicate", fault.duplicate)) return error;
  if (auto error = check_share(field + ".reorder", fault.reorder)) return error;
  if (auto error = check_end(field + ".for", fault.lasts, fault_time_max)) return error;
  if (does_something(fault)) return std::nullopt;
  return invalid(field,
                 "says nothing that shall go wrong; allowed: at least one of drop, delay, jitter, "
                 "duplicate, reorder and cut");
}

std::expected<std::optional<Address>, Error> find_peer(const std::string& peer,
                                                       const std::string& field,
                                                       const MemberList& members) {
  if (peer == "*") return std::nullopt;
  const auto known = members.find(peer);
  const auto address = parse_address(known != nullptr ? known->address : peer);
  if (address && address->port != 0) return address;
  return std::unexpected(invalid(
      field,
      "found '" + peer + "'; allowed: the name of a known member, its IP:PORT, or * for all"));
}

/// "drop 30%, delay 50ms"
std::string actions_text(const Fault& fault) {
  std::string text;
  const auto add = [&text](const std::string& action) {
    text += (text.empty() ? "" : ", ") + action;
  };
  const auto add_share = [&add](const char* action, double share) {
    if (share > 0) add(std::string(action) + " " + number_text(share * 100) + "%");
  };
  if (fault.cut) add("cut");
  add_share("drop", fault.drop);
  if (fault.delay > Duration::zero()) add("delay " + duration_text(fault.delay));
  if (fault.jitter > Duration::zero()) add("jitter " + duration_text(fault.jitter));
  add_share("duplicate", fault.duplicate);
  add_share("reorder", fault.reorder);
  return text;
}

std::string_view direction_words(const Fault& fault) {
  switch (fault.direction) {
    case FaultDirection::in:
      return fault.cut ? " from " : " in from ";
    case FaultDirection::out:
      return fault.cut ? " to " : " out to ";
    case FaultDirection::both:
      break;
  }
  return " to and from ";
}

std::string end_text(const std::optional<Duration>& lasts) {
  return lasts ? " for " + duration_text(*lasts) : "";
}

double either(double one, double other) {
  return 1 - (1 - one) * (1 - other);
}

void add_to(LineFaults& line, const Fault& fault) {
  line.is_cut = line.is_cut || fault.cut;
  line.drop = either(line.drop, fault.drop);
  line.duplicate = either(line.duplicate, fault.duplicate);
  line.reorder = either(line.reorder, fault.reorder);
  line.delay = std::min(line.delay + fault.delay, fault_delay_max);
  line.jitter = std::min(line.jitter + fault.jitter, fault_delay_max);
}

}  // namespace

std::expected<CheckedFaults, Error> check_faults(const FaultPlan& plan, const MemberList& members) {
  if (plan.faults.size() > faults_max) {
    return std::unexpected(invalid("faults", "found " + std::to_string(plan.faults.size()) +
                                                 " faults; allowed: at most " +
                                                 std::to_string(faults_max)));
  }
  CheckedFaults checked{.faults = {}, .freeze = plan.freeze};
  for (std::size_t i = 0; i < plan.faults.size(); ++i) {
    const Fault& fault = plan.faults[i];
    const std::string field = "faults[" + std::to_string(i) + "]";
    if (auto error = check_values(fault, field)) return std::unexpected(std::move(*error));
    auto peer = find_peer(fault.peer, field + ".peer", members);
    if (!peer) return std::unexpected(std::move(peer).error());
    checked.faults.push_back({fault, *peer});
  }
  if (plan.freeze) {
    if (auto error = check_end("freeze", plan.freeze->lasts, freeze_time_max)) {
      return std::unexpected(std::move(*error));
    }
  }
  return checked;
}

std::string describe(const Fault& fault) {
  std::string text = actions_text(fault);
  text.append(direction_words(fault)).append(fault.peer == "*" ? "everybody" : fault.peer);
  return text + end_text(fault.lasts);
}

std::string describe(const CheckedFaults& faults) {
  std::string text;
  if (faults.freeze) text = "frozen" + end_text(faults.freeze->lasts);
  const std::size_t told = std::min(faults.faults.size(), told_max);
  for (std::size_t i = 0; i < told; ++i) {
    text += (text.empty() ? "" : "; ") + describe(faults.faults[i].fault);
  }
  const std::size_t untold = faults.faults.size() - told;
  return untold == 0 ? text : text + "; and " + std::to_string(untold) + " more";
}

// --- Rules in force --------------------------------------------------------------------------

void FaultRules::set(std::vector<CheckedFault> faults, Instant now) {
  list_.clear();
  for (CheckedFault& fault : faults) {
    const Instant ends = fault.fault.lasts ? now + *fault.fault.lasts : never;
    list_.push_back({std::move(fault), ends});
  }
  add_up();
}

std::vector<Fault> FaultRules::end_overdue(Instant now) {
  std::vector<Fault> ended;
  std::erase_if(list_, [&ended, now](const Rule& rule) {
    if (rule.ends > now) return false;
    ended.push_back(rule.checked.fault);
    return true;
  });
  if (!ended.empty()) add_up();
  return ended;
}

Instant FaultRules::next_end() const {
  Instant next = never;
  for (const Rule& rule : list_) next = std::min(next, rule.ends);
  return next;
}

const LineFaults& FaultRules::of(Way way, const std::optional<Address>& peer) const {
  const auto index = static_cast<std::size_t>(way);
  if (peer && !by_peer_.empty()) {
    const auto found = by_peer_.find(*peer);
    if (found != by_peer_.end()) return found->second[index];
  }
  return everybody_[index];
}

void FaultRules::add_up() {
  everybody_ = {};
  by_peer_.clear();
  const auto add = [](Line& line, const Fault& fault) {
    if (fault.direction != FaultDirection::out) add_to(line[0], fault);
    if (fault.direction != FaultDirection::in) add_to(line[1], fault);
  };
  for (const Rule& rule : list_) {
    if (!rule.checked.peer) add(everybody_, rule.checked.fault);
  }
  for (const Rule& rule : list_) {
    if (!rule.checked.peer) continue;
    add(by_peer_.try_emplace(*rule.checked.peer, everybody_).first->second, rule.checked.fault);
  }
}

}  // namespace rollcall::runtime
