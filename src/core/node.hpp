// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/time.hpp"
#include "core/config.hpp"
#include "core/effects.hpp"
#include "core/membership/member_table.hpp"

namespace rollcall::core {

/// Where a member stands on its way into, through and out of a cluster.
enum class Phase : std::uint8_t {
  starting,  // nothing tried yet
  joining,   // asking seeds
  alone,     // no seed answered (or none is known); still trying in the background
  joined,    // at least one other member is known or the node was told to start a cluster
  leaving,   // spreading its departure
  left,      // out; can join again
  conflict,  // another live process holds its name; out until told to join again
  aside      // its own network is unfit; out until that is sound, then back as a new life
};
std::string_view to_text(Phase phase);

/// What the operating system said about an address.
enum class Unreachable : std::uint8_t {
  port,    // the host says that nothing listens on the port
  network  // no route, host or network down, not permitted: proves nothing about the process
};

enum class ExchangeError : std::uint8_t {
  refused,      // the host refused the connection: nothing listens
  reset,        // closed by the peer before it answered
  timeout,      //
  unreachable,  // no route, network down
  malformed     // what came back was no frame of this protocol and version
};
std::string_view to_text(ExchangeError error);

/// How a stream ended.
enum class CloseReason : std::uint8_t { end_of_stream, reset, refused, timeout, other };

enum class ResolveError : std::uint8_t { none, not_found, failed };

/// What users ask of a node.
struct JoinCommand {
  std::vector<HostPort> seeds;
  /// Forget the command at the first try that fails, or keep trying in the background.
  bool keep_trying = false;
};
struct CancelJoinCommand {};
struct LeaveCommand {};
struct ForceLeaveCommand {
  std::string name;
};
struct SetTagsCommand {
  wire::Tags tags;
};
enum class SettingsScope : std::uint8_t {
  cluster,  // everybody's: a new version, which spreads
  local     // this member's alone, until the next version of everybody's
};
struct ChangeSettingsCommand {
  SettingsChange change;
  SettingsScope scope = SettingsScope::cluster;
  /// The version that the change was decided on; another one in force refuses it.
  std::optional<std::uint64_t> expected_number;
  /// With the number: of two versions made at once, which one.
  std::optional<LifeId> expected_origin = std::nullopt;
};
/// This life was removed by the others' agreement: the next one begins, unless it has already, or
/// this member is out.
struct BeginLifeCommand {
  LifeId ended;
};
using Command = std::variant<JoinCommand, CancelJoinCommand, LeaveCommand, ForceLeaveCommand,
                             SetTagsCommand, ChangeSettingsCommand, BeginLifeCommand>;

/// What became of the homes when they were tried in the background and none could be joined.
struct JoinTrouble {
  /// Counts such tries; 0 before the first.
  std::uint64_t number = 0;
  std::vector<JoinAttempt> attempts;
};

/// Counters since the start; each only grows.
struct Counters {
  std::uint64_t datagrams_received = 0;
  std::uint64_t datagrams_sent = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t datagrams_refused = 0;  // did not decode
  std::uint64_t wrong_cluster = 0;
  std::uint64_t wrong_version = 0;
  std::uint64_t probes = 0;
  std::uint64_t probes_failed = 0;
  std::uint64_t suspicions = 0;
  std::uint64_t refutations = 0;
  std::uint64_t failures = 0;
  std::uint64_t pauses = 0;  // own pauses noticed
  std::uint64_t exchanges = 0;
  /// How often each JoinStage of a try has begun, by its number.
  std::array<std::uint64_t, join_stage_count> join_stages{};
};

/// What waits inside a node; each is bounded.
struct QueueSizes {
  std::size_t updates = 0;       // riding along: one a record
  std::size_t pushes = 0;        // for the next flush
  std::size_t suspicions = 0;    // one a suspect
  std::size_t doubts = 0;        // one a member
  std::size_t exchanges = 0;     // Exchanges::open_max
  std::size_t helper_tasks = 0;  // HelperDesk::tasks_max
};

/// How a live member has been lately, seen from here.
struct Steadiness {
  Slot slot{};
  /// In flaps, decaying; 0 if none is remembered.
  double penalty = 0;
  std::uint32_t flaps = 0;
  /// Until then a suspicion of it does not begin; not later than now if none is held back.
  Instant hold_down_until{};
  /// How long it may stay silent: the suspicion there is, or else the next, with its witnesses.
  Duration time_allowed{};
};

/// One member's whole protocol: membership, failure detection, dissemination, joining.
///
/// Sans-I/O: reads no clock, opens no socket, starts no thread. Two nodes given the same config,
/// seed and inputs append the same effects, byte for byte.
///
/// Units:   times are Instants of the node's own monotonic clock; never a peer's.
/// Order:   now must not decrease from call to call (checked).
/// Errors:  after construction no input is an error: bytes that do not decode, late and
///          duplicated answers, and words from strangers are counted and dropped.
/// Limits:  O(members) memory, bounded by Config::members_max; O(fanout) effects per input.
/// Threads: none; the caller serialises calls.
/// Source:  PROTOCOL.md.
class Node {
 public:
  /// The config must have passed validate(); boot is above every earlier life's that is known.
  Node(Config config, std::uint64_t boot, std::uint64_t seed, Instant now);
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  /// Saved peers and seeds to return to whenever this member finds itself alone.
  void set_homes(std::vector<HostPort> seeds, std::vector<Address> saved_peers);
  /// Settings kept from an earlier life, before start(): in force until newer ones are met.
  void set_settings(const VersionedSettings& kept);
  /// Begins: with homes, joins them; without, starts a cluster of one.
  void start(Instant now, Effects& effects);

