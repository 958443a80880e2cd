// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/detector/swim_detector.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "core/dissemination/gossip.hpp"
#include "core/dissemination/outbox.hpp"

namespace rollcall::core {
namespace {

/// One detector among members that say nothing unless a test lets them.
class SwimDetectorTest : public testing::Test, public Registrar {
 protected:
  static constexpr Instant start = Instant{} + 1000h;

  void make(const SwimTuning& tuning, std::size_t others) {
    Config config;
    config.name = "self";
    config.profile = Profile::swim;
    config.swim = tuning;
    context_ = std::make_unique<Context>(config, 1, start);
    context_->effects = &effects_;
    context_->phase = Phase::joined;
    context_->set_self(put("self", State::alive, {}));
    gossip_ = std::make_unique<Gossip>(*context_);
    outbox_ = std::make_unique<Outbox>(*context_, gossip_->queue());
    pings_ = std::make_unique<PingLog>(*context_, *outbox_);
    detector_ = std::make_unique<SwimDetector>(*context_, *pings_, *this);
    for (std::size_t i = 1; i <= others; ++i) put("m" + std::to_string(i), State::alive, {});
    detector_->start();
  }

  Slot put(const std::string& name, State state, const LifeId& witness) {
    Record record;
    record.name = name;
    if (const auto known = context_->table.find(name)) {
      record = context_->table.at(*known);
    } else {
      record.life = {1, context_->prng.life_id()};
      record.address = Address::v4(10, 0, 0, 1, next_port_++);
    }
    record.state = state;
    record.witness = witness;
    return context_->table.put(record);
  }
  Slot slot(const std::string& name) { return *context_->table.find(name); }

  void learn(const wire::Update& update, Provenance) override {
    const auto known = context_->table.find(update.name);
    if (context_->table.at(*known).state == update.state) return;  // no news
    said_.push_back(std::string(wire::to_text(update.state)) + " " + std::string(update.name));
    said_at_.push_back(context_->now - start);
    const Slot changed = put(std::string(update.name), update.state, update.witness);
    detector_->on_member_changed(changed);
  }
  void confirm(Slot) override {}
  void stream_ping(Slot, Duration) override { ++stream_pings_; }

  /// Lets time pass, deadline by deadline; all direct pings are answered if asked for.
  void run_for(Duration duration, bool answers = false) {
    const Instant end = context_->now + duration;
    while (detector_->next_deadline() <= end) {
      context_->now = std::max(context_->now, detector_->next_deadline());
      detector_->on_deadline();
      note_pings(answers);
    }
    context_->now = end;
  }

  void note_pings(bool answers) {
    for (const Effect& effect : effects_.list()) {
      const auto* sent = std::get_if<SendDatagram>(&effect);
      if (sent == nullptr) continue;
      auto reader = wire::DatagramReader::create(effects_.bytes(sent->payload), context_->cluster);
      const auto message = reader->next();
      if (std::holds_alternative<wire::PingRequest>(*message)) ++requests_;
      // One that fails at the same deadline is pinged no more.
      const auto live = context_->table.find_live_at(sent->to);
      if (!std::holds_alternative<wire::Ping>(*message) || !live) continue;
      const Slot target = *live;
      pinged_.push_back(target);
      pinged_at_.push_back(context_->now - start);
      const LifeId life = context_->table.at(target).life.id;
      if (answers) detector_->on_answer({.slot = target, .target = life});
    }
    effects_.clear();
  }

