// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/raft_writer.hpp"

#include "base/check.hpp"

namespace rollcall::runtime {

RaftWriter::RaftWriter(RaftStore store, Worker& disk, OnDone on_done)
    : disk_(disk),
      on_done_(std::move(on_done)),
      store_(std::move(store)) {}

std::optional<std::uint64_t> RaftWriter::submit(RaftWrite write) {
  const std::size_t bytes = bytes_of(write);
  const std::lock_guard lock(mutex_);
  if (!waiting_.empty() && waiting_bytes_ + bytes > waiting_bytes_max) return std::nullopt;
  waiting_bytes_ += bytes;
  waiting_.push_back(std::move(write));
  schedule();
  return ++submitted_;
}

/// With the lock held. One job at a time, so that there is always a place in the queue.
void RaftWriter::schedule() {
  if (std::exchange(is_scheduled_, true)) return;
  ROLLCALL_CHECK(disk_.post([self = shared_from_this()] { self->work(); }));
}

void RaftWriter::work() {
  if (!store_) return;
  const std::vector<RaftWrite> batch = take();
  if (batch.empty()) {
    sweep();
  } else {
    commit(batch);
  }
  const std::lock_guard lock(mutex_);
  is_scheduled_ = false;
  if (!waiting_.empty() || store_->has_garbage()) schedule();
}

std::vector<RaftWrite> RaftWriter::take() {
  std::vector<RaftWrite> batch;
  std::size_t bytes = 0;
  const std::lock_guard lock(mutex_);
  while (!waiting_.empty()) {
    const std::size_t more = bytes_of(waiting_.front());
    if (!batch.empty() && bytes + more > commit_bytes_max) break;
    bytes += more;
    batch.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  waiting_bytes_ -= bytes;
  return batch;
}

void RaftWriter::commit(const std::vector<RaftWrite>& batch) {
  const auto written = store_->write(batch);
  if (written) {
    told_ += batch.size();
    on_done_(told_, std::nullopt);
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    waiting_.clear();
    waiting_bytes_ = 0;
    told_ = submitted_;
  }
  on_done_(told_, written.error());
}

/// A disk that fails here fails the next write too, which is told of. Until then it is let be.
void RaftWriter::sweep() {
  if (store_->has_garbage() && !store_->sweep()) store_->postpone_sweep();
}

bool RaftWriter::use(std::function<void(RaftStore&)> job) {
  return disk_.post([self = shared_from_this(), job = std::move(job)] {
    if (self->store_) job(*self->store_);
  });
}

void RaftWriter::close(std::function<void()> done) {
  ROLLCALL_CHECK(disk_.post([self = shared_from_this(), done = std::move(done)] {
    while (self->store_) {
      const std::vector<RaftWrite> batch = self->take();
      if (batch.empty())
        self->store_.reset();
      else
        self->commit(batch);
    }
    done();
  }));
}

}  // namespace rollcall::runtime
