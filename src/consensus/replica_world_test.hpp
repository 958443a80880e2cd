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
#include "consensus/replica.hpp"
#include "consensus/replica_host_test.hpp"
#include "consensus/replica_ledger_test.hpp"

/// Several members in virtual time, with their disks, the streams between them and a failure
/// detector. What they give up is checked by ReplicaLedger.
namespace rollcall::consensus {

using namespace std::chrono_literals;

class ReplicaWorld {
 public:
  explicit ReplicaWorld(std::uint64_t seed) : prng_(seed) {}

  double loss = 0;
  Duration detect = 300ms;
  Duration delay_max = 1ms;

  // --- what tests do ---------------------------------------------------------------------------
  Host& add(const std::string& name, const HostSetup& setup) {
    Host& host = hosts_[name];
    host.name = name;
    host.zone = setup.zone;
    ReplicaConfig& config = host.config;
    config.self = name;
    config.begins_alone = setup.introducer;
    config.bootstrap_expect = setup.expect;
    config.voters_wanted = setup.voters_wanted;
    config.voter_replace_after = 5s;
    config.raft.self = setup.data ? raft::VoterId{prng_.next() | 1U} : raft::VoterId::nobody;
    config.raft.snapshot_entries = 40;
    config.raft.trailing_entries = 10;
    config.raft.chunk_bytes = 301;
    config.fetch_bytes_max = 400;
    start(name);
    return host;
  }
  Host& host(const std::string& name) { return hosts_.at(name); }
  std::map<std::string, Host>& hosts() { return hosts_; }
  Prng& prng() { return prng_; }
  [[nodiscard]] Instant now() const { return now_; }
  [[nodiscard]] const Lines& ledger() const { return ledger_.lines(); }

  void start(const std::string& name) {
    Host& at = host(name);
    ASSERT_FALSE(at.replica.has_value());
    ++at.life;
    at.left = false;
    at.config.seed = prng_.next();
    ReplicaStored stored{.log = at.disk.log, .raft = at.disk.contents()};
    auto made = Replica::create(at.config, std::move(stored), now_);
    ASSERT_TRUE(made.has_value()) << raft::to_text(made.error());
    at.replica.emplace(std::move(*made));
    at.lines.clear();
    at.copy.clear();
    at.leadership = {};
    at.told = at.disk.log;
    tell(at);
    news();
  }
  void crash(const std::string& name) {
    Host& at = host(name);
    if (!at.replica) return;
    at.replica.reset();
    at.down_since = now_;
    ++at.life;
    news();
  }
  /// Leaves when it has handed over, or has waited long enough for that; whether it had.
  bool leave(const std::string& name, Duration patience = 30s) {
    Host& at = host(name);
    with(name, [&](ReplicaEffects& out) { at.replica->prepare_to_leave(now_, out); });
    const bool handed_over = run_until([&] { return at.replica->has_handed_over(); }, patience);
    crash(name);
    at.left = true;
    news();
    return handed_over;
  }
  /// Nothing passes between the two sides.
  void partition(std::set<std::string> side) {
    side_ = std::move(side);
    parted_at_ = now_;
    news();
  }
  void heal() { partition({}); }

  ProposalToken propose(const std::string& name) {
    Host& at = host(name);
    const ProposalToken token{++tokens_};
    ByteVector command(sizeof(std::uint64_t) + prng_.below(20));
    put_word(command, 0, static_cast<std::uint64_t>(token));
    with(name, [&](ReplicaEffects& out) { at.replica->propose(token, command, now_, out); });
    return token;
  }
  ReadToken read(const std::string& name) {
    Host& at = host(name);
    const ReadToken token{++tokens_};
    ledger_.on_read(token);
    with(name, [&](ReplicaEffects& out) { at.replica->read(token, now_, out); });
    return token;
  }
  [[nodiscard]] bool committed(ProposalToken token) const { return has_line(ledger(), token); }
  bool has(const std::string& name, ProposalToken token) {
    return has_line(host(name).lines, token);
  }
  /// The member that knows that it leads, of the highest term; empty: none.
  std::string leader() {
    std::string found;
    std::uint64_t term = 0;
    for (const auto& [name, at] : hosts_) {
      if (!at.replica || !at.leadership.is_leading || at.leadership.term < term) continue;
      found = name;
      term = at.leadership.term;
    }
    return found;
  }
  std::set<std::string> voters(const std::string& name) {
    const auto list = host(name).replica->status(now_).voters;
    return {list.begin(), list.end()};
  }
  std::set<std::string> voters() {
    const std::string at = leader();
    return at.empty() ? std::set<std::string>() : voters(at);
  }
  std::set<std::string> learners() {
    const auto list = host(leader()).replica->status(now_).learners;
    return {list.begin(), list.end()};
  }
  /// Everybody who runs has given up everything, and knows the leader.
  bool converged() {
    const std::string at = leader();
    if (at.empty()) return false;
    return std::ranges::all_of(hosts_, [&](const auto& item) {
      const Host& one = item.second;
      return !one.replica || (one.lines.size() == ledger().size() && one.leadership.leader == at);
    });
  }
  bool commit_from(const std::string& name) {
    for (int tries = 0; tries < 20; ++tries) {
      const ProposalToken token = propose(name);
      if (run_until([&] { return has(name, token); }, 500ms)) return true;
    }
    return false;
  }

