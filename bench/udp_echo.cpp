// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
//
// How many pings a real agent answers on one core, beside a bare recvmmsg/sendmmsg echo that does
// nothing else, under the same load in the same run. Goal: at least 0.8 of the bare echo.
//
//   rollcall_bench_udp_echo [SECONDS_PER_ROUND] [ROUNDS]
//
// Words go to standard error, the figures as JSON lines to standard output.
//
// The server has core 1 to itself, the load generator core 0. The generator keeps a window of
// pings on the way, so that the server always has work. Rounds alternate, and the median counts.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <boost/asio/post.hpp>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/check.hpp"
#include "rollcall/rollcall.hpp"
#include "runtime/bound_sockets.hpp"
#include "runtime/datagram_batch.hpp"
#include "runtime/loop.hpp"
#include "wire/datagram.hpp"

namespace {

using namespace rollcall;
using namespace std::chrono_literals;
using Seconds = std::chrono::duration<double>;
using runtime::DatagramBatch;

constexpr int server_core = 1;
constexpr int generator_core = 0;
/// Pings on the way at a time: several batches, far below the socket buffers.
constexpr int window = 256;
constexpr double goal = 0.8;

void pin_to(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  if (pthread_setaffinity_np(pthread_self(), sizeof cores, &cores) != 0) {
    std::fprintf(stderr, "this benchmark needs two cores; core %d is not there\n", core);
    std::exit(1);
  }
}

/// CPU time that a thread has used.
double cpu_seconds(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

clockid_t own_cpu_clock() {
  clockid_t clock{};
  pthread_getcpuclockid(pthread_self(), &clock);
  return clock;
}

/// Something that answers datagrams on one thread, pinned to the server's core.
class Server {
 public:
  virtual ~Server() = default;
  [[nodiscard]] virtual Address address() const = 0;
  [[nodiscard]] virtual clockid_t cpu_clock() const = 0;
  [[nodiscard]] virtual LifeId life() const { return {1, 1}; }
};

/// The limit: receive a batch, send it back, nothing else.
class BareEcho final : public Server {
 public:
  BareEcho() : sockets_(*runtime::bind_sockets(Address::v4(127, 0, 0, 1, 0))) {
    timeval timeout{.tv_sec = 0, .tv_usec = 100'000};
    ::setsockopt(sockets_.udp.get(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    const int blocking = 0;
    ROLLCALL_CHECK(::fcntl(sockets_.udp.get(), F_SETFL, blocking) == 0);
    std::promise<clockid_t> clock;
    auto started = clock.get_future();
    thread_ = std::thread([this, &clock] {
      pin_to(server_core);
      clock.set_value(own_cpu_clock());
      run();
    });
    clock_ = started.get();
  }
  ~BareEcho() override {
    is_over_ = true;
    thread_.join();
  }
  [[nodiscard]] Address address() const override { return sockets_.address; }
  [[nodiscard]] clockid_t cpu_clock() const override { return clock_; }

 private:
  void run() {
    const auto batch = std::make_unique<DatagramBatch>();
    while (!is_over_) {
      for (mmsghdr& head : batch->in.heads) head.msg_hdr.msg_namelen = sizeof(sockaddr_in6);
      for (iovec& part : batch->in.parts) part.iov_len = DatagramBatch::datagram_bytes;
      const int count = ::recvmmsg(sockets_.udp.get(), batch->in.heads.data(),
                                   DatagramBatch::size_max, MSG_WAITFORONE, nullptr);
      if (count <= 0) continue;
      for (int i = 0; i < count; ++i) {
        batch->in.parts[static_cast<std::size_t>(i)].iov_len =
            batch->in.heads[static_cast<std::size_t>(i)].msg_len;
      }
      ::sendmmsg(sockets_.udp.get(), batch->in.heads.data(), static_cast<unsigned>(count), 0);
    }
  }

  runtime::BoundSockets sockets_;
  std::atomic<bool> is_over_ = false;
  clockid_t clock_{};
  std::thread thread_;
};

/// A whole agent, as an embedding program runs it.
class RealAgent final : public Server {
 public:
  RealAgent() {
    // Threads inherit the core of whoever starts them.
    pin_to(server_core);
    Options options;
    options.name = "bench";
    options.bind = "127.0.0.1:0";
    options.loop = std::make_shared<Loop>();
    loop_ = options.loop;
    agent_ = std::move(*Agent::create(options));
    pin_to(generator_core);
    std::promise<clockid_t> clock;
    boost::asio::post(loop_->impl().io(), [&clock] { clock.set_value(own_cpu_clock()); });
    clock_ = clock.get_future().get();
  }
  [[nodiscard]] Address address() const override { return *parse_address(agent_->address()); }
  [[nodiscard]] clockid_t cpu_clock() const override { return clock_; }
  [[nodiscard]] LifeId life() const override {
    const MemberList members = agent_->members();
    const std::string& id = members.self().id;
    return {std::stoull(id.substr(0, 16), nullptr, 16), std::stoull(id.substr(16), nullptr, 16)};
  }

 private:
  std::shared_ptr<Loop> loop_;
  std::optional<Agent> agent_;
  clockid_t clock_{};
};

struct Result {
  double answers_per_second = 0;
  double cpu_ns_per_answer = 0;
  double cpu_used = 0;  // share of the server's core
};

/// Keeps a window of pings on the way to one server.
class Generator {
 public:
  explicit Generator(const Server& server)
      : server_(server),
        sockets_(*runtime::bind_sockets(Address::v4(127, 0, 0, 1, 0))) {
    const timeval timeout{.tv_sec = 0, .tv_usec = 20'000};
    ::setsockopt(sockets_.udp.get(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    ROLLCALL_CHECK(::fcntl(sockets_.udp.get(), F_SETFL, 0) == 0);
    const runtime::RawAddress to = runtime::to_raw(server.address(), runtime::Family::v4);
    ROLLCALL_CHECK(::connect(sockets_.udp.get(), to.data(), to.size) == 0);
    wire::DatagramWriter writer(
        {.cluster = wire::cluster_hash("default"), .sender = {7, 7}, .health = 0});
    ROLLCALL_CHECK(writer.add(wire::Ping{.sequence = 1, .target = server.life(), .digest = 0}));
    ping_.assign(writer.bytes().begin(), writer.bytes().end());
    for (std::size_t i = 0; i < DatagramBatch::size_max; ++i) {
      out_parts_[i] = {ping_.data(), ping_.size()};
      out_[i].msg_hdr.msg_iov = &out_parts_[i];
      out_[i].msg_hdr.msg_iovlen = 1;
      in_parts_[i] = {in_bytes_[i].data(), in_bytes_[i].size()};
      in_[i].msg_hdr.msg_iov = &in_parts_[i];
      in_[i].msg_hdr.msg_iovlen = 1;
    }
  }

  Result run(Seconds duration) {
    static_cast<void>(answers_within(duration / 10));  // warm up
    const auto begin = std::chrono::steady_clock::now();
    const double cpu_begin = cpu_seconds(server_.cpu_clock());
    const double answers = answers_within(duration);
    const double elapsed = Seconds(std::chrono::steady_clock::now() - begin).count();
    const double cpu = cpu_seconds(server_.cpu_clock()) - cpu_begin;
    return {answers / elapsed, cpu / answers * 1e9, cpu / elapsed};
  }

 private:
  double answers_within(Seconds duration) {
    const auto end = std::chrono::steady_clock::now() + duration;
    double answers = 0;
    while (std::chrono::steady_clock::now() < end) {
      while (on_the_way_ < window) send_batch();
      const int count = ::recvmmsg(sockets_.udp.get(), in_.data(), DatagramBatch::size_max,
                                   MSG_WAITFORONE, nullptr);
      // None for a while: what was on the way is lost.
      on_the_way_ = count > 0 ? on_the_way_ - count : 0;
      answers += std::max(count, 0);
    }
    return answers;
  }
  void send_batch() {
    const auto count = static_cast<unsigned>(
        std::min<int>(window - on_the_way_, static_cast<int>(DatagramBatch::size_max)));
    const int sent = ::sendmmsg(sockets_.udp.get(), out_.data(), count, 0);
    ROLLCALL_CHECK(sent > 0);
    on_the_way_ += sent;
  }

  const Server& server_;
  runtime::BoundSockets sockets_;
  ByteVector ping_;
  int on_the_way_ = 0;
  std::array<mmsghdr, DatagramBatch::size_max> out_{};
  std::array<iovec, DatagramBatch::size_max> out_parts_{};
  std::array<mmsghdr, DatagramBatch::size_max> in_{};
  std::array<iovec, DatagramBatch::size_max> in_parts_{};
  std::array<std::array<std::byte, 128>, DatagramBatch::size_max> in_bytes_{};
};

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

struct Rounds {
  std::vector<double> rates;
  std::vector<double> costs;
  std::vector<double> shares;

  void add(const Result& result) {
    rates.push_back(result.answers_per_second);
    costs.push_back(result.cpu_ns_per_answer);
    shares.push_back(result.cpu_used);
  }
  void print(const char* name) const {
    std::fprintf(stderr,
                 "%-10s %9.0f answers/s   %6.0f ns of CPU an answer   %3.0f %% of its core used\n",
                 name, median(rates), median(costs), 100 * median(shares));
    std::printf(R"({"figure":"udp-echo","subject":"%s","value":%.0f,"unit":"answers/s",)"
                R"("cpu_ns":%.0f,"core_used":%.2f,)"
                R"("command":"build/release/rollcall_bench_udp_echo"})"
                "\n",
                name, median(rates), median(costs), median(shares));
  }
};

template <class Kind>
Result measure(Seconds duration) {
  const Kind server;
  Generator generator(server);
  return generator.run(duration);
}

}  // namespace

int main(int argc, char** argv) {
  const Seconds duration(argc > 1 ? std::atof(argv[1]) : 2.0);
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 7;
  pin_to(generator_core);
  Rounds bare;
  Rounds agent;
  for (int i = 0; i < rounds; ++i) {
    bare.add(measure<BareEcho>(duration));
    agent.add(measure<RealAgent>(duration));
  }
  bare.print("bare echo");
  agent.print("rollcall");
  std::fprintf(stderr, "ratio: %.2f by answers/s, %.2f by CPU an answer; goal: at least %.1f\n",
               median(agent.rates) / median(bare.rates), median(bare.costs) / median(agent.costs),
               goal);
  return 0;
}
