// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/settings/settings_keeper.hpp"

#include <variant>

#include <gtest/gtest.h>

#include "core/settings/settings_values.hpp"

namespace rollcall::core {
namespace {

constexpr LifeId low = {1, 1};
constexpr LifeId high = {~std::uint64_t{0}, 1};
const Address other_address = Address::v4(10, 0, 0, 2, 7420);

Config config_of_self() {
  Config config;
  config.name = "self";
  config.advertise = Address::v4(10, 0, 0, 1, 7420);
  return config;
}

/// One member of two, what it is told and what it then says.
class SettingsKeeperTest : public testing::Test, private SettingsListener {
 protected:
  SettingsKeeperTest() : context_(config_of_self(), 1, Instant(1h)), keeper_(context_, *this) {
    context_.effects = &effects_;
    const Address self = context_.config.advertise;
    context_.set_self(context_.table.put({.name = "self", .life = {1, {5, 5}}, .address = self}));
    context_.table.put({.name = "other", .life = {1, {6, 6}}, .address = other_address});
  }

  CommandDone change(DetectorKind detector, SettingsScope scope = SettingsScope::cluster,
                     std::optional<std::uint64_t> expected = {}) {
    ChangeSettingsCommand command{.change = {}, .scope = scope, .expected_number = expected};
    command.change.detector = detector;
    return keeper_.change(command);
  }
  /// Settings with another probe interval, as a member tells them.
  wire::Settings told(std::uint64_t number, const LifeId& origin, Duration probe_interval = 3s) {
    ClusterSettings settings;
    settings.probe_interval = probe_interval;
    return told_of(number, origin, values_of(settings));
  }
  wire::Settings told_of(std::uint64_t number, const LifeId& origin,
                         const wire::SettingValues& values) {
    values_.clear();
    wire::append_values(values, values_);
    return {.number = number, .origin = origin, .by = "other", .values = values_};
  }
  template <class T>
  [[nodiscard]] std::vector<T> effects_of() const {
    std::vector<T> list;
    for (const Effect& effect : effects_.list()) {
      if (const auto* one = std::get_if<T>(&effect)) list.push_back(*one);
    }
    return list;
  }
  [[nodiscard]] SettingsVersion version() const { return keeper_.in_force().version; }
  [[nodiscard]] Duration probe_interval() const { return context_.config.probe_interval; }

  Effects effects_;
  Context context_;
  SettingsKeeper keeper_;
  int changes_ = 0;

 private:
  void on_settings_changed(const ClusterSettings&) override { ++changes_; }

