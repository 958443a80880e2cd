// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rollcall/agent.hpp"

namespace rollcall::agent {

/// New values by tag; nothing removes the tag.
using TagChanges = std::map<std::string, std::optional<std::string>, std::less<>>;

/// What the HTTP API needs of a member. Nothing here waits; answers come by callback, on any
/// thread, exactly once.
class AgentPort {
 public:
  AgentPort() = default;
  AgentPort(const AgentPort&) = delete;
  AgentPort& operator=(const AgentPort&) = delete;
  virtual ~AgentPort() = default;

  [[nodiscard]] virtual MemberList members() const = 0;
  [[nodiscard]] virtual Status status() const = 0;
  virtual void unsteady(Agent::UnsteadyCallback done) const = 0;
  [[nodiscard]] virtual EventBatch events_since(std::uint64_t since, std::size_t max) const = 0;

  [[nodiscard]] virtual std::shared_ptr<const SettingsInForce> settings() const = 0;

  virtual void join(const std::vector<std::string>& seeds, Agent::JoinCallback done) = 0;
  virtual void cancel_join() = 0;
  virtual void leave(Agent::DoneCallback done) = 0;
  virtual void force_leave(const std::string& name, Agent::DoneCallback done) = 0;

  virtual void change_settings(const SettingsChange& change, SettingsScope scope,
                               const std::optional<SettingsVersion>& expected,
                               Agent::SettingsCallback done) = 0;

  virtual void set_faults(const FaultPlan& plan, Agent::DoneCallback done) = 0;
  [[nodiscard]] virtual FaultsInForce faults() const = 0;

  /// The agreed side; null where there is none. The same as long as the port lives.
  [[nodiscard]] virtual Groups* groups() const { return nullptr; }

  using TagsCallback = std::function<void(std::expected<Tags, Error>)>;
  /// Gives back all tags as they are afterwards.
  virtual void change_tags(const TagChanges& changes, TagsCallback done) = 0;
};

/// The port of a running agent.
///
/// Threads: the agent's functions are called by the caller's thread, except those that wait:
///          they are given to `run_later`, which must run them one after the other on a thread
///          that may wait.
class LiveAgentPort final : public AgentPort {
 public:
  using Executor = std::function<void(std::function<void()>)>;
  LiveAgentPort(Agent& agent, Executor run_later)
      : agent_(agent),
        run_later_(std::move(run_later)),
        tags_(agent.options().tags) {}

  [[nodiscard]] MemberList members() const override { return agent_.members(); }
  [[nodiscard]] Status status() const override { return agent_.status(); }
  void unsteady(Agent::UnsteadyCallback done) const override { agent_.unsteady(std::move(done)); }
  [[nodiscard]] EventBatch events_since(std::uint64_t since, std::size_t max) const override {
    return agent_.events_since(since, max);
  }
  [[nodiscard]] std::shared_ptr<const SettingsInForce> settings() const override {
    return agent_.settings();
  }
  void join(const std::vector<std::string>& seeds, Agent::JoinCallback done) override {
    agent_.join(seeds, std::move(done));
  }
  void cancel_join() override { agent_.cancel_join(); }
  void leave(Agent::DoneCallback done) override { agent_.leave(std::move(done)); }
  void force_leave(const std::string& name, Agent::DoneCallback done) override {
    agent_.force_leave(name, std::move(done));
  }
  void change_settings(const SettingsChange& change, SettingsScope scope,
                       const std::optional<SettingsVersion>& expected,
                       Agent::SettingsCallback done) override {
    agent_.change_settings(change, scope, expected, std::move(done));
  }
  void set_faults(const FaultPlan& plan, Agent::DoneCallback done) override {
    agent_.set_faults(plan, std::move(done));
  }
  [[nodiscard]] FaultsInForce faults() const override { return agent_.faults(); }
  [[nodiscard]] Groups* groups() const override { return agent_.groups(); }
  void change_tags(const TagChanges& changes, TagsCallback done) override;

 private:
  Agent& agent_;
  Executor run_later_;
  Tags tags_;  // only touched by what run_later_ runs
};

/// The tags with the changes made.
Tags changed_tags(Tags tags, const TagChanges& changes);

}  // namespace rollcall::agent
