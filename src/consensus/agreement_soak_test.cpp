// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0

/// Random worlds that lose, double, refuse and reorder, with leaders that come and go.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/prng.hpp"
#include "consensus/agreement.hpp"
#include "consensus/agreement_world_test.hpp"

namespace rollcall::consensus {
namespace {

class SoakTest : public testing::TestWithParam<std::uint64_t> {
 protected:
  SoakTest()
      : world({.members = 5,
               .seed = GetParam(),
               .delay_min = 100us,
               .delay_max = 60ms,
               .lost = 0.1,
               .doubled = 0.2,
               .refused = 0.1,
               .configure =
                   [](AgreementConfig& config) {
                     config.requests_open_max = 8;
                     config.requests_waiting_max = 20;
                     config.propose_again = 200ms;
                   }}),
        prng(GetParam() * 77) {
    world.lead("m00");
    world.run(1s);
  }

  std::string any_member() { return AgreementWorld::name(prng.below(5)); }
  void disturb() {
    if (prng.chance(0.02)) world.lead(any_member());
    if (prng.chance(0.005)) world.lead_nobody();
    const std::string name = any_member();
    bool& is_cut_off = world.hosts.at(name).is_cut_off;
    if (!is_cut_off && prng.chance(0.01)) {
      is_cut_off = true;
    } else if (is_cut_off && prng.chance(0.1)) {
      if (prng.chance(0.3)) world.restore(name, any_member());
      world.reconnect(name);
    }
  }
  void settle() {
    for (auto& [name, host] : world.hosts) world.reconnect(name);
    world.lead("m01");
    world.run(20s);
    world.check();
  }

