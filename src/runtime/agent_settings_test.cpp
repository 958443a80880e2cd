// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <future>

#include "rollcall/agent.hpp"
#include "runtime/database.hpp"
#include "runtime/test_support.hpp"

namespace rollcall::runtime {
namespace {

using namespace std::chrono_literals;

/// Real agents in this process, on loopback, whose settings are changed.
class AgentSettingsTest : public testing::Test {
 protected:
  static Options options(const std::string& name, const std::vector<std::string>& seeds = {}) {
    Options options;
    options.name = name;
    options.cluster = "test";
    options.bind = "127.0.0.1:0";
    options.seeds = seeds;
    return options;
  }
  static Agent start(const Options& options) {
    auto agent = Agent::create(options);
    EXPECT_TRUE(agent) << agent.error().message;
    return std::move(*agent);
  }
  static std::vector<std::shared_ptr<const Event>> changes(const Agent& agent) {
    auto events = agent.events_since(0).events;
    std::erase_if(events,
                  [](const auto& event) { return event->type != EventType::protocol_changed; });
    return events;
  }
  static std::string warning(const Agent& agent) {
    for (const auto& event : agent.events_since(0).events) {
      if (event->type == EventType::protocol_warning) return event->message;
    }
    return "";
  }

  ScratchDirectory scratch_;
};

TEST_F(AgentSettingsTest, BeginWithTheOptions) {
  Options wanted = options("a");
  wanted.detector = Detector::gossip;
  wanted.fail_time = 3s;
  wanted.drop_rate = 0.125;
  const Agent agent = start(wanted);

  const auto now = agent.settings();
  EXPECT_EQ(now->settings.detector, Detector::gossip);
  EXPECT_EQ(now->settings.fail_time, 3s);
  EXPECT_EQ(now->settings.drop_rate, 0.125);
  EXPECT_EQ(now->version, SettingsVersion{});
  EXPECT_EQ(now->by, "");
  EXPECT_FALSE(now->is_local);
}

TEST_F(AgentSettingsTest, ReachEverybodyWithTheirVersion) {
  Agent a = start(options("a"));
  Agent b = start(options("b"));
  ASSERT_TRUE(b.join({a.address()}));

  const auto done = a.change_settings({.detector = Detector::gossip, .suspicion_time = 1500ms});

  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->version.number, 1U);
  EXPECT_EQ(done->version.origin, a.members().self().id);
  EXPECT_EQ(done->by, "a");
  EXPECT_TRUE(eventually([&] { return b.settings()->version.number == 1; }));
  EXPECT_EQ(b.settings()->version, done->version);
  EXPECT_EQ(b.settings()->settings, done->settings);
  EXPECT_EQ(b.settings()->by, "a");
  ASSERT_TRUE(eventually([&] { return !changes(b).empty(); }));
  const auto event = changes(b).front();
  EXPECT_EQ(event->by, "a");
  EXPECT_EQ(event->member.name, "b");
  ASSERT_TRUE(event->settings);
  EXPECT_EQ(event->settings->from.number, 0U);
  EXPECT_EQ(event->settings->to, done->version);
  EXPECT_EQ(event->settings->differences,
            (std::vector<SettingDifference>{{"detector", "pingack", "gossip"},
                                            {"suspicion-time", "auto", "1500ms"}}));
}

TEST_F(AgentSettingsTest, ReachWhoJoinsLater) {
  Agent a = start(options("a"));
  ASSERT_TRUE(a.change_settings({.suspicion = false}));
  Agent late = start(options("late"));

  ASSERT_TRUE(late.join({a.address()}));

  EXPECT_TRUE(eventually([&] { return late.settings()->version == a.settings()->version; }));
  EXPECT_FALSE(late.settings()->settings.suspicion);
}

TEST_F(AgentSettingsTest, OfOneMemberAreItsOwnUntilEverybodyChanges) {
  Agent a = start(options("a"));
  Agent b = start(options("b"));
  ASSERT_TRUE(b.join({a.address()}));

  const auto local = a.change_settings({.suspicion = false}, SettingsScope::local);

  ASSERT_TRUE(local) << local.error().message;
  EXPECT_TRUE(local->is_local);
  EXPECT_EQ(local->version.number, 0U);
  ASSERT_TRUE(b.change_settings({.probe_interval = 2s}));
  EXPECT_TRUE(eventually([&] { return a.settings()->version == b.settings()->version; }));
  EXPECT_FALSE(a.settings()->is_local);
  EXPECT_TRUE(a.settings()->settings.suspicion);
}

TEST_F(AgentSettingsTest, AreRefusedWhereAnotherVersionIsInForce) {
  Agent agent = start(options("a"));
  const SettingsVersion started;
  ASSERT_TRUE(agent.change_settings({.drop_rate = 0.5}, SettingsScope::cluster, started));

  const auto late = agent.change_settings({.drop_rate = 0.25}, SettingsScope::cluster, started);

  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::version_mismatch);
  EXPECT_EQ(late.error().message,
            "the settings in force are of version 1, not 0; read them again, and decide anew");
  EXPECT_EQ(agent.settings()->settings.drop_rate, 0.5);

