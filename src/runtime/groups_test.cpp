// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "rollcall/groups.hpp"

#include <future>
#include <memory>
#include <mutex>

#include "runtime/groups_rig_test.hpp"

namespace rollcall::runtime {
namespace {

/// a begins the log, b and c follow; all may vote.
class ThreeVotersTest : public GroupsTest {
 protected:
  ThreeVotersTest()
      : a_(start(voter("a"))),
        b_(start(voter("b", a_.address()))),
        c_(start(voter("c", a_.address()))) {
    for (const Agent* agent : {&a_, &b_, &c_}) {
      EXPECT_TRUE(cluster_is(*agent, {"a", "b", "c"}));
      EXPECT_TRUE(votes(*agent, 3));
    }
  }

  Agent a_;
  Agent b_;
  Agent c_;
};

TEST_F(ThreeVotersTest, AnyOfThemJoinsAndReadsWhatWasJoinedElsewhere) {
  ASSERT_TRUE(a_.groups()->join("workers", client("w1")));
  const auto second = b_.groups()->join("workers", client("w2"));
  const auto again = c_.groups()->join("workers", client("w1"));

  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(second->view, 2U);
  EXPECT_FALSE(second->leads);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_FALSE(again->changed);
  EXPECT_TRUE(again->leads);
  for (const Agent* agent : {&a_, &b_, &c_}) {
    EXPECT_EQ(members(*agent, "workers"), (Names{"w1", "w2"}));
  }
}

TEST_F(ThreeVotersTest, TheNextLeadsAGroupWhenTheFirstLeaves) {
  ASSERT_TRUE(a_.groups()->join("workers", client("w1")));
  ASSERT_TRUE(b_.groups()->join("workers", client("w2")));

  const auto left = c_.groups()->leave("workers", "w1");
  const auto again = c_.groups()->leave("workers", "w1");
  const auto group = c_.groups()->get("workers");

  ASSERT_TRUE(left) << left.error().message;
  EXPECT_TRUE(left->changed);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::unknown_member);
  EXPECT_EQ(again.error().field, "id");
  ASSERT_TRUE(group);
  EXPECT_EQ(group->view.leader, "w2");
  EXPECT_EQ(group->view.cause, "left");
  EXPECT_EQ(group->view.number, 3U);
}

TEST_F(ThreeVotersTest, ALeaseLastsWhileItIsRenewedAndNoLonger) {
  constexpr auto ttl = 1s;
  ASSERT_TRUE(a_.groups()->join("workers", client("steady", ttl)));
  ASSERT_TRUE(a_.groups()->join("workers", client("silent", ttl)));

  const bool is_silent_gone = eventually([&] {
    const auto renewed = b_.groups()->heartbeat("workers", "steady");
    EXPECT_TRUE(renewed) << renewed.error().message;
    return members(c_, "workers") == Names{"steady"};
  });
  const auto late = b_.groups()->heartbeat("workers", "silent");
  const auto group = b_.groups()->get("workers");

  EXPECT_TRUE(is_silent_gone);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::unknown_member);
  ASSERT_TRUE(group);
  EXPECT_EQ(group->view.cause, "expired");
}

TEST_F(ThreeVotersTest, AWatcherHearsOfEveryViewOnceAndInOrder) {
  std::mutex mutex;
  std::vector<std::string> told;
  const Subscription watch = c_.groups()->on_change([&](const auto& change) {
    if (change == nullptr || change->view.group != "workers") return;
    const std::lock_guard lock(mutex);
    std::string line = std::to_string(change->view.number) + " " + change->view.cause + ":";
    for (const std::string& member : change->view.members) line += " " + member;
    for (const auto& one : change->left) line += " -" + one.id;
    told.push_back(line);
  });

  ASSERT_TRUE(a_.groups()->join("workers", client("w1")));
  ASSERT_TRUE(b_.groups()->join("workers", client("w2")));
  ASSERT_TRUE(a_.groups()->leave("workers", "w1"));

  EXPECT_TRUE(eventually([&] {
    const std::lock_guard lock(mutex);
    return told.size() >= 3;
  }));
  const std::lock_guard lock(mutex);
  EXPECT_EQ(told, (Names{"1 joined: w1", "2 joined: w1 w2", "3 left: w2 -w1"}));
}