  void run_for(Duration duration) {
    const Instant end = now_ + duration;
    while (step(end)) {
    }
    now_ = std::max(now_, end);
  }
  bool run_until(const std::function<bool()>& condition, Duration within = 30s) {
    const Instant end = now_ + within;
    while (!condition()) {
      if (!step(end)) return condition();
    }
    return true;
  }
  std::string text() {
    std::string text;
    for (auto& [name, at] : hosts_) {
      text += name + ": ";
      if (!at.replica) {
        text += "down\n";
        continue;
      }
      const LogStatus status = at.replica->status(now_);
      text += status.role + " log " + to_text(status.log).substr(0, 4) + " term " +
              std::to_string(status.term) + " leader " + status.leader + " commit " +
              std::to_string(status.commit) + " lines " + std::to_string(at.lines.size()) +
              " voters";
      for (const auto& voter : status.voters) text += " " + voter;
      text += " learners";
      for (const auto& learner : status.learners) text += " " + learner;
      text += " trouble: " + status.trouble + "\n";
    }
    return text;
  }
  [[nodiscard]] std::uint64_t steps() const { return steps_; }

 private:
  // --- time --------------------------------------------------------------------------------------
  void schedule(Duration after, std::function<void()> run) {
    events_.emplace(now_ + after, std::move(run));
  }
  void schedule_own(Host& at, Duration after, std::function<void(ReplicaEffects&)> run) {
    schedule(after, [this, &at, life = at.life, run = std::move(run)] {
      if (at.replica && at.life == life) with(at.name, run);
    });
  }
  void with(const std::string& name, const std::function<void(ReplicaEffects&)>& input) {
    ReplicaEffects effects;
    Host& at = host(name);
    input(effects);
    for (ReplicaEffect& effect : effects) {
      std::visit([&](auto& one) { perform(at, one); }, effect);
    }
  }
  bool step(Instant end) {
    Instant at = events_.empty() ? never : events_.begin()->first;
    Host* due = nullptr;
    for (auto& [name, one] : hosts_) {
      if (!one.replica || one.replica->next_deadline() >= at) continue;
      at = one.replica->next_deadline();
      due = &one;
    }
    if (at > end) return false;
    // A deadline that stays in the past would be asked for without end.
    stuck_ = at > now_ ? 0 : stuck_ + 1;
    if (stuck_ > 20'000) {
      ADD_FAILURE() << "time stands still\n" << text();
      return false;
    }
    now_ = std::max(now_, at);
    ++steps_;
    if (due != nullptr) {
      with(due->name, [&](ReplicaEffects& out) { due->replica->on_deadline(now_, out); });
    } else {
      const auto run = std::move(events_.begin()->second);
      events_.erase(events_.begin());
      run();
    }
    return !testing::Test::HasFatalFailure();
  }

  // --- the failure detector ----------------------------------------------------------------------
  void news() {
    schedule(20ms, [this] { tell_all(); });
    schedule(detect + 1ms, [this] { tell_all(); });
  }
  void tell_all() {
    for (auto& [name, at] : hosts_) {
      if (at.replica) tell(at);
    }
  }
  bool parted(const std::string& a, const std::string& b) const {
    return side_.contains(a) != side_.contains(b);
  }
  void tell(Host& to) {
    Peers peers;
    for (auto& [name, at] : hosts_) {
      if (at.life == 0) continue;
      if (!parted(name, to.name)) to.met.insert(name);
      if (!to.met.contains(name)) continue;
      Peer peer{.name = name,
                .life = {},
                .state = Peer::State::alive,
                .voter = raft::number(at.config.raft.self),
                .log = at.told,
                .expects = at.config.bootstrap_expect,
                .zone = at.zone,
                .address = {}};
      if (&at == &to) {
        peer.log = at.disk.log;
      } else if (at.left) {
        peer.state = Peer::State::left;
      } else if (!at.replica && now_ - at.down_since >= detect) {
        peer.state = Peer::State::failed;
      } else if (parted(name, to.name)) {
        if (now_ - parted_at_ >= detect) to.seen_failed[name] = true;
        if (to.seen_failed[name]) peer.state = Peer::State::failed;
      } else if (at.replica) {
        to.seen_failed.erase(name);
      }
      peers.push_back(std::move(peer));
    }
    with(to.name, [&](ReplicaEffects& out) { to.replica->on_peers(peers, now_, out); });
  }

