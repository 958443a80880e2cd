// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>

#include "consensus/log.hpp"
#include "runtime/etcd/client.hpp"
#include "runtime/etcd/layout.hpp"
#include "runtime/etcd/scope.hpp"
#include "runtime/etcd/snapshot_download.hpp"

namespace rollcall::runtime::etcd {

/// Who holds the key of the leader, and since which revision: that is the term.
struct Leader {
  Claim claim;
  std::uint64_t term = 0;
  bool operator==(const Leader&) const = default;
};

/// Whom a Follower tells, in the order in which things came to be in etcd.
class FollowerHost {
 public:
  /// Committed or Restored.
  virtual void give_up(consensus::LogEvent event) = 0;
  /// After one or more of these.
  virtual void on_applied() = 0;
  /// Everything that was appended before this leader came, or went, was given up.
  virtual void on_leader(const std::optional<Leader>& leader) = 0;

 protected:
  ~FollowerHost() = default;
};

/// Reads the log out of etcd, from its beginning or its snapshot on, and follows it for ever.
///
/// It asks for what follows, page by page, then watches from that revision on; whenever the watch
/// ends or leaves something out, it asks again.
///
/// Errors:  trouble() says what keeps it from following; it tries again until stop().
/// Limits:  page_entries entries at once in memory.
/// Threads: the io_context's.
class Follower {
 public:
  static constexpr std::size_t page_entries = 32;
  static constexpr Duration again_soon = std::chrono::milliseconds(50);
  static constexpr Duration again_later = std::chrono::seconds(2);

  Follower(boost::asio::io_context& io, Client& client, const Keys& keys, FollowerHost& host,
           consensus::LogId log_to_begin);

  void sync();
  void stop();
  /// An entry that this member appended itself, and whose turn it is.
  void on_appended(std::uint64_t first, const std::string& value);
  /// The log ends there or later, says etcd.
  void on_end_seen(std::uint64_t end);

  /// The revision at which the log's own key was created; 0: not known yet. While it is so, the log
  /// is the one that is followed.
  [[nodiscard]] Revision begun_at() const { return begun_at_; }
  /// The first index of the entry that was applied last, or the snapshot's.
  [[nodiscard]] std::uint64_t last_entry() const { return last_entry_; }
  /// Nobody: not known yet.
  [[nodiscard]] const consensus::LogId& log() const { return log_; }
  [[nodiscard]] std::uint64_t applied() const { return applied_; }
  /// The highest index that is known to be in the log.
  [[nodiscard]] std::uint64_t end() const { return std::max(end_, applied_); }
  [[nodiscard]] bool is_watching() const { return is_watching_; }
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

  /// What was applied since the snapshot that is in etcd.
  struct Since {
    std::size_t entries = 0;
    std::size_t bytes = 0;
  };
  [[nodiscard]] const Since& since_snapshot() const { return since_snapshot_; }
  /// There is a snapshot of everything that was counted then.
  void on_snapshot_written(const Since& counted);

 private:
  enum class Fed : std::uint8_t { taken, gap, unreadable };

  void on_synced(const std::expected<TxnResult, Failure>& answer);
  bool read_meta(const OpResult& found);
  void begin_log();
  bool check_end(const OpResult& last, const std::optional<Manifest>& manifest);
  void load(const Manifest& manifest, Revision revision);
  void on_loaded(const Manifest& manifest, std::expected<ByteVector, std::string> snapshot);
  [[nodiscard]] Fed feed_page(const OpResult& page);
  [[nodiscard]] Fed feed(std::uint64_t first, std::string_view value);
  void watch(Revision since);
  void on_news(const WatchNews& news);
  [[nodiscard]] Fed on_event(const WatchEvent& event);
  void see_leader(const KeyValue* found);
  void hold_up(Fed fed);
  void fail(std::string why, Duration delay);

  Client& client_;
  const Keys& keys_;
  FollowerHost& host_;
  const consensus::LogId log_to_begin_;
  Scope scope_;
  Timer again_;
  SnapshotDownload download_;

  consensus::LogId log_;
  std::uint64_t applied_ = 0;
  Revision begun_at_ = 0;
  std::uint64_t last_entry_ = 0;
  std::uint64_t asked_after_ = 0;  // what it was when etcd was asked last
  std::uint64_t end_ = 0;
  Since since_snapshot_;
  bool is_watching_ = false;
  std::string trouble_;
};

}  // namespace rollcall::runtime::etcd
