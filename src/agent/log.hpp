// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "agent/settings.hpp"

namespace rollcall::agent {

enum class LogLevel : std::uint8_t { trace, debug, info, warn, error };

/// What belongs to a line, by name, in the order to be shown.
using LogFields = nlohmann::ordered_json;

/// The agent's log: one line for each thing that happened, as text ("message name=value …") or
/// as JSON ({"time","level","message",…}); and records, which are JSON in both.
///
/// Errors:  a line that cannot be written is lost; the agent goes on.
/// Threads: any. A line is written before write() returns, so the protocol's thread never calls.
class Log {
 public:
  /// Opens the file, or standard error if there is none.
  static std::expected<Log, std::string> open(const Settings& settings);
  Log(Log&&) noexcept;
  Log& operator=(Log&&) noexcept;
  ~Log();

  void write(LogLevel level, std::string_view message, const LogFields& fields = {}) const;

  /// A record for programs: a line of JSON alone, in a log of text too, with its "time" last.
  void record(LogLevel level, LogFields fields) const;

  /// Opens the file anew, after something else moved it away.
  std::expected<void, std::string> reopen();
  void set_level(std::string_view level);

 private:
  class Impl;
  explicit Log(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// "name=value other=\"two words\"": quotes only where they are needed, and one line whatever the
/// values are.
std::string fields_text(const LogFields& fields);

}  // namespace rollcall::agent
