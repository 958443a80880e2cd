// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "trials.hpp"

#include <algorithm>
#include <vector>

#include "base/check.hpp"
#include "base/prng.hpp"
#include "sim/cluster.hpp"

namespace rollcall::sim {
namespace {

/// A cluster that has formed and come to rest; nothing here is lossy unless a trial makes it so,
/// so that the bounds can be tight.
class Stage {
 public:
  explicit Stage(std::uint64_t seed, std::size_t members = 8, Duration silence = 6s)
      : cluster_({.size = members,
                  .world = {.seed = seed},
                  .endings = {.process = 1s, .silence = silence},
                  .agreement = 15s,
                  .settings = 1s}) {
    static_cast<void>(cluster_.form());  // a mutant may not get so far
    world().run_for(5s);
  }

  [[nodiscard]] Cluster& cluster() { return cluster_; }
  [[nodiscard]] World& world() { return cluster_.world(); }
  /// Time for everything to be noticed that the trial has caused.
  [[nodiscard]] std::string end(Duration time = 30s) {
    world().run_for(time);
    return cluster_.violations();
  }
  void change(HostId host, const core::SettingsChange& change) {
    world().command(host, core::ChangeSettingsCommand{.change = change,
                                                      .scope = core::SettingsScope::cluster,
                                                      .expected_number = std::nullopt});
  }
  [[nodiscard]] static std::vector<HostId> range(std::uint32_t first, std::uint32_t last) {
    std::vector<HostId> hosts;
    for (std::uint32_t i = first; i < last; ++i) hosts.push_back(HostId{i});
    return hosts;
  }

