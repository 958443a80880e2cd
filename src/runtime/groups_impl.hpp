// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rollcall/groups.hpp"
#include "runtime/agreement_loop.hpp"

namespace rollcall::runtime {

/// The agreed side of a cluster, on an agreement loop.
///
/// What is wrong with a request is said before anything is proposed. Large answers are put together
/// in slices, so that one reader of a hundred thousand members holds nobody up; they are as of the
/// moment of their last slice.
///
/// Threads: any. The loop must live as long as this; callbacks need only the loop.
class GroupsImpl final : public Groups {
 public:
  /// Of the views of a cluster of N members at most so many / N are given at once, the latest.
  static constexpr std::size_t view_members_max = 262'144;

  explicit GroupsImpl(std::shared_ptr<AgreementLoop> loop) : loop_(std::move(loop)) {}

  void join(const std::string& group, const GroupMemberSpec& member, Timeout timeout,
            Callback<GroupOutcome> done) override;
  void leave(const std::string& group, const std::string& id, Timeout timeout,
             Callback<GroupOutcome> done) override;
  void remove(const std::string& group, const std::string& id, Timeout timeout,
              Callback<GroupOutcome> done) override;
  void heartbeat(const std::string& group, const std::string& id, Timeout timeout,
                 Callback<void> done) override;
  void list(Consistency consistency, Timeout timeout, Callback<std::vector<View>> done) override;
  void get(const std::string& group, Consistency consistency, Timeout timeout,
           Callback<Group> done) override;
  void views(std::uint64_t since, Callback<std::vector<View>> done) override;
  void changes(const std::string& group, std::uint64_t after,
               Callback<std::vector<std::shared_ptr<const ViewChange>>> done) override;
  [[nodiscard]] std::expected<ClusterLeader, Error> leader() const override;
  [[nodiscard]] AgreementStatus status() const override;
  [[nodiscard]] Subscription on_change(OnChange callback) override;
  [[nodiscard]] Subscription on_leader(OnLeader callback) override;

  using Groups::get;
  using Groups::heartbeat;
  using Groups::join;
  using Groups::leave;

  /// Whether the caller's thread may wait for the agreement's.
  [[nodiscard]] bool may_wait() const { return !loop_->is_current(); }

 private:
  std::shared_ptr<AgreementLoop> loop_;
};

}  // namespace rollcall::runtime
