// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "script_cast.hpp"

#include <optional>
#include <utility>
#include <variant>

#include "core/settings/settings_values.hpp"
#include "wire/datagram.hpp"
#include "wire/stream.hpp"

namespace rollcall::scenario {
namespace {

std::optional<wire::State> state_of(const std::string& word) {
  for (const auto state :
       {wire::State::alive, wire::State::suspect, wire::State::failed, wire::State::left}) {
    if (word == wire::to_text(state)) return state;
  }
  return std::nullopt;
}

wire::Finding finding_of(const std::string& word) {
  for (const auto finding : {wire::Finding::answered, wire::Finding::silent, wire::Finding::refused,
                             wire::Finding::other_life}) {
    if (word == wire::to_text(finding)) return finding;
  }
  throw ScriptError("'" + word + "' is no finding");
}

wire::Update record_of(const Peer& peer) {
  wire::Update update;
  update.name = peer.name;
  update.life = peer.life;
  update.address = peer.address;
  return update;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

}  // namespace

void Cast::add(const std::string& alias, Peer peer) {
  names_.know(peer.address, alias);
  names_.know(peer.life.id, alias);
  peers_[alias] = std::move(peer);
}

void Cast::set_node(const Peer& node, std::uint64_t digest) {
  node_ = node;
  digest_ = digest;
  names_.know(node.address, node.name);
  names_.know(node.life.id, node.name);
}

const Peer& Cast::find(const std::string& name) const {
  if (name == node_.name) return node_;
  const auto found = peers_.find(name);
  if (found == peers_.end()) throw ScriptError("no peer is called '" + name + "'");
  return found->second;
}

Address Cast::address(const std::string& word) const {
  const auto found = peers_.find(word);
  return found == peers_.end() ? address_of(word) : found->second.address;
}

void Cast::note_question(const Address& to, const wire::Message& message) {
  if (const auto* ping = std::get_if<wire::Ping>(&message)) last_ping_[to] = ping->sequence;
  if (const auto* ask = std::get_if<wire::PingRequest>(&message)) last_ask_[to] = ask->sequence;
}

// --- Datagrams -------------------------------------------------------------------------------

ByteVector Cast::datagram(const Peer& from, std::string_view text) const {
  wire::DatagramWriter writer(envelope(from));
  for (const std::string& part : split(text, ';')) {
    Words words(part);
    const auto added =
        std::visit([&](const auto& one) { return writer.add(one); }, message(from, words));
    if (!added) throw ScriptError("the datagram is full");
    if (!words.empty()) throw ScriptError("'" + words.peek() + "' is too much");
  }
  const Bytes bytes = writer.bytes();
  return {bytes.begin(), bytes.end()};
}

wire::Message Cast::message(const Peer& from, Words& words) const {
  const std::string kind = words.take("a message");
  if (kind == "ping") {
    const LifeId target =
        words.take_if("to") ? find(words.take("whom to ping")).life.id : node_.life.id;
    const auto number = words.take_after("#");
    return wire::Ping{.sequence = static_cast<std::uint32_t>(number ? number_of(*number) : 1),
                      .target = target,
                      .digest = digest_};
  }
  if (kind == "ack") {
    const std::uint32_t number = sequence(words, last_ping_, from);
    return wire::Ack{.sequence = number, .digest = digest_, .stranger = words.take_if("stranger")};
  }
  if (kind == "ask") {
    const Peer& about = find(words.take("whom to ask about"));
    return wire::PingRequest{
        .sequence = 1, .target = about.life.id, .address = about.address, .patience_ms = 500};
  }
  if (kind == "report") {
    const std::uint32_t number = sequence(words, last_ask_, from);
    return wire::Report{.sequence = number, .finding = finding_of(words.take("the finding"))};
  }
  if (kind == "settings") return settings(from, words);
  if (kind == "heartbeat") {
    return wire::Heartbeats{.own = static_cast<std::uint32_t>(number_of(words.take("the counter"))),
                            .is_cast = false,
                            .others = {}};
  }
  if (kind == "seek") return wire::Seek{};
  if (kind == "here") return wire::Here{};
  if (const auto state = state_of(kind)) return update(*state, words);
  throw ScriptError("'" + kind +
                    "' is no message: ping, ack, ask, report, settings, heartbeat, seek, "
                    "here, alive, suspect, failed, left");
}

wire::Settings Cast::settings(const Peer& from, Words& words) const {
  const std::uint64_t number = number_of(words.take("their number"));
  core::ClusterSettings settings;
  if (words.take_if("gossip")) settings.detector = core::DetectorKind::gossip;
  values_.clear();
  wire::append_values(core::values_of(settings), values_);
  return {.number = number, .origin = from.life.id, .by = from.name, .values = values_};
}

wire::Update Cast::update(wire::State state, Words& words) const {
  wire::Update update = record_of(find(words.take("whom it is about")));
  update.state = state;
  if (const auto incarnation = words.take_after("i")) {
    update.incarnation = static_cast<std::uint32_t>(number_of(*incarnation));
  }
  if (words.take_if("by")) update.witness = find(words.take("the witness")).life.id;
  if (words.take_if("history")) update.age = wire::Age::history;
  return update;
}

std::uint32_t Cast::sequence(Words& words, const std::map<Address, std::uint32_t>& last,
                             const Peer& from) const {
  if (const auto number = words.take_after("#")) {
    return static_cast<std::uint32_t>(number_of(*number));
  }
  const auto found = last.find(from.address);
  if (found == last.end()) throw ScriptError("the node has asked " + from.name + " nothing");
  return found->second;
}

// --- Frames ----------------------------------------------------------------------------------

ByteVector Cast::frame(const Peer& from, std::string_view text) const {
  Words words(text);
  ByteVector bytes;
  wire::encode_frame(envelope(from), stream_message(from, words), bytes);
  if (!words.empty()) throw ScriptError("'" + words.peek() + "' is too much");
  return bytes;
}

wire::StreamMessage Cast::stream_message(const Peer& from, Words& words) const {
  const std::string kind = words.take("a frame");
  if (kind == "join-request") {
    return wire::JoinRequest{.cluster_name = cluster_, .self = record_of(from), .looked_for = {}};
  }
  if (kind == "join-reply") return join_reply(words);
  if (kind == "stream-ping") return wire::StreamPing{.target = node_.life.id};
  if (kind == "stream-ack") return wire::StreamAck{.digest = digest_};
  if (kind == "watch") return wire::Watch{.target = node_.life.id};
  if (kind == "watch-ack") return wire::WatchAck{};
  throw ScriptError("'" + kind +
                    "' is no frame: join-request, join-reply, stream-ping, "
                    "stream-ack, watch, watch-ack");
}

wire::JoinReply Cast::join_reply(Words& words) const {
  wire::JoinReply reply{.status = {}, .cluster_name = cluster_, .records = {}};
  const std::string status = words.take("the status");
  if (status == "welcome") {
    reply.status = wire::JoinStatus::welcome;
  } else if (status == "raise-boot") {
    reply.status = wire::JoinStatus::raise_boot;
  } else if (status == "name-in-use") {
    reply.status = wire::JoinStatus::name_in_use;
  } else {
    throw ScriptError("'" + status + "' is no status: welcome, raise-boot, name-in-use");
  }
  while (!words.empty()) {
    const std::string word = words.take("whom it is about");
    const auto state = state_of(word);
    reply.records.push_back(record_of(find(state ? words.take("whom it is about") : word)));
    reply.records.back().state = state.value_or(wire::State::alive);
    reply.records.back().age = state ? wire::Age::history : wire::Age::news;
  }
  return reply;
}

wire::Envelope Cast::envelope(const Peer& from) const {
  return {.cluster = wire::cluster_hash(cluster_), .sender = from.life.id, .health = 0};
}

}  // namespace rollcall::scenario
