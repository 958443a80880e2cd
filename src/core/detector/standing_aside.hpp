// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/context.hpp"
#include "core/detector/ping_log.hpp"

namespace rollcall::core {

/// What a member does that is out because its own network is unfit: it asks one member after
/// another whether they are there, and is back when nearly all of a window have answered. A link
/// that comes and goes faster than that keeps it out, instead of in and out.
class StandingAside {
 public:
  StandingAside(Context& context, PingLog& pings) : context_(context), pings_(pings) {}

  void start() {
    context_.path = PathHealth();
    next_ping_ = context_.now;
  }
  void stop() { next_ping_ = never; }

  void on_deadline();
  [[nodiscard]] Instant next_deadline() const { return next_ping_; }
  /// Whether this member may come back; also if there is nobody left to ask.
  [[nodiscard]] bool is_over() const {
    return next_ping_ != never && (context_.path.is_sound() || context_.others() == 0);
  }

 private:
  Context& context_;
  PingLog& pings_;
  Instant next_ping_ = never;
};

}  // namespace rollcall::core