  /// Begins in the middle of a formed cluster, instead of start(): everybody's table, this node's
  /// own life in it, is what it knows. The table must stay as it is while the node lives. For
  /// simulations, where ten thousand members cannot each keep ten thousand records.
  void start_among(const MemberTable& everybody, Instant now, Effects& effects);

  void on_datagram(const Address& from, Bytes datagram, Instant now, Effects& effects);
  /// The operating system reported an error for datagrams sent to an address.
  void on_unreachable(const Address& to, Unreachable what, Instant now, Effects& effects);

  /// A whole frame (head and body) arrived on a stream that a peer opened.
  void on_request(StreamId id, const Address& from, Bytes frame, Instant now, Effects& effects);
  /// A stream that a peer opened has ended.
  void on_stream_closed(StreamId id, CloseReason reason, Instant now, Effects& effects);

  void on_exchange_reply(ExchangeId id, Bytes frame, Instant now, Effects& effects);
  void on_exchange_failed(ExchangeId id, ExchangeError error, Instant now, Effects& effects);

  void on_watch_opened(WatchId id, Bytes frame, Instant now, Effects& effects);
  void on_watch_closed(WatchId id, CloseReason reason, Instant now, Effects& effects);

  void on_resolved(ResolveId id, std::span<const Address> addresses, ResolveError error,
                   Instant now, Effects& effects);

  /// What the hosts file names; twice the same answer is no harm.
  void on_hosts(std::span<const HostPort> hosts, Instant now, Effects& effects);

  void on_command(CommandId id, const Command& command, Instant now, Effects& effects);

  /// Call when now >= next_deadline(), after all input that had arrived by then was given;
  /// calling early is harmless and does nothing. Calling late is noticed: that is how the node
  /// learns that it was paused or starved.
  void on_deadline(Instant now, Effects& effects);
  /// The one timer the runtime must keep. Recompute after every call.
  [[nodiscard]] Instant next_deadline() const;

  /// Asks the processor for the memory that the next input will need; changes nothing.
  void fetch() const;

  // --- Queries -------------------------------------------------------------------------------
  /// As started, with the settings that are in force.
  [[nodiscard]] const Config& config() const;
  [[nodiscard]] const VersionedSettings& settings() const;
  [[nodiscard]] const MemberTable& members() const;
  /// Slots of members() that changed since the last call, for readers that keep copies.
  [[nodiscard]] std::vector<Slot> take_changed_members();
  [[nodiscard]] Phase phase() const;
  [[nodiscard]] Life life() const;
  /// 0 healthy; 1 to 8 for how much own slowness stretches this node's patience.
  [[nodiscard]] unsigned health() const;
  /// The recent lateness of this node's own timers.
  [[nodiscard]] Duration lag() const;
  [[nodiscard]] const Counters& counters() const;
  [[nodiscard]] QueueSizes queue_sizes() const;
  /// The live members that are suspected, or whose flaps are not forgotten, by slot; as of the last
  /// input.
  [[nodiscard]] std::vector<Steadiness> unsteady() const;
  /// How far the try to find the cluster has come that is under way.
  [[nodiscard]] JoinStage join_stage() const;
  /// The last try to join in the background that failed.
  [[nodiscard]] const JoinTrouble& join_trouble() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace rollcall::core
