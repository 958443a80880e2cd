// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "rollcall/agent.hpp"
#include "runtime/datagram_batch.hpp"
#include "runtime/resolver.hpp"
#include "runtime/thread.hpp"
#include "runtime/worker.hpp"

namespace rollcall {

/// The thread behind Loop, and what its members share: the room for datagrams, the look-up of
/// names, the thread that waits for the disk.
///
/// Threads: io() may be posted to from any thread; batch() and resolver() belong to the loop's
///          thread; disk() takes jobs from any thread. May be destroyed on its own thread, which
///          then ends by itself.
class Loop::Impl {
 public:
  Impl();
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  [[nodiscard]] boost::asio::io_context& io() { return state_->io; }
  [[nodiscard]] runtime::DatagramBatch& batch() { return state_->batch; }
  [[nodiscard]] runtime::Resolver& resolver() { return state_->resolver; }
  [[nodiscard]] runtime::Worker& disk() { return state_->disk; }
  /// Whether the caller is on the loop's thread, which must never wait.
  [[nodiscard]] bool is_current() const { return thread_.is_current(); }

 private:
  static constexpr std::size_t disk_jobs_max = std::size_t{1} << 20U;  // two for each member

  /// Shared with the thread.
  struct State {
    boost::asio::io_context io{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
        io.get_executor()};
    runtime::DatagramBatch batch;
    runtime::Resolver resolver{io};
    runtime::Worker disk{"rollcall-disk", disk_jobs_max, runtime::Worker::AtEnd::finish};
  };

  std::shared_ptr<State> state_;
  runtime::Thread thread_;
};

}  // namespace rollcall
