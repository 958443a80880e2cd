// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/joining/lan_search.hpp"

#include <algorithm>

#include "wire/datagram.hpp"

namespace rollcall::core {

// --- Seeking ---------------------------------------------------------------------------------

void LanSearch::begin() {
  began_ = context_.now;
  cast_count_ = 0;
  next_cast_ = context_.now;
  on_deadline();
}

void LanSearch::begin_beacon() {
  if (next_beacon_ == never) next_beacon_ = context_.now + draw_beacon_delay();
}

Duration LanSearch::draw_beacon_delay() {
  const auto members =
      static_cast<Duration::rep>(std::max<std::size_t>(context_.table.live_count(), 1));
  const Duration mean = std::min(members * beacon_interval, beacon_interval_max);
  return context_.prng.between(mean / 2, mean + mean / 2);
}

void LanSearch::on_deadline() {
  if (next_cast_ <= context_.now) {
    cast();
    ++cast_count_;
    next_cast_ = cast_count_ < casts.size() ? began_ + casts.at(cast_count_) : never;
  }
  if (next_beacon_ <= context_.now) {
    if (context_.phase == Phase::joined) cast();
    next_beacon_ = context_.now + draw_beacon_delay();
  }
}

void LanSearch::cast() {
  wire::DatagramWriter writer(context_.envelope());
  const bool fits = writer.add(wire::Seek{});
  ROLLCALL_CHECK(fits);
  ++context_.counters.datagrams_sent;
  context_.counters.bytes_sent += writer.size();
  context_.effects->add(CastDatagram{context_.effects->keep(writer.bytes())});
  listens_until_ = context_.now + answer_time;
}

bool LanSearch::wants(const LifeId& life) const {
  return context_.now < listens_until_ && !is_known(life);
}

bool LanSearch::is_known(const LifeId& life) const {
  const auto slot = context_.table.find(life);
  return slot && context_.is_live_still(*slot, life);
}

// --- Being found -----------------------------------------------------------------------------

void LanSearch::on_seek(const Address& from, const LifeId& seeker) {
  // Who has this node in its list does not look for it.
  if (is_known(seeker) || !may_answer(seeker)) return;
  wire::DatagramWriter writer(context_.envelope());
  const bool fits = writer.add(wire::Here{});
  ROLLCALL_CHECK(fits);
  context_.send(from, writer);
}

bool LanSearch::may_answer(const LifeId& seeker) {
  const bool was_answered = std::ranges::any_of(answered_, [&](const Answered& one) {
    return one.life == seeker && context_.now - one.at < answer_gap;
  });
  if (was_answered) return false;
  // Of many members, a few answer.
  const std::size_t members = context_.table.live_count();
  if (members > answers_wanted &&
      !context_.prng.chance(static_cast<double>(answers_wanted) / static_cast<double>(members))) {
    return false;
  }
  const std::chrono::duration<double> since = context_.now - answers_counted_;
  answers_counted_ = context_.now;
  answers_left_ =
      std::min<double>(answers_left_ + since.count() * answers_per_second, answers_burst_max);
  if (answers_left_ < 1) return false;
  answers_left_ -= 1;
  answered_.at(next_answered_) = {seeker, context_.now};
  next_answered_ = (next_answered_ + 1) % answered_.size();
  return true;
}

}  // namespace rollcall::core
