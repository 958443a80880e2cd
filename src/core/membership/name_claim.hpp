// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "core/context.hpp"
#include "core/detector/ping_log.hpp"
#include "core/exchanges.hpp"

namespace rollcall::core {

/// Who keeps a name that two lives claim: the one rule is that a life which answers is not
/// robbed by one that has not joined yet, and of two that have joined the later life (by boot
/// counter, then id) keeps it. Before either gives way, the other is looked at: a life that
/// nobody answers for is over, and its name is free.
///
/// Limits: one rival at a time; others are met again by gossip.
class NameClaim {
 public:
  static constexpr Duration look_time = std::chrono::seconds(1);
  static constexpr Duration look_interval = std::chrono::milliseconds(100);

  enum class Outcome : std::uint8_t { pending, rival_lives, rival_is_gone };

  struct Rival {
    Life life;
    Address address;
  };

  NameClaim(Context& context, PingLog& pings, Exchanges& exchanges)
      : context_(context),
        pings_(pings),
        exchanges_(exchanges) {}

  /// Begins to look; false while another rival is being looked at.
  bool look_at(const Rival& rival);
  [[nodiscard]] bool is_looking() const { return rival_.has_value(); }
  [[nodiscard]] const std::optional<Rival>& rival() const { return rival_; }
  void stop() { rival_.reset(); }

  void on_answer(const LifeId& life);
  void on_refused(const Address& address);
  /// Sends what is due; the outcome is taken by the caller, who then calls stop().
  void on_deadline();
  [[nodiscard]] Outcome outcome() const { return outcome_; }
  [[nodiscard]] Instant next_deadline() const;

 private:
  Context& context_;
  PingLog& pings_;
  Exchanges& exchanges_;
  std::optional<Rival> rival_;
  Outcome outcome_ = Outcome::pending;
  Instant ends_{};
  Instant next_look_{};
};

}  // namespace rollcall::core