  AgreementWorld world;
  Prng prng;
};

/// How often each client came and went, by the log alone.
struct Counts {
  std::map<std::string, int> joined;
  std::map<std::string, int> left;
};
Counts replay(const AgreementWorld& world, registry::Registry& registry) {
  Counts counts;
  for (const Committed& one : world.log) {
    const auto applied =
        registry.apply({.term = one.term, .index = one.index, .command = one.command});
    for (const registry::ViewDelta& delta : applied->changes) {
      for (const auto& member : delta.joined) ++counts.joined[member.spec.id];
      for (const auto& member : delta.left) ++counts.left[member.id];
    }
  }
  return counts;
}

TEST_P(SoakTest, DoesOnceWhatItAnswersAndNeverTwice) {
  struct Life {
    std::string id;
    RequestToken join{};
    RequestToken leave{};
    bool has_left = false;
  };
  std::vector<Life> lives;
  for (int step = 0; step < 3000; ++step) {
    disturb();
    if (prng.chance(0.4)) {
      const std::string id = "c" + std::to_string(lives.size());
      const Duration within = prng.between(100ms, 4s);
      lives.push_back({.id = id, .join = world.join(any_member(), "jobs", client(id), within)});
    }
    if (!lives.empty()) {
      Life& one = lives[prng.below(lives.size())];
      if (!one.has_left && world.answer(one.join) == "done") {
        one.has_left = true;
        one.leave = world.leave(any_member(), "jobs", one.id, prng.between(100ms, 4s));
      }
    }
    world.run(10ms);
  }
  settle();

  registry::Registry registry(world_cluster);
  Counts counts = replay(world, registry);
  std::map<std::string, int> outcomes;
  for (const Life& one : lives) {
    const std::string join = world.answer(one.join);
    ++outcomes[join];
    EXPECT_LE(counts.joined[one.id], 1) << one.id;
    EXPECT_LE(counts.left[one.id], 1) << one.id;
    if (join == "done") {
      EXPECT_EQ(counts.joined[one.id], 1) << one.id;
    } else if (join != "timeout") {
      EXPECT_TRUE(join == "no-leader" || join == "overloaded") << one.id << " " << join;
      EXPECT_EQ(counts.joined[one.id], 0) << one.id << " " << join;
    }
    if (!one.has_left) continue;
    const std::string leave = world.answer(one.leave);
    if (leave == "done") {
      EXPECT_EQ(counts.left[one.id], 1) << one.id;
    } else {
      EXPECT_TRUE(leave == "timeout" || leave == "no-leader" || leave == "overloaded") << leave;
    }
  }
  EXPECT_GT(outcomes["done"], 300);
  EXPECT_GT(outcomes["timeout"], 3);
  for (const auto& [name, host] : world.hosts) {
    EXPECT_EQ(host.agreement->registry().snapshot(), registry.snapshot()) << name;
  }
}

TEST_P(SoakTest, EvictsNobodyWhoseHeartbeatWasAnswered) {
  constexpr std::size_t clients = 8;
  constexpr Duration ttl = 1s;
  std::map<std::string, Instant> held_until;
  struct Beat {
    std::string id;
    Instant asked;
  };
  std::map<RequestToken, Beat> beats;
  std::size_t renewed = 0;
  std::size_t evicted = 0;
  world.on_heartbeat = [&](const HeartbeatAnswered& answered) {
    if (!answered.result || *answered.result != registry::Heartbeat::renewed) return;
    ++renewed;
    const Beat& beat = beats.at(answered.token);
    held_until[beat.id] = std::max(held_until[beat.id], beat.asked + ttl);
  };
  world.on_append = [&](Bytes bytes) {
    const auto command = registry::decode_command(bytes);
    const auto* const evict = std::get_if<registry::Evict>(&command->action);
    if (evict == nullptr) return;
    for (const registry::LeaseName& lease : evict->leases) {
      ++evicted;
      EXPECT_GE(world.now, held_until[lease.id]) << lease.id;
    }
  };
  for (int step = 0; step < 3000; ++step) {
    disturb();
    const std::string id = "c" + std::to_string(prng.below(clients));
    if (prng.chance(0.05)) world.join(any_member(), "jobs", client(id, ttl));
    // Some never send any, and so there always is somebody to evict.
    if (id != "c0" && prng.chance(0.8)) {
      const RequestToken token = world.heartbeat(any_member(), "jobs", id, 2s);
      beats.emplace(token, Beat{id, world.now});
    }
    world.run(10ms);
  }
  settle();
  EXPECT_GT(renewed, 500U);
  EXPECT_GT(evicted, 5U);
}

/// Twelve members of whom nine die, leave and come back, as each learns at moments of its own;
/// and now and then one of them wrongly finds one of the other three failed.
TEST_P(SoakTest, EndsWithTheViewOfThoseWhoAreThere) {
  constexpr std::size_t members = 12;
  AgreementWorld cluster({.members = members, .seed = GetParam(), .delay_max = 20ms, .lost = 0.05});
  cluster.lead("m00");
  cluster.run(1s);
  const auto tell = [&](const std::string& name, const std::string& wrong) {
    Peers all;
    for (const auto& [id, peer] : cluster.peers) {
      all.push_back(peer);
      if (id == wrong && id != name) all.back().state = Peer::State::failed;
    }
    cluster.tell(name, all);
  };
  std::string liar;
  for (int step = 0; step < 2000; ++step) {
    if (prng.chance(0.05)) {
      const std::string name = AgreementWorld::name(3 + prng.below(members - 3));
      Peer& peer = cluster.peers.at(name);
      if (peer.state != Peer::State::alive) {
        cluster.dead.erase(name);
        peer.state = Peer::State::alive;
        ++peer.life.boot;
      } else if (prng.chance(0.7)) {
        cluster.kill(name);
      } else {
        peer.state = Peer::State::left;
      }
    }
    if (prng.chance(0.02)) liar = AgreementWorld::name(prng.below(members));
    if (prng.chance(0.02)) cluster.lead(AgreementWorld::name(prng.below(3)));
    for (const auto& [name, host] : cluster.hosts) {
      if (prng.chance(0.3)) tell(name, name == liar ? AgreementWorld::name(prng.below(3)) : "");
    }
    cluster.run(10ms);
  }
  cluster.dead.clear();
  cluster.tell_peers();
  cluster.lead("m01");
  cluster.run(60s);
  cluster.check();
  for (const auto& [name, peer] : cluster.peers) {
    const registry::Member* const member = cluster.registry("m00").cluster().find(name);
    EXPECT_EQ(member != nullptr, peer.state == Peer::State::alive) << name;
    if (member != nullptr) {
      EXPECT_EQ(member->spec.life, peer.life) << name;
    }
  }
  EXPECT_GT(cluster.registry("m00").cluster().number(), 30U);
  EXPECT_EQ(cluster.hosts.at("m01").new_lives, 0U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SoakTest, testing::Range<std::uint64_t>(1, 9));

}  // namespace
}  // namespace rollcall::consensus
