// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <variant>

#include "consensus/raft/raft.hpp"
#include "sim/agreement/checkers.hpp"

/// The log: what was committed, who was given it, who led.
namespace rollcall::sim::agreement {

void Checkers::on_committed(Run run, const consensus::Committed& committed) {
  Given& given = given_[run];
  if (committed.index <= given.last) {
    object("log", name(run) + " was given index " + std::to_string(committed.index) + " after " +
                      std::to_string(given.last));
  }
  if (committed.index > given.last + 1) given.skips.emplace_back(given.last, committed.index);
  given.last = std::max(given.last, committed.index);

  const auto known = ledger_.find(committed.index);
  if (known == ledger_.end()) return on_new_entry(committed);
  if (known->second.term != committed.term || known->second.command != committed.command) {
    object("log", name(run) + " was given another command at index " +
                      std::to_string(committed.index) + " than others (term " +
                      std::to_string(committed.term) + ", theirs " +
                      std::to_string(known->second.term) + ")");
  }
}

void Checkers::on_new_entry(const consensus::Committed& committed) {
  if (!ledger_.empty() && committed.index < ledger_.rbegin()->first) {
    object("log", "index " + std::to_string(committed.index) +
                      " was skipped by all who were given later ones");
    return;
  }
  if (!ledger_.empty() && committed.term < ledger_.rbegin()->second.term) {
    object("log", "terms go back at index " + std::to_string(committed.index));
    return;
  }
  ledger_[committed.index] = {
      .term = committed.term, .command = committed.command, .seen = world_->now()};
  if (const auto command = registry::decode_command(committed.command)) {
    if (const auto* const evict = std::get_if<registry::Evict>(&command->action)) on_evict(*evict);
    if (const auto* const change = std::get_if<registry::ChangeCluster>(&command->action)) {
      on_change(*change, committed.term);
    }
  }
  const auto applied = reference_->apply(
      {.term = committed.term, .index = committed.index, .command = committed.command});
  if (!applied) return object("log", "a command of a later version was committed");
  reference_->check_invariants();
  for (const registry::ViewDelta& delta : applied->changes) {
    if (!views_.try_emplace({delta.group, delta.number}, delta).second) {
      object("views", delta.group + " view " + std::to_string(delta.number) + " came to be twice");
    }
    if (delta.number > 1 && view(delta.group, delta.number - 1) == nullptr) {
      object("views",
             delta.group + " view " + std::to_string(delta.number) + " has no predecessor");
    }
  }
}

void Checkers::on_restored(Run run, const consensus::Restored& restored) {
  Given& given = given_[run];
  ++restored_;
  if (restored.index < given.last) {
    object("log", name(run) + " was given a snapshot of index " + std::to_string(restored.index) +
                      " after index " + std::to_string(given.last));
  }
  given.last = restored.index;
}

void Checkers::check_no_gaps() {
  for (const auto& [run, given] : given_) {
    for (const auto& [after, before] : given.skips) {
      const auto missed = ledger_.upper_bound(after);
      if (missed == ledger_.end() || missed->first >= before) continue;
      object("log", name(run) + " was given index " + std::to_string(before) + " after " +
                        std::to_string(after) + ", without " + std::to_string(missed->first));
    }
  }
}

void Checkers::on_leadership(Run run, const consensus::Leadership& leadership) {
  if (leadership.is_leading) note_leader(run, leadership.term, leaders_);
}

void Checkers::note_leader(Run run, std::uint64_t term, std::map<std::uint64_t, Run>& leaders) {
  const auto [known, is_new] = leaders.try_emplace(term, run);
  if (is_new || known->second == run) return;
  object("leaders",
         name(run) + " and " + name(known->second) + " lead in term " + std::to_string(term));
  known->second = run;
}

void Checkers::on_settled(Run run) {
  const raft::Raft* const raft = world_->replica(run.member).raft();
  if (raft != nullptr && raft->role() == raft::Role::leader) {
    note_leader(run, raft::number(raft->term()), raft_leaders_);
  }
  compare(run, given_[run]);
}

/// Now and then: it costs as much as a snapshot.
void Checkers::compare(Run run, Given& given) {
  constexpr std::uint64_t every = 8;
  const registry::Registry& registry = world_->registry(run.member);
  if (registry.index() != reference_->index() || registry.index() < given.compared + every) return;
  given.compared = registry.index();
  if (registry.snapshot() != reference_->snapshot()) {
    object("views", name(run) + " has another registry at index " +
                        std::to_string(registry.index()) + " than follows from the log");
  }
}

}  // namespace rollcall::sim::agreement