  ByteVector values_;
};

TEST_F(SettingsKeeperTest, BeginsWithItsOwnAndTellsNobody) {
  EXPECT_EQ(version(), SettingsVersion());
  EXPECT_FALSE(keeper_.to_tell());
  EXPECT_EQ(context_.settings_digest, 0U);
}

TEST_F(SettingsKeeperTest, TellsAChangeToOthersAndToReaders) {
  const CommandDone done = change(DetectorKind::gossip);

  EXPECT_EQ(done.result, CommandResult::done);
  EXPECT_EQ(version(), (SettingsVersion{1, {5, 5}}));
  EXPECT_EQ(context_.config.detector, DetectorKind::gossip);
  EXPECT_NE(context_.settings_digest, 0U);
  EXPECT_EQ(changes_, 1);
  ASSERT_EQ(effects_of<SendDatagram>().size(), 1U);
  EXPECT_EQ(effects_of<SendDatagram>()[0].to, other_address);
  ASSERT_EQ(effects_of<Publish>().size(), 1U);
  const Publish news = effects_of<Publish>()[0];
  ASSERT_EQ(news.settings.size(), 1U);
  EXPECT_EQ(news.kind, EventKind::protocol_changed);
  EXPECT_EQ(news.by, "self");
  EXPECT_EQ(news.settings.front().from.version.number, 0U);
  EXPECT_EQ(news.settings.front().to.version.number, 1U);
  EXPECT_EQ(effects_of<PersistSettings>().size(), 1U);
}

TEST_F(SettingsKeeperTest, RepeatsAChangeForAWhile) {
  change(DetectorKind::gossip);
  std::size_t ticks = 0;
  while (keeper_.next_deadline() != never && ticks < 100) {
    context_.now = keeper_.next_deadline();
    keeper_.on_deadline();
    ++ticks;
  }

  EXPECT_GT(ticks, 1U);
  EXPECT_LT(ticks, 20U);
  EXPECT_EQ(effects_of<SendDatagram>().size(), 1 + ticks);
}

TEST_F(SettingsKeeperTest, TakesOverTheNewerWhoeverSpeaksLast) {
  keeper_.on_told(told(2, low, 3s), other_address);
  keeper_.on_told(told(1, high, 4s), other_address);
  EXPECT_EQ(probe_interval(), 3s) << "a lower number";

  keeper_.on_told(told(2, high, 5s), other_address);
  keeper_.on_told(told(2, low, 3s), other_address);
  EXPECT_EQ(probe_interval(), 5s) << "made at once: the higher origin";
  EXPECT_EQ(keeper_.in_force().by, "other");
  EXPECT_EQ(changes_, 2);
}

TEST_F(SettingsKeeperTest, TellsWhoeverShowsOlderOnes) {
  keeper_.on_told(told(2, high), other_address);
  effects_.clear();

  keeper_.on_told(told(2, high), other_address);
  EXPECT_TRUE(effects_of<SendDatagram>().empty()) << "the same";
  keeper_.on_told(told(1, high), other_address);
  keeper_.on_told(told(1, high), other_address);
  EXPECT_EQ(effects_of<SendDatagram>().size(), 1U) << "and not more often than that";
}

TEST_F(SettingsKeeperTest, TakesOverWhateverItsClusterHasOnJoining) {
  keeper_.on_welcomed(told(SettingsKeeper::number_max, low));
  EXPECT_EQ(version().number, SettingsKeeper::number_max);

  keeper_.on_compared(told(SettingsKeeper::number_max + 1, low));
  EXPECT_EQ(version().number, SettingsKeeper::number_max) << "beyond it there is no next";
}

TEST_F(SettingsKeeperTest, KeepsSharesAsOthersWillHaveThem) {
  ChangeSettingsCommand command;
  command.change.drop_rate = 0.12345678;
  ASSERT_EQ(keeper_.change(command).result, CommandResult::done);

  EXPECT_EQ(context_.config.drop_rate, 0.123457);
}

TEST_F(SettingsKeeperTest, RefusesAndReportsOnceAMinuteWhatCannotBe) {
  wire::SettingValues unknown = values_of({});
  unknown[0] = 7;
  ClusterSettings contradictory;
  contradictory.probe_timeout = 2s;

  keeper_.on_told(told(SettingsKeeper::number_jump_max + 1, low), other_address);
  context_.now += SettingsKeeper::report_spacing;
  keeper_.on_told(told_of(1, low, unknown), other_address);
  context_.now += SettingsKeeper::report_spacing;
  keeper_.on_told(told_of(2, low, values_of(contradictory)), other_address);
  keeper_.on_told(told_of(3, low, values_of(contradictory)), other_address);

  EXPECT_EQ(version().number, 0U);
  EXPECT_EQ(context_.counters.datagrams_refused, 4U);
  const auto warnings = effects_of<Publish>();
  ASSERT_EQ(warnings.size(), 3U);
  EXPECT_NE(warnings[0].message.find("implausibly far above 0"), std::string::npos);
  EXPECT_NE(warnings[1].message.find("a value is none"), std::string::npos);
  EXPECT_NE(warnings[2].message.find("probe-timeout: 2s is above"), std::string::npos);
}

TEST_F(SettingsKeeperTest, RefusesAChangeThatContradictsTheRest) {
  ChangeSettingsCommand command;
  command.change.probe_interval = 100ms;

  const CommandDone done = keeper_.change(command);

  EXPECT_EQ(done.result, CommandResult::invalid);
  ASSERT_EQ(done.problems.size(), 1U);
  EXPECT_EQ(done.problems[0].field, "probe-timeout");
  EXPECT_EQ(probe_interval(), 1s);
  EXPECT_TRUE(effects_.empty());
}

TEST_F(SettingsKeeperTest, RefusesAChangeDecidedOnAnotherVersion) {
  change(DetectorKind::gossip);

  EXPECT_EQ(change(DetectorKind::pingack, SettingsScope::cluster, 0).result,
            CommandResult::version_mismatch);
  EXPECT_EQ(version().number, 1U);
  EXPECT_EQ(change(DetectorKind::pingack, SettingsScope::cluster, 1).result, CommandResult::done);
}

TEST_F(SettingsKeeperTest, KeepsALocalChangeToItselfUntilTheNextVersion) {
  change(DetectorKind::gossip, SettingsScope::local);

  EXPECT_EQ(context_.config.detector, DetectorKind::gossip);
  EXPECT_TRUE(keeper_.in_force().is_local);
  EXPECT_FALSE(keeper_.to_tell());
  EXPECT_TRUE(effects_of<SendDatagram>().empty());
  EXPECT_TRUE(effects_of<PersistSettings>().empty());

  keeper_.on_told(told(1, low), other_address);
  EXPECT_EQ(context_.config.detector, DetectorKind::pingack);
  EXPECT_FALSE(keeper_.in_force().is_local);
}

TEST_F(SettingsKeeperTest, DoesNotTellOthersWhatWasLocal) {
  change(DetectorKind::gossip, SettingsScope::local);
  ChangeSettingsCommand command;
  command.change.probe_interval = 2s;
  ASSERT_EQ(keeper_.change(command).result, CommandResult::done);

  EXPECT_EQ(context_.config.detector, DetectorKind::pingack);
  EXPECT_EQ(probe_interval(), 2s);
}

TEST_F(SettingsKeeperTest, GoesOnWhereAnEarlierLifeStopped) {
  VersionedSettings kept{.settings = {}, .version = {7, high}, .by = "other"};
  kept.settings.probe_interval = 3s;

  keeper_.restore(kept);

  EXPECT_EQ(probe_interval(), 3s);
  ASSERT_TRUE(keeper_.to_tell());
  EXPECT_EQ(keeper_.to_tell()->number, 7U);
  EXPECT_TRUE(effects_.empty());
}

}  // namespace
}  // namespace rollcall::core
