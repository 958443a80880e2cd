// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "core/config.hpp"
#include "wire/messages.hpp"

/// What the core asks of the world, in order. The world performs each effect once, in the order
/// given, and reports results as inputs (node.hpp).
namespace rollcall::core {

/// Bytes inside Effects::bytes(); valid until the next clear().
struct Slice {
  std::size_t offset = 0;
  std::size_t size = 0;
};

enum class ExchangeId : std::uint64_t {};  // a stream that this node opened for questions
enum class StreamId : std::uint64_t {};    // a stream that a peer opened to this node
enum class WatchId : std::uint64_t {};     // a stream kept open to a neighbour
enum class ResolveId : std::uint64_t {};
enum class CommandId : std::uint64_t {};

struct SendDatagram {
  Address to;
  Slice payload;
};

/// Send to everybody on the LAN who listens for such datagrams, by multicast or broadcast; nothing
/// happens where the world was not told to take part in that.
struct CastDatagram {
  Slice payload;
};

/// Connect, send the frame, wait for one frame in answer: on_exchange_reply() or
/// on_exchange_failed(), one of them exactly once per request, within the time given.
struct StartExchange {
  ExchangeId id{};
  Address to;
  Slice frame;
  Duration timeout{};
};
/// A further request on an exchange that has been answered.
struct ContinueExchange {
  ExchangeId id{};
  Slice frame;
  Duration timeout{};
};
/// Close an exchange; nothing is reported for it any more.
struct EndExchange {
  ExchangeId id{};
};

enum class AfterReply : std::uint8_t { keep_open, close };

/// Answer a frame that came in through on_request().
struct Reply {
  StreamId id{};
  Slice frame;
  AfterReply then = AfterReply::keep_open;
};

/// Connect, send the frame, then keep the stream open: on_watch_opened() when a frame came
/// back, on_watch_closed() exactly once when it ended or could not be opened.
struct OpenWatch {
  WatchId id{};
  Address to;
  Slice frame;
  Duration timeout{};
};
/// Close a watch; nothing is reported for it any more.
struct CloseWatch {
  WatchId id{};
};

/// Look up a host name: on_resolved(), exactly once.
struct Resolve {
  ResolveId id{};
  HostPort host_port;
};

/// Read the file of further members to join: on_hosts(), with the list as it was when it cannot be
/// read any more. Asked for only with Config::reads_hosts.
struct ReadHosts {};

/// Keep the boot counter of the life that begins, so that the next start exceeds it.
struct PersistBoot {
  std::uint64_t boot = 0;
};
/// Keep the addresses of live members, for finding the cluster again after a restart.
struct PersistPeers {
  std::vector<Address> peers;
};

/// Keep the settings in force, so that the next start begins with them.
struct PersistSettings {
  VersionedSettings settings;
};

enum class EventKind : std::uint8_t {
  member_join,       // a life seen for the first time
  member_alive,      // a suspicion refuted
  member_suspect,    //
  member_failed,     //
  member_leave,      // left by itself, or forced out (witness)
  member_update,     // address or tags changed
  member_reap,       // a failed or left record forgotten
  name_conflict,     // two live processes claim one name; the message says which one holds it
  protocol_warning,  // something implausible was refused
  protocol_changed   // other settings are in force; the news of it has them
};
std::string_view to_text(EventKind kind);

/// Something that readers are told of, in order.
struct Publish {
  EventKind kind{};
  /// The member it is about; this member itself for warnings.
  std::string name;
  Life life;
  std::uint32_t incarnation = 0;
  Address address;
  /// The name of the accuser or of whoever forced it out, when known.
  std::string by;
  std::string message;
  /// protocol_changed only. The member is this one; by is the name of the member where the change
  /// was asked for.
  struct SettingsNews {
    VersionedSettings from;
    VersionedSettings to;
  };
  std::vector<SettingsNews> settings = {};  // one, or none
};

enum class CommandResult : std::uint8_t {
  done,             //
  join_failed,      // no seed could be joined; see the attempts
  name_in_use,      // another live member has this name; not joined
  cancelled,        //
  unknown_member,   //
  not_allowed,      // force-leave of a live member, or of oneself
  invalid,          // tags above their limit; settings out of range: see the problems
  version_mismatch  // the settings in force are of another version than expected
};

/// How far a try to find the cluster has come; the stages follow one another in this order.
enum class JoinStage : std::uint8_t {
  none,         // nothing is tried
  saved_peers,  // asking those that an earlier life knew
  seeds,        // asking those that were named
  hosts_file,   // asking those that the hosts file names just now
  lan,          // asking everybody on the LAN
  waiting       // nobody was found; the next try comes after a while
};
std::string_view to_text(JoinStage stage);
inline constexpr std::size_t join_stage_count = 6;

/// The seed of the stage hosts_file when the file names nobody else.
inline constexpr std::string_view hosts_file_text = "hosts file";
/// The outcome of the stage lan when nobody was there.
inline constexpr std::string_view nobody_on_lan_text = "nobody answered";

/// What became of one address that a join tried.
struct JoinAttempt {
  std::string seed;     // as given: "db1:7420"
  std::string outcome;  // "joined", "connection refused", "is this member itself", …
  bool joined = false;
  JoinStage stage = JoinStage::seeds;
};

struct CommandDone {
  CommandId id{};
  CommandResult result{};
  std::vector<JoinAttempt> attempts;
  /// What is wrong with settings asked for.
  std::vector<ConfigProblem> problems = {};
};

using Effect = std::variant<SendDatagram, CastDatagram, StartExchange, ContinueExchange,
                            EndExchange, Reply, OpenWatch, CloseWatch, Resolve, ReadHosts,
                            PersistBoot, PersistPeers, PersistSettings, Publish, CommandDone>;

/// The ordered list of effects of one input, and the bytes they carry. Reused from input to
/// input, so that the steady path allocates nothing.
class Effects {
 public:
  void add(Effect effect) { list_.push_back(std::move(effect)); }

  /// Keeps a copy of the bytes until clear().
  Slice keep(Bytes bytes) {
    const Slice slice{buffer_.size(), bytes.size()};
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
    return slice;
  }
  /// The buffer that slices point into, for encoders that append to it directly.
  [[nodiscard]] ByteVector& buffer() { return buffer_; }

  [[nodiscard]] Bytes bytes(Slice slice) const {
    return Bytes(buffer_).subspan(slice.offset, slice.size);
  }
  [[nodiscard]] const std::vector<Effect>& list() const { return list_; }
  [[nodiscard]] bool empty() const { return list_.empty(); }
  void clear() {
    list_.clear();
    buffer_.clear();
  }

 private:
  std::vector<Effect> list_;
  ByteVector buffer_;
};

}  // namespace rollcall::core
