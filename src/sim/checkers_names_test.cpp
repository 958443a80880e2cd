// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/checkers_names.hpp"

#include "sim/formed_world_test.hpp"

namespace rollcall::sim {
namespace {

using core::EventKind;

class NameCheckerTest : public FormedWorldTest {
 protected:
  NameCheckerTest() { look_for(2s); }

  void look_for(Duration time) {
    run_for(time, [this] { checker_.look(); });
  }
  /// Another process with n2's name starts, and n1 says that it has joined.
  void let_a_namesake_in() {
    const HostId namesake = add("n2");
    world_.start(namesake);
    say(checker_, n1, EventKind::member_join, namesake, life(namesake));
  }
  [[nodiscard]] std::string objections() const { return checker_.violations().text(); }

  NameChecker checker_{world_, troubles_};
};

TEST_F(NameCheckerTest, ObjectsToANamesakeOfWhoRuns) {
  let_a_namesake_in();

  EXPECT_TRUE(objections().starts_with("names: ")) << objections();
}

TEST_F(NameCheckerTest, AcceptsANewNameAndALaterLife) {
  const HostId other = add("other");
  world_.start(other);
  say(checker_, n1, EventKind::member_join, other, life(other));
  world_.crash(n2);
  world_.restart(n2, Disk::kept);
  say(checker_, n1, EventKind::member_join, n2, life(n2));

  EXPECT_EQ(objections(), "");
}

TEST_F(NameCheckerTest, AcceptsWhoTakesTheNameOfTheDead) {
  world_.crash(n2);

  let_a_namesake_in();

  EXPECT_EQ(objections(), "");
}

TEST_F(NameCheckerTest, ExcusesANamesakeOfWhoCannotAnswer) {
  world_.freeze(n2);

  let_a_namesake_in();

  EXPECT_EQ(objections(), "");
}

}  // namespace
}  // namespace rollcall::sim
