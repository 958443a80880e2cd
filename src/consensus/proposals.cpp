// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "consensus/proposals.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace rollcall::consensus {
namespace {

constexpr std::uint32_t silences_counted = 2;

}  // namespace

Proposals::Id Proposals::add(ByteVector command, const Moment& moment) {
  const Id id{++last_id_};
  Item& item = items_.emplace(id, Item{}).first->second;
  item.command = std::move(command);
  propose(id, item, moment);
  return id;
}

void Proposals::remove(Id id) {
  const auto at = items_.find(id);
  ROLLCALL_CHECK(at != items_.end());
  attempts_.erase(at->second.attempt);
  alarms_.remove(id);
  items_.erase(at);
}

void Proposals::clear() {
  items_.clear();
  attempts_.clear();
  alarms_.clear();
}

std::optional<Proposals::Id> Proposals::on_refused(const ProposalRefused& refused, Instant now) {
  const auto attempt = attempts_.find(static_cast<std::uint64_t>(refused.token) >> owner_bits);
  if (attempt == attempts_.end()) return std::nullopt;
  const Id id = attempt->second;
  Item& item = items_.at(id);
  attempts_.erase(attempt);
  item.attempt = 0;
  // It may have been on its way to a leader that has got it, although nobody could say so.
  if (refused.why == LogRefusal::no_leader && item.had_leader) item.was_uncertain = true;
  item.retry = next_retry(item.retry);
  alarms_.set(id, now + item.retry);
  return id;
}

void Proposals::propose_all(const Moment& moment) {
  for (auto& [id, item] : items_) {
    item.retry = {};
    item.silences = 0;
    propose(id, item, moment);
  }
}

void Proposals::on_deadline(const Moment& moment) {
  while (const auto id = alarms_.take_due(moment.now)) {
    Item& item = items_.at(*id);
    if (item.attempt != 0) item.silences = std::min(item.silences + 1, silences_counted);
    propose(*id, item, moment);
  }
}

void Proposals::propose(Id id, Item& item, const Moment& moment) {
  if (item.attempt != 0) {
    item.was_uncertain = true;
    attempts_.erase(item.attempt);
  }
  item.attempt = ++last_attempt_;
  item.had_leader = moment.has_leader();
  attempts_.emplace(item.attempt, id);
  alarms_.set(id, moment.now + silence_ * (1U << item.silences));
  moment.effects.emplace_back(
      ProposeToLog{.token = proposal_token(item.attempt, owner_),
                   .command = item.command,
                   .term = owner_ == ProposalOwner::requests ? 0 : moment.leadership.term});
}

std::optional<Proposals::Id> Proposals::find(Bytes command) const {
  const auto at = std::ranges::find_if(
      items_, [&](const auto& entry) { return std::ranges::equal(entry.second.command, command); });
  if (at == items_.end()) return std::nullopt;
  return at->first;
}

bool Proposals::may_be_done(Id id) const {
  const Item& item = items_.at(id);
  return item.attempt != 0 || item.was_uncertain;
}

void Proposals::check_invariants() const {
  ROLLCALL_CHECK(alarms_.size() == items_.size());
  ROLLCALL_CHECK(attempts_.size() <= items_.size());
  for (const auto& [attempt, id] : attempts_) ROLLCALL_CHECK(items_.at(id).attempt == attempt);
}

}  // namespace rollcall::consensus
