// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/store_writer.hpp"

#include <utility>

#include "base/check.hpp"

namespace rollcall::runtime {

StoreWriter::StoreWriter(Store store, Worker& disk) : disk_(disk), store_(std::move(store)) {}

void StoreWriter::save_boot(std::uint64_t boot) {
  const std::lock_guard lock(mutex_);
  boot_ = boot;
  schedule();
}

void StoreWriter::save_peers(std::vector<Address> peers) {
  const std::lock_guard lock(mutex_);
  peers_ = std::move(peers);
  schedule();
}

void StoreWriter::save_settings(core::VersionedSettings settings) {
  const std::lock_guard lock(mutex_);
  settings_ = std::move(settings);
  schedule();
}

void StoreWriter::save_log(const consensus::LogId& log) {
  const std::lock_guard lock(mutex_);
  log_ = log;
  schedule();
}

/// With the lock held. At most one write and one close of each member wait, so that there is
/// always a place in the queue.
void StoreWriter::schedule() {
  if (std::exchange(is_scheduled_, true)) return;
  ROLLCALL_CHECK(disk_.post([self = shared_from_this()] { self->write(); }));
}

void StoreWriter::write() {
  std::optional<std::uint64_t> boot;
  std::optional<std::vector<Address>> peers;
  std::optional<core::VersionedSettings> settings;
  std::optional<consensus::LogId> log;
  {
    const std::lock_guard lock(mutex_);
    is_scheduled_ = false;
    std::swap(boot, boot_);
    std::swap(peers, peers_);
    std::swap(settings, settings_);
    std::swap(log, log_);
  }
  if (!store_) return;
  if (boot) {
    if (const auto saved = store_->save_boot(*boot); !saved) on_failed_(saved.error());
  }
  if (peers) {
    if (const auto saved = store_->save_peers(*peers); !saved) on_failed_(saved.error());
  }
  if (settings) {
    if (const auto saved = store_->save_settings(*settings); !saved) on_failed_(saved.error());
  }
  if (log) {
    if (const auto saved = store_->save_log(*log); !saved) on_failed_(saved.error());
  }
}

void StoreWriter::close(std::function<void()> done) {
  ROLLCALL_CHECK(disk_.post([self = shared_from_this(), done = std::move(done)] {
    self->write();
    self->store_.reset();
    done();
  }));
}

}  // namespace rollcall::runtime
