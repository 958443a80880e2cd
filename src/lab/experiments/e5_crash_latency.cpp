// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>

#include "lab/experiments/all.hpp"
#include "lab/experiments/profiles.hpp"
#include "lab/experiments/stage.hpp"

namespace rollcall::lab {
namespace {

using sim::HostId;

constexpr Duration limit = std::chrono::minutes(3);
/// At the most one in this many is down and not yet known to be.
constexpr std::size_t crash_share = 1000;
/// A fresh cluster is taken when one in this many has crashed.
constexpr std::size_t spent_share = 16;

struct Times {
  std::vector<double> first;  // seconds from the loss to the first verdict
  std::vector<double> all;    // to the last survivor's
  std::size_t missed = 0;
};

enum class Fault : std::uint8_t { power, process };

struct Variant {
  std::string name;
  core::Config config;
  Fault fault = Fault::power;
  /// Members, p50 and p99 of "everybody knows", and p50 and p99 of the first verdict; 0: none.
  struct Figure {
    std::size_t members = 0;
    double all_p50 = 0;
    double all_p99 = 0;
    double first_p50 = 0;
    double first_p99 = 0;
  };
  std::vector<Figure> figures{};
  /// Repetitions are spent at this size only; 0: at all of them.
  std::size_t only_at = 0;
};

/// Figures: an independent model of the published rules (one crash, no loss), which agrees with
/// the tuning chart of Lifeguard's authors (alpha 5 / 4 / 2: 100 / 84.5 / 56.7 %).
std::vector<Variant> variants() {
  const LifeguardParts none{};
  const LifeguardParts parts{.probe = true, .suspicion = true, .buddy = true};
  return {
      {.name = "swim, alpha 5",
       .config = lifeguard_config(none, 5),
       .figures = {{128, 12.7, 16.5, 12.2, 16.0}},
       .only_at = 128},
      {.name = "lifeguard, alpha 5",
       .config = lifeguard_config(parts, 5),
       .figures = {{128, 12.7}},
       .only_at = 128},
      {.name = "lifeguard, alpha 4",
       .config = lifeguard_config(parts, 4),
       .figures = {{128, 10.6}},
       .only_at = 128},
      {.name = "lifeguard, alpha 2",
       .config = lifeguard_config(parts, 2),
       .figures = {{128, 6.7}},
       .only_at = 128},
      {.name = "memberlist",
       .config = memberlist_config(),
       .figures = {{128, 10.6, 14.3}, {1000, 14.4, 18.7}, {10'000, 18.7, 21.4}}},
      {.name = "rollcall", .config = core::Config{}},
      {.name = "rollcall, process crash", .config = core::Config{}, .fault = Fault::process},
  };
}

void befall(sim::World& world, HostId host, Fault fault) {
  fault == Fault::power ? world.power_off(host) : world.crash(host);
}

/// Loses some members within one second, and waits until every survivor knows of each.
void measure_batch(Stage& stage, EndWatch& ends, std::size_t count, Fault fault, Times& times) {
  sim::World& world = stage.world();
  std::vector<LifeId> lives;
  for (const HostId host : stage.draw_hosts(count)) {
    world.run_for(stage.prng().between(Duration::zero(), std::chrono::seconds(1)) /
                  static_cast<int>(count));
    lives.push_back(stage.life(host));
    ends.expect(lives.back(), world.now());
    befall(world, host, fault);
  }
  const auto hosts = world.hosts();
  const auto survivors = static_cast<std::size_t>(
      std::ranges::count_if(hosts, [&](HostId host) { return world.is_running(host); }));
  const auto is_known = [&](const LifeId& life) { return ends.end(life).told >= survivors; };
  static_cast<void>(
      world.run_until([&] { return std::ranges::all_of(lives, is_known); }, limit, 50ms));
  for (const LifeId& life : lives) {
    const EndWatch::End& end = ends.end(life);
    if (!is_known(life)) {
      ++times.missed;
      continue;
    }
    times.first.push_back(to_seconds(*end.first - end.since));
    times.all.push_back(to_seconds(end.last - end.since));
  }
  ends.clear();
}

Times measure(const Variant& variant, std::size_t members, std::size_t crashes,
              std::uint64_t seed) {
  Times times;
  const std::size_t at_once = std::max<std::size_t>(1, members / crash_share);
  const std::size_t in_one_world = std::max<std::size_t>(1, members / spent_share);
  std::size_t done = 0;
  for (std::uint64_t world = 0; done < crashes; ++world) {
    Stage stage({.members = members, .config = variant.config, .seed = hash_combine(seed, world)});
    EndWatch ends(stage.world());
    stage.rest(3s);
    for (std::size_t here = 0; here < in_one_world && done < crashes; here += at_once) {
      const std::size_t count = std::min(at_once, crashes - done);
      measure_batch(stage, ends, count, variant.fault, times);
      done += count;
      stage.rest(1s);
    }
  }
  return times;
}

const Variant::Figure* figure_at(const Variant& variant, std::size_t members) {
  const auto found = std::ranges::find(variant.figures, members, &Variant::Figure::members);
  return found == variant.figures.end() ? nullptr : &*found;
}

std::optional<Anchor> model(double value, double tolerance) {
  if (value == 0) return std::nullopt;
  return published(value, tolerance, "model of the published rules");
}

void add_rows(Findings& findings, const Variant& variant, std::size_t members, const Times& times) {
  const Summary first = summarize(times.first);
  const Summary all = summarize(times.all);
  const auto add = [&](const char* metric, double value, std::optional<Anchor> anchor) {
    findings.add({variant.name, members, metric, "s", value, std::move(anchor)});
  };
  if (times.missed != 0) {
    findings.add({variant.name, members, "not known to everybody within 3 min", "losses",
                  static_cast<double>(times.missed), at_most(0)});
  }
  if (times.all.empty()) return;  // no time can be told
  const Variant::Figure* figure = figure_at(variant, members);
  const Variant::Figure known = figure != nullptr ? *figure : Variant::Figure{};
  if (variant.config.profile == core::Profile::swim) {
    add("first verdict, median", first.p50, model(known.first_p50, 0.10));
    add("first verdict, p99", first.p99, model(known.first_p99, 0.15));
    add("everybody knows, median", all.p50, model(known.all_p50, 0.10));
    add("everybody knows, p99", all.p99, model(known.all_p99, 0.15));
  } else {
    const bool is_silent = variant.fault == Fault::power;
    add("first verdict, median", first.p50, {});
    add("everybody knows, median", all.p50, at_most(is_silent ? 3 : 0.1));
    add("everybody knows, p99", all.p99, at_most(is_silent ? 4 : 0.2));
    add("everybody knows, longest", all.max, {});
  }
}

/// The chart of Lifeguard's authors: medians as a share of alpha 5's.
void add_tuning_rows(Findings& findings) {
  const auto median = [&](const char* name) {
    const auto row = std::ranges::find_if(findings.rows, [&](const Row& one) {
      return one.configuration == name && one.metric == "everybody knows, median";
    });
    return row == findings.rows.end() ? 0.0 : row->value;
  };
  const double base = median("lifeguard, alpha 5");
  if (base == 0) return;
  const std::string chart = "tuning chart of Lifeguard's authors";
  findings.add({"lifeguard, alpha 4", 128, "median, share of alpha 5's", "%",
                100 * median("lifeguard, alpha 4") / base, published(84.5, 0.06, chart)});
  findings.add({"lifeguard, alpha 2", 128, "median, share of alpha 5's", "%",
                100 * median("lifeguard, alpha 2") / base, published(56.7, 0.10, chart)});
}

/// Large sizes cost more and vary less.
std::size_t crashes_at(std::size_t members, std::size_t repetitions) {
  if (members <= 200) return repetitions;
  return std::max<std::size_t>(std::min<std::size_t>(repetitions, 10), repetitions / 4);
}

Findings run(const Experiment& self, const ExperimentOptions& options) {
  Findings findings;
  const auto sizes = sizes_of(self, options);
  const auto all = variants();
  Progress progress(options, sizes.size() * all.size());
  Plot plot{.id = "everybody-knows",
            .title = "From the loss of a member until every survivor knows",
            .caption = "Lines: median. Bands: 10th to 90th percentile.",
            .x = {"members", Scale::logarithmic},
            .y = {"seconds", Scale::logarithmic}};
  Plot curves{
      .id = "distribution",
      .title = "Losses that everybody knows of, " + std::to_string(sizes.front()) + " members",
      .caption = "Share of all losses that the last survivor knew of by then.",
      .x = {"seconds since the loss"},
      .y = {"share known to everybody (%)"}};
  for (const Variant& variant : all) {
    Series series{.name = variant.name};
    for (const std::size_t members : sizes) {
      progress.next(variant.name + ", " + std::to_string(members) + " members");
      if (variant.only_at != 0 && variant.only_at != members) continue;
      const Times times = measure(variant, members,
                                  crashes_at(members, repetitions_of(self, options)), options.seed);
      add_rows(findings, variant, members, times);
      series.points.push_back(point_of(static_cast<double>(members), summarize(times.all)));
      if (members == sizes.front()) {
        curves.series.push_back({variant.name, distribution_of(times.all), Mark::line});
      }
    }
    if (variant.only_at == 0) plot.series.push_back(std::move(series));
  }
  add_tuning_rows(findings);
  Series published_line{.name = "memberlist, model", .mark = Mark::reference};
  for (const auto& [members, value] : {std::pair{128.0, 10.6}, {1000.0, 14.4}, {10'000.0, 18.7}}) {
    published_line.points.push_back({members, value, value, value});
  }
  plot.series.push_back(std::move(published_line));
  findings.plots.push_back(std::move(plot));
  findings.plots.push_back(std::move(curves));
  const std::size_t largest = sizes.back();
  const char* const known = "everybody knows, median";
  findings.seen = "At " + std::to_string(largest) + " members memberlist's rules need " +
                  findings.told("memberlist", known, largest) +
                  " in the median until everybody knows of a silent loss; rollcall needs " +
                  findings.told("rollcall", known, largest) +
                  ", of which 2 s is the pause it is "
                  "told to tolerate, and " +
                  findings.told("rollcall, process crash", known, largest) +
                  " where the host can say that the process is gone.";
  findings.notes.emplace_back(
      "Losses are silent (power off) unless the row says otherwise: nothing answers any more. A "
      "process crash leaves a host that refuses, which rollcall takes as proof and profile swim "
      "ignores.");
  findings.notes.emplace_back(
      "The published latency tables of Lifeguard were not at hand; the anchors are those of an "
      "independent model, which has no piggyback on probes and one millisecond on every link.");
  return findings;
}

}  // namespace

Experiment crash_latency() {
  return {.id = "e5",
          .title = "Crash to everybody knows",
          .question = "How long after a member is lost do all others know?",
          .method =
              "Members lose power at random moments; the clock stops when the last survivor "
              "has declared it failed. Published suspicion times grow with log N; rollcall "
              "waits out the pause it is told to tolerate (2 s).",
          .members = {128, 1000},
          .members_min = 16,
          .members_max = 20'000,
          .repetitions = 200,
          .repetition_word = "losses for each configuration at 128 members, a quarter above",
          .run = run};
}

}  // namespace rollcall::lab
