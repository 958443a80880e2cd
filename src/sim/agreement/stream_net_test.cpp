// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/agreement/stream_net.hpp"

#include <string>

#include <gtest/gtest.h>

namespace rollcall::sim::agreement {
namespace {

using namespace std::chrono_literals;

/// Frames are single digits; what arrives is written down in order, and B where one broke.
class StreamNetTest : public testing::Test {
 protected:
  void send_all() {
    for (char digit = '0'; digit < '8'; ++digit) {
      net_.send(0, 1, {static_cast<std::byte>(digit)});
    }
  }
  void run(Duration time) {
    const Instant end = timeline_.now() + time;
    while (timeline_.step(end)) {
    }
  }

  bool is_listening_ = true;
  std::string seen_;
  Timeline timeline_;
  StreamNet net_{timeline_, 1,
                 [this](std::size_t, std::size_t, const ByteVector& frame) {
                   if (is_listening_) seen_ += static_cast<char>(frame[0]);
                   return is_listening_;
                 },
                 [this](std::size_t, std::size_t) { seen_ += 'B'; }};
};

TEST_F(StreamNetTest, KeepsTheOrderOfAStream) {
  send_all();
  run(1s);
  EXPECT_EQ(seen_, "01234567");
}

TEST_F(StreamNetTest, HoldsFramesBeforeACutThatEndsSoon) {
  net_.cut(0, 1);
  send_all();
  run(500ms);
  EXPECT_EQ(seen_, "");
  net_.mend(0, 1);
  run(1s);
  EXPECT_EQ(seen_, "01234567");
}

TEST_F(StreamNetTest, BreaksAStreamThatIsCutForLongAndLosesWhatItHeld) {
  net_.cut(0, 1);
  send_all();
  run(2s);
  net_.mend(0, 1);
  run(1s);
  EXPECT_EQ(seen_, "B");
  send_all();
  run(1s);
  EXPECT_EQ(seen_, "B01234567");
}

TEST_F(StreamNetTest, TellsTheSenderThatNobodyListens) {
  is_listening_ = false;
  send_all();
  run(1s);
  EXPECT_EQ(seen_, "B");
}

TEST_F(StreamNetTest, LosesWhatIsUnderWayToAProcessThatEnds) {
  send_all();
  net_.on_end(1);
  run(1s);
  EXPECT_EQ(seen_, "B");
}

}  // namespace
}  // namespace rollcall::sim::agreement
