// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <iostream>
#include <string>

#include <gtest/gtest.h>
#include <malloc.h>
#include <rapidcheck/gtest.h>

#include "registry/limits.hpp"
#include "registry/registry.hpp"
#include "registry/test_commands.hpp"

namespace rollcall::registry {
namespace {

constexpr LifeId cluster{7, 7};

Registry small_registry() {
  Registry registry(cluster);
  std::uint64_t index = 0;
  const auto apply = [&](const Command& command) {
    const ByteVector bytes = encode(command);
    EXPECT_TRUE(registry.apply({.term = 2, .index = ++index, .command = bytes}).has_value());
  };
  ChangeCluster change;
  change.joined = {server("m1", 1), server("m2", 1)};
  apply({.request = {}, .action = change});
  apply({.request = {{0, 1}, 1, 1}, .action = Join{"jobs", client("a", 5s)}});
  apply({.request = {{0, 1}, 2, 1}, .action = Join{"auto", client("b", 5s)}});
  change.joined.clear();
  change.removed = {{"m2", life(1), Cause::failed}};
  apply({.request = {}, .action = change});
  return registry;
}

RestoreError error_of(Bytes snapshot, LifeId id = cluster) {
  const auto registry = Registry::restore(snapshot, id);
  EXPECT_FALSE(registry.has_value());
  return registry ? RestoreError::foreign : registry.error();
}

/// The bytes with a checksum that is right, whatever they say.
ByteVector sealed(ByteVector bytes) {
  const std::size_t size = bytes.size() - 8;
  const std::uint64_t hash = hash_bytes(as_text(Bytes(bytes).first(size)));
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[size + i] = static_cast<std::byte>(hash >> (56 - 8 * i));
  }
  return bytes;
}

TEST(SnapshotTest, RestoresAnEmptyRegistry) {
  const Registry registry(cluster);
  const auto back = Registry::restore(registry.snapshot(), cluster);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->snapshot(), registry.snapshot());
}

TEST(SnapshotTest, RestoresEverythingThatCanBeAsked) {
  const auto back = Registry::restore(small_registry().snapshot(), cluster);
  ASSERT_TRUE(back.has_value());
  back->check_invariants();
  EXPECT_EQ(back->term(), 2U);
  EXPECT_EQ(back->index(), 4U);
  EXPECT_TRUE(back->is_removed("m2", life(1)));
  EXPECT_EQ(back->find("jobs")->size(), 2U);
  EXPECT_EQ(back->responsible("jobs", "a"), "m1");
  EXPECT_EQ(back->views_since("cluster", 0, 9).size(), 2U);
}

TEST(SnapshotTest, RefusesWhatIsNoneOfItsOwn) {
  const ByteVector snapshot = small_registry().snapshot();
  EXPECT_EQ(error_of({}), RestoreError::foreign);
  EXPECT_EQ(error_of(as_bytes("SQLite format 3")), RestoreError::foreign);
  EXPECT_EQ(error_of(snapshot, {7, 8}), RestoreError::other_cluster);
  ByteVector later = snapshot;
  later[8] = std::byte{2};
  EXPECT_EQ(error_of(sealed(later)), RestoreError::too_new);
}

TEST(SnapshotTest, RefusesEveryTornAndEveryDamagedOne) {
  const ByteVector snapshot = small_registry().snapshot();
  for (std::size_t size = 8; size < snapshot.size(); ++size) {
    EXPECT_EQ(error_of(Bytes(snapshot).first(size)), RestoreError::torn) << size;
  }
  for (std::size_t place = 9; place < snapshot.size(); ++place) {
    ByteVector damaged = snapshot;
    damaged[place] ^= std::byte{0x10};
    EXPECT_EQ(error_of(damaged), RestoreError::torn) << place;
  }
}

RC_GTEST_PROP(SnapshotTest, BelievesNothingThatIsOnlyWellSealed, ()) {
  ByteVector bytes = small_registry().snapshot();
  const int spoiled = *rc::gen::inRange(1, 4);
  for (int i = 0; i < spoiled; ++i) {
    const auto place = *rc::gen::inRange<std::size_t>(25, bytes.size() - 8);
    bytes[place] = static_cast<std::byte>(*rc::gen::arbitrary<std::uint8_t>());
  }
  const auto registry = Registry::restore(sealed(bytes), cluster);
  if (!registry) {
    RC_ASSERT(registry.error() == RestoreError::invalid);
    return;
  }
  registry->check_invariants();
  RC_ASSERT(registry->snapshot() == sealed(bytes));
}

std::size_t heap_bytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

TEST(SnapshotTest, HoldsAHundredThousandMembersWithinItsBounds) {
  constexpr std::size_t groups = 1000;
  constexpr std::size_t members = 100'000;
  constexpr std::size_t bytes_max = 200UL << 20U;
  using Clock = std::chrono::steady_clock;
  const std::size_t before = heap_bytes();
  Registry registry(cluster);
  const auto began = Clock::now();
  for (std::size_t i = 0; i < members; ++i) {
    MemberSpec spec = client("worker-" + std::to_string(i), 10s);
    spec.meta = {{"rack", "r" + std::to_string(i % 50)}, {"zone", "eu-west-1"}};
    const ByteVector bytes =
        encode({.request = {{0, 1}, i + 1, i + 1},
                .action = Join{"group-" + std::to_string(i % groups), std::move(spec)}});
    ASSERT_TRUE(registry.apply({.term = 1, .index = i + 1, .command = bytes}).has_value());
  }
  const auto joined = Clock::now();
  const std::size_t used = heap_bytes() - before;
  const ByteVector snapshot = registry.snapshot();
  const auto written = Clock::now();
  const auto back = Registry::restore(snapshot, cluster);
  const auto restored = Clock::now();

  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->member_count(), members);
  EXPECT_LE(used, bytes_max);
  const auto milliseconds = [](Clock::duration time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  };
  std::cout << members << " members in " << groups << " groups: " << (used >> 20U)
            << " MiB, snapshot " << (snapshot.size() >> 20U) << " MiB; applied in "
            << milliseconds(joined - began) << " ms, written in " << milliseconds(written - joined)
            << " ms, restored in " << milliseconds(restored - written) << " ms\n";
}

}  // namespace
}  // namespace rollcall::registry
