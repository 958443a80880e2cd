// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/cut_detector.hpp"

#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/prng.hpp"
#include "registry/test_commands.hpp"

namespace rollcall::registry {
namespace {

/// A cluster of members m0, m1, …, all heard at every step of time, but for the silent.
class Cuts {
 public:
  explicit Cuts(std::size_t members, CutConfig config = {}) : detector(config) {
    for (std::size_t i = 0; i < members; ++i) join(name(i), 1);
    refresh();
  }

  static std::string name(std::size_t i) { return "m" + std::to_string(i); }

  void join(const std::string& id, std::uint64_t boot) {
    if (const Member* const old = cluster.find(id)) cluster.remove(*old, Cause::rejoined, draft);
    cluster.add(server(id, boot), 1, draft);
  }
  void refresh() { detector.set_members(cluster, now); }
  void silence(std::size_t i) { silent.insert(name(i)); }
  void report(std::size_t observer, std::size_t subject, std::uint64_t boot = 1) {
    detector.on_report(name(observer), name(subject), life(boot), now);
  }
  /// Observers first to last report the subject.
  void reports(std::size_t first, std::size_t last, std::size_t subject) {
    for (std::size_t i = first; i <= last; ++i) report(i, subject);
  }
  void wait(Duration time) {
    const Instant end = now + time;
    while (now < end) {
      now += 10ms;
      for (const auto& [standing, member] : cluster.members()) {
        if (!silent.contains(member.spec.id)) detector.on_heard(member.spec.id, now);
      }
      collect();
    }
  }
  void collect() {
    const auto cut = detector.take_cut(now);
    if (cut.empty()) return;
    std::string text;
    for (const ClusterRemoval& one : cut) {
      text += (text.empty() ? "" : " ") + one.id + (one.cause == Cause::left ? "(left)" : "");
      const Member* const member = cluster.find(one.id);
      if (member != nullptr && commits) cluster.remove(*member, one.cause, draft);
    }
    views.push_back(text);
    if (commits) refresh();
  }

