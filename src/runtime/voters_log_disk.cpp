// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/voters_log_disk.hpp"

#include <algorithm>
#include <future>
#include <utility>

#include <boost/asio/post.hpp>

#include "base/check.hpp"
#include "runtime/clock.hpp"

namespace rollcall::runtime {
namespace {

namespace asio = boost::asio;

/// Two of the writer's own, one of the copy, and one for each piece that is read.
constexpr std::size_t disk_jobs_max = VotersLogDisk::pieces_read_max + 16;

/// For the copy's thread, which may wait.
RegistryCopy::Read reader_of(const std::shared_ptr<RaftWriter>& writer,
                             const VotersLogSetup& setup) {
  return [writer, before_read = setup.before_read](
             raft::Position last, std::uint64_t offset,
             std::uint64_t size) -> std::expected<ByteVector, Error> {
    if (before_read) {
      if (auto error = before_read(last)) return std::unexpected(std::move(*error));
    }
    const Error closed{ErrorCode::closed, "the data directory was closed", ""};
    // Broken, and so found out, when the job goes without having run.
    auto promise = std::make_shared<std::promise<std::expected<ByteVector, Error>>>();
    auto answer = promise->get_future();
    if (!writer->use([promise = std::move(promise), last, offset, size](RaftStore& store) {
          promise->set_value(store.read_snapshot(last, offset, size));
        })) {
      return std::unexpected(closed);
    }
    try {
      return answer.get();
    } catch (const std::future_error&) {
      return std::unexpected(closed);
    }
  };
}

}  // namespace

/// Runs it on the io_context's thread, unless all has ended by then.
template <class Job>
auto VotersLogDisk::on_io(Job job) {
  return [&io = io_, alive = alive_, job = std::move(job)](auto... arguments) {
    asio::post(io, [alive, job, ... arguments = std::move(arguments)]() mutable {
      if (*alive) job(std::move(arguments)...);
    });
  };
}

VotersLogDisk::VotersLogDisk(asio::io_context& io, RaftStore store, const VotersLogSetup& setup,
                             Told told)
    : io_(io),
      told_(std::move(told)),
      disk_(std::make_unique<Worker>("rollcall-raft", disk_jobs_max, Worker::AtEnd::finish)) {
  writer_ = std::make_shared<RaftWriter>(
      std::move(store), *disk_,
      on_io([this](std::uint64_t upto, const std::optional<Error>& error) {
        on_written(upto, error);
      }));
  copy_ = std::make_unique<RegistryCopy>(setup.cluster_id, reader_of(writer_, setup));
}

VotersLogDisk::~VotersLogDisk() {
  *alive_ = false;
}

void VotersLogDisk::close(std::function<void()> done) {
  *alive_ = false;
  copy_->stop();
  writer_->close(std::move(done));
}

// --- Writing ---------------------------------------------------------------------------------

void VotersLogDisk::submit(RaftWrite write, Purpose purpose) {
  const auto number = writer_->submit(std::move(write));
  if (number) {
    under_way_.push_back({*number, purpose});
  } else {
    settle(purpose, false);
  }
}

void VotersLogDisk::keep(const consensus::KeepLog& keep) {
  log_to_keep_ = keep;
  keep_pending();
}

void VotersLogDisk::keep_pending() {
  if (!std::exchange(is_keeping_, true)) submit(*log_to_keep_, KeptLog{log_to_keep_->log});
}

/// Of no use, and harm, on a disk that does not know of which log it is.
void VotersLogDisk::store(raft::Store store) {
  if (!log_to_keep_) {
    const raft::StoreId id = store.id;
    return submit(std::move(store), Stored{id, false});
  }
  held_store_ = std::move(store);
  keep_pending();
}

void VotersLogDisk::store(raft::StoreChunk chunk) {
  const raft::ChunkId id = chunk.id;
  submit(std::move(chunk), ChunkStored{id, false});
}

void VotersLogDisk::on_written(std::uint64_t upto, const std::optional<Error>& error) {
  note_trouble(error);
  while (!under_way_.empty() && under_way_.front().number <= upto) {
    const Purpose purpose = under_way_.front().purpose;
    under_way_.pop_front();
    settle(purpose, !error);
  }
}

void VotersLogDisk::settle(const Purpose& purpose, bool is_done) {
  if (const auto* const stored = std::get_if<Stored>(&purpose)) {
    tell(Stored{stored->id, is_done});
  } else if (const auto* const chunk = std::get_if<ChunkStored>(&purpose)) {
    tell(ChunkStored{chunk->id, is_done});
  } else if (const auto* const piece = std::get_if<PieceSaved>(&purpose)) {
    if (!saving_ || piece->snapshot != snapshot_number_) return;
    if (is_done) return save_next_piece();
    fail_snapshot("");  // note_trouble() has said it
  } else if (const auto* const kept = std::get_if<KeptLog>(&purpose)) {
    is_keeping_ = false;
    if (is_done && kept->log == log_to_keep_->log) log_to_keep_.reset();
    auto held = std::exchange(held_store_, std::nullopt);
    if (!held) return;
    if (is_done) return store(std::move(*held));
    tell(Stored{held->id, false});
  }
}

void VotersLogDisk::note_trouble(const std::optional<Error>& error) {
  if (!error) {
    if (!trouble_.empty()) told_.warn("the disk takes writes again");
    trouble_.clear();
  } else if (std::exchange(trouble_, error->message) != error->message) {
    told_.warn("this member votes and confirms nothing for now: " + error->message);
  }
}

/// Results of one turn go together.
void VotersLogDisk::tell(Result result) {
  results_.push_back(result);
  if (std::exchange(is_telling_, true)) return;
  asio::post(io_, [this, alive = alive_] {
    if (!*alive) return;
    is_telling_ = false;
    told_.results(std::exchange(results_, {}));
  });
}

// --- Reading ---------------------------------------------------------------------------------

void VotersLogDisk::read(const raft::SnapshotMeta& snapshot, RegistryCopy::OnRead done) {
  copy_->read(snapshot, on_io(std::move(done)));
}

void VotersLogDisk::read_piece(raft::Position last, std::uint64_t offset, std::uint64_t size,
                               std::function<void(ByteVector)> done) {
  // What is not read, or is gone, is asked for again.
  if (pieces_being_read_ >= pieces_read_max) return;
  auto told = on_io([this, done = std::move(done)](ByteVector piece) {
    --pieces_being_read_;
    if (!piece.empty()) done(std::move(piece));
  });
  const bool is_posted =
      writer_->use([last, offset, size, told = std::move(told)](RaftStore& store) {
        told(store.read_snapshot(last, offset, size).value_or(ByteVector()));
      });
  if (is_posted) ++pieces_being_read_;
}

// --- The copy, and its snapshots -------------------------------------------------------------

void VotersLogDisk::flush() {
  if (!unapplied_.empty()) copy_->apply(std::exchange(unapplied_, {}));
}

void VotersLogDisk::restore_copy(const raft::SnapshotMeta& snapshot) {
  unapplied_.clear();
  forget_snapshot();
  copy_->restore(snapshot);
}

void VotersLogDisk::take_snapshot(const raft::TakeSnapshot& take) {
  flush();
  forget_snapshot();
  figures_.is_under_way = true;
  raft::SnapshotMeta meta{.last = take.last, .membership = take.membership, .size = 0};
  copy_->take(on_io([this, number = snapshot_number_,
                     meta](std::expected<RegistryCopy::Taken, std::string> taken) {
    on_taken(number, meta, std::move(taken));
  }));
}

/// One that is under way is wanted no more.
void VotersLogDisk::forget_snapshot() {
  ++snapshot_number_;
  figures_.is_under_way = false;
  saving_.reset();
  std::erase_if(results_,
                [](const Result& result) { return std::holds_alternative<SnapshotSaved>(result); });
}

void VotersLogDisk::on_taken(std::uint64_t number, raft::SnapshotMeta meta,
                             std::expected<RegistryCopy::Taken, std::string> taken) {
  if (number != snapshot_number_) return;
  if (!taken) return fail_snapshot(taken.error());
  meta.size = taken->data.size();
  figures_.serialising = taken->serialising;
  saving_ = Saving{.meta = std::move(meta),
                   .data = std::move(taken->data),
                   .offset = 0,
                   .begun = current_instant()};
  save_next_piece();
}

/// One at a time, so that what else is to be written comes between.
void VotersLogDisk::save_next_piece() {
  const Bytes rest = Bytes(saving_->data).subspan(static_cast<std::size_t>(saving_->offset));
  if (rest.empty()) {
    figures_.saving = current_instant() - saving_->begun;
    figures_.bytes = saving_->meta.size;
    ++figures_.taken;
    figures_.is_under_way = false;
    return tell(SnapshotSaved{std::exchange(saving_, std::nullopt)->meta.size});
  }
  const Bytes piece = rest.first(std::min(rest.size(), piece_bytes));
  SaveSnapshotPiece write{.snapshot = saving_->meta,
                          .offset = saving_->offset,
                          .data = ByteVector(piece.begin(), piece.end())};
  saving_->offset += piece.size();
  submit(std::move(write), PieceSaved{snapshot_number_});
}

void VotersLogDisk::fail_snapshot(const std::string& why) {
  figures_.is_under_way = false;
  saving_.reset();
  if (!why.empty()) told_.warn("no snapshot of the registry can be taken: " + why);
  tell(SnapshotSaved{0});
}

}  // namespace rollcall::runtime
