// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "consensus/log.hpp"
#include "runtime/etcd/client.hpp"
#include "runtime/etcd/layout.hpp"
#include "runtime/etcd/scope.hpp"

namespace rollcall::runtime::etcd {

/// What somebody asked the leader to append.
struct Proposal {
  std::string from;  // a member's name; empty: this one
  consensus::ProposalToken token{};
  ByteVector command;
};

class AppenderHost {
 public:
  /// An entry is in the log, by this member's hand.
  virtual void on_appended(std::uint64_t first, const std::string& value) = 0;
  virtual void on_refused(const Proposal& proposal, consensus::LogRefusal why) = 0;
  /// Another leads, or nobody.
  virtual void on_deposed() = 0;

 protected:
  ~AppenderHost() = default;
};

/// What must be so while the leader writes.
struct Mandate {
  std::uint64_t term = 0;     // the create revision of the leader's key; 0: does not lead
  Revision log_begun_at = 0;  // and of the log's own
};

/// The leader's hand: appends what is proposed, one entry at a time; what comes meanwhile is the
/// next entry's.
///
/// Whether an append that nobody answered was done is not known, so the same entry is written again
/// until etcd says that it is there or that this member leads no more.
///
/// Limits:  waiting_max proposals, and waiting_bytes_max of them, wait.
/// Threads: the client's.
class Appender {
 public:
  static constexpr std::size_t waiting_max = 65'536;
  static constexpr std::size_t waiting_bytes_max = std::size_t{64} << 20U;

  Appender(Client& client, const Keys& keys, AppenderHost& host);

  void lead(const Mandate& mandate, std::uint64_t next);
  /// Refuses everything that is not in the log as far as is known.
  void stop_leading();
  void propose(Proposal proposal);
  void stop();
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

 private:
  void begin_entry();
  void write_entry();
  void on_answer(const std::expected<TxnResult, Failure>& answer);
  void on_not_met(const TxnResult& answer);
  void on_written(const std::string& value, std::size_t commands);
  void refuse_entry(const std::string& message);

  Client& client_;
  const Keys& keys_;
  AppenderHost& host_;
  Scope scope_;
  Mandate mandate_;
  std::uint64_t next_ = 0;
  std::deque<Proposal> waiting_;
  std::size_t waiting_bytes_ = 0;
  /// The entry on its way; empty: none is.
  std::vector<Proposal> under_way_;
  std::string value_;
  std::string trouble_;
};

}  // namespace rollcall::runtime::etcd