  std::unique_ptr<Context> context_;
  std::unique_ptr<Gossip> gossip_;
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<PingLog> pings_;
  std::unique_ptr<SwimDetector> detector_;
  Effects effects_;
  std::uint16_t next_port_ = 7001;
  std::vector<std::string> said_;
  std::vector<Duration> said_at_;
  std::vector<Slot> pinged_;
  std::vector<Duration> pinged_at_;
  std::size_t requests_ = 0;
  std::size_t stream_pings_ = 0;
};

TEST_F(SwimDetectorTest, BeginsWithinTheFirstIntervalOrWithAllOthers) {
  make({}, 3);
  EXPECT_LT(detector_->next_deadline(), start + 1s);

  make({.phases = SwimTuning::Phases::aligned}, 3);
  EXPECT_EQ(detector_->next_deadline(), start + 1s);
}

TEST_F(SwimDetectorTest, ProbesEverybodyOnceARoundByDefault) {
  make({}, 10);

  run_for(10s, /*answers=*/true);

  EXPECT_EQ(std::set<Slot>(pinged_.begin(), pinged_.end()).size(), pinged_.size());
  EXPECT_EQ(pinged_.size(), 10U);
}

TEST_F(SwimDetectorTest, DrawsEachTargetAnewWhenTold) {
  make({.targets = SwimTuning::Targets::random}, 10);

  run_for(30s, /*answers=*/true);

  bool has_repeat = false;
  for (std::size_t round = 0; round < 3; ++round) {
    const auto from = pinged_.begin() + static_cast<std::ptrdiff_t>(10 * round);
    has_repeat = has_repeat || std::set<Slot>(from, from + 10).size() < 10;
  }
  EXPECT_TRUE(has_repeat) << "three rounds in a row without one repeat: 1 in 10^10";
}

TEST_F(SwimDetectorTest, GivesTheVerdictAtThePeriodsEnd) {
  make({.phases = SwimTuning::Phases::aligned}, 1);

  run_for(2s + 1ms);

  ASSERT_EQ(said_.size(), 1U);
  EXPECT_EQ(said_.front(), "suspect m1");
  EXPECT_EQ(said_at_.front(), 2s);
}

TEST_F(SwimDetectorTest, AsksOverTcpOnlyWhereThatIsPublished) {
  make({.stream_probe = false}, 3);
  run_for(3s);
  EXPECT_EQ(stream_pings_, 0U);
  EXPECT_GT(requests_, 0U);

  make({}, 3);
  run_for(3s);
  EXPECT_GT(stream_pings_, 0U);
}

TEST_F(SwimDetectorTest, AsksForNothingThatMustBeDoneInThePast) {
  make({.phases = SwimTuning::Phases::aligned}, 3);
  run_for(1s);  // the first probe leaves

  context_->now += 1min;  // the process was stopped
  detector_->on_deadline();

  EXPECT_EQ(stream_pings_, 0U);
  EXPECT_EQ(said_.size(), 1U);
}

/// From the first suspicion until the same member is said to have failed.
class SuspicionTimeTest : public SwimDetectorTest {
 protected:
  Duration time_of(const SwimTuning& tuning, std::size_t others) {
    said_.clear();
    said_at_.clear();
    SwimTuning lone = tuning;
    lone.health_probe = SwimTuning::HealthProbe::off;
    make(lone, others);
    run_for(5min);
    const std::string first = said_.front().substr(said_.front().find(' ') + 1);
    const auto end = std::ranges::find(said_, "failed " + first);
    return said_at_[static_cast<std::size_t>(end - said_.begin())] - said_at_.front();
  }
};

TEST_F(SuspicionTimeTest, GrowsWithTheDecadesOfMembers) {
  EXPECT_EQ(time_of({.suspicion_multiplier = 4, .confirmations = 0}, 9), 4s);
  EXPECT_EQ(time_of({.suspicion_multiplier = 5, .confirmations = 0}, 99), 10s);
}

TEST_F(SuspicionTimeTest, GrowsWithTheRoundsOfTheEpidemic) {
  const SwimTuning tuning{
      .growth = SwimTuning::Growth::rounds, .suspicion_multiplier = 3, .confirmations = 0};
  // 3·ceil(ln(n+1)) periods: 9, 12, 12 and 15 at 17, 20, 53 and 54 members (SWIM, figure 3c).
  EXPECT_EQ(time_of(tuning, 16), 9s);
  EXPECT_EQ(time_of(tuning, 19), 12s);
  EXPECT_EQ(time_of(tuning, 52), 12s);
  EXPECT_EQ(time_of(tuning, 53), 15s);
}

TEST_F(SuspicionTimeTest, IsTheLongestWhileNobodyConfirms) {
  EXPECT_EQ(
      time_of({.suspicion_multiplier = 2, .suspicion_max_multiplier = 6, .confirmations = 3}, 9),
      12s);
}

TEST_F(SwimDetectorTest, StretchesWhatItsTuningSaysWhenItsHealthIsBad) {
  using enum SwimTuning::HealthProbe;
  struct Case {
    SwimTuning::HealthProbe what;
    Duration next_probe;
    Duration helpers_asked;
  };
  for (const Case& one :
       {Case{off, 1s, 500ms}, Case{interval, 3s, 500ms}, Case{interval_and_timeout, 3s, 1500ms}}) {
    make({.phases = SwimTuning::Phases::aligned, .health_probe = one.what}, 5);
    context_->health.on_accused();
    context_->health.on_accused();
    run_for(1s);  // the first probe leaves

    EXPECT_EQ(detector_->next_deadline() - context_->now, one.helpers_asked);
    run_for(one.helpers_asked);
    EXPECT_EQ(detector_->next_deadline() - start, 1s + one.next_probe);
  }
}

TEST_F(SwimDetectorTest, ProbesOnAtTheUsualPaceWhileAnswered) {
  using enum SwimTuning::HealthProbe;
  make({.phases = SwimTuning::Phases::aligned, .health_probe = interval_and_timeout}, 5);
  for (int i = 0; i < 4; ++i) context_->health.on_accused();

  run_for(4s, /*answers=*/true);

  EXPECT_EQ(pinged_.size(), 4U);
  EXPECT_EQ(context_->health.misses(), 1U);  // each answer that a probe ended with counts
}

TEST_F(SwimDetectorTest, CountsMissingHelpersAsPublishedOrAsShipped) {
  using enum SwimTuning::HealthProbe;
  for (const auto& [what, misses] : {std::pair(interval_and_timeout, 4U), {interval, 3U}}) {
    said_.clear();
    make({.phases = SwimTuning::Phases::aligned, .health_probe = what}, 5);

    run_for(2s);

    EXPECT_EQ(said_.size(), 1U);
    EXPECT_EQ(context_->health.misses(), misses);
  }
}

/// The first probe is due at 1 s; the process gets to its network again at 8.5 s.
TEST_F(SwimDetectorTest, AccusesWhomItCouldNotSendToOnlyWhenBlocked) {
  for (const auto stall : {SwimTuning::Stall::stopped, SwimTuning::Stall::blocked}) {
    make({.phases = SwimTuning::Phases::aligned, .stall = stall}, 5);

    context_->now += 8500ms;
    detector_->on_pause(7500ms);

    EXPECT_EQ(said_.size(), stall == SwimTuning::Stall::blocked ? 1U : 0U);
  }
}

TEST_F(SwimDetectorTest, WaitsForABlockedProbeAsLongAsItsHealthSays) {
  make({.phases = SwimTuning::Phases::aligned,
        .health_probe = SwimTuning::HealthProbe::interval_and_timeout,
        .stall = SwimTuning::Stall::blocked},
       5);
  for (int i = 0; i < 8; ++i) context_->health.on_accused();

  context_->now += 8500ms;
  detector_->on_pause(7500ms);

  EXPECT_TRUE(said_.empty());
  EXPECT_EQ(detector_->next_deadline(), start + 1s + 8s);
}

TEST_F(SwimDetectorTest, TellsASuspectOnlyWithTheBuddySystem) {
  for (const bool buddy : {true, false}) {
    make({.buddy = buddy}, 2);
    put("m1", State::suspect, context_->self_record().life.id);
    effects_.clear();
    pings_->ping(slot("m1"), PingPurpose::probe);

    const auto& sent = std::get<SendDatagram>(effects_.list().front());
    auto reader = wire::DatagramReader::create(effects_.bytes(sent.payload), context_->cluster);
    EXPECT_TRUE(std::holds_alternative<wire::Ping>(*reader->next()));
    EXPECT_EQ(reader->at_end(), !buddy);
  }
}

TEST_F(SwimDetectorTest, SpreadsByTicksUnlessPiggybackIsAll) {
  make({}, 3);
  gossip_->announce(slot("m1"), wire::Age::news);
  EXPECT_LE(gossip_->next_deadline(), start + 200ms);

  make({.gossip_ticks = false}, 3);
  gossip_->announce(slot("m1"), wire::Age::news);
  EXPECT_EQ(gossip_->next_deadline(), never);
}

TEST_F(SwimDetectorTest, TicksAreOneGossipIntervalApart) {
  make({}, 3);
  gossip_->announce(slot("m1"), wire::Age::news);
  std::vector<Instant> ticks;
  while (gossip_->next_deadline() != never) {
    ticks.push_back(gossip_->next_deadline());
    context_->now = ticks.back();
    gossip_->on_deadline();
  }

  ASSERT_GE(ticks.size(), 2U);
  for (std::size_t i = 1; i < ticks.size(); ++i) EXPECT_EQ(ticks[i] - ticks[i - 1], 200ms);
}

TEST_F(SwimDetectorTest, SendsAnUpdateAsOftenAsItsTuningSays) {
  using enum SwimTuning::Growth;
  make({}, 99);
  EXPECT_EQ(gossip_->queue().send_limit(wire::Age::news), 12U);  // 4·ceil(log10(101))
  make({.growth = rounds}, 99);
  EXPECT_EQ(gossip_->queue().send_limit(wire::Age::news), 15U);  // 3·ceil(ln(101))
  make({.update_sends = 5}, 99);
  EXPECT_EQ(gossip_->queue().send_limit(wire::Age::news), 5U);
}

}  // namespace
}  // namespace rollcall::core
