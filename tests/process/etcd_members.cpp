// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "process/etcd_members.hpp"

#include <algorithm>

namespace rollcall::runtime::etcd {

using namespace std::chrono_literals;

void EtcdMember::on_log(consensus::LogEvent event) {
  if (auto* one = std::get_if<consensus::Committed>(&event)) {
    EXPECT_TRUE(registry.apply({.term = one->term, .index = one->index, .command = one->command}));
    committed.push_back(std::move(*one));
  } else if (auto* snapshot = std::get_if<consensus::Restored>(&event)) {
    auto whole = registry::Registry::restore(snapshot->snapshot, test_cluster);
    ASSERT_TRUE(whole);
    registry = *std::move(whole);
    restored.push_back(std::move(*snapshot));
  } else if (const auto* ready = std::get_if<consensus::ReadReady>(&event)) {
    reads[ready->token] = registry.index();
  } else if (const auto* failed = std::get_if<consensus::ReadFailed>(&event)) {
    read_failures.push_back(failed->why);
  } else if (const auto* refused = std::get_if<consensus::ProposalRefused>(&event)) {
    refusals.push_back(refused->why);
  } else {
    leaderships.push_back(std::get<consensus::Leadership>(event));
    leads = leaderships.back().is_leading;
  }
}

void EtcdMember::send(const std::string& to, consensus::Frame frame) {
  boost::asio::post(members_.io, [this, to, frame = std::move(frame)] {
    const auto found = members_.members.find(to);
    if (found != members_.members.end() && found->second->engine) {
      found->second->engine->on_frame(name_, frame);
    }
  });
}

EtcdMembers::~EtcdMembers() {
  for (auto& [name, member] : members) {
    if (member->engine) end(*member);
  }
}

EtcdConfig EtcdMembers::config_of(const AgreementOptions& options) const {
  auto config = read_options(options);
  EXPECT_TRUE(config) << config.error().message;
  config->cluster_name = "test";
  config->cluster = test_cluster;
  config->lease_ttl = 2s;
  config->pulse = 200ms;
  return *std::move(config);
}

EtcdMember& EtcdMembers::add(const std::string& name, const EtcdConfig& config) {
  auto& member = members[name];
  member = std::make_unique<EtcdMember>(*this, name);
  EtcdConfig own = config;
  own.self = name;
  own.seed = ++seed;
  auto engine = make_etcd_log(own, io, *member);
  EXPECT_TRUE(engine) << engine.error().message;
  member->engine = *std::move(engine);
  member->engine->start();
  tell_peers();
  return *member;
}

void EtcdMembers::end(EtcdMember& member) {
  bool has_ended = false;
  member.engine->stop([&] { has_ended = true; });
  EXPECT_TRUE(until([&] { return has_ended; }));
  member.engine.reset();
  member.leads = false;
}

void EtcdMembers::tell_peers(consensus::Peer::State of_the_gone) {
  consensus::Peers peers;
  for (const auto& [name, member] : members) {
    peers.push_back({.name = name,
                     .life = {.boot = 1, .id = {1, 1}},
                     .state = member->engine ? consensus::Peer::State::alive : of_the_gone});
  }
  for (const auto& [name, member] : members) {
    if (member->engine) member->engine->on_peers(peers);
  }
}

bool EtcdMembers::until(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    io.restart();
    io.run_for(2ms);
  }
  return true;
}

EtcdMember* EtcdMembers::leader() {
  for (auto& [name, member] : members) {
    if (member->leads) return member.get();
  }
  return nullptr;
}

EtcdMember& EtcdMembers::some_follower() {
  const auto found = std::ranges::find_if(
      members, [](const auto& entry) { return entry.second->engine && !entry.second->leads; });
  return *found->second;
}

bool EtcdMembers::commit(EtcdMember& by, const std::string& text) {
  const ByteVector command = bytes_of(text);
  const auto is_there = [&] {
    return std::ranges::any_of(by.committed,
                               [&](const auto& one) { return one.command == command; });
  };
  return test::eventually([&] {
    by.propose(command);
    return until(is_there, 1s);
  });
}

/// A client of this name joins.
ByteVector EtcdMembers::bytes_of(const std::string& text) {
  registry::Join join{.group = "g", .member = {}};
  join.member.id = text;
  join.member.address = "127.0.0.1:1";
  return registry::encode({.request = {}, .action = join});
}

std::vector<std::string> EtcdMembers::texts_of(const EtcdMember& member) {
  std::vector<std::string> texts;
  for (const consensus::Committed& one : member.committed) {
    const auto command = registry::decode_command(one.command);
    texts.push_back(std::to_string(one.index) + " " +
                    std::get<registry::Join>(command->action).member.id);
  }
  return texts;
}

}  // namespace rollcall::runtime::etcd
