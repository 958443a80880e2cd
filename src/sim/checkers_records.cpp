// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/checkers_records.hpp"

#include <utility>

#include "sim/checkers_words.hpp"

namespace rollcall::sim {

bool RecordChecker::look_at(HostId host) {
  if (observers_.size() < world_.host_count()) observers_.resize(world_.host_count());
  Observer& observer = observers_[index_of(host)];
  // Who goes out forgets the living, and may meet others in another cluster.
  const core::Phase phase = world_.node(host).phase();
  const bool goes_out = phase == core::Phase::leaving || has_gone_out(world_.node(host));
  if (goes_out || observer.run != world_.run(host)) observer = {.run = world_.run(host)};
  if (goes_out) return false;
  const core::MemberTable& table = world_.node(host).members();
  if (table.version() == observer.version || world_.now() < observer.next_look) return false;
  observer.next_look = world_.now() + static_cast<Duration::rep>(table.size()) * pace;
  observer.version = table.version();
  std::vector<Seen> now;
  for (const core::Slot slot : table.slots()) {
    const core::Record& record = table.at(slot);
    const std::size_t place = core::index_of(slot);
    if (now.size() <= place) now.resize(place + 1);
    now[place] = {true, table.name_hash(slot), record.standing()};
    check_incarnation(host, record);
    const bool was_known = place < observer.seen.size() && observer.seen[place].used &&
                           observer.seen[place].name_hash == now[place].name_hash;
    if (was_known) compare(host, observer.seen[place], record);
  }
  observer.seen = std::move(now);
  return true;
}

const char* RecordChecker::objection(const core::Standing& before, const core::Standing& now) {
  if (now.life < before.life) return "an earlier life replaces a later one";
  if (now.life != before.life) return nullptr;
  if (core::is_final(before.state)) {
    if (core::is_live(now.state)) return "a life that was over is back";
    return before.state == core::State::left && now.state == core::State::failed
               ? "a departure became a failure"
               : nullptr;
  }
  if (core::is_final(now.state)) return nullptr;
  if (now.incarnation < before.incarnation) return "the incarnation fell";
  const bool is_lifted = before.state == core::State::suspect && now.state == core::State::alive;
  return is_lifted && now.incarnation == before.incarnation
             ? "a suspicion was lifted without a higher incarnation"
             : nullptr;
}

void RecordChecker::compare(HostId host, const Seen& before, const core::Record& now) {
  const char* why = objection(before.standing, now.standing());
  if (why == nullptr) return;
  violations_.add(look_text(world_, host) + "lists " + record_text(now) + ": " + why);
}

void RecordChecker::check_incarnation(HostId host, const core::Record& record) {
  const auto owner = world_.host_of(record.life.id);
  if (!owner || core::is_final(record.state)) return;
  const core::MemberTable& own = world_.node(*owner).members();
  const core::Record& truth = own.at(*own.find(record.life.id));
  if (record.incarnation <= truth.incarnation) return;
  violations_.add(look_text(world_, host) + "lists " + record_text(record) +
                  ", which it never reached itself");
}

}  // namespace rollcall::sim
