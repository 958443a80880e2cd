// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/prng.hpp"
#include "consensus/raft/raft.hpp"
#include "consensus/raft/text.hpp"

/// Several replicas, their disks and the network between them in virtual time, with checkers for
/// the four safety properties of Raft after every event.
namespace rollcall::consensus::raft {

using namespace std::chrono_literals;

struct Faults {
  double loss = 0;
  double duplicates = 0;
  Duration delay_max = 1ms;
  Duration disk_max = 1ms;
};

/// Small limits, so that windows, snapshots and pieces all happen within a few entries.
inline Config small_config(std::uint64_t self) {
  Config config;
  config.self = VoterId{self};
  config.election_timeout = 100ms;
  config.heartbeat_interval = 20ms;
  config.store_retry = 50ms;
  config.append_entries_max = 4;
  config.append_window = 3;
  config.uncommitted_entries_max = 64;
  config.promote_gap_max = 4;
  config.snapshot_entries = 24;
  config.trailing_entries = 6;
  config.chunk_bytes = 61;
  return config;
}

inline Membership voters(std::uint64_t count) {
  Membership membership;
  for (std::uint64_t id = 1; id <= count; ++id) membership.voters.push_back(VoterId{id});
  return membership;
}

class RaftWorld {
 public:
  explicit RaftWorld(std::uint64_t seed) : prng_(seed) {}

  Faults faults;

  struct Disk {
    HardState hard;
    std::map<Index, Entry> entries;
    std::optional<SnapshotMeta> snapshot;
    ByteVector data;      // of the snapshot
    ByteVector received;  // pieces
  };
  struct Host {
    Disk disk;
    std::optional<Raft> raft;
    std::uint64_t life = 0;  // counts starts; what belongs to an earlier one is void
    std::optional<Store> storing;
    bool disk_full = false;
    Index applied{};
    std::uint64_t chain = 0;  // hash of everything applied
    Instant disk_free{};
  };

  // --- what tests do -------------------------------------------------------------------------
  void add(std::uint64_t id, const std::optional<Membership>& first = {}) {
    start(VoterId{id});
    if (!first) return;
    Effects effects;
    host(id).raft->bootstrap(*first, now_, effects);
    perform(VoterId{id}, effects);
  }
  void add_group(std::uint64_t count) {
    for (std::uint64_t id = 1; id <= count; ++id) add(id, voters(count));
  }
  Host& host(std::uint64_t id) { return hosts_[VoterId{id}]; }
  Raft& raft(std::uint64_t id) { return *host(id).raft; }
  [[nodiscard]] std::uint64_t size() const { return hosts_.size(); }
  Prng& prng() { return prng_; }
  [[nodiscard]] Instant now() const { return now_; }

  void crash(std::uint64_t id) {
    Host& at = host(id);
    if (!at.raft) return;
    // A store under way is on the disk whole, or not at all.
    if (at.storing && prng_.chance(0.5) && !at.disk_full) write(at.disk, *at.storing);
    at.storing.reset();
    at.raft.reset();
    ++at.life;
  }
  void start(VoterId id) {
    Host& at = hosts_[id];
    ASSERT_FALSE(at.raft.has_value());
    ++at.life;
    Stored stored{.hard = at.disk.hard, .snapshot = at.disk.snapshot, .entries = {}};
    for (const auto& [index, entry] : at.disk.entries) stored.entries.push_back(entry);
    auto made = Raft::create(small_config(number(id)), std::move(stored), prng_.next(), now_);
    ASSERT_TRUE(made.has_value()) << to_text(made.error());
    at.raft.emplace(std::move(*made));
    at.applied = Index::none;
    at.chain = 0;
    if (at.disk.snapshot) restore(at, *at.disk.snapshot);
  }
  void restart(std::uint64_t id) {
    if (!host(id).raft) start(VoterId{id});
  }

  /// Nothing passes between the two sides, both ways.
  void partition(std::set<std::uint64_t> side) { side_ = std::move(side); }
  void heal() {
    side_.clear();
    faults = {};
    for (auto& [id, at] : hosts_) {
      at.disk_full = false;
      restart(number(id));
    }
  }

  /// The live leader of the highest term; 0 if there is none.
  std::uint64_t leader() {
    std::uint64_t found = 0;
    Term best{};
    for (auto& [id, at] : hosts_) {
      if (!at.raft || at.raft->role() != Role::leader || at.raft->term() < best) continue;
      found = number(id);
      best = at.raft->term();
    }
    return found;
  }

