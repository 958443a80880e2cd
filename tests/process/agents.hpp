// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "http/client.hpp"
#include "support/process.hpp"

/// Real agents, one process each, on loopback.
namespace rollcall::test {

using Json = nlohmann::json;

/// How one agent of a test is started. What is not said here is the agent's default.
struct AgentSetup {
  std::string name;
  /// Addresses to join; none makes it the introducer, unless told otherwise.
  std::vector<std::string> join = {};
  std::vector<std::string> flags = {};
  std::vector<std::string> environment = {};
  enum class Data : std::uint8_t { kept, none } data = Data::kept;
};

/// One agent with its addresses and files, started once or again and again.
class AgentProcess {
 public:
  AgentProcess(AgentSetup setup, std::filesystem::path directory);

  void start();
  /// Starts it at another address, as a machine does that got a new one.
  void move_to_new_address();
  void signal(int number) { child_->signal(number); }
  void kill();
  /// Waits for its end: the exit status, or 128 plus the signal.
  std::optional<int> wait() { return child_->wait(); }
  [[nodiscard]] bool is_running() { return child_ && child_->is_running(); }

  [[nodiscard]] const std::string& name() const { return setup_.name; }
  [[nodiscard]] std::string bind() const { return bind_.front().address(); }
  [[nodiscard]] std::uint16_t port() const { return bind_.front().number(); }
  [[nodiscard]] std::string http() const { return http_.address(); }
  [[nodiscard]] std::uint16_t http_port() const { return http_.number(); }
  [[nodiscard]] int pid() const { return child_->pid(); }
  [[nodiscard]] std::filesystem::path data_directory() const { return directory_ / "data"; }
  [[nodiscard]] std::string log() const { return read_file(log_file()); }
  [[nodiscard]] std::filesystem::path log_file() const { return directory_ / "agent.log"; }
  /// Whether what it keeps of members and settings holds the text somewhere.
  [[nodiscard]] bool has_kept(const std::string& text) const;

  // --- asked over HTTP; empty answers when it does not answer -----------------------------------
  [[nodiscard]] std::optional<http::ClientResponse> request(
      const http::ClientRequest& request) const;
  /// An object, empty if it does not answer with one.
  [[nodiscard]] Json get(const std::string& target) const;
  [[nodiscard]] unsigned status_of(const std::string& target) const;
  [[nodiscard]] std::string phase() const;
  /// "alive", …; empty if it does not list the member.
  [[nodiscard]] std::string state_of(const std::string& member) const;
  [[nodiscard]] std::string id_of(const std::string& member) const;
  /// Every event it has kept, in order.
  [[nodiscard]] std::vector<Json> events() const;
  /// How many events of a type are about a member.
  [[nodiscard]] std::size_t count(const std::string& type, const std::string& member) const;

 private:
  [[nodiscard]] std::vector<std::string> command() const;
  [[nodiscard]] Json member(const std::string& name) const;

  AgentSetup setup_;
  std::filesystem::path directory_;
  std::deque<FreePort> bind_;  // the current address first, the ones before behind it
  FreePort http_;
  std::unique_ptr<Child> child_;
};

/// A test with agents of its own, which all are gone when it ends; their logs are shown if it
/// fails.
class ProcessTest : public testing::Test {
 protected:
  void TearDown() override;

  AgentProcess& start(AgentSetup setup);
  /// An agent that is configured but not started yet.
  AgentProcess& prepare(AgentSetup setup);
  /// "n1", "n2", …: the first introduces, the others join it; returns when all see all.
  std::vector<AgentProcess*> start_cluster(std::size_t size,
                                           const std::vector<std::string>& flags = {});

  /// The member's state as every one of the observers lists it.
  static bool all_list(const std::vector<AgentProcess*>& observers, const std::string& member,
                       const std::string& state);
  static bool all_see_all(const std::vector<AgentProcess*>& agents);

  /// This program's binary with these words: its output and exit code.
  static RunResult rollcall(const std::vector<std::string>& words,
                            const std::vector<std::string>& environment = {});

  [[nodiscard]] const std::filesystem::path& directory() const { return directory_.path(); }

 private:
  TempDirectory directory_;
  std::vector<std::unique_ptr<AgentProcess>> agents_;
};

}  // namespace rollcall::test
