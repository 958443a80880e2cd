// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "base/time.hpp"

/// The formulas behind `rollcall plan`, each with where it comes from.
///
/// Units: q is the chance that a packet arrives; times without a unit are in probe intervals;
///        a share is a probability for which a time is asked (0.5 for the median).
namespace rollcall::lab::formulas {

// --- Meeting a failed member ---------------------------------------------------------------------

/// When the first of n-1 members that each probe a random one per interval, at phases of their
/// own, meets the failed one: 0.69 at the median, 1.0 on average, 4.6 at the 99th percentile.
///
/// Source: SWIM (Das, Gupta, Motivala, 2002), section 3.1, has e/(e-1) = 1.58 intervals for rounds
///         that all begin at once; with phases of their own the chance of not being met yet is
///         (1 - t/(n-1))^(n-1).
[[nodiscard]] double first_random_probe(std::size_t members, double share);

/// The same where the ring neighbour probes once an interval and a random member every
/// stray_every intervals: not met yet is (1 - t)·e^(-t/stray_every).
///
/// Source: PROTOCOL.md, "Probing"; the even schedule alone has mean 0.5 and maximum 1.
[[nodiscard]] double first_even_probe(unsigned stray_every, double share);
/// The chance that it has been met after so many intervals.
[[nodiscard]] double met_by_even_probe(unsigned stray_every, double intervals);

// --- From suspicion to verdict -------------------------------------------------------------------

/// Alpha · max(1, log10 n) intervals: the shortest suspicion of profile swim.
///
/// Source: Lifeguard (Dadgar, Phillips, Currey, 2018), section on LHA-Suspicion.
[[nodiscard]] double swim_suspicion(double alpha, std::size_t members);

/// From the failure until the first verdict of profile swim, without its spreading: the first
/// probe, its interval, and a suspicion that is the shortest once `confirmations` others have
/// probed the member in vain, which they do once an interval all together.
///
/// Source: SWIM, section 3.1 and 4.2; Lifeguard's max(Min, Max - (Max-Min)·log(C+1)/log(K+1)).
[[nodiscard]] double swim_detection(std::size_t members, double alpha, std::size_t confirmations,
                                    double share);

// --- Spreading -----------------------------------------------------------------------------------

/// How a rumour that is pushed on by whoever hears it, once, goes: to `fanout` members, of which
/// `neighbours` are those beside the teller on a ring, and the others are random.
struct PushSpread {
  double hops = 0;    // until the last of those it reaches, on average
  double missed = 0;  // members it never reaches, on average
};

/// Source: Demers et al., "Epidemic algorithms for replicated database maintenance", 1987, section
///         1.4 (a rumour that dies at once leaves s = e^(-m(1-s)) susceptible), followed hop by
///         hop: each fresh member tells different ones of n-1, so of s susceptible members a hop
///         leaves s·(1 - fanout·q/(n-1))^fresh. Missed in the end, as a share x: by all random
///         ones, and by each neighbour that did not hear or whose message was lost:
///         x = (1 - (fanout-neighbours)·q/(n-1))^(n(1-x)) · (1 - q(1-x))^neighbours (Lin, Marzullo,
///         Masini, 2000, for the ring).
[[nodiscard]] PushSpread push_spread(std::size_t members, double fanout, double q,
                                     double neighbours = 0);

/// How often a member sends news again of which it has heard so many copies on average, where each
/// repetition that it hears counts as one of `limit` that it would send: limit less a Poisson
/// variable, not below zero.
///
/// Source: Demers et al., 1987, section 1.4 (feedback, counter); PROTOCOL.md, "Dissemination".
[[nodiscard]] double sends_left(double limit, double copies);

/// Gossip by ticks, per second: how fast the number of those who know grows while few do, and how
/// many messages each of them sends.
struct TickGossip {
  double growth = 0;
  double rate = 0;
};

/// Of members that send `fanout` messages at each tick, the first one half to a whole interval
/// after they heard, as the next ones after each other, and `riding` messages a second besides,
/// of which a share q arrives. Where ticks have phases of their own, growth is the rate itself.
///
/// Source: Euler and Lotka's equation, that the messages of one member, discounted by
/// e^(-growth·t),
///         sum up to one: fanout·q·M / (1 - M) = 1, where M is the mean of the discount of one
///         tick.
[[nodiscard]] TickGossip tick_gossip(double fanout, Duration interval, double riding, double q);

/// How long that takes to the last member: (ln n + G1) / growth + (ln n + G2) / rate, where G1 and
/// G2 are Gumbel's.
///
/// Source: asynchronous push takes 2·ln n + O(1) (Karp et al., 2000; Doerr and Kostrygin, 2017,
///         with loss); 15.1 unit times at 1,000 members and 19.5 at 10,000, simulated.
[[nodiscard]] Duration tick_spread(std::size_t members, const TickGossip& gossip, double share);

/// How long after the first verdict the last member has one where every member also times the
/// suspicion itself: ln n / growth + ln n / 2 / rate. The rumour of the suspicion and that of the
/// verdict must both miss a member, and so only half of the last stretch is left.
[[nodiscard]] Duration timed_spread(std::size_t members, const TickGossip& gossip);

// --- Proof of death ------------------------------------------------------------------------------

/// When the end of a process is proven: in which round of looks, and how many times in it a helper
/// had to become an accuser first.
struct Proof {
  unsigned looks = 1;
  unsigned relays = 0;
};

/// Each watcher that hears of the stream's end, and is refused itself, asks two helpers. With both
/// reports it has its proof. A helper that is refused asks two others in its turn, whether its
/// report arrives or not: a branching process, in which f = (1 - q³ + q³·f)² - q⁸·f² is the chance
/// that one accuser and all that come of it have none. If all fail, they look again.
///
/// Source: PROTOCOL.md, "Proof of death".
[[nodiscard]] Proof proof_of_death(std::size_t watchers, double q, unsigned relays_max,
                                   double share);

// --- Mistakes ------------------------------------------------------------------------------------

/// A live member is found silent by one probe: (1 - q²)·(1 - q⁴)^k, k helpers.
///
/// Source: SWIM, section 3.1, for one probe (the paper multiplies by e/(e-1), which makes it one
///         detection time): 7.8e-4, 1.8e-2, 6.5e-2 with one helper at 1, 5, 10 % loss.
[[nodiscard]] double silent_probe(double q, std::size_t helpers);

/// A TCP probe of a live member gets no answer in time: SYN and its answer are not repeated within
/// a second; of the two frames one may be lost if there is time to repeat it.
[[nodiscard]] double silent_stream(double q, Duration time);

/// No message of m to one member arrives, at a residue that grows by its own consequences:
/// s = e^(-m·q·(1-s)).
///
/// Source: Demers et al., 1987, section 1.4: 6.0e-2 at 3 sends to 3.3e-4 at 8, of 1,000 members.
[[nodiscard]] double residue(double sends, double q);

}  // namespace rollcall::lab::formulas
