// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/agreement.hpp"
#include "consensus/agreement_world_test.hpp"

namespace rollcall::consensus {
namespace {

using Views = std::vector<std::string>;

/// What m00 saw of the group `cluster`, without the first view.
Views later_views(const AgreementWorld& world) {
  const Views& all = world.hosts.at("m00").views;
  return {all.begin() + (all.empty() ? 0 : 1), all.end()};
}

void form(AgreementWorld& world) {
  world.lead("m00");
  world.run(1s);
}

TEST(AgreementClusterTest, MakesOneFirstViewOfAllWhoAreThere) {
  AgreementWorld world({.members = 10});
  EXPECT_EQ(world.registry("m03").cluster().number(), 0U);
  world.lead("m03");
  world.run(1s);
  EXPECT_EQ(world.hosts.at("m07").views,
            Views{"1 joined +m00 +m01 +m02 +m03 +m04 +m05 +m06 +m07 +m08 +m09"});
  EXPECT_EQ(world.hosts.at("m07").news, 2U);  // who leads, and that there is a view
  EXPECT_EQ(world.proposals, 1U);
  world.check();
}

TEST(AgreementClusterTest, GathersThoseWhoJoinTogether) {
  AgreementWorld world({.members = 6});
  for (const char* const late : {"m03", "m04", "m05"}) world.peers[late].state = Peer::State::left;
  world.tell_peers();
  form(world);
  for (const char* const late : {"m03", "m04", "m05"}) {
    world.peers[late].state = Peer::State::alive;
    world.peers[late].zone = "eu-1";
    world.tell_peers();
    world.run(5ms);
  }
  world.run(1s);
  EXPECT_EQ(later_views(world), Views{"2 joined +m03 +m04 +m05"});
  EXPECT_EQ(world.registry("m01").cluster().find("m04")->spec.meta,
            (registry::Meta{{"zone", "eu-1"}}));
  EXPECT_EQ(world.registry("m01").cluster().find("m04")->spec.address, "10.0.0.1:7420");
}

TEST(AgreementClusterTest, LetsWhoLeavesGoAtOnce) {
  AgreementWorld world({.members = 5});
  form(world);
  world.peers["m04"].state = Peer::State::left;
  world.tell_peers();
  world.run(20ms);
  EXPECT_EQ(later_views(world), Views{"2 left -m04"});
  EXPECT_EQ(world.hosts.at("m04").new_lives, 0U);
}

TEST(AgreementClusterTest, TakesALaterLifeInPlaceOfAnEarlier) {
  AgreementWorld world({.members = 5});
  form(world);
  world.peers["m02"].life = life(2);
  world.tell_peers();
  world.run(1s);
  EXPECT_EQ(later_views(world), Views{"2 rejoined -m02 +m02"});
  EXPECT_EQ(world.registry("m01").cluster().members().rbegin()->second.spec.id, "m02");
  // Who still speaks of the earlier life is behind.
  world.peers["m02"].life = life(1);
  world.tell_peers();
  world.run(1s);
  EXPECT_EQ(later_views(world).size(), 1U);
}

TEST(AgreementClusterTest, MakesOneViewOfTenOfAHundredThatDieTogether) {
  AgreementWorld world({.members = 100});
  form(world);
  // Each of the survivors learns of the ten at moments of its own.
  Prng prng(3);
  std::string expected = "2 failed";
  for (std::size_t i = 40; i < 50; ++i) {
    expected += " -" + AgreementWorld::name(i);
    world.kill(AgreementWorld::name(i));
    Peers all;
    for (const auto& [name, peer] : world.peers) all.push_back(peer);
    std::vector<std::string> names;
    for (const auto& [name, host] : world.hosts) names.push_back(name);
    prng.shuffle(std::span(names));
    for (const std::string& name : names) {
      world.tell(name, all);
      if (prng.chance(0.1)) world.run(1ms);
    }
  }
  world.run(1s);
  EXPECT_EQ(later_views(world), Views{expected});
  EXPECT_EQ(world.hosts.at("m99").views.back(), expected);
  world.check();
}

TEST(AgreementClusterTest, MakesOneViewOfTwoThatDieTogether) {
  for (const std::size_t members : {4U, 5U, 20U}) {
    AgreementWorld world({.members = members});
    form(world);
    world.kill("m02");
    world.tell_peers();
    world.run(30ms);
    world.kill("m03");
    world.tell_peers();
    world.run(3s);
    EXPECT_EQ(later_views(world), Views{"2 failed -m02 -m03"}) << members;
  }
}

TEST(AgreementClusterTest, RemovesNobodyForALinkThatWorksOneWayOnly) {
  for (const std::size_t members : {4U, 5U, 10U, 100U}) {
    AgreementWorld world({.members = members});
    form(world);
    Peers seen;
    for (const auto& [name, peer] : world.peers) seen.push_back(peer);
    seen[3].state = Peer::State::failed;
    world.tell("m02", seen);
    world.run(60s);
    EXPECT_EQ(later_views(world), Views{}) << members;
  }
}

TEST(AgreementClusterTest, ForgetsReportsThatAreTakenBack) {
  AgreementWorld world({.members = 5});
  form(world);
  Peers all;
  for (const auto& [name, peer] : world.peers) all.push_back(peer);
  Peers seen = all;
  seen[4].state = Peer::State::failed;
  world.tell("m01", seen);
  world.tell("m02", seen);
  world.run(200ms);
  world.tell("m01", all);
  world.tell("m02", all);
  world.run(100ms);
  world.tell("m03", seen);
  world.run(20s);
  EXPECT_EQ(later_views(world), Views{});
}

TEST(AgreementClusterTest, RepeatsReportsToANewLeader) {
  AgreementWorld world({.members = 5});
  form(world);
  world.lead_nobody();
  world.run(10ms);
  world.kill("m04");
  world.tell_peers();
  world.run(5s);
  world.lead("m01");
  world.run(1s);
  EXPECT_EQ(later_views(world), Views{"2 failed -m04"});
}

TEST(AgreementClusterTest, KeepsReportsThatComeBeforeItKnowsThatItLeads) {
  AgreementWorld world({.members = 5});
  form(world);
  world.kill("m04");
  world.lead_nobody();
  world.tell_peers();
  world.run(100ms);
  world.hosts.at("m01").is_cut_off = true;
  world.lead("m01");
  world.run(50ms);  // the reports are there, and m01 has not heard of its term
  world.reconnect("m01");
  world.run(200ms);
  EXPECT_EQ(later_views(world), Views{"2 failed -m04"});
}

TEST(AgreementClusterTest, MakesAChangeAnewThatWasLostOrRefused) {
  AgreementWorld world({.members = 5});
  form(world);
  world.lose_next = 1;
  world.kill("m04");
  world.tell_peers();
  world.run(600ms);
  EXPECT_EQ(later_views(world), Views{});
  // Meanwhile there is somebody else to remove: one view.
  world.peers["m03"].state = Peer::State::left;
  world.tell_peers();
  world.refuse_next = {LogRefusal::overloaded};
  world.run(2s);
  EXPECT_EQ(later_views(world), Views{"2 failed -m03 -m04"});
}

TEST(AgreementClusterTest, RemovesAMemberForAnOperatorAndTellsItOnce) {
  AgreementWorld world({.members = 5});
  form(world);
  const auto removal = world.remove("m01", "cluster", "m03");
  world.run(200ms);
  EXPECT_EQ(world.answer(removal), "done");
  world.tell_peers();
  world.run(2s);
  EXPECT_EQ(later_views(world), Views{"2 removed -m03"});
  EXPECT_EQ(world.hosts.at("m03").new_lives, 1U);
  EXPECT_EQ(world.hosts.at("m02").new_lives, 0U);
  // It comes back as another, at the end of the order.
  world.peers["m03"].life = life(2);
  world.tell_peers();
  world.run(2s);
  EXPECT_EQ(later_views(world).back(), "3 joined +m03");
  EXPECT_EQ(world.hosts.at("m03").new_lives, 1U);
}

TEST(AgreementClusterTest, RemovesWhomNobodyKnows) {
  AgreementWorld world({.members = 5});
  form(world);
  world.dead.insert("m04");
  world.peers.erase("m04");
  world.tell_peers();
  world.run(29s);
  EXPECT_EQ(later_views(world), Views{});
  world.run(2s);
  EXPECT_EQ(later_views(world), Views{"2 failed -m04"});
}

TEST(AgreementClusterTest, FollowsAnAddressAndAZone) {
  AgreementWorld world({.members = 3});
  form(world);
  world.peers["m02"].address = "10.0.0.2:7420";
  world.peers["m02"].zone = "b";
  world.tell_peers();
  world.run(1s);
  EXPECT_EQ(later_views(world), Views{"2 updated ~m02"});
}

TEST(AgreementClusterTest, LeavesOutWhatNoRuleAllowsAndSaysSo) {
  AgreementWorld world({.members = 3});
  world.peers["m01"].zone = "\xff";
  world.peers["m02"].address = "a\nb";
  world.tell_peers();
  form(world);
  EXPECT_EQ(world.hosts.at("m00").views, Views{"1 joined +m00 +m01"});
  EXPECT_EQ(world.hosts.at("m00").agreement->trouble(),
            "Member 'm02' is left out of the agreed view: its address must be at most 256 bytes "
            "of UTF-8 without control characters.");
  EXPECT_TRUE(world.registry("m00").cluster().find("m01")->spec.meta.empty());
}

TEST(AgreementClusterTest, BringsTwoThousandIn) {
  AgreementWorld world({.members = 1});
  for (int i = 0; i < 2000; ++i) {
    const std::string name = std::string(100, 'n') + std::to_string(i);
    world.peers[name] = peer_of(name);
    world.peers[name].zone = std::string(500, 'z');
  }
  world.tell_peers();
  form(world);
  EXPECT_EQ(world.registry("m00").cluster().size(), 2001U);
  EXPECT_LE(world.hosts.at("m00").views.size(), 4U);
  EXPECT_EQ(world.hosts.at("m00").agreement->trouble(), "");
}

}  // namespace
}  // namespace rollcall::consensus