  std::expected<Position, ProposeError> propose(std::uint64_t id, std::size_t bytes) {
    ByteVector command(bytes);
    for (std::byte& byte : command) byte = static_cast<std::byte>(prng_.next() & 0xFFU);
    Effects effects;
    auto result = raft(id).propose(std::move(command), now_, effects);
    perform(VoterId{id}, effects);
    return result;
  }
  std::expected<Position, ChangeError> change(std::uint64_t id, ChangeKind kind,
                                              std::uint64_t member) {
    Effects effects;
    auto result = raft(id).change({.kind = kind, .member = VoterId{member}}, now_, effects);
    perform(VoterId{id}, effects);
    return result;
  }
  bool read(std::uint64_t id) {
    const ReadId read{++reads_};
    // Whatever anybody has applied by now was committed before the read.
    reads_floor_[read] = applied_max_;
    Effects effects;
    const bool taken = raft(id).read(read, now_, effects).has_value();
    if (!taken) reads_floor_.erase(read);
    perform(VoterId{id}, effects);
    return taken;
  }
  bool transfer(std::uint64_t id, std::uint64_t to) {
    Effects effects;
    const bool taken = raft(id).transfer(VoterId{to}, now_, effects).has_value();
    perform(VoterId{id}, effects);
    return taken;
  }

  void run_for(Duration duration) {
    const Instant end = now_ + duration;
    while (step(end)) {
    }
    now_ = std::max(now_, end);
  }
  /// Runs until the condition holds; false if it does not within the time.
  bool run_until(const std::function<bool()>& condition, Duration within = 20s) {
    const Instant end = now_ + within;
    while (!condition()) {
      if (!step(end)) return condition();
    }
    return true;
  }
  std::uint64_t elect() {
    EXPECT_TRUE(run_until([this] {
      const std::uint64_t id = leader();
      return id != 0 && raft(id).commit() == raft(id).last().index;
    }));
    return leader();
  }
  /// Everybody alive has applied the leader's whole log.
  bool converged() {
    const std::uint64_t at = leader();
    if (at == 0) return false;
    const Membership membership = raft(at).membership();
    return std::ranges::all_of(hosts_, [&](auto& item) {
      if (!item.second.raft || !membership.is_member(item.first)) return true;
      return item.second.raft->applied() == raft(at).last().index;
    });
  }

  /// For messages of failures.
  std::string text() {
    std::string text;
    for (auto& [id, at] : hosts_) {
      text += std::to_string(number(id)) + ": ";
      if (!at.raft) {
        text += "down\n";
        continue;
      }
      const Raft& raft = *at.raft;
      text += std::string(to_text(raft.role())) + " term " + std::to_string(number(raft.term())) +
              " last " + to_text(raft.last()) + " stored " + std::to_string(number(raft.stored())) +
              " commit " + std::to_string(number(raft.commit())) + " applied " +
              std::to_string(number(raft.applied())) + (raft.store_failing() ? " failing" : "") +
              ", " + to_text(raft.membership()) + "\n";
    }
    return text;
  }
  [[nodiscard]] Index applied_max() const { return applied_max_; }
  [[nodiscard]] std::uint64_t reads_done() const { return reads_done_; }
  [[nodiscard]] std::uint64_t snapshots_installed() const { return installed_; }
  [[nodiscard]] const std::map<Term, VoterId>& leaders() const { return leaders_; }
  [[nodiscard]] std::uint64_t removed_told() const { return removed_told_; }

 private:
  struct Event {
    VoterId at{};
    std::uint64_t life = 0;  // 0: any
    std::function<void(Effects&)> run;
  };

  static std::uint64_t hash(std::uint64_t chain, const Entry& entry) {
    chain = hash_combine(chain, number(entry.index));
    chain = hash_combine(chain, number(entry.term));
    return hash_combine(chain, hash_bytes(as_text(entry.payload)));
  }

  static void write(Disk& disk, const Store& store) {
    disk.hard = store.hard;
    if (store.install) {
      disk.snapshot = store.install;
      disk.data = disk.received;
      disk.entries.clear();
    }
    disk.entries.erase(disk.entries.begin(), disk.entries.lower_bound(store.keep_from));
    disk.entries.erase(disk.entries.lower_bound(store.from), disk.entries.end());
    for (const Entry& entry : store.entries) disk.entries[entry.index] = entry;
  }

