// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/etcd/snapshotter.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include <boost/asio/post.hpp>

#include "registry/registry.hpp"

namespace rollcall::runtime::etcd {
namespace {

constexpr std::int64_t page_entries = 32;

/// Applies one entry's commands; why it cannot be done, if so.
std::optional<std::string> apply(registry::Registry& registry, std::uint64_t first,
                                 const Entry& entry) {
  if (entry.term < registry.term() || first <= registry.index()) {
    return "an entry contradicts those before it";
  }
  std::uint64_t index = first;
  for (const ByteVector& command : entry.commands) {
    const auto applied = registry.apply({.term = entry.term, .index = index++, .command = command});
    if (!applied) return "a command is of a later version of rollcall";
  }
  return std::nullopt;
}

}  // namespace

std::expected<Snapshotter::Made, std::string> make_snapshot(const Snapshotter::Job& job) {
  std::optional<registry::Registry> registry;
  registry.emplace(job.cluster);
  if (!job.base.empty()) {
    auto restored = registry::Registry::restore(job.base, job.cluster);
    if (!restored) return std::unexpected(std::string(registry::to_text(restored.error())));
    registry.emplace(*std::move(restored));
  }
  std::uint64_t next = job.base_index + 1;
  std::uint64_t term = 0;
  for (const KeyValue& one : job.entries) {
    const std::optional<Entry> entry = decode_entry(one.value);
    if (!entry) return std::unexpected("an entry is unreadable");
    if (const auto why = apply(*registry, next, *entry)) return std::unexpected(*why);
    next += entry->commands.size();
    term = entry->term;
  }
  Snapshotter::Made made{.manifest = {}, .bytes = registry->snapshot()};
  const std::size_t pieces = (made.bytes.size() + chunk_bytes_max - 1) / chunk_bytes_max;
  made.manifest = {.term = term,
                   .index = next - 1,
                   .bytes = made.bytes.size(),
                   .pieces = static_cast<std::uint32_t>(pieces),
                   .checksum = snapshot_checksum(made.bytes)};
  return made;
}

Snapshotter::Snapshotter(boost::asio::io_context& io, Client& client, const Keys& keys,
                         const EtcdConfig& config, Follower& follower)
    : io_(io),
      client_(client),
      keys_(keys),
      config_(config),
      follower_(follower),
      download_(client, keys) {}

void Snapshotter::stop_leading() {
  term_ = 0;
  stop();
}

void Snapshotter::stop() {
  scope_.reset();
  download_.stop();
  is_under_way_ = false;
  job_ = {};
  made_ = {};
}

void Snapshotter::consider() {
  const Follower::Since& since = follower_.since_snapshot();
  const bool is_long =
      since.entries >= config_.snapshot_entries || since.bytes >= config_.snapshot_bytes;
  if (!is_long || term_ == 0 || is_under_way_) return;
  is_under_way_ = true;
  counted_ = since;
  target_ = follower_.applied();
  job_ = {.cluster = config_.cluster};
  step({.then = {RangeOp{.key = keys_.manifest()}}},
       [this](const TxnResult& answer) { on_manifest(answer); });
}

void Snapshotter::on_manifest(const TxnResult& answer) {
  const std::vector<KeyValue>& found = answer.results.front().found;
  if (found.empty()) return read_entries();
  const std::optional<Manifest> manifest = decode_manifest(found.front().value);
  if (!manifest) return end("the manifest in etcd is unreadable");
  if (manifest->index >= target_) return end({});
  job_.base_index = manifest->index;
  download_.load(*manifest, answer.revision, [this](std::expected<ByteVector, std::string> bytes) {
    if (!bytes) return end(bytes.error());
    job_.base = *std::move(bytes);
    read_entries();
  });
}

void Snapshotter::read_entries() {
  const std::string from =
      job_.entries.empty() ? keys_.log(job_.base_index + 1) : job_.entries.back().key + '\0';
  step({.then = {RangeOp{.key = from, .end = keys_.log(target_ + 1), .limit = page_entries}}},
       [this](TxnResult answer) { on_entries(std::move(answer)); });
}

void Snapshotter::on_entries(TxnResult answer) {
  OpResult& page = answer.results.front();
  std::ranges::move(page.found, std::back_inserter(job_.entries));
  if (page.has_more) return read_entries();
  make();
}

void Snapshotter::make() {
  auto job = std::make_shared<Job>(std::exchange(job_, {}));
  auto made = std::make_shared<MadeOrWhy>();
  auto on_made = scope_.wrap([this, made] {
    if (!*made) return end("it cannot be made: " + made->error());
    made_ = std::move(**made);
    if (made_.manifest.index != target_) return end("entries are missing from the log");
    piece_ = 0;
    write_piece();
  });
  const bool is_posted = worker_.post([&io = io_, job, made, on_made = std::move(on_made)] {
    *made = make_snapshot(*job);
    *job = {};
    boost::asio::post(io, on_made);
  });
  if (!is_posted) end("an earlier one is still being made");
}

void Snapshotter::write_piece() {
  if (piece_ == made_.manifest.pieces) return write_manifest();
  const std::size_t from = piece_ * chunk_bytes_max;
  const std::string_view piece = as_text(made_.bytes).substr(from, chunk_bytes_max);
  const PutOp put{.key = keys_.piece(target_, piece_), .value = std::string(piece)};
  ++piece_;
  step(while_leading({put}), [this](const TxnResult&) { write_piece(); });
}

void Snapshotter::write_manifest() {
  const Txn txn =
      while_leading({PutOp{.key = keys_.manifest(), .value = encode_manifest(made_.manifest)},
                     DeleteOp{.key = keys_.log(0), .end = keys_.log(target_ + 1)},
                     DeleteOp{.key = keys_.piece(0, 0), .end = keys_.piece(target_, 0)}});
  step(txn, [this](const TxnResult&) {
    follower_.on_snapshot_written(counted_);
    end({});
  });
}

void Snapshotter::end(std::string why) {
  trouble_ = why.empty() ? std::string() : "no snapshot could be written to etcd: " + why;
  stop();
}

void Snapshotter::step(const Txn& txn, std::function<void(TxnResult)> then) {
  client_.txn(txn, {},
              scope_.wrap([this, then = std::move(then)](std::expected<TxnResult, Failure> answer) {
                if (!answer) return end(answer.error().message);
                if (!answer->is_met) return end("this member leads no more");
                then(*std::move(answer));
              }));
}

Txn Snapshotter::while_leading(std::vector<Op> ops) const {
  return {.conditions = {{.key = keys_.leader(), .revision = static_cast<Revision>(term_)}},
          .then = std::move(ops)};
}

}  // namespace rollcall::runtime::etcd
