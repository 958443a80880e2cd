// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"

/// The words of what is agreed: members, groups, views.
namespace rollcall::registry {

/// The group whose members are the cluster's own; only the leader changes it.
inline constexpr std::string_view cluster_group = "cluster";
/// Whoever joins it is put into the smallest group there is; see Registry.
inline constexpr std::string_view auto_group = "auto";
/// Where `auto` puts a member while there is no group yet.
inline constexpr std::string_view default_group = "default";

struct MetaEntry {
  std::string key;
  std::string value;

  auto operator<=>(const MetaEntry&) const = default;
};
/// By key, each key once.
using Meta = std::vector<MetaEntry>;

enum class CheckKind : std::uint8_t { none, tcp, http };

/// How the responsible cluster member looks after a client. None: all other fields are empty.
struct Check {
  CheckKind kind = CheckKind::none;
  std::string target;        // HOST:PORT, or a URL
  Duration interval{};       // check_interval_min to check_interval_max
  Duration timeout{};        // above zero, at most the interval
  std::uint16_t misses = 0;  // in a row, after which the member is evicted; from 1

  auto operator<=>(const Check&) const = default;
};

/// What a member says of itself when it joins.
struct MemberSpec {
  std::string id;  // is_valid_name()
  /// Nobody: a client that does not tell its lives apart; each join is then one of the life that
  /// is there.
  Life life;
  std::string address;
  Duration ttl{};  // zero: no lease, it stays until it leaves or is evicted
  Meta meta;
  Check check;

  auto operator<=>(const MemberSpec&) const = default;
};

/// A member of a group, since it joined.
struct Member {
  MemberSpec spec;
  std::uint64_t since = 0;     // the number of the view that it joined with
  std::uint64_t standing = 0;  // its place among the joins of its group; the lowest leads
  std::uint64_t granted = 0;   // the log index of its latest join: names this lease and no other

  auto operator<=>(const Member&) const = default;
};

/// Why a view followed its predecessor, the gravest last: of a batch, the gravest is the view's.
enum class Cause : std::uint8_t {
  updated,       // address, ttl, meta or check of a member changed
  joined,        //
  rejoined,      // a new life took the place of an old one, at the end of the order
  left,          // by its own word
  expired,       // its lease ran out
  check_failed,  // its checks were missed
  failed,        // the failure detectors' verdict; of `cluster` alone
  removed,       // by an operator
};

/// "updated", "check-failed": as views show it.
std::string_view to_text(Cause cause);

struct Departure {
  std::string id;
  Life life;
  std::uint64_t standing = 0;
  Cause cause = Cause::left;

  auto operator<=>(const Departure&) const = default;
};

/// How a view differs from the one before: what a watch tells.
struct ViewDelta {
  std::string group;
  std::uint64_t number = 0;  // grows by one a view, and never goes back: a fencing token
  Cause cause = Cause::joined;
  std::uint64_t term = 0;
  std::uint64_t index = 0;
  std::string leader;  // empty: nobody is left
  std::vector<Departure> left;
  std::vector<Member> joined;
  std::vector<Member> updated;

  auto operator<=>(const ViewDelta&) const = default;
};

/// An agreed membership: everybody who sees this number of this group sees this.
struct View {
  std::string group;
  std::uint64_t number = 0;
  std::string leader;
  std::vector<std::string> members;  // the longest-standing first
  Cause cause = Cause::joined;
  std::uint64_t term = 0;
  std::uint64_t index = 0;

  auto operator<=>(const View&) const = default;
};

/// What counts towards content_bytes_max and the history's bounds. The same on every machine, so
/// not what the allocator took.
std::size_t content_bytes(const MemberSpec& spec);
std::size_t content_bytes(const ViewDelta& delta);

}  // namespace rollcall::registry
