// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/ids.hpp"

/// What members say to one another, as values. The layout in bytes is PROTOCOL.md's matter and
/// nobody's but wire/'s. Views (string_view, span) in a decoded message point into the decoded
/// bytes and live as long as these.
namespace rollcall::wire {

inline constexpr std::uint8_t version = 1;
/// A datagram that we send is never longer, so that it crosses an Ethernet link unfragmented,
/// with room for IPv6, UDP and a seal.
inline constexpr std::size_t datagram_bytes_max = 1400;
inline constexpr std::size_t name_bytes_max = 128;
/// All tags of one member, encoded. An update with full tags still fits one datagram.
inline constexpr std::size_t tags_bytes_max = 1024;
/// The longest stream frame accepted: about 250,000 members in one reply.
inline constexpr std::size_t frame_bytes_max = std::size_t{32} << 20U;

/// The state of one life. Values are those on the wire; at equal incarnation a greater value
/// wins (core/membership/record.hpp has the whole order).
enum class State : std::uint8_t { alive = 0, suspect = 1, failed = 2, left = 3 };

/// Whether a failed state is the news of a verdict passed just now, or a record of the past. A
/// receiver that holds the life for alive believes news at once, and looks for itself at history.
enum class Age : std::uint8_t { news = 0, history = 1 };

/// One member's record, as told by anybody.
struct Update {
  std::string_view name;
  Life life;
  std::uint32_t incarnation = 0;
  State state = State::alive;
  Age age = Age::news;
  /// Failed while it was heard: its network is at fault, and it stays out until that is sound.
  bool unfit = false;
  Address address;
  /// Who saw it fail, for suspect and failed; who forced it out, for left. Else nobody.
  LifeId witness;
  bool has_tags = false;
  /// Encoded tags (wire/tags.hpp), meaningful only with has_tags.
  Bytes tags;

  bool operator==(const Update& other) const;
};

/// "Are you there?" to one life at an address.
struct Ping {
  std::uint32_t sequence = 0;
  LifeId target;
  /// The sender's digest of all live records, for noticing a difference at no cost.
  std::uint64_t digest = 0;
  bool operator==(const Ping&) const = default;
};

/// The answer to a ping. Its sender in the envelope may be another life than was asked for:
/// then that one is gone and its address has a new tenant.
struct Ack {
  std::uint32_t sequence = 0;
  std::uint64_t digest = 0;
  /// The answerer has no record of the asker.
  bool stranger = false;
  /// The share, in 1/255, of the answerer's own pings to random members that stayed unanswered
  /// lately; 255 while there were few.
  std::uint8_t lost = 0;
  bool operator==(const Ack&) const = default;
};

/// "Please look at this member for me."
struct PingRequest {
  std::uint32_t sequence = 0;
  LifeId target;
  Address address;
  /// How long the helper should wait for the target before reporting silence.
  std::uint16_t patience_ms = 0;
  bool operator==(const PingRequest&) const = default;
};

/// What a probe found out.
enum class Finding : std::uint8_t {
  answered = 0,   // the life asked for answered
  silent = 1,     // nothing came back in time; also proves that the helper itself is there
  refused = 2,    // the host says that nothing listens there (port unreachable, reset)
  other_life = 3  // another life answered at that address
};

/// A helper's answer to a ping request.
struct Report {
  std::uint32_t sequence = 0;
  Finding finding = Finding::silent;
  bool operator==(const Report&) const = default;
};

/// One member's heartbeat as somebody has heard of it.
struct Heartbeat {
  /// Which member: heartbeat_key() of its life.
  std::uint64_t member = 0;
  /// Its counter, modulo 2^24: heartbeat_is_newer() compares.
  std::uint32_t count = 0;
  bool operator==(const Heartbeat&) const = default;
};
/// 40 bits of a life's random id. Of 10,000 members two share a key in one cluster of 20,000; they
/// are then heard of as one.
constexpr std::uint64_t heartbeat_key(const LifeId& life) {
  return life.low >> 24U;
}
inline constexpr std::uint32_t heartbeat_count_mask = 0xFF'FFFF;
/// Whether a count is ahead of another by less than half of the circle.
constexpr bool heartbeat_is_newer(std::uint32_t count, std::uint32_t than) {
  const std::uint32_t ahead = (count - than) & heartbeat_count_mask;
  return ahead != 0 && ahead <= heartbeat_count_mask / 2;
}
inline constexpr std::size_t heartbeat_bytes = 8;
inline constexpr std::size_t heartbeats_max = 160;

/// "I am here, and so many times I have heard of these." With a ping: the answerer says the same
/// in its ack's datagram.
struct Heartbeats {
  /// The sender's own counter, below 2^24.
  std::uint32_t own = 0;
  /// Sent to the whole LAN at once.
  bool is_cast = false;
  /// Encoded, up to heartbeats_max: read_heartbeat() gives them one by one.
  Bytes others;

