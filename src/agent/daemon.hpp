// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <utility>

#include "runtime/unique_fd.hpp"

namespace rollcall::agent {

/// A process that went into the background and owes its starter word of how that ended.
///
/// Until then it keeps the terminal's standard error, so that what goes wrong is seen there.
class Daemon {
 public:
  /// Forks twice. In the caller it waits until the daemon reports, and gives the exit code to end
  /// with; in the daemon, it gives the object to report with. No other thread may run yet.
  static std::expected<Daemon, int> detach();

  /// It is up: the starter ends with 0, and the terminal is let go.
  void report_up();
  /// It could not start; the reason has been written to standard error.
  void report_failure(int exit_code);

 private:
  explicit Daemon(runtime::UniqueFd starter) : starter_(std::move(starter)) {}
  runtime::UniqueFd starter_;
};

/// A file that holds the id of the process for as long as it runs, locked, so that one left over
/// by a crash is in nobody's way.
class PidFile {
 public:
  /// Errors: half a sentence, when it cannot be written or another process holds it.
  static std::expected<PidFile, std::string> create(const std::string& path);
  PidFile(PidFile&&) noexcept = default;
  PidFile& operator=(PidFile&&) = delete;
  /// Removes the file.
  ~PidFile();

 private:
  PidFile(std::string path, runtime::UniqueFd file)
      : path_(std::move(path)),
        file_(std::move(file)) {}
  std::string path_;
  runtime::UniqueFd file_;
};

/// Tells the service manager that started this process, if one did; "READY=1" and the like.
///
/// Source: sd_notify(3): one datagram to the socket that NOTIFY_SOCKET names, where a leading
///         '@' stands for the abstract namespace.
void notify_service_manager(const std::string& state);

}  // namespace rollcall::agent
