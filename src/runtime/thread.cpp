// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread.hpp"

#include <csignal>
#include <memory>
#include <string>
#include <utility>

#include "base/check.hpp"

namespace rollcall::runtime {
namespace {

struct Start {
  std::string name;
  std::function<void()> body;
};

extern "C" void* run_thread(void* argument) {
  const std::unique_ptr<Start> start(static_cast<Start*>(argument));
  pthread_setname_np(pthread_self(), start->name.substr(0, 15).c_str());
  start->body();
  return nullptr;
}

/// Starts the thread with every signal blocked, for it inherits the mask of its creator.
int create_with_signals_blocked(pthread_t* handle, const pthread_attr_t* attributes, Start* start) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const int error = pthread_create(handle, attributes, run_thread, start);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return error;
}

}  // namespace

Thread::Thread(const char* name, std::size_t stack_bytes, std::function<void()> body) {
  auto start = std::make_unique<Start>(Start{name, std::move(body)});
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, stack_bytes);
  const int error = create_with_signals_blocked(&handle_, &attributes, start.get());
  pthread_attr_destroy(&attributes);
  // A process that cannot have one more thread is beyond what a library can mend.
  ROLLCALL_CHECK(error == 0);
  static_cast<void>(start.release());  // run_thread owns it now
  running_ = true;
}

Thread::~Thread() {
  ROLLCALL_CHECK(!running_);
}

Thread& Thread::operator=(Thread&& other) noexcept {
  ROLLCALL_CHECK(!running_);
  handle_ = other.handle_;
  running_ = std::exchange(other.running_, false);
  return *this;
}

void Thread::join() {
  ROLLCALL_CHECK(running_);
  ROLLCALL_CHECK(!is_current());
  pthread_join(handle_, nullptr);
  running_ = false;
}

void Thread::detach() {
  ROLLCALL_CHECK(running_);
  pthread_detach(handle_);
  running_ = false;
}

}  // namespace rollcall::runtime
