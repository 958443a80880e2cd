// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/checkers_records.hpp"

#include <algorithm>
#include <utility>

#include "sim/formed_world_test.hpp"
#include "wire/datagram.hpp"

namespace rollcall::sim {
namespace {

using core::Standing;
using core::State;

constexpr Life first{1, {1, 1}};
constexpr Life second{2, {2, 2}};

Standing standing(const Life& life, std::uint32_t incarnation, State state) {
  return {.life = life, .incarnation = incarnation, .state = state};
}

TEST(RecordOrderTest, AcceptsWhatMovesForward) {
  const Standing alive = standing(first, 3, State::alive);

  for (const Standing& next :
       {alive, standing(first, 3, State::suspect), standing(first, 4, State::alive),
        standing(first, 3, State::failed), standing(first, 0, State::left),
        standing(second, 0, State::alive)}) {
    EXPECT_EQ(RecordChecker::objection(alive, next), nullptr);
  }
  EXPECT_EQ(RecordChecker::objection(standing(first, 3, State::suspect),
                                     standing(first, 4, State::alive)),
            nullptr);
  EXPECT_EQ(
      RecordChecker::objection(standing(first, 3, State::failed), standing(first, 3, State::left)),
      nullptr);
}

TEST(RecordOrderTest, ObjectsToWhatMovesBack) {
  const std::pair<Standing, Standing> steps[] = {
      {standing(second, 0, State::alive), standing(first, 9, State::alive)},
      {standing(first, 3, State::failed), standing(first, 9, State::alive)},
      {standing(first, 3, State::left), standing(first, 9, State::suspect)},
      {standing(first, 3, State::left), standing(first, 3, State::failed)},
      {standing(first, 3, State::alive), standing(first, 2, State::alive)},
      {standing(first, 3, State::suspect), standing(first, 3, State::alive)},
  };
  for (const auto& [before, now] : steps) {
    EXPECT_NE(RecordChecker::objection(before, now), nullptr);
  }
}

class RecordCheckerTest : public FormedWorldTest {
 protected:
  /// n1 is told of n2 something that n2 never said.
  void forge(std::uint32_t incarnation) {
    wire::Update update;
    update.name = world_.name(n2);
    update.life = life(n2);
    update.incarnation = incarnation;
    update.address = world_.address(n2);
    const std::uint32_t cluster = wire::cluster_hash(world_.node(n1).config().cluster);
    wire::DatagramWriter writer({.cluster = cluster, .sender = life(n3).id, .health = 0});
    ASSERT_TRUE(writer.add(update));
    world_.inject(world_.address(n3), n1, writer.bytes());
    world_.run_for(Duration(0));
  }
  [[nodiscard]] std::string objections() const { return checker_.violations().text(); }

  RecordChecker checker_{world_};
};

TEST_F(RecordCheckerTest, ObjectsToAnIncarnationThatItsOwnerNeverReached) {
  static_cast<void>(checker_.look_at(n1));
  forge(7);

  static_cast<void>(checker_.look_at(n1));

  EXPECT_TRUE(objections().starts_with("records: ")) << objections();
  EXPECT_NE(objections().find("which it never reached itself"), std::string::npos);
}

TEST_F(RecordCheckerTest, SeesItAtTheEndTooWhateverMembersSayOfChanges) {
  static_cast<void>(checker_.look_at(n1));
  forge(7);
  static_cast<void>(world_.take_changed_members(n1));

  checker_.look_at_all_of(n1);

  EXPECT_NE(objections(), "");
}

TEST_F(RecordCheckerTest, AcceptsTheLifeOfAHealthyCluster) {
  const Life before = life(n2);
  const auto look_at_all = [this] {
    for (const HostId host : world_.hosts()) {
      if (world_.is_running(host)) static_cast<void>(checker_.look_at(host));
    }
  };
  run_for(2s, look_at_all);
  world_.crash(n2);
  run_for(10s, look_at_all);
  world_.restart(n2, Disk::kept, {world_.seed_of(n0)});
  run_for(10s, look_at_all);

  EXPECT_NE(life(n2), before);
  EXPECT_EQ(objections(), "");
}

TEST_F(RecordCheckerTest, TellsWhatHasChangedAndNothingElse) {
  ASSERT_TRUE(checker_.look_at(n1));
  EXPECT_FALSE(checker_.look_at(n1));
  world_.command(n2, core::SetTagsCommand{.tags = {{"rack", "7"}}});
  world_.run_for(2s);

  const auto changes = checker_.look_at(n1);

  ASSERT_TRUE(changes);
  EXPECT_FALSE(changes->is_first);
  const core::Slot slot = *world_.node(n1).members().find("n2");
  EXPECT_TRUE(std::ranges::find(changes->slots, slot) != changes->slots.end());
  EXPECT_TRUE(changes->gone.empty());
}

TEST_F(RecordCheckerTest, TakesEverythingOfALaterRunForNew) {
  static_cast<void>(checker_.look_at(n1));
  world_.crash(n1);
  world_.restart(n1, Disk::kept, {world_.seed_of(n0)});
  world_.run_for(1s);

  const auto changes = checker_.look_at(n1);

  ASSERT_TRUE(changes);
  EXPECT_TRUE(changes->is_first);
  EXPECT_EQ(changes->slots.size(), world_.node(n1).members().size());
}

}  // namespace
}  // namespace rollcall::sim