TEST_F(ThreeVotersTest, GivesTheChangesAfterAView) {
  ASSERT_TRUE(a_.groups()->join("workers", client("w1")));
  ASSERT_TRUE(a_.groups()->join("workers", client("w2")));
  ASSERT_TRUE(a_.groups()->leave("workers", "w1"));
  using Changes = std::vector<std::shared_ptr<const ViewChange>>;
  const auto changes_after = [&](const std::string& group, std::uint64_t after) {
    std::promise<std::expected<Changes, Error>> promise;
    a_.groups()->changes(group, after, [&](auto result) { promise.set_value(std::move(result)); });
    return promise.get_future().get();
  };

  const auto all = changes_after("workers", 0);
  const auto last = changes_after("workers", 2);
  const auto unknown = changes_after("nobodys", 0);

  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(all->size(), 3U);
  ASSERT_TRUE(last);
  ASSERT_EQ(last->size(), 1U);
  EXPECT_EQ(last->front()->view.number, 3U);
  EXPECT_EQ(last->front()->left.front().id, "w1");
  EXPECT_EQ(unknown.error().code, ErrorCode::unknown_member);
}

TEST_F(ThreeVotersTest, AnotherLeadsWhenTheLeaderIsGoneAndNothingIsLost) {
  ASSERT_TRUE(b_.groups()->join("workers", client("w1")));
  std::mutex mutex;
  Names leaders;
  const Subscription news = b_.groups()->on_leader([&](const auto& leader) {
    const std::lock_guard lock(mutex);
    leaders.push_back(leader ? leader->name : "nobody");
  });

  a_.close();

  const auto joined = b_.groups()->join("workers", client("w2"), 15s);
  ASSERT_TRUE(joined) << joined.error().message;
  EXPECT_EQ(members(c_, "workers"), (Names{"w1", "w2"}));
  EXPECT_TRUE(cluster_is(b_, {"b", "c"}));
  EXPECT_TRUE(eventually([&] {
    const std::lock_guard lock(mutex);
    return leaders == Names{"b"};
  }));
  EXPECT_EQ(b_.groups()->leader()->name, "b");
  EXPECT_EQ(b_.groups()->leader()->address, b_.address());
}

TEST_F(ThreeVotersTest, AnAgentWithoutADirectoryReadsAndWrites) {
  Options guest = options("guest");
  guest.seeds = {c_.address()};
  const Agent d = start(guest);
  ASSERT_TRUE(cluster_is(d, {"a", "b", "c", "guest"}));

  const auto joined = d.groups()->join("workers", client("w1"));

  ASSERT_TRUE(joined) << joined.error().message;
  EXPECT_EQ(members(d, "workers"), Names{"w1"});
  EXPECT_EQ(members(a_, "workers"), Names{"w1"});
  EXPECT_EQ(d.groups()->status().role, "follower");
}

TEST_F(ThreeVotersTest, WithoutAQuorumWritesAreRefusedAndLocalReadsGoOn) {
  ASSERT_TRUE(a_.groups()->join("workers", client("w1")));
  ASSERT_EQ(members(c_, "workers"), Names{"w1"});

  a_.close();
  b_.close();

  ASSERT_TRUE(eventually([&] { return !c_.groups()->status().trouble.empty(); }));
  const auto joined = c_.groups()->join("workers", client("w2"), 300ms);
  const auto exact = c_.groups()->get("workers", Consistency::linearizable, 300ms);
  ASSERT_FALSE(joined);
  EXPECT_EQ(joined.error().code, ErrorCode::no_quorum) << joined.error().message;
  ASSERT_FALSE(exact);
  EXPECT_EQ(exact.error().code, ErrorCode::no_quorum) << exact.error().message;
  EXPECT_EQ(members(c_, "workers", Consistency::local), Names{"w1"});
  EXPECT_TRUE(eventually([&] {
    const auto stale = c_.groups()->status().stale_for;
    return stale && *stale > Duration::zero();
  }));
}

