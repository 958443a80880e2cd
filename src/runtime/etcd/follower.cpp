// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/etcd/follower.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace rollcall::runtime::etcd {

Follower::Follower(boost::asio::io_context& io, Client& client, const Keys& keys,
                   FollowerHost& host, consensus::LogId log_to_begin)
    : client_(client),
      keys_(keys),
      host_(host),
      log_to_begin_(log_to_begin),
      again_(io),
      download_(client, keys) {}

void Follower::stop() {
  scope_.reset();
  again_.cancel();
  download_.stop();
  client_.unwatch();
  is_watching_ = false;
}

// --- asking for what follows --------------------------------------------------------------------

void Follower::sync() {
  stop();
  const Txn txn{
      .then = {
          RangeOp{.key = keys_.meta()}, RangeOp{.key = keys_.leader()},
          RangeOp{.key = keys_.manifest()},
          RangeOp{.key = keys_.log(0),
                  .end = keys_.log_end(),
                  .limit = 1,
                  .is_last_first = true,
                  .is_keys_only = true},
          RangeOp{.key = keys_.log(applied_ + 1), .end = keys_.log_end(), .limit = page_entries}}};
  asked_after_ = last_entry_;
  client_.txn(txn, {}, scope_.wrap([this](const std::expected<TxnResult, Failure>& answer) {
    on_synced(answer);
  }));
}

void Follower::on_synced(const std::expected<TxnResult, Failure>& answer) {
  if (!answer) return fail(answer.error().message, again_soon);
  const auto& [meta, leader, manifest_found, last, page] =
      std::tie(answer->results[0], answer->results[1], answer->results[2], answer->results[3],
               answer->results[4]);
  if (meta.found.empty()) return begin_log();
  if (!read_meta(meta)) return;
  std::optional<Manifest> manifest;
  if (!manifest_found.found.empty()) {
    manifest = decode_manifest(manifest_found.found.front().value);
    if (!manifest) return fail("the manifest of the snapshot in etcd is unreadable", again_later);
  }
  if (!check_end(last, manifest)) return;
  if (manifest && manifest->index > applied_) return load(*manifest, answer->revision);
  if (const Fed fed = feed_page(page); fed != Fed::taken) return hold_up(fed);
  if (page.has_more) return sync();
  trouble_.clear();
  see_leader(leader.found.empty() ? nullptr : &leader.found.front());
  watch(answer->revision + 1);
}

bool Follower::read_meta(const OpResult& found) {
  const std::optional<Meta> meta = decode_meta(found.found.front().value);
  if (!meta || meta->format > layout_format) {
    fail("what is in etcd was written by a later version of rollcall; use that version here too",
         again_later);
    return false;
  }
  if (!log_.is_nobody() && log_ != meta->log) {
    fail(
        "the log in etcd was removed and begun anew; restart this member, so that it follows the "
        "new one",
        again_later);
    return false;
  }
  log_ = meta->log;
  begun_at_ = found.found.front().create_revision;
  return true;
}

/// The first member that finds nothing draws the log's id; of two that do so, one wins.
void Follower::begin_log() {
  if (applied_ > 0) {
    return fail("the log in etcd was removed; restart this member, so that it follows a new one",
                again_later);
  }
  const Txn txn{.conditions = {{.key = keys_.meta()}},
                .then = {PutOp{.key = keys_.meta(), .value = encode_meta({.log = log_to_begin_})}}};
  client_.txn(txn, {}, scope_.wrap([this](const std::expected<TxnResult, Failure>& answer) {
    if (!answer) return fail(answer.error().message, again_soon);
    sync();
  }));
}

/// Whether etcd still has what it had.
bool Follower::check_end(const OpResult& last, const std::optional<Manifest>& manifest) {
  std::uint64_t end = manifest ? manifest->index : 0;
  if (!last.found.empty()) end = std::max(end, keys_.log_index(last.found.front().key).value_or(0));
  end_ = std::max(end_, end);
  if (end >= asked_after_) return true;
  fail(
      "the log in etcd ends before what this member has: etcd was given an older copy of its "
      "data; restart all members",
      again_later);
  return false;
}

void Follower::load(const Manifest& manifest, Revision revision) {
  download_.load(manifest, revision,
                 [this, manifest](std::expected<ByteVector, std::string> bytes) {
                   on_loaded(manifest, std::move(bytes));
                 });
}

