// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/bytes.hpp"
#include "consensus/frames.hpp"
#include "consensus/log.hpp"

namespace rollcall::runtime {

/// Whom a log engine tells: the agreement loop.
///
/// Order:   never called from inside a call that it made to the engine, except send().
/// Threads: the agreement's thread.
class LogHost {
 public:
  virtual void on_log(consensus::LogEvent event) = 0;
  /// To a member by name, over its agreement stream, which is opened where there is none. What
  /// cannot be sent is lost; LogEngine::on_unreachable() tells of it later.
  virtual void send(const std::string& to, consensus::Frame frame) = 0;
  /// Something that an operator should know, as a sentence; becomes an event and a line of the log.
  virtual void warn(std::string message) = 0;

 protected:
  ~LogHost() = default;
};

/// The replicated log at work: consensus/log.hpp on real disks and sockets.
///
/// Errors:  what goes wrong while it runs is refused, retried and told by status() and warn();
///          it never ends the process.
/// Threads: the agreement's thread.
class LogEngine {
 public:
  LogEngine() = default;
  LogEngine(const LogEngine&) = delete;
  LogEngine& operator=(const LogEngine&) = delete;
  virtual ~LogEngine() = default;

  virtual void start() = 0;
  /// Everybody known, by name, whenever that changed.
  virtual void on_peers(const consensus::Peers& peers) = 0;
  /// Frames up to FetchReply (frames.hpp).
  virtual void on_frame(const std::string& from, consensus::Frame frame) = 0;
  virtual void on_unreachable(const std::string& peer) = 0;
  virtual void propose(consensus::ProposalToken token, ByteVector command) = 0;
  /// What this member decided as the leader of a term: dropped without a word unless it still leads
  /// that very term, and never sent on to another leader, who may know better.
  virtual void propose_as_leader(consensus::ProposalToken token, ByteVector command,
                                 std::uint64_t term) = 0;
  virtual void read(consensus::ReadToken token) = 0;
  /// This member leaves the cluster: hands over what it leads, and calls back, within a second.
  virtual void prepare_to_leave(std::function<void()> done) = 0;
  [[nodiscard]] virtual consensus::LogStatus status() const = 0;
  /// What other members are told of this one (consensus::Peer's voter, log and expects).
  struct Standing {
    std::uint64_t voter = 0;
    consensus::LogId log;
    std::uint16_t expects = 0;
    bool operator==(const Standing&) const = default;
  };
  [[nodiscard]] virtual Standing standing() const = 0;
  /// Ends at once; done is called, on any thread, when the data directory is free again. No call to
  /// the host comes after it.
  virtual void stop(std::function<void()> done) = 0;
};

}  // namespace rollcall::runtime
