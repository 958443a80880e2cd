// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include "launcher/namespaces.hpp"
#include "launcher/netns_plan.hpp"
#include "process/agents.hpp"

/// `rollcall cluster --driver netns`: hosts of their own, on a network that really breaks.
namespace rollcall::test {

/// A cluster in a directory of its own, gone when the test is.
class NetnsCluster {
 public:
  explicit NetnsCluster(std::filesystem::path place) : place_(std::move(place)) {}
  ~NetnsCluster() {
    const RunResult down = run({"down", "--timeout", "60s"});
    EXPECT_EQ(down.status, 0) << down.err;
    EXPECT_TRUE(namespaces().empty());
  }
  NetnsCluster(const NetnsCluster&) = delete;
  NetnsCluster& operator=(const NetnsCluster&) = delete;

  [[nodiscard]] std::vector<std::string> command(std::vector<std::string> words,
                                                 const std::vector<std::string>& rest = {}) const {
    words.insert(words.begin(), {ROLLCALL_BINARY, "cluster"});
    words.insert(words.end(), {"--dir", place_.string()});
    if (!rest.empty()) words.emplace_back("--");
    words.insert(words.end(), rest.begin(), rest.end());
    return words;
  }
  [[nodiscard]] static std::vector<std::string> up_words(std::size_t nodes) {
    return {"up", "--driver", "netns", "--nodes", std::to_string(nodes), "--timeout", "80s"};
  }
  [[nodiscard]] RunResult run(std::vector<std::string> words,
                              const std::vector<std::string>& rest = {}) const {
    return test::run(command(std::move(words), rest));
  }
  [[nodiscard]] RunResult up(std::size_t nodes) const { return run(up_words(nodes)); }

  [[nodiscard]] std::vector<Json> status() const {
    const Json json = Json::parse(run({"status", "--json"}).out, nullptr, false);
    if (!json.is_object()) return {};
    return json["nodes"].get<std::vector<Json>>();
  }
  [[nodiscard]] Json node(const std::string& name) const {
    for (Json& node : status()) {
      if (node["node"] == name) return std::move(node);
    }
    return {};
  }
  /// Whether each of these nodes lists exactly the expected ones as alive.
  [[nodiscard]] bool list_alive(const launcher::Names& observers,
                                const launcher::Names& expected) const {
    const std::vector<Json> nodes = status();
    return std::ranges::all_of(observers, [&](const std::string& observer) {
      return std::ranges::any_of(nodes, [&](const Json& node) {
        return node["node"] == observer && node["alive"] == Json(expected);
      });
    });
  }
  /// How many events of a type a node has told, about anybody.
  [[nodiscard]] std::size_t count(const std::string& observer, const std::string& type) const {
    std::istringstream lines(
        run({"exec", observer}, {"rollcall", "events", "--no-follow", "--since", "0", "--json"})
            .out);
    std::size_t found = 0;
    for (std::string line; std::getline(lines, line);) {
      const Json event = Json::parse(line, nullptr, false);
      if (event.is_object() && event.value("type", "") == type) ++found;
    }
    return found;
  }
  [[nodiscard]] bool all_told(const launcher::Names& observers, const std::string& type,
                              std::size_t times) const {
    return std::ranges::all_of(observers,
                               [&](const std::string& name) { return count(name, type) == times; });
  }
  /// Waits until each of these has probed so many times more.
  [[nodiscard]] bool probe(const launcher::Names& observers, std::uint64_t times) const {
    std::map<std::string, std::uint64_t> enough;
    for (const std::string& observer : observers) enough[observer] = probes(observer) + times;
    return std::ranges::all_of(enough, [&](const auto& of) {
      return eventually([&] { return probes(of.first) >= of.second; });
    });
  }
  [[nodiscard]] std::size_t failures(const launcher::Names& observers) const {
    std::size_t total = 0;
    for (const std::string& observer : observers) {
      EXPECT_GT(count(observer, "member-join"), 0U) << observer << " tells nothing";
      total += count(observer, "member-failed");
    }
    return total;
  }

  [[nodiscard]] std::uint64_t probes(const std::string& observer) const {
    return status_of(observer, "probes");
  }
  /// A counter of a node's status; 0 if it has none of that name.
  [[nodiscard]] std::uint64_t status_of(const std::string& observer,
                                        const std::string& counter) const {
    const RunResult told = run({"exec", observer}, {"rollcall", "status", "--json"});
    const Json status = Json::parse(told.out, nullptr, false);
    return status.is_object() ? status.value(counter, std::uint64_t{0}) : 0;
  }
  [[nodiscard]] std::string prefix() const { return launcher::prefix_of(place_); }
  [[nodiscard]] launcher::Names namespaces() const { return launcher::namespaces_of(prefix()); }
  [[nodiscard]] std::filesystem::path network(const std::string& host) const {
    return launcher::namespace_path(prefix(), host);
  }
  [[nodiscard]] const std::filesystem::path& place() const { return place_; }

 private:
  std::filesystem::path place_;
};

class NetnsTest : public ProcessTest {
 protected:
  static constexpr std::size_t size = 6;
  const launcher::Names left{"node1", "node2", "node3"};
  const launcher::Names right{"node4", "node5", "node6"};
  const launcher::Names all{"node1", "node2", "node3", "node4", "node5", "node6"};

  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root may make network namespaces";
    const RunResult refused = run({"unshare", "--net", "true"});
    if (refused.status != 0) GTEST_SKIP() << "the kernel refuses: " << refused.err;
  }
  void TearDown() override {
    if (!HasFailure()) return;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory())) {
      if (entry.path().filename() != "agent.log") continue;
      std::cerr << "--- " << entry.path().string() << '\n' << read_file(entry.path());
    }
  }
  [[nodiscard]] std::filesystem::path place() const { return directory() / "cluster"; }

  /// Everything that the machine itself has of a network: nothing of it may change.
  static std::string own_network() {
    return run({"ip", "-brief", "link"}).out + run({"ip", "-brief", "address"}).out +
           run({"ip", "route"}).out + run({"nft", "list", "ruleset"}).out;
  }
  /// Whether any process was started with this text among its arguments.
  static bool is_mentioned(const std::string& text) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
      const std::string name = entry.path().filename();
      if (!std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; })) continue;
      if (read_file(entry.path() / "cmdline").contains(text) && !has_ended(std::stoi(name)))
        return true;
    }
    return false;
  }
};

}  // namespace rollcall::test
