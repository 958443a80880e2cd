// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/raft_writer.hpp"

#include <array>
#include <atomic>
#include <csignal>

#include <sys/resource.h>

#include "runtime/raft_store_test_support.hpp"
#include "runtime/test_support.hpp"

namespace rollcall::runtime {
namespace {

constexpr std::size_t disk_queue_max = 16;
constexpr std::uint64_t in_flight_max = 16;

/// What was told, a line a call, and until where.
class Confirmations {
 public:
  [[nodiscard]] RaftWriter::OnDone listener() {
    return [this](std::uint64_t upto, const std::optional<Error>& error) {
      const std::lock_guard lock(mutex_);
      EXPECT_GT(upto, upto_);
      upto_ = upto;
      refused_ += error ? 1U : 0U;
      ++calls_;
    };
  }
  [[nodiscard]] std::uint64_t upto() const { return get(upto_); }
  [[nodiscard]] std::uint64_t calls() const { return get(calls_); }
  [[nodiscard]] std::uint64_t refused() const { return get(refused_); }

 private:
  [[nodiscard]] std::uint64_t get(const std::uint64_t& value) const {
    const std::lock_guard lock(mutex_);
    return value;
  }
  mutable std::mutex mutex_;
  std::uint64_t upto_ = 0;
  std::uint64_t calls_ = 0;
  std::uint64_t refused_ = 0;
};

/// A job that keeps the disk thread busy until it is let go; it may outlive this for a moment.
class Hold {
 public:
  explicit Hold(Worker& disk) {
    EXPECT_TRUE(disk.post([state = state_] {
      state->is_reached = true;
      state->is_reached.notify_all();
      state->is_let_go.wait(false);
    }));
    state_->is_reached.wait(false);
  }
  ~Hold() { let_go(); }
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;
  void let_go() {
    state_->is_let_go = true;
    state_->is_let_go.notify_all();
  }

 private:
  struct State {
    std::atomic<bool> is_reached = false;
    std::atomic<bool> is_let_go = false;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

class RaftWriterTest : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path path() const { return scratch_.path() / "member"; }
  [[nodiscard]] Kept reopened() const { return kept_in(path()); }
  static void close(RaftWriter& writer) {
    std::atomic<bool> is_closed = false;
    writer.close([&] { is_closed = true; });
    ASSERT_TRUE(eventually([&] { return is_closed.load(); }));
  }

