// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <fstream>

#include <gmock/gmock.h>

#include "process/agents.hpp"

/// The agent in the background, with its pid file and log file.
namespace rollcall::test {
namespace {

using testing::HasSubstr;

class DaemonTest : public ProcessTest {
 protected:
  ~DaemonTest() override {
    // Its own pid only, and only while its pid file, which the agent removes at its end, is there.
    if (const int pid = pid_in_file(); pid > 0 && ::kill(pid, 0) == 0) ::kill(pid, SIGKILL);
  }
  [[nodiscard]] std::vector<std::string> command() const {
    return {"agent",          "--daemon",          "--name",     "d1",
            "--bind",         bind_.address(),     "--http",     http_.address(),
            "--pid-file",     pid_file().string(), "--log-file", log_file().string(),
            "--is-introducer"};
  }
  [[nodiscard]] std::filesystem::path pid_file() const { return directory() / "agent.pid"; }
  [[nodiscard]] std::filesystem::path log_file() const { return directory() / "agent.log"; }
  [[nodiscard]] int pid_in_file() const {
    int pid = 0;
    std::ifstream(pid_file()) >> pid;
    return pid;
  }
  [[nodiscard]] RunResult ask(const std::string& what) const {
    return rollcall({what, "--http", http_.address()});
  }

 private:
  FreePort bind_;
  FreePort http_;
};

TEST_F(DaemonTest, DetachesAndEndsWhenItIsTold) {
  const RunResult started = rollcall(command());

  ASSERT_EQ(started.status, 0) << started.err;
  EXPECT_TRUE(eventually([&] { return ask("status").status == 0; })) << read_file(log_file());
  const int pid = pid_in_file();
  ASSERT_GT(pid, 1);
  EXPECT_THAT(ask("members").out, HasSubstr("d1"));
  EXPECT_FALSE(read_file(log_file()).empty());

  ASSERT_EQ(::kill(pid, SIGTERM), 0);

  EXPECT_TRUE(eventually([&] { return !std::filesystem::exists(pid_file()); }));
  EXPECT_TRUE(eventually([&] { return ask("status").status == 3; }));
}

TEST_F(DaemonTest, RefusesASecondOneWithTheSamePidFile) {
  ASSERT_EQ(rollcall(command()).status, 0);
  ASSERT_TRUE(eventually([&] { return ask("status").status == 0; })) << read_file(log_file());
  const int pid = pid_in_file();

  const RunResult second = rollcall(command());

  EXPECT_EQ(second.status, 1) << second.out;
  EXPECT_THAT(second.err, HasSubstr("rollcall: "));
  EXPECT_EQ(pid_in_file(), pid);
  EXPECT_EQ(ask("status").status, 0);
}

}  // namespace
}  // namespace rollcall::test