  void schedule(Duration after, Event event) { events_.emplace(now_ + after, std::move(event)); }
  void schedule_own(VoterId id, Duration after, std::function<void(Effects&)> run) {
    schedule(after, {.at = id, .life = hosts_[id].life, .run = std::move(run)});
  }

  /// A disk does what it is asked to in order.
  void on_disk(VoterId id, std::function<void(Effects&)> run) {
    Host& at = hosts_[id];
    at.disk_free = std::max(at.disk_free, now_) + prng_.between(10us, faults.disk_max + 11us);
    schedule_own(id, at.disk_free - now_, std::move(run));
  }

  bool step(Instant end) {
    Instant at = events_.empty() ? never : events_.begin()->first;
    VoterId due = VoterId::nobody;
    for (auto& [id, one] : hosts_) {
      if (!one.raft || one.raft->next_deadline() >= at) continue;
      at = one.raft->next_deadline();
      due = id;
    }
    if (at > end) return false;
    now_ = std::max(now_, at);
    Effects effects;
    if (due != VoterId::nobody) {
      hosts_[due].raft->on_deadline(now_, effects);
    } else {
      const Event event = std::move(events_.begin()->second);
      events_.erase(events_.begin());
      due = event.at;
      Host& one = hosts_[due];
      if (!one.raft || (event.life != 0 && event.life != one.life)) return true;
      event.run(effects);
    }
    perform(due, effects);
    if (++steps_ % 64 == 0) check_log_matching();
    return !testing::Test::HasFatalFailure();
  }

  void perform(VoterId id, Effects& effects) {
    for (Effect& effect : effects.list()) {
      std::visit([&](auto& one) { perform(id, hosts_[id], one); }, effect);
    }
    EXPECT_EQ(hosts_[id].raft->counters().impossible_messages, 0U);
  }

  void perform(VoterId id, Host& at, Store& store) {
    ASSERT_FALSE(at.storing.has_value()) << "two stores at once";
    at.storing = store;
    on_disk(id, [this, &at, number = store.id](Effects& effects) {
      const Store done = *std::exchange(at.storing, std::nullopt);
      if (at.disk_full) return at.raft->on_store_refused(number, now_, effects);
      write(at.disk, done);
      at.raft->on_stored(number, now_, effects);
    });
  }
  void perform(VoterId id, Host&, Send& send) { transmit(id, send.to, send.message); }
  void perform(VoterId id, Host& at, SendChunk& send) {
    ASSERT_EQ(at.disk.snapshot, send.snapshot);
    ASSERT_LE(send.offset + send.size, at.disk.data.size());
    const auto begin = at.disk.data.begin() + static_cast<std::ptrdiff_t>(send.offset);
    transmit(
        id, send.to,
        InstallChunk{.term = send.term,
                     .snapshot = send.snapshot,
                     .offset = send.offset,
                     .round = send.round,
                     .data = ByteVector(begin, begin + static_cast<std::ptrdiff_t>(send.size))});
  }
  void transmit(VoterId from, VoterId to, const Message& message) {
    const int copies = prng_.chance(faults.duplicates) ? 2 : 1;
    for (int copy = 0; copy < copies; ++copy) {
      if (prng_.chance(faults.loss)) continue;
      schedule(prng_.between(50us, faults.delay_max + 51us),
               {.at = to, .life = 0, .run = [this, from, to, message](Effects& effects) {
                  if (side_.contains(number(from)) != side_.contains(number(to))) return;
                  hosts_[to].raft->on_message(from, message, now_, effects);
                }});
    }
  }
  void perform(VoterId id, Host& at, StoreChunk& chunk) {
    on_disk(id, [this, &at, chunk](Effects& out) {
      if (at.disk_full) return at.raft->on_chunk_refused(chunk.id, now_, out);
      if (chunk.offset == 0) at.disk.received.clear();
      EXPECT_EQ(at.disk.received.size(), chunk.offset);
      at.disk.received.insert(at.disk.received.end(), chunk.data.begin(), chunk.data.end());
      at.raft->on_chunk_stored(chunk.id, now_, out);
    });
  }
  void perform(VoterId id, Host& at, Apply& apply) {
    ASSERT_EQ(apply.first, next(at.applied)) << "host " << number(id);
    for (Index index = apply.first; index <= apply.last; index = next(index)) {
      const Entry& entry = at.raft->entry(index);
      ASSERT_TRUE(at.disk.entries.contains(index)) << "applied, but not stored";
      at.applied = index;
      at.chain = hash(at.chain, entry);
      const auto [known, fresh] = ledger_.try_emplace(index, entry, at.chain);
      ASSERT_EQ(known->second.first, entry)
          << "state-machine safety: host " << number(id) << " index " << number(index);
      ASSERT_EQ(known->second.second, at.chain);
      applied_max_ = std::max(applied_max_, index);
    }
  }
  void restore(Host& at, const SnapshotMeta& meta) {
    ASSERT_GE(at.disk.data.size(), sizeof(std::uint64_t));
    std::uint64_t chain = 0;
    std::memcpy(&chain, at.disk.data.data(), sizeof chain);
    ASSERT_EQ(ledger_.at(meta.last.index).second, chain) << "another state in the snapshot";
    at.applied = meta.last.index;
    at.chain = chain;
  }
  void perform(VoterId, Host& at, RestoreSnapshot& effect) {
    ++installed_;
    restore(at, effect.snapshot);
  }
  void perform(VoterId id, Host& at, TakeSnapshot& take) {
    ASSERT_EQ(take.last.index, at.applied);
    // The state is its hash, and as much besides that it takes several pieces of odd sizes.
    ByteVector data(sizeof at.chain + number(take.last.index) % 300);
    std::memcpy(data.data(), &at.chain, sizeof at.chain);
    schedule_own(id, prng_.between(1ms, 5ms), [this, &at, take, data](Effects& effects) {
      if (at.disk_full) return at.raft->on_snapshot_failed(now_, effects);
      at.disk.snapshot =
          SnapshotMeta{.last = take.last, .membership = take.membership, .size = data.size()};
      at.disk.data = data;
      at.raft->on_snapshot_saved(data.size(), now_, effects);
    });
  }
  void perform(VoterId id, Host& at, RoleChanged& role) {
    if (role.role != Role::leader) return;
    const auto [known, fresh] = leaders_.try_emplace(role.term, id);
    ASSERT_EQ(known->second, id) << "election safety: two leaders in term " << number(role.term);
    ASSERT_EQ(at.disk.hard, (HardState{.term = role.term, .voted_for = id}));
    check_leader_completeness(id, *at.raft);
  }
  void perform(VoterId, Host&, MembershipChanged&) {}
  void perform(VoterId id, Host& at, ReadReady& ready) {
    ++reads_done_;
    ASSERT_GE(at.applied, reads_floor_.at(ready.id)) << "stale read at " << number(id);
    reads_floor_.erase(ready.id);
  }
  void perform(VoterId, Host&, ReadFailed& failed) { reads_floor_.erase(failed.id); }
  void perform(VoterId, Host&, TransferFailed&) {}
  void perform(VoterId, Host&, Removed&) { ++removed_told_; }