  ScratchDirectory scratch_;
  Confirmations told_;
};

TEST_F(RaftWriterTest, MakesOneCommitOfWhatWaits) {
  Worker disk("disk", disk_queue_max, Worker::AtEnd::finish);
  const auto writer = std::make_shared<RaftWriter>(*ready_store(path()), disk, told_.listener());
  {
    Hold hold(disk);
    for (std::uint64_t i = 1; i <= 100; ++i) {
      EXPECT_EQ(writer->submit(store_of(hard(1), {entry(i, 1, "x")})), i);
    }
  }
  ASSERT_TRUE(eventually([&] { return told_.upto() == 100; }));

  EXPECT_EQ(told_.calls(), 1U);
  EXPECT_EQ(told_.refused(), 0U);
  close(*writer);
  EXPECT_EQ(reopened().entries.size(), 100U);
}

TEST_F(RaftWriterTest, WritesWhatWaitsBeforeItCloses) {
  Worker disk("disk", disk_queue_max, Worker::AtEnd::finish);
  const auto writer = std::make_shared<RaftWriter>(*ready_store(path()), disk, told_.listener());
  for (std::uint64_t i = 1; i <= 10; ++i) {
    ASSERT_TRUE(writer->submit(store_of(hard(1), {entry(i, 1, std::string(300'000, 'x'))})));
  }

  close(*writer);

  EXPECT_EQ(told_.upto(), 10U);
  EXPECT_GE(told_.calls(), 3U) << "3 MB are more than one commit";
  EXPECT_EQ(reopened().entries.size(), 10U);
}

TEST_F(RaftWriterTest, TakesNoMoreThanItsBound) {
  Worker disk("disk", disk_queue_max, Worker::AtEnd::finish);
  const auto writer = std::make_shared<RaftWriter>(*ready_store(path()), disk, told_.listener());
  Hold hold(disk);
  const std::string large(RaftWriter::waiting_bytes_max / 4, 'x');
  std::uint64_t taken = 0;
  while (taken < 10 && writer->submit(store_of(hard(1), {entry(taken + 1, 1, large)}))) ++taken;

  EXPECT_EQ(taken, 3U);
  hold.let_go();
  ASSERT_TRUE(eventually([&] { return told_.upto() == taken; }));
  EXPECT_TRUE(writer->submit(store_of(hard(1), {entry(taken + 1, 1, "x")})));
  close(*writer);
}

TEST_F(RaftWriterTest, SweepsWhileNothingWaits) {
  Worker disk("disk", disk_queue_max, Worker::AtEnd::finish);
  const auto writer = std::make_shared<RaftWriter>(*ready_store(path()), disk, told_.listener());
  std::vector<raft::Entry> entries;
  for (std::uint64_t i = 1; i <= 500; ++i) entries.push_back(entry(i, 1, "x"));
  ASSERT_TRUE(writer->submit(store_of(hard(1), entries)));
  raft::Store drop = store_of(hard(1), {});
  drop.keep_from = raft::Index{500};

  ASSERT_TRUE(writer->submit(drop));

  std::atomic<bool> is_swept = false;
  ASSERT_TRUE(eventually([&] {
    static_cast<void>(writer->use([&](RaftStore& store) { is_swept = !store.has_garbage(); }));
    return told_.upto() == 2 && is_swept.load();
  }));
  close(*writer);
}

TEST_F(RaftWriterTest, RefusesAllThatBuildsOnARefusedWrite) {
  Worker disk("disk", disk_queue_max, Worker::AtEnd::finish);
  const auto writer = std::make_shared<RaftWriter>(*ready_store(path()), disk, told_.listener());
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
  const auto before_signal = std::signal(SIGXFSZ, SIG_IGN);
  const rlim_t before = std::exchange(limit.rlim_cur, 400'000);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  {
    Hold hold(disk);
    ASSERT_TRUE(writer->submit(store_of(hard(1), {entry(1, 1, std::string(1'000'000, 'x'))})));
    ASSERT_TRUE(writer->submit(store_of(hard(1), {entry(2, 1, std::string(1'000'000, 'x'))})));
    ASSERT_TRUE(writer->submit(store_of(hard(1), {entry(3, 1, "x")})));
  }
  ASSERT_TRUE(eventually([&] { return told_.upto() == 3; }));
  EXPECT_EQ(told_.calls(), 1U);
  EXPECT_EQ(told_.refused(), 1U);
  limit.rlim_cur = before;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  std::signal(SIGXFSZ, before_signal);

  ASSERT_TRUE(writer->submit(store_of(hard(1), {entry(1, 1, "tried anew")})));

  ASSERT_TRUE(eventually([&] { return told_.upto() == 4; }));
  EXPECT_EQ(told_.refused(), 1U);
  close(*writer);
  EXPECT_EQ(reopened().entries, std::vector{entry(1, 1, "tried anew")});
}

/// Writes at random, sixteen under way at a time, and tells the pipe until where it was confirmed.
void write_at_random(const std::filesystem::path& directory, RaftDiskModel model, Prng prng,
                     int pipe) {
  auto store = ready_store(directory);
  if (!store) return;
  Worker disk("disk", disk_queue_max, Worker::AtEnd::finish);
  std::atomic<std::uint64_t> confirmed = 0;
  const auto writer = std::make_shared<RaftWriter>(
      std::move(*store), disk, [&](std::uint64_t upto, const std::optional<Error>& error) {
        if (error) ::_exit(1);
        static_cast<void>(::write(pipe, &upto, sizeof upto));
        confirmed = upto;
        confirmed.notify_all();
      });
  for (std::uint64_t submitted = 0;;) {
    for (std::uint64_t seen = confirmed; submitted - seen >= in_flight_max; seen = confirmed) {
      confirmed.wait(seen);
    }
    RaftWrite write = model.next(prng);
    model.apply(write);
    if (!writer->submit(std::move(write))) ::_exit(1);
    ++submitted;
  }
}

/// Reads on until the number was told; gives the last one, without waiting for more if it is 0.
std::uint64_t read_confirmed(int pipe, std::uint64_t wanted) {
  std::uint64_t confirmed = 0;
  pollfd wait{pipe, POLLIN, 0};
  while (::poll(&wait, 1, confirmed < wanted ? 20'000 : 0) == 1) {
    if (::read(pipe, &confirmed, sizeof confirmed) != sizeof confirmed) break;
    if (wanted > 0 && confirmed >= wanted) break;
  }
  return confirmed;
}

TEST_F(RaftWriterTest, GivesBackWhatItConfirmedAfterAKillAtAnyMoment) {
  RaftDiskModel model;
  Prng chance(11);
  for (std::uint64_t round = 1; round <= 25; ++round) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    ChildProcess child([&] { write_at_random(path(), model, Prng(round), writer.get()); });
    const std::uint64_t wanted = 1 + chance.below(200);
    std::uint64_t confirmed = read_confirmed(reader.get(), wanted);
    ASSERT_GE(confirmed, wanted) << "round " << round << ": the child does not write";
    const auto end =
        std::chrono::steady_clock::now() + std::chrono::microseconds(chance.below(2000));
    while (std::chrono::steady_clock::now() < end) {
    }
    child.kill();
    writer.reset();
    confirmed = std::max(confirmed, read_confirmed(reader.get(), 0));

    const Kept kept = reopened();

    // Everything confirmed, and perhaps some of what was still under way: nothing else.
    Prng prng(round);
    for (std::uint64_t i = 0; i < confirmed; ++i) model.apply(model.next(prng));
    std::uint64_t more = 0;
    for (; more < in_flight_max && model.kept() != kept; ++more) model.apply(model.next(prng));
    ASSERT_EQ(model.kept(), kept) << "round " << round << ", " << confirmed << " confirmed";
    // The last writes may have been pieces, which leave no trace: the model goes on from here.
    model.restart();
  }
  EXPECT_GT(model.last(), 500U) << "the test wrote too little to mean anything";
}

}  // namespace
}  // namespace rollcall::runtime
