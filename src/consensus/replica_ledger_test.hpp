// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "consensus/replica_host_test.hpp"

namespace rollcall::consensus {

/// What all members together gave up, and what must hold of it: of all members' commands each list
/// is the beginning of one and the same, nobody reads what is old, and one leads at a time.
class ReplicaLedger {
 public:
  [[nodiscard]] const Lines& lines() const { return lines_; }
  /// A read that begins now sees all that was given up before.
  void on_read(ReadToken token) { reads_floor_[token] = lines_.size(); }

  void take(Host& at, Committed& committed) {
    const Line line{.index = committed.index,
                    .term = committed.term,
                    .command = get_word(committed.command, 0)};
    const std::size_t place = at.lines.size();
    ASSERT_LE(place, lines_.size());
    if (place == lines_.size()) lines_.push_back(line);
    ASSERT_EQ(lines_[place], line) << at.name << " gave up another command at " << line.index;
    at.lines.push_back(line);
  }
  void take(Host& at, Restored& snapshot) {
    ++at.restored;
    replace(at, restored(snapshot.snapshot));
  }
  void replace(Host& at, Lines lines) {
    ASSERT_LE(at.lines.size(), lines.size()) << at.name << " went back";
    ASSERT_LE(lines.size(), lines_.size());
    ASSERT_TRUE(std::equal(lines.begin(), lines.end(), lines_.begin()));
    at.lines = std::move(lines);
  }
  void take(Host& at, ReadReady& ready) {
    ASSERT_GE(at.lines.size(), reads_floor_.at(ready.token)) << "stale read at " << at.name;
    ASSERT_TRUE(at.reads_ready.insert(ready.token).second);
  }
  void take(Host& at, ReadFailed& failed) {
    ASSERT_FALSE(at.reads_ready.contains(failed.token));
    ASSERT_TRUE(at.reads_failed.insert(failed.token).second);
  }
  void take(Host& at, ProposalRefused& refused) {
    at.refused.emplace_back(refused.token, refused.why);
  }
  void take(Host& at, Leadership& leadership) {
    at.leadership = leadership;
    if (!leadership.is_leading) return;
    ASSERT_EQ(leadership.leader, at.name);
    const auto key = std::pair(at.replica->log(), leadership.term);
    const auto [known, fresh] = leaders_.try_emplace(key, at.name);
    ASSERT_EQ(known->second, at.name) << "two leaders in term " << leadership.term;
    const auto later = std::ranges::find_if(
        lines_, [&](const Line& line) { return line.term >= leadership.term; });
    ASSERT_GE(at.lines.size(), static_cast<std::size_t>(later - lines_.begin()));
  }

 private:
  Lines lines_;
  std::map<std::pair<LogId, std::uint64_t>, std::string> leaders_;
  std::map<ReadToken, std::size_t> reads_floor_;
};

}  // namespace rollcall::consensus