  [[nodiscard]] std::size_t count() const { return others.size() / heartbeat_bytes; }
  bool operator==(const Heartbeats& other) const;
};
Heartbeat read_heartbeat(const Heartbeats& heartbeats, std::size_t index);
void append_heartbeat(const Heartbeat& heartbeat, ByteVector& others);

/// What a cluster is tuned by, number by number, in this order. Durations are in nanoseconds,
/// shares in millionths.
enum class Setting : std::uint8_t {
  detector,   // 0 pingack, 1 gossip
  suspicion,  // 0 disabled, 1 enabled
  suspicion_time,
  probe_interval,
  probe_timeout,
  indirect_probes,
  gossip_interval,
  gossip_fanout,
  fail_time,
  accrual_threshold,  // in millionths
  heartbeat_cast,     // 0 unicast, 1 broadcast
  cleanup_time,
  drop_rate  // in millionths
};
inline constexpr std::size_t settings_count = static_cast<std::size_t>(Setting::drop_rate) + 1;
using SettingValues = std::array<std::uint64_t, settings_count>;

/// The cluster's settings of one version.
struct Settings {
  std::uint64_t number = 0;
  /// Whose change it was; with the number, the order of versions.
  LifeId origin;
  /// The name of that member.
  std::string_view by;
  /// Encoded: settings_count words.
  Bytes values;
  bool operator==(const Settings& other) const;
};
SettingValues read_values(const Settings& settings);
void append_values(const SettingValues& values, ByteVector& out);

/// "Is anybody there?", sent to the whole LAN by a member that looks for its cluster.
struct Seek {
  bool operator==(const Seek&) const = default;
};
/// The answer to it: the sender can be joined where this comes from.
struct Here {
  bool operator==(const Here&) const = default;
};

using Message =
    std::variant<Ping, Ack, PingRequest, Report, Update, Heartbeats, Settings, Seek, Here>;

/// What precedes every datagram and every frame.
struct Envelope {
  /// hash_bytes(cluster name): members of another cluster are refused before anything is read.
  std::uint32_t cluster = 0;
  LifeId sender;
  /// The sender's own opinion of its health: 0 healthy, up to 255 barely running.
  std::uint8_t health = 0;
  bool operator==(const Envelope&) const = default;
};

// --- Streams: one request frame, one reply frame, in turn ------------------------------------

/// "Let me in": the sender's own record. Sent to any member.
struct JoinRequest {
  std::string_view cluster_name;
  Update self;
  /// A life of the same name that the joiner looked for and did not find, or nobody.
  LifeId looked_for;
  bool operator==(const JoinRequest&) const = default;
};

enum class JoinStatus : std::uint8_t {
  welcome = 0,
  raise_boot = 1,    // an earlier life of this name had the same or a higher boot counter
  name_in_use = 2,   // a live member at another address has this name
  wrong_cluster = 3  // cluster_name is the answerer's
};

/// welcome: every record the answerer has, its own first. raise_boot, name_in_use: the one
/// record in the way.
struct JoinReply {
  JoinStatus status = JoinStatus::welcome;
  std::string_view cluster_name;
  std::vector<Update> records;
  /// Those in force at the answerer, if they are anybody's but its own.
  std::optional<Settings> settings = {};
  bool operator==(const JoinReply&) const = default;
};

/// Anti-entropy, step 1: digests of the sender's live records by bucket of name hash. The number
/// of buckets is a power of two.
struct SyncOpen {
  std::vector<std::uint64_t> buckets;
  std::optional<Settings> settings = {};
  bool operator==(const SyncOpen&) const = default;
};

/// One record in short.
struct SyncEntry {
  std::uint64_t name_hash = 0;
  std::uint64_t record_hash = 0;
  bool operator==(const SyncEntry&) const = default;
};

/// Step 2: the answerer's entries in each bucket that differs; no bucket means in step. The
/// bucket numbers rise: a list out of order or with one twice is refused.
struct SyncEntries {
  std::vector<std::uint16_t> buckets;
  std::vector<SyncEntry> entries;
  std::optional<Settings> settings = {};
  bool operator==(const SyncEntries&) const = default;
};

/// Step 3 (wanted: name hashes whose records the sender lacks or has otherwise) and step 4 (the
/// records asked for, nothing wanted).
struct SyncRecords {
  std::vector<std::uint64_t> wanted;
  std::vector<Update> records;
  bool operator==(const SyncRecords&) const = default;
};

/// A probe over TCP, for paths that lose datagrams.
struct StreamPing {
  LifeId target;
  bool operator==(const StreamPing&) const = default;
};
struct StreamAck {
  std::uint64_t digest = 0;
  bool operator==(const StreamAck&) const = default;
};

/// Opens a stream that stays open with nothing on it: its end tells that a process ended.
struct Watch {
  LifeId target;
  bool operator==(const Watch&) const = default;
};
struct WatchAck {
  bool operator==(const WatchAck&) const = default;
};

enum class RefusalCode : std::uint8_t {
  wrong_cluster = 0,
  wrong_version = 1,
  malformed = 2,
  overloaded = 3,
  not_joined = 4,
  no_agreement = 5  // the member takes no part in what is agreed
};

/// Begins a stream for frames of the agreement (consensus/frames.hpp), which follow the welcome in
/// both directions until one side closes it. The name is that of the member that opens it.
struct AgreementHello {
  std::string_view name;
  bool operator==(const AgreementHello&) const = default;
};
/// The name of the member that was reached.
struct AgreementWelcome {
  std::string_view name;
  bool operator==(const AgreementWelcome&) const = default;
};

/// Why a stream is about to be closed, for the other side's log and its operator.
struct Refused {
  RefusalCode code = RefusalCode::malformed;
  std::string_view detail;
  bool operator==(const Refused&) const = default;
};

using StreamMessage =
    std::variant<JoinRequest, JoinReply, SyncOpen, SyncEntries, SyncRecords, StreamPing, StreamAck,
                 Watch, WatchAck, Refused, AgreementHello, AgreementWelcome>;

/// Why bytes were not read. Every byte string decodes to a message or to one of these.
enum class DecodeError : std::uint8_t {
  too_short,      // ended inside a field
  not_rollcall,   // the magic is missing
  wrong_version,  // another wire version
  wrong_cluster,  // another cluster's hash
  sealed,         // sealed, and this version has no keys
  unknown_flag,   // a reserved bit is set
  unknown_kind,   // no such message
  bad_field,      // a value outside its range
  trailing,       // bytes after the end
  too_long        // above a named limit
};

std::string_view to_text(DecodeError error);
std::string_view to_text(State state);
std::string_view to_text(Finding finding);
std::string_view to_text(RefusalCode code);

}  // namespace rollcall::wire
