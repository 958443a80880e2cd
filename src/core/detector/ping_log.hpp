// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/context.hpp"
#include "core/dissemination/outbox.hpp"

namespace rollcall::core {

/// On whose behalf a ping was sent, and so who is told of its answer.
enum class PingPurpose : std::uint8_t {
  probe,    // the detector's regular probe, or a look at a suspect
  sample,   // to see whether answers arrive at all
  helper,   // for another member that asked
  rival,    // at another holder of this node's name
  lost,     // at a failed member, in case it is back
  compare,  // for the digest in its answer
  leave     // to have the departure acknowledged
};

/// A ping, or a request to a helper, that may still be answered.
struct SentPing {
  std::uint32_t sequence = 0;
  PingPurpose purpose{};
  /// The member meant; a rival has none.
  std::optional<Slot> slot;
  LifeId target;
  Address address;
  Instant sent_at{};
};

/// Sends pings and remembers them until their answers come.
///
/// Limits: remembers the last log_size, for memory_time; what is answered later is a stranger's.
class PingLog {
 public:
  static constexpr std::size_t log_size = 1024;
  /// The longest that a helper may be asked to wait.
  static constexpr Duration memory_time = std::chrono::seconds(60);

  PingLog(Context& context, Outbox& outbox) : context_(context), outbox_(outbox) {}

  /// Pings a known member; returns the ping's sequence number.
  std::uint32_t ping(Slot slot, PingPurpose purpose) {
    return ping_with(slot, purpose, [](wire::DatagramWriter&) {});
  }
  /// The same, with what the function adds to the datagram.
  template <class Add>
  std::uint32_t ping_with(Slot slot, PingPurpose purpose, Add add) {
    const Record& record = context_.table.at(slot);
    const std::uint32_t sequence = note(
        {.purpose = purpose, .slot = slot, .target = record.life.id, .address = record.address});
    outbox_.send_with(
        record.address,
        wire::Ping{.sequence = sequence, .target = record.life.id, .digest = context_.digest()},
        slot, add);
    return sequence;
  }
  /// Pings a known member, chosen at random, to see how this node's pings are answered; not if
  /// there was such a ping just now.
  void sample(Slot slot);
  /// The same for a ping that has just gone out for another purpose.
  void count_as_sample(std::uint32_t sequence);
  /// Sends a datagram to this node itself, to see that what arrives is read.
  void echo();
  /// Pings a life at an address, known or not.
  std::uint32_t ping(const LifeId& target, const Address& address, PingPurpose purpose);
  /// Asks a helper to look at a member; the report comes back under the sequence returned.
  std::uint32_t ask(Slot helper, Slot target, Duration patience);

  /// Takes out the ping that an answer belongs to. An answer counts only from where the ping
  /// went.
  std::optional<SentPing> take(std::uint32_t sequence, const Address& from);

  void clear();

 private:
  std::uint32_t note(SentPing ping);

  Context& context_;
  Outbox& outbox_;
  std::vector<SentPing> log_;  // unanswered, in the order sent
  std::uint32_t next_sequence_ = 1;
};

}  // namespace rollcall::core