  CutDetector detector;
  Group cluster{"cluster", 0};
  ViewDelta draft;
  Instant now{1h};
  std::set<std::string> silent;
  std::vector<std::string> views;
  bool commits = true;
};

using Views = std::vector<std::string>;

TEST(CutDetectorTest, ActsAtHighReports) {
  Cuts cuts(20);
  cuts.reports(0, 7, 19);
  cuts.wait(5s);
  EXPECT_EQ(cuts.views, Views{});
  cuts.report(8, 19);
  cuts.wait(200ms);
  EXPECT_EQ(cuts.views, Views{"m19"});
}

TEST(CutDetectorTest, WaitsWhileAnybodyIsBetweenLowAndHigh) {
  Cuts cuts(20);
  cuts.reports(0, 8, 19);
  cuts.reports(0, 2, 18);
  cuts.wait(300ms);
  EXPECT_EQ(cuts.views, Views{});
  cuts.reports(3, 8, 18);
  cuts.wait(200ms);
  EXPECT_EQ(cuts.views, Views{"m18 m19"});
}

TEST(CutDetectorTest, TakesThoseTogetherWhoAreSettledOneSoonAfterTheOther) {
  Cuts cuts(20);
  for (const std::size_t subject : {19u, 18u, 17u}) {
    cuts.reports(0, 8, subject);
    cuts.wait(80ms);
  }
  EXPECT_EQ(cuts.views, Views{});
  cuts.wait(120ms);
  EXPECT_EQ(cuts.views, Views{"m17 m18 m19"});
}

TEST(CutDetectorTest, DoesNotWaitForEverNewOnesBeyondItsPatience) {
  Cuts cuts(20);
  for (std::size_t subject = 19; subject > 12; --subject) {
    cuts.reports(0, 8, subject);
    cuts.wait(80ms);
  }
  EXPECT_EQ(cuts.views, Views{"m13 m14 m15 m16 m17 m18 m19"});
}

TEST(CutDetectorTest, WaitsForNobodyLongerThanItsPatience) {
  Cuts cuts(20);
  cuts.reports(0, 8, 19);
  cuts.reports(0, 2, 18);
  cuts.wait(480ms);
  EXPECT_EQ(cuts.views, Views{});
  cuts.wait(40ms);
  EXPECT_EQ(cuts.views, Views{"m19"});
  cuts.wait(5s);
  EXPECT_EQ(cuts.views.size(), 1U);
}

TEST(CutDetectorTest, GivesNoVoiceToWhomTheLeaderFindsFailed) {
  Cuts cuts(4);
  cuts.silence(2);
  cuts.silence(3);
  cuts.reports(0, 1, 2);
  cuts.reports(0, 1, 3);
  cuts.wait(200ms);
  EXPECT_EQ(cuts.views, Views{});
  cuts.detector.on_silent("m2");
  cuts.detector.on_silent("m3");
  cuts.detector.on_silent("stranger");
  EXPECT_EQ(cuts.detector.high(cuts.now), 2U);
  cuts.wait(120ms);
  EXPECT_EQ(cuts.views, Views{"m2 m3"});
}

TEST(CutDetectorTest, DoesNotWaitForFewerThanLow) {
  Cuts cuts(20);
  cuts.reports(0, 8, 19);
  cuts.reports(0, 1, 18);
  cuts.wait(110ms);
  EXPECT_EQ(cuts.views, Views{"m19"});
}

TEST(CutDetectorTest, MakesOneViewOfTenOfAHundredThatDieTogether) {
  // Their reports arrive over 400 ms, in an order of their own for each run of this test's seeds.
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Cuts cuts(100);
    Prng prng(seed);
    struct Report {
      std::size_t observer;
      std::size_t subject;
      std::size_t step;
    };
    std::vector<Report> reports;
    for (std::size_t subject = 90; subject < 100; ++subject) {
      cuts.silence(subject);
      const std::size_t seen = prng.below(20);
      for (std::size_t k = 0; k < 10; ++k) {
        reports.push_back({prng.below(9) * 10 + k, subject, seen + prng.below(20)});
      }
    }
    for (std::size_t step = 0; step < 100; ++step) {
      for (const Report& one : reports) {
        if (one.step == step) cuts.report(one.observer, one.subject);
      }
      cuts.wait(10ms);
    }
    EXPECT_EQ(cuts.views, Views{"m90 m91 m92 m93 m94 m95 m96 m97 m98 m99"}) << "seed " << seed;
  }
}

TEST(CutDetectorTest, RemovesNobodyForOneBadLink) {
  for (const std::size_t members : {4U, 5U, 10U, 100U}) {
    Cuts cuts(members);
    for (int i = 0; i < 30; ++i) {
      cuts.report(1, 2);
      cuts.report(2, 1);
      cuts.wait(1s);
    }
    EXPECT_EQ(cuts.views, Views{}) << members << " members";
  }
}

TEST(CutDetectorTest, RemovesNobodyForTwoHalvesThatTheLeaderBridges) {
  Cuts cuts(5);
  for (int i = 0; i < 30; ++i) {
    for (const std::size_t left : {1U, 2U}) {
      for (const std::size_t right : {3U, 4U}) {
        cuts.report(left, right);
        cuts.report(right, left);
      }
    }
    cuts.wait(1s);
  }
  EXPECT_EQ(cuts.views, Views{});
}

TEST(CutDetectorTest, NeedsAMajorityOfThoseWithAVoiceInASmallCluster) {
  Cuts cuts(5);
  cuts.silence(4);
  cuts.reports(0, 1, 4);
  cuts.wait(1s);
  EXPECT_EQ(cuts.views, Views{});
  cuts.report(2, 4);
  cuts.wait(200ms);
  EXPECT_EQ(cuts.views, Views{"m4"});
}

TEST(CutDetectorTest, GoesDownToTheLastMember) {
  Cuts cuts(5);
  for (std::size_t gone = 4; gone >= 1; --gone) {
    cuts.silence(gone);
    cuts.reports(0, gone - 1, gone);
    cuts.wait(200ms);
  }
  EXPECT_EQ(cuts.views, (Views{"m4", "m3", "m2", "m1"}));
}

TEST(CutDetectorTest, LetsTwoRemoveTwoOnceTheseHaveBeenSilent) {
  Cuts cuts(4);
  cuts.silence(2);
  cuts.silence(3);
  for (int i = 0; i < 3; ++i) {
    cuts.reports(0, 1, 2);
    cuts.reports(0, 1, 3);
    cuts.wait(900ms);
  }
  EXPECT_EQ(cuts.views, Views{"m2 m3"});
}

TEST(CutDetectorTest, ForgetsReportsThatAreNotRepeated) {
  Cuts cuts(20);
  cuts.reports(0, 7, 19);
  cuts.wait(10s);
  EXPECT_EQ(cuts.detector.reports("m19", cuts.now), 0U);
  cuts.report(8, 19);
  cuts.wait(1s);
  EXPECT_EQ(cuts.views, Views{});
}

TEST(CutDetectorTest, TakesBackWhatIsWithdrawn) {
  Cuts cuts(20);
  cuts.reports(0, 7, 19);
  cuts.detector.on_withdrawn("m0", "m19");
  cuts.report(8, 19);
  cuts.wait(2s);
  EXPECT_EQ(cuts.views, Views{});
  cuts.report(0, 19);
  cuts.wait(200ms);
  EXPECT_EQ(cuts.views, Views{"m19"});
}

TEST(CutDetectorTest, IgnoresStrangersSelvesRepetitionsAndOtherLives) {
  Cuts cuts(3);
  for (int i = 0; i < 20; ++i) cuts.report(0, 2);
  cuts.detector.on_report("stranger", "m2", life(1), cuts.now);
  cuts.detector.on_report("m1", "stranger", life(1), cuts.now);
  cuts.report(2, 2);
  cuts.report(1, 2, 7);
  EXPECT_EQ(cuts.detector.reports("m2", cuts.now), 1U);
  cuts.wait(5s);
  EXPECT_EQ(cuts.views, Views{});
}

TEST(CutDetectorTest, ForgetsWhatWasSaidOfAnEarlierLife) {
  Cuts cuts(20);
  cuts.reports(0, 7, 19);
  cuts.join("m19", 2);
  cuts.refresh();
  cuts.report(8, 19, 2);
  cuts.wait(2s);
  EXPECT_EQ(cuts.views, Views{});
}

TEST(CutDetectorTest, BelievesAMemberThatItLeaves) {
  Cuts cuts(20);
  cuts.detector.on_left("m3", life(1), cuts.now);
  cuts.reports(0, 8, 19);
  cuts.wait(200ms);
  EXPECT_EQ(cuts.views, Views{"m19 m3(left)"});
}

TEST(CutDetectorTest, GivesACutOnceAndAgainWhenItWasRefused) {
  Cuts cuts(20);
  cuts.commits = false;
  cuts.reports(0, 8, 19);
  cuts.wait(3s);
  EXPECT_EQ(cuts.views, Views{"m19"});
  cuts.detector.on_cut_refused();
  cuts.wait(20ms);
  EXPECT_EQ(cuts.views, (Views{"m19", "m19"}));
}

RC_GTEST_PROP(CutDetectorTest, NeverMissesAMomentThatItDidNotName, ()) {
  // Asked only at reports and at its own deadlines, it does what it does when it is asked always.
  Cuts always(8);
  Cuts seldom(8);
  const int rounds = *rc::gen::inRange(1, 12);
  for (int i = 0; i < rounds; ++i) {
    const auto observer = *rc::gen::inRange<std::size_t>(0, 8);
    const auto subject = *rc::gen::inRange<std::size_t>(5, 8);
    const Instant next = always.now + *rc::gen::element<Duration>(0s, 50ms, 400ms, 3s);
    always.report(observer, subject);
    always.collect();
    while (always.now < next) {
      always.now += 10ms;
      always.collect();
    }
    seldom.report(observer, subject);
    seldom.collect();
    while (seldom.detector.next_deadline() <= next) {
      RC_ASSERT(seldom.detector.next_deadline() > seldom.now);
      seldom.now = seldom.detector.next_deadline();
      seldom.collect();
    }
    seldom.now = next;
    RC_ASSERT(always.views == seldom.views);
  }
}

RC_GTEST_PROP(CutDetectorTest, RemovesNobodyWithFewerThanHighReports, ()) {
  const auto members = *rc::gen::inRange<std::size_t>(18, 30);
  Cuts cuts(members);
  for (std::size_t subject = 0; subject < members; ++subject) {
    const auto count = *rc::gen::inRange<std::size_t>(0, 9);
    for (std::size_t i = 1; i <= count; ++i) cuts.report((subject + i) % members, subject);
  }
  cuts.wait(3s);
  RC_ASSERT(cuts.views.empty());
}

}  // namespace
}  // namespace rollcall::registry
