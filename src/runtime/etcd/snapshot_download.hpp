// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <string>

#include "base/bytes.hpp"
#include "runtime/etcd/client.hpp"
#include "runtime/etcd/layout.hpp"

namespace rollcall::runtime::etcd {

/// Reads the pieces of a snapshot out of etcd, one after the other, as they were at one revision.
///
/// Errors:  pieces that are missing or not what was written; the reason as half a sentence.
/// Limits:  registry::snapshot_bytes_max, by the manifest.
/// Threads: the client's.
class SnapshotDownload {
 public:
  using Done = std::function<void(std::expected<ByteVector, std::string>)>;

  SnapshotDownload(Client& client, const Keys& keys) : client_(client), keys_(keys) {}

  /// In place of what was loaded before. Done runs once, later.
  void load(const Manifest& manifest, Revision revision, Done done);
  void stop();

 private:
  void ask();
  void on_piece(const std::expected<TxnResult, Failure>& answer);
  void finish(std::expected<ByteVector, std::string> result);

  Client& client_;
  const Keys& keys_;
  Scope scope_;
  Manifest manifest_;
  Revision revision_ = 0;
  std::uint32_t piece_ = 0;
  ByteVector bytes_;
  Done done_;
};

/// What manifests carry.
std::uint64_t snapshot_checksum(const ByteVector& bytes);

}  // namespace rollcall::runtime::etcd
