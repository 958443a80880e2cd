// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
//
// What it costs to keep the replicated log: confirmed proposals a second of 64 bytes, each a write
// of its own, with so many under way at a time; and how long a snapshot that is written meanwhile
// holds them up. Beside it, in the same run, the bare disk: 4 KiB and fdatasync.
// Usage: rollcall_bench_raft_store DIRECTORY [SECONDS]
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "runtime/raft_writer.hpp"

namespace rollcall::runtime {
namespace {

using Clock = std::chrono::steady_clock;
const RaftStore::Owner owner{"bench", "a", raft::VoterId{1}};
constexpr std::size_t payload_bytes = 64;
constexpr std::uint64_t snapshot_bytes = std::uint64_t{16} << 20U;
constexpr std::size_t piece_bytes = std::size_t{64} << 10U;

double seconds(Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

void bare_disk(const std::string& directory, double length) {
  const std::string path = directory + "/bare";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
  const std::vector<char> page(4096, 'x');
  const auto begin = Clock::now();
  int count = 0;
  for (; seconds(Clock::now() - begin) < length; ++count) {
    if (::pwrite(fd, page.data(), page.size(), (count % 256) * 4096) < 0 || ::fdatasync(fd) < 0) {
      std::abort();
    }
  }
  std::printf("| bare 4 KiB + fdatasync | 1 | %.0f | | | |\n",
              count / seconds(Clock::now() - begin));
  ::close(fd);
  std::filesystem::remove(path);
}

enum class Meanwhile : std::uint8_t { nothing, a_snapshot };

class Run {
 public:
  Run(const std::string& directory, std::uint64_t in_flight, Meanwhile meanwhile)
      : directory_(directory),
        in_flight_(in_flight),
        pieces_left_(meanwhile == Meanwhile::a_snapshot ? snapshot_bytes / piece_bytes : 0) {
    std::filesystem::remove_all(directory);
    auto store = RaftStore::open(directory, owner);
    if (!store || !store->load()) std::abort();
    writer_ = std::make_shared<RaftWriter>(
        std::move(*store), disk_,
        [this](std::uint64_t upto, const std::optional<Error>& error) { on_done(upto, error); });
  }

  /// Everything after the first write happens where the last one was confirmed.
  void measure(const char* name, double length) {
    const auto begin = Clock::now();
    end_ =
        begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(length));
    for (std::uint64_t i = 0; i < in_flight_; ++i) propose();
    is_over_.wait(false);
    const double took = seconds(Clock::now() - begin);
    std::sort(waits_.begin(), waits_.end());
    std::printf("| %s | %llu | %.0f | %.2f | %.2f | %.2f |\n", name,
                static_cast<unsigned long long>(in_flight_),
                static_cast<double>(waits_.size()) / took, at(0.5), at(0.99), at(1.0));
    std::atomic<bool> is_closed = false;
    writer_->close([&] {
      is_closed = true;
      is_closed.notify_all();
    });
    is_closed.wait(false);
    check_kept();
  }

 private:
  /// A figure counts only if everything that was confirmed is there.
  void check_kept() {
    writer_.reset();
    auto store = RaftStore::open(directory_, owner);
    const auto stored = store ? store->load() : std::unexpected(store.error());
    if (!stored || stored->entries.size() != waits_.size()) std::abort();
  }
  [[nodiscard]] double at(double share) const {
    const auto last = static_cast<double>(waits_.size() - 1);
    return waits_[static_cast<std::size_t>(share * last)] * 1e3;
  }
  void propose() {
    raft::Store store;
    store.hard = {.term = raft::Term{1}, .voted_for = raft::VoterId{1}};
    store.from = raft::Index{++proposed_};
    store.entries.push_back({.index = store.from,
                             .term = raft::Term{1},
                             .kind = raft::EntryKind::command,
                             .payload = ByteVector(payload_bytes)});
    submit(std::move(store), true);
  }
  void save_piece() {
    const raft::SnapshotMeta meta{.last = {.term = raft::Term{1}, .index = raft::Index{1}},
                                  .membership = {.voters = {raft::VoterId{1}}, .learners = {}},
                                  .size = snapshot_bytes};
    submit(SaveSnapshotPiece{meta, saved_, ByteVector(piece_bytes)}, false);
    saved_ += piece_bytes;
    --pieces_left_;
  }
  void submit(RaftWrite write, bool is_proposal) {
    started_.push_back({Clock::now(), is_proposal});
    if (!writer_->submit(std::move(write))) std::abort();
  }
  void on_done(std::uint64_t upto, const std::optional<Error>& error) {
    if (error) std::abort();
    const auto now = Clock::now();
    for (; told_ < upto; ++told_) {
      const Started done = started_[told_];
      if (done.is_proposal) waits_.push_back(seconds(now - done.at));
      if (now >= end_) continue;
      if (done.is_proposal) propose();
      if (pieces_left_ > 0 && (told_ == 0 || !done.is_proposal)) save_piece();
    }
    if (told_ == started_.size()) {
      is_over_ = true;
      is_over_.notify_all();
    }
  }

  struct Started {
    Clock::time_point at;
    bool is_proposal;
  };
  std::string directory_;
  std::uint64_t in_flight_;
  std::uint64_t pieces_left_;
  std::uint64_t saved_ = 0;
  std::uint64_t proposed_ = 0;
  std::uint64_t told_ = 0;
  std::vector<Started> started_;
  std::vector<double> waits_;
  Clock::time_point end_;
  std::atomic<bool> is_over_ = false;
  Worker disk_{"disk", 16, Worker::AtEnd::finish};
  std::shared_ptr<RaftWriter> writer_;
};

}  // namespace

void run_all(const std::string& directory, double length) {
  const std::string place = directory + "/raft_store_bench";
  std::printf("| what | under way | a second | p50 ms | p99 ms | worst ms |\n");
  std::printf("| --- | --- | --- | --- | --- | --- |\n");
  std::filesystem::create_directories(directory);
  bare_disk(directory, length);
  for (const std::uint64_t in_flight : {1U, 16U, 64U, 256U}) {
    Run(place, in_flight, Meanwhile::nothing).measure("proposals", length);
  }
  Run(place, 16, Meanwhile::a_snapshot).measure("with a snapshot of 16 MiB", length);
  std::filesystem::remove_all(place);
}

}  // namespace rollcall::runtime

int main(int count, char** arguments) {
  if (count < 2) {
    std::fputs("usage: rollcall_bench_raft_store DIRECTORY [SECONDS]\n", stderr);
    return 2;
  }
  rollcall::runtime::run_all(arguments[1], count > 2 ? std::atof(arguments[2]) : 3.0);
}
