// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include <signal.h>
#include <sys/types.h>

namespace rollcall::cli {

/// A command that runs beside this program, in a process group of its own, so that all that it
/// started can be ended with it. It ends with this program, whatever becomes of that one.
class ChildCommand {
 public:
  /// `environment` is complete, "NAME=value"; `mask` is the signals that the command finds blocked.
  /// Where this program has the terminal, the command gets it.
  ///
  /// Errors: half a sentence; nothing was started.
  static std::expected<ChildCommand, std::string> start(const std::vector<std::string>& command,
                                                        const std::vector<std::string>& environment,
                                                        const sigset_t& mask);

  /// How it ended: the exit status, or 128 plus the signal. Nothing while it runs.
  std::optional<int> ended();
  /// To it and all that it started and that stayed with it.
  void signal(int number) const;

 private:
  ChildCommand(pid_t pid, bool has_terminal) : pid_(pid), has_terminal_(has_terminal) {}
  void take_terminal_back() const;

  pid_t pid_;
  bool has_terminal_;
};

}  // namespace rollcall::cli
