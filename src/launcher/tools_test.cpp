// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "launcher/tools.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/system.hpp"

namespace rollcall::launcher {
namespace {

using testing::HasSubstr;

TEST(LauncherTools, GivesWhatAProgramPrinted) {
  EXPECT_EQ(Tools(-1).run({"printf", "a b\\n"}), "a b\n");
}

TEST(LauncherTools, SaysInItsWordsWhyAProgramFailed) {
  const auto failed = Tools(-1).run({"ls", "/nothing here"});

  ASSERT_FALSE(failed.has_value());
  EXPECT_THAT(failed.error(), HasSubstr("'ls /nothing here' failed: ls: "));
  EXPECT_THAT(failed.error(), HasSubstr("No such file"));
}

TEST(LauncherTools, HandsWordsOnAsTheyAre) {
  EXPECT_EQ(Tools(-1).run({"printf", "%s", "$HOME; `id`"}), "$HOME; `id`");
}

TEST(LauncherTools, SaysThatThereIsNoSuchProgram) {
  const auto missing = Tools(-1).run({"rollcall-no-such-program"});

  ASSERT_FALSE(missing.has_value());
  EXPECT_THAT(missing.error(), HasSubstr("no program 'rollcall-no-such-program'"));
}

TEST(LauncherTools, KeepsTheLockForAProgramThatOutlivesItsLauncher) {
  std::string pattern = testing::TempDir() + "rollcall-lock-XXXXXX";
  const std::string directory = mkdtemp(pattern.data());
  const std::string file = directory + "/lock";
  const std::string fifo = directory + "/fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  const Descriptor ours(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));

  const pid_t launcher = ::fork();
  if (launcher == 0) {
    const int lock = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
    ::flock(lock, LOCK_EX);
    // Runs until somebody writes to the fifo.
    (void)Tools(lock).run({"cat", fifo});
    ::_exit(0);
  }
  // Opens once the program is there; from then on only it can be in the way.
  Descriptor word(::open(fifo.c_str(), O_WRONLY | O_CLOEXEC));
  ::kill(launcher, SIGKILL);
  ::waitpid(launcher, nullptr, 0);

  EXPECT_NE(::flock(ours.get(), LOCK_EX | LOCK_NB), 0) << "the program works without a lock";
  word.close();
  EXPECT_EQ(::flock(ours.get(), LOCK_EX), 0);
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace rollcall::launcher
