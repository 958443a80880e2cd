// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <ranges>

#include "process/etcd_members.hpp"

namespace rollcall::runtime::etcd {
namespace {

using namespace std::chrono_literals;
using consensus::LogRefusal;

/// Upon three servers of etcd.
class EtcdLogTest : public EtcdMembers {
 protected:
  void start_three() {
    add("a");
    add("b");
    add("c");
    ASSERT_TRUE(until([&] { return leader() != nullptr; }));
  }
  /// Whether all members that run have the same, and so many.
  bool all_have(std::size_t count) {
    return until([&] {
      return std::ranges::all_of(members, [&](const auto& entry) {
        return !entry.second->engine || entry.second->committed.size() >= count;
      });
    });
  }
  void expect_same_everywhere() {
    const std::vector<std::string> first = texts_of(*members.begin()->second);
    for (const auto& [name, member] : members) {
      if (!member->engine) continue;
      EXPECT_EQ(first, texts_of(*member)) << name;
    }
  }
};

TEST_F(EtcdLogTest, GivesEveryMemberTheSameCommandsInOneOrder) {
  start_three();
  constexpr std::size_t each = 200;
  for (std::size_t i = 0; i < each; ++i) {
    for (auto& [name, member] : members) member->propose(bytes_of(name + std::to_string(i)));
  }

  // A follower may not have known the leader yet, and was refused; nothing was lost.
  std::size_t refused = 0;
  ASSERT_TRUE(until([&] {
    refused = 0;
    for (const auto& [name, member] : members) refused += member->refusals.size();
    return members.at("a")->committed.size() + refused >= 3 * each;
  }));
  ASSERT_TRUE(all_have(3 * each - refused));
  expect_same_everywhere();
  std::uint64_t index = 0;
  for (const consensus::Committed& one : members.at("b")->committed) {
    EXPECT_EQ(++index, one.index);
    EXPECT_EQ(leader()->leaderships.back().term, one.term);
  }
  EXPECT_EQ(members.at("a")->registry.snapshot(), members.at("c")->registry.snapshot());
}

TEST_F(EtcdLogTest, AnotherLeadsAtOnceWhenTheDetectorFindsTheLeaderFailed) {
  start_three();
  ASSERT_TRUE(commit(*leader(), "before"));
  EtcdMember& first = *leader();
  const std::uint64_t first_term = first.leaderships.back().term;

  end(first);
  const auto since = std::chrono::steady_clock::now();
  tell_peers();

  ASSERT_TRUE(until([&] { return leader() != nullptr; }));
  // The lease alone would have taken two seconds.
  EXPECT_LT(std::chrono::steady_clock::now() - since, 1500ms);
  EXPECT_GT(leader()->leaderships.back().term, first_term);
  ASSERT_TRUE(commit(some_follower(), "after"));
  ASSERT_TRUE(all_have(2));
  EXPECT_EQ((std::vector<std::string>{"1 before", "2 after"}), texts_of(*leader()));
}

TEST_F(EtcdLogTest, AnotherLeadsWhenTheLeadersLeaseEnds) {
  start_three();
  EtcdMember& first = *leader();

  end(first);  // and nobody's detector says so

  ASSERT_TRUE(until([&] { return leader() != nullptr; }));
  ASSERT_TRUE(commit(some_follower(), "after"));
}

TEST_F(EtcdLogTest, HandsOverWhenItLeaves) {
  start_three();
  EtcdMember& first = *leader();

  bool has_left = false;
  const auto since = std::chrono::steady_clock::now();
  first.engine->prepare_to_leave([&] { has_left = true; });
  ASSERT_TRUE(until([&] { return has_left; }));
  EXPECT_LT(std::chrono::steady_clock::now() - since, 1s);

  ASSERT_TRUE(until([&] { return leader() != nullptr; }));
  EXPECT_NE(&first, leader());
  EXPECT_LT(std::chrono::steady_clock::now() - since, 1500ms);
  EXPECT_TRUE(commit(first, "still-here"));
}

TEST_F(EtcdLogTest, AReadSeesWhatWasCommittedBeforeIt) {
  start_three();
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(commit(*leader(), "m" + std::to_string(i)));
    const std::uint64_t committed = leader()->committed.back().index;
    EtcdMember& reader = some_follower();
    const consensus::ReadToken token = reader.read();
    ASSERT_TRUE(until([&] { return reader.is_read(token); }));
    EXPECT_GE(reader.reads.at(token), committed);
  }
  EXPECT_EQ(Duration{}, some_follower().engine->status().stale_for);
}

TEST_F(EtcdLogTest, GoesOnWhileOneServerIsAway) {
  start_three();
  ASSERT_TRUE(commit(*leader(), "one"));

  for (std::size_t server = 0; server < etcd.size(); ++server) {
    etcd.kill(server);
    EXPECT_TRUE(commit(some_follower(), "without" + std::to_string(server)));
    etcd.start(server);
    ASSERT_TRUE(test::eventually([&] { return etcd.is_serving(); }));
    ASSERT_TRUE(commit(some_follower(), "again" + std::to_string(server)));
  }

  EtcdMember& reader = some_follower();
  const consensus::ReadToken token = reader.read();
  ASSERT_TRUE(until([&] { return reader.is_read(token); }));
  ASSERT_TRUE(all_have(reader.committed.size()));
  ASSERT_TRUE(until([&] {
    return members.at("a")->committed.size() == members.at("b")->committed.size() &&
           members.at("a")->committed.size() == members.at("c")->committed.size();
  }));
  expect_same_everywhere();
}

TEST_F(EtcdLogTest, LosesNothingWhenAllServersStopAndStart) {
  start_three();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(commit(*leader(), "m" + std::to_string(i)));
  const std::vector<std::string> before = texts_of(*leader());

  etcd.kill_all();
  ASSERT_TRUE(until([&] { return !members.at("a")->engine->status().trouble.empty(); }));
  etcd.start_all();

  ASSERT_TRUE(commit(some_follower(), "after"));
  EtcdMember& late = add("late");
  ASSERT_TRUE(until([&] { return late.committed.size() > before.size(); }));
  ASSERT_TRUE(std::ranges::equal(texts_of(late) | std::ranges::views::take(before.size()), before));
  ASSERT_TRUE(until([&] { return texts_of(late) == texts_of(*members.at("a")); }));
  EXPECT_TRUE(until([&] { return late.engine->status().trouble.empty(); }));
}

TEST_F(EtcdLogTest, RefusesAndSaysWhyWithoutAMajorityOfServers) {
  start_three();
  ASSERT_TRUE(commit(*leader(), "before"));
  EtcdMember& member = some_follower();

  etcd.kill(0);
  etcd.kill(1);
  const consensus::ReadToken token = member.read();
  ASSERT_TRUE(until([&] { return !member.read_failures.empty(); }));
  EXPECT_EQ(LogRefusal::no_leader, member.read_failures.front());
  EXPECT_FALSE(member.is_read(token));
  // The lease of the leader runs out: nobody may think that it leads.
  ASSERT_TRUE(until([&] { return leader() == nullptr; }));
  ASSERT_TRUE(until([&] {
    return member.engine->status().trouble.find(etcd.address(0)) != std::string::npos;
  })) << member.engine->status().trouble;
  EXPECT_NE(std::string::npos, member.engine->status().trouble.find("does not answer"));
  EXPECT_GT(member.engine->status().stale_for, Duration{});
  ASSERT_TRUE(until([&] { return !member.warnings.empty(); }));

  etcd.start(0);
  etcd.start(1);
  EXPECT_TRUE(commit(member, "after"));
  EXPECT_TRUE(until([&] { return member.engine->status().trouble.empty(); }))
      << member.engine->status().trouble;
  EXPECT_TRUE(until([&] { return member.engine->status().stale_for == Duration{}; }));
  expect_same_everywhere();
}

TEST_F(EtcdLogTest, ALateMemberBeginsWithTheSnapshotInPlaceOfTheEntriesBeforeIt) {
  EtcdConfig frequent = config();
  frequent.snapshot_entries = 10;
  EtcdMember& a = add("a", frequent);
  add("b", frequent);
  ASSERT_TRUE(until([&] { return leader() != nullptr; }));
  for (int i = 0; i < 35; ++i) ASSERT_TRUE(commit(*leader(), "m" + std::to_string(i)));

  // Entries that are in a snapshot are not in the log.
  ASSERT_TRUE(until([&] { return etcd.count("/rollcall/test/log/", "/rollcall/test/log0") < 20; }));
  EXPECT_EQ(1U, etcd.count("/rollcall/test/snapshot/", "/rollcall/test/snapshot0"));
  EtcdMember& late = add("late", frequent);
  ASSERT_TRUE(until([&] { return late.engine->status().applied >= a.engine->status().applied; }));
  ASSERT_TRUE(until([&] { return late.registry.index() == a.registry.index(); }));

  ASSERT_EQ(1U, late.restored.size());
  EXPECT_LT(late.committed.size(), 25U);
  EXPECT_EQ(late.registry.snapshot(), a.registry.snapshot());
  EXPECT_EQ(35U, late.registry.find("g")->members().size());
}

TEST_F(EtcdLogTest, TakesCommandsAsLargeAsTheyMayBeAndRefusesLargerOnes) {
  start_three();
  EtcdMember& member = some_follower();
  ASSERT_TRUE(until([&] { return !member.engine->status().leader.empty(); }));

  ByteVector largest(registry::command_bytes_max, std::byte{1});
  member.propose(largest);
  member.propose(largest);
  ASSERT_TRUE(until([&] { return member.committed.size() >= 2; }));
  EXPECT_EQ(largest, member.committed.back().command);

  largest.push_back(std::byte{1});
  member.propose(largest);
  ASSERT_TRUE(until([&] { return !member.refusals.empty(); }));
  EXPECT_EQ(LogRefusal::too_large, member.refusals.back());
}

TEST_F(EtcdLogTest, NeedsNoRevisionsThatEtcdHasCompacted) {
  start_three();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(commit(*leader(), "m" + std::to_string(i)));
  EtcdMember& member = some_follower();
  ASSERT_TRUE(all_have(5));

  const std::string answer = etcd.post("/v3/kv/range", R"({"key":"YQ=="})");
  const auto at = answer.find("\"revision\":\"") + 12;
  etcd.post("/v3/kv/compaction",
            R"({"revision":")" + answer.substr(at, answer.find('"', at) - at) + R"("})");

  EXPECT_TRUE(commit(member, "after"));
  EtcdMember& late = add("late");
  EXPECT_TRUE(until([&] { return texts_of(late) == texts_of(member); }));
}

TEST_F(EtcdLogTest, StopsFollowingALogThatWasRemovedAndSaysSo) {
  start_three();
  ASSERT_TRUE(commit(*leader(), "one"));

  // "/rollcall/" to "/rollcall0"
  etcd.post("/v3/kv/deleterange", R"({"key":"L3JvbGxjYWxsLw==","range_end":"L3JvbGxjYWxsMA=="})");
  end(*members.at("b"));
  add("new");

  EtcdMember& old = *members.at("a");
  ASSERT_TRUE(until(
      [&] {
        old.engine->read({});
        return old.engine->status().trouble.find("restart") != std::string::npos;
      },
      20s))
      << old.engine->status().trouble;
}

}  // namespace
}  // namespace rollcall::runtime::etcd
