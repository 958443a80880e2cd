// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "agent/log.hpp"
#include "rollcall/event.hpp"

namespace rollcall::agent {

/// The records of agreed views in the log, as users of Memberly read them:
/// {"peer","view","leader","members":[…]} at each view, and
/// {"peer","view","leader","message":"peer X (leader) unreachable"} once for each member of the
/// view that falls silent.
///
/// Threads: none; the caller serialises calls.
class ViewLog {
 public:
  /// `peer` is this member's name.
  explicit ViewLog(std::string peer) : peer_(std::move(peer)) {}

  /// The record that the event asks for, if it does.
  std::optional<LogFields> on_event(const Event& event);

 private:
  [[nodiscard]] LogFields head() const;
  LogFields on_view(std::shared_ptr<const View> view);
  std::optional<LogFields> on_silent(const std::string& member);

  std::string peer_;
  std::shared_ptr<const View> view_;
  std::set<std::string, std::less<>> silent_;  // those that were told of
};

}  // namespace rollcall::agent
