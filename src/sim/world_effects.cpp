// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <variant>

#include "sim/message_text.hpp"
#include "sim/world.hpp"
#include "wire/datagram.hpp"

/// How the world performs what nodes ask for.
namespace rollcall::sim {
namespace {

/// How long a name server takes.
constexpr Duration lookup_time = 1ms;

template <class... Cases>
struct Match : Cases... {
  using Cases::operator()...;
};

}  // namespace

void World::perform(Process& process, const core::Effect& effect) {
  if (options_.transcript != nullptr) note_effect(process, effect);
  if (const auto* send = std::get_if<core::SendDatagram>(&effect)) {
    send_datagram(process, *send);  // what most of them are
    return;
  }
  const ProcessId id = process.id;
  const auto bytes = [this](core::Slice slice) { return effects_.bytes(slice); };
  std::visit(
      Match{[](const core::SendDatagram&) {},
            [&](const core::StartExchange& start) {
              streams_.start_exchange(id, start.id, start.to, bytes(start.frame), start.timeout);
            },
            [&](const core::ContinueExchange& more) {
              streams_.continue_exchange(id, more.id, bytes(more.frame), more.timeout);
            },
            [&](const core::EndExchange& end) { streams_.end_exchange(id, end.id); },
            [&](const core::Reply& reply) {
              streams_.reply(id, reply.id, bytes(reply.frame), reply.then);
            },
            [&](const core::OpenWatch& open) {
              streams_.open_watch(id, open.id, open.to, bytes(open.frame), open.timeout);
            },
            [&](const core::CloseWatch& close) { streams_.close_watch(id, close.id); },
            [&](const core::CastDatagram& cast) { cast_datagram(process, cast); },
            [&](const core::Resolve& question) { resolve(process, question); },
            [&](const core::ReadHosts&) { read_hosts(process); },
            [&](const core::PersistSettings& kept) { at(id.host).saved_settings = kept.settings; },
            [&](const core::PersistBoot& boot) { at(id.host).saved_boot = boot.boot; },
            [&](const core::PersistPeers& peers) { at(id.host).saved_peers = peers.peers; },
            [&](const core::Publish& event) { publish(process, event); },
            [&](const core::CommandDone& done) {
              outcomes_[static_cast<std::uint64_t>(done.id)] = done;
            }},
      effect);
}

void World::note_effect(const Process& process, const core::Effect& effect) {
  const std::string& self = name(process.id.host);
  const std::uint32_t cluster = wire::cluster_hash(at(process.id.host).config.cluster);
  const std::string text = effect_text(effect, effects_, self, cluster, names_);
  note(text.starts_with(self + " -> ") ? text : self + ": " + text);
}

void World::send_datagram(Process& process, const core::SendDatagram& effect) {
  const auto target = fabric_.host_at(effect.to);
  if (!target) return;  // no machine has that IP: the packet is lost without a word
  const Bytes bytes = effects_.bytes(effect.payload);
  launch(process, *target, effect.to, bytes);
  if (fabric_.network().duplicates(process.id.host, *target)) {
    launch(process, *target, effect.to, bytes);
  }
}

/// All hosts are on one LAN: those that take part in finding members there hear it.
void World::cast_datagram(Process& process, const core::CastDatagram& effect) {
  if (!at(process.id.host).config.broadcast) return;
  const Bytes bytes = effects_.bytes(effect.payload);
  for (const HostId host : hosts()) {
    if (host == process.id.host || !at(host).config.broadcast) continue;
    launch(process, host, fabric_.address(host), bytes);
  }
}

void World::launch(const Process& process, HostId target, const Address& to, Bytes bytes) {
  Network& network = fabric_.network();
  const HostId source = process.id.host;
  std::optional<Duration> waited(Duration::zero());
  if (network.has_bounded_lines()) {
    waited = network.line_out(source).carry_datagram(now(), bytes.size());
  }
  if (!waited || !fabric_.path_is_up(source, target)) return;
  if (network.loses_datagram(source, target)) return;
  const std::uint32_t slot = packets_.take();
  Packet& packet = packets_.at(slot);
  packet.from = process.address;
  packet.to = to;
  packet.sender = process.id;
  packet.target = target;
  packet.bytes.assign(bytes.begin(), bytes.end());
  const Duration delay = *waited + network.draw_datagram_delay(source, target);
  fabric_.queue().push(now() + delay, DueKind::datagram, slot);
}

void World::resolve(Process& process, const core::Resolve& effect) {
  std::vector<Address> found;
  if (const auto numeric = parse_address(to_text(effect.host_port))) {
    found.push_back(*numeric);
  } else if (const auto entry = dns_.find(effect.host_port.host); entry != dns_.end()) {
    found = entry->second;
    for (Address& address : found) address.port = effect.host_port.port;
  }
  fabric_.after(
      lookup_time, [this, id = process.id, question = effect.id, addresses = std::move(found)] {
        deliver(id, Source::wire,
                [question, addresses](core::Node& node, Instant local, core::Effects& effects) {
                  const auto error =
                      addresses.empty() ? core::ResolveError::not_found : core::ResolveError::none;
                  node.on_resolved(question, addresses, error, local, effects);
                });
      });
}

void World::read_hosts(Process& process) {
  fabric_.after(lookup_time, [this, id = process.id] {
    deliver(id, Source::wire,
            [hosts = at(id.host).hosts](core::Node& node, Instant local, core::Effects& effects) {
              node.on_hosts(hosts, local, effects);
            });
  });
}

void World::publish(Process& process, const core::Publish& effect) {
  const Observation observation{now(), process.id, ++process.published, effect};
  for (const auto& sink : sinks_) sink(observation);
}

}  // namespace rollcall::sim
