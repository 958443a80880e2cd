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

/// Which views are followed.
struct ViewPlan {
  /// The command that follows them, for messages.
  std::string what;
  /// The path of a stream of views.
  std::string target;
  /// Begin after this view; nothing: with the present one.
  std::optional<std::uint64_t> since = std::nullopt;
  /// How long to try again when the agent stops answering.
  std::chrono::milliseconds retry{60'000};
};

struct ViewSinks {
  /// One view as the agent sent it. After a reset it is the whole group, and what was between is
  /// not known.
  std::function<http::Flow(const std::string& data, const Json& view)> view;
  /// A sentence about the stream itself; may be empty.
  std::function<void(const std::string& text)> remark = {};
};

/// Reads the views of a group through broken connections and restarts, each once and none left
/// out.
///
/// Errors: what the agent said where it refused; no_agent when it did not answer at first, or not
///         again within the time to retry.
class ViewFollower {
 public:
  ViewFollower(AgentOptions agent, ViewPlan plan, ViewSinks sinks);

  /// Waits until the sink has enough.
  Outcome<ExitCode> run();

 private:
  std::expected<http::StreamEnd, http::ClientError> read();
  http::Flow on_event(const http::StreamEvent& event);
  void remark(const std::string& text) const;

  AgentOptions agent_;
  ViewPlan plan_;
  ViewSinks sinks_;
  std::optional<std::uint64_t> last_;
  bool has_opened_ = false;
};

/// Prints views, as lines or as JSON, until the reader of stdout has gone.
Outcome<ExitCode> follow_views(const AgentOptions& agent, const std::string& what,
                               const std::string& target, std::optional<std::uint64_t> since);

/// "view 12  joined  leader a  members a, b", of a view or of a group.
std::string view_line(const Json& view);

}  // namespace rollcall::cli
