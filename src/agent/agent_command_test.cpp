// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/agent_command.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include "http/raw_socket_test.hpp"

/// Whole agents, each in a process of its own that runs run_agent() and nothing else.
namespace rollcall::agent {
namespace {

using namespace std::chrono_literals;
using http::eventually;
using nlohmann::json;
using testing::HasSubstr;

std::string read_file(const std::filesystem::path& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// What a process did at its end: an exit code, or the signal that ended it.
struct End {
  int code = -1;
  int signal = 0;
};

/// A child process in which run_agent() runs. Killed at the end if it still does.
class AgentChild {
 public:
  AgentChild(const std::vector<std::string>& flags, const std::filesystem::path& err) {
    pid_ = ::fork();
    if (pid_ == 0) run(flags, err);
  }
  AgentChild(const AgentChild&) = delete;
  AgentChild& operator=(const AgentChild&) = delete;
  ~AgentChild() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  void signal(int number) const { ::kill(pid_, number); }
  /// Returns when it has stopped: on a busy machine its threads run on for a while.
  void pause() const {
    signal(SIGSTOP);
    int status = 0;
    ASSERT_TRUE(eventually([&] { return ::waitpid(pid_, &status, WUNTRACED | WNOHANG) == pid_; }));
    ASSERT_TRUE(WIFSTOPPED(status));
  }
  /// Nothing if it goes on for more than ten seconds.
  std::optional<End> wait() {
    int status = 0;
    if (!eventually([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; })) return std::nullopt;
    pid_ = 0;
    if (WIFSIGNALED(status)) return End{.code = -1, .signal = WTERMSIG(status)};
    return End{.code = WEXITSTATUS(status), .signal = 0};
  }
  int wait_for_code() {
    const auto end = wait();
    return end ? end->code : -1;
  }

 private:
  [[noreturn]] static void run(const std::vector<std::string>& flags,
                               const std::filesystem::path& err) {
    const int file = ::open(err.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    ::dup2(file, STDOUT_FILENO);
    ::dup2(file, STDERR_FILENO);
    std::vector<const char*> arguments = {"agent"};
    for (const std::string& flag : flags) arguments.push_back(flag.c_str());
    const int code = run_agent(static_cast<int>(arguments.size()), arguments.data());
    std::fflush(nullptr);
    ::_exit(code);
  }

  pid_t pid_ = 0;
};

class AgentCommandTest : public testing::Test {
 protected:
  AgentCommandTest() {
    std::string pattern = testing::TempDir() + "rollcall_agent_XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~AgentCommandTest() override { std::filesystem::remove_all(directory_); }

  AgentChild& start(const std::string& name, std::vector<std::string> flags) {
    const std::vector<std::string> common = {
        "--name",      name,           "--bind", "127.0.0.1:0", "--http",
        "127.0.0.1:0", "--log-format", "json",   "--log-file",  (log_file(name)).string()};
    flags.insert(flags.begin(), common.begin(), common.end());
    return run(flags);
  }
  AgentChild& run(const std::vector<std::string>& flags) {
    return *children_.emplace_back(std::make_unique<AgentChild>(flags, err_file()));
  }

  [[nodiscard]] std::filesystem::path err_file() const { return directory_ / "err"; }
  [[nodiscard]] std::string err() const { return read_file(err_file()); }
  [[nodiscard]] std::filesystem::path log_file(const std::string& name) const {
    return directory_ / (name + ".log");
  }
  /// The first line of the log with that message.
  [[nodiscard]] std::optional<json> logged(const std::string& name,
                                           const std::string& message) const {
    std::istringstream lines(read_file(log_file(name)));
    for (std::string line; std::getline(lines, line);) {
      json parsed = json::parse(line, nullptr, false);
      if (parsed.is_object() && parsed["message"] == message) return parsed;
    }
    return std::nullopt;
  }
  /// Waits for the line; null if it does not come.
  [[nodiscard]] json wait_for(const std::string& name, const std::string& message) const {
    std::optional<json> line;
    EXPECT_TRUE(eventually([&] { return (line = logged(name, message)).has_value(); }))
        << message << "\n"
        << read_file(log_file(name)) << err();
    return line.value_or(json());
  }
  static int status_of(const std::string& address, const std::string& path) {
    http::RawSocket socket(address);
    socket.send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    return socket.read_answer().status;
  }

  std::filesystem::path directory_;
  std::vector<std::unique_ptr<AgentChild>> children_;
};

TEST_F(AgentCommandTest, RunsUntilASignalAndLeaves) {
  AgentChild& agent = start("a", {"--is-introducer", "--stats-interval", "100ms"});

  const json started = wait_for("a", "agent started");
  EXPECT_EQ(started["name"], "a");
  const auto http = started["http"].get<std::string>();
  EXPECT_EQ(status_of(http, "/v1/members/a"), 200);
  EXPECT_TRUE(eventually([&] { return status_of(http, "/readyz") == 200; }));
  EXPECT_EQ(wait_for("a", "STATS")["alive"], 1);

  agent.signal(SIGTERM);

  EXPECT_EQ(agent.wait_for_code(), 0);
  EXPECT_TRUE(logged("a", "agent stopped"));
  EXPECT_EQ(err(), "");
}

TEST_F(AgentCommandTest, SaysHelpAndWhatIsWrong) {
  EXPECT_EQ(run({"--help"}).wait_for_code(), 0);
  EXPECT_THAT(err(), HasSubstr("--probe-interval DURATION"));

  EXPECT_EQ(run({"--probe-intervall=1s", "--dns", "x"}).wait_for_code(), 2);
  EXPECT_THAT(err(), HasSubstr("rollcall: flag --probe-intervall: no such key; did you mean "
                               "probe-interval?\n"
                               "rollcall: flag --dns: the DNS service is not available"));
  EXPECT_EQ(run({"--hosts", "/nowhere"}).wait_for_code(), 2);
  EXPECT_THAT(err(), HasSubstr("/nowhere: hosts: cannot be read: no such file"));
}

TEST_F(AgentCommandTest, SaysWhyItCannotStart) {
  start("a", {"--is-introducer"});
  const json a = wait_for("a", "agent started");

  EXPECT_EQ(run({"--name", "b", "--http", a["http"]}).wait_for_code(), 1);
  EXPECT_THAT(err(), HasSubstr("rollcall: agent: the HTTP API cannot listen on " +
                               a["http"].get<std::string>() + ": another process listens there"));
  EXPECT_EQ(run({"--name", "b", "--http", "off", "--bind", a["bind"]}).wait_for_code(), 1);
  EXPECT_THAT(err(), HasSubstr("rollcall: agent: cannot bind " + a["bind"].get<std::string>()));
  EXPECT_EQ(run({"--http", "off", "--bind", "nowhere.invalid:1"}).wait_for_code(), 2);
  EXPECT_THAT(err(), HasSubstr("rollcall: flag --bind: the host 'nowhere.invalid'"));
  EXPECT_EQ(run({"--http", "off", "--log-file", "/proc/no/log"}).wait_for_code(), 1);
  EXPECT_THAT(err(), HasSubstr("rollcall: agent: the log: "));
  EXPECT_EQ(run({"--http", "off", "--pid-file", "/proc/no"}).wait_for_code(), 1);
  EXPECT_THAT(err(), HasSubstr("rollcall: agent: the pid file: cannot open /proc/no: "));
  EXPECT_THAT(err(), HasSubstr("; choose another --pid-file\n"));
}

TEST_F(AgentCommandTest, SaysOnlyOnceOnStandardErrorWhyItCannotStart) {
  start("a", {"--is-introducer"});
  const json a = wait_for("a", "agent started");

  EXPECT_EQ(run({"--name", "b", "--http", "off", "--bind", a["bind"]}).wait_for_code(), 1);

  const std::string text = err();
  const std::string said = "cannot bind " + a["bind"].get<std::string>();
  EXPECT_EQ(text.find(said), text.rfind(said)) << text;
  EXPECT_THAT(text, HasSubstr(said));
}

TEST_F(AgentCommandTest, LogsItsOwnBeginningToo) {
  start("a", {"--is-introducer"});

  const json line = wait_for("a", "member-join");

  EXPECT_EQ(line["index"], 1);
  EXPECT_EQ(line["member"], "a");
}

TEST_F(AgentCommandTest, LogsWhyItsSeedCannotBeJoined) {
  start("a", {"--is-introducer"});
  const json a = wait_for("a", "agent started");
  start("b", {"--cluster", "other", "--join", a["bind"]});

  const json line = wait_for("b", "protocol-warning");

  EXPECT_EQ(line["reason"], "no seed could be joined, trying again: seed " +
                                a["bind"].get<std::string>() +
                                ": belongs to cluster 'default', not to 'other'");
}

TEST_F(AgentCommandTest, WarnsWhenOthersAreToldALoopbackAddress) {
  start("a", {"--join", "192.0.2.77:1"});

  const json warning = wait_for(
      "a",
      "others are told a loopback address, which only this host reaches, but there is a seed "
      "elsewhere; give the address of this host with --advertise");
  EXPECT_EQ(warning["level"], "warn");
}

TEST_F(AgentCommandTest, ReadsItsConfigurationAgainOnSighup) {
  const auto file = directory_ / "agent.yaml";
  std::ofstream(file) << "log-level: warn\ncluster: one\n";
  AgentChild& agent = start("a", {"--config", file.string(), "--is-introducer"});
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(log_file("a")); }));
  std::filesystem::rename(log_file("a"), directory_ / "old.log");

  std::ofstream(file) << "log-level: info\ncluster: two\n";
  // It may be too early for the signal to be handled; then it waits.
  agent.signal(SIGHUP);
  const json reloaded = wait_for("a", "reloaded");
  EXPECT_EQ(reloaded["log_level"], "info");
  EXPECT_EQ(wait_for("a", "a change that is taken at the next start only")["key"], "cluster");

  std::ofstream(file) << "log-level: nonsense\n";
  agent.signal(SIGHUP);
  EXPECT_TRUE(eventually([&] {
    return read_file(log_file("a")).contains("not reloaded: " + file.string() + ":1:1");
  }));
  agent.signal(SIGTERM);
  EXPECT_EQ(agent.wait_for_code(), 0);
}

TEST_F(AgentCommandTest, CrashesWhenAskedTo) {
  AgentChild& agent = start("a", {"--crash-after", "200ms"});
  const auto end = agent.wait();
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->signal, SIGKILL);
}

TEST_F(AgentCommandTest, CanBeEndedWhileItIsDelayed) {
  AgentChild& agent = start("a", {"--start-delay", "1h"});
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(log_file("a")); }));
  agent.signal(SIGINT);
  EXPECT_EQ(agent.wait_for_code(), 0);
  EXPECT_FALSE(logged("a", "agent started"));
}

