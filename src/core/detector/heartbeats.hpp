// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/context.hpp"
#include "core/detector/ping_log.hpp"
#include "core/detector/suspicions.hpp"

namespace rollcall::core {

/// Heartbeat counters by gossip, and whose have stood still for too long.
///
/// Every interval a member pings a few random ones, and says with the ping how far it has heard
/// everybody's counter: the freshest, and those it has heard of least lately, as many as a
/// datagram holds. Whoever answers says its own, what it knows better of these, and its freshest.
/// So no datagram grows with the cluster, and what is stalest is asked for first.
///
/// Counters are judged by when they rose here: no member's clock is compared with another's. How
/// old a count is, which orders what is told, is guessed from the fastest word of that member so
/// far. A counter that has stood still for the fail time is doubted first by those who judge its
/// member, the few before it on the ring; by the others only after twice that, should all judges be
/// gone.
///
/// Units:  counters are steps of the sender's own clock since its life began, modulo 2^24.
/// Limits: one entry a member; doubts_per_round others besides the judged are doubted a round.
/// Source: van Renesse, Minsky, Hayden, "A Gossip-Style Failure Detection Service", 1998;
/// PROTOCOL.md,
///         "Heartbeats".
class Heartbeats {
 public:
  static constexpr Duration step = std::chrono::milliseconds(10);
  /// Rounds to somebody at random, where a broadcast reaches everybody: one in so many.
  static constexpr unsigned cast_sample_every = 5;
  /// A member that a broadcast has not reached for so many rounds is gossiped with.
  static constexpr int cast_rounds_missed = 3;
  static constexpr std::size_t doubts_per_round = 4;
  /// Arrivals before the distribution of their distances says anything.
  static constexpr std::uint32_t arrivals_needed = 16;
  /// Bytes left in a datagram for updates that wait.
  static constexpr std::size_t updates_bytes = 400;

  Heartbeats(Context& context, PingLog& pings, Outbox& outbox, const Suspicions& suspicions)
      : context_(context),
        pings_(pings),
        outbox_(outbox),
        suspicions_(suspicions),
        born_(context.now) {}

  void start();
  void stop();
  [[nodiscard]] bool is_running() const { return next_round_ != never; }

  void on_member_changed(Slot slot);
  /// The member is there, however that was found out.
  void on_sign_of_life(Slot slot);
  /// This node did not run, or did not hear: nobody's counter could rise meanwhile.
  void on_pause(Duration length);

  /// What a member has told.
  void on_heard(const LifeId& sender, const wire::Heartbeats& heard);
  /// Adds the answer to it: this node's own counter, and what the asker may not know.
  void answer(const wire::Heartbeats& asked, wire::DatagramWriter& writer);

  /// Runs the rounds; returns the members whose counters have stood still for too long.
  std::vector<Slot> on_deadline();
  [[nodiscard]] Instant next_deadline() const { return next_round_; }

  /// In force now.
  [[nodiscard]] Duration fail_time() const;

 private:
  struct Beat {
    LifeId life;
    std::uint32_t count = unknown;
    /// When it rose here: what it is judged by.
    Instant risen{};
    /// When its member said it, as far as can be told: the fresher is told of first.
    Instant said = Instant::min();
    /// When its member's clock stood at count 0, had the fastest word of it taken no time.
    Instant origin = Instant::max();
    /// When it last came by broadcast.
    Instant cast = Instant::min();
    /// The datagram that it was last put into.
    std::uint64_t told_in = 0;
    /// Of the times between two rises, in seconds.
    std::uint32_t arrivals = 0;
    float mean = 0;
    float variance = 0;
  };
  /// No counter has this value; told, it asks for the counter.
  static constexpr std::uint32_t unknown = 0;

  [[nodiscard]] std::uint32_t own_count() const;
  /// Whether counters go to the whole LAN from here.
  [[nodiscard]] bool is_cast() const {
    return context_.config.broadcast && context_.config.heartbeat_cast == HeartbeatCast::broadcast;
  }
  [[nodiscard]] Beat* find(Slot slot);
  Beat& beat_of(Slot slot) { return beats_[static_cast<std::size_t>(slot)]; }
  void watch(Slot slot);
  [[nodiscard]] Beat* find(std::uint64_t member);
  void on_own_word(Beat& beat, std::uint32_t count);
  void on_hearsay(Beat& beat, std::uint32_t count);
  void rise(Beat& beat, std::uint32_t count);
  void note_arrival(Beat& beat) const;
  void round();
  void cast();
  void tell(Slot slot);
  [[nodiscard]] std::vector<Slot> pick_targets();
  void gather();
  [[nodiscard]] std::size_t room_in(const wire::DatagramWriter& writer) const;
  void put(Slot slot);
  void put_freshest(std::size_t count);
  void put_stalest(std::size_t count);
  void put_better_known(const wire::Heartbeats& asked, std::size_t count);
  void write(wire::DatagramWriter& writer) const;
  [[nodiscard]] bool has_stood_still(const Beat& beat, Duration elapsed, Duration limit) const;
  [[nodiscard]] bool doubts_itself() const;
  [[nodiscard]] std::vector<Slot> find_silent();

  Context& context_;
  PingLog& pings_;
  Outbox& outbox_;
  const Suspicions& suspicions_;
  Instant born_;
  Instant next_round_ = never;
  unsigned rounds_ = 0;
  std::uint64_t datagrams_ = 0;
  std::vector<Beat> beats_;                        // by slot
  std::unordered_map<std::uint64_t, Slot> slots_;  // by heartbeat_key(); looked up only
  // What the datagram being put together takes, kept for its memory.
  std::vector<Slot> order_;
  ByteVector others_;
};

}  // namespace rollcall::core
