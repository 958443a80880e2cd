// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/agreement/watchers.hpp"

#include <chrono>

namespace rollcall::sim::agreement {

void Watchers::begin() {
  come_and_go();
  world_.timeline().after(std::chrono::milliseconds(150), [this] { begin(); });
}

void Watchers::come_and_go() {
  constexpr double goes = 0.1;
  for (Watcher& watcher : watchers_) {
    if (watcher.at && !are_staying_ && prng_.chance(goes)) watcher.at.reset();
    if (watcher.at) continue;
    const std::size_t member = prng_.below(world_.size());
    if (!world_.is_running(member) || world_.is_paused(member)) continue;
    watcher.at = world_.run(member);
    resume(watcher);
  }
}

void Watchers::resume(Watcher& watcher) {
  const registry::Registry& registry = world_.registry(watcher.at->member);
  const auto deltas = registry.deltas_since(watcher.group, watcher.last);
  if (deltas) {
    for (const registry::ViewDelta* delta : *deltas) show(watcher, *delta);
  } else if (deltas.error() == registry::WatchError::too_old) {
    watcher.last = registry.find(watcher.group)->number();
  }
  // Else this member has not got so far, and will show the next view when it has.
}

void Watchers::show(Watcher& watcher, const registry::ViewDelta& delta) {
  if (delta.number <= watcher.last) return;
  const std::string what = delta.group + " view " + std::to_string(delta.number);
  if (delta.number != watcher.last + 1) {
    checkers_.object("watches",
                     "a watcher was shown " + what + " after view " + std::to_string(watcher.last));
  }
  const registry::ViewDelta* const agreed = checkers_.view(delta.group, delta.number);
  if (agreed == nullptr || *agreed != delta) {
    checkers_.object("watches", "a watcher was shown another " + what + " than was agreed");
  }
  watcher.last = delta.number;
  ++seen_;
}

void Watchers::on_changed(Run run, const std::vector<registry::ViewDelta>& changes) {
  for (Watcher& watcher : watchers_) {
    if (watcher.at != run) continue;
    for (const registry::ViewDelta& delta : changes) {
      if (delta.group == watcher.group) show(watcher, delta);
    }
  }
}

void Watchers::on_reset(Run run) {
  for (Watcher& watcher : watchers_) {
    if (watcher.at == run) resume(watcher);
  }
}

void Watchers::on_end(Run run) {
  for (Watcher& watcher : watchers_) {
    if (watcher.at == run) watcher.at.reset();
  }
}

std::string Watchers::missing() const {
  for (const Watcher& watcher : watchers_) {
    const registry::Group* const group = checkers_.reference().find(watcher.group);
    const std::uint64_t present = group == nullptr ? 0 : group->number();
    if (watcher.last == present) continue;
    return "a watcher of " + watcher.group + " has seen view " + std::to_string(watcher.last) +
           " of " + std::to_string(present);
  }
  return {};
}

}  // namespace rollcall::sim::agreement
