// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/main_loop.hpp"

namespace rollcall::agent {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// --- The pid file -------------------------------------------------------------------------------

class PidFileTest : public testing::Test {
 protected:
  ~PidFileTest() override { ::unlink(path_.c_str()); }
  [[nodiscard]] long written() const {
    long pid = 0;
    std::ifstream(path_) >> pid;
    return pid;
  }
  std::string path_ = testing::TempDir() + "rollcall_pid_test." + std::to_string(::getpid());
};

TEST_F(PidFileTest, HoldsTheProcessIdAndGoesAtTheEnd) {
  {
    const auto file = PidFile::create(path_);
    ASSERT_TRUE(file.has_value());
    EXPECT_EQ(written(), ::getpid());
  }
  EXPECT_NE(::access(path_.c_str(), F_OK), 0);
}

TEST_F(PidFileTest, RefusesAFileThatIsHeld) {
  const auto first = PidFile::create(path_);
  const auto second = PidFile::create(path_);

  ASSERT_FALSE(second.has_value());
  EXPECT_THAT(second.error(), HasSubstr("belongs to process " + std::to_string(::getpid())));
  EXPECT_EQ(written(), ::getpid());
}

TEST_F(PidFileTest, TakesOverAFileThatACrashLeftBehind) {
  std::ofstream(path_) << "999999999\n";
  const auto file = PidFile::create(path_);
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(written(), ::getpid());
}

TEST_F(PidFileTest, SaysWhyAFileCannotBeOpened) {
  EXPECT_THAT(PidFile::create("/proc/nothing").error(), HasSubstr("cannot open /proc/nothing: "));
}

// --- The service manager ------------------------------------------------------------------------

/// A socket such as a service manager listens on.
class ManagerSocket {
 public:
  explicit ManagerSocket(const std::string& name) : fd_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name.front() == '@') address.sun_path[0] = '\0';
    const void* const where = &address;
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(::bind(fd_.get(), static_cast<const sockaddr*>(where), size), 0);
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  ~ManagerSocket() { ::unsetenv("NOTIFY_SOCKET"); }

  [[nodiscard]] std::string received() const {
    std::array<char, 256> text{};
    const ssize_t size = ::recv(fd_.get(), text.data(), text.size(), MSG_DONTWAIT);
    return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
  }

 private:
  runtime::UniqueFd fd_;
};

TEST(NotifyTest, ReachesASocketInTheFileSystem) {
  const std::string path =
      testing::TempDir() + "rollcall_notify_test." + std::to_string(::getpid());
  ::unlink(path.c_str());
  const ManagerSocket manager(path);
  notify_service_manager("READY=1");
  EXPECT_EQ(manager.received(), "READY=1");
  ::unlink(path.c_str());
}

TEST(NotifyTest, ReachesAnAbstractSocket) {
  const ManagerSocket manager("@rollcall-notify-test-" + std::to_string(::getpid()));
  notify_service_manager("STOPPING=1");
  EXPECT_EQ(manager.received(), "STOPPING=1");
}

TEST(NotifyTest, DoesNothingWithoutAManager) {
  ::unsetenv("NOTIFY_SOCKET");
  notify_service_manager("READY=1");
  ::setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1);
  notify_service_manager("READY=1");
  ::setenv("NOTIFY_SOCKET", std::string(300, '/').c_str(), 1);
  notify_service_manager("READY=1");
  ::unsetenv("NOTIFY_SOCKET");
}

// --- The main loop ------------------------------------------------------------------------------

TEST(MainLoopTest, GivesSignalsOut) {
  MainLoop loop;
  ::kill(::getpid(), SIGHUP);
  EXPECT_EQ(loop.wait(MainLoop::Clock::now() + 10s), SIGHUP);
  ::kill(::getpid(), SIGTERM);
  EXPECT_EQ(loop.wait(MainLoop::Clock::now() + 10s), SIGTERM);
  EXPECT_EQ(loop.wait(MainLoop::Clock::now()), std::nullopt);
}

TEST(MainLoopTest, WaitsUntilTheMomentAndNotLonger) {
  MainLoop loop;
  const auto begin = MainLoop::Clock::now();
  EXPECT_EQ(loop.wait(begin + 50ms), std::nullopt);
  EXPECT_GE(MainLoop::Clock::now() - begin, 50ms);
}

TEST(MainLoopTest, DoesTheWorkOfOtherThreadsInOrder) {
  MainLoop loop;
  std::vector<int> done;
  std::thread other([&] {
    for (int number = 0; number < 100; ++number) {
      loop.post([&done, number] { done.push_back(number); });
    }
  });
  const auto deadline = MainLoop::Clock::now() + 10s;
  while (done.size() < 100 && MainLoop::Clock::now() < deadline) loop.wait(deadline);
  other.join();

  ASSERT_EQ(done.size(), 100U);
  EXPECT_TRUE(std::ranges::is_sorted(done));
}

}  // namespace
}  // namespace rollcall::agent
