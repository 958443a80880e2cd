// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall::launcher {

/// One process and no other, however often its number is given away again: the number, when it
/// began, and the boot of the machine that these count from.
struct ProcessIdentity {
  int pid = 0;
  /// Clock ticks from the machine's boot to the start of the process (proc(5), stat, field 22).
  std::uint64_t start_ticks = 0;
  std::string boot_id = {};

  bool operator==(const ProcessIdentity&) const = default;
};

enum class ProcessState : std::uint8_t {
  running,
  paused,  // stopped by a signal
  gone     // ended, or its number belongs to somebody else now
};
std::string_view to_text(ProcessState state);

ProcessState state_of(const ProcessIdentity& process);

enum class SignalResult : std::uint8_t { sent, gone, not_permitted };

/// Signals this very process or nobody: the number is pinned before its owner is compared.
SignalResult send_signal(const ProcessIdentity& process, int signal);

/// Kills the process of this number if the condition holds once the number is pinned, so that it
/// speaks of the very process that is killed. Returns whether it was.
bool kill_if(int pid, const std::function<bool()>& condition);

/// How a child of this program ended: "exit status 1", "signal 9 (Killed)". Nothing while it
/// runs, or when it is not (or no longer) a child of this program.
std::optional<std::string> reap(const ProcessIdentity& process);

/// A program to be started apart from this one: in a session of its own, with nothing of this
/// one's open, what it prints appended to a file.
struct SpawnPlan {
  std::filesystem::path program;
  /// The first is the name that the program is told it has.
  std::vector<std::string> arguments;
  /// "NAME=value", complete.
  std::vector<std::string> environment;
  std::filesystem::path log_file;
  /// Called with the process before it runs the program; a reason why it could not be recorded
  /// keeps it from doing so. If this program ends meanwhile, the process ends too: what runs has
  /// been recorded.
  std::function<std::optional<std::string>(const ProcessIdentity&)> record = {};
};

/// Starts it in the network of the calling thread.
///
/// Errors: half a sentence; nothing was started then.
std::expected<ProcessIdentity, std::string> spawn(const SpawnPlan& plan);

/// Runs a command with this program's terminal and waits for it. Found through PATH of the
/// environment given. The exit status, or 128 plus the signal that ended it.
std::expected<int, std::string> run(const std::vector<std::string>& command,
                                    const std::vector<std::string>& environment);

/// This program's own environment as "NAME=value".
std::vector<std::string> current_environment();

/// The file of the running program, for starting more of it.
std::filesystem::path own_program();

}  // namespace rollcall::launcher
