// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/raft_store.hpp"

#include "runtime/raft_store_test_support.hpp"
#include "runtime/test_support.hpp"

namespace rollcall::runtime {
namespace {

class RaftStoreTest : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path path() const { return scratch_.path() / "member"; }
  [[nodiscard]] std::filesystem::path file() const { return path() / RaftStore::file_name; }
  /// What opening anew finds.
  [[nodiscard]] Kept reopened() const { return kept_in(path()); }
  /// The message of the error that opening and loading end in.
  [[nodiscard]] std::string refusal(const RaftStore::Owner& who = raft_owner) const {
    auto store = RaftStore::open(path(), who);
    if (!store) return store.error().message;
    auto loaded = store->load();
    return loaded ? "opened" : loaded.error().message;
  }

  ScratchDirectory scratch_;
};

TEST_F(RaftStoreTest, BeginsWithNothing) {
  auto store = RaftStore::open(path(), raft_owner);

  ASSERT_TRUE(store) << store.error().message;
  const auto kept = kept_by(*store);
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_EQ(*kept, Kept());
  EXPECT_EQ(store->voter(), raft::VoterId{7});
}

TEST_F(RaftStoreTest, KeepsTheVoterIdOfTheFile) {
  {
    ASSERT_TRUE(RaftStore::open(path(), raft_owner));
  }

  const auto store = RaftStore::open(path(), {"test", "a", raft::VoterId{8}});

  ASSERT_TRUE(store);
  EXPECT_EQ(store->voter(), raft::VoterId{7});
}

TEST_F(RaftStoreTest, KeepsTermVoteAndEntriesOfAnyLength) {
  std::vector<raft::Entry> entries;
  for (std::uint64_t i = 1; i <= 70; ++i) entries.push_back(entry(i, 2, std::string(i - 1, '\0')));
  {
    auto store = ready_store(path());
    ASSERT_TRUE(store);
    ASSERT_TRUE(write_one(*store, store_of(hard(2, 9), entries)));
  }

  const Kept kept = reopened();

  EXPECT_EQ(kept.hard, hard(2, 9));
  EXPECT_EQ(kept.entries, entries);
}

TEST_F(RaftStoreTest, ReplacesASuffixInOneCommit) {
  {
    auto store = ready_store(path());
    ASSERT_TRUE(store);
    ASSERT_TRUE(write_one(
        *store, store_of(hard(1), {entry(1, 1, "a"), entry(2, 1, "b"), entry(3, 1, "c")})));
    ASSERT_TRUE(write_one(*store, store_of(hard(2), {entry(2, 2, "B")})));
  }

  EXPECT_EQ(reopened().entries, (std::vector{entry(1, 1, "a"), entry(2, 2, "B")}));
}

TEST_F(RaftStoreTest, ShowsASnapshotOnlyWhenItIsWhole) {
  const raft::SnapshotMeta meta{
      .last = {.term = raft::Term{1}, .index = raft::Index{2}},
      .membership = {.voters = {raft::VoterId{7}}, .learners = {raft::VoterId{8}}},
      .size = 6};
  auto store = ready_store(path());
  ASSERT_TRUE(store);
  ASSERT_TRUE(
      write_one(*store, store_of(hard(1), {entry(1, 1, "a"), entry(2, 1, "b"), entry(3, 1, "c")})));

  ASSERT_TRUE(write_one(*store, SaveSnapshotPiece{meta, 0, bytes_from("abcd")}));
  EXPECT_EQ(store->read_snapshot(meta.last, 0, 9), ByteVector());
  ASSERT_TRUE(write_one(*store, SaveSnapshotPiece{meta, 4, bytes_from("ef")}));
  raft::Store drop = store_of(hard(1), {});
  drop.keep_from = raft::Index{3};
  ASSERT_TRUE(write_one(*store, drop));

  EXPECT_EQ(store->read_snapshot(meta.last, 0, 9), bytes_from("abcdef"));
  EXPECT_EQ(store->read_snapshot(meta.last, 3, 2), bytes_from("de"));
  EXPECT_EQ(store->read_snapshot(meta.last, 5, 1), bytes_from("f"));
  store = std::unexpected(Error());
  const Kept kept = reopened();
  EXPECT_EQ(kept.meta, meta);
  EXPECT_EQ(kept.snapshot, bytes_from("abcdef"));
  EXPECT_EQ(kept.entries, std::vector{entry(3, 1, "c")});
}

TEST_F(RaftStoreTest, SweepsInSteps) {
  auto store = ready_store(path());
  ASSERT_TRUE(store);
  std::vector<raft::Entry> entries;
  for (std::uint64_t i = 1; i <= 300; ++i) entries.push_back(entry(i, 1, "x"));
  ASSERT_TRUE(write_one(*store, store_of(hard(1), entries)));
  raft::Store drop = store_of(hard(1), {});
  drop.keep_from = raft::Index{300};

  ASSERT_TRUE(write_one(*store, drop));

  int steps = 1;
  for (; store->has_garbage() && steps < 100; ++steps) ASSERT_TRUE(store->sweep());
  EXPECT_EQ(steps, 300 / RaftStore::sweep_rows_max + 1);
  store = std::unexpected(Error());
  EXPECT_EQ(reopened().entries.size(), 1U);
}

TEST_F(RaftStoreTest, GivesBackWhatRandomWritesMade) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Prng prng(seed);
    RaftDiskModel model;
    std::filesystem::remove_all(path());
    for (int life = 0; life < 3; ++life) {
      auto store = ready_store(path());
      ASSERT_TRUE(store) << store.error().message;
      for (int i = 0; i < 40; ++i) {
        std::vector<RaftWrite> writes;
        for (std::size_t n = 0; n <= prng.below(5); ++n) {
          writes.push_back(model.next(prng));
          model.apply(writes.back());
        }
        ASSERT_TRUE(store->write(writes));
      }
      store = std::unexpected(Error());
      model.restart();
      ASSERT_EQ(reopened(), model.kept()) << "seed " << seed << ", life " << life;
    }
  }
}