  SettingsVersion other = agent.settings()->version;
  other.origin.front() = other.origin.front() == '0' ? '1' : '0';
  const auto elsewhere = agent.change_settings({.drop_rate = 0}, SettingsScope::cluster, other);
  ASSERT_FALSE(elsewhere);
  EXPECT_EQ(elsewhere.error().code, ErrorCode::version_mismatch);
  EXPECT_NE(elsewhere.error().message.find("not 1 of " + other.origin), std::string::npos);
  other.origin = "nobody's";
  EXPECT_FALSE(agent.change_settings({.drop_rate = 0}, SettingsScope::cluster, other));
  EXPECT_TRUE(
      agent.change_settings({.drop_rate = 0}, SettingsScope::cluster, agent.settings()->version));
}

TEST_F(AgentSettingsTest, AreRefusedOutOfRangeWithTheField) {
  Agent agent = start(options("a"));

  const auto refused = agent.change_settings({.probe_interval = 1ms, .drop_rate = 2.0});

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_option);
  EXPECT_EQ(refused.error().field, "probe-interval");
  EXPECT_NE(refused.error().message.find("; drop-rate: "), std::string::npos)
      << refused.error().message;
  EXPECT_EQ(agent.settings()->version.number, 0U);
  EXPECT_TRUE(changes(agent).empty());
}

TEST_F(AgentSettingsTest, DropDatagramsAtOnce) {
  Agent a = start(options("a"));
  Agent b = start(options("b"));
  ASSERT_TRUE(b.join({a.address()}));
  EXPECT_EQ(a.status().datagrams_dropped, 0U);

  ASSERT_TRUE(a.change_settings({.drop_rate = 0.5}));

  EXPECT_TRUE(eventually([&] { return a.status().datagrams_dropped > 0; }));
  EXPECT_TRUE(eventually([&] { return b.status().datagrams_dropped > 0; }));
}

TEST_F(AgentSettingsTest, AreKeptOverARestart) {
  Options kept = options("a");
  kept.data_dir = scratch_.path() / "a";
  SettingsInForce before;
  {
    Agent agent = start(kept);
    const auto done = agent.change_settings({.detector = Detector::gossip, .drop_rate = 0.25});
    ASSERT_TRUE(done);
    before = *done;
  }

  const Agent again = start(kept);

  EXPECT_EQ(again.settings()->settings, before.settings);
  EXPECT_EQ(again.settings()->version, before.version);
  EXPECT_EQ(again.settings()->by, "a");
  EXPECT_EQ(warning(again), "");
}

TEST_F(AgentSettingsTest, ThatWereKeptButAreDamagedAreNotUsed) {
  Options kept = options("a");
  kept.data_dir = scratch_.path() / "a";
  {
    Agent agent = start(kept);
    ASSERT_TRUE(agent.change_settings({.drop_rate = 0.25}));
  }
  const auto damage = [&](const char* sql) {
    auto database = Database::open(scratch_.path() / "a" / "rollcall.db");
    return database.has_value() && database->run(sql).has_value();
  };

  for (const char* sql : {"UPDATE setting SET value = '7' WHERE name = 'drop-rate'",
                          "UPDATE setting SET value = 'raft' WHERE name = 'detector'"}) {
    ASSERT_TRUE(damage(sql));
    const Agent agent = start(kept);

    EXPECT_EQ(agent.settings()->version.number, 0U);
    EXPECT_EQ(agent.settings()->settings.drop_rate, 0);
    EXPECT_NE(warning(agent).find("the cluster's settings that are kept in"), std::string::npos)
        << warning(agent);
  }
}

TEST_F(AgentSettingsTest, AreNotChangedByAClosedAgent) {
  Agent agent = start(options("a"));
  agent.close();

  const auto refused = agent.change_settings({.drop_rate = 0.5});

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::closed);
}

}  // namespace
}  // namespace rollcall::runtime
