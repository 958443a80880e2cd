// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/prng.hpp"
#include "consensus/raft/codec.hpp"
#include "consensus/raft/raft.hpp"
#include "consensus/raft/raft_checkers_test.hpp"
#include "consensus/raft/raft_disk_test.hpp"
#include "consensus/raft/text.hpp"

namespace rollcall::consensus::raft {

using namespace std::chrono_literals;

struct Faults {
  double loss = 0;
  double duplicates = 0;
  double refusals = 0;       // of stores
  Duration delay_max = 1ms;  // each message its own, so that they overtake each other
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

/// Several replicas, their disks and the network between them in virtual time, watched by the
/// checkers: an objection ends the run, and fails the test unless it takes the objection.
class RaftWorld {
 public:
  explicit RaftWorld(std::uint64_t seed) : prng_(seed) {}
  RaftWorld(const RaftWorld&) = delete;
  RaftWorld& operator=(const RaftWorld&) = delete;
  ~RaftWorld() { EXPECT_TRUE(is_taken_ || objection().empty()) << objection(); }

  Faults faults;

  struct Host {
    RaftDisk disk;
    std::optional<Raft> raft;
    std::uint64_t life = 0;  // counts starts; what belongs to an earlier one is void
    Index applied{};
    Chain state = 0;
    Instant disk_free{};
    Instant paused_until{};
  };

  // --- what tests do -------------------------------------------------------------------------
  void add(std::uint64_t id, const std::optional<Membership>& first = {}) {
    start(VoterId{id});
    if (!first) return;
    input(id, [&](Raft& raft, Effects& effects) { raft.bootstrap(*first, now_, effects); });
  }
  void add_group(std::uint64_t count) {
    for (std::uint64_t id = 1; id <= count; ++id) add(id, voters(count));
  }
  /// A replica with this on its disk.
  void add_with(std::uint64_t id, const Stored& stored) {
    RaftDisk& disk = hosts_[VoterId{id}].disk;
    disk.hard = stored.hard;
    disk.snapshot = stored.snapshot;
    for (const Entry& entry : stored.entries) disk.entries[entry.index] = entry;
    start(VoterId{id});
  }
  Host& host(std::uint64_t id) { return hosts_[VoterId{id}]; }
  Raft& raft(std::uint64_t id) { return *host(id).raft; }
  Prng& prng() { return prng_; }
  [[nodiscard]] Instant now() const { return now_; }

  void crash(std::uint64_t id) {
    Host& at = host(id);
    if (!at.raft) return;
    at.raft.reset();
    at.disk.crash(prng_);
    checkers_.forget_clients_of(VoterId{id});
    ++at.life;
  }
  void restart(std::uint64_t id) {
    if (!host(id).raft) start(VoterId{id});
  }
  /// Nothing runs there for a while, though time goes on; then everything at once.
  void pause(std::uint64_t id, Duration duration) { host(id).paused_until = now_ + duration; }

  /// Nothing passes between the two sides, both ways.
  void partition(const std::set<std::uint64_t>& side) {
    cut_.clear();
    for (const auto& [a, one] : hosts_) {
      for (const auto& [b, other] : hosts_) {
        if (side.contains(number(a)) != side.contains(number(b))) cut_.emplace(a, b);
      }
    }
  }
  void cut_one_way(std::uint64_t from, std::uint64_t to) {
    cut_.emplace(VoterId{from}, VoterId{to});
  }
  void heal() {
    cut_.clear();
    faults = {};
    for (auto& [id, at] : hosts_) {
      at.disk.full = false;
      at.paused_until = {};
      restart(number(id));
    }
  }

