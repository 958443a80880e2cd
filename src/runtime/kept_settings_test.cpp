// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/kept_settings.hpp"

#include <gtest/gtest.h>

namespace rollcall::runtime {
namespace {

using namespace std::chrono_literals;

/// Nothing in it is as a default is.
core::VersionedSettings unusual() {
  return {.settings = {.detector = core::DetectorKind::gossip,
                       .suspicion_enabled = false,
                       .suspicion_time = 1500ms,
                       .probe_interval = 2s,
                       .probe_timeout = 123456us,
                       .indirect_probes = 7,
                       .gossip_interval = 1ns,
                       .gossip_fanout = 9,
                       .fail_time = 5min,
                       .accrual_threshold = 8.25,
                       .heartbeat_cast = core::HeartbeatCast::broadcast,
                       .cleanup_time = 3h,
                       .drop_rate = 0.1},
          .version = {.number = 18'446'744'073'709'551'615U,
                      .origin = {.high = 0x0123456789abcdefU, .low = 0xfedcba9876543210U}},
          .by = "node-7",
          .is_local = true};
}

TEST(KeptSettingsTest, AreReadBackAsTheyWereWritten) {
  for (const core::VersionedSettings& settings : {core::VersionedSettings{}, unusual()}) {
    const auto again = from_rows(to_rows(settings));

    ASSERT_TRUE(again.has_value()) << again.error();
    EXPECT_EQ(again->settings, settings.settings);
    EXPECT_EQ(again->version, settings.version);
    EXPECT_EQ(again->by, settings.by);
    EXPECT_EQ(again->is_local, settings.is_local);
  }
}

TEST(KeptSettingsTest, HaveTheNamesOfAConfigurationFile) {
  const SettingRows rows = to_rows(unusual());

  for (const auto& [name, value] : core::in_text(unusual().settings)) {
    EXPECT_TRUE(rows.contains(name)) << name;
  }
  EXPECT_EQ(rows.find("origin")->second, "0123456789abcdeffedcba9876543210");
}

TEST(KeptSettingsTest, AreRefusedWithoutAnyOneRow) {
  for (const auto& [name, value] : to_rows(unusual())) {
    SettingRows rows = to_rows(unusual());
    rows.erase(name);

    EXPECT_EQ(from_rows(rows).error(), name + " is missing");
  }
}

TEST(KeptSettingsTest, AreRefusedWhereARowIsNoValueOrUnknown) {
  for (const auto& [name, value] : to_rows(unusual())) {
    SettingRows rows = to_rows(unusual());
    rows[name] = "no value!";

    const auto read = from_rows(rows);
    ASSERT_FALSE(read.has_value()) << name;
    EXPECT_EQ(read.error(), name + " is 'no value!'");
  }
  SettingRows rows = to_rows(unusual());
  rows["by"] = "";
  EXPECT_EQ(from_rows(rows).error(), "nobody has changed them");
  rows = to_rows(unusual());
  rows["of-the-future"] = "1";
  EXPECT_EQ(from_rows(rows).error(), "of-the-future is unknown to this version");
}

}  // namespace
}  // namespace rollcall::runtime
