// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
//
// Detection times, false failures and load, in virtual time, of both profiles side by side.
// Prints Markdown tables.  Usage: rollcall_bench_sim_detection [MEMBERS…]   (default 20 100 1000)
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "member_counts.hpp"
#include "sim/cluster.hpp"

namespace rollcall::sim {
namespace {

constexpr int repetitions = 30;
constexpr std::size_t order_checked_max = 100;

core::Config config_of(core::Profile profile) {
  core::Config config;
  config.profile = profile;
  return config;
}

const char* name_of(core::Profile profile) {
  return profile == core::Profile::swim ? "swim" : "rollcall";
}

double seconds(Duration duration) {
  return to_seconds(duration);
}

struct Fault {
  const char* name;
  void (*befall)(World&, HostId);
};

struct Times {
  std::vector<Duration> first;
  std::vector<Duration> all;
  std::size_t missed = 0;
};

/// A member that is up again, as a new life, for the next repetition.
void revive(Cluster& cluster, HostId host) {
  World& world = cluster.world();
  world.power_on(host);
  world.restart(host, Disk::kept, {cluster.seed()});
  static_cast<void>(cluster.converge(60s));
}

Times measure_detection(Cluster& cluster, const Fault& fault, Prng& prng) {
  World& world = cluster.world();
  Times times;
  for (int i = 0; i < repetitions; ++i) {
    world.run_for(prng.between(5s, 7s));
    const HostId host{static_cast<std::uint32_t>(1 + prng.below(world.host_count() - 1))};
    const LifeId life = cluster.life(host).id;
    const Instant since = world.now();
    fault.befall(world, host);
    const auto all = cluster.until_all_know(life, since, 5min);
    if (all && cluster.verdicts().first_verdict(life)) {
      times.first.push_back(*cluster.verdicts().first_verdict(life) - since);
      times.all.push_back(*cluster.verdicts().last_verdict(life) - since);
    } else {
      ++times.missed;
    }
    revive(cluster, host);
  }
  return times;
}

void print_detection(core::Profile profile, std::size_t size, const Fault& fault) {
  const auto began = std::chrono::steady_clock::now();
  Cluster cluster({.size = size,
                   .world = {.seed = size},
                   .config = config_of(profile),
                   .checks_order = size <= order_checked_max});
  if (const std::string gap = cluster.form(5min); !gap.empty()) {
    std::printf("| %s | %zu | %s | did not form: %s |\n", name_of(profile), size, fault.name,
                gap.c_str());
    return;
  }
  Prng prng(size);
  const Times times = measure_detection(cluster, fault, prng);
  const double real =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  const double simulated = seconds(cluster.world().now().time_since_epoch());
  if (times.all.empty()) {
    std::printf("| %s | %zu | %s | not noticed |\n", name_of(profile), size, fault.name);
    return;
  }
  std::printf("| %s | %zu | %s | %.3f / %.3f | %.3f / %.3f | %zu | %.0f |\n", name_of(profile),
              size, fault.name, seconds(percentile(times.first, 0.5)),
              seconds(percentile(times.first, 0.99)), seconds(percentile(times.all, 0.5)),
              seconds(percentile(times.all, 0.99)), times.missed, simulated / real);
  std::fflush(stdout);
}

void print_detections(const std::vector<std::size_t>& sizes) {
  static constexpr Fault faults[] = {
      {"process crash", [](World& world, HostId host) { world.crash(host); }},
      {"silent loss", [](World& world, HostId host) { world.power_off(host); }}};
  std::printf(
      "Detection, %d repetitions each; seconds of virtual time.\n\n"
      "| profile | members | fault | first verdict median / p99 | all know median / p99 | "
      "missed | × real time |\n|---|---|---|---|---|---|---|\n",
      repetitions);
  for (const Fault& fault : faults) {
    for (const core::Profile profile : {core::Profile::rollcall, core::Profile::swim}) {
      for (const std::size_t size : sizes) print_detection(profile, size, fault);
    }
  }
}

std::uint64_t total(const World& world, std::uint64_t core::Counters::* counter) {
  std::uint64_t sum = 0;
  for (const HostId host : world.hosts()) sum += world.node(host).counters().*counter;
  return sum;
}

void print_loss(core::Profile profile, double loss) {
  Cluster cluster({.size = 20, .config = config_of(profile)});
  World& world = cluster.world();
  static_cast<void>(cluster.form());
  world.set_link({.loss = loss});
  world.run_for(5min);
  const std::size_t failures = cluster.verdicts().count(core::EventKind::member_failed);
  const std::uint64_t suspicions = total(world, &core::Counters::refutations);
  const LifeId life = cluster.life(HostId{7}).id;
  const Instant since = world.now();
  world.crash(HostId{7});
  const auto known = cluster.until_all_know(life, since, 5min);
  std::printf("| %s | %.0f %% | %zu | %llu | %.3f |\n", name_of(profile), 100 * loss, failures,
              static_cast<unsigned long long>(suspicions), known ? seconds(*known) : -1.0);
}

void print_losses() {
  std::printf(
      "\nLoss on every link, each way; 20 members, 5 minutes; then one process crashes.\n\n"
      "| profile | loss | false failures | refutations | crash known to all, s |\n"
      "|---|---|---|---|---|\n");
  for (const core::Profile profile : {core::Profile::rollcall, core::Profile::swim}) {
    for (const double loss : {0.0, 0.2, 0.3}) print_loss(profile, loss);
  }
}

void print_load(core::Profile profile, std::size_t size) {
  constexpr Duration span = 2min;
  Cluster cluster(
      {.size = size, .config = config_of(profile), .checks_order = size <= order_checked_max});
  World& world = cluster.world();
  static_cast<void>(cluster.form(5min));
  world.run_for(1min);
  const std::uint64_t bytes = total(world, &core::Counters::bytes_sent);
  const std::uint64_t datagrams = total(world, &core::Counters::datagrams_sent);
  const std::uint64_t streamed = world.stream_bytes();
  world.run_for(span);
  const double member_seconds = static_cast<double>(size) * seconds(span);
  std::printf(
      "| %s | %zu | %.2f | %.0f | %.0f |\n", name_of(profile), size,
      static_cast<double>(total(world, &core::Counters::datagrams_sent) - datagrams) /
          member_seconds,
      static_cast<double>(total(world, &core::Counters::bytes_sent) - bytes) / member_seconds,
      static_cast<double>(world.stream_bytes() - streamed) / member_seconds);
}

void print_loads(const std::vector<std::size_t>& sizes) {
  std::printf(
      "\nSteady state, for each member and second; bytes without IP and UDP or TCP "
      "headers.\n\n"
      "| profile | members | datagrams | datagram bytes | stream bytes |\n"
      "|---|---|---|---|---|\n");
  for (const core::Profile profile : {core::Profile::rollcall, core::Profile::swim}) {
    for (const std::size_t size : sizes) print_load(profile, size);
  }
}

}  // namespace
}  // namespace rollcall::sim

int main(int count, char** arguments) {
  const std::vector<std::size_t> sizes =
      rollcall::bench::member_counts(count, arguments, {20, 100, 1000}, 100'000);
  rollcall::sim::print_detections(sizes);
  rollcall::sim::print_losses();
  rollcall::sim::print_loads(sizes);
  return 0;
}
