// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

#include "runtime/clock.hpp"
#include "runtime/voters_log_impl.hpp"

namespace rollcall::runtime {
namespace {

/// A timer later than this means that more may have arrived than it knows of.
constexpr Duration late_timer = std::chrono::milliseconds(50);
/// How long a member that leaves waits for another to lead.
constexpr Duration hand_over_max = std::chrono::seconds(1);
/// After its own snapshot could not be read.
constexpr Duration read_again_after = std::chrono::seconds(1);
/// After another took its place: until the replica knows.
constexpr Duration read_next_after = std::chrono::milliseconds(10);

/// What an event takes that waits, about.
std::size_t bytes_of(const consensus::LogEvent& event) {
  std::size_t bytes = sizeof event;
  if (const auto* const one = std::get_if<consensus::Committed>(&event)) {
    bytes += one->command.size();
  } else if (const auto* const whole = std::get_if<consensus::Restored>(&event)) {
    bytes += whole->snapshot.size();
  }
  return bytes;
}

}  // namespace

namespace asio = boost::asio;
using consensus::LogEvent;
using consensus::Replica;
using consensus::ReplicaEffects;

VotersLogImpl::VotersLogImpl(asio::io_context& io, Replica replica, const VotersLogSetup& setup,
                             OpenedDirectory opened, LogHost& host)
    : io_(io),
      host_(host),
      replica_(std::move(replica)),
      expects_(setup.config.bootstrap_expect),
      trouble_(std::move(opened.trouble)),
      pending_bytes_max_(setup.waiting_bytes_max),
      reads_failed_max_(setup.read_tries_max),
      read_timer_(io),
      timer_(io) {
  if (!trouble_.empty()) warnings_.push_back(trouble_);
  if (!opened.store) return;
  disk_ = std::make_unique<VotersLogDisk>(
      io, std::move(*opened.store), setup,
      VotersLogDisk::Told{.results =
                              [this](std::vector<VotersLogDisk::Result> results) {
                                on_results(std::move(results));
                              },
                          .warn =
                              [this](std::string message) {
                                warnings_.push_back(std::move(message));
                                take(nullptr);
                              }});
}

// --- Inputs ----------------------------------------------------------------------------------

void VotersLogImpl::take(Input input) {
  if (!*alive_) return;
  if (input) inputs_.push_back(std::move(input));
  if (std::exchange(has_turn_coming_, true)) return;
  asio::post(io_, [this, alive = alive_] {
    if (*alive) take_turn();
  });
}

/// Everything that has arrived, one after the other, each with its effects; then the deadline; then
/// what the host is told.
void VotersLogImpl::take_turn() {
  has_turn_coming_ = false;
  for (Input& input : std::exchange(inputs_, {})) feed(input);
  const Instant now = current_instant();
  if (now >= replica_.next_deadline()) {
    replica_.on_deadline(now, effects_);
    perform_all();
  }
  if (disk_) disk_->flush();
  const std::shared_ptr<bool> alive = alive_;
  for (std::string& message : std::exchange(warnings_, {})) host_.warn(std::move(message));
  if (*alive) finish_leaving();
  if (*alive) deliver();
  if (*alive) arm_timer();
}

void VotersLogImpl::feed(Input& input) {
  input(replica_, current_instant(), effects_);
  perform_all();
}

void VotersLogImpl::on_peers(const consensus::Peers& peers) {
  take([peers](Replica& replica, Instant now, ReplicaEffects& effects) {
    replica.on_peers(peers, now, effects);
  });
}

void VotersLogImpl::on_frame(const std::string& from, consensus::Frame frame) {
  take([from, frame = std::move(frame)](Replica& replica, Instant now,
                                        ReplicaEffects& effects) mutable {
    replica.on_frame(from, std::move(frame), now, effects);
  });
}

void VotersLogImpl::on_unreachable(const std::string& peer) {
  take([peer](Replica& replica, Instant now, ReplicaEffects& effects) {
    replica.on_unreachable(peer, now, effects);
  });
}

void VotersLogImpl::propose(consensus::ProposalToken token, ByteVector command) {
  take([token, command = std::move(command)](Replica& replica, Instant now,
                                             ReplicaEffects& effects) mutable {
    replica.propose(token, std::move(command), now, effects);
  });
}

void VotersLogImpl::propose_as_leader(consensus::ProposalToken token, ByteVector command,
                                      std::uint64_t term) {
  take([token, command = std::move(command), term](Replica& replica, Instant now,
                                                   ReplicaEffects& effects) mutable {
    replica.propose_as_leader(token, std::move(command), term, now, effects);
  });
}

void VotersLogImpl::read(consensus::ReadToken token) {
  take([token](Replica& replica, Instant now, ReplicaEffects& effects) {
    replica.read(token, now, effects);
  });
}

void VotersLogImpl::prepare_to_leave(std::function<void()> done) {
  when_left_ = std::move(done);
  leaves_at_ = current_instant() + hand_over_max;
  take([](Replica& replica, Instant now, ReplicaEffects& effects) {
    replica.prepare_to_leave(now, effects);
  });
}

void VotersLogImpl::finish_leaving() {
  if (!when_left_ || (!replica_.has_handed_over() && current_instant() < leaves_at_)) return;
  leaves_at_ = never;
  std::exchange(when_left_, nullptr)();
}

void VotersLogImpl::on_results(std::vector<VotersLogDisk::Result> results) {
  for (const VotersLogDisk::Result& result : results) {
    take([result](Replica& replica, Instant now, ReplicaEffects& effects) {
      if (const auto* const stored = std::get_if<VotersLogDisk::Stored>(&result)) {
        stored->is_done ? replica.on_stored(stored->id, now, effects)
                        : replica.on_store_refused(stored->id, now, effects);
      } else if (const auto* const chunk = std::get_if<VotersLogDisk::ChunkStored>(&result)) {
        chunk->is_done ? replica.on_chunk_stored(chunk->id, now, effects)
                       : replica.on_chunk_refused(chunk->id, now, effects);
      } else if (const auto* const saved = std::get_if<VotersLogDisk::SnapshotSaved>(&result)) {
        saved->size > 0 ? replica.on_snapshot_saved(saved->size, now, effects)
                        : replica.on_snapshot_failed(now, effects);
      }
    });
  }
}

// --- Effects ---------------------------------------------------------------------------------

void VotersLogImpl::perform_all() {
  for (consensus::ReplicaEffect& effect : effects_) {
    std::visit([this](auto& one) { perform(one); }, effect);
  }
  effects_.clear();
}

void VotersLogImpl::perform(raft::Apply& effect) {
  for (raft::Index at = effect.first; at <= effect.last; at = raft::next(at)) {
    const raft::Entry& entry = replica_.entry(at);
    if (entry.kind != raft::EntryKind::command) continue;
    disk_->apply({raft::number(entry.term), raft::number(entry.index), entry.payload});
  }
}

void VotersLogImpl::perform(consensus::SendRaftChunk& effect) {
  const auto* const chunk = std::get_if<raft::InstallChunk>(&effect.head.message);
  if (chunk == nullptr) return;
  disk_->read_piece(chunk->snapshot.last, chunk->offset, effect.size,
                    [this, to = effect.to, head = effect.head](ByteVector data) mutable {
                      std::get<raft::InstallChunk>(head.message).data = std::move(data);
                      host_.send(to, std::move(head));
                    });
}

void VotersLogImpl::perform(consensus::SendFetchedPiece& effect) {
  const auto* const own = replica_.raft();
  if (own == nullptr || !own->snapshot() || own->snapshot()->last != effect.snapshot) return;
  disk_->read_piece(
      effect.snapshot, effect.offset, effect.size,
      [this, effect = std::move(effect), size = own->snapshot()->size](ByteVector data) mutable {
        effect.reply.what = consensus::FetchedPiece{.snapshot = effect.snapshot,
                                                    .size = size,
                                                    .offset = effect.offset,
                                                    .data = std::move(data)};
        host_.send(effect.to, std::move(effect.reply));
      });
}

// --- What the host is told -------------------------------------------------------------------

/// Whoever follows no more knows of nothing that was committed, and nobody may be told that it
/// does.
void VotersLogImpl::tell_later(LogEvent event) {
  if (follows_no_more_) {
    if (const auto* const ready = std::get_if<consensus::ReadReady>(&event)) {
      event = consensus::ReadFailed{.token = ready->token, .why = consensus::LogRefusal::no_leader};
    }
    const bool is_answer = std::holds_alternative<consensus::ReadFailed>(event) ||
                           std::holds_alternative<consensus::ProposalRefused>(event);
    if (!is_answer) return;
  }
  pending_bytes_ += bytes_of(event);
  pending_.emplace_back(std::move(event));
  if (reads_failed_ > 0 && pending_bytes_ > pending_bytes_max_) {
    follow_no_more("more has been committed meanwhile than may wait");
  }
}

void VotersLogImpl::deliver() {
  const std::shared_ptr<bool> alive = alive_;
  while (*alive && !pending_.empty() && !is_reading_) {
    Pending next = std::move(pending_.front());
    pending_.pop_front();
    if (const auto* const snapshot = std::get_if<GiveUp>(&next)) {
      give_up(snapshot->snapshot);
      continue;
    }
    LogEvent& event = std::get<LogEvent>(next);
    pending_bytes_ -= bytes_of(event);
    if (is_known(event)) continue;
    host_.on_log(std::move(event));
  }
}

/// A snapshot that was read in place of an earlier one has more than was asked for.
bool VotersLogImpl::is_known(const LogEvent& event) {
  std::uint64_t index = 0;
  if (const auto* const one = std::get_if<consensus::Committed>(&event)) index = one->index;
  if (const auto* const whole = std::get_if<consensus::Restored>(&event)) index = whole->index;
  if (index == 0) return false;
  const bool is_old = index <= told_;
  told_ = std::max(told_, index);
  return is_old;
}

/// What follows waits until it is read.
void VotersLogImpl::give_up(const raft::SnapshotMeta& snapshot) {
  is_reading_ = true;
  disk_->read(snapshot, [this, snapshot](std::expected<ByteVector, Error> data) {
    on_snapshot_read(snapshot, std::move(data));
  });
}

void VotersLogImpl::on_snapshot_read(const raft::SnapshotMeta& snapshot,
                                     std::expected<ByteVector, Error> data) {
  if (follows_no_more_) return;
  take(nullptr);
  if (!data) {
    on_read_failed(data.error());
    return read_again(snapshot, read_again_after);
  }
  if (data->empty()) return read_again(snapshot, read_next_after);
  is_reading_ = false;
  reads_failed_ = 0;
  read_trouble_.clear();
  LogEvent event = consensus::Restored{.term = raft::number(snapshot.last.term),
                                       .index = raft::number(snapshot.last.index),
                                       .snapshot = std::move(*data)};
  pending_bytes_ += bytes_of(event);
  pending_.emplace_front(std::move(event));
}

void VotersLogImpl::read_again(const raft::SnapshotMeta& snapshot, Duration after) {
  read_timer_.expires_after(after);
  read_timer_.async_wait([this, snapshot, alive = alive_](const boost::system::error_code&) {
    if (!*alive || follows_no_more_) return;
    // Gone is one whose place another has taken: what that one has, too.
    const auto& present = replica_.raft()->snapshot();
    give_up(present && present->last.index > snapshot.last.index ? *present : snapshot);
  });
}

void VotersLogImpl::on_read_failed(const Error& error) {
  const std::string why =
      "this member cannot read its own snapshot of what is agreed, and knows "
      "nothing newer until it can: " +
      error.message;
  if (std::exchange(read_trouble_, why) != why) warnings_.push_back(why);
  if (++reads_failed_ >= reads_failed_max_) follow_no_more("it was tried too often");
}

/// It must not lead either: a leader that knows nothing decides nothing, and holds up all others.
void VotersLogImpl::follow_no_more(const std::string& why) {
  const std::string before = read_trouble_.empty() ? "" : read_trouble_ + "; ";
  read_trouble_ = before + "its snapshot was not read and " + why +
                  ": this agent has stopped following. See to its disk, and restart it.";
  warnings_.push_back(read_trouble_);
  pending_.clear();
  pending_bytes_ = 0;
  tell_later(consensus::Leadership{});
  follows_no_more_ = true;
  is_reading_ = false;
  take([](Replica& replica, Instant now, ReplicaEffects& effects) {
    replica.prepare_to_leave(now, effects);
  });
}

consensus::LogStatus VotersLogImpl::status() const {
  consensus::LogStatus status = replica_.status(current_instant());
  // A disk that refuses is why the rest goes wrong; a directory without a vote need not be.
  const std::string& of_disk = disk_ ? disk_->trouble() : trouble_;
  if (disk_ && !of_disk.empty()) {
    status.trouble = of_disk;
  } else if (!of_disk.empty()) {
    status.trouble = of_disk + (status.trouble.empty() ? "" : "; " + status.trouble);
  }
  if (!read_trouble_.empty()) status.trouble = read_trouble_;
  return status;
}

LogEngine::Standing VotersLogImpl::standing() const {
  const raft::Raft* const own = replica_.raft();
  if (own == nullptr) return {.voter = 0, .log = replica_.log(), .expects = 0};
  // Others wait for a log that they have heard of: it must not be one that a crash takes back.
  const bool is_kept = own->stored() > raft::Index::none;
  return {.voter = raft::number(own->config().self),
          .log = is_kept ? replica_.log() : consensus::LogId{},
          .expects = expects_};
}

// --- Time, and the end -----------------------------------------------------------------------

void VotersLogImpl::arm_timer() {
  const Instant due = std::min(replica_.next_deadline(), leaves_at_);
  if (due == armed_for_) return;
  armed_for_ = due;
  if (due == never) {
    timer_.cancel();
    return;
  }
  timer_.expires_at(to_steady(due));
  timer_.async_wait([this, alive = alive_](const boost::system::error_code& error) {
    if (!error && *alive) on_timer();
  });
}

/// After a pause, what has arrived meanwhile comes before the deadline.
void VotersLogImpl::on_timer() {
  const bool is_late = current_instant() > armed_for_ + late_timer;
  armed_for_ = never;
  if (!is_late) return take(nullptr);
  asio::post(io_, [this, alive = alive_] {
    if (*alive) take(nullptr);
  });
}

void VotersLogImpl::end() {
  *alive_ = false;
  read_timer_.cancel();
  timer_.cancel();
}

void VotersLogImpl::stop(std::function<void()> done) {
  end();
  if (!disk_) return done();
  disk_->close(std::move(done));
}

}  // namespace rollcall::runtime
