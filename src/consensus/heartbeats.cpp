// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "consensus/heartbeats.hpp"

#include <utility>

#include "base/check.hpp"
#include "consensus/mutants.hpp"

namespace rollcall::consensus {
namespace {

bool has_lease(const registry::Registry& registry, const std::string& group,
               const std::string& id) {
  const registry::Group* const found = registry.find(group);
  const registry::Member* const member = found == nullptr ? nullptr : found->find(id);
  return member != nullptr && member->spec.ttl > Duration::zero();
}

/// By a registry that has all that was committed when the heartbeat came. Who lost its lease has
/// renewed nothing, and whose lease had not been applied yet must be noted once more.
registry::Heartbeat confirmed(registry::Heartbeat noted, bool is_there) {
  using registry::Heartbeat;
  if (noted == Heartbeat::renewed && !is_there) return Heartbeat::no_such_lease;
  if (noted == Heartbeat::no_such_lease && is_there) return Heartbeat::not_leading;
  return noted;
}

}  // namespace

void Heartbeats::heartbeat(RequestToken token, std::string group, std::string id, Instant until,
                           registry::LeaseKeeper& keeper, const Moment& moment) {
  if (open_.size() >= count_max_) {
    moment.effects.emplace_back(
        HeartbeatAnswered{.token = token, .result = std::unexpected(RequestFailure::overloaded)});
    return;
  }
  if (moment.is_leading && is_mutant(Mutant::heartbeat_unconfirmed)) {
    const auto outcome = keeper.on_heartbeat(group, id, moment.now);
    moment.effects.emplace_back(HeartbeatAnswered{.token = token, .result = outcome});
    return;
  }
  const Number number = ++last_number_;
  ends_.set(number, until);
  Open& open = open_[number];
  open.token = token;
  open.group = std::move(group);
  open.id = std::move(id);
  try_one(number, open, keeper, moment);
}

void Heartbeats::try_one(Number number, Open& open, registry::LeaseKeeper& keeper,
                         const Moment& moment) {
  retries_.remove(number);
  if (moment.is_leading) {
    const auto outcome = keeper.on_heartbeat(open.group, open.id, moment.now);
    gathering_.push_back(
        {.member = {}, .token = number, .group = open.group, .id = open.id, .outcome = outcome});
    open.was_sent = true;
    return confirm(moment);
  }
  // This member, about to lead, cannot take it yet; on_leadership() tells when it can.
  if (!moment.has_leader() || moment.leadership.leader == self_) return;
  open.was_sent = true;
  retries_.set(number, moment.now + silence_);
  moment.effects.emplace_back(
      SendToMember{.to = moment.leadership.leader,
                   .frame = Renew{.token = number, .group = open.group, .id = open.id}});
}

void Heartbeats::finish(Number number, std::expected<registry::Heartbeat, RequestFailure> result,
                        const Moment& moment) {
  const auto at = open_.find(number);
  if (at == open_.end()) return;
  moment.effects.emplace_back(HeartbeatAnswered{.token = at->second.token, .result = result});
  ends_.remove(number);
  retries_.remove(number);
  open_.erase(at);
}

void Heartbeats::retry_later(Number number, const Moment& moment) {
  const auto at = open_.find(number);
  if (at == open_.end()) return;
  at->second.retry = next_retry(at->second.retry);
  retries_.set(number, moment.now + at->second.retry);
}

void Heartbeats::on_renew(const std::string& from, const Renew& renew,
                          registry::LeaseKeeper& keeper, const Moment& moment) {
  if (!moment.is_leading) {
    moment.effects.emplace_back(SendToMember{
        .to = from,
        .frame = RenewReply{.token = renew.token, .outcome = registry::Heartbeat::not_leading}});
    return;
  }
  if (gathering_.size() >= 2 * count_max_) return;
  const auto outcome = keeper.on_heartbeat(renew.group, renew.id, moment.now);
  if (is_mutant(Mutant::heartbeat_unconfirmed)) {
    moment.effects.emplace_back(
        SendToMember{.to = from, .frame = RenewReply{.token = renew.token, .outcome = outcome}});
    return;
  }
  gathering_.push_back({.member = from,
                        .token = renew.token,
                        .group = renew.group,
                        .id = renew.id,
                        .outcome = outcome});
  confirm(moment);
}

void Heartbeats::on_reply(const RenewReply& reply, const Moment& moment) {
  if (reply.outcome == registry::Heartbeat::not_leading) {
    retry_later(reply.token, moment);
  } else {
    finish(reply.token, reply.outcome, moment);
  }
}

void Heartbeats::confirm(const Moment& moment) {
  if (!confirming_.empty() || gathering_.empty()) return;
  std::swap(confirming_, gathering_);
  read_retry_ = {};
  ask(moment);
}

void Heartbeats::ask(const Moment& moment) {
  read_again_ = never;
  read_ = read_token(++last_attempt_, ReadOwner::heartbeats);
  moment.effects.emplace_back(ReadFromLog{*read_});
}

void Heartbeats::on_ready(ReadToken token, const Moment& moment) {
  if (read_ != token) return;
  read_.reset();
  std::vector<Noted> noted;
  std::swap(noted, confirming_);
  for (Noted& one : noted) answer(std::move(one), moment);
  confirm(moment);
}

void Heartbeats::answer(Noted noted, const Moment& moment) {
  const RenewReply reply{
      .token = noted.token,
      .outcome = confirmed(noted.outcome, has_lease(moment.registry, noted.group, noted.id))};
  if (noted.member.empty()) return on_reply(reply, moment);
  moment.effects.emplace_back(SendToMember{.to = std::move(noted.member), .frame = reply});
}

void Heartbeats::on_failed(ReadToken token, LogRefusal why, const Moment& moment) {
  if (read_ != token) return;
  read_.reset();
  if (why == LogRefusal::overloaded) {
    read_retry_ = next_retry(read_retry_);
    read_again_ = moment.now + read_retry_;
    return;
  }
  forget_noted(moment);
}

void Heartbeats::forget_noted(const Moment& moment) {
  read_.reset();
  read_again_ = never;
  std::vector<Noted> lost;
  std::swap(lost, confirming_);
  lost.insert(lost.end(), std::make_move_iterator(gathering_.begin()),
              std::make_move_iterator(gathering_.end()));
  gathering_.clear();
  for (Noted& one : lost) {
    if (one.member.empty()) {
      retry_later(one.token, moment);
      continue;
    }
    const RenewReply reply{.token = one.token, .outcome = registry::Heartbeat::not_leading};
    moment.effects.emplace_back(SendToMember{.to = std::move(one.member), .frame = reply});
  }
}

void Heartbeats::on_leadership(registry::LeaseKeeper& keeper, const Moment& moment) {
  forget_noted(moment);
  for (auto& [number, open] : open_) {
    open.retry = {};
    try_one(number, open, keeper, moment);
  }
}

void Heartbeats::on_deadline(registry::LeaseKeeper& keeper, const Moment& moment) {
  while (const auto number = ends_.take_due(moment.now)) {
    const bool was_sent = open_.at(*number).was_sent;
    const auto why = was_sent ? RequestFailure::timeout : RequestFailure::no_leader;
    finish(*number, std::unexpected(why), moment);
  }
  while (const auto number = retries_.take_due(moment.now)) {
    try_one(*number, open_.at(*number), keeper, moment);
  }
  if (read_again_ <= moment.now) ask(moment);
}

void Heartbeats::check_invariants() const {
  ROLLCALL_CHECK(open_.size() <= count_max_);
  ROLLCALL_CHECK(gathering_.empty() || !confirming_.empty());
  // Whoever waits for a confirmation waits for a read, or for when it is asked again.
  ROLLCALL_CHECK(confirming_.empty() == (!read_ && read_again_ == never));
}

}  // namespace rollcall::consensus
