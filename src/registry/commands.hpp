// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "registry/types.hpp"

/// What can be proposed to the log, and its bytes.
///
/// Layout (big-endian): version (1 byte), kind (1), request (client 16, sequence 8, answered_below
/// 8), then the kind's fields. One command has one form: encode(decode(bytes)) == bytes.
namespace rollcall::registry {

/// The version of the layout, of the limits and of what the commands do. A replica that meets a
/// higher one must not guess; see Registry::apply().
inline constexpr std::uint8_t command_version = 1;

/// Names one request of one client, so that a retry is answered and not done again.
///
/// A client is whoever retries: an agent that forwards, or a library. Its sequence begins at 1 and
/// grows by one a request. `answered_below`: the answers of all lower sequences have arrived, so
/// that they can be forgotten; 1 at first.
struct RequestId {
  LifeId client;  // nobody: not a request of anyone who would retry; done as often as committed
  std::uint64_t sequence = 0;
  std::uint64_t answered_below = 0;

  auto operator<=>(const RequestId&) const = default;
};

/// A client joins a group, or renews what is known of it.
struct Join {
  std::string group;
  MemberSpec member;

  auto operator<=>(const Join&) const = default;
};

/// A client leaves by its own word.
struct Leave {
  std::string group;
  std::string id;
  Life life;  // nobody: whichever is there

  auto operator<=>(const Leave&) const = default;
};

/// One lease, by the join that granted it: a member that has joined again is another.
struct LeaseName {
  std::string group;
  std::string id;
  std::uint64_t granted = 0;

  auto operator<=>(const LeaseName&) const = default;
};

/// The leader's decision that leases have run out, or that checks were missed. Who has joined
/// again since is left alone.
struct Evict {
  Cause cause = Cause::expired;  // expired, check_failed or removed
  std::vector<LeaseName> leases;

  auto operator<=>(const Evict&) const = default;
};

struct ClusterRemoval {
  std::string id;
  Life life;                    // this life alone
  Cause cause = Cause::failed;  // left, failed or removed

  auto operator<=>(const ClusterRemoval&) const = default;
};

/// The leader's changes of the group `cluster`: all of them are one view.
struct ChangeCluster {
  std::vector<ClusterRemoval> removed;
  std::vector<MemberSpec> joined;  // each with a life, and without a lease or a check

  auto operator<=>(const ChangeCluster&) const = default;
};

struct Command {
  RequestId request;
  std::variant<Join, Leave, Evict, ChangeCluster> action;

  auto operator<=>(const Command&) const = default;
};

enum class CommandError : std::uint8_t {
  too_new,    // of a later version: this program is too old to judge it
  too_large,  // above command_bytes_max
  malformed,  // cut short, too long, or with a value that no rule allows
};
std::string_view to_text(CommandError error);

/// The decoder is total: any bytes give a command that keeps every rule, or an error.
/// Whoever proposes bytes from elsewhere asks it first, so that only good ones reach the log.
std::expected<Command, CommandError> decode_command(Bytes bytes);

/// Whose request a command is, read from its head alone; nothing: it has no whole head of this
/// version. What decode_command() takes has the same request here.
std::optional<RequestId> peek_request(Bytes bytes);

/// Checked: what is encoded keeps every rule but the size, which the caller asks with
/// is_small_enough() when it builds batches.
ByteVector encode(const Command& command);
bool is_small_enough(Bytes command);

}  // namespace rollcall::registry