 private:
  Cluster cluster_;
};

std::string rest(std::uint64_t seed) {
  Stage stage(seed);
  stage.world().command(HostId{3}, core::SetTagsCommand{.tags = {{"rack", "7"}}});
  return stage.end(60s);
}

std::string crash(std::uint64_t seed) {
  Stage stage(seed);
  stage.world().crash(HostId{3});
  stage.world().run_for(10s);
  stage.world().crash(HostId{5});
  return stage.end();
}

/// So many that most of them never look themselves, and depend on being told.
std::string silence_in_a_crowd(std::uint64_t seed) {
  Stage stage(seed, 24);
  stage.world().power_off(HostId{3});
  return stage.end();
}

std::string silence(std::uint64_t seed) {
  Stage stage(seed);
  stage.world().power_off(HostId{3});
  return stage.end();
}

std::string short_pause(std::uint64_t seed) {
  Stage stage(seed);
  stage.world().freeze(HostId{4});
  stage.world().run_for(1700ms);
  stage.world().thaw(HostId{4});
  return stage.end(60s);
}

std::string long_pause(std::uint64_t seed) {
  Stage stage(seed);
  stage.world().freeze(HostId{4});
  stage.world().run_for(10s);
  stage.world().thaw(HostId{4});
  return stage.end();
}

std::string deafness(std::uint64_t seed) {
  Stage stage(seed);
  stage.world().hold_input(HostId{2});
  stage.world().run_for(12s);  // for longer, it would stand aside, and so take longer to come back
  stage.world().release_input(HostId{2});
  return stage.end();
}

/// Every link loses a fifth, and one member half of what is left, both ways.
std::string lossy_member(std::uint64_t seed) {
  Stage stage(seed);
  stage.change(HostId{1}, {.suspicion_time = 600ms});
  stage.world().run_for(1s);
  stage.world().set_link({.loss = 0.2});
  stage.world().set_loss(HostId{2}, {.in = 0.48, .out = 0.48});
  stage.world().run_for(10min);
  stage.world().set_loss(HostId{2}, {});
  stage.world().set_link({});
  return stage.end();
}

/// One that crashes and is started again and again, and then falls silent for good. It is given
/// more time than others, but no more than three times as much.
std::string flapping_then_silence(std::uint64_t seed) {
  Stage stage(seed, 8, 16s);
  for (int i = 0; i < 30; ++i) {
    stage.world().crash(HostId{4});
    stage.world().run_for(500ms);
    stage.world().restart(HostId{4}, Disk::kept, {stage.cluster().seed()});
    stage.world().run_for(2s);
  }
  stage.world().power_off(HostId{4});
  return stage.end(60s);
}

std::string newcomers(std::uint64_t seed) {
  Stage stage(seed);
  for (int i = 0; i < 4; ++i) {
    const HostId host = stage.cluster().add();
    stage.world().start(host, {stage.cluster().seed()});
    stage.world().run_for(2s);
  }
  return stage.end();
}

std::string restart(std::uint64_t seed, Disk disk) {
  Stage stage(seed);
  stage.world().crash(HostId{3});
  stage.world().run_for(2s);
  stage.world().restart(HostId{3}, disk, {stage.cluster().seed()});
  return stage.end();
}

std::string restart_with_disk(std::uint64_t seed) {
  return restart(seed, Disk::kept);
}
std::string restart_without_disk(std::uint64_t seed) {
  return restart(seed, Disk::lost);
}

std::string long_partition(std::uint64_t seed) {
  Stage stage(seed);
  stage.world().partition({Stage::range(0, 4), Stage::range(4, 8)});
  stage.world().run_for(30s);
  stage.world().heal();
  return stage.end(60s);
}

/// One member sleeps through most of a partition, with the other side's obituaries in its socket.
std::string waking_when_it_heals(std::uint64_t seed) {
  Stage stage(seed, 10);
  stage.world().partition({Stage::range(0, 5), Stage::range(5, 10)});
  stage.world().run_for(1s);
  stage.world().freeze(HostId{9});
  stage.world().run_for(20s);
  stage.world().heal();
  stage.world().thaw(HostId{9});
  return stage.end();
}

/// Too short for a failure, but long enough to miss a restart.
std::string missed_restart(std::uint64_t seed) {
  Stage stage(seed);
  stage.world().partition({{HostId{6}}});
  stage.world().crash(HostId{3});
  stage.world().restart(HostId{3}, Disk::kept, {stage.cluster().seed()});
  stage.world().run_for(1500ms);
  stage.world().heal();
  return stage.end();
}

/// Too short for a failure, but long enough to miss new tags.
std::string missed_tags(std::uint64_t seed) {
  Stage stage(seed);
  stage.world().partition({{HostId{6}}});
  stage.world().command(HostId{3}, core::SetTagsCommand{.tags = {{"rack", "7"}}});
  stage.world().run_for(1500ms);
  stage.world().heal();
  return stage.end();
}

std::string switching(std::uint64_t seed) {
  Stage stage(seed, 24);
  stage.change(HostId{3}, {.detector = core::DetectorKind::gossip});
  return stage.end(20s);
}

std::string switching_at_once(std::uint64_t seed) {
  Stage stage(seed);
  stage.change(HostId{3}, {.detector = core::DetectorKind::gossip});
  stage.change(HostId{5}, {.suspicion_time = 3s});
  return stage.end(10s);
}

/// Suspicion is switched on while a member is away, for less than it may be. Whoever had found it
/// silent had no time to wait before, and has now.
std::string switching_while_away(std::uint64_t seed) {
  Stage stage(seed);
  Prng prng(seed);
  for (std::uint32_t round = 0; round < 16; ++round) {
    const HostId away{2 + round % 6};
    stage.change(HostId{1}, {.suspicion_enabled = false});
    stage.world().run_for(1s);
    stage.world().freeze(away);
    stage.world().run_for(prng.between(600ms, 1100ms));
    stage.change(HostId{1}, {.suspicion_enabled = true});
    stage.world().run_for(500ms);
    stage.world().thaw(away);
    stage.world().run_for(5s);
  }
  return stage.end();
}

std::string departure(std::uint64_t seed) {
  Stage stage(seed);
  stage.world().run_for(5s);
  const auto leave = stage.world().command(HostId{3}, core::LeaveCommand{});
  static_cast<void>(
      stage.world().run_until([&] { return stage.world().outcome(leave) != nullptr; }, 5s));
  stage.world().crash(HostId{3});
  return stage.end();
}

std::string name_twin(std::uint64_t seed) {
  Stage stage(seed);
  stage.world().run_for(5s);
  const HostId twin = stage.cluster().add("n3");
  stage.world().start(twin, {stage.cluster().seed()});
  return stage.end();
}

constexpr Trial all[] = {
    {"rest", rest},
    {"crash", crash},
    {"silence_in_a_crowd", silence_in_a_crowd},
    {"silence", silence},
    {"short_pause", short_pause},
    {"long_pause", long_pause},
    {"deafness", deafness},
    {"lossy_member", lossy_member},
    {"flapping_then_silence", flapping_then_silence},
    {"newcomers", newcomers},
    {"restart_with_disk", restart_with_disk},
    {"restart_without_disk", restart_without_disk},
    {"long_partition", long_partition},
    {"waking_when_it_heals", waking_when_it_heals},
    {"missed_restart", missed_restart},
    {"missed_tags", missed_tags},
    {"switching", switching},
    {"switching_at_once", switching_at_once},
    {"switching_while_away", switching_while_away},
    {"departure", departure},
    {"name_twin", name_twin},
};

}  // namespace

std::span<const Trial> trials() {
  return all;
}

const Trial& trial(std::string_view name) {
  const auto found = std::ranges::find(all, name, &Trial::name);
  ROLLCALL_CHECK(found != std::end(all));
  return *found;
}

}  // namespace rollcall::sim
