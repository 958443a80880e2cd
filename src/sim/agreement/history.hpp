// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.hpp"
#include "registry/lease_keeper.hpp"
#include "registry/sessions.hpp"

/// What clients of groups asked for and were told, in the order in which they could see it.
namespace rollcall::sim::agreement {

/// Counts what happens in a world; one thing a moment, so that before and after are never in doubt.
using Moment = std::uint64_t;
inline constexpr Moment not_yet = std::numeric_limits<Moment>::max();

struct JoinOperation {
  std::string id;
  Life life;  // nobody: as in registry::MemberSpec
  std::string address;

  bool operator==(const JoinOperation&) const = default;
};
struct LeaveOperation {
  std::string id;
  Life life;

  bool operator==(const LeaveOperation&) const = default;
};
/// A linearizable read of the group's view.
struct ReadOperation {
  bool operator==(const ReadOperation&) const = default;
};
struct HeartbeatOperation {
  std::string id;

  bool operator==(const HeartbeatOperation&) const = default;
};
/// Leases that the leader found run out, or whose checks were missed: nobody's request, but the
/// world sees it happen.
struct EvictOperation {
  std::vector<std::string> ids;

  bool operator==(const EvictOperation&) const = default;
};
using GroupOperation =
    std::variant<JoinOperation, LeaveOperation, ReadOperation, HeartbeatOperation, EvictOperation>;

/// What the client was told. Which fields count depends on the operation.
struct Outcome {
  registry::Status status = registry::Status::done;
  std::uint64_t number = 0;          // of the group's view
  std::uint64_t granted = 0;         // a join's
  std::vector<std::string> members;  // a read's, the longest standing first
  registry::Heartbeat heartbeat = registry::Heartbeat::renewed;
};

struct Operation {
  std::string group;
  GroupOperation what;
  Moment invoked = 0;
  Moment returned = not_yet;
  /// Nothing: the client never learned it. It may have happened, may happen later, or never.
  std::optional<Outcome> outcome;
};

/// "join a at 10.0.0.1:80 -> done, view 3".
std::string to_text(const Operation& operation);

/// Order: moments grow from call to call.
class History {
 public:
  using Id = std::size_t;

  Id invoke(std::string group, GroupOperation what, Moment now);
  /// An operation that was dropped may be told of again; it stays dropped.
  void complete(Id id, Outcome outcome, Moment now);
  /// The client was told that nothing was done.
  void drop(Id id);

  /// Those that were not dropped, by group and then in the order of their invocation.
  [[nodiscard]] std::vector<Operation> operations() const;
  [[nodiscard]] std::size_t size() const { return records_.size(); }

 private:
  struct Record {
    Operation operation;
    bool is_dropped = false;
  };

  std::vector<Record> records_;
};

}  // namespace rollcall::sim::agreement
