// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
//
// Three voters in one process, each with a thread, a data directory and sockets of its own:
// proposals that are committed and given up in a second, with so many under way at a time; and what
// a snapshot of 100,000 members in 1,000 groups costs those that are under way meanwhile. Beside
// it, in the same run, the bare disk: 4 KiB and fdatasync.
// Usage: rollcall_bench_raft_proposals DIRECTORY [SECONDS]
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "runtime/voters_log_rig_test.hpp"

namespace rollcall::runtime {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

double seconds(Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}
double milliseconds(Clock::duration duration) {
  return 1e3 * seconds(duration);
}

double bare_disk(const std::filesystem::path& directory, double length) {
  const std::filesystem::path path = directory / "bare";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
  const std::vector<char> page(4096, 'x');
  const auto begin = Clock::now();
  int count = 0;
  for (; seconds(Clock::now() - begin) < length; ++count) {
    if (::pwrite(fd, page.data(), page.size(), (count % 256) * 4096) < 0 || ::fdatasync(fd) < 0) {
      std::abort();
    }
  }
  ::close(fd);
  std::filesystem::remove(path);
  return count / seconds(Clock::now() - begin);
}

/// A member on a thread of its own.
class Member {
 public:
  explicit Member(const LogParty::Setup& setup)
      : work_(io_.get_executor()),
        thread_([this] { io_.run(); }) {
    on_thread([&] {
      auto party = LogParty::open(io_, setup);
      if (!party) {
        std::fprintf(stderr, "%s\n", party.error().message.c_str());
        std::abort();
      }
      party_ = std::move(*party);
    });
  }
  ~Member() {
    on_thread([this] { party_.reset(); });
    work_.reset();
    thread_.join();
  }
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;

  template <class Job>
  void on_thread(Job job) {
    std::promise<void> done;
    boost::asio::post(io_, [&] {
      job();
      done.set_value();
    });
    done.get_future().wait();
  }
  /// Only on its thread.
  [[nodiscard]] LogParty& party() { return *party_; }

 private:
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::unique_ptr<LogParty> party_;
  std::thread thread_;
};

class Cluster {
 public:
  Cluster(const std::filesystem::path& directory, std::uint64_t snapshot_entries) {
    std::uint64_t seed = 0;
    for (const char* name : {"a", "b", "c"}) {
      std::filesystem::remove_all(directory / name);
      members_.push_back(
          std::make_unique<Member>(LogParty::Setup{.name = name,
                                                   .directory = directory / name,
                                                   .begins_alone = *name == 'a',
                                                   .expects = 0,
                                                   .snapshot_entries = snapshot_entries,
                                                   .seed = ++seed}));
    }
    while (!is_ready()) {
      gossip();
      std::this_thread::sleep_for(20ms);
    }
  }

  /// The member that began, and leads as long as nobody is lost.
  [[nodiscard]] Member& leader() { return *members_.front(); }

 private:
  void gossip() {
    consensus::Peers peers;
    for (const auto& member : members_) {
      member->on_thread([&] { peers.push_back(member->party().as_peer()); });
    }
    for (const auto& member : members_) {
      member->on_thread([&] { member->party().on_peers(peers); });
    }
  }
  [[nodiscard]] bool is_ready() {
    bool is_ready = false;
    leader().on_thread([&] {
      is_ready = leader().party().is_leading() &&
                 leader().party().engine().status().voters.size() == members_.size();
    });
    return is_ready;
  }

  std::vector<std::unique_ptr<Member>> members_;
};

/// Keeps so many proposals under way, one after the other.
class Load {
 public:
  using Command = std::function<ByteVector(std::uint64_t)>;

