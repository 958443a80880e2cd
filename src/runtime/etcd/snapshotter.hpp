// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "runtime/etcd/client.hpp"
#include "runtime/etcd/config.hpp"
#include "runtime/etcd/follower.hpp"
#include "runtime/etcd/layout.hpp"
#include "runtime/etcd/scope.hpp"
#include "runtime/etcd/snapshot_download.hpp"
#include "runtime/worker.hpp"

namespace rollcall::runtime::etcd {

/// Writes a snapshot in place of the log's beginning, when the leader finds that long.
///
/// It is made of the snapshot that is in etcd and the entries after it, on a thread of its own: so
/// no member keeps a second registry, and nobody waits. Its pieces are written one by one; then
/// one transaction makes it the snapshot and removes what it replaces. All that only while this
/// member leads.
///
/// Errors:  what fails is tried again when the log has grown by an entry; trouble() says why.
/// Limits:  one at a time; the entries between two snapshots in memory.
/// Threads: the io_context's; the registry is on the worker's.
class Snapshotter {
 public:
  Snapshotter(boost::asio::io_context& io, Client& client, const Keys& keys,
              const EtcdConfig& config, Follower& follower);

  void lead(std::uint64_t term) { term_ = term; }
  void stop_leading();
  void stop();
  /// After each entry.
  void consider();
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

  /// What the worker needs, and what it gives back.
  struct Job {
    LifeId cluster;
    ByteVector base;  // empty: the log begins at its beginning
    std::vector<KeyValue> entries;
    std::uint64_t base_index = 0;
  };
  struct Made {
    Manifest manifest;
    ByteVector bytes;
  };

 private:
  using MadeOrWhy = std::expected<Made, std::string>;

  void read_manifest();
  void on_manifest(const TxnResult& answer);
  void read_entries();
  void on_entries(TxnResult answer);
  void make();
  void write_piece();
  void write_manifest();
  void end(std::string why);
  /// Runs a step's transaction; anything but success ends the whole.
  void step(const Txn& txn, std::function<void(TxnResult)> then);
  [[nodiscard]] Txn while_leading(std::vector<Op> ops) const;

  boost::asio::io_context& io_;
  Client& client_;
  const Keys& keys_;
  const EtcdConfig& config_;
  Follower& follower_;
  Scope scope_;
  SnapshotDownload download_;
  Worker worker_{"rollcall-etcd", 1, Worker::AtEnd::finish};

  std::uint64_t term_ = 0;  // 0: does not lead
  bool is_under_way_ = false;
  Follower::Since counted_;
  std::uint64_t target_ = 0;
  Job job_;
  Made made_;
  std::uint32_t piece_ = 0;
  std::string trouble_;
};

/// Pure: the snapshot after all these entries.
std::expected<Snapshotter::Made, std::string> make_snapshot(const Snapshotter::Job& job);

}  // namespace rollcall::runtime::etcd
