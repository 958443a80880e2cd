// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
// Requests that come in on streams, and the answers to this node's own.
#include <algorithm>

#include "core/mutants.hpp"
#include "core/node_state.hpp"
#include "wire/stream.hpp"

namespace rollcall::core {

// --- Requests --------------------------------------------------------------------------------

void Node::State::reply(StreamId id, const wire::StreamMessage& message, AfterReply then) {
  ByteVector& buffer = context.effects->buffer();
  const std::size_t offset = buffer.size();
  wire::encode_frame(context.envelope(), message, buffer);
  context.effects->add(Reply{.id = id, .frame = {offset, buffer.size() - offset}, .then = then});
}

void Node::State::refuse(StreamId id, wire::RefusalCode code, const std::string& detail) {
  reply(id, wire::Refused{.code = code, .detail = detail}, AfterReply::close);
}

void Node::State::on_request(StreamId id, Bytes frame) {
  const auto head =
      wire::decode_frame_head(frame.first(std::min(frame.size(), wire::frame_head_bytes)));
  if (!head) {
    if (head.error() == wire::DecodeError::wrong_version) ++context.counters.wrong_version;
    return refuse(id, wire::RefusalCode::malformed, std::string(wire::to_text(head.error())));
  }
  const auto request = wire::decode_frame_body(frame.subspan(wire::frame_head_bytes));
  if (!request) {
    return refuse(id, wire::RefusalCode::malformed, std::string(wire::to_text(request.error())));
  }
  const bool is_join = std::holds_alternative<wire::JoinRequest>(*request);
  if (head->envelope.cluster != context.cluster && !is_join) {
    ++context.counters.wrong_cluster;
    return refuse(id, wire::RefusalCode::wrong_cluster,
                  "this is cluster '" + context.config.cluster + "'");
  }
  if (!context.is_taking_part()) {
    return refuse(id, wire::RefusalCode::not_joined, "this member is not part of a cluster now");
  }
  std::visit([&](const auto& one) { answer(id, one, head->envelope.sender); }, *request);
}

wire::JoinReply Node::State::welcome_reply() const {
  wire::JoinReply welcome{.status = wire::JoinStatus::welcome,
                          .cluster_name = context.config.cluster,
                          .records = {},
                          .settings = settings_.to_tell()};
  welcome.records.push_back(to_update(context.self_record()));
  for (const Slot slot : context.table.slots()) {
    if (!context.is_self(slot)) welcome.records.push_back(to_update(context.table.at(slot)));
  }
  return welcome;
}

void Node::State::reply_in_the_way(StreamId id, wire::JoinStatus status, const Record& record) {
  reply(
      id,
      wire::JoinReply{
          .status = status, .cluster_name = context.config.cluster, .records = {to_update(record)}},
      AfterReply::close);
}

void Node::State::answer(StreamId id, const wire::JoinRequest& request, const LifeId& sender) {
  if (request.cluster_name != context.config.cluster) {
    ++context.counters.wrong_cluster;
    return reply(id,
                 wire::JoinReply{.status = wire::JoinStatus::wrong_cluster,
                                 .cluster_name = context.config.cluster,
                                 .records = {}},
                 AfterReply::close);
  }
  if (sender == context.self_record().life.id) {
    return reply(id, welcome_reply(), AfterReply::close);
  }
  const auto known = context.table.find(request.self.name);
  if (known && context.table.at(*known).life != request.self.life) {
    const Record& record = context.table.at(*known);
    const bool is_over = is_final(record.state) ||
                         (record.address == request.self.address && !context.is_self(*known)) ||
                         record.life.id == request.looked_for ||
                         is_mutant(Mutant::name_rule_ignored);
    if (!is_over) return reply_in_the_way(id, wire::JoinStatus::name_in_use, record);
    if (request.self.life.boot <= record.life.boot) {
      return reply_in_the_way(id, wire::JoinStatus::raise_boot, record);
    }
  } else if (known && is_final(context.table.at(*known).state)) {
    return reply_in_the_way(id, wire::JoinStatus::raise_boot, context.table.at(*known));
  }
  wire::Update newcomer = request.self;
  newcomer.age = wire::Age::news;
  learn(newcomer, Provenance::datagram);
  reply(id, welcome_reply(), AfterReply::close);
}

void Node::State::answer(StreamId id, const wire::SyncOpen& request, const LifeId&) {
  settings_.on_compared(request.settings);
  wire::SyncEntries entries = anti_entropy_.answer(request);
  entries.settings = settings_.to_tell();
  reply(id, entries, AfterReply::keep_open);
}

void Node::State::answer(StreamId id, const wire::SyncRecords& request, const LifeId&) {
  reply(id, anti_entropy_.answer(request), AfterReply::close);
}

void Node::State::answer(StreamId id, const wire::StreamPing&, const LifeId&) {
  reply(id, wire::StreamAck{.digest = context.digest()}, AfterReply::close);
}

void Node::State::answer(StreamId id, const wire::Watch&, const LifeId& sender) {
  streams_.on_watched_by(id, sender);
  reply(id, wire::WatchAck{}, AfterReply::keep_open);
}

template <class Other>
void Node::State::answer(StreamId id, const Other&, const LifeId&) {
  refuse(id, wire::RefusalCode::malformed, "an answer without a question");
}

void Node::State::on_stream_closed(StreamId id) {
  const auto slot = streams_.on_watcher_closed(id);
  if (slot && context.is_taking_part()) detector_->on_stream_ended(*slot);
}

// --- Answers ---------------------------------------------------------------------------------

void Node::State::on_exchange_reply(ExchangeId id, Bytes frame) {
  const Exchange* open = exchanges_.find(id);
  if (open == nullptr) return;
  const Exchange exchange = *open;
  const auto head =
      wire::decode_frame_head(frame.first(std::min(frame.size(), wire::frame_head_bytes)));
  if (!head) return on_exchange_failed(id, ExchangeError::malformed);
  const auto message = wire::decode_frame_body(frame.subspan(wire::frame_head_bytes));
  if (!message) return on_exchange_failed(id, ExchangeError::malformed);
  switch (exchange.purpose) {
    case ExchangePurpose::join:
      if (const auto* reply = std::get_if<wire::JoinReply>(&*message)) {
        if (reply->status == wire::JoinStatus::welcome) settings_.on_welcomed(reply->settings);
      }
      return joiner_.on_reply(id, head->envelope, *message);
    case ExchangePurpose::stream_ping:
      exchanges_.end(id);
      // Whoever refuses to answer for a life is not that life.
      return on_stream_ping_answer(exchange, std::holds_alternative<wire::StreamAck>(*message)
                                                 ? head->envelope.sender
                                                 : LifeId{});
    case ExchangePurpose::sync:
      break;
  }
  if (!context.is_taking_part() || head->envelope.cluster != context.cluster) {
    return exchanges_.end(id);
  }
  if (const auto* entries = std::get_if<wire::SyncEntries>(&*message)) {
    settings_.on_compared(entries->settings);
    anti_entropy_.on_entries(id, *entries);
  } else if (const auto* records = std::get_if<wire::SyncRecords>(&*message)) {
    anti_entropy_.on_records(id, *records);
  } else {
    exchanges_.end(id);
  }
}

void Node::State::on_stream_ping_answer(const Exchange& exchange, const LifeId& sender) {
  if (!exchange.slot) {
    name_claim_.on_answer(sender);
    return settle_claim();
  }
  if (!context.is_taking_part()) return;
  detector_->on_stream_ping(
      *exchange.slot, exchange.life,
      sender == exchange.life ? StreamPingResult::answered : StreamPingResult::other_life);
}

void Node::State::on_exchange_failed(ExchangeId id, ExchangeError error) {
  const auto exchange = exchanges_.take(id);
  if (!exchange) return;
  if (exchange->purpose == ExchangePurpose::join) return joiner_.on_failed(id, error);
  if (exchange->purpose == ExchangePurpose::sync) return;
  if (!exchange->slot) {
    if (error == ExchangeError::refused) name_claim_.on_refused(exchange->to);
    return settle_claim();
  }
  if (!context.is_taking_part()) return;
  detector_->on_stream_ping(
      *exchange->slot, exchange->life,
      error == ExchangeError::refused ? StreamPingResult::refused : StreamPingResult::silent);
}

void Node::State::on_watch_opened(WatchId id, Bytes frame) {
  streams_.on_opened(id, frame);
}

void Node::State::on_watch_closed(WatchId id, CloseReason) {
  const auto slot = streams_.on_closed(id);
  if (slot && context.is_taking_part()) detector_->on_stream_ended(*slot);
}

void Node::State::on_resolved(ResolveId id, std::span<const Address> addresses,
                              ResolveError error) {
  joiner_.on_resolved(id, addresses, error);
}

}  // namespace rollcall::core
