// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/detector/steadiness.hpp"

#include <algorithm>
#include <optional>

namespace rollcall::core {
namespace {

std::optional<Steadiness> steadiness_of(Slot slot, const Context& context,
                                        const Detector& detector) {
  const std::uint64_t name = context.table.name_hash(slot);
  const FlapDamping::Peer* const peer = context.flaps.find(name, context.now);
  const bool is_suspect = context.table.at(slot).state == State::suspect;
  if (context.is_self(slot) || (peer == nullptr && !is_suspect)) return std::nullopt;
  const Duration next = scaled(context.pause_budget(), context.flaps.stretch(name, context.now));
  return Steadiness{.slot = slot,
                    .penalty = context.flaps.penalty(name, context.now),
                    .flaps = peer == nullptr ? 0 : peer->flaps,
                    .hold_down_until = context.flaps.begin_of_suspicion(name, context.now),
                    .time_allowed = detector.time_allowed(slot).value_or(next)};
}

}  // namespace

std::vector<Steadiness> unsteady_members(const Context& context, const Detector& detector) {
  std::vector<Steadiness> list;
  for (const Slot slot : context.table.live()) {
    if (const auto one = steadiness_of(slot, context, detector)) list.push_back(*one);
  }
  std::ranges::sort(list, {}, &Steadiness::slot);
  return list;
}

}  // namespace rollcall::core
