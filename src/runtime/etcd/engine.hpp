// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include <boost/asio/io_context.hpp>

#include "runtime/etcd/appender.hpp"
#include "runtime/etcd/candidacy.hpp"
#include "runtime/etcd/client.hpp"
#include "runtime/etcd/config.hpp"
#include "runtime/etcd/follower.hpp"
#include "runtime/etcd/layout.hpp"
#include "runtime/etcd/reads.hpp"
#include "runtime/etcd/scope.hpp"
#include "runtime/etcd/snapshotter.hpp"
#include "runtime/log_engine.hpp"

namespace rollcall::runtime::etcd {

/// Composes the parts: what one sees, the others act upon, and the host is told of it later, in
/// order.
class EtcdLog final : public LogEngine,
                      private FollowerHost,
                      private AppenderHost,
                      private ReadsHost {
 public:
  /// So many members, the first alive ones by name, take the key from a leader that has failed.
  static constexpr std::size_t deposers_max = 3;
  static constexpr Duration look_interval = std::chrono::seconds(1);

  EtcdLog(boost::asio::io_context& io, EtcdConfig config, std::shared_ptr<TlsFiles> tls,
          LogHost& host);
  ~EtcdLog() override;

  void start() override;
  void on_peers(const consensus::Peers& peers) override;
  void on_frame(const std::string& from, consensus::Frame frame) override;
  void on_unreachable(const std::string& peer) override;
  void propose(consensus::ProposalToken token, ByteVector command) override;
  void propose_as_leader(consensus::ProposalToken token, ByteVector command,
                         std::uint64_t term) override;
  void read(consensus::ReadToken token) override;
  void prepare_to_leave(std::function<void()> done) override;
  [[nodiscard]] consensus::LogStatus status() const override;
  [[nodiscard]] Standing standing() const override;
  void stop(std::function<void()> done) override;

 private:
  // FollowerHost
  void give_up(consensus::LogEvent event) override;
  void on_applied() override;
  void on_leader(const std::optional<Leader>& leader) override;
  // AppenderHost
  void on_appended(std::uint64_t first, const std::string& value) override;
  void on_refused(const Proposal& proposal, consensus::LogRefusal why) override;
  void on_deposed() override;
  // ReadsHost
  void on_term_seen(std::uint64_t term, std::uint64_t revision) override;
  void on_end_seen(std::uint64_t end) override;
  void on_read(consensus::LogEvent event) override;
  void on_behind() override;
  void on_other_log() override;
  [[nodiscard]] Followed followed() const override;

  void on_frame(const std::string& from, consensus::ProposeFrame& frame);
  void note_self(const consensus::Peer& self);
  void depose_failed_leader(const consensus::Peers& peers);
  void lead(std::uint64_t term);
  void end_leading();
  void step_down();
  void tell_leadership();
  void look_around();
  void hand_out();
  /// The leader's name; empty: nobody that can be asked.
  [[nodiscard]] std::string leader_name() const;
  [[nodiscard]] std::string trouble() const;

  boost::asio::io_context& io_;
  const EtcdConfig config_;
  LogHost& host_;
  const Keys keys_;
  Scope scope_;
  Client client_;
  Follower follower_;
  Candidacy candidacy_;
  Appender appender_;
  Reads reads_;
  Snapshotter snapshotter_;
  Timer look_timer_;

  bool is_stopped_ = false;
  std::optional<Leader> leader_;
  std::uint64_t term_ = 0;  // in which this member leads; 0: it does not
  consensus::Leadership told_;
  bool is_leaving_ = false;
  bool has_left_ = false;
  Life life_;
  std::set<std::string> gone_;  // members that have failed or left
  std::string warned_;

  std::deque<consensus::LogEvent> events_;
  bool will_hand_out_ = false;
};

}  // namespace rollcall::runtime::etcd
