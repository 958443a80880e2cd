// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "launcher/network_faults.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::launcher {
namespace {

using testing::HasSubstr;

const Names all{"node1", "node2", "node3", "node4", "node5"};

TEST(LauncherNetworkFaults, ReadsNamesOneByOneInListsAndInRows) {
  EXPECT_EQ(expand_names({"node2"}, all), (Names{"node2"}));
  EXPECT_EQ(expand_names({"node2,node4", "node1"}, all), (Names{"node2", "node4", "node1"}));
  EXPECT_EQ(expand_names({"node2..node4"}, all), (Names{"node2", "node3", "node4"}));
  EXPECT_EQ(expand_names({"node2..node3,node3", "node2"}, all), (Names{"node2", "node3"}));
}

TEST(LauncherNetworkFaults, SaysWhichPartOfAWordNamesNobody) {
  for (const std::string wrong :
       {"node9", "", "node1..", "..node2", "node4..node2", "node1..node9", "node1...node2"}) {
    const auto names = expand_names({"node1," + wrong}, all);
    ASSERT_FALSE(names.has_value()) << wrong;
    EXPECT_EQ(names.error(), wrong);
  }
}

TEST(LauncherNetworkFaults, ReadsGroupsAsWordsOrBetweenBars) {
  const std::vector<Names> groups{{"node1", "node2"}, {"node4", "node5"}};

  EXPECT_EQ(parse_groups({"node1,node2", "node4..node5"}, all), groups);
  EXPECT_EQ(parse_groups({"node1,node2|node4..node5"}, all), groups);
  EXPECT_EQ(parse_groups({"node3"}, all), (std::vector<Names>{{"node3"}}));
}

TEST(LauncherNetworkFaults, RefusesGroupsThatMakeNoPartition) {
  struct Case {
    Names words;
    std::string why;
  };
  const std::vector<Case> cases{{{"node1|"}, "empty group"},
                                {{"|"}, "empty group"},
                                {{"node1", "node9"}, "'node9' is no node"},
                                {{"node1,node2", "node2..node3"}, "node2 is in two groups"},
                                {{"node1..node5"}, "parts nobody"}};
  for (const Case& refused : cases) {
    const auto groups = parse_groups(refused.words, all);
    ASSERT_FALSE(groups.has_value()) << refused.why;
    EXPECT_THAT(groups.error(), HasSubstr(refused.why));
  }
}

TEST(LauncherNetworkFaults, KnowsWhoCanTalkToWhom) {
  NetworkFaults faults{.groups = {{"node1", "node2"}}};
  EXPECT_TRUE(can_talk(faults, "node1", "node2"));
  EXPECT_TRUE(can_talk(faults, "node3", "node4"));
  EXPECT_FALSE(can_talk(faults, "node1", "node3"));
  EXPECT_FALSE(can_talk(faults, "node3", "node1"));

  add_cut(faults, {.from = "node4", .to = "node5"});
  EXPECT_FALSE(can_talk(faults, "node4", "node5"));
  EXPECT_FALSE(can_talk(faults, "node5", "node4"));

  set_link(faults, "node3", Link::down);
  EXPECT_FALSE(can_talk(faults, "node3", "node4"));
  EXPECT_TRUE(can_talk(faults, "node3", "node3"));
  set_link(faults, "node3", Link::up);
  EXPECT_TRUE(can_talk(faults, "node3", "node4"));
}

TEST(LauncherNetworkFaults, TellsTheSameFaultTwiceOnlyOnce) {
  NetworkFaults faults;
  for (int i = 0; i < 2; ++i) {
    add_cut(faults, {.from = "node1", .to = "node2"});
    set_link(faults, "node3", Link::down);
    set_loss(faults, "node4", Direction::in, 200);
  }

  EXPECT_EQ(faults.cuts.size(), 1U);
  EXPECT_EQ(faults.links_down, (Names{"node3"}));
  EXPECT_EQ(faults.losses, (std::vector<Loss>{{.node = "node4", .in = 200}}));
}

TEST(LauncherNetworkFaults, LosesEachDirectionByItself) {
  NetworkFaults faults;
  set_loss(faults, "node1", Direction::both, 100);
  set_loss(faults, "node1", Direction::out, 300);
  EXPECT_EQ(faults.losses, (std::vector<Loss>{{.node = "node1", .in = 100, .out = 300}}));

  set_loss(faults, "node1", Direction::in, 0);
  EXPECT_EQ(faults.losses, (std::vector<Loss>{{.node = "node1", .out = 300}}));
  set_loss(faults, "node1", Direction::both, 0);
  EXPECT_FALSE(faults.any());
}

TEST(LauncherNetworkFaults, ReadsSharesAsPeopleWriteThem) {
  EXPECT_EQ(parse_share("20%"), 200U);
  EXPECT_EQ(parse_share("0.2"), 200U);
  EXPECT_EQ(parse_share("12.5%"), 125U);
  EXPECT_EQ(parse_share("0"), 0U);
  EXPECT_EQ(parse_share("1"), 1000U);
  for (const char* wrong : {"", "%", "20", "101%", "-1%", "nan", "inf", "0.2x", "20 %", "1e-1"}) {
    EXPECT_FALSE(parse_share(wrong).has_value()) << wrong;
  }
}

TEST(LauncherNetworkFaults, SaysWhatIsWrongInALineEach) {
  NetworkFaults faults{.groups = {{"node1", "node2"}, {"node3"}}};
  add_cut(faults, {.from = "node4", .to = "node5"});
  set_loss(faults, "node4", Direction::in, 125);
  set_link(faults, "node5", Link::down);

  EXPECT_EQ(describe(faults),
            (std::vector<std::string>{"partition: node1, node2 | node3 | everybody else",
                                      "cut: node4 -> node5", "loss: node4 loses 12.5 % in, 0 % out",
                                      "link down: node5"}));
  EXPECT_TRUE(describe({}).empty());
}

}  // namespace
}  // namespace rollcall::launcher
