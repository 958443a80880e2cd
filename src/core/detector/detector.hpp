// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/context.hpp"
#include "core/detector/ping_log.hpp"

namespace rollcall::core {

/// How an update came to be known here.
enum class Provenance : std::uint8_t {
  own,       // this node's own observation
  datagram,  // told by a member just now
  join,      // part of the state given to a joiner
  sync       // found by anti-entropy
};

/// What this node says of a member by its own observation, now.
wire::Update own_finding(const Context& context, Slot slot, State state);

/// Where the parts of a node report what they have found out about members.
class Registrar {
 public:
  virtual ~Registrar() = default;
  /// Merges an update into the table and does all that follows from it.
  virtual void learn(const wire::Update& update, Provenance provenance) = 0;
  /// A further member (this node) accuses an already suspected one: tells its judges.
  virtual void confirm(Slot slot) = 0;
  /// Asks over TCP whether a member is there; the detector hears on_stream_ping().
  virtual void stream_ping(Slot slot, Duration timeout) = 0;
};

enum class StreamPingResult : std::uint8_t { answered, refused, other_life, silent };

/// Decides which members are suspected and which have failed. Two of them, by Config::profile:
/// RollcallDetector, which notices silence by probing or by heartbeats, and SwimDetector.
///
/// Order:   the table has already changed when on_member_changed() is called.
/// Threads: none.
class Detector {
 public:
  virtual ~Detector() = default;

  /// A new round begins: the node has joined, or begun a cluster.
  virtual void start() = 0;
  /// Everything pending is dropped: the node is out.
  virtual void stop() = 0;

  virtual void on_member_changed(Slot slot) = 0;
  /// Another member accuses one that is suspected already; true if that is new and counts.
  virtual bool on_confirmation(Slot slot, const LifeId& witness) = 0;
  /// Others hold a member for failed that is live here.
  virtual void on_failed_elsewhere(Slot slot) = 0;

  /// The life asked for answered a ping.
  virtual void on_answer(const SentPing& ping) = 0;
  /// Another life answered at the member's address.
  virtual void on_other_life(const SentPing& ping) = 0;
  virtual void on_report(const SentPing& request, wire::Finding finding) = 0;
  virtual void on_stream_ping(Slot slot, const LifeId& life, StreamPingResult result) = 0;
  /// The member's host says that nothing listens there.
  virtual void on_refused(Slot slot) = 0;
  /// A stream to or from a member has ended by the other side's doing.
  virtual void on_stream_ended(Slot slot) = 0;
  /// A datagram of some life arrived, whatever it says.
  virtual void on_heard(const LifeId&) {}
  /// A member has told of heartbeats.
  virtual void on_heartbeats(const LifeId&, const wire::Heartbeats&) {}
  /// Adds to an answer's datagram what a member that told of heartbeats is told in turn.
  virtual void answer_heartbeats(const wire::Heartbeats&, wire::DatagramWriter&) {}
  /// Other settings are in force; the config has them.
  virtual void on_settings_changed(const ClusterSettings&) {}
  /// This node did not run for a while.
  virtual void on_pause(Duration length) = 0;

  virtual void on_deadline() = 0;
  [[nodiscard]] virtual Instant next_deadline() const = 0;

  /// How long a member that is looked at may stay silent; nothing of any other.
  [[nodiscard]] virtual std::optional<Duration> time_allowed(Slot) const { return std::nullopt; }
  /// How many members are looked at because of a suspicion.
  [[nodiscard]] virtual std::size_t suspicion_count() const { return 0; }
  /// How many are looked at because a probe found them silent, and nobody has been told.
  [[nodiscard]] virtual std::size_t doubt_count() const { return 0; }
};

}  // namespace rollcall::core
