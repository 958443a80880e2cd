// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/member_snapshots.hpp"

#include "runtime/test_support.hpp"
#include "wire/tags.hpp"

namespace rollcall::runtime {
namespace {

class MemberSnapshotsTest : public testing::Test {
 protected:
  static core::Record record(const std::string& name, std::uint64_t life = 1) {
    core::Record record;
    record.name = name;
    record.life = {1, {life, hash_bytes(name)}};
    record.address = loopback(7420);
    record.since = Instant(5s);
    return record;
  }
  void update() { snapshots_.update(table_, table_.take_changed(), clocks_); }
  [[nodiscard]] std::string names() const {
    std::string text;
    for (const Member& member : snapshots_.list()) text += member.name + " ";
    return text;
  }

  core::MemberTable table_;
  MemberSnapshots snapshots_{"b"};
  Clocks clocks_{Instant(10s), std::chrono::system_clock::time_point(1000s)};
};

TEST_F(MemberSnapshotsTest, ListsByName) {
  for (const char* name : {"c", "a", "b"}) table_.put(record(name));
  update();
  EXPECT_EQ(names(), "a b c ");

  table_.put(record("aa"));
  table_.put(record("z"));
  table_.erase(*table_.find("b"));
  update();
  EXPECT_EQ(names(), "a aa c z ");
}

TEST_F(MemberSnapshotsTest, FindsByNameAndItself) {
  for (const char* name : {"c", "a", "b"}) table_.put(record(name));
  update();

  const MemberList list = snapshots_.list();

  EXPECT_EQ(list.self().name, "b");
  ASSERT_NE(list.find("c"), nullptr);
  EXPECT_EQ(list.find("c")->name, "c");
  EXPECT_EQ(list.find("bb"), nullptr);
  EXPECT_EQ(list.count(MemberState::alive), 3U);
}

TEST_F(MemberSnapshotsTest, GivesASlotToATenantOfAnotherName) {
  table_.put(record("m"));
  table_.put(record("n"));
  update();

  table_.erase(*table_.find("m"));
  table_.put(record("x"));  // takes the slot that m had
  update();

  EXPECT_EQ(names(), "n x ");
}

TEST_F(MemberSnapshotsTest, AListNeverChangesOnceTaken) {
  table_.put(record("a"));
  update();
  const MemberList before = snapshots_.list();

  core::Record later = record("a");
  later.state = wire::State::failed;
  table_.put(later);
  update();

  EXPECT_EQ(before.find("a")->state, MemberState::alive);
  EXPECT_EQ(snapshots_.list().find("a")->state, MemberState::failed);
}

TEST_F(MemberSnapshotsTest, SharesTheMembersThatDidNotChange) {
  table_.put(record("a"));
  table_.put(record("b"));
  update();
  const MemberList before = snapshots_.list();

  table_.put(record("b", 2));
  update();
  const MemberList after = snapshots_.list();

  EXPECT_EQ(before.find("a"), after.find("a"));
  EXPECT_NE(before.find("b"), after.find("b"));
}

TEST_F(MemberSnapshotsTest, TranslatesARecord) {
  core::Record full = record("a");
  full.incarnation = 3;
  full.state = wire::State::suspect;
  full.tags = *wire::encode_tags({{"role", "db"}});
  full.rtt = 2ms;
  table_.put(full);
  update();

  const MemberList list = snapshots_.list();
  const Member& member = *list.find("a");

  EXPECT_EQ(member.id, to_text(full.life.id));
  EXPECT_EQ(member.address, "127.0.0.1:7420");
  EXPECT_EQ(member.state, MemberState::suspect);
  EXPECT_EQ(member.incarnation, 3U);
  EXPECT_EQ(member.tags, (Tags{{"role", "db"}}));
  EXPECT_EQ(member.rtt, std::optional<std::chrono::nanoseconds>(2ms));
  EXPECT_EQ(member.since, std::chrono::system_clock::time_point(995s));
}

TEST_F(MemberSnapshotsTest, KeepsSinceWhenTheWallClockIsSet) {
  table_.put(record("a"));
  update();
  clocks_ = {Instant(20s), std::chrono::system_clock::time_point(5000s)};

  core::Record later = record("a");
  later.incarnation = 1;
  table_.put(later);
  update();
  EXPECT_EQ(snapshots_.list().find("a")->since, std::chrono::system_clock::time_point(995s));

  later.since = Instant(18s);
  table_.put(later);
  update();
  EXPECT_EQ(snapshots_.list().find("a")->since, std::chrono::system_clock::time_point(4998s));
}

TEST_F(MemberSnapshotsTest, DescribesTheMemberOfAnEvent) {
  core::Record known = record("a");
  known.tags = *wire::encode_tags({{"role", "db"}});
  table_.put(known);
  const core::Publish failed{.kind = core::EventKind::member_failed,
                             .name = "a",
                             .life = known.life,
                             .incarnation = 4,
                             .address = known.address,
                             .by = {},
                             .message = {}};

  const Member member = snapshots_.describe(failed, table_, clocks_);

  EXPECT_EQ(member.state, MemberState::failed);
  EXPECT_EQ(member.incarnation, 4U);
  EXPECT_EQ(member.tags, (Tags{{"role", "db"}}));
}

TEST_F(MemberSnapshotsTest, DescribesAForgottenMemberAsItWasLastSeen) {
  core::Record known = record("a");
  known.state = wire::State::left;
  table_.put(known);
  update();
  table_.erase(*table_.find("a"));
  const core::Publish reaped{.kind = core::EventKind::member_reap,
                             .name = "a",
                             .life = known.life,
                             .incarnation = 0,
                             .address = known.address,
                             .by = {},
                             .message = {}};

  EXPECT_EQ(snapshots_.describe(reaped, table_, clocks_).state, MemberState::left);
}

}  // namespace
}  // namespace rollcall::runtime
