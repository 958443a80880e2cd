// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "cli/agent_client.hpp"
#include "cli/failure.hpp"

namespace rollcall::cli {

struct FollowPlan {
  /// Events with a greater index are given.
  std::uint64_t since = 0;
  /// False: end with the newest event there is at the beginning.
  bool follow = true;
  /// How long to try again when the agent stops answering.
  std::chrono::milliseconds retry{60'000};
};

struct FollowSinks {
  /// The data of one event, as the agent sent it.
  std::function<http::Flow(const std::string& data)> event;
  /// A sentence about the stream itself: cut off, going on, begun anew.
  std::function<void(const std::string& text)> remark;
};

/// Reads an agent's events through broken connections and restarts, each event once.
///
/// Order:  the agent's. After a break reading goes on behind the last index seen; an agent that
///         was restarted counts from 1 again, and is then read from its beginning.
/// Errors: no_agent when it did not answer at first, or not again within the time to retry.
class EventFollower {
 public:
  EventFollower(AgentOptions agent, FollowPlan plan, FollowSinks sinks);

  /// Waits until there is nothing more to read or the sink has enough.
  Outcome<ExitCode> run();

 private:
  using Clock = std::chrono::steady_clock;

  Outcome<void> look();
  Outcome<void> look_again();
  [[nodiscard]] bool has_all() const { return !plan_.follow && last_ >= newest_; }
  std::expected<http::StreamEnd, http::ClientError> read();
  http::Flow on_event(const http::StreamEvent& event);

  AgentOptions agent_;
  FollowPlan plan_;
  FollowSinks sinks_;
  std::uint64_t last_ = 0;
  std::uint64_t newest_ = 0;
  /// Between when and when the agent began, by this program's clock: its answer was on its way
  /// for a while. A later one that cannot be the same moment tells a restart.
  struct Span {
    Clock::time_point earliest;
    Clock::time_point latest;
  };
  std::optional<Span> agent_began_;
};

}  // namespace rollcall::cli
