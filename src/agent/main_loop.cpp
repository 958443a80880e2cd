// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/main_loop.hpp"

#include <algorithm>
#include <array>
#include <climits>
#include <csignal>
#include <cstdint>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/check.hpp"

namespace rollcall::agent {
namespace {

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  return set;
}

int milliseconds_until(MainLoop::Clock::time_point until) {
  const auto now = MainLoop::Clock::now();
  if (until <= now) return 0;
  // Rounded up, or the last fraction of a millisecond would be spent going round.
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now).count();
  return static_cast<int>(std::min<std::int64_t>(left, INT_MAX));
}

}  // namespace

MainLoop::MainLoop() {
  const sigset_t handled = handled_signals();
  pthread_sigmask(SIG_BLOCK, &handled, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  signals_.reset(signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK));
  wake_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  ROLLCALL_CHECK(signals_.is_open() && wake_.is_open());
}

MainLoop::~MainLoop() {
  const sigset_t handled = handled_signals();
  pthread_sigmask(SIG_UNBLOCK, &handled, nullptr);
}

void MainLoop::post(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    work_.push_back(std::move(work));
  }
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the loop is awake already.
  static_cast<void>(::write(wake_.get(), &one, sizeof one));
}

std::vector<std::function<void()>> MainLoop::take_work() {
  const std::lock_guard lock(mutex_);
  return std::exchange(work_, {});
}

std::optional<int> MainLoop::wait(Clock::time_point until) {
  std::array<pollfd, 2> ready = {{{.fd = signals_.get(), .events = POLLIN, .revents = 0},
                                  {.fd = wake_.get(), .events = POLLIN, .revents = 0}}};
  ::poll(ready.data(), ready.size(), milliseconds_until(until));
  std::uint64_t count = 0;
  static_cast<void>(::read(wake_.get(), &count, sizeof count));
  for (const auto& work : take_work()) work();

  signalfd_siginfo info{};
  if (::read(signals_.get(), &info, sizeof info) != sizeof info) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

}  // namespace rollcall::agent
