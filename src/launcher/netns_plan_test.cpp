// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "launcher/netns_plan.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::launcher {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(LauncherNetnsPlan, NamesThingsAfterThePlaceOfTheDirectory) {
  const std::string one = prefix_of("/var/lib/one");

  EXPECT_THAT(one, testing::MatchesRegex("rollcall-[0-9a-f]{8}"));
  EXPECT_EQ(prefix_of("/var/lib/../lib/./one"), one);
  EXPECT_NE(prefix_of("/var/lib/two"), one);
  EXPECT_EQ(namespace_path("p", "node1"), "/run/netns/p-node1");
  EXPECT_EQ(switch_name("p"), "p-switch");
}

TEST(LauncherNetnsPlan, GivesEveryHostAnAddressOfItsOwn) {
  EXPECT_EQ(host_address(0), "10.77.0.1");
  EXPECT_EQ(host_address(254), "10.77.0.255");
  EXPECT_EQ(host_address(255), "10.77.1.0");
  EXPECT_EQ(host_address(999), "10.77.3.232");
}

/// What is plugged in is taken for whole, so nothing before may plug a host in.
TEST(LauncherNetnsPlan, PlugsAHostInLast) {
  const std::vector<Command> commands = host_commands("p", "node7", 6);

  EXPECT_EQ(commands.front(), (Command{"ip", "netns", "add", "p-node7"}));
  for (const Command& command : commands) EXPECT_THAT(command, Not(testing::Contains("master")));
  EXPECT_EQ(plug_command("p", "node7"),
            (Command{"ip", "-n", "p-switch", "link", "set", "node7", "master", "br0", "up"}));
}

TEST(LauncherNetnsPlan, TellsHostsTheAddressesThatHostsHave) {
  const std::vector<Command> second = host_commands("p", "node2", 1);

  EXPECT_THAT(second[1], testing::Contains("02:00:0a:4d:00:02"));
  EXPECT_EQ(neighbour_lines(2),
            "neighbour replace 10.77.0.1 lladdr 02:00:0a:4d:00:01 nud permanent dev eth0\n"
            "neighbour replace 10.77.0.2 lladdr 02:00:0a:4d:00:02 nud permanent dev eth0\n");
  EXPECT_EQ(hardware_address(999), "02:00:0a:4d:03:e8");
}

TEST(LauncherNetnsPlan, MakesNothingInTheMachinesOwnNamespace) {
  std::vector<Command> commands = host_commands("p", "node1", 0);
  for (const Command& command : switch_commands("p")) commands.push_back(command);
  commands.push_back(plug_command("p", "node1"));
  commands.push_back(neighbour_command("p", "node1", "/dir/neighbours.batch"));
  commands.push_back(link_command("p", "node1", Link::down));
  for (const Command& command : commands) {
    EXPECT_EQ(command[0], "ip");
    EXPECT_TRUE(command[1] == "netns" || command[1] == "-n") << command[1];
    const std::string& name = command[1] == "-n" ? command[2] : command[3];
    EXPECT_THAT(name, StartsWith("p-"));
  }
}

TEST(LauncherNetnsPlan, ReadsWhatIsPluggedIn) {
  EXPECT_EQ(parse_ports(R"([{"ifname":"node1","flags":["BROADCAST","UP"]},
                            {"ifname":"node2","flags":["BROADCAST"]}])"),
            (std::vector<Port>{{.name = "node1", .link = Link::up},
                               {.name = "node2", .link = Link::down}}));
  for (const char* nothing : {"", "[]", "{}", "[1]", "[{}]", "Device not found"}) {
    EXPECT_TRUE(parse_ports(nothing).empty()) << nothing;
  }
}

TEST(LauncherNetnsPlan, DropsNothingWithoutAFault) {
  EXPECT_THAT(fault_rules({}), Not(HasSubstr("drop")));
  EXPECT_THAT(fault_rules({}), HasSubstr("delete table bridge rollcall"));
}

TEST(LauncherNetnsPlan, LeavesNothingToChanceWhereAllIsLost) {
  NetworkFaults faults;
  set_loss(faults, "node1", Direction::in, 1000);

  EXPECT_THAT(fault_rules(faults), HasSubstr("    oifname \"node1\" drop\n"));
}

TEST(LauncherNetnsPlan, TurnsEveryFaultIntoRules) {
  NetworkFaults faults{.groups = {{"node1", "node2"}}};
  add_cut(faults, {.from = "node3", .to = "node4"});
  set_loss(faults, "node5", Direction::in, 200);
  set_loss(faults, "node6", Direction::out, 50);

  EXPECT_EQ(fault_rules(faults),
            "table bridge rollcall\n"
            "delete table bridge rollcall\n"
            "table bridge rollcall {\n"
            "  chain forward {\n"
            "    type filter hook forward priority 0; policy accept;\n"
            "    ether type arp accept\n"
            "    iifname { \"node1\", \"node2\" } oifname != { \"node1\", \"node2\" } drop\n"
            "    iifname != { \"node1\", \"node2\" } oifname { \"node1\", \"node2\" } drop\n"
            "    iifname \"node3\" oifname \"node4\" drop\n"
            "    oifname \"node5\" numgen random mod 1000 < 200 drop\n"
            "    iifname \"node6\" numgen random mod 1000 < 50 drop\n"
            "  }\n"
            "}\n");
}

}  // namespace
}  // namespace rollcall::launcher
