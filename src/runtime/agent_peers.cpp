// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/agent_peers.hpp"

#include <utility>

#include "runtime/agent_tags.hpp"
#include "wire/tags.hpp"

namespace rollcall::runtime {
namespace {

/// The tag that tells who stands and falls together.
constexpr std::string_view zone_tag = "zone";

consensus::Peer::State to_state(core::State state) {
  switch (state) {
    case core::State::alive:
      return consensus::Peer::State::alive;
    case core::State::suspect:
      return consensus::Peer::State::suspect;
    case core::State::failed:
      return consensus::Peer::State::failed;
    case core::State::left:
      return consensus::Peer::State::left;
  }
  return consensus::Peer::State::failed;
}

void read_tags(const core::Record& record, consensus::Peer& peer) {
  const auto tags = wire::decode_tags(record.tags);
  if (!tags) return;
  if (const auto zone = tags->find(zone_tag); zone != tags->end()) peer.zone = zone->second;
  const auto text = tags->find(standing_tag);
  if (text == tags->end()) return;
  const auto standing = parse_standing(text->second);
  if (!standing) return;
  peer.takes_part = true;
  peer.voter = standing->voter;
  peer.log = standing->log;
  peer.expects = standing->expects;
}

consensus::Peer to_peer(const core::Record& record) {
  consensus::Peer peer;
  peer.name = record.name;
  peer.life = record.life;
  peer.state = to_state(record.state);
  peer.address = to_text(record.address);
  peer.takes_part = false;
  if (!record.tags.empty()) read_tags(record, peer);
  return peer;
}

}  // namespace

bool AgentPeers::update(const core::MemberTable& table, std::span<const core::Slot> changed) {
  bool is_news = forget_gone(table, changed);
  for (const core::Slot slot : changed) {
    if (!table.is_used(slot)) continue;
    consensus::Peer peer = to_peer(table.at(slot));
    names_[core::index_of(slot)] = peer.name;
    const auto [at, is_new] = peers_.try_emplace(peer.name, peer);
    is_news = is_news || is_new || at->second != peer;
    at->second = std::move(peer);
  }
  return is_news;
}

/// Those whose slot is empty or has a tenant of another name.
bool AgentPeers::forget_gone(const core::MemberTable& table, std::span<const core::Slot> changed) {
  bool is_any_gone = false;
  for (const core::Slot slot : changed) {
    const std::size_t index = core::index_of(slot);
    if (index >= names_.size()) names_.resize(index + 1);
    std::string& name = names_[index];
    if (name.empty() || (table.is_used(slot) && table.at(slot).name == name)) continue;
    peers_.erase(name);
    name.clear();
    is_any_gone = true;
  }
  return is_any_gone;
}

consensus::Peers AgentPeers::list() const {
  consensus::Peers list;
  list.reserve(peers_.size());
  for (const auto& [name, peer] : peers_) list.push_back(peer);
  return list;
}

}  // namespace rollcall::runtime
