// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <future>

#include "rollcall/agent.hpp"
#include "runtime/test_support.hpp"

namespace rollcall::runtime {
namespace {

/// Real agents in this process that break their own network.
class AgentFaultsTest : public testing::Test {
 protected:
  AgentFaultsTest() {
    agents_.reserve(names_.size());
    for (const std::string& name : names_) {
      Options options;
      options.name = name;
      options.cluster = "test";
      options.bind = "127.0.0.1:0";
      options.allow_faults = true;
      options.probe_interval = 100ms;
      options.probe_timeout = 50ms;
      options.suspicion_time = suspicion_time;
      if (!agents_.empty()) options.seeds = {agents_.front().address()};
      auto agent = Agent::create(options);
      EXPECT_TRUE(agent) << agent.error().message;
      agents_.push_back(std::move(*agent));
    }
    EXPECT_TRUE(eventually([this] { return all_see_all(); }));
  }

  [[nodiscard]] static bool lists(const Agent& agent, const std::string& name, MemberState state) {
    const MemberList members = agent.members();
    const Member* const member = members.find(name);
    return member != nullptr && member->state == state;
  }
  [[nodiscard]] bool all_see_all() const {
    return std::ranges::all_of(agents_, [this](const Agent& agent) {
      return std::ranges::all_of(names_, [&agent](const std::string& name) {
        return lists(agent, name, MemberState::alive);
      });
    });
  }
  [[nodiscard]] static std::size_t count(const Agent& agent, EventType type,
                                         const std::string& text = {}) {
    const EventBatch batch = agent.events_since(0, 4096);
    return static_cast<std::size_t>(std::ranges::count_if(batch.events, [&](const auto& event) {
      return event->type == type && event->message.find(text) != std::string::npos;
    }));
  }
  [[nodiscard]] std::size_t failures() const {
    std::size_t total = 0;
    for (const Agent& agent : agents_) total += count(agent, EventType::member_failed);
    return total;
  }
  static void set(Agent& agent, const FaultPlan& plan) {
    const auto done = agent.set_faults(plan);
    EXPECT_TRUE(done) << done.error().message;
  }