TEST_F(RaftStoreTest, WritesOutWhatAKillLeftInTheLog) {
  ChildProcess child([this] {
    auto store = ready_store(path());
    for (std::uint64_t i = 1; store && i <= 50; ++i) {
      static_cast<void>(write_one(*store, store_of(hard(1), {entry(i, 1, "x")})));
    }
  });
  const std::filesystem::path log = file().string() + "-wal";
  ASSERT_TRUE(eventually([&] {
    std::error_code ignored;
    const auto size = std::filesystem::file_size(log, ignored);
    return !ignored && size > 100'000;
  }));
  child.kill();

  const auto store = RaftStore::open(path(), raft_owner);

  ASSERT_TRUE(store);
  EXPECT_EQ(std::filesystem::file_size(log), 0U);
}

TEST_F(RaftStoreTest, LosesOnlyTheTornCommit) {
  std::vector<std::uintmax_t> ends;
  const std::filesystem::path log = file().string() + "-wal";
  std::string database;
  std::string torn;
  {
    auto store = ready_store(path());
    ASSERT_TRUE(store);
    for (std::uint64_t i = 1; i <= 4; ++i) {
      ASSERT_TRUE(write_one(*store, store_of(hard(i, 7), {entry(i, i, std::string(3000, 'x'))})));
      ends.push_back(std::filesystem::file_size(log));
    }
    database = content_of(file());
    torn = content_of(log);
  }
  ASSERT_EQ(torn.size(), ends.back());

  for (std::size_t cut = ends[1]; cut <= torn.size(); cut += 1021) {
    write_file(file(), database);
    write_file(log, torn.substr(0, cut));
    const auto whole = static_cast<std::uint64_t>(
        std::count_if(ends.begin(), ends.end(), [&](auto end) { return end <= cut; }));
    const Kept kept = reopened();
    ASSERT_EQ(kept.hard, hard(whole, 7)) << "cut at " << cut;
    ASSERT_EQ(kept.entries.size(), whole) << "cut at " << cut;
  }
}

