// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/message_text.hpp"

#include <algorithm>
#include <chrono>
#include <variant>

#include "base/text.hpp"
#include "core/node.hpp"
#include "wire/datagram.hpp"
#include "wire/stream.hpp"
#include "wire/tags.hpp"

namespace rollcall::sim {
namespace {

template <class... Cases>
struct Match : Cases... {
  using Cases::operator()...;
};

std::string number(std::uint64_t value) {
  return std::to_string(value);
}

std::string tags_text(Bytes bytes) {
  const auto tags = wire::decode_tags(bytes);
  if (!tags) return "{malformed}";
  std::string text = "{";
  for (const auto& [key, value] : *tags) {
    text += (text.size() > 1 ? " " : "") + key + "=" + value;
  }
  return text + "}";
}

std::string updates_text(const std::vector<wire::Update>& updates, const Names& names) {
  std::string text;
  for (const wire::Update& update : updates) text += "; " + update_text(update, names);
  return text;
}

std::string_view status_text(wire::JoinStatus status) {
  switch (status) {
    case wire::JoinStatus::welcome:
      return "welcome";
    case wire::JoinStatus::raise_boot:
      return "raise-boot";
    case wire::JoinStatus::name_in_use:
      return "name-in-use";
    case wire::JoinStatus::wrong_cluster:
      return "wrong-cluster";
  }
  return "?";
}

std::string_view result_text(core::CommandResult result) {
  switch (result) {
    case core::CommandResult::done:
      return "done";
    case core::CommandResult::join_failed:
      return "join-failed";
    case core::CommandResult::name_in_use:
      return "name-in-use";
    case core::CommandResult::cancelled:
      return "cancelled";
    case core::CommandResult::unknown_member:
      return "unknown-member";
    case core::CommandResult::not_allowed:
      return "not-allowed";
    case core::CommandResult::invalid:
      return "invalid";
    case core::CommandResult::version_mismatch:
      return "version-mismatch";
  }
  return "?";
}

std::string done_text(const core::CommandDone& done) {
  std::string text = "command " + number(static_cast<std::uint64_t>(done.id)) + " " +
                     std::string(result_text(done.result));
  for (const core::JoinAttempt& attempt : done.attempts) {
    text += "; " + attempt.seed + ": " + attempt.outcome;
  }
  return text;
}

}  // namespace

std::string update_text(const wire::Update& update, const Names& names) {
  const std::string name(update.name);
  std::string text = std::string(wire::to_text(update.state)) + " " + name + "/" +
                     number(update.life.boot) + " i" + number(update.incarnation);
  const std::string life = names.text(update.life.id);
  if (life != name) text += " life " + life;
  const std::string address = names.text(update.address);
  if (address != name) text += " at " + address;
  if (!update.witness.is_nobody()) text += " by " + names.text(update.witness);
  if (update.age == wire::Age::history) text += " (history)";
  if (update.has_tags && !update.tags.empty()) text += " " + tags_text(update.tags);
  return text;
}

std::string settings_text(const wire::Settings& settings, const Names& names) {
  return "settings " + number(settings.number) + " of " + names.text(settings.origin) + " by " +
         std::string(settings.by);
}

std::string message_text(const wire::Message& message, const Names& names) {
  return std::visit(
      Match{[&](const wire::Ping& ping) {
              return "ping " + names.text(ping.target) + " #" + number(ping.sequence);
            },
            [&](const wire::Ack& ack) {
              return "ack #" + number(ack.sequence) + (ack.stranger ? " stranger" : "");
            },
            [&](const wire::PingRequest& request) {
              return "ask about " + names.text(request.target) + " #" + number(request.sequence) +
                     " within " + number(request.patience_ms) + "ms";
            },
            [&](const wire::Report& report) {
              return "report #" + number(report.sequence) + " " +
                     std::string(wire::to_text(report.finding));
            },
            [&](const wire::Update& update) { return update_text(update, names); },
            [&](const wire::Heartbeats& heartbeats) {
              return (heartbeats.is_cast ? "cast " : "") + std::string("heartbeat ") +
                     number(heartbeats.own) + " and of " + number(heartbeats.count()) + " others";
            },
            [&](const wire::Settings& settings) { return settings_text(settings, names); },
            [&](const wire::Seek&) { return std::string("seek"); },
            [&](const wire::Here&) { return std::string("here"); }},
      message);
}

std::string stream_message_text(const wire::StreamMessage& message, const Names& names) {
  return std::visit(
      Match{[&](const wire::JoinRequest& request) {
              std::string text = "join-request: " + update_text(request.self, names);
              if (!request.looked_for.is_nobody()) {
                text += "; looked in vain for " + names.text(request.looked_for);
              }
              return text;
            },
            [&](const wire::JoinReply& reply) {
              return "join-reply " + std::string(status_text(reply.status)) +
                     updates_text(reply.records, names);
            },
            [&](const wire::SyncOpen& open) {
              return "sync-open of " + number(open.buckets.size()) + " buckets";
            },
            [&](const wire::SyncEntries& entries) {
              return "sync-entries: " + number(entries.buckets.size()) + " buckets differ, " +
                     number(entries.entries.size()) + " entries";
            },
            [&](const wire::SyncRecords& records) {
              return "sync-records: " + number(records.wanted.size()) + " wanted" +
                     updates_text(records.records, names);
            },
            [&](const wire::StreamPing& ping) { return "stream-ping " + names.text(ping.target); },
            [&](const wire::StreamAck&) { return std::string("stream-ack"); },
            [&](const wire::Watch& watch) { return "watch " + names.text(watch.target); },
            [&](const wire::WatchAck&) { return std::string("watch-ack"); },
            [&](const wire::AgreementHello& hello) {
              return "agreement-hello of " + std::string(hello.name);
            },
            [&](const wire::AgreementWelcome& welcome) {
              return "agreement-welcome of " + std::string(welcome.name);
            },
            [&](const wire::Refused& refused) {
              return "refused " + std::string(wire::to_text(refused.code)) + ": " +
                     std::string(refused.detail);
            }},
      message);
}

std::string datagram_text(Bytes datagram, std::uint32_t cluster, const Names& names) {
  auto reader = wire::DatagramReader::create(datagram, cluster);
  if (!reader) return "undecodable: " + std::string(wire::to_text(reader.error()));
  std::string text;
  while (!reader->at_end()) {
    const auto message = reader->next();
    if (!text.empty()) text += "; ";
    if (!message) return text + "undecodable: " + std::string(wire::to_text(message.error()));
    text += message_text(*message, names);
  }
  return text;
}

std::string frame_text(Bytes frame, const Names& names) {
  const auto head =
      wire::decode_frame_head(frame.first(std::min(frame.size(), wire::frame_head_bytes)));
  if (!head) return "undecodable: " + std::string(wire::to_text(head.error()));
  const auto message = wire::decode_frame_body(frame.subspan(wire::frame_head_bytes));
  if (!message) return "undecodable: " + std::string(wire::to_text(message.error()));
  return stream_message_text(*message, names);
}

std::string event_text(const core::Publish& event) {
  std::string text = "event " + std::string(core::to_text(event.kind)) + " " + event.name + "/" +
                     number(event.life.boot) + " i" + number(event.incarnation);
  if (!event.by.empty()) text += " by " + event.by;
  if (!event.message.empty()) text += ": " + event.message;
  for (const core::Publish::SettingsNews& news : event.settings) {
    text += ": settings " + number(news.from.version.number) + " to " +
            number(news.to.version.number) + (news.to.is_local ? " here alone" : "");
    for (const core::SettingDifference& one :
         core::differences(news.from.settings, news.to.settings)) {
      text += ", " + one.name + " " + one.from + " to " + one.to;
    }
  }
  return text;
}

std::string moment_text(Instant instant) {
  constexpr std::int64_t micros_per_second = 1'000'000;
  const auto micros =
      std::chrono::duration_cast<std::chrono::microseconds>(instant.time_since_epoch()).count();
  const std::string fraction = std::to_string(micros % micros_per_second + micros_per_second);
  return std::to_string(micros / micros_per_second) + "." + fraction.substr(1);
}

std::string effect_text(const core::Effect& effect, const core::Effects& effects,
                        std::string_view self, std::uint32_t cluster, const Names& names) {
  const std::string arrow = std::string(self) + " -> ";
  const auto frame = [&](core::Slice slice) { return frame_text(effects.bytes(slice), names); };
  const auto tagged = [](char kind, auto id) {
    return std::string(1, kind) + number(static_cast<std::uint64_t>(id));
  };
  return std::visit(
      Match{[&](const core::SendDatagram& send) {
              return arrow + names.text(send.to) + "  " +
                     datagram_text(effects.bytes(send.payload), cluster, names);
            },
            [&](const core::CastDatagram& cast) {
              return arrow + "the LAN  " +
                     datagram_text(effects.bytes(cast.payload), cluster, names);
            },
            [&](const core::StartExchange& start) {
              return arrow + names.text(start.to) + "  exchange " + tagged('X', start.id) + " " +
                     frame(start.frame) + ", within " + duration_text(start.timeout);
            },
            [&](const core::ContinueExchange& more) {
              return "exchange " + tagged('X', more.id) + " " + frame(more.frame) + ", within " +
                     duration_text(more.timeout);
            },
            [&](const core::EndExchange& end) { return "end exchange " + tagged('X', end.id); },
            [&](const core::Reply& reply) {
              return "reply " + tagged('S', reply.id) + " " + frame(reply.frame) +
                     (reply.then == core::AfterReply::close ? ", then close" : "");
            },
            [&](const core::OpenWatch& open) {
              return arrow + names.text(open.to) + "  watch " + tagged('W', open.id) + " " +
                     frame(open.frame) + ", within " + duration_text(open.timeout);
            },
            [&](const core::CloseWatch& close) { return "close watch " + tagged('W', close.id); },
            [&](const core::Resolve& resolve) {
              return "resolve " + tagged('R', resolve.id) + " " + to_text(resolve.host_port);
            },
            [&](const core::PersistSettings& kept) {
              return "keep settings " + number(kept.settings.version.number);
            },
            [&](const core::ReadHosts&) { return std::string("read hosts"); },
            [&](const core::PersistBoot& boot) { return "keep boot " + number(boot.boot); },
            [&](const core::PersistPeers& peers) {
              std::string text = "keep peers";
              for (const Address& peer : peers.peers) text += " " + names.text(peer);
              return text;
            },
            [&](const core::Publish& event) { return event_text(event); },
            [&](const core::CommandDone& done) { return done_text(done); }},
      effect);
}

}  // namespace rollcall::sim
