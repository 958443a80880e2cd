// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "process/agents.hpp"
#include "process/etcd_cluster.hpp"

/// Real agents that agree on views and groups.
namespace rollcall::test {

/// Asks agents for what is agreed.
class AgreementTest : public ProcessTest {
 protected:
  using Agents = std::vector<AgentProcess*>;

  /// What makes agents keep their log elsewhere than with voters of their own.
  [[nodiscard]] virtual std::vector<std::string> engine_flags() const { return {}; }

  /// "n1", "n2", … with views of all and as many voters as there shall be.
  Agents start_voters(std::size_t size, std::vector<std::string> flags = {}) {
    std::ranges::copy(engine_flags(), std::back_inserter(flags));
    Agents agents = start_cluster(size, flags);
    const std::size_t wanted = engine_flags().empty() ? std::min<std::size_t>(size, 3) : 0;
    EXPECT_TRUE(eventually([&] {
      return voters(*agents.front()) >= wanted && agree(agents, size);
    })) << agreement(*agents.front()).dump();
    return agents;
  }

  static Json agreement(const AgentProcess& agent) {
    return agent.get("/v1/status").value("agreement", Json::object());
  }
  static std::size_t voters(const AgentProcess& agent) {
    return agreement(agent).value("voters", Json::array()).size();
  }
  /// Of the agent's current view; 0 if it has none.
  static std::uint64_t view_number(const AgentProcess& agent) {
    return agent.get("/v1/views/current").value("view", std::uint64_t{0});
  }
  static std::vector<std::string> view_members(const AgentProcess& agent) {
    return agent.get("/v1/views/current").value("members", std::vector<std::string>{});
  }
  /// Whether all have the same view of the cluster, with so many members.
  static bool agree(const Agents& agents, std::size_t members) {
    const Json first = agents.front()->get("/v1/views/current");
    return first.value("members", Json::array()).size() == members &&
           std::ranges::all_of(agents, [&](const AgentProcess* agent) {
             return agent->get("/v1/views/current") == first;
           });
  }
  /// The agent that commits; null while none of them does.
  static AgentProcess* log_leader(const Agents& agents) {
    for (AgentProcess* agent : agents) {
      if (agent->is_running() && agreement(*agent).value("role", "") == "leader") return agent;
    }
    return nullptr;
  }

  struct Answer {
    unsigned status = 0;
    Json body;
  };
  static Answer ask(const AgentProcess& agent, const std::string& method, const std::string& target,
                    const Json& body = {}) {
    const auto answer = agent.request(
        {.method = method, .target = target, .body = body.is_null() ? std::string() : body.dump()});
    if (!answer) return {};
    return {answer->status, Json::parse(answer->body, nullptr, false)};
  }
  static std::string member_path(const std::string& group, const std::string& id) {
    return "/v1/groups/" + group + "/members/" + id;
  }
  static Answer join(const AgentProcess& agent, const std::string& group, const std::string& id,
                     Json body = {{"address", "127.0.0.1:1"}}) {
    return ask(agent, "PUT", member_path(group, id), body);
  }
  static bool is_done(const Answer& answer) { return answer.status >= 200 && answer.status < 300; }

  static Json group(const AgentProcess& agent, const std::string& name,
                    const std::string& consistency = "local") {
    return agent.get("/v1/groups/" + name + "?consistency=" + consistency);
  }
  static std::vector<std::string> ids(const Json& group) {
    std::vector<std::string> found;
    for (const Json& member : group.value("members", Json::array())) found.push_back(member["id"]);
    return found;
  }
};

/// Whose log it is.
enum class Engine : std::uint8_t { raft, etcd };

/// What holds whichever engine carries the log.
class EitherEngineTest : public AgreementTest, public testing::WithParamInterface<Engine> {
 protected:
  EitherEngineTest() {
    if (GetParam() == Engine::etcd) etcd_ = std::make_unique<EtcdCluster>();
  }
  [[nodiscard]] std::vector<std::string> engine_flags() const override {
    if (!etcd_) return {};
    return {"--registry", etcd_->registry()};
  }
  [[nodiscard]] EtcdCluster* etcd() { return etcd_.get(); }

 private:
  std::unique_ptr<EtcdCluster> etcd_;
};

inline std::string engine_name(const testing::TestParamInfo<Engine>& engine) {
  return engine.param == Engine::raft ? "Raft" : "Etcd";
}

}  // namespace rollcall::test
