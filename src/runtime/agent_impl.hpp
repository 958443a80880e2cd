// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/node.hpp"
#include "rollcall/agent.hpp"
#include "runtime/agreement_loop.hpp"
#include "runtime/dispatcher.hpp"
#include "runtime/groups_impl.hpp"
#include "runtime/node_loop.hpp"
#include "runtime/notice_board.hpp"

namespace rollcall {

/// One agent: what its node loop and its readers share.
///
/// Threads: any. What waits answers not_allowed on the loop's thread, which must not wait.
class Agent::Impl {
 public:
  static std::expected<std::shared_ptr<Impl>, Error> create(Options options);
  ~Impl();

  void join(const std::vector<std::string>& seeds, JoinCallback done);
  /// Hands over first what this member leads.
  void leave(DoneCallback done);
  /// Any command whose only result is that it was done.
  void command(core::Command command, DoneCallback done);
  void change_settings(const SettingsChange& change, SettingsScope scope,
                       const std::optional<SettingsVersion>& expected, SettingsCallback done);
  void unsteady(UnsteadyCallback done) const;
  void set_faults(const FaultPlan& plan, DoneCallback done);
  void close();

  [[nodiscard]] bool may_wait() const {
    return !loop_->impl().is_current() && !(agreement_ && agreement_->is_current());
  }
  [[nodiscard]] Groups* groups() const { return groups_.get(); }
  [[nodiscard]] Status status() const;
  [[nodiscard]] FaultsInForce faults() const;
  [[nodiscard]] const Options& options() const { return options_; }
  [[nodiscard]] runtime::NoticeBoard& board() const { return *board_; }
  [[nodiscard]] runtime::Dispatcher& dispatcher() { return dispatcher_; }

 private:
  Impl(std::shared_ptr<Loop> loop, Options options, runtime::NodeSetup setup,
       std::shared_ptr<runtime::AgreementLoop> agreement);
  void start();

  std::shared_ptr<Loop> loop_;  // first: what follows lives on it
  Options options_;
  std::shared_ptr<runtime::NoticeBoard> board_;
  std::shared_ptr<runtime::NodeLoop> node_loop_;
  std::shared_ptr<runtime::AgreementLoop> agreement_;  // null where there is none
  std::unique_ptr<runtime::GroupsImpl> groups_;        // as agreement_
  runtime::Dispatcher dispatcher_;
  std::atomic<bool> is_closed_ = false;
};

}  // namespace rollcall
