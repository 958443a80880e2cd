// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "consensus/raft/raft_world_test.hpp"

namespace rollcall::consensus::raft {

inline Entry command(std::uint64_t index, std::uint64_t term, std::size_t bytes = 1) {
  return {.index = Index{index},
          .term = Term{term},
          .kind = EntryKind::command,
          .payload = ByteVector(bytes, std::byte{7})};
}
inline Position at(std::uint64_t index, std::uint64_t term) {
  return {.term = Term{term}, .index = Index{index}};
}

/// Replica 1 of three, with a log of the given terms, driven by hand: every effect is text, and the
/// disk confirms when the test says so.
class RaftRig {
 public:
  explicit RaftRig(const std::vector<std::uint64_t>& terms, std::uint64_t term = 0)
      : raft_(make(terms, term)) {}

  Raft& raft() { return raft_; }

  void message(std::uint64_t from, Message message) {
    note(std::to_string(from) + " " + to_text(message));
    raft_.on_message(VoterId{from}, std::move(message), now_, effects_);
    collect();
  }
  /// A failure detector says so.
  void failed(std::uint64_t replica) {
    note(std::to_string(replica) + " failed");
    raft_.on_failed(VoterId{replica}, now_, effects_);
    collect();
  }
  /// The store under way is on the disk.
  void stored() {
    const StoreId id = std::exchange(storing_, StoreId::none);
    ASSERT_NE(id, StoreId::none) << "nothing to store";
    note("stored #" + std::to_string(static_cast<std::uint64_t>(id)));
    raft_.on_stored(id, now_, effects_);
    collect();
  }
  void refused() {
    const StoreId id = std::exchange(storing_, StoreId::none);
    ASSERT_NE(id, StoreId::none) << "nothing to store";
    note("refused #" + std::to_string(static_cast<std::uint64_t>(id)));
    raft_.on_store_refused(id, now_, effects_);
    collect();
  }
  void chunk_stored(std::uint64_t id) {
    note("stored piece #" + std::to_string(id));
    raft_.on_chunk_stored(ChunkId{id}, now_, effects_);
    collect();
  }
  void snapshot_saved(std::uint64_t size) {
    note("snapshot saved");
    raft_.on_snapshot_saved(size, now_, effects_);
    collect();
  }
  void wait(Duration duration) {
    const Instant end = now_ + duration;
    while (raft_.next_deadline() <= end) {
      now_ = std::max(now_, raft_.next_deadline());
      note("deadline");
      raft_.on_deadline(now_, effects_);
      collect();
    }
    now_ = end;
  }
  /// Until the next deadline, and that.
  void deadline() {
    now_ = std::max(now_, raft_.next_deadline());
    note("deadline");
    raft_.on_deadline(now_, effects_);
    collect();
  }
  bool propose() {
    note("propose");
    const bool taken = raft_.propose(ByteVector(1), now_, effects_).has_value();
    collect();
    return taken;
  }
  std::expected<Position, ChangeError> change(ChangeKind kind, std::uint64_t member) {
    note("change of " + std::to_string(member));
    auto result = raft_.change({.kind = kind, .member = VoterId{member}}, now_, effects_);
    collect();
    return result;
  }
  bool read(std::uint64_t id) {
    note("read #" + std::to_string(id));
    const bool taken = raft_.read(ReadId{id}, now_, effects_).has_value();
    collect();
    return taken;
  }
  bool transfer(std::uint64_t to) {
    note("transfer to " + std::to_string(to));
    const bool taken = raft_.transfer(VoterId{to}, now_, effects_).has_value();
    collect();
    return taken;
  }
  /// Leads in the next term, with its no-op on the way.
  void lead() {
    deadline();
    const Term term = next(raft_.term());
    message(2, VoteReply{.term = term, .kind = VoteKind::pre_vote, .vote = Vote::granted});
    stored();
    message(2, VoteReply{.term = term, .kind = VoteKind::vote, .vote = Vote::granted});
    ASSERT_EQ(raft_.role(), Role::leader);
    effects();
  }
  void has(std::uint64_t from, std::uint64_t index, std::uint64_t round = 0) {
    message(from, AppendReply{.term = raft_.term(),
                              .result = AppendResult::accepted,
                              .match = Index{index},
                              .match_term = {},
                              .refused = {},
                              .round = round});
  }

  /// Everything asked for since the last call.
  std::string effects() {
    transcript_.clear();
    return std::exchange(text_, {});
  }
  /// The same with each input on a line before its effects; begins with an empty line.
  std::string transcript() {
    text_.clear();
    return "\n" + std::exchange(transcript_, {});
  }
  [[nodiscard]] bool storing() const { return storing_ != StoreId::none; }

 private:
  static Raft make(const std::vector<std::uint64_t>& terms, std::uint64_t term) {
    Stored kept;
    kept.entries.push_back({.index = Index{1},
                            .term = Term{1},
                            .kind = EntryKind::membership,
                            .payload = encode(voters(3))});
    std::uint64_t last = 1;
    for (const std::uint64_t one : terms) {
      kept.entries.push_back(command(kept.entries.size() + 1, one));
      last = one;
    }
    kept.hard.term = Term{std::max(last, term)};
    return std::move(Raft::create(small_config(1), std::move(kept), 1, Instant{}).value());
  }
  void note(const std::string& input) { transcript_ += input + "\n"; }
  void collect() {
    for (const Effect& effect : effects_.list()) {
      text_ += to_text(effect) + "\n";
      transcript_ += "  " + to_text(effect) + "\n";
      if (const auto* store = std::get_if<Store>(&effect)) storing_ = store->id;
    }
    effects_.clear();
  }

  Raft raft_;
  Instant now_{};
  Effects effects_;
  std::string text_;
  std::string transcript_;
  StoreId storing_{};
};

}  // namespace rollcall::consensus::raft
