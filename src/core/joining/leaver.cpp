// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/joining/leaver.hpp"

#include <algorithm>

#include "core/mutants.hpp"

namespace rollcall::core {

void Leaver::start() {
  acknowledged_.clear();
  needed_ = std::min(acknowledgements_needed, context_.table.live_count());
  if (is_mutant(Mutant::leave_not_told)) needed_ = 0;
  ends_ = context_.now + context_.config.leave_timeout;
  next_try_ = context_.now;
  on_deadline();
}

void Leaver::on_ack(const Address& from) {
  if (ends_ != never) acknowledged_.insert(from);
}

bool Leaver::is_done() const {
  return ends_ != never && (acknowledged_.size() >= needed_ || ends_ <= context_.now);
}

void Leaver::on_deadline() {
  if (ends_ == never || context_.now < next_try_ || is_done()) return;
  next_try_ = context_.now + retry_interval;
  const auto targets = context_.pick_live(acknowledgements_needed, [this](Slot slot) {
    return !acknowledged_.contains(context_.table.at(slot).address);
  });
  for (const Slot slot : targets) pings_.ping(slot, PingPurpose::leave);
}

Instant Leaver::next_deadline() const {
  if (ends_ == never) return never;
  return is_done() ? context_.now : std::min(ends_, next_try_);
}

}  // namespace rollcall::core
