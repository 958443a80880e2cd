// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/detector/ping_log.hpp"

#include <algorithm>

namespace rollcall::core {

namespace {

constexpr std::int64_t patience_ms_max =
    std::chrono::duration_cast<std::chrono::milliseconds>(PingLog::memory_time).count();

}  // namespace

std::uint32_t PingLog::note(SentPing ping) {
  ping.sequence = next_sequence_++;
  ping.sent_at = context_.now;
  const auto is_remembered = [this](const SentPing& earlier) {
    return earlier.sent_at + memory_time >= context_.now;
  };
  auto oldest = std::ranges::find_if(log_, is_remembered);
  if (oldest == log_.begin() && log_.size() >= log_size) ++oldest;
  log_.erase(log_.begin(), oldest);
  log_.push_back(ping);
  return ping.sequence;
}

void PingLog::sample(Slot slot) {
  if (context_.path.wants_sample(context_.now)) count_as_sample(ping(slot, PingPurpose::sample));
}

void PingLog::count_as_sample(std::uint32_t sequence) {
  if (!context_.path.wants_sample(context_.now)) return;
  const Duration wait = std::max(PathHealth::answer_time, context_.config.probe_timeout);
  context_.path.expect(sequence, context_.now, context_.now + wait);
}

void PingLog::echo() {
  wire::DatagramWriter writer(context_.envelope());
  const bool fits = writer.add(wire::Ping{
      .sequence = 0, .target = context_.self_record().life.id, .digest = context_.digest()});
  ROLLCALL_CHECK(fits);
  context_.send(context_.self_record().address, writer);
}

std::uint32_t PingLog::ping(const LifeId& target, const Address& address, PingPurpose purpose) {
  const std::uint32_t sequence =
      note({.purpose = purpose, .slot = {}, .target = target, .address = address});
  const wire::Ping ping{.sequence = sequence, .target = target, .digest = context_.digest()};
  // A rival that was told of this member would look at it in turn, and might give way to one that
  // is not even let in.
  if (purpose == PingPurpose::rival) {
    outbox_.send_alone(address, ping);
  } else {
    outbox_.send(address, ping, std::nullopt);
  }
  return sequence;
}

std::uint32_t PingLog::ask(Slot helper, Slot target, Duration patience) {
  const Record& whom = context_.table.at(helper);
  const Record& about = context_.table.at(target);
  const std::uint32_t sequence = note({.purpose = PingPurpose::probe,
                                       .slot = target,
                                       .target = about.life.id,
                                       .address = whom.address});
  const auto patience_ms = std::chrono::duration_cast<std::chrono::milliseconds>(patience).count();
  outbox_.send(whom.address,
               wire::PingRequest{.sequence = sequence,
                                 .target = about.life.id,
                                 .address = about.address,
                                 .patience_ms = static_cast<std::uint16_t>(
                                     std::clamp<std::int64_t>(patience_ms, 1, patience_ms_max))},
               helper);
  return sequence;
}

std::optional<SentPing> PingLog::take(std::uint32_t sequence, const Address& from) {
  const auto found = std::ranges::find(log_, sequence, &SentPing::sequence);
  if (found == log_.end() || found->address != from) return std::nullopt;
  const SentPing ping = *found;
  log_.erase(found);
  return ping;
}

void PingLog::clear() {
  log_.clear();
}

}  // namespace rollcall::core
