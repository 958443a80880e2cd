// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/settings/cluster_settings.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "core/config.hpp"
#include "core/settings/settings_values.hpp"

namespace rollcall::core {
namespace {

ClusterSettings unusual() {
  return {.detector = DetectorKind::gossip,
          .suspicion_enabled = false,
          .suspicion_time = 3s,
          .probe_interval = 2s,
          .probe_timeout = 700ms,
          .indirect_probes = 5,
          .gossip_interval = 300ms,
          .gossip_fanout = 4,
          .fail_time = 5s,
          .accrual_threshold = 8.5,
          .heartbeat_cast = HeartbeatCast::broadcast,
          .cleanup_time = 1h,
          .drop_rate = 0.05};
}

std::vector<std::string> refused_fields(const ClusterSettings& settings,
                                        Profile profile = Profile::rollcall) {
  std::vector<std::string> fields;
  for (const ConfigProblem& problem : validate(settings, profile)) fields.push_back(problem.field);
  return fields;
}

TEST(ClusterSettingsTest, AreTheSameAfterTravelling) {
  EXPECT_EQ(settings_of(values_of(unusual())), unusual());
  EXPECT_EQ(settings_of(values_of({})), ClusterSettings());
}

TEST(ClusterSettingsTest, AreRefusedWhereANumberIsNoValue) {
  const auto with = [](wire::Setting setting, std::uint64_t value) {
    wire::SettingValues values = values_of({});
    values[static_cast<std::size_t>(setting)] = value;
    return settings_of(values).has_value();
  };

  EXPECT_TRUE(with(wire::Setting::detector, 1));
  EXPECT_FALSE(with(wire::Setting::detector, 2));
  EXPECT_FALSE(with(wire::Setting::suspicion, 2));
  EXPECT_FALSE(with(wire::Setting::heartbeat_cast, 255));
  EXPECT_FALSE(with(wire::Setting::probe_interval, ~std::uint64_t{0}));
  EXPECT_FALSE(with(wire::Setting::gossip_fanout, std::uint64_t{1} << 32U));
  EXPECT_FALSE(with(wire::Setting::drop_rate, ~std::uint64_t{0}));
}

TEST(ClusterSettingsTest, ChangeOnlyWhatIsNamed) {
  SettingsChange change;
  change.detector = DetectorKind::gossip;
  change.suspicion_time = 5s;

  const ClusterSettings changed = apply(change, ClusterSettings());

  const std::vector<SettingDifference> list = differences(ClusterSettings(), changed);
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].name + " " + list[0].from + " " + list[0].to, "detector pingack gossip");
  EXPECT_EQ(list[1].name + " " + list[1].from + " " + list[1].to, "suspicion-time auto 5s");
}

TEST(ClusterSettingsTest, AreWrittenAsInAConfigurationFile) {
  std::string text;
  for (const auto& [name, value] : in_text(unusual())) text += name + "=" + value + " ";

  EXPECT_EQ(text,
            "detector=gossip suspicion=disabled suspicion-time=3s probe-interval=2s "
            "probe-timeout=700ms indirect-probes=5 gossip-interval=300ms gossip-fanout=4 "
            "fail-time=5s accrual-threshold=8.5 heartbeat-cast=broadcast cleanup-time=1h "
            "drop-rate=0.05 ");
}

TEST(ClusterSettingsTest, AreRefusedWhereTheyContradictOneAnother) {
  ClusterSettings settings;
  EXPECT_EQ(refused_fields(settings), std::vector<std::string>());

  settings.fail_time = 500ms;
  EXPECT_EQ(refused_fields(settings), std::vector<std::string>{"fail-time"});
  settings.gossip_interval = 100ms;
  EXPECT_EQ(refused_fields(settings), std::vector<std::string>());

  settings.probe_timeout = 2s;
  settings.drop_rate = 1.5;
  settings.accrual_threshold = 0.5;
  EXPECT_EQ(refused_fields(settings),
            (std::vector<std::string>{"probe-timeout", "accrual-threshold", "drop-rate"}));
}

TEST(ClusterSettingsTest, HaveNoGossipWithProfileSwim) {
  ClusterSettings settings;
  settings.detector = DetectorKind::gossip;

  EXPECT_EQ(refused_fields(settings, Profile::swim), std::vector<std::string>{"detector"});
  EXPECT_EQ(refused_fields(settings), std::vector<std::string>());
}

TEST(SettingsVersionTest, IsOrderedByNumberThenByOrigin) {
  EXPECT_LT((SettingsVersion{1, {9, 9}}), (SettingsVersion{2, {1, 1}}));
  EXPECT_LT((SettingsVersion{1, {1, 1}}), (SettingsVersion{1, {1, 2}}));
}

}  // namespace
}  // namespace rollcall::core
