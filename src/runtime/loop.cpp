// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/loop.hpp"

#include <boost/asio/post.hpp>

namespace rollcall {

Loop::Loop() : impl_(std::make_unique<Impl>()) {}
Loop::~Loop() = default;

Loop::Impl::Impl()
    : state_(std::make_shared<State>()),
      thread_("rollcall-loop", runtime::Thread::user_stack_bytes,
              [state = state_] { state->io.run(); }) {}

Loop::Impl::~Impl() {
  // The thread ends when nothing is under way any more; its members were closed before.
  boost::asio::post(state_->io, [state = state_] {
    state->resolver.stop();
    state->work.reset();
  });
  if (thread_.is_current()) {
    thread_.detach();
  } else {
    thread_.join();
  }
}

}  // namespace rollcall
