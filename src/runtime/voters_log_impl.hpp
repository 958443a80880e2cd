// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "runtime/raft_store.hpp"
#include "runtime/voters_log.hpp"
#include "runtime/voters_log_disk.hpp"

/// What voters_log.hpp hides.
namespace rollcall::runtime {

/// What VotersLog::open() found.
struct OpenedDirectory {
  std::optional<RaftStore> store;
  consensus::ReplicaStored stored;
  std::string trouble;
};

class VotersLogImpl final : public VotersLog {
 public:
  VotersLogImpl(boost::asio::io_context& io, consensus::Replica replica,
                const VotersLogSetup& setup, OpenedDirectory opened, LogHost& host);
  ~VotersLogImpl() override { end(); }

  void start() override { take(nullptr); }
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
  [[nodiscard]] SnapshotFigures snapshots() const override {
    return disk_ ? disk_->figures() : SnapshotFigures();
  }
  void stop(std::function<void()> done) override;

 private:
  using Input =
      std::move_only_function<void(consensus::Replica&, Instant, consensus::ReplicaEffects&)>;
  struct GiveUp {
    raft::SnapshotMeta snapshot;
  };
  /// For the host: events, sentences, and the place where a snapshot comes that is to be read yet.
  using Pending = std::variant<consensus::LogEvent, GiveUp>;

  void take(Input input);
  void take_turn();
  void feed(Input& input);
  void on_results(std::vector<VotersLogDisk::Result> results);
  void perform_all();
  void tell_later(consensus::LogEvent event);
  void deliver();
  [[nodiscard]] bool is_known(const consensus::LogEvent& event);
  void give_up(const raft::SnapshotMeta& snapshot);
  void on_snapshot_read(const raft::SnapshotMeta& snapshot, std::expected<ByteVector, Error> data);
  void read_again(const raft::SnapshotMeta& snapshot, Duration after);
  void on_read_failed(const Error& error);
  void follow_no_more(const std::string& why);
  void finish_leaving();
  void arm_timer();
  void on_timer();
  void end();

  void perform(consensus::SendFrame& effect) { host_.send(effect.to, std::move(effect.frame)); }
  void perform(consensus::KeepLog& effect) { disk_->keep(effect); }
  void perform(raft::Store& effect) { disk_->store(std::move(effect)); }
  void perform(raft::StoreChunk& effect) { disk_->store(std::move(effect)); }
  void perform(consensus::SendRaftChunk& effect);
  void perform(raft::Apply& effect);
  void perform(raft::RestoreSnapshot& effect) { disk_->restore_copy(effect.snapshot); }
  void perform(raft::TakeSnapshot& effect) { disk_->take_snapshot(effect); }
  void perform(consensus::SendFetchedPiece& effect);
  void perform(consensus::GiveUpSnapshot& effect) {
    if (!follows_no_more_) pending_.emplace_back(GiveUp{effect.snapshot});
  }
  void perform(consensus::LogEvent& effect) { tell_later(std::move(effect)); }

  boost::asio::io_context& io_;
  LogHost& host_;
  consensus::Replica replica_;
  std::uint16_t expects_;
  std::string trouble_;                  // of the directory, at the start
  std::unique_ptr<VotersLogDisk> disk_;  // null without a vote

  std::vector<Input> inputs_;
  bool has_turn_coming_ = false;
  consensus::ReplicaEffects effects_;
  std::deque<Pending> pending_;
  std::size_t pending_bytes_ = 0;
  std::size_t pending_bytes_max_;
  bool is_reading_ = false;  // the snapshot that comes next
  std::size_t reads_failed_ = 0;
  std::size_t reads_failed_max_;
  std::string read_trouble_;      // why it cannot be read
  bool follows_no_more_ = false;  // for that
  std::uint64_t told_ = 0;        // the host has all up to that index
  std::vector<std::string> warnings_;

  std::function<void()> when_left_;
  Instant leaves_at_ = never;
  boost::asio::steady_timer read_timer_;
  boost::asio::steady_timer timer_;
  Instant armed_for_ = never;
  /// Callbacks that were queued before the end find it gone.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace rollcall::runtime