  std::expected<Position, ProposeError> propose(std::uint64_t id, std::size_t bytes) {
    ByteVector command(bytes);
    for (std::byte& byte : command) byte = static_cast<std::byte>(prng_.next() & 0xFFU);
    std::expected<Position, ProposeError> result;
    input(id, [&](Raft& raft, Effects& effects) {
      result = raft.propose(command, now_, effects);
      if (result) checkers_.proposed(VoterId{id}, *result, command);
    });
    return result;
  }
  std::expected<Position, ChangeError> change(std::uint64_t id, ChangeKind kind,
                                              std::uint64_t member) {
    std::expected<Position, ChangeError> result;
    input(id, [&](Raft& raft, Effects& effects) {
      result = raft.change({.kind = kind, .member = VoterId{member}}, now_, effects);
    });
    return result;
  }
  bool read(std::uint64_t id) {
    const ReadId read{++reads_};
    bool taken = false;
    checkers_.read_asked(VoterId{id}, read);
    input(id, [&](Raft& raft, Effects& effects) {
      taken = raft.read(read, now_, effects).has_value();
    });
    if (!taken) checkers_.read_refused(read);
    return taken;
  }
  bool transfer(std::uint64_t id, std::uint64_t to) {
    bool taken = false;
    input(id, [&](Raft& raft, Effects& effects) {
      taken = raft.transfer(VoterId{to}, now_, effects).has_value();
    });
    return taken;
  }
  /// A message out of the blue, as from another replica.
  void inject(std::uint64_t from, std::uint64_t to, const Message& message) {
    input(to, [&](Raft& raft, Effects& effects) {
      raft.on_message(VoterId{from}, message, now_, effects);
    });
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

  // --- what there is -------------------------------------------------------------------------
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
  /// Waits for a leader that has committed all that it has; 0 if none comes.
  std::uint64_t elect() {
    const bool elected = run_until([this] {
      const std::uint64_t id = leader();
      return id != 0 && raft(id).commit() == raft(id).last().index;
    });
    EXPECT_TRUE(elected || !objection().empty()) << text();
    return elected ? leader() : 0;
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
  /// Once converged.
  void expect_nothing_lost() {
    if (const std::uint64_t at = leader(); at != 0) checkers_.nothing_is_lost(raft(at).applied());
    EXPECT_TRUE(is_taken_ || objection().empty()) << objection();
  }
  [[nodiscard]] const Checkers& checkers() const { return checkers_; }
  [[nodiscard]] const std::string& objection() const { return checkers_.objection(); }
  /// For tests that provoke one.
  const std::string& take_objection() {
    is_taken_ = true;
    return objection();
  }
  [[nodiscard]] Index applied_max() const { return checkers_.applied_max(); }
  [[nodiscard]] std::uint64_t snapshots_installed() const { return installed_; }
  [[nodiscard]] std::uint64_t removed_told() const { return removed_told_; }
  [[nodiscard]] std::uint64_t events() const { return steps_; }

  /// For messages of failures.
  std::string text();

 private:
  struct Event {
    VoterId at{};
    std::uint64_t life = 0;  // 0: any
    std::function<void(Effects&)> run;
  };

  static std::string describe(const Raft& raft);
  void start(VoterId id);
  template <class Do>
  void input(std::uint64_t id, Do what) {
    Effects effects;
    what(raft(id), effects);
    perform(VoterId{id}, effects);
  }
  void schedule(Duration after, Event event) { events_.emplace(now_ + after, std::move(event)); }
  void schedule_own(VoterId id, Duration after, std::function<void(Effects&)> run);
  /// A disk does what it is asked to in order.
  void on_disk(VoterId id, std::function<void(Effects&)> run);
  bool step(Instant end);
  VoterId run_first_event(Effects& effects);
  void check_log_matching();

  // --- what replicas ask for -----------------------------------------------------------------
  void perform(VoterId id, Effects& effects);
  void perform(VoterId id, Host& at, Store& store);
  void perform(VoterId id, Host& at, Send& send);
  void perform(VoterId id, Host& at, SendChunk& send);
  void transmit(VoterId from, VoterId to, const Message& message);
  void perform(VoterId id, Host& at, StoreChunk& chunk);
  void perform(VoterId id, Host& at, Apply& apply);
  void restore(VoterId id, Host& at, const SnapshotMeta& meta);
  void perform(VoterId id, Host& at, RestoreSnapshot& effect);
  void perform(VoterId id, Host& at, TakeSnapshot& take);
  void perform(VoterId id, Host& at, RoleChanged& role);
  void perform(VoterId, Host&, MembershipChanged&) {}
  void perform(VoterId id, Host& at, ReadReady& ready);
  void perform(VoterId id, Host&, ReadFailed& failed) { checkers_.read_failed(id, failed.id); }
  void perform(VoterId, Host&, TransferFailed&) {}
  void perform(VoterId, Host&, Removed&) { ++removed_told_; }

  Prng prng_;
  Instant now_{};
  std::map<VoterId, Host> hosts_;
  std::multimap<Instant, Event> events_;
  std::set<std::pair<VoterId, VoterId>> cut_;  // from, to
  Checkers checkers_;
  bool is_taken_ = false;
  std::uint64_t steps_ = 0;
  std::uint64_t reads_ = 0;
  std::uint64_t installed_ = 0;
  std::uint64_t removed_told_ = 0;
};

}  // namespace rollcall::consensus::raft
