// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "base/time.hpp"
#include "consensus/log.hpp"
#include "runtime/etcd/client.hpp"
#include "runtime/etcd/layout.hpp"
#include "runtime/etcd/scope.hpp"

namespace rollcall::runtime::etcd {

class ReadsHost {
 public:
  /// At this revision, the key of the leader was the one created at revision `term`; 0: nobody had
  /// it. Before the reads that saw it are answered.
  virtual void on_term_seen(std::uint64_t term, std::uint64_t revision) = 0;
  virtual void on_end_seen(std::uint64_t end) = 0;
  /// What is in etcd is not the log that is followed, or an older copy of it.
  virtual void on_other_log() = 0;
  /// Of the log that is followed, as in Follower.
  struct Followed {
    Revision begun_at = 0;
    std::uint64_t last_entry = 0;
  };
  [[nodiscard]] virtual Followed followed() const = 0;
  virtual void on_read(consensus::LogEvent event) = 0;
  /// The log has gone on for catch_up_max, and this member has not.
  virtual void on_behind() = 0;

 protected:
  ~ReadsHost() = default;
};

/// Linearizable reads: asks etcd's majority where the log ends, and says when that is applied.
///
/// What is asked for while one question is on its way is answered by the next one. With nothing to
/// answer it asks once a pulse, which tells whether this member is up to date.
///
/// Limits:  tokens_max reads at once.
/// Threads: the io_context's.
class Reads {
 public:
  static constexpr std::size_t tokens_max = 65'536;
  static constexpr Duration catch_up_max = std::chrono::seconds(2);
  static constexpr Duration answer_max = std::chrono::seconds(5);

  Reads(boost::asio::io_context& io, Client& client, const Keys& keys, Duration pulse,
        ReadsHost& host);

  void start();
  void stop();
  void read(consensus::ReadToken token);
  void on_applied(std::uint64_t applied);
  /// Zero: up to date as far as can be known; Duration::max(): it never was.
  [[nodiscard]] Duration stale_for() const;

 private:
  using Time = std::chrono::steady_clock::time_point;
  using Tokens = std::vector<consensus::ReadToken>;
  /// Reads that are answered once the log is applied up to there.
  struct Pending {
    std::uint64_t index = 0;
    Time asked;
    Tokens tokens;
  };

  void ask();
  struct Question {
    Time asked;
    Tokens tokens;
    ReadsHost::Followed followed;
  };
  void on_answer(const Question& question, const std::expected<TxnResult, Failure>& answer);
  void on_pulse();
  void fail(const Tokens& tokens);
  void answer_pending();

  Client& client_;
  const Keys& keys_;
  const Duration pulse_;
  ReadsHost& host_;
  Scope scope_;
  Timer timer_;
  Tokens next_;
  bool is_asking_ = false;
  std::deque<Pending> pending_;
  std::size_t tokens_ = 0;
  std::uint64_t applied_ = 0;
  std::optional<Time> fresh_at_;
};

}  // namespace rollcall::runtime::etcd
