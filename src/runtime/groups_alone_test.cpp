// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <future>

#include "rollcall/groups.hpp"
#include "runtime/groups_rig_test.hpp"

namespace rollcall::runtime {
namespace {

TEST_F(GroupsTest, OneAgentAloneAgreesWithItself) {
  const Agent a = start(voter("a"));

  const auto joined = a.groups()->join("workers", client("w1"));

  ASSERT_TRUE(joined) << joined.error().message;
  EXPECT_TRUE(joined->changed);
  EXPECT_TRUE(joined->leads);
  EXPECT_EQ(joined->view, 1U);
  EXPECT_EQ(joined->group, "workers");
  EXPECT_TRUE(cluster_is(a, {"a"}));
  const auto leader = a.groups()->leader();
  ASSERT_TRUE(leader) << leader.error().message;
  EXPECT_EQ(leader->name, "a");
  EXPECT_EQ(leader->address, a.address());
}

TEST_F(GroupsTest, IsNotThereWhereItIsNotAskedFor) {
  Options without = options("a");
  without.agreement.enabled = false;

  const Agent a = start(without);

  EXPECT_EQ(a.groups(), nullptr);
}

/// One agent that votes alone.
class OneVoterTest : public GroupsTest {
 protected:
  OneVoterTest() : a_(start(settings())) { EXPECT_TRUE(cluster_is(a_, {"a"})); }
  [[nodiscard]] Options settings() const {
    Options with_faults = voter("a");
    with_faults.allow_faults = true;
    return with_faults;
  }

  Agent a_;
};

TEST_F(OneVoterTest, SaysWhichFieldIsWrongBeforeAnythingIsProposed) {
  const auto field_of = [&](const std::string& group, const GroupMemberSpec& member) {
    const auto joined = a_.groups()->join(group, member);
    EXPECT_FALSE(joined);
    if (joined) return std::string("none");
    EXPECT_EQ(joined.error().code, ErrorCode::invalid_option);
    return joined.error().field;
  };
  GroupMemberSpec checked = client("w");
  checked.check.type = CheckType::http;
  checked.check.target = "ftp://somewhere";
  GroupMemberSpec wordy = client("w");
  wordy.meta["key"] = std::string(2000, 'x');

  const auto commit = a_.groups()->status().commit;
  EXPECT_EQ(field_of("no group", client("w")), "group");
  EXPECT_EQ(field_of("cluster", client("w")), "group");
  EXPECT_EQ(field_of("workers", client("no id")), "id");
  EXPECT_EQ(field_of("workers", client("w", 1ms)), "ttl");
  EXPECT_EQ(field_of("workers", wordy), "meta");
  EXPECT_EQ(field_of("workers", checked), "check.target");
  EXPECT_EQ(a_.groups()->status().commit, commit);
}

TEST_F(OneVoterTest, CallbacksThatWouldWaitAreToldSo) {
  std::promise<std::expected<GroupOutcome, Error>> inner;

  a_.groups()->join("workers", client("w1"), 5s, [&](const auto&) {
    inner.set_value(a_.groups()->join("workers", client("w2")));
  });

  const auto result = inner.get_future().get();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::not_allowed);
}

TEST_F(OneVoterTest, CanBeClosedFromACallback) {
  std::promise<void> closed;

  a_.groups()->join("workers", client("w1"), 5s, [&](const auto&) {
    a_.close();
    closed.set_value();
  });

  closed.get_future().wait();
  const auto late = a_.groups()->join("workers", client("w2"));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::closed);
}

TEST_F(OneVoterTest, EveryRequestIsAnsweredWhenTheAgentIsClosed) {
  std::atomic<int> answered = 0;
  constexpr int requests = 500;
  for (int i = 0; i < requests; ++i) {
    a_.groups()->join("workers", client("w" + std::to_string(i)), 5s,
                      [&](const auto&) { ++answered; });
  }

  a_.close();

  EXPECT_EQ(answered, requests);
}

TEST_F(OneVoterTest, KeepsWhatWasAgreedOverARestart) {
  ASSERT_TRUE(a_.groups()->join("workers", client("w1")));
  const std::uint64_t number = a_.groups()->get("cluster")->view.number;

  a_.close();
  a_ = start(settings());

  EXPECT_TRUE(eventually([&] { return members(a_, "workers") == Names{"w1"}; }));
  EXPECT_TRUE(eventually([&] {
    const auto view = a_.groups()->get("cluster")->view;
    return view.number > number && view.members == Names{"a"};
  })) << "its new life is in the view";
}

