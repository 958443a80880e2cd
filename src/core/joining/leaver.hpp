// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <unordered_set>
#include <vector>

#include "core/context.hpp"
#include "core/detector/ping_log.hpp"
#include "core/dissemination/outbox.hpp"

namespace rollcall::core {

/// Spreads this node's departure until enough others have acknowledged it.
///
/// Limits: done after Config::leave_timeout at the latest, acknowledged or not.
class Leaver {
 public:
  /// So many members must have the news (fewer if there are not so many).
  static constexpr std::size_t acknowledgements_needed = 3;
  static constexpr Duration retry_interval = std::chrono::milliseconds(100);

  Leaver(Context& context, PingLog& pings) : context_(context), pings_(pings) {}

  void start();
  void on_ack(const Address& from);
  void stop() { ends_ = never; }

  void on_deadline();
  [[nodiscard]] bool is_done() const;
  [[nodiscard]] Instant next_deadline() const;

 private:
  Context& context_;
  PingLog& pings_;
  std::size_t needed_ = 0;
  std::unordered_set<Address> acknowledged_;
  Instant ends_ = never;
  Instant next_try_ = never;
};

}  // namespace rollcall::core
