// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/plan_formulas.hpp"

#include <cmath>

#include <gtest/gtest.h>

/// Against figures that were not made with these formulas: of the papers, and of simulations
/// that follow their algorithms step by step.
namespace rollcall::lab::formulas {
namespace {

constexpr double half = 0.5;
/// Three messages to random members every 200 ms, at phases of their own, as memberlist ships.
constexpr TickGossip memberlist{.growth = 15, .rate = 15};

double seconds(Duration duration) {
  return to_seconds(duration);
}

TEST(PlanFormulas, FirstRandomProbeIsThatOfUnsynchronisedSwim) {
  EXPECT_NEAR(first_random_probe(128, half), 0.69, 0.01);
  EXPECT_NEAR(first_random_probe(1000, half), 0.69, 0.01);
  EXPECT_NEAR(first_random_probe(128, 0.99), 4.55, 0.1);
  EXPECT_NEAR(first_random_probe(10'000, 0.99), 4.6, 0.05);
  // One prober of one: some moment of its interval.
  EXPECT_NEAR(first_random_probe(2, half), 0.5, 1e-9);
}

TEST(PlanFormulas, FirstEvenProbeIsWithinAnInterval) {
  EXPECT_NEAR(first_even_probe(1'000'000, half), 0.5, 1e-5);
  EXPECT_LT(first_even_probe(5, half), 0.5);
  EXPECT_GT(first_even_probe(5, half), 0.44);
  EXPECT_LT(first_even_probe(5, 0.99), 1.0);
}

TEST(PlanFormulas, SwimSuspicionIsTheFloorOfMemberlist) {
  EXPECT_NEAR(swim_suspicion(4, 128), 8.4, 0.05);
  EXPECT_NEAR(swim_suspicion(4, 1000), 12, 1e-9);
  EXPECT_NEAR(swim_suspicion(4, 10'000), 16, 1e-9);
  EXPECT_NEAR(swim_suspicion(5, 128), 10.54, 0.01);
  EXPECT_NEAR(swim_suspicion(4, 5), 4, 1e-9);
}

TEST(PlanFormulas, SwimDetectionIsThatOfMemberlistAndOfThePaper) {
  const auto all_know = [](std::size_t members, double alpha, std::size_t k, double share) {
    return swim_detection(members, alpha, k, share) + seconds(timed_spread(members, memberlist));
  };

  EXPECT_NEAR(all_know(128, 4, 2, half), 10.6, 0.2);
  EXPECT_NEAR(all_know(1000, 4, 2, half), 14.4, 0.2);
  EXPECT_NEAR(all_know(10'000, 4, 2, half), 18.7, 0.3);
  EXPECT_NEAR(all_know(128, 4, 2, 0.99), 14.3, 0.4);
  EXPECT_NEAR(all_know(1000, 4, 2, 0.99), 18.7, 0.5);

  // Lifeguard's own parameters, first verdict and all.
  EXPECT_NEAR(swim_detection(128, 5, 3, half), 12.2, 0.2);
  EXPECT_NEAR(swim_detection(128, 5, 3, 0.99), 16.0, 0.4);
  EXPECT_NEAR(all_know(128, 5, 3, half), 12.7, 0.2);
}

TEST(PlanFormulas, SwimDetectionWaitsForConfirmationsWhereThereIsTime) {
  // In a small group the third accuser may come after the shortest suspicion; with too few
  // members to confirm, there is nothing to wait for.
  EXPECT_GT(swim_detection(10, 4, 2, 0.99), swim_detection(10, 4, 0, 0.99) + 0.2);
  EXPECT_NEAR(swim_detection(3, 4, 2, half), swim_detection(3, 4, 0, half), 1e-9);
}

TEST(PlanFormulas, PushSpreadTakesTheHopsOfInfectAndDie) {
  EXPECT_NEAR(push_spread(1000, 10, 1).hops, 4.7, 0.4);
  EXPECT_NEAR(push_spread(1000, 12, 1).hops, 4.1, 0.4);
  EXPECT_NEAR(push_spread(10'000, 12, 1).hops, 5.2, 0.4);
  // 95.8 and 94.5 % of the runs miss nobody.
  EXPECT_NEAR(push_spread(1000, 10, 1).missed, 0.043, 0.005);
  EXPECT_NEAR(push_spread(10'000, 12, 1).missed, 0.057, 0.008);
}

TEST(PlanFormulas, TellsDifferentMembersSoThatASmallClusterMissesFew) {
  // 31·(1 - 7/31)^32 members, where 31·e^-7 would be 0.028.
  EXPECT_NEAR(push_spread(32, 7, 1).missed, 0.0087, 0.001);
  EXPECT_NEAR(push_spread(8, 7, 1).missed, 0, 1e-9);
}

TEST(PlanFormulas, MissesHardlyAnybodyWithBothNeighboursToldUnlessTheyAreLost) {
  EXPECT_LT(push_spread(1000, 10, 1, 2).missed, 1e-6);
  // 31·(1 - 5·0.8/31)^32, and both neighbours' messages lost.
  EXPECT_NEAR(push_spread(32, 7, 0.8, 2).missed, 0.0150, 0.002);
}

TEST(PlanFormulas, CountsTheRepetitionsThatAreLeft) {
  EXPECT_NEAR(sends_left(6, 0), 6, 1e-9);      // nobody said it: all are left
  EXPECT_NEAR(sends_left(9, 10), 1.25, 0.01);  // 10·P(10), P of Poisson's with mean 10
  EXPECT_LT(sends_left(9, 30), 0.01);
}

TEST(PlanFormulas, TickSpreadIsThatOfMemberlist) {
  EXPECT_NEAR(seconds(tick_spread(128, memberlist, half)), 0.72, 0.02);
  EXPECT_NEAR(seconds(tick_spread(1000, memberlist, half)), 1.00, 0.02);
  EXPECT_NEAR(seconds(tick_spread(10'000, memberlist, half)), 1.31, 0.03);
  EXPECT_NEAR(seconds(tick_spread(1000, memberlist, 0.99)), 1.29, 0.03);
  const TickGossip lossy{.growth = 0.9 * memberlist.growth, .rate = 0.9 * memberlist.rate};
  EXPECT_NEAR(seconds(tick_spread(1000, lossy, half)), 1.11, 0.03);
}

TEST(PlanFormulas, TicksThatBeginWithTheNewsGrowMoreSlowlyThanTheySend) {
  const TickGossip ticks = tick_gossip(3, Duration(200'000'000), 0, 1);

  EXPECT_NEAR(ticks.rate, 20, 1e-9);
  // Each tick makes four of one, after 0.147 s, the mean of a tick's time seen from a rise.
  EXPECT_NEAR(ticks.growth, std::log(4) / 0.147, 0.1);
  const TickGossip riding = tick_gossip(3, Duration(200'000'000), 2, 1);
  EXPECT_NEAR(riding.growth - ticks.growth, 2, 1e-9);
  EXPECT_LT(tick_gossip(3, Duration(200'000'000), 0, 0.5).growth, ticks.growth);
}

TEST(PlanFormulas, SilentProbeIsSwimsForOnePeriod) {
  EXPECT_NEAR(silent_probe(0.99, 1), 7.84e-4, 1e-6);
  EXPECT_NEAR(silent_probe(0.95, 1), 1.81e-2, 1e-4);
  EXPECT_NEAR(silent_probe(0.90, 1), 6.53e-2, 1e-4);
  EXPECT_NEAR(silent_probe(0.99, 3), 1.22e-6, 1e-8);
  EXPECT_NEAR(silent_probe(0.90, 3), 7.73e-3, 1e-5);
  EXPECT_NEAR(silent_probe(0.80, 3), 7.41e-2, 1e-4);
  EXPECT_EQ(silent_probe(1, 3), 0);
}

TEST(PlanFormulas, ResidueIsThatOfFixedCountRumours) {
  EXPECT_NEAR(residue(3, 1), 6.0e-2, 1e-3);
  EXPECT_NEAR(residue(4, 1), 2.0e-2, 1e-3);
  EXPECT_NEAR(residue(5, 1), 6.9e-3, 2e-4);
  EXPECT_NEAR(residue(8, 1), 3.3e-4, 2e-5);
}

TEST(PlanFormulas, ProofOfDeathIsAtTheFirstLookWithoutLoss) {
  const Proof without_loss = proof_of_death(6, 1, 100, 0.999);
  EXPECT_EQ(without_loss.looks, 1U);
  EXPECT_EQ(without_loss.relays, 0U);
  EXPECT_GT(proof_of_death(6, 0.7, 100, 0.99).looks, 1U);
  EXPECT_GE(proof_of_death(1, 0.8, 100, 0.5).looks, proof_of_death(6, 0.8, 100, 0.5).looks);
  // One watcher, no relays: the proof needs eleven packets, none of them lost.
  EXPECT_EQ(proof_of_death(1, 0.8, 0, std::pow(0.8, 11) - 1e-9).looks, 1U);
  EXPECT_EQ(proof_of_death(1, 0.8, 0, std::pow(0.8, 11) + 1e-9).looks, 2U);
}

}  // namespace
}  // namespace rollcall::lab::formulas
