// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/responsibility.hpp"

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "registry/test_commands.hpp"

namespace rollcall::registry {
namespace {

constexpr int clients = 20'000;

class ResponsibilityTest : public testing::Test {
 protected:
  ResponsibilityTest() {
    for (int i = 0; i < 10; ++i) add("member-" + std::to_string(i));
  }
  void add(const std::string& id) {
    cluster_.add(server(id, 1), 1, draft_);
    responsibility_.set_members(cluster_);
  }
  void remove(const std::string& id) {
    cluster_.remove(*cluster_.find(id), Cause::failed, draft_);
    responsibility_.set_members(cluster_);
  }
  std::map<int, std::string> duties() const {
    std::map<int, std::string> duties;
    for (int i = 0; i < clients; ++i) {
      duties[i] = responsibility_.of("jobs", "client-" + std::to_string(i));
    }
    return duties;
  }

  Group cluster_{"cluster", 0};
  ViewDelta draft_;
  Responsibility responsibility_;
};

TEST_F(ResponsibilityTest, SharesClientsEvenly) {
  std::map<std::string, int> shares;
  for (const auto& [client, member] : duties()) ++shares[member];
  ASSERT_EQ(shares.size(), 10U);
  for (const auto& [member, share] : shares)
    EXPECT_NEAR(share, clients / 10, clients / 100) << member;
}

TEST_F(ResponsibilityTest, MovesOnlyTheClientsOfAMemberThatGoes) {
  const auto before = duties();
  remove("member-3");
  const auto after = duties();
  std::map<std::string, int> heirs;
  for (const auto& [client, member] : before) {
    if (member == "member-3") {
      ++heirs[after.at(client)];
    } else {
      EXPECT_EQ(after.at(client), member);
    }
  }
  EXPECT_EQ(heirs.size(), 9U);
  EXPECT_FALSE(heirs.contains("member-3"));
}

TEST_F(ResponsibilityTest, GivesANewMemberItsShareAndMovesNothingElse) {
  const auto before = duties();
  add("another");
  int moved = 0;
  for (const auto& [client, member] : duties()) {
    if (member == before.at(client)) continue;
    EXPECT_EQ(member, "another");
    ++moved;
  }
  EXPECT_NEAR(moved, clients / 11, clients / 100);
}

TEST_F(ResponsibilityTest, DependsOnNamesAlone) {
  const auto before = duties();
  remove("member-0");
  cluster_.add(server("member-0", 2), 2, draft_);
  responsibility_.set_members(cluster_);
  EXPECT_EQ(duties(), before);
}

TEST_F(ResponsibilityTest, IsNobodysWithoutMembers) {
  EXPECT_EQ(Responsibility().of("jobs", "a"), "");
  EXPECT_NE(responsibility_.of("jobs", "a"), "");
}

}  // namespace
}  // namespace rollcall::registry
