// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <condition_variable>
#include <mutex>

#include "runtime/voters_log_cluster_test.hpp"

/// Voters whose own snapshot is replaced while they read it, or cannot be read, or is asked for by
/// everybody at once.
namespace rollcall::runtime {
namespace {

class VotersLogReadingTest : public VotersLogTest {};

/// Holds up whoever passes until it is opened.
class ReadingGate {
 public:
  std::optional<Error> pass() {
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [this] { return is_open_; });
    return std::nullopt;
  }
  void open() {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    opened_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool is_open_ = false;
};

TEST_F(VotersLogReadingTest, GoesOnFromTheSnapshotThatTookThePlaceOfTheOneItRead) {
  add_three(200);
  ASSERT_TRUE(until_three_vote());
  ASSERT_TRUE(until_log_is_cut(at("a")));
  ASSERT_TRUE(until([&] { return at("c").engine().snapshots().taken > 0; }));
  kill("c");
  LogParty* leading = nullptr;
  ASSERT_TRUE(until([&] { return (leading = leader()) != nullptr; }));
  ASSERT_TRUE(until_log_is_cut(*leading, 5000));
  ReadingGate gate;
  setups_.at("c").before_read = [&gate](const raft::Position&) { return gate.pass(); };

  LogParty& behind = restart("c");
  EXPECT_TRUE(until(
      [&] { return behind.engine().status().applied == leading->engine().status().applied; }));
  EXPECT_EQ(behind.restored, 0U) << "the leader's snapshot was installed, its own not yet read";
  gate.open();

  ASSERT_TRUE(until_joined(*leading, "last"));
  EXPECT_GE(behind.restored, 1U);
  EXPECT_EQ(behind.registry().snapshot(), leading->registry().snapshot());
}

TEST_F(VotersLogReadingTest, FollowsNoMoreWhenTooMuchWaitsForASnapshotThatItCannotRead) {
#ifdef __clang__
  GTEST_SKIP() << "with clang's sanitizers nothing is refused within 20 s; why is not known yet";
#endif
  add({.name = "a",
       .directory = scratch_.path() / "a",
       .begins_alone = true,
       .snapshot_entries = 50});
  ASSERT_TRUE(until([&] { return leader() != nullptr; }));
  ASSERT_TRUE(until_log_is_cut(at("a")));
  kill("a");
  setups_.at("a").waiting_bytes_max = std::size_t{16} << 10U;
  setups_.at("a").before_read = [](const raft::Position&) {
    return Error{ErrorCode::storage, "the disk says no", ""};
  };

  LogParty& back = restart("a");
  ASSERT_TRUE(until([&] { return back.engine().status().role == "leader"; }));
  ASSERT_TRUE(until([&] { return !back.warnings.empty(); }));
  const std::uint64_t first = token_ + 1;
  EXPECT_NE(back.engine().status().trouble.find("the disk says no"), std::string::npos);
  ASSERT_TRUE(until([&] {
    // Many a time, so that no slow disk decides how long it takes.
    for (int i = 0; i < 50 && back.refusals.empty(); ++i) {
      ++token_;
      back.engine().propose(ProposalToken{token_}, join_command("h", std::to_string(token_)));
    }
    return !back.refusals.empty();
  }));

  EXPECT_TRUE(std::holds_alternative<consensus::ProposalRefused>(back.refusals.front()));
  EXPECT_NE(back.engine().status().trouble.find("stopped following"), std::string::npos);
  EXPECT_NE(back.warnings.back().find("the disk says no"), std::string::npos);
  EXPECT_FALSE(back.is_leading()) << "by a registry that it has not";
  EXPECT_EQ(back.committed + back.restored, 0U);
  back.engine().read(consensus::ReadToken{1});
  EXPECT_TRUE(
      until([&] { return std::holds_alternative<consensus::ReadFailed>(back.refusals.back()); }));

  kill("a");
  setups_.at("a").before_read = nullptr;
  LogParty& again = restart("a");
  EXPECT_TRUE(until_joined(again, "last")) << "nothing is lost";
  EXPECT_TRUE(again.has("g", "0") && again.has("h", std::to_string(first)));
}

TEST_F(VotersLogReadingTest, FollowsNoMoreAfterItHasTriedToReadItsSnapshotTooOften) {
  add({.name = "a",
       .directory = scratch_.path() / "a",
       .begins_alone = true,
       .snapshot_entries = 50});
  ASSERT_TRUE(until([&] { return leader() != nullptr; }));
  ASSERT_TRUE(until_log_is_cut(at("a")));
  kill("a");
  setups_.at("a").read_tries_max = 2;
  setups_.at("a").before_read = [](const raft::Position&) {
    return Error{ErrorCode::storage, "the disk says no", ""};
  };

  LogParty& back = restart("a");

  EXPECT_TRUE(until(
      [&] { return back.engine().status().trouble.find("tried too often") != std::string::npos; }));
  EXPECT_TRUE(until([&] {
    return std::ranges::find(back.warnings, back.engine().status().trouble) != back.warnings.end();
  }));
}

/// One member that asks for far more than can be read, while others have to be served.
TEST_F(VotersLogReadingTest, ReadsNoMorePiecesOfSnapshotsAtOnceThanItMay) {
  constexpr std::size_t questions = 70'000;
  add({.name = "a",
       .directory = scratch_.path() / "a",
       .begins_alone = true,
       .snapshot_entries = 50});
  ASSERT_TRUE(until([&] { return leader() != nullptr; }));
  ASSERT_TRUE(until_log_is_cut(at("a")));
  VotersLog& engine = at("a").engine();
  ASSERT_TRUE(until([&] { return !engine.snapshots().is_under_way; }));
  const consensus::Fetch fetch{
      .log = {}, .token = 1, .after = {}, .patience_ms = 0, .snapshot = {}, .offset = 0};

  for (std::size_t i = 0; i < questions; ++i) engine.on_frame("x", fetch);
  engine.propose(ProposalToken{++token_}, join_command("g", "meanwhile"));

  EXPECT_TRUE(until([&] { return at("a").has("g", "meanwhile"); }));
  EXPECT_TRUE(until_joined(at("a"), "last"));
}

}  // namespace
}  // namespace rollcall::runtime
