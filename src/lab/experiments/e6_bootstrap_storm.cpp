// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "lab/experiments/all.hpp"
#include "lab/experiments/profiles.hpp"
#include "lab/experiments/stage.hpp"

namespace rollcall::lab {
namespace {

using sim::HostId;

constexpr Duration head_start = 10s;  // of the seed
constexpr Duration limit = 3min;
/// How often sizes are logged, and how fine the end is timed.
constexpr Duration sample_interval = 1s;
constexpr Duration look_interval = 50ms;

struct Storm {
  double seconds = 0;  // until everybody lists everybody
  bool is_formed = false;
  std::set<std::size_t> sizes;  // that any member reported at a sample
  double bytes_each = 0;        // datagrams and streams, sent, a member
  std::vector<Point> spread;    // of the sizes, second by second
};

/// Sizes of all members that are in, sampled now.
std::vector<double> sizes_now(const sim::World& world) {
  std::vector<double> sizes;
  for (const HostId host : world.hosts()) {
    if (!world.is_running(host) || world.node(host).phase() != core::Phase::joined) continue;
    sizes.push_back(static_cast<double>(world.node(host).members().live_count()));
  }
  return sizes;
}

bool all_list(const sim::World& world, std::size_t members) {
  return std::ranges::all_of(world.hosts(), [&](HostId host) {
    return world.is_running(host) && world.node(host).members().live_count() == members;
  });
}

Storm measure(const core::Config& config, std::size_t members, std::uint64_t seed) {
  sim::World world({.seed = seed});
  for (std::size_t i = 0; i < members; ++i) {
    core::Config one = config;
    one.name = "n" + std::to_string(i);
    world.add_host(std::move(one));
  }
  world.start(HostId{0});
  world.run_for(head_start);
  const Instant begins = world.now();
  for (const HostId host : world.hosts()) {
    if (host != HostId{0}) world.start(host, {world.seed_of(HostId{0})});
  }
  Storm storm;
  Instant next_sample = begins + sample_interval;
  while (!storm.is_formed && world.now() < begins + limit) {
    world.run_for(look_interval);
    storm.is_formed = all_list(world, members);
    if (world.now() < next_sample && !storm.is_formed) continue;
    next_sample += sample_interval;
    const std::vector<double> sizes = sizes_now(world);
    for (const double size : sizes) storm.sizes.insert(static_cast<std::size_t>(size));
    storm.spread.push_back(point_of(to_seconds(world.now() - begins), summarize(sizes)));
  }
  storm.seconds = to_seconds(world.now() - begins);
  std::uint64_t bytes = world.stream_bytes();
  for (const HostId host : world.hosts()) bytes += world.node(host).counters().bytes_sent;
  storm.bytes_each = static_cast<double>(bytes) / static_cast<double>(members);
  return storm;
}

struct Figure {
  std::size_t members;
  double memberlist_seconds;
  double memberlist_sizes;
};
/// Rapid, figure 5 and table 1: memberlist on real machines, five processes a core.
constexpr std::array figures = {Figure{1000, 46, 901}, Figure{1500, 69, 1383},
                                Figure{2000, 97, 1858}};
/// What one record costs on the wire, about: the goal on bytes is three times N of them.
constexpr double record_bytes = 80;

Findings run(const Experiment& self, const ExperimentOptions& options) {
  Findings findings;
  const auto sizes = sizes_of(self, options);
  const std::size_t repetitions = repetitions_of(self, options);
  struct Variant {
    const char* name;
    core::Config config;
  };
  const std::vector<Variant> variants = {{"memberlist", memberlist_config()},
                                         {"rollcall", core::Config{}}};
  Progress progress(options, sizes.size() * variants.size() * repetitions);
  Plot plot{.id = "sizes",
            .title = "What members believe the size to be, " + std::to_string(sizes.back()) +
                     " joining at once",
            .caption = "Median of all members that are in, with the 10th to 90th percentile.",
            .x = {"seconds since the storm began"},
            .y = {.label = "members listed", .step_min = 1}};
  for (const std::size_t members : sizes) {
    for (const Variant& variant : variants) {
      std::vector<double> seconds;
      std::vector<double> unique;
      std::vector<double> bytes;
      std::size_t unformed = 0;
      Storm last;
      for (std::size_t i = 0; i < repetitions; ++i) {
        progress.next(std::string(variant.name) + ", " + std::to_string(members) + " members");
        last = measure(variant.config, members, hash_combine(options.seed, i));
        seconds.push_back(last.seconds);
        unique.push_back(static_cast<double>(last.sizes.size()));
        bytes.push_back(last.bytes_each);
        if (!last.is_formed) ++unformed;
      }
      const bool is_own = variant.config.profile == core::Profile::rollcall;
      const auto figure = std::ranges::find(figures, members, &Figure::members);
      const bool has_figure = !is_own && figure != figures.end();
      const auto add = [&](const char* metric, const char* unit, double value,
                           std::optional<Anchor> anchor) {
        findings.add({variant.name, members, metric, unit, value, std::move(anchor)});
      };
      std::optional<Anchor> time;
      std::optional<Anchor> distinct;
      std::optional<Anchor> volume;
      if (has_figure) {
        time = beside(figure->memberlist_seconds, "Rapid, figure 5 (real machines)");
        distinct = beside(figure->memberlist_sizes, "Rapid, table 1 (real machines)");
      }
      if (is_own) {
        time = at_most(10);
        distinct = at_most(4);
        volume = at_most(3 * static_cast<double>(members) * record_bytes / 1000);
      }
      add("until everybody lists everybody, median", "s", summarize(seconds).p50, time);
      add("sizes reported, median", "different", summarize(unique).p50, distinct);
      add("bytes sent, median", "KB a member", summarize(bytes).p50 / 1000, volume);
      if (unformed != 0) {
        add("not formed within 3 min", "runs", static_cast<double>(unformed), at_most(0));
      }
      if (members == sizes.back()) plot.series.push_back({variant.name, last.spread, Mark::line});
    }
  }
  findings.plots.push_back(std::move(plot));
  const std::size_t largest = sizes.back();
  findings.seen = "All " + std::to_string(largest) + " list each other after " +
                  findings.told("rollcall", "until everybody lists everybody, median", largest) +
                  " with rollcall and after " +
                  findings.told("memberlist", "until everybody lists everybody, median", largest) +
                  " by memberlist's rules; sizes that members report in between: " +
                  findings.told("rollcall", "sizes reported, median", largest) + " and " +
                  findings.told("memberlist", "sizes reported, median", largest) + ".";
  findings.notes.emplace_back(
      "The published figures are of real machines with five processes a core and are shaped by "
      "their processors and bandwidth; in the simulator both are free, so they stand beside "
      "and are not judged.");
  findings.notes.emplace_back(
      "Sizes are sampled once a second at every member that is in. Rapid reports 4 to 8 different "
      "sizes because it decides on views; rollcall's weak membership has none.");
  return findings;
}

}  // namespace

Experiment bootstrap_storm() {
  return {.id = "e6",
          .title = "Bootstrap storm",
          .question = "How long until everybody lists everybody when all join through one at once?",
          .method =
              "One seed runs for ten seconds; then all others start at the same moment and "
              "join through it. Every member's size is sampled once a second.",
          .members = {250, 1000},
          .members_min = 3,
          .members_max = 5000,
          .repetitions = 3,
          .repetition_word = "storms for each configuration and size",
          .run = run};
}

}  // namespace rollcall::lab
