// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/etcd/snapshot_download.hpp"

#include <utility>

#include "base/ids.hpp"

namespace rollcall::runtime::etcd {

std::uint64_t snapshot_checksum(const ByteVector& bytes) {
  return hash_bytes(as_text(bytes));
}

void SnapshotDownload::load(const Manifest& manifest, Revision revision, Done done) {
  stop();
  manifest_ = manifest;
  revision_ = revision;
  done_ = std::move(done);
  bytes_.reserve(manifest.bytes);
  ask();
}

void SnapshotDownload::stop() {
  scope_.reset();
  piece_ = 0;
  bytes_ = {};
  done_ = nullptr;
}

void SnapshotDownload::ask() {
  const Txn txn{
      .then = {RangeOp{.key = keys_.piece(manifest_.index, piece_), .revision = revision_}}};
  client_.txn(txn, {}, scope_.wrap([this](const std::expected<TxnResult, Failure>& answer) {
    on_piece(answer);
  }));
}

void SnapshotDownload::on_piece(const std::expected<TxnResult, Failure>& answer) {
  if (!answer) return finish(std::unexpected(answer.error().message));
  const std::vector<KeyValue>& found = answer->results.front().found;
  if (found.empty()) return finish(std::unexpected("a piece of the snapshot is missing"));
  const Bytes piece = as_bytes(found.front().value);
  if (piece.size() > manifest_.bytes - bytes_.size()) {
    return finish(std::unexpected("a piece of the snapshot is too long"));
  }
  bytes_.insert(bytes_.end(), piece.begin(), piece.end());
  if (++piece_ < manifest_.pieces) return ask();
  if (bytes_.size() != manifest_.bytes || snapshot_checksum(bytes_) != manifest_.checksum) {
    return finish(std::unexpected("the snapshot is not what was written"));
  }
  finish(std::move(bytes_));
}

void SnapshotDownload::finish(std::expected<ByteVector, std::string> result) {
  const Done done = std::exchange(done_, nullptr);
  stop();
  done(std::move(result));
}

}  // namespace rollcall::runtime::etcd
