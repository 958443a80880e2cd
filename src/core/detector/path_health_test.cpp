// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/detector/path_health.hpp"

#include <gtest/gtest.h>

namespace rollcall::core {
namespace {

using namespace std::chrono_literals;

constexpr std::uint8_t half = 128;

/// A sample a second, answered at once or not at all.
class PathHealthTest : public testing::Test {
 protected:
  void answer(std::size_t samples) {
    for (std::size_t i = 0; i < samples; ++i) {
      expect();
      path_.on_answer(sequence_, now_);
      pass();
    }
  }
  void lose(std::size_t samples) {
    for (std::size_t i = 0; i < samples; ++i) {
      expect();
      pass();
    }
  }
  /// While others report a share lost, and this node loses nearly everything.
  void lose_while_others_report(std::uint8_t lost, std::size_t samples) {
    for (std::size_t i = 0; i < samples; ++i) {
      expect();
      report(lost, now_);
      pass();
    }
  }
  void report(std::uint8_t lost, Instant when) {
    path_.on_report(LifeId{++reporter_ % PathHealth::reporters_needed + 1, 1}, lost, when);
  }
  void expect() {
    ASSERT_TRUE(path_.wants_sample(now_));
    path_.expect(++sequence_, now_, now_ + PathHealth::answer_time);
  }
  void pass() {
    now_ += PathHealth::sample_spacing;
    path_.on_deadline(now_);
  }

  PathHealth path_;
  Instant now_{1h};
  std::uint32_t sequence_ = 0;
  std::uint64_t reporter_ = 0;
};

TEST_F(PathHealthTest, TakesASampleASecond) {
  path_.expect(1, now_, now_ + 1s);

  EXPECT_FALSE(path_.wants_sample(now_ + 999ms));
  EXPECT_TRUE(path_.wants_sample(now_ + 1s));
}

TEST_F(PathHealthTest, TellsTheShareLostOnceThereAreAFewSamples) {
  lose(4);
  EXPECT_EQ(path_.lost(), PathHealth::unknown_share);
  answer(4);
  EXPECT_EQ(path_.lost(), 127);
}

TEST_F(PathHealthTest, IsUnfitWhenItLosesWhatOthersDoNot) {
  answer(PathHealth::window);
  lose_while_others_report(0, 18);
  EXPECT_FALSE(path_.is_unfit());

  lose_while_others_report(0, 1);
  EXPECT_TRUE(path_.is_unfit());
}

TEST_F(PathHealthTest, IsFitWhereEverybodyLosesAsMuch) {
  lose_while_others_report(half, 2 * PathHealth::window);

  EXPECT_FALSE(path_.is_unfit());
}

TEST_F(PathHealthTest, IsFitWithHalfOfItsPingsAnswered) {
  for (int i = 0; i < 1000; ++i) {
    lose_while_others_report(0, 1);
    ASSERT_FALSE(path_.is_unfit());
    answer(1);
  }
}

TEST_F(PathHealthTest, IsUnfitWithOneInFiveAnswered) {
  for (int i = 0; i < 20 && !path_.is_unfit(); ++i) {
    answer(1);
    lose_while_others_report(0, 4);
  }
  EXPECT_TRUE(path_.is_unfit());
}

TEST_F(PathHealthTest, IsNotUnfitByTheWordOfNewcomers) {
  lose_while_others_report(PathHealth::unknown_share, 2 * PathHealth::window);

  EXPECT_FALSE(path_.is_unfit());
}

TEST_F(PathHealthTest, IsNotUnfitByTheWordOfOne) {
  for (std::size_t i = 0; i < 2 * PathHealth::window; ++i) {
    expect();
    path_.on_report(LifeId{1, 1}, 0, now_);
    pass();
  }

  EXPECT_FALSE(path_.is_unfit());
}

TEST_F(PathHealthTest, IsNotUnfitWhileItHearsNobody) {
  answer(PathHealth::window);
  for (int i = 0; i < 8; ++i) report(0, now_);
  lose(2 * PathHealth::window);

  EXPECT_FALSE(path_.is_unfit());
}

TEST_F(PathHealthTest, DoesNotMeasureACutByWhatIsSaidAfterIt) {
  lose(PathHealth::window);
  for (int i = 0; i < 8; ++i) report(0, now_);
  expect();
  now_ += 100ms;
  path_.on_answer(sequence_, now_);

  EXPECT_FALSE(path_.is_unfit());
}

TEST_F(PathHealthTest, AnAnswerTakesTheFindingBack) {
  lose_while_others_report(0, PathHealth::window);
  ASSERT_TRUE(path_.is_unfit());

  answer(1);

  EXPECT_FALSE(path_.is_unfit());
}

TEST_F(PathHealthTest, IsPoorWhenNearlyAllOfTheLatestWereLost) {
  answer(PathHealth::window);
  lose(13);
  EXPECT_FALSE(path_.is_poor());
  lose(1);
  EXPECT_TRUE(path_.is_poor());
}

TEST_F(PathHealthTest, IsSoundAfterAWindowThatIsNoWorseThanOthers) {
  lose(2);
  answer(PathHealth::window - 3);
  EXPECT_FALSE(path_.is_sound()) << "the window is not full";
  answer(1);
  EXPECT_TRUE(path_.is_sound());

  lose(3);
  EXPECT_FALSE(path_.is_sound());
  for (int i = 0; i < 8; ++i) report(half, now_ - 1s);
  EXPECT_TRUE(path_.is_sound()) << "others lose half";
}

TEST_F(PathHealthTest, JudgesNobodyWhileHardlyAnythingIsAnswered) {
  lose(7);
  EXPECT_TRUE(path_.may_judge(now_)) << "too few samples to tell";
  lose(1);
  EXPECT_FALSE(path_.may_judge(now_));
  answer(2);
  EXPECT_FALSE(path_.may_judge(now_)) << "others may lose nothing";
  for (int i = 0; i < 8; ++i) report(half, now_);
  EXPECT_TRUE(path_.may_judge(now_)) << "others lose half";
}

TEST_F(PathHealthTest, JudgesWithHalfOfItsPingsAnswered) {
  lose(8);
  answer(3);
  EXPECT_FALSE(path_.may_judge(now_));
  answer(1);
  EXPECT_TRUE(path_.may_judge(now_));
}

TEST_F(PathHealthTest, DoesNotCountWhatItSleptThrough) {
  lose(PathHealth::window - 1);
  expect();
  path_.on_pause();
  pass();

  EXPECT_EQ(path_.size(), PathHealth::window - 1);
}

}  // namespace
}  // namespace rollcall::core
