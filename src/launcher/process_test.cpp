// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "launcher/process.hpp"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rollcall::launcher {
namespace {

using namespace std::chrono_literals;

class LauncherProcessTest : public testing::Test {
 protected:
  LauncherProcessTest() {
    std::string pattern = testing::TempDir() + "rollcall-process-XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  ~LauncherProcessTest() override { std::filesystem::remove_all(path_); }

  std::expected<ProcessIdentity, std::string> start(const std::string& script) {
    return spawn({.program = "/bin/sh",
                  .arguments = {"sh", "-c", script},
                  .environment = {"PATH=/usr/bin:/bin", "WORD=hello"},
                  .log_file = path_ / "log"});
  }
  [[nodiscard]] std::string log() const {
    std::ostringstream text;
    text << std::ifstream(path_ / "log").rdbuf();
    return text.str();
  }
  static bool becomes(const ProcessIdentity& process, ProcessState state) {
    for (int i = 0; i < 30'000; ++i) {
      if (state_of(process) == state) return true;
      std::this_thread::sleep_for(1ms);
    }
    return false;
  }

  std::filesystem::path path_;
};

TEST_F(LauncherProcessTest, PausesResumesAndEndsWhatItStarted) {
  const auto process = start("exec sleep 1000");
  ASSERT_TRUE(process.has_value()) << process.error();

  EXPECT_EQ(state_of(*process), ProcessState::running);
  EXPECT_EQ(send_signal(*process, SIGSTOP), SignalResult::sent);
  EXPECT_TRUE(becomes(*process, ProcessState::paused));
  EXPECT_EQ(send_signal(*process, SIGCONT), SignalResult::sent);
  EXPECT_TRUE(becomes(*process, ProcessState::running));
  EXPECT_EQ(send_signal(*process, SIGKILL), SignalResult::sent);
  EXPECT_TRUE(becomes(*process, ProcessState::gone));

  EXPECT_EQ(reap(*process), "signal 9 (Killed)");
  EXPECT_EQ(send_signal(*process, SIGKILL), SignalResult::gone);
}

TEST_F(LauncherProcessTest, GivesItItsEnvironmentAndItsLog) {
  const auto process = start("echo $WORD; echo again >&2; exit 3");
  ASSERT_TRUE(process.has_value()) << process.error();

  EXPECT_TRUE(becomes(*process, ProcessState::gone));

  EXPECT_EQ(log(), "hello\nagain\n");
  EXPECT_EQ(reap(*process), "exit status 3");
}

TEST_F(LauncherProcessTest, NeverSignalsAnotherProcessWithTheSameNumber) {
  const auto process = start("exec sleep 1000");
  ASSERT_TRUE(process.has_value()) << process.error();
  ProcessIdentity earlier = *process;
  earlier.start_ticks -= 1;
  ProcessIdentity before_reboot = *process;
  before_reboot.boot_id = "another";

  EXPECT_EQ(send_signal(earlier, SIGKILL), SignalResult::gone);
  EXPECT_EQ(send_signal(before_reboot, SIGKILL), SignalResult::gone);
  EXPECT_EQ(send_signal({.pid = -1}, SIGKILL), SignalResult::gone);
  EXPECT_EQ(send_signal({}, SIGKILL), SignalResult::gone);
  EXPECT_EQ(state_of(*process), ProcessState::running);

  send_signal(*process, SIGKILL);
  EXPECT_TRUE(becomes(*process, ProcessState::gone));
}

TEST_F(LauncherProcessTest, SaysWhyAProgramCannotBeRun) {
  const auto process = spawn({.program = path_ / "nothing",
                              .arguments = {"nothing"},
                              .environment = {},
                              .log_file = path_ / "log"});

  ASSERT_FALSE(process.has_value());
  EXPECT_NE(process.error().find("No such file"), std::string::npos) << process.error();
}

TEST_F(LauncherProcessTest, RunsNothingThatIsNotRecorded) {
  ProcessIdentity recorded;
  SpawnPlan plan{.program = "/bin/sh",
                 .arguments = {"sh", "-c", "echo ran"},
                 .environment = {"PATH=/usr/bin:/bin"},
                 .log_file = path_ / "log",
                 .record = [&recorded](const ProcessIdentity& started) {
                   recorded = started;
                   return "the disk is full";
                 }};

  const auto refused = spawn(plan);

  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error(), "the disk is full");
  EXPECT_EQ(state_of(recorded), ProcessState::gone);
  EXPECT_EQ(log(), "");

  plan.record = [&recorded](const ProcessIdentity& started) {
    recorded = started;
    return std::nullopt;
  };
  const auto process = spawn(plan);
  ASSERT_TRUE(process.has_value()) << process.error();
  EXPECT_EQ(*process, recorded);
  EXPECT_TRUE(becomes(*process, ProcessState::gone));
  EXPECT_EQ(log(), "ran\n");
}

TEST_F(LauncherProcessTest, EndsTheProcessIfItsLauncherEndsBeforeItIsRecorded) {
  const auto file = path_ / "pid";
  const pid_t launcher = ::fork();
  if (launcher == 0) {
    (void)spawn({.program = "/bin/sh",
                 .arguments = {"sh", "-c", "echo ran"},
                 .environment = {},
                 .log_file = path_ / "log",
                 .record = [&file](const ProcessIdentity& started) {
                   std::ofstream(file) << started.pid << ' ' << started.start_ticks << ' '
                                       << started.boot_id << std::flush;
                   ::kill(::getpid(), SIGKILL);
                   return std::nullopt;
                 }});
    ::_exit(1);
  }
  int status = 0;
  ::waitpid(launcher, &status, 0);

  ASSERT_TRUE(WIFSIGNALED(status));
  ProcessIdentity recorded;
  std::ifstream(file) >> recorded.pid >> recorded.start_ticks >> recorded.boot_id;
  EXPECT_GT(recorded.pid, 0);
  EXPECT_TRUE(becomes(recorded, ProcessState::gone));
  EXPECT_EQ(log(), "");
}

TEST_F(LauncherProcessTest, RunsACommandAndGivesItsExitStatus) {
  EXPECT_EQ(run({"sh", "-c", "exit 7"}, {"PATH=/usr/bin:/bin"}), 7);
  EXPECT_EQ(run({"sh", "-c", "kill -9 $$"}, {"PATH=/usr/bin:/bin"}), 128 + SIGKILL);
}

}  // namespace
}  // namespace rollcall::launcher