TEST_F(ThreeVotersTest, ALiveMemberThatIsRemovedComesBackAsANewLife) {
  const std::string before = b_.members().self().id;
  std::promise<std::expected<GroupOutcome, Error>> promise;

  a_.groups()->remove("cluster", "b", 5s, [&](auto result) { promise.set_value(result); });

  const auto removed = promise.get_future().get();
  ASSERT_TRUE(removed) << removed.error().message;
  EXPECT_TRUE(eventually([&] { return b_.members().self().id != before; }));
  EXPECT_TRUE(cluster_is(a_, {"a", "b", "c"}));
  const auto view = a_.groups()->get("cluster")->view;
  EXPECT_EQ(view.members.back(), "b") << "it is the newest now";
}

TEST_F(ThreeVotersTest, AClientThatMissesItsChecksIsRemovedWhoeverLooksAfterIt) {
  const BoundSockets served = bound();  // the kernel takes connections for it
  GroupMemberSpec checked = client("w1");
  checked.address = to_text(served.address);
  checked.check = {.type = CheckType::tcp, .interval = 100ms, .timeout = 100ms, .misses = 2};
  ASSERT_TRUE(a_.groups()->join("workers", checked));
  GroupMemberSpec deserted = checked;
  deserted.id = "w2";
  deserted.address = to_text(deserted_address());
  ASSERT_TRUE(a_.groups()->join("workers", deserted));

  EXPECT_TRUE(eventually([&] { return members(c_, "workers") == Names{"w1"}; }));

  const auto group = c_.groups()->get("workers");
  ASSERT_TRUE(group);
  EXPECT_EQ(group->view.cause, "check-failed");
  EXPECT_EQ(group->members.front().spec.check.target, checked.address);
  const std::string& responsible = group->members.front().responsible;
  EXPECT_TRUE(responsible == "a" || responsible == "b" || responsible == "c") << responsible;
}

TEST_F(ThreeVotersTest, WhoLeavesHandsOverAndIsOutOfTheView) {
  ASSERT_TRUE(a_.leave());

  EXPECT_TRUE(cluster_is(b_, {"b", "c"}));
  EXPECT_EQ(b_.groups()->get("cluster")->view.cause, "left");
  const auto joined = c_.groups()->join("workers", client("w1"));
  EXPECT_TRUE(joined) << joined.error().message;
}

TEST_F(ThreeVotersTest, ViewsAndLeadersAreEventsToo) {
  const auto events_of = [](const Agent& agent, EventType type) {
    std::vector<std::shared_ptr<const Event>> found;
    for (const auto& event : agent.events_since(0, 1000).events) {
      if (event->type == type) found.push_back(event);
    }
    return found;
  };

  EXPECT_TRUE(eventually([&] {
    const auto views = events_of(a_, EventType::view);
    return !views.empty() && views.back()->view->members.size() == 3;
  }));
  const auto views = events_of(a_, EventType::view);
  for (std::size_t i = 0; i < views.size(); ++i) {
    EXPECT_EQ(views[i]->view->number, i + 1);
    EXPECT_EQ(views[i]->view->group, "cluster");
    EXPECT_EQ(views[i]->member.name, "a");
  }
  const auto leaders = events_of(a_, EventType::leader_changed);
  ASSERT_EQ(leaders.size(), 1U);
  EXPECT_EQ(leaders.front()->view->leader, "a");
}

TEST_F(ThreeVotersTest, HowAMemberVotesIsNoTagForUsers) {
  const auto shown = [&](const Agent& agent) { return agent.members().find("b")->tags; };
  EXPECT_TRUE(shown(a_).empty());

  ASSERT_TRUE(b_.set_tags({{"role", "web"}}));
  const auto refused = b_.set_tags({{"rollcall.vote", "0"}});

  EXPECT_TRUE(eventually([&] { return shown(a_) == Tags{{"role", "web"}}; }));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_option);
  EXPECT_EQ(refused.error().field, "tag");
  EXPECT_NE(refused.error().message.find("'rollcall.'"), std::string::npos);
  EXPECT_TRUE(votes(a_, 3)) << "b is still known to be able to";
}

}  // namespace
}  // namespace rollcall::runtime
