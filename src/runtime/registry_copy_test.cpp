// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/registry_copy.hpp"

#include <future>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/voters_log_rig_test.hpp"

namespace rollcall::runtime {
namespace {

class RegistryCopyTest : public testing::Test {
 protected:
  void apply(std::uint64_t term, std::uint64_t index) {
    std::vector<RegistryCopy::Command> commands(1);
    commands[0] = {.term = term, .index = index, .bytes = join_command("g", "a")};
    copy_.apply(std::move(commands));
  }
  /// Why no snapshot can be taken; empty: one was.
  std::string trouble() {
    std::promise<std::string> told;
    copy_.take([&](std::expected<RegistryCopy::Taken, std::string> taken) {
      told.set_value(taken ? "" : taken.error());
    });
    return told.get_future().get();
  }

 private:
  RegistryCopy copy_{rig_cluster, [](raft::Position, std::uint64_t, std::uint64_t) {
                       return std::expected<ByteVector, Error>(ByteVector());
                     }};
};

TEST_F(RegistryCopyTest, TakesSnapshotsOfWhatWasApplied) {
  apply(1, 1);
  apply(1, 5);
  EXPECT_EQ(trouble(), "");
}

TEST_F(RegistryCopyTest, IsUselessAfterATermThatFalls) {
  apply(2, 5);
  apply(1, 6);
  EXPECT_NE(trouble().find("at index 6 that contradicts"), std::string::npos) << trouble();
}

TEST_F(RegistryCopyTest, IsUselessAfterAnIndexThatFalls) {
  apply(1, 5);
  apply(1, 5);
  EXPECT_NE(trouble().find("at index 5 that contradicts"), std::string::npos) << trouble();
}

}  // namespace
}  // namespace rollcall::runtime