TEST_F(AgentCommandTest, EndsAtOnceOnASecondSignal) {
  const AgentChild& other = start("b", {"--is-introducer"});
  const json b = wait_for("b", "agent started");
  AgentChild& agent = start("a", {"--join", b["bind"], "--leave-timeout", "1m"});
  EXPECT_FALSE(wait_for("a", "this member is in the cluster").is_null());
  // Nobody is left who could acknowledge the leave.
  other.pause();

  agent.signal(SIGTERM);
  EXPECT_FALSE(wait_for("a", "leaving the cluster").is_null());
  agent.signal(SIGTERM);

  EXPECT_EQ(agent.wait_for_code(), 1);
  EXPECT_TRUE(logged("a", "a second signal: ending at once"));
}

TEST_F(AgentCommandTest, RunsInTheBackground) {
  const auto pid_file = directory_ / "pid";
  AgentChild& starter = start("a", {"--daemon", "--pid-file", pid_file.string()});

  ASSERT_EQ(starter.wait_for_code(), 0) << err();
  EXPECT_TRUE(logged("a", "agent started")) << "it returns when the agent is up, not before";
  const int pid = std::stoi(read_file(pid_file));
  EXPECT_EQ(::getsid(pid) == ::getsid(0), false);
  EXPECT_EQ(start("b", {"--daemon", "--pid-file", pid_file.string()}).wait_for_code(), 1);
  EXPECT_THAT(err(), HasSubstr("belongs to process " + std::to_string(pid)));

  ::kill(pid, SIGTERM);
  EXPECT_TRUE(eventually([&] { return !std::filesystem::exists(pid_file); }));
  EXPECT_TRUE(eventually([&] { return ::kill(pid, 0) != 0; }));
}

}  // namespace
}  // namespace rollcall::agent
