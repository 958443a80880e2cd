// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "runtime/store.hpp"
#include "runtime/worker.hpp"

namespace rollcall::runtime {

/// Writes to a store without holding up whoever asks for it: the newest value of each kind, on
/// the disk thread.
///
/// Errors:  a write that fails is told to on_failed, on the disk thread; the next one is tried
///          all the same.
/// Limits:  one value of each kind waits; a newer one replaces it.
/// Threads: any.
class StoreWriter : public std::enable_shared_from_this<StoreWriter> {
 public:
  using OnFailed = std::function<void(const Error&)>;

  StoreWriter(Store store, Worker& disk);

  /// Set before the first save.
  void on_failed(OnFailed on_failed) { on_failed_ = std::move(on_failed); }
  void save_boot(std::uint64_t boot);
  void save_peers(std::vector<Address> peers);
  void save_settings(core::VersionedSettings settings);
  void save_log(const consensus::LogId& log);
  /// Writes what waits, gives the directory back, and calls done on the disk thread.
  void close(std::function<void()> done);

 private:
  void schedule();
  void write();

  Worker& disk_;
  OnFailed on_failed_;
  std::mutex mutex_;
  bool is_scheduled_ = false;
  std::optional<std::uint64_t> boot_;
  std::optional<std::vector<Address>> peers_;
  std::optional<core::VersionedSettings> settings_;
  std::optional<consensus::LogId> log_;
  std::optional<Store> store_;  // the disk thread only
};

}  // namespace rollcall::runtime
