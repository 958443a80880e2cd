// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rollcall {

/// What the caller should do about it; the message says what happened in words.
enum class ErrorCode : std::uint8_t {
  invalid_option,    // correct the named field; nothing was started or changed
  address_in_use,    // another process has the port; nothing was started
  cannot_bind,       // the address is not this host's, or not permitted; nothing was started
  storage,           // the data directory cannot be used; nothing was started
  name_in_use,       // another live member has this name; this member is up, outside the cluster
  join_failed,       // no seed could be joined; this member is up and keeps what it had
  timeout,           // not done within the time allowed; it may still happen
  unknown_member,    // no such member; nothing changed
  not_allowed,       // refused in this state; nothing changed
  version_mismatch,  // other settings are in force than expected: read them anew; nothing changed
  no_quorum,         // nobody can decide now, the message says why; nothing changed: try again
  overloaded,        // too many requests wait; nothing changed: try again a little later
  gone,              // what was asked for is no longer kept: begin with the present state
  frozen,            // the member is frozen on purpose (Agent::set_faults); nothing changed
  closed             // the agent is closed; nothing changed
};

/// One thing that is wrong with what was asked for.
struct FieldProblem {
  std::string field;    // as in the configuration file
  std::string message;  // what was found, and what is allowed
};

struct Error {
  ErrorCode code{};
  /// One sentence: what was found, and what is allowed or to be done.
  std::string message;
  /// The option or argument that is wrong, as in the configuration file; empty if none is.
  std::string field;
  /// All of them, where several things can be wrong at once (Agent::change_settings); else empty.
  std::vector<FieldProblem> problems = {};
};

}  // namespace rollcall
