// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/checkers.hpp"

#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "sim/cluster.hpp"
#include "sim/formed_world_test.hpp"

namespace rollcall::sim {
namespace {

using core::EventKind;

constexpr Life first{1, {1, 1}};
constexpr Life second{2, {2, 2}};

/// Feeds the checker what one observer says, an event a line.
class EventOrderCheckerTest : public testing::Test {
 protected:
  EventOrderCheckerTest() { world_.add_host(config()); }

  static core::Config config() {
    core::Config config;
    config.name = "observer";
    return config;
  }
  void say(EventKind kind, const Life& life, const std::string& name = "member") {
    const core::Publish event{.kind = kind,
                              .name = name,
                              .life = life,
                              .incarnation = 0,
                              .address = {},
                              .by = {},
                              .message = {}};
    checker_->on_event({Instant{}, {HostId{0}, 1}, ++index_, event});
  }
  [[nodiscard]] bool objects() const { return !checker_->violations().empty(); }

  World world_{WorldOptions{}};
  std::optional<EventOrderChecker> checker_{std::in_place, world_};
  std::uint64_t index_ = 0;
};

TEST_F(EventOrderCheckerTest, AcceptsALifeFromBeginningToEnd) {
  say(EventKind::member_join, first);
  say(EventKind::member_suspect, first);
  say(EventKind::member_alive, first);
  say(EventKind::member_update, first);
  say(EventKind::member_suspect, first);
  say(EventKind::member_failed, first);
  say(EventKind::member_leave, first);
  say(EventKind::member_reap, first);
  say(EventKind::member_join, second);

  EXPECT_FALSE(objects()) << checker_->violations().text();
}

TEST_F(EventOrderCheckerTest, AcceptsALaterLifeThatSupersedes) {
  say(EventKind::member_join, first);
  say(EventKind::member_join, second);
  say(EventKind::member_failed, second);

  EXPECT_FALSE(objects()) << checker_->violations().text();
}

TEST_F(EventOrderCheckerTest, ObjectsToResurrection) {
  for (const EventKind kind : {EventKind::member_join, EventKind::member_alive,
                               EventKind::member_suspect, EventKind::member_update}) {
    for (const EventKind end : {EventKind::member_failed, EventKind::member_leave}) {
      checker_.emplace(world_);
      index_ = 0;
      say(EventKind::member_join, first);
      say(end, first);
      say(kind, first);
      EXPECT_TRUE(objects()) << core::to_text(kind) << " after " << core::to_text(end);
    }
  }
}

TEST_F(EventOrderCheckerTest, ObjectsToAnEarlierLifeAfterALaterOne) {
  say(EventKind::member_join, second);
  say(EventKind::member_join, first);

  EXPECT_TRUE(objects());
}

TEST_F(EventOrderCheckerTest, ObjectsToALifeThatIsBackAfterItWasReaped) {
  say(EventKind::member_join, first);
  say(EventKind::member_failed, first);
  say(EventKind::member_reap, first);
  say(EventKind::member_join, first);

  EXPECT_TRUE(objects());
}

TEST_F(EventOrderCheckerTest, ObjectsToFailingTwice) {
  say(EventKind::member_join, first);
  say(EventKind::member_failed, first);
  say(EventKind::member_failed, first);

  EXPECT_TRUE(objects());
}

TEST_F(EventOrderCheckerTest, ObjectsToASuspectNobodyHasMet) {
  say(EventKind::member_suspect, first);

  EXPECT_TRUE(objects());
}

TEST_F(EventOrderCheckerTest, ObjectsToForgettingTheLiving) {
  say(EventKind::member_join, first);
  say(EventKind::member_reap, first);

  EXPECT_TRUE(objects());
}

TEST_F(EventOrderCheckerTest, ObjectsToAMissingEvent) {
  say(EventKind::member_join, first);
  ++index_;
  say(EventKind::member_suspect, first);

  EXPECT_TRUE(objects());
}

TEST_F(EventOrderCheckerTest, LetsAnObserverThatLeftBeginAnew) {
  say(EventKind::member_join, first, "observer");
  say(EventKind::member_join, first);
  say(EventKind::member_leave, first, "observer");
  say(EventKind::member_join, second, "observer");
  say(EventKind::member_join, first);

  EXPECT_FALSE(objects()) << checker_->violations().text();
}

/// n1 is asked what it lists, and the checker has heard of it only what the test lets through.
class TableComparisonTest : public FormedWorldTest {
 protected:
  TableComparisonTest() : FormedWorldTest(0) {
    world_.observe([this](const Observation& observation) {
      if (hears_) checker_.on_event(observation);
    });
    start(6);
    static_cast<void>(records_.look_at(n1));
  }

  void compare() {
    if (const auto changes = records_.look_at(n1)) checker_.compare_with_table(n1, *changes);
  }
  [[nodiscard]] std::string objections() const { return checker_.violations().text(); }

  bool hears_ = true;
  EventOrderChecker checker_{world_};
  RecordChecker records_{world_};
};

TEST_F(TableComparisonTest, AcceptsATableOfWhichAllWasTold) {
  compare();
  world_.crash(n2);
  run_for(10s, [this] { compare(); });
  world_.restart(n2, Disk::kept, {world_.seed_of(n0)});
  run_for(10s, [this] { compare(); });
  checker_.compare_with_table(n1);

  EXPECT_EQ(objections(), "");
}

TEST_F(TableComparisonTest, ObjectsToAChangeThatWasNotTold) {
  hears_ = false;
  world_.crash(n2);
  run_for(10s);

  compare();

  EXPECT_TRUE(objections().starts_with("events: ")) << objections();
  EXPECT_NE(objections().find("n2/1 failed"), std::string::npos) << objections();
}

TEST_F(TableComparisonTest, SeesItAtTheEndTooWhateverMembersSayOfChanges) {
  hears_ = false;
  world_.crash(n2);
  run_for(10s);
  static_cast<void>(world_.take_changed_members(n1));

  checker_.compare_with_table(n1);

  EXPECT_NE(objections(), "");
}

TEST_F(TableComparisonTest, ObjectsToAMemberThatIsForgottenWithoutAWord) {
  world_.crash(n2);
  run_for(10s, [this] { compare(); });
  ASSERT_EQ(objections(), "");

  checker_.compare_with_table(n1, {.is_first = false, .slots = {}, .gone = {"n2"}});
  EXPECT_EQ(objections(), "");  // it is listed still
  say(checker_, n1, EventKind::member_join, add("ghost"), first);
  checker_.compare_with_table(n1, {.is_first = false, .slots = {}, .gone = {"ghost"}});

  EXPECT_NE(objections().find("no longer lists ghost"), std::string::npos) << objections();
}

TEST_F(TableComparisonTest, HasMetWhoWasThereFromTheBeginning) {
  const core::Publish event{.kind = EventKind::member_failed, .name = "n2", .life = life(n2)};

  compare();
  say(checker_, n1, EventKind::member_suspect, n3, life(n3));

  EXPECT_TRUE(checker_.has_met({n1, 1}, event));
}

TEST(PercentileTest, IsTheNearestRank) {
  const std::vector<Duration> values = {4s, 1s, 3s, 2s};

  EXPECT_EQ(percentile(values, 0.5), 2s);
  EXPECT_EQ(percentile(values, 0.99), 4s);
  EXPECT_EQ(percentile({5s}, 0.5), 5s);
}

}  // namespace
}  // namespace rollcall::sim