  void check_leader_completeness(VoterId id, const Raft& raft) {
    ASSERT_GE(raft.last().index, applied_max_) << "leader completeness: host " << number(id);
    for (auto item = ledger_.lower_bound(raft.first()); item != ledger_.end(); ++item) {
      ASSERT_EQ(raft.entry(item->first), item->second.first)
          << "leader completeness: host " << number(id) << " index " << number(item->first);
    }
  }
  void check_log_matching() {
    for (auto a = hosts_.begin(); a != hosts_.end(); ++a) {
      for (auto b = std::next(a); b != hosts_.end(); ++b) {
        if (a->second.raft && b->second.raft) check_log_matching(*a->second.raft, *b->second.raft);
      }
    }
  }
  static void check_log_matching(const Raft& a, const Raft& b) {
    Index index = std::min(a.last().index, b.last().index);
    const Index first = std::max(a.first(), b.first());
    while (index >= first && a.entry(index).term != b.entry(index).term) index = previous(index);
    for (; index >= first && index > Index::none; index = previous(index)) {
      ASSERT_EQ(a.entry(index), b.entry(index)) << "log matching at " << number(index);
    }
  }

  Prng prng_;
  Instant now_{};
  std::map<VoterId, Host> hosts_;
  std::multimap<Instant, Event> events_;
  std::set<std::uint64_t> side_;
  std::uint64_t steps_ = 0;
  std::map<Index, std::pair<Entry, std::uint64_t>> ledger_;  // what anybody applied, and the hash
  Index applied_max_{};
  std::map<Term, VoterId> leaders_;
  std::uint64_t reads_ = 0;
  std::uint64_t reads_done_ = 0;
  std::map<ReadId, Index> reads_floor_;
  std::uint64_t installed_ = 0;
  std::uint64_t removed_told_ = 0;
};

}  // namespace rollcall::consensus::raft
