// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/node.hpp"

#include <utility>

#include "core/node_state.hpp"

namespace rollcall::core {

Node::Node(Config config, std::uint64_t boot, std::uint64_t seed, Instant now)
    : state_(std::make_unique<State>(std::move(config), boot, seed, now)) {}
Node::~Node() = default;

void Node::set_homes(std::vector<HostPort> seeds, std::vector<Address> saved_peers) {
  state_->joiner().set_homes(std::move(seeds), std::move(saved_peers));
}

void Node::set_settings(const VersionedSettings& kept) {
  state_->settings().restore(kept);
}

void Node::start(Instant now, Effects& effects) {
  state_->enter(now, effects);
  state_->start();
  state_->exit();
}

void Node::start_among(const MemberTable& everybody, Instant now, Effects& effects) {
  state_->enter(now, effects);
  state_->start_among(everybody);
  state_->exit();
}

void Node::on_datagram(const Address& from, Bytes datagram, Instant now, Effects& effects) {
  state_->enter(now, effects);
  state_->on_datagram(from, datagram);
  state_->exit();
}

void Node::on_unreachable(const Address& to, Unreachable what, Instant now, Effects& effects) {
  state_->enter(now, effects);
  state_->on_unreachable(to, what);
  state_->exit();
}

void Node::on_request(StreamId id, const Address&, Bytes frame, Instant now, Effects& effects) {
  state_->enter(now, effects);
  state_->on_request(id, frame);
  state_->exit();
}

void Node::on_stream_closed(StreamId id, CloseReason, Instant now, Effects& effects) {
  state_->enter(now, effects);
  state_->on_stream_closed(id);
  state_->exit();
}

void Node::on_exchange_reply(ExchangeId id, Bytes frame, Instant now, Effects& effects) {
  state_->enter(now, effects);
  state_->on_exchange_reply(id, frame);
  state_->exit();
}

void Node::on_exchange_failed(ExchangeId id, ExchangeError error, Instant now, Effects& effects) {
  state_->enter(now, effects);
  state_->on_exchange_failed(id, error);
  state_->exit();
}

void Node::on_watch_opened(WatchId id, Bytes frame, Instant now, Effects& effects) {
  state_->enter(now, effects);
  state_->on_watch_opened(id, frame);
  state_->exit();
}

void Node::on_watch_closed(WatchId id, CloseReason reason, Instant now, Effects& effects) {
  state_->enter(now, effects);
  state_->on_watch_closed(id, reason);
  state_->exit();
}

void Node::on_resolved(ResolveId id, std::span<const Address> addresses, ResolveError error,
                       Instant now, Effects& effects) {
  state_->enter(now, effects);
  state_->on_resolved(id, addresses, error);
  state_->exit();
}

void Node::on_hosts(std::span<const HostPort> hosts, Instant now, Effects& effects) {
  state_->enter(now, effects);
  state_->joiner().on_hosts(hosts);
  state_->exit();
}

void Node::on_command(CommandId id, const Command& command, Instant now, Effects& effects) {
  state_->enter(now, effects);
  state_->on_command(id, command);
  state_->exit();
}

void Node::on_deadline(Instant now, Effects& effects) {
  state_->enter(now, effects);
  state_->on_deadline();
  state_->exit();
}

Instant Node::next_deadline() const {
  return state_->next_deadline();
}

void Node::fetch() const {
  constexpr std::size_t line_bytes = 64;
  const auto* bytes = reinterpret_cast<const std::byte*>(state_.get());
  for (std::size_t at = 0; at < sizeof(State); at += line_bytes) __builtin_prefetch(bytes + at);
}

const Config& Node::config() const {
  return state_->context.config;
}
const MemberTable& Node::members() const {
  return state_->context.table;
}
std::vector<Slot> Node::take_changed_members() {
  return state_->context.table.take_changed();
}
Phase Node::phase() const {
  return state_->context.phase;
}
Life Node::life() const {
  return state_->context.self_record().life;
}
unsigned Node::health() const {
  return state_->context.health.score();
}
Duration Node::lag() const {
  return state_->context.health.lag();
}
const Counters& Node::counters() const {
  return state_->context.counters;
}
QueueSizes Node::queue_sizes() const {
  return state_->queue_sizes();
}
const VersionedSettings& Node::settings() const {
  return state_->settings().in_force();
}

std::vector<Steadiness> Node::unsteady() const {
  return state_->unsteady();
}
JoinStage Node::join_stage() const {
  return state_->joiner().stage();
}
const JoinTrouble& Node::join_trouble() const {
  return state_->joiner().trouble();
}

}  // namespace rollcall::core
