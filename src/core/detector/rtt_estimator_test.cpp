// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/detector/rtt_estimator.hpp"

#include <gtest/gtest.h>

namespace rollcall::core {
namespace {

using namespace std::chrono_literals;

TEST(RttEstimatorTest, WaitsTheCeilingUntilThereIsASample) {
  const RttEstimator estimator;
  EXPECT_EQ(estimator.timeout(100ms, 500ms), 500ms);
}

TEST(RttEstimatorTest, ApproachesASteadyRoundTripFromAbove) {
  RttEstimator estimator;
  for (int i = 0; i < 100; ++i) estimator.on_sample(200ms);

  EXPECT_GE(estimator.timeout(1ms, 5s), 200ms);
  EXPECT_LT(estimator.timeout(1ms, 5s), 210ms);
}

TEST(RttEstimatorTest, LeavesRoomForVariation) {
  RttEstimator estimator;
  for (int i = 0; i < 100; ++i) estimator.on_sample(i % 2 == 0 ? 100ms : 300ms);

  EXPECT_GT(estimator.timeout(1ms, 5s), 450ms);
}

TEST(RttEstimatorTest, StaysBetweenFloorAndCeiling) {
  RttEstimator estimator;
  estimator.on_sample(1us);
  EXPECT_EQ(estimator.timeout(100ms, 500ms), 100ms);
  estimator.on_sample(1h);
  EXPECT_EQ(estimator.timeout(100ms, 500ms), 500ms);
}

}  // namespace
}  // namespace rollcall::core
