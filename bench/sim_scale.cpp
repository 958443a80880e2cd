// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
//
// How fast and how large the simulator is: a formed cluster that runs with churn (a member
// crashes, and is back ten seconds later), then one member whose host is switched off.
// Prints JSON lines.  Usage: rollcall_bench_sim_scale [MEMBERS…]   (default 1000 10000)
#include <chrono>
#include <cstdio>
#include <deque>
#include <string>
#include <vector>

#include <sys/resource.h>

#include "member_counts.hpp"
#include "sim/checkers.hpp"
#include "sim/world.hpp"

namespace rollcall::sim {
namespace {

/// One in ten is replaced every day.
constexpr Duration member_lifetime = 240h;
constexpr Duration away = 10s;
constexpr Duration steady = 60s;
constexpr Duration warm_up = 10s;

double wall_seconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

double resident_max_gigabytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / (1024.0 * 1024.0);
}

/// Crashes and restarts, evenly spaced, at the rate that the lifetime of members gives.
void churn(World& world, Prng& prng, Duration length) {
  const Duration gap = member_lifetime / static_cast<long>(world.host_count());
  const Instant end = world.now() + length;
  std::deque<std::pair<Instant, HostId>> gone;
  Instant next_crash = world.now() + gap;
  while (world.now() < end) {
    Instant next = std::min(end, next_crash);
    if (!gone.empty()) next = std::min(next, gone.front().first);
    world.run_until(next);
    if (!gone.empty() && gone.front().first <= next) {
      world.restart(gone.front().second, Disk::kept, {world.seed_of(HostId{0})});
      gone.pop_front();
    }
    if (next_crash > next) continue;
    next_crash += gap;
    const HostId host{static_cast<std::uint32_t>(1 + prng.below(world.host_count() - 1))};
    if (!world.is_running(host)) continue;
    world.crash(host);
    gone.emplace_back(next + away, host);
  }
  for (const auto& [when, host] : gone) world.restart(host, Disk::kept, {world.seed_of(HostId{0})});
}

struct Verdicts {
  std::size_t count = 0;
  Instant last{};
};

/// Until everybody but the host itself knows that its host was switched off.
Duration silent_loss(World& world, HostId host) {
  const LifeId life = world.node(host).life().id;
  Verdicts verdicts;
  world.observe([&, life](const Observation& seen) {
    if (seen.event.kind != core::EventKind::member_failed || seen.event.life.id != life) return;
    ++verdicts.count;
    verdicts.last = seen.time;
  });
  const Instant since = world.now();
  world.power_off(host);
  const auto all_know = [&] { return verdicts.count >= world.host_count() - 1; };
  return world.run_until(all_know, 1min, 100ms) ? verdicts.last - since : -1s;
}

void measure(std::size_t members) {
  const std::string command = "build/release/rollcall_bench_sim_scale " + std::to_string(members);
  const double began = wall_seconds();
  World world({.seed = members});
  for (std::size_t i = 0; i < members; ++i) {
    core::Config config;
    config.name = "n" + std::to_string(i);
    world.add_host(std::move(config));
  }
  world.start_formed();
  world.run_for(warm_up);
  const double formed = wall_seconds();
  Prng prng(members);
  churn(world, prng, steady);
  const double ran = wall_seconds();
  std::uint64_t datagrams = 0;
  std::uint64_t bytes = 0;
  for (const HostId host : world.hosts()) {
    if (!world.is_running(host)) continue;
    datagrams += world.node(host).counters().datagrams_received;
    bytes += world.node(host).counters().bytes_sent;
  }
  const double member_seconds = static_cast<double>(members) * to_seconds(steady + warm_up);
  const auto print = [&](const char* figure, const char* unit, double value) {
    std::printf(
        "{\"figure\":\"%s\",\"subject\":\"rollcall\",\"members\":%zu,\"unit\":\"%s\","
        "\"value\":%.3f,\"command\":\"%s\"}\n",
        figure, members, unit, value, command.c_str());
    std::fflush(stdout);
  };
  const std::string suffix = "/" + std::to_string(members);
  print(("sim-start" + suffix).c_str(), "s", formed - began);
  print(("sim-speed" + suffix).c_str(), "x real time", to_seconds(steady) / (ran - formed));
  print(("sim-datagrams" + suffix).c_str(), "datagrams a member and second",
        static_cast<double>(datagrams) / member_seconds);
  print(("sim-bytes" + suffix).c_str(), "bytes a member and second",
        static_cast<double>(bytes) / member_seconds);
  print(("sim-silent-loss" + suffix).c_str(), "s", to_seconds(silent_loss(world, HostId{1})));
  print(("sim-memory" + suffix).c_str(), "GiB", resident_max_gigabytes());
}

}  // namespace
}  // namespace rollcall::sim

int main(int count, char** arguments) {
  const std::vector<std::size_t> sizes =
      rollcall::bench::member_counts(count, arguments, {1000, 10'000}, 1'000'000);
  for (const std::size_t size : sizes) rollcall::sim::measure(size);
  return 0;
}
