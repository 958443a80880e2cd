// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rollcall/groups.hpp"

namespace rollcall::agent {

/// Groups that are told what to say, and remember what they were asked. They answer at once, or,
/// when told to hold, when release() is called.
class FakeGroups final : public Groups {
 public:
  void join(const std::string& group, const GroupMemberSpec& member, Timeout timeout,
            Callback<GroupOutcome> done) override {
    asked.push_back("join " + group + " " + member.id);
    spec = member;
    last_timeout = timeout;
    done(outcome);
  }
  void leave(const std::string& group, const std::string& id, Timeout,
             Callback<GroupOutcome> done) override {
    asked.push_back("leave " + group + " " + id);
    done(outcome);
  }
  void remove(const std::string& group, const std::string& id, Timeout,
              Callback<GroupOutcome> done) override {
    asked.push_back("remove " + group + " " + id);
    done(outcome);
  }
  void heartbeat(const std::string& group, const std::string& id, Timeout,
                 Callback<void> done) override {
    asked.push_back("heartbeat " + group + " " + id);
    done(heartbeat_result);
  }
  void list(Consistency consistency, Timeout, Callback<std::vector<View>> done) override {
    if (consistency == Consistency::linearizable && read_error) {
      return done(std::unexpected(*read_error));
    }
    std::vector<View> views;
    for (const auto& [name, group] : groups) views.push_back(group.view);
    done(std::move(views));
  }
  void get(const std::string& group, Consistency consistency, Timeout,
           Callback<Group> done) override {
    asked.push_back(std::string("get ") + group +
                    (consistency == Consistency::linearizable ? " linearizable" : ""));
    if (consistency == Consistency::linearizable && read_error) {
      return done(std::unexpected(*read_error));
    }
    const auto found = groups.find(group);
    if (found == groups.end()) {
      return done(std::unexpected(Error{ErrorCode::unknown_member, "no such group", "group"}));
    }
    answer(std::move(done), found->second);
  }
  void views(std::uint64_t since, Callback<std::vector<View>> done) override {
    std::vector<View> list;
    for (const auto& change : history) {
      if (change->view.group == "cluster" && change->view.number > since) {
        list.push_back(change->view);
      }
    }
    done(std::move(list));
  }
  void changes(const std::string& group, std::uint64_t after,
               Callback<std::vector<std::shared_ptr<const ViewChange>>> done) override {
    asked.push_back("changes " + group + " " + std::to_string(after));
    if (after < kept_after) {
      return done(std::unexpected(Error{ErrorCode::gone, "no longer kept", {}}));
    }
    std::vector<std::shared_ptr<const ViewChange>> list;
    for (const auto& change : history) {
      if (change->view.group == group && change->view.number > after) list.push_back(change);
    }
    answer(std::move(done), std::move(list));
  }
  [[nodiscard]] std::expected<ClusterLeader, Error> leader() const override {
    return cluster_leader;
  }
  [[nodiscard]] AgreementStatus status() const override { return state; }
  [[nodiscard]] Subscription on_change(OnChange callback) override {
    on_change_ = std::move(callback);
    return Subscription(std::make_shared<int>(0));
  }
  [[nodiscard]] Subscription on_leader(OnLeader) override { return {}; }
  using Groups::get;
  using Groups::heartbeat;
  using Groups::join;
  using Groups::leave;

  // --- what a test tells -----------------------------------------------------------------------
  static GroupMember member(const std::string& id, std::uint64_t since) {
    GroupMember one;
    one.spec.id = id;
    one.spec.address = "10.0.0.1:80";
    one.since = since;
    return one;
  }

  /// The next view of a group, with one more member; told to whoever listens unless it is not.
  enum class Tell : std::uint8_t { all, nobody };
  void add(const std::string& group, const std::string& id, Tell tell = Tell::all) {
    Group& now = groups[group];
    now.view.group = group;
    ++now.view.number;
    now.view.term = 2;
    now.view.index = 100 + now.view.number;
    now.view.cause = "joined";
    now.members.push_back(member(id, now.view.number));
    now.view.members.push_back(id);
    now.view.leader = now.view.members.front();
    auto change = std::make_shared<ViewChange>();
    change->view = now.view;
    change->joined = {now.members.back()};
    history.push_back(change);
    if (tell == Tell::all && on_change_) on_change_(change);
  }
  void tell_of_a_hole() {
    if (on_change_) on_change_(nullptr);
  }
  /// Answers of reads wait from now on.
  void hold() { is_holding_ = true; }
  void release() {
    is_holding_ = false;
    for (const auto& one : std::exchange(held_, {})) one();
  }

  std::vector<std::string> asked;
  GroupMemberSpec spec;
  Timeout last_timeout{};
  std::expected<GroupOutcome, Error> outcome;
  std::expected<void, Error> heartbeat_result;
  std::optional<Error> read_error;
  std::map<std::string, Group> groups;
  std::vector<std::shared_ptr<const ViewChange>> history;
  std::uint64_t kept_after = 0;
  std::expected<ClusterLeader, Error> cluster_leader;
  AgreementStatus state;

 private:
  template <class T>
  void answer(Callback<T> done, T value) {
    if (!is_holding_) return done(std::move(value));
    held_.emplace_back([done = std::move(done), value = std::move(value)] { done(value); });
  }

  OnChange on_change_;
  bool is_holding_ = false;
  std::vector<std::function<void()>> held_;
};

}  // namespace rollcall::agent
