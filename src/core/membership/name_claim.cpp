// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/membership/name_claim.hpp"

#include <algorithm>

namespace rollcall::core {

bool NameClaim::look_at(const Rival& rival) {
  if (rival_) return false;
  rival_ = rival;
  outcome_ = Outcome::pending;
  ends_ = context_.now + look_time;
  next_look_ = context_.now;
  // A path that loses datagrams must not cost a member its name.
  exchanges_.start({.purpose = ExchangePurpose::stream_ping,
                    .to = rival.address,
                    .slot = std::nullopt,
                    .life = rival.life.id},
                   wire::StreamPing{.target = rival.life.id}, look_time);
  on_deadline();
  return true;
}

void NameClaim::on_answer(const LifeId& life) {
  if (!rival_ || outcome_ != Outcome::pending) return;
  outcome_ = life == rival_->life.id ? Outcome::rival_lives : Outcome::rival_is_gone;
}

void NameClaim::on_refused(const Address& address) {
  if (!rival_ || outcome_ != Outcome::pending || rival_->address != address) return;
  outcome_ = Outcome::rival_is_gone;
}

void NameClaim::on_deadline() {
  if (!rival_ || outcome_ != Outcome::pending) return;
  if (ends_ <= context_.now) {
    outcome_ = Outcome::rival_is_gone;
  } else if (next_look_ <= context_.now) {
    pings_.ping(rival_->life.id, rival_->address, PingPurpose::rival);
    next_look_ = context_.now + look_interval;
  }
}

Instant NameClaim::next_deadline() const {
  if (!rival_) return never;
  if (outcome_ != Outcome::pending) return context_.now;
  return std::min(ends_, next_look_);
}

}  // namespace rollcall::core
