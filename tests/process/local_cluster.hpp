// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "process/agents.hpp"

/// `rollcall cluster` with processes side by side.
namespace rollcall::test {

/// A test with a cluster of the local driver, gone when the test is.
class ClusterTest : public ProcessTest {
 protected:
  static constexpr std::size_t ports_per_kind = 6;

  ClusterTest() {
    // Runs of neighbouring ports, all claimed, so that node1, node2, … find theirs free.
    while (bind_.size() < ports_per_kind) extend(bind_);
    while (http_.size() < ports_per_kind) extend(http_);
  }
  ~ClusterTest() override { cluster({"down", "--timeout", "60s"}); }

  RunResult cluster(std::vector<std::string> words,
                    const std::vector<std::string>& rest = {}) const {
    words.insert(words.begin(), "cluster");
    words.insert(words.end(), {"--dir", place().string()});
    if (!rest.empty()) words.emplace_back("--");
    words.insert(words.end(), rest.begin(), rest.end());
    return rollcall(words);
  }
  RunResult up(std::size_t nodes, const std::vector<std::string>& rest = {}) const {
    return cluster({"up", "--nodes", std::to_string(nodes), "--base-port", number(bind_),
                    "--base-http", number(http_), "--timeout", "80s"},
                   rest);
  }
  /// What `cluster status --json` says of a node.
  [[nodiscard]] Json node(const std::string& name) const {
    const Json status = Json::parse(cluster({"status", "--json"}).out, nullptr, false);
    if (!status.is_object()) return {};
    for (const Json& node : status["nodes"]) {
      if (node["node"] == name) return node;
    }
    return {};
  }
  [[nodiscard]] bool lists(const std::string& observer, const std::string& member,
                           const std::string& state) const {
    const RunResult members =
        cluster({"exec", observer}, {ROLLCALL_BINARY, "members", "--state", state, "--json"});
    return members.status == 0 && members.out.contains("\"" + member + "\"") &&
           Json::parse(members.out, nullptr, false).dump().contains("\"name\":\"" + member + "\"");
  }
  [[nodiscard]] std::filesystem::path place() const { return directory() / "cluster"; }
  [[nodiscard]] std::string first_port() const { return number(bind_); }
  [[nodiscard]] std::string first_http_port() const { return number(http_); }

 private:
  static void extend(std::vector<FreePort>& ports) {
    FreePort next;
    if (!ports.empty() && next.number() != ports.back().number() + 1) ports.clear();
    ports.push_back(std::move(next));
  }
  static std::string number(const std::vector<FreePort>& ports) {
    return std::to_string(ports.front().number());
  }

  std::vector<FreePort> bind_;
  std::vector<FreePort> http_;
};

}  // namespace rollcall::test
