// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/config.hpp"

#include <string>

#include <gtest/gtest.h>

namespace rollcall::core {
namespace {

Config usable() {
  Config config;
  config.name = "a";
  config.advertise = Address::v4(127, 0, 0, 1, 7420);
  return config;
}

/// The field of the only problem; what was expected to be one problem fails loudly if it is not.
std::string only_problem(const Config& config) {
  const auto problems = validate(config);
  EXPECT_EQ(problems.size(), 1U);
  return problems.empty() ? "" : problems.front().field;
}

TEST(ConfigTest, AcceptsTheDefaults) {
  EXPECT_TRUE(validate(usable()).empty());
}

TEST(ConfigTest, RefusesASwimTuningOutOfRange) {
  Config config = usable();
  config.swim.suspicion_multiplier = 0.5;
  EXPECT_EQ(only_problem(config), "swim.suspicion-multiplier");
  config.swim = {.suspicion_max_multiplier = 101};
  EXPECT_EQ(only_problem(config), "swim.suspicion-max-multiplier");
  config.swim = {.confirmations = 8};
  EXPECT_EQ(only_problem(config), "swim.confirmations");
}

TEST(ConfigTest, RefusesAProbeTimeoutAboveTheInterval) {
  Config config = usable();
  config.probe_timeout = 2s;

  ASSERT_EQ(only_problem(config), "probe-timeout");
  EXPECT_NE(validate(config).front().message.find("2s is above probe-interval (1s)"),
            std::string::npos);
}

TEST(ConfigTest, NamesEachFieldThatIsOutOfRange) {
  Config config = usable();
  config.name = "a b";
  EXPECT_EQ(only_problem(config), "name");
  config = usable();
  config.cluster = "";
  EXPECT_EQ(only_problem(config), "cluster");
  config = usable();
  config.advertise.port = 0;
  EXPECT_EQ(only_problem(config), "advertise");
  config = usable();
  config.indirect_probes = 17;
  EXPECT_EQ(only_problem(config), "indirect-probes");
  config = usable();
  config.suspicion_time = 1ms;
  EXPECT_EQ(only_problem(config), "suspicion-time");
  config = usable();
  config.tags = {{"k", std::string(2000, 'v')}};
  EXPECT_EQ(only_problem(config), "tag");
}

}  // namespace
}  // namespace rollcall::core