TEST_F(RaftStoreTest, SaysWhichEntryDecayed) {
  {
    auto store = ready_store(path());
    ASSERT_TRUE(store);
    ASSERT_TRUE(
        write_one(*store, store_of(hard(1), {entry(1, 1, "first"), entry(2, 1, "second")})));
  }
  std::string content = content_of(file());
  const std::size_t place = content.find("second");
  ASSERT_NE(place, std::string::npos);
  content[place] = 'S';
  write_file(file(), content);

  EXPECT_EQ(refusal(), file().string() +
                           " is damaged (log entry 2 is not as it was stored); move it away: the "
                           "member comes back as a new voter and gets everything from the others. "
                           "Do not move away those of most voters");
}

TEST_F(RaftStoreTest, SaysThatAVoteDecayed) {
  {
    auto store = ready_store(path());
    ASSERT_TRUE(store);
    ASSERT_TRUE(write_one(*store, store_of(hard(3, 7), {})));
  }
  {
    auto database = Database::open(file());
    ASSERT_TRUE(database && database->run("UPDATE state SET vote = 8"));
  }

  EXPECT_NE(refusal().find("damaged (term and vote are not as they were stored)"),
            std::string::npos)
      << refusal();
}

TEST_F(RaftStoreTest, NoticesAMissingEntry) {
  {
    auto store = ready_store(path());
    ASSERT_TRUE(store);
    ASSERT_TRUE(write_one(
        *store, store_of(hard(1), {entry(1, 1, "a"), entry(2, 1, "b"), entry(3, 1, "c")})));
  }
  {
    auto database = Database::open(file());
    ASSERT_TRUE(database && database->run("DELETE FROM entry WHERE place = 2"));
  }

  EXPECT_NE(refusal().find("log entry 3 does not follow the one before"), std::string::npos)
      << refusal();
}

TEST_F(RaftStoreTest, SaysThatTheFileIsNone) {
  std::filesystem::create_directories(path());
  write_file(file(), std::string(8192, 'x'));

  EXPECT_NE(refusal().find("raft.db is damaged"), std::string::npos) << refusal();
}

TEST_F(RaftStoreTest, RefusesTheFileOfAnotherMemberOrCluster) {
  {
    ASSERT_TRUE(RaftStore::open(path(), raft_owner));
  }

  EXPECT_EQ(refusal({"test", "b", raft::VoterId{8}}),
            file().string() +
                " belongs to name 'a', not 'b'; give each member a --data-dir of its "
                "own");
  EXPECT_EQ(refusal({"prod", "a", raft::VoterId{8}}),
            file().string() +
                " belongs to cluster 'test', not 'prod'; give each member a "
                "--data-dir of its own");
  EXPECT_EQ(refusal(), "opened");
}

TEST_F(RaftStoreTest, RefusesAFileInUse) {
  const auto store = RaftStore::open(path(), raft_owner);
  ASSERT_TRUE(store);

  EXPECT_EQ(refusal(), file().string() + " is in use by another program; close that first");
}

TEST_F(RaftStoreTest, RefusesADirectoryThatCannotBeWritten) {
  const auto store = RaftStore::open("/proc/self", raft_owner);

  ASSERT_FALSE(store);
  EXPECT_NE(store.error().message.find("cannot write /proc/self/raft.db"), std::string::npos)
      << store.error().message;
}

TEST_F(RaftStoreTest, NeverTakesAVoteBack) {
  auto store = ready_store(path());
  ASSERT_TRUE(store);
  ASSERT_TRUE(write_one(*store, store_of(hard(2, 7), {})));

  EXPECT_DEATH(static_cast<void>(write_one(*store, store_of(hard(2, 8), {}))), "check failed");
  EXPECT_DEATH(static_cast<void>(write_one(*store, store_of(hard(1, 7), {}))), "check failed");
  EXPECT_DEATH(static_cast<void>(write_one(*store, store_of(hard(2, 7), {entry(2, 2, "gap")}))),
               "check failed");
}

}  // namespace
}  // namespace rollcall::runtime