TEST_F(OneVoterTest, FrozenItRefusesAndThawedItGoesOn) {
  FaultPlan frozen;
  frozen.freeze = Freeze{};
  ASSERT_TRUE(a_.set_faults(frozen));

  const auto refused = a_.groups()->join("workers", client("w1"));
  ASSERT_TRUE(a_.set_faults({}));

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::frozen);
  const auto joined = a_.groups()->join("workers", client("w1"));
  EXPECT_TRUE(joined) << joined.error().message;
}

TEST_F(OneVoterTest, ALeaderThatStoodStillLetsNoLeaseRunOutForIt) {
  ASSERT_TRUE(a_.groups()->join("workers", client("w1", 1s)));
  FaultPlan frozen;
  frozen.freeze = Freeze{.lasts = 1500ms};

  ASSERT_TRUE(a_.set_faults(frozen));
  ASSERT_TRUE(eventually([&] { return !a_.faults().freeze; }));

  const auto renewed = a_.groups()->heartbeat("workers", "w1");
  EXPECT_TRUE(renewed) << renewed.error().message;
  EXPECT_EQ(a_.groups()->get("workers")->view.number, 1U);
}

TEST_F(OneVoterTest, GivesALargeGroupWholeWhileItChanges) {
  constexpr std::size_t count = 6000;  // three slices
  std::atomic<std::size_t> answered = 0;
  for (std::size_t i = 0; i < count; ++i) {
    a_.groups()->join("large", client("w" + std::to_string(i)), 20s, [&](const auto& joined) {
      EXPECT_TRUE(joined);
      ++answered;
    });
  }
  ASSERT_TRUE(eventually([&] { return answered == count; }));

  std::promise<std::expected<Group, Error>> promise;
  a_.groups()->get("large", Consistency::local, 5s,
                   [&](auto result) { promise.set_value(std::move(result)); });
  ASSERT_TRUE(a_.groups()->leave("large", "w0"));
  const auto group = promise.get_future().get();

  ASSERT_TRUE(group);
  EXPECT_EQ(group->members.size(), count - (group->view.number - count));
  EXPECT_EQ(group->view.members.size(), group->members.size());
  EXPECT_EQ(group->view.leader, group->view.number == count ? "w0" : "w1");
}

TEST_F(GroupsTest, WithoutADirectoryTheIntroducerAgreesFromMemory) {
  Options forgetful = options("a");
  forgetful.agreement.is_introducer = true;

  const Agent a = start(forgetful);
  const auto joined = a.groups()->join("workers", client("w1"));

  EXPECT_TRUE(joined) << joined.error().message;
}

TEST_F(GroupsTest, ThreeBeginALogTogether) {
  const auto waiting = [&](const std::string& name, const std::string& seed) {
    Options together = voter(name, seed);
    together.agreement.is_introducer = false;
    together.agreement.bootstrap_expect = 3;
    return together;
  };
  const Agent a = start(waiting("a", {}));
  const Agent b = start(waiting("b", a.address()));
  EXPECT_TRUE(eventually([&] {
    return a.groups()->status().trouble.find("2 are here") != std::string::npos;
  })) << a.groups()->status().trouble;
  EXPECT_EQ(a.groups()->leader().error().code, ErrorCode::no_quorum);

  const Agent c = start(waiting("c", b.address()));

  EXPECT_TRUE(cluster_is(a, {"a", "b", "c"}));
  EXPECT_TRUE(votes(b, 3));
  EXPECT_TRUE(c.groups()->join("workers", client("w1")));
}

TEST_F(GroupsTest, RefusesOptionsThatCannotBe) {
  const auto field_of = [](const Options& options) {
    const auto agent = Agent::create(options);
    return agent ? std::string("none") : agent.error().field;
  };
  Options four = voter("a");
  four.agreement.voters = 4;
  Options both = voter("a");
  both.agreement.bootstrap_expect = 3;
  Options hasty = voter("a");
  hasty.agreement.election_timeout = 1ms;

  EXPECT_EQ(field_of(four), "voters");
  EXPECT_EQ(field_of(both), "bootstrap-expect");
  EXPECT_EQ(field_of(hasty), "election-timeout");
}

}  // namespace
}  // namespace rollcall::runtime