void Follower::on_loaded(const Manifest& manifest,
                         std::expected<ByteVector, std::string> snapshot) {
  // A newer one may have taken its place meanwhile.
  if (!snapshot) return fail(snapshot.error(), again_soon);
  applied_ = manifest.index;
  last_entry_ = manifest.index;
  since_snapshot_ = {};
  host_.give_up(consensus::Restored{
      .term = manifest.term, .index = manifest.index, .snapshot = *std::move(snapshot)});
  host_.on_applied();
  sync();
}

Follower::Fed Follower::feed_page(const OpResult& page) {
  Fed fed = Fed::taken;
  for (const KeyValue& found : page.found) {
    const auto first = keys_.log_index(found.key);
    fed = first ? feed(*first, found.value) : Fed::unreadable;
    if (fed != Fed::taken) break;
  }
  host_.on_applied();
  return fed;
}

Follower::Fed Follower::feed(std::uint64_t first, std::string_view value) {
  std::optional<Entry> entry = decode_entry(value);
  if (!entry) return Fed::unreadable;
  const std::uint64_t last = first + entry->commands.size() - 1;
  if (last <= applied_) return Fed::taken;  // known already
  if (first != applied_ + 1) return Fed::gap;
  for (ByteVector& command : entry->commands) {
    host_.give_up(consensus::Committed{
        .term = entry->term, .index = ++applied_, .command = std::move(command)});
  }
  last_entry_ = first;
  ++since_snapshot_.entries;
  since_snapshot_.bytes += value.size();
  return Fed::taken;
}

// --- following ----------------------------------------------------------------------------------

void Follower::watch(Revision since) {
  is_watching_ = true;
  client_.watch(
      keys_.leader(), keys_.log_end(), since, [this](const WatchNews& news) { on_news(news); },
      [this](const std::string&) {
        is_watching_ = false;
        again_.after(again_soon, [this] { sync(); });
      });
}

void Follower::on_news(const WatchNews& news) {
  if (news.is_canceled) {
    stop();  // compacted, or no longer allowed: asking tells
    return again_.after(again_soon, [this] { sync(); });
  }
  Fed fed = Fed::taken;
  for (const WatchEvent& event : news.events) {
    fed = on_event(event);
    if (fed != Fed::taken) break;
  }
  host_.on_applied();
  if (fed != Fed::taken) sync();
}

Follower::Fed Follower::on_event(const WatchEvent& event) {
  if (event.what.key == keys_.leader()) {
    see_leader(event.is_deleted ? nullptr : &event.what);
    return Fed::taken;
  }
  const auto first = keys_.log_index(event.what.key);
  // Entries go when a snapshot has taken their place.
  if (!first || event.is_deleted) return Fed::taken;
  end_ = std::max(end_, *first);
  return feed(*first, event.what.value);
}

void Follower::see_leader(const KeyValue* found) {
  if (found == nullptr) return host_.on_leader(std::nullopt);
  const std::optional<Claim> claim = decode_claim(found->value);
  host_.on_leader(Leader{.claim = claim.value_or(Claim{}),
                         .term = static_cast<std::uint64_t>(found->create_revision)});
}

void Follower::on_appended(std::uint64_t first, const std::string& value) {
  const Fed fed = feed(first, value);
  host_.on_applied();
  if (fed != Fed::taken) sync();
}

void Follower::on_end_seen(std::uint64_t end) {
  end_ = std::max(end_, end);
}

void Follower::on_snapshot_written(const Since& counted) {
  since_snapshot_.entries -= std::min(since_snapshot_.entries, counted.entries);
  since_snapshot_.bytes -= std::min(since_snapshot_.bytes, counted.bytes);
}

void Follower::hold_up(Fed fed) {
  fail(fed == Fed::gap ? "entries after index " + std::to_string(applied_) +
                             " are missing from the log in etcd; was something removed by hand?"
                       : "the entry after index " + std::to_string(applied_) +
                             " of the log in etcd is unreadable; is it of a later version?",
       again_later);
}

void Follower::fail(std::string why, Duration delay) {
  trouble_ = std::move(why);
  again_.after(delay, [this] { sync(); });
}

}  // namespace rollcall::runtime::etcd
