// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "runtime/test_support.hpp"
#include "runtime/voters_log_rig_test.hpp"

namespace rollcall::runtime {

using consensus::ProposalToken;

/// Members with a log between them, on one thread; those that are killed can be started again.
class VotersLogTest : public testing::Test {
 protected:
  LogParty& add(LogParty::Setup setup) {
    setup.seed = ++seed_;
    auto party = LogParty::open(io_, setup);
    if (!party) throw std::runtime_error(party.error().message);
    setups_[setup.name] = setup;
    return *(parties_[setup.name] = std::move(*party));
  }
  /// Three that can vote; a begins.
  void add_three(std::uint64_t snapshot_entries = 16'384) {
    for (const char* name : {"a", "b", "c"}) {
      add({.name = name,
           .directory = scratch_.path() / name,
           .begins_alone = *name == 'a',
           .snapshot_entries = snapshot_entries});
    }
  }
  void kill(const std::string& name) { parties_.erase(name); }
  LogParty& restart(const std::string& name) { return add(setups_.at(name)); }
  [[nodiscard]] LogParty& at(const std::string& name) { return *parties_.at(name); }

  /// Tells everybody of everybody, as the failure detector would.
  void gossip() {
    consensus::Peers peers;
    for (const auto& [name, party] : parties_) peers.push_back(party->as_peer());
    for (const auto& [name, setup] : setups_) {
      if (parties_.contains(name)) continue;
      consensus::Peer gone;
      for (const consensus::Peer& known : told_) {
        if (known.name == name) gone = known;
      }
      gone.state = consensus::Peer::State::failed;
      if (!gone.name.empty()) peers.push_back(gone);
    }
    std::ranges::sort(peers, {}, &consensus::Peer::name);
    if (peers == told_) return;
    told_ = peers;
    for (const auto& [name, party] : parties_) party->on_peers(peers);
  }
  template <class Condition>
  testing::AssertionResult until(Condition condition) {
    return run_until(io_, [&] {
      gossip();
      return condition();
    });
  }
  [[nodiscard]] LogParty* leader() {
    for (const auto& [name, party] : parties_) {
      if (party->is_leading()) return party.get();
    }
    return nullptr;
  }
  [[nodiscard]] std::size_t voters() {
    LogParty* const leading = leader();
    return leading == nullptr ? 0 : leading->engine().status().voters.size();
  }
  testing::AssertionResult until_three_vote() {
    return until([&] { return voters() == 3; });
  }
  /// Joins through that member, again and again as the agreement does, until everybody has it.
  testing::AssertionResult until_joined(LogParty& through, const std::string& id) {
    auto asked = std::chrono::steady_clock::time_point();
    return until([&] {
      if (std::chrono::steady_clock::now() > asked + 300ms) {
        asked = std::chrono::steady_clock::now();
        through.engine().propose(ProposalToken{++token_}, join_command("g", id));
      }
      return std::ranges::all_of(parties_,
                                 [&](const auto& party) { return party.second->has("g", id); });
    });
  }

  /// Ids that are numbers, that many; until everybody has the last one.
  testing::AssertionResult until_many_joined(LogParty& through, std::uint64_t from,
                                             std::uint64_t count) {
    for (std::uint64_t i = from; i < from + count; ++i) {
      through.engine().propose(ProposalToken{++token_}, join_command("g", std::to_string(i)));
    }
    return until_joined(through, std::to_string(from + count));
  }
  /// So many that everybody takes snapshots, and the log before them goes.
  testing::AssertionResult until_log_is_cut(LogParty& through, std::uint64_t from = 0) {
    const std::uint64_t before = through.engine().snapshots().taken;
    for (std::uint64_t round = 0; round < 10; ++round) {
      auto joined = until_many_joined(through, from + round * 101, 100);
      if (!joined) return joined;
    }
    return until([&] { return through.engine().snapshots().taken >= before + 2; });
  }

  ScratchDirectory scratch_;
  boost::asio::io_context io_;
  std::map<std::string, std::unique_ptr<LogParty>> parties_;
  std::map<std::string, LogParty::Setup> setups_;
  consensus::Peers told_;
  std::uint64_t token_ = 0;
  std::uint64_t seed_ = 0;
};

}  // namespace rollcall::runtime