  static constexpr Duration suspicion_time = 1s;
  const std::vector<std::string> names_{"a", "b", "c", "d"};
  std::vector<Agent> agents_;
};

TEST(AgentFaults, AreRefusedUnlessAllowed) {
  Options options;
  options.name = "a";
  options.bind = "127.0.0.1:0";
  auto agent = Agent::create(options);
  ASSERT_TRUE(agent) << agent.error().message;

  const auto refused = agent->set_faults({.faults = {{.cut = true}}});

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::not_allowed);
  EXPECT_EQ(agent->status().faults, 0U);
  EXPECT_TRUE(agent->faults().faults.empty());
}

TEST_F(AgentFaultsTest, APartitionHoldsAndHealsByItself) {
  for (const std::size_t one : {0U, 1U}) {
    set(agents_[one], {.faults = {{.peer = "c", .cut = true}, {.peer = "d", .cut = true}}});
  }
  for (const std::size_t other : {2U, 3U}) {
    set(agents_[other], {.faults = {{.peer = agents_[0].address(), .cut = true},
                                    {.peer = agents_[1].address(), .cut = true}}});
  }

  ASSERT_TRUE(eventually([this] {
    return lists(agents_[0], "c", MemberState::failed) &&
           lists(agents_[1], "d", MemberState::failed) &&
           lists(agents_[2], "a", MemberState::failed) &&
           lists(agents_[3], "b", MemberState::failed);
  }));
  EXPECT_TRUE(lists(agents_[0], "b", MemberState::alive));
  EXPECT_TRUE(lists(agents_[3], "c", MemberState::alive));
  EXPECT_EQ(agents_[0].status().faults, 2U);
  EXPECT_GT(agents_[0].faults().counts.dropped, 0U);
  EXPECT_EQ(agents_[0].faults().faults.front().address, agents_[2].address());

  for (Agent& agent : agents_) set(agent, {});
  EXPECT_TRUE(eventually([this] { return all_see_all(); }));
}

TEST_F(AgentFaultsTest, EveryChangeIsAWarning) {
  set(agents_[0], {.faults = {{.peer = "b", .drop = 0.1, .lasts = 50ms}}});
  EXPECT_EQ(count(agents_[0], EventType::protocol_warning,
                  "faults are in force, on purpose: drop 10% to and from b for 50ms"),
            1U);
  EXPECT_TRUE(eventually([this] { return agents_[0].status().faults == 0; }));
  EXPECT_TRUE(eventually([this] {
    return count(agents_[0], EventType::protocol_warning, "ended by themselves: drop 10%") == 1;
  }));
  EXPECT_TRUE(agents_[0].faults().faults.empty());

  set(agents_[0], {.faults = {{.reorder = 0.1}}});
  EXPECT_FALSE(agents_[0].faults().faults.front().left);
  set(agents_[0], {});
  EXPECT_EQ(count(agents_[0], EventType::protocol_warning, "faults have been ended"), 1U);
}

TEST_F(AgentFaultsTest, AFreezeIsNoticedAsAPauseAndFailsNobody) {
  const std::uint64_t pauses = agents_[2].status().pauses;

  set(agents_[2], {.freeze = Freeze{suspicion_time / 2}});

  EXPECT_EQ(agents_[2].status().faults, 1U);
  EXPECT_TRUE(agents_[2].faults().freeze);
  EXPECT_TRUE(eventually([&] { return agents_[2].status().pauses > pauses; }));
  EXPECT_TRUE(eventually([this] { return all_see_all(); }));
  EXPECT_EQ(agents_[2].status().faults, 0U);
  EXPECT_EQ(failures(), 0U);
}

TEST_F(AgentFaultsTest, AFrozenMemberDoesNothingUntilItIsReleased) {
  set(agents_[2], {.freeze = Freeze{}});
  const std::uint64_t sent = agents_[2].status().datagrams_sent;

  const auto left = agents_[2].leave();
  const auto changed = agents_[2].change_settings({.suspicion = false});

  ASSERT_FALSE(left);
  EXPECT_EQ(left.error().code, ErrorCode::frozen);
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().code, ErrorCode::frozen);
  ASSERT_TRUE(eventually([this] { return lists(agents_[0], "c", MemberState::failed); }));
  EXPECT_EQ(agents_[2].status().datagrams_sent, sent);

  set(agents_[2], {});
  EXPECT_TRUE(eventually([this] { return all_see_all(); }));
  EXPECT_EQ(agents_[2].settings()->version.number, 0U) << "what was refused does not come later";
  EXPECT_TRUE(agents_[2].leave());
}

TEST_F(AgentFaultsTest, AFrozenMemberCanBeClosed) {
  set(agents_[2], {.freeze = Freeze{}});

  agents_[2].close();

  EXPECT_EQ(agents_[2].set_faults({}).error().code, ErrorCode::closed);
}

TEST_F(AgentFaultsTest, ANuisanceOfATenthFailsNobody) {
  for (Agent& agent : agents_) {
    set(agent,
        {.faults = {
             {.drop = 0.1, .delay = 5ms, .jitter = 10ms, .duplicate = 0.1, .reorder = 0.1}}});
  }
  const std::uint64_t probes = agents_[0].status().probes;

  ASSERT_TRUE(eventually([&] { return agents_[0].status().probes > probes + 40; }));

  EXPECT_EQ(failures(), 0U);
  for (const Agent& agent : agents_) {
    const FaultCounts counts = agent.faults().counts;
    EXPECT_GT(counts.dropped, 0U);
    EXPECT_GT(counts.delayed, 0U);
    EXPECT_GT(counts.duplicated, 0U);
    EXPECT_GT(counts.reordered, 0U);
    EXPECT_EQ(counts.overflowed, 0U);
  }
}

}  // namespace
}  // namespace rollcall::runtime