  Load(Member& leader, Command command) : leader_(leader), command_(std::move(command)) {
    leader_.on_thread([this] {
      leader_.party().when_committed = [this](const consensus::Committed&) { on_committed(); };
    });
  }
  ~Load() {
    leader_.on_thread([this] { leader_.party().when_committed = nullptr; });
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  /// Latencies of what was committed until the condition holds; then waits for the rest.
  template <class Condition>
  std::vector<Clock::duration> run(std::uint64_t in_flight, Condition is_over) {
    leader_.on_thread([&] {
      wanted_ = in_flight;
      while (begun_.size() < wanted_) propose();
    });
    while (!is_over()) std::this_thread::sleep_for(2ms);
    std::vector<Clock::duration> latencies;
    leader_.on_thread([&] {
      wanted_ = 0;
      latencies = std::exchange(latencies_, {});
    });
    while (is_busy()) std::this_thread::yield();
    leader_.on_thread([&] { latencies_.clear(); });
    return latencies;
  }
  [[nodiscard]] std::uint64_t committed() const { return committed_; }

 private:
  [[nodiscard]] bool is_busy() {
    bool is_busy = false;
    leader_.on_thread([&] { is_busy = !begun_.empty(); });
    return is_busy;
  }
  void propose() {
    begun_.push_back(Clock::now());
    const std::uint64_t token = ++proposed_;
    leader_.party().engine().propose(consensus::ProposalToken{token}, command_(token));
  }
  void on_committed() {
    if (begun_.empty()) return;
    latencies_.push_back(Clock::now() - begun_.front());
    begun_.pop_front();
    ++committed_;
    if (begun_.size() < wanted_) propose();
  }

  Member& leader_;
  Command command_;
  std::uint64_t wanted_ = 0;
  std::uint64_t proposed_ = 0;
  std::deque<Clock::time_point> begun_;
  std::vector<Clock::duration> latencies_;
  std::atomic<std::uint64_t> committed_ = 0;
};

struct Spread {
  double median = 0;
  double p99 = 0;
  double max = 0;
};
Spread spread_of(std::vector<Clock::duration> latencies) {
  if (latencies.empty()) return {};
  std::ranges::sort(latencies);
  return {milliseconds(latencies[latencies.size() / 2]),
          milliseconds(latencies[latencies.size() * 99 / 100]), milliseconds(latencies.back())};
}

auto after(double length) {
  return [end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                   std::chrono::duration<double>(length))] {
    return Clock::now() > end;
  };
}

void print_row(const char* what, std::uint64_t in_flight, double rate, const Spread& spread) {
  std::printf("| %s | %llu | %.0f | %.2f | %.2f | %.2f |\n", what,
              static_cast<unsigned long long>(in_flight), rate, spread.median, spread.p99,
              spread.max);
  std::fflush(stdout);
}

void proposals(const std::filesystem::path& directory, double length) {
  Cluster cluster(directory, 1'000'000'000);
  Load load(cluster.leader(), [](std::uint64_t) { return join_command("g", "x"); });
  static_cast<void>(load.run(16, after(0.5)));
  for (const std::uint64_t in_flight : {1U, 16U, 64U, 256U}) {
    const auto begin = Clock::now();
    const auto latencies = load.run(in_flight, after(length));
    print_row("proposals", in_flight,
              static_cast<double>(latencies.size()) / seconds(Clock::now() - begin),
              spread_of(latencies));
  }
}

/// The leader's own: those of the others come at other times, for each has an own share to wait.
void a_snapshot_meanwhile(const std::filesystem::path& directory, double length) {
  constexpr std::uint64_t members = 100'000;
  constexpr std::uint64_t groups = 1'000;
  constexpr std::uint64_t in_flight = 16;
  Cluster cluster(directory, 3 * members / 2);
  Load load(cluster.leader(), [](std::uint64_t token) {
    return join_command("g" + std::to_string(token % groups), std::to_string(token % members));
  });
  static_cast<void>(load.run(1024, [&] { return load.committed() >= members; }));
  const auto quiet = load.run(in_flight, after(length));
  print_row("proposals, 100,000 members", in_flight, static_cast<double>(quiet.size()) / length,
            spread_of(quiet));
  VotersLog::SnapshotFigures figures;
  const auto look = [&] {
    cluster.leader().on_thread([&] { figures = cluster.leader().party().engine().snapshots(); });
  };
  static_cast<void>(load.run(1024, [&] {
    look();
    return figures.is_under_way;
  }));
  const auto begin = Clock::now();
  const auto busy = load.run(in_flight, [&] {
    look();
    return !figures.is_under_way;
  });
  print_row("while a snapshot is taken", in_flight,
            static_cast<double>(busy.size()) / seconds(Clock::now() - begin), spread_of(busy));
  std::printf("\nThe snapshot: %.1f MB, serialised in %.0f ms, written in %.0f ms.\n\n",
              static_cast<double>(figures.bytes) / 1e6, milliseconds(figures.serialising),
              milliseconds(figures.saving));
}

}  // namespace
}  // namespace rollcall::runtime

int main(int count, char** arguments) {
  if (count < 2) {
    std::fprintf(stderr, "usage: %s DIRECTORY [SECONDS]\n", arguments[0]);
    return 2;
  }
  const std::filesystem::path directory = arguments[1];
  const double length = count > 2 ? std::strtod(arguments[2], nullptr) : 5.0;
  std::filesystem::create_directories(directory);
  std::printf(
      "| what | in flight | a second | median ms | p99 ms | max ms |\n"
      "| --- | --- | --- | --- | --- | --- |\n");
  std::printf("| bare 4 KiB + fdatasync | 1 | %.0f | | | |\n",
              rollcall::runtime::bare_disk(directory, std::min(length, 3.0)));
  rollcall::runtime::proposals(directory, length);
  rollcall::runtime::a_snapshot_meanwhile(directory, length);
  std::printf("| bare 4 KiB + fdatasync, again | 1 | %.0f | | | |\n",
              rollcall::runtime::bare_disk(directory, std::min(length, 3.0)));
}
