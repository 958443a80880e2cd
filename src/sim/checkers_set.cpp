// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/checkers_set.hpp"

namespace rollcall::sim {

CheckerSet::CheckerSet(World& world, const CheckerOptions& options)
    : world_(world),
      depth_(options.depth),
      troubles_(world),
      order_(world),
      accuracy_(options.depth == CheckerOptions::Depth::all
                    ? AccuracyChecker(world, options.grace, &troubles_, &order_)
                    : AccuracyChecker(world, options.grace)),
      records_(world),
      completeness_(world, troubles_, options.endings),
      departures_(world, troubles_, options.grace),
      names_(world, troubles_),
      bounds_(world, troubles_),
      agreement_(world, troubles_, options.agreement),
      settings_(world, troubles_, options.settings) {
  world.observe([this](const Observation& observation) { on_event(observation); });
  if (depth_ == CheckerOptions::Depth::verdicts) return;
  world.observe_datagrams([this](HostId, HostId to, Bytes) { before_datagram(to); });
}

void CheckerSet::on_event(const Observation& observation) {
  if (depth_ == CheckerOptions::Depth::all) look_if_due();
  accuracy_.on_event(observation);
  if (depth_ == CheckerOptions::Depth::verdicts) return;
  order_.on_event(observation);
  departures_.on_event(observation);
  settings_.on_event(observation);
  const HostId host = observation.observer.host;
  const core::EventKind kind = observation.event.kind;
  const bool goes_out =
      observation.event.name == world_.name(host) &&
      (kind == core::EventKind::member_leave || kind == core::EventKind::name_conflict);
  // The next look may be after it has come in again.
  if (goes_out) records_.forget(host);
  names_.on_event(observation);
}

void CheckerSet::before_datagram(HostId to) {
  look_at(to);
  if (next_look_ > world_.now()) return;
  look_at_all();
  look();
}

void CheckerSet::look_at_all() {
  for (const HostId host : world_.hosts()) {
    if (world_.is_running(host)) look_at(host);
  }
}

/// Tables are not looked at in the middle of an input, where they are ahead of the events.
void CheckerSet::look_if_due() {
  if (next_look_ <= world_.now()) look();
}

void CheckerSet::look() {
  next_look_ = world_.now() + TroubleLog::look_interval;
  troubles_.look();
  names_.look();
  completeness_.look();
  bounds_.look();
  agreement_.look();
  settings_.look();
}

void CheckerSet::look_at(HostId host) {
  if (const auto changes = records_.look_at(host)) order_.compare_with_table(host, *changes);
}

/// At the end nothing is taken on trust, not even what members say has changed.
void CheckerSet::compare_all() {
  for (const HostId host : world_.hosts()) {
    if (!world_.is_running(host)) continue;
    look_at(host);
    records_.look_at_all_of(host);
    order_.compare_with_table(host);
  }
}

std::string CheckerSet::violations() {
  if (depth_ == CheckerOptions::Depth::verdicts) return accuracy_.violations().text();
  compare_all();
  look();
  return order_.violations().text() + accuracy_.violations().text() + records_.violations().text() +
         completeness_.violations().text() + departures_.violations().text() +
         names_.violations().text() + bounds_.violations().text() + agreement_.violations().text() +
         settings_.violations().text();
}

}  // namespace rollcall::sim
