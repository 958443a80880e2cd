// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/agreement/disk.hpp"

#include <gtest/gtest.h>

namespace rollcall::sim::agreement {
namespace {

raft::Store store_of(std::uint64_t id, std::uint64_t from, std::uint64_t count) {
  raft::Store store;
  store.id = raft::StoreId{id};
  store.hard = {.term = raft::Term{id}, .voted_for = {}};
  store.from = raft::Index{from};
  for (std::uint64_t i = 0; i < count; ++i) {
    store.entries.push_back(
        {.index = raft::Index{from + i}, .term = raft::Term{id}, .payload = {}});
  }
  return store;
}

class VirtualDiskTest : public testing::Test {
 protected:
  [[nodiscard]] std::size_t entries() const { return disk_.stored().raft.entries.size(); }

  Prng prng_{1};
  VirtualDisk disk_{raft::VoterId{7}};
};

TEST_F(VirtualDiskTest, HasWhatWasStoredAndReplacesTheRest) {
  disk_.put(store_of(1, 1, 5));
  disk_.put(store_of(2, 4, 1));
  EXPECT_TRUE(disk_.end_write(prng_).is_stored);
  EXPECT_EQ(entries(), 5U);
  EXPECT_TRUE(disk_.end_write(prng_).is_stored);
  EXPECT_EQ(entries(), 4U);
  EXPECT_EQ(disk_.stored().raft.hard.term, raft::Term{2});
}

TEST_F(VirtualDiskTest, IsAsBeforeWhenItRefuses) {
  disk_.set_full(true);
  disk_.put(store_of(1, 1, 5));
  EXPECT_FALSE(disk_.end_write(prng_).is_stored);
  EXPECT_EQ(entries(), 0U);
}

TEST_F(VirtualDiskTest, KeepsTheLogsNameWithTheNextStoreIfItRefusedIt) {
  const LifeId log{1, 2};
  disk_.set_full(true);
  disk_.put(consensus::KeepLog{log});
  EXPECT_FALSE(disk_.end_write(prng_).is_stored);
  disk_.set_full(false);
  EXPECT_TRUE(disk_.log().is_nobody());
  disk_.put(store_of(1, 1, 1));
  EXPECT_TRUE(disk_.end_write(prng_).is_stored);
  EXPECT_EQ(disk_.log(), log);
}

TEST_F(VirtualDiskTest, FindsSomeOfWhatWasUnderWayAfterACrashInOrder) {
  std::size_t none = 0;
  std::size_t all = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Prng prng(seed);
    VirtualDisk disk{raft::VoterId{7}};
    disk.put(store_of(1, 1, 2));
    disk.put(store_of(2, 3, 2));
    disk.crash(prng);
    const std::size_t found = disk.stored().raft.entries.size();
    EXPECT_TRUE(found == 0 || found == 2 || found == 4);
    EXPECT_TRUE(disk.is_idle());
    none += found == 0 ? 1U : 0U;
    all += found == 4 ? 1U : 0U;
  }
  EXPECT_GT(none, 5U);
  EXPECT_GT(all, 5U);
}

TEST_F(VirtualDiskTest, GivesPiecesOfItsSnapshotAndOfNoOther) {
  SaveSnapshot save;
  save.snapshot.last = {.term = raft::Term{1}, .index = raft::Index{9}};
  save.data = ByteVector(10, std::byte{3});
  save.snapshot.size = 10;
  disk_.put(save);
  EXPECT_TRUE(disk_.end_write(prng_).is_stored);
  EXPECT_EQ(disk_.read(save.snapshot.last, 8, 2)->size(), 2U);
  EXPECT_FALSE(disk_.read(save.snapshot.last, 8, 3));
  EXPECT_FALSE(disk_.read({}, 0, 1));
}

}  // namespace
}  // namespace rollcall::sim::agreement