  // --- effects -----------------------------------------------------------------------------------
  void perform(Host& from, SendFrame& send) {
    ByteVector bytes;
    encode_frame(send.frame, bytes);
    auto frame = decode_frame(bytes);
    ASSERT_TRUE(frame.has_value()) << to_text(frame.error());
    ASSERT_EQ(*frame, send.frame);
    transmit(from, send.to, std::move(*frame));
  }
  void transmit(Host& from, const std::string& to, Frame frame) {
    if (prng_.chance(loss)) return;
    Instant& last = streams_[{from.name, to}];
    last = std::max(last, now_ + prng_.between(50us, delay_max + 51us));
    schedule(last - now_, [this, from = from.name, life = from.life, to, frame] {
      Host& at = host(to);
      if (!at.replica || parted(from, to)) {
        Host& sender = host(from);
        if (!sender.replica || sender.life != life || prng_.chance(0.5)) return;
        return with(from,
                    [&](ReplicaEffects& out) { sender.replica->on_unreachable(to, now_, out); });
      }
      with(to, [&](ReplicaEffects& out) { at.replica->on_frame(from, frame, now_, out); });
    });
  }
  void perform(Host& at, KeepLog& keep) {
    ASSERT_NE(at.config.raft.self, raft::VoterId::nobody);
    at.disk.log = keep.log;
    schedule(15ms, [this, &at] {
      at.told = at.disk.log;
      tell_all();
    });
  }
  void on_disk(Host& at, std::function<void(ReplicaEffects&)> run) {
    at.disk_free = std::max(at.disk_free, now_) + prng_.between(10us, 1ms);
    schedule_own(at, at.disk_free - now_, std::move(run));
  }
  void perform(Host& at, raft::Store& store) {
    ASSERT_FALSE(at.disk.log.is_nobody());
    on_disk(at, [this, &at, store](ReplicaEffects& out) {
      if (at.disk.full) return at.replica->on_store_refused(store.id, now_, out);
      at.disk.write(store);
      at.replica->on_stored(store.id, now_, out);
    });
  }
  void perform(Host& at, raft::StoreChunk& chunk) {
    on_disk(at, [this, &at, chunk](ReplicaEffects& out) {
      if (at.disk.full) return at.replica->on_chunk_refused(chunk.id, now_, out);
      ASSERT_TRUE(at.disk.add_piece(chunk)) << "a piece that does not follow";
      at.replica->on_chunk_stored(chunk.id, now_, out);
    });
  }
  void perform(Host& at, SendRaftChunk& send) {
    auto& chunk = std::get<raft::InstallChunk>(send.head.message);
    ASSERT_EQ(at.disk.snapshot, chunk.snapshot);
    chunk.data = at.disk.piece(chunk.offset, send.size);
    transmit(at, send.to, send.head);
  }
  void perform(Host& at, SendFetchedPiece& send) {
    ASSERT_EQ(at.disk.snapshot->last, send.snapshot);
    std::get<FetchedPiece>(send.reply.what).data = at.disk.piece(send.offset, send.size);
    transmit(at, send.to, send.reply);
  }
  void perform(Host& at, raft::Apply& apply) {
    for (raft::Index index = apply.first; index <= apply.last; index = raft::next(index)) {
      const raft::Entry& entry = at.replica->entry(index);
      ASSERT_TRUE(at.disk.entries.contains(index)) << "applied, but not stored";
      if (entry.kind == raft::EntryKind::command) at.copy.push_back(line_of(entry));
    }
  }
  void perform(Host& at, raft::RestoreSnapshot&) { at.copy = restored(at.disk.data); }
  void perform(Host& at, raft::TakeSnapshot& take) {
    schedule_own(at, prng_.between(1ms, 5ms), [this, &at, take, lines = at.copy](auto& out) {
      if (at.disk.full) return at.replica->on_snapshot_failed(now_, out);
      at.disk.data = saved(lines);
      at.disk.snapshot = raft::SnapshotMeta{
          .last = take.last, .membership = take.membership, .size = at.disk.data.size()};
      at.replica->on_snapshot_saved(at.disk.data.size(), now_, out);
    });
  }
  void perform(Host& at, GiveUpSnapshot& give) {
    ASSERT_EQ(at.disk.snapshot, give.snapshot);
    ledger_.replace(at, restored(at.disk.data));
  }
  void perform(Host& at, LogEvent& event) {
    std::visit([&](auto& one) { ledger_.take(at, one); }, event);
  }

  Prng prng_;
  Instant now_{};
  std::map<std::string, Host> hosts_;
  std::multimap<Instant, std::function<void()>> events_;
  std::map<std::pair<std::string, std::string>, Instant> streams_;
  std::set<std::string> side_;
  Instant parted_at_{};
  ReplicaLedger ledger_;
  std::uint64_t tokens_ = 0;
  std::uint64_t steps_ = 0;
  std::uint64_t stuck_ = 0;
};

}  // namespace rollcall::consensus
