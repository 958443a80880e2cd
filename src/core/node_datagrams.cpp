// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
// The life of a datagram: decoded here, one handler a message, answered at its end.
#include "core/mutants.hpp"
#include "core/node_state.hpp"

namespace rollcall::core {

void Node::State::count_refusal(wire::DecodeError error) {
  ++context.counters.datagrams_refused;
  if (error == wire::DecodeError::wrong_cluster) ++context.counters.wrong_cluster;
  if (error == wire::DecodeError::wrong_version) ++context.counters.wrong_version;
}

void Node::State::on_datagram(const Address& from, Bytes datagram) {
  ++context.counters.datagrams_received;
  context.counters.bytes_received += datagram.size();
  auto reader = wire::DatagramReader::create(datagram, context.cluster);
  if (!reader) return count_refusal(reader.error());
  const LifeId sender = reader->envelope().sender;
  if (sender == context.self_record().life.id) {
    context.last_heard_itself = context.now;
    return;
  }
  const bool answers_only = context.phase == Phase::leaving || context.phase == Phase::left ||
                            context.phase == Phase::conflict || context.phase == Phase::aside;
  if (!context.is_taking_part() && !answers_only) return;
  const Duration silence = context.now - context.last_heard;
  if (silence >= backlog_silence && context.others() >= 2) reads_backlog_ = true;
  // It did not hear the answers to its looks: that is a pause of its ears.
  if (context.hears_nobody()) detector_->on_pause(silence);
  context.last_heard = context.now;
  detector_->on_heard(sender);
  unanswered_.reset();
  heartbeats_.reset();
  while (!reader->at_end()) {
    const auto message = reader->next();
    if (!message) {
      count_refusal(message.error());
      break;
    }
    const bool is_for_us =
        context.is_taking_part() || std::holds_alternative<wire::Ping>(*message) ||
        std::holds_alternative<wire::Ack>(*message) || std::holds_alternative<wire::Here>(*message);
    if (!is_for_us) continue;
    std::visit([&](const auto& one) { handle(one, from, sender); }, *message);
  }
  if (unanswered_) respond(*unanswered_, from, sender);
  settle_claim();
  if (leaver_.is_done()) finish_leaving();
}

void Node::State::handle(const wire::Ping& ping, const Address&, const LifeId&) {
  if (!unanswered_) unanswered_ = ping;
}

/// Whoever asks for an earlier life has not heard of this one, and would find that it has failed.
void Node::State::introduce_itself(wire::DatagramWriter& writer) const {
  // The datagram holds one short message so far: the record fits. If not, it goes without.
  static_cast<void>(writer.add(compose_update(context.self_record())));
}

void Node::State::respond(const wire::Ping& ping, const Address& from, const LifeId& sender) {
  if (context.is_taking_part()) {
    answer_ping(ping, from, sender);
  } else if (ping.target == context.self_record().life.id &&
             is_final(context.self_record().state)) {
    // Whoever asks has missed that this life is over, and would find that it has failed.
    outbox_.send_record(from, compose_update(context.self_record()));
  }
}

void Node::State::answer_ping(const wire::Ping& ping, const Address& from, const LifeId& sender) {
  const auto asker = context.table.find(sender);
  outbox_.send_with(from,
                    wire::Ack{.sequence = ping.sequence,
                              .digest = context.digest(),
                              .stranger = !asker.has_value(),
                              .lost = context.path.lost()},
                    asker, [&](wire::DatagramWriter& writer) {
                      // A stranger may have forged where it asks from.
                      if (!asker) return;
                      if (ping.target != context.self_record().life.id) introduce_itself(writer);
                      if (heartbeats_) detector_->answer_heartbeats(*heartbeats_, writer);
                    });
  if (asker && is_live(context.table.at(*asker).state)) {
    anti_entropy_.on_digest(*asker, ping.digest);
  }
}

void Node::State::handle(const wire::Ack& ack, const Address& from, const LifeId& sender) {
  const auto ping = pings_.take(ack.sequence, from);
  if (!ping) return;
  on_answered(*ping, sender);
  context.path.on_report(sender, ack.lost, context.now);
  // A rival for the name is looked at, and told nothing.
  if (!context.is_taking_part() || ping->purpose == PingPurpose::rival) return;
  if (ack.stranger) outbox_.send_record(from, compose_update(context.self_record()));
  const auto slot = context.table.find(sender);
  if (!slot || !is_live(context.table.at(*slot).state)) return;
  if (ping->purpose == PingPurpose::compare) {
    anti_entropy_.on_compared(*slot, ack.digest);
  } else {
    anti_entropy_.on_digest(*slot, ack.digest);
  }
}

void Node::State::on_answered(const SentPing& ping, const LifeId& sender) {
  const bool is_the_one = sender == ping.target;
  context.last_answered = context.now;
  context.path.on_answer(ping.sequence, context.now);
  if (is_the_one && ping.slot && context.is_live_still(*ping.slot, ping.target)) {
    const Duration rtt = context.now - ping.sent_at;
    context.rtt.on_sample(rtt);
    context.table.set_rtt(*ping.slot, rtt);
  }
  switch (ping.purpose) {
    case PingPurpose::helper:
      return helper_desk_.on_answer(
          ping.sequence, is_the_one ? wire::Finding::answered : wire::Finding::other_life);
    case PingPurpose::rival:
      return name_claim_.on_answer(sender);
    case PingPurpose::leave:
      return leaver_.on_ack(ping.address);
    case PingPurpose::probe:
    case PingPurpose::sample:
    case PingPurpose::lost:
    case PingPurpose::compare:
      break;
  }
  if (!context.is_taking_part()) return;
  if (is_the_one) {
    detector_->on_answer(ping);
  } else {
    detector_->on_other_life(ping);
  }
}

void Node::State::handle(const wire::PingRequest& request, const Address& from, const LifeId&) {
  helper_desk_.on_request(from, request);
}

void Node::State::handle(const wire::Report& report, const Address& from, const LifeId&) {
  if (const auto request = pings_.take(report.sequence, from)) {
    context.last_answered = context.now;
    detector_->on_report(*request, report.finding);
  }
}

void Node::State::handle(const wire::Update& update, const Address&, const LifeId&) {
  wire::Update dated = update;
  if (reads_backlog_ && !is_mutant(Mutant::old_news_believed)) dated.age = wire::Age::history;
  learn(dated, Provenance::datagram);
}

void Node::State::handle(const wire::Heartbeats& heartbeats, const Address&, const LifeId& sender) {
  heartbeats_ = heartbeats;
  detector_->on_heartbeats(sender, heartbeats);
}

void Node::State::handle(const wire::Settings& settings, const Address& from, const LifeId&) {
  settings_.on_told(settings, from);
}

void Node::State::handle(const wire::Seek&, const Address& from, const LifeId& sender) {
  joiner_.on_seek(from, sender);
}

/// Heard also by a member that is kept out for its name: it looks for the cluster, too.
void Node::State::handle(const wire::Here&, const Address& from, const LifeId& sender) {
  const bool looks = context.is_taking_part() || context.phase == Phase::conflict;
  if (looks) joiner_.on_here(from, sender);
}

void Node::State::on_unreachable(const Address& to, Unreachable what) {
  if (what != Unreachable::port || is_mutant(Mutant::refusals_ignored)) return;
  name_claim_.on_refused(to);
  settle_claim();
  if (!context.is_taking_part()) return;
  helper_desk_.on_refused(to);
  const auto slot = context.table.find_live_at(to);
  if (slot && !context.is_self(*slot)) detector_->on_refused(*slot);
}

}  // namespace rollcall::core
