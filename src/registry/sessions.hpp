// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/ids.hpp"
#include "registry/commands.hpp"

namespace rollcall::registry {

/// How a command ended. Everything but `done` left the members as they were.
enum class Status : std::uint8_t {
  done,               // there is a new view
  unchanged,          // all was so already
  no_such_group,      //
  no_such_member,     // also: another life is there than the one meant
  lease_renewed,      // who should be evicted has joined again since
  stale_life,         // a later life of the member is there
  removed_life,       // this life was removed; come back as a new one
  too_many_groups,    // groups_max, and no empty one can be forgotten
  too_many_members,   // members_max
  group_full,         // members_per_group_max
  registry_full,      // content_bytes_max
  unknown_session,    // the answers to this client are forgotten: nobody knows whether it was done
  already_answered,   // the client said that it has this answer
  too_many_requests,  // more than session_results_max of one client in flight
  malformed,          // the bytes in the log are no command
};
/// "done", "no-such-group".
std::string_view to_text(Status status);

/// The answer to one command.
struct Result {
  Status status = Status::done;
  std::uint64_t number = 0;   // the group's view after the command; a join's fencing token
  std::uint64_t granted = 0;  // names the member's lease, after a join
  std::string group;          // where `auto` put the member; else empty

  auto operator<=>(const Result&) const = default;
};

/// The results of the latest requests of each client, so that a request which is committed twice
/// is done once and answered twice alike.
///
/// A session begins with a request that says answered_below = 1, and ends when many others have
/// been used since. What comes for a session that is gone is refused: it may have been done.
///
/// Limits: sessions_max, session_results_max, results_max (limits.hpp).
/// Source: Ongaro, "Consensus: bridging theory and practice", 2014, section 6.3.
class Sessions {
 public:
  struct Ruling {
    enum class Kind : std::uint8_t { run, answer } kind = Kind::run;
    Result result;  // what to answer
  };

  /// Whether to run a request now. Every client request that is to run must be recorded after.
  Ruling admit(const RequestId& request, std::uint64_t index);
  void record(const RequestId& request, Result result);

  struct Session {
    std::uint64_t used = 0;                   // the index of its latest request
    std::uint64_t answered_below = 1;         //
    std::map<std::uint64_t, Result> results;  // by sequence

    auto operator<=>(const Session&) const = default;
  };
  [[nodiscard]] const std::map<LifeId, Session>& all() const { return sessions_; }
  [[nodiscard]] bool contains(const LifeId& client) const { return sessions_.contains(client); }
  [[nodiscard]] std::size_t results() const { return results_; }
  /// For a snapshot. False: it is there already, or breaks a rule.
  bool restore(const LifeId& client, Session session);

 private:
  void touch(const LifeId& client, Session& session, std::uint64_t index);
  void forget_answered(Session& session, std::uint64_t answered_below);
  void make_room(const LifeId& but);

  std::map<LifeId, Session> sessions_;
  std::set<std::pair<std::uint64_t, LifeId>> by_use_;
  std::size_t results_ = 0;
};

}  // namespace rollcall::registry
