// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "agent/api.hpp"
#include "agent/fake_groups_test.hpp"
#include "http/recording_responder_test.hpp"

namespace rollcall::agent {

/// A member that has an agreed side, and nothing else to tell.
class GroupsAgent final : public AgentPort {
 public:
  explicit GroupsAgent(Groups* groups) : groups_(groups) {}

  [[nodiscard]] MemberList members() const override {
    auto storage = std::make_shared<MemberList::Storage>();
    Member self;
    self.name = "a";
    storage->push_back(std::make_shared<const Member>(self));
    return {"a", std::move(storage)};
  }
  [[nodiscard]] Status status() const override { return {}; }
  void unsteady(Agent::UnsteadyCallback done) const override { done({}); }
  [[nodiscard]] EventBatch events_since(std::uint64_t, std::size_t) const override { return {}; }
  [[nodiscard]] std::shared_ptr<const SettingsInForce> settings() const override {
    return std::make_shared<const SettingsInForce>();
  }
  void join(const std::vector<std::string>&, Agent::JoinCallback done) override { done({}); }
  void cancel_join() override {}
  void leave(Agent::DoneCallback done) override { done({}); }
  void force_leave(const std::string&, Agent::DoneCallback done) override { done({}); }
  void change_settings(const SettingsChange&, SettingsScope, const std::optional<SettingsVersion>&,
                       Agent::SettingsCallback done) override {
    done({});
  }
  void set_faults(const FaultPlan&, Agent::DoneCallback done) override { done({}); }
  [[nodiscard]] FaultsInForce faults() const override { return {}; }
  void change_tags(const TagChanges&, TagsCallback done) override { done({}); }
  [[nodiscard]] Groups* groups() const override { return groups_; }

 private:
  Groups* groups_;
};

/// The whole API over groups that a test tells what to say.
class GroupsApi {
 public:
  GroupsApi()
      : router_(make_api({.agent = agent_,
                          .config = [] { return std::make_shared<const Config>(); },
                          .wake_streams = [this] { ++wakes; }},
                         http::Guard("0.0.0.0:7480"))) {}

  std::shared_ptr<http::RecordedAnswer> ask(const std::string& method, const std::string& path,
                                            http::Pairs query = {}, const std::string& body = {},
                                            http::Pairs headers = {}) {
    return http::ask(router_, method, path, std::move(query), body, std::move(headers));
  }

  FakeGroups groups;
  int wakes = 0;

 private:
  GroupsAgent agent_{&groups};
  http::Router router_;
};

}  // namespace rollcall::agent
