// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <expected>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/agent_port.hpp"
#include "agent/config.hpp"
#include "agent/log.hpp"
#include "agent/main_loop.hpp"
#include "agent/stats.hpp"
#include "agent/view_log.hpp"
#include "http/router.hpp"
#include "http/server.hpp"
#include "rollcall/agent.hpp"

namespace rollcall::agent {

/// Why an agent could not start.
struct StartFailure {
  int exit_code = 1;
  /// "agent: cannot bind …; choose another --bind", without the program's name.
  std::string text;
};

/// A configuration that readers on other threads may hold while it is replaced.
class SharedConfig {
 public:
  explicit SharedConfig(Config config) { set(std::move(config)); }
  [[nodiscard]] std::shared_ptr<const Config> get() const {
    const std::lock_guard lock(mutex_);
    return config_;
  }
  void set(Config config) {
    auto next = std::make_shared<const Config>(std::move(config));
    const std::lock_guard lock(mutex_);
    config_ = std::move(next);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Config> config_;
};

/// One member with its HTTP API and its words in the log: all rooms put together.
///
/// Order:   the API's port is taken first and answers last, so that an agent which cannot start
///          was never seen by the cluster, and one that answers is in it.
/// Threads: the main one, except where the parts say so.
class RunningAgent {
 public:
  static std::expected<std::unique_ptr<RunningAgent>, StartFailure> start(
      Config config, std::vector<std::string> seeds, Log& log, MainLoop& loop);
  ~RunningAgent();
  RunningAgent(const RunningAgent&) = delete;
  RunningAgent& operator=(const RunningAgent&) = delete;

  /// Logs what has changed since the last call, and a STATS line when one is due.
  void tick(MainLoop::Clock::time_point now);
  /// When tick() has something to do.
  [[nodiscard]] MainLoop::Clock::time_point next_tick() const;

  /// Leaves the cluster; waits for it at most as long as the leave may take. False when a further
  /// signal came, which wants the end at once.
  bool leave();
  /// Ends the API, then the member.
  void stop();

  [[nodiscard]] SharedConfig& config() { return config_; }

 private:
  RunningAgent(Config config, std::vector<std::string> seeds, Agent agent, Log& log,
               MainLoop& loop);
  void serve(std::unique_ptr<http::Server> server);
  void log_start() const;
  void append_settings(LogFields& fields) const;
  void log_unreachable_address(const Settings& settings) const;
  void begin_event_log();
  void log_new_events();
  void log_event(const Event& event);
  void log_phase(Phase phase) const;
  void log_join_stages(const Status& status);
  /// Logs how far this member has come on its way in, if that has changed.
  void look(MainLoop::Clock::time_point now);

  Log& log_;
  MainLoop& loop_;
  std::vector<std::string> seeds_;
  Agent agent_;
  SharedConfig config_;
  LiveAgentPort port_;
  std::optional<http::Router> router_;
  std::unique_ptr<http::Server> server_;
  Stats stats_;
  Phase phase_ = Phase::starting;
  JoinStage join_stage_ = JoinStage::none;
  std::array<std::uint64_t, join_stage_count> join_stages_{};
  MainLoop::Clock::time_point next_stats_;
  MainLoop::Clock::time_point next_look_;
  std::mutex events_mutex_;
  std::uint64_t logged_ = 0;  // the index of the last event logged
  ViewLog views_;
  // Last, so that no callback finds any of the above gone.
  Subscription wakes_;
  Subscription events_;
};

}  // namespace rollcall::agent
