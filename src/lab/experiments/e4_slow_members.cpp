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

/// How a member is slow.
enum class Slowness : std::uint8_t {
  blocked,  // its timers run and what it sends goes out, but what comes in waits
  frozen    // the process is stopped
};

/// One pattern: blocked for so long, free for so long, and again.
struct Anomaly {
  Duration blocked;
  Duration free;
};

/// The paper's own grid is not at hand; these are powers of two within the range it is said to
/// cover (128 ms to 32.8 s, gaps of 1 ms to 16.4 s), where blocks are long enough to matter.
constexpr std::array anomalies = {Anomaly{8192ms, 1024ms}, Anomaly{16'384ms, 1024ms},
                                  Anomaly{32'768ms, 4096ms}};
constexpr std::array<std::size_t, 4> slow_counts = {1, 4, 16, 32};
constexpr Duration anomaly_time = 80s;
/// Afterwards, until the last verdicts are out.
constexpr Duration aftermath = 20s;

/// SWIM and Lifeguard, table IV and table VI: shares of SWIM's counts, in percent.
struct Figures {
  double all = 0;         // failures of healthy members declared anywhere
  double at_healthy = 0;  // of them, declared by healthy members
  double messages = 0;
  double bytes = 0;
};

struct Variant {
  const char* name;
  core::Config config;
  Slowness slowness;
  std::optional<Figures> figures;
};

constexpr const char* baseline = "swim";

std::vector<Variant> variants() {
  using enum Slowness;
  const auto config = [](bool probe, bool suspicion, bool buddy) {
    return lifeguard_config({.probe = probe, .suspicion = suspicion, .buddy = buddy});
  };
  return {{baseline, config(false, false, false), blocked, std::nullopt},
          {"LHA-Probe", config(true, false, false), blocked, Figures{67.72, 32.88, 98.5, 90.0}},
          {"LHA-Suspicion", config(false, true, false), blocked, Figures{3.00, 6.71, 111.3, 106.5}},
          {"Buddy System", config(false, false, true), blocked, Figures{94.08, 44.57, 100.1, 99.0}},
          {"Lifeguard", config(true, true, true), blocked, Figures{1.53, 1.89, 110.6, 98.0}},
          {"rollcall", core::Config{}, blocked, std::nullopt},
          {"swim, frozen", config(false, false, false), frozen, std::nullopt},
          {"Lifeguard, frozen", config(true, true, true), frozen, std::nullopt},
          {"rollcall, frozen", core::Config{}, frozen, std::nullopt}};
}

struct Counts {
  std::uint64_t false_all = 0;
  std::uint64_t false_at_healthy = 0;
  Totals totals{};

  void add(const Counts& other) {
    false_all += other.false_all;
    false_at_healthy += other.false_at_healthy;
    totals.datagrams += other.totals.datagrams;
    totals.bytes += other.totals.bytes;
  }
};

void begin(sim::World& world, HostId host, Slowness slowness) {
  slowness == Slowness::frozen ? world.freeze(host) : world.hold_input(host);
}

void end(sim::World& world, HostId host, Slowness slowness) {
  slowness == Slowness::frozen ? world.thaw(host) : world.release_input(host);
}

Counts measure(const Variant& variant, std::size_t members, std::size_t slow,
               const Anomaly& anomaly, std::uint64_t seed) {
  Stage stage({.members = members, .config = variant.config, .seed = seed});
  sim::World& world = stage.world();
  const std::vector<HostId> drawn = stage.draw_hosts(slow);
  const std::set<HostId> slow_ones(drawn.begin(), drawn.end());
  Counts counts;
  world.observe([&](const sim::Observation& observation) {
    if (observation.event.kind != core::EventKind::member_failed) return;
    // A slow member that is declared failed was as good as gone: only the others count.
    const auto victim = host_named(observation.event.name);
    if (!victim || slow_ones.contains(*victim)) return;
    ++counts.false_all;
    if (!slow_ones.contains(observation.observer.host)) ++counts.false_at_healthy;
  });
  stage.rest(5s);
  const Totals before = stage.totals();
  const Instant ends = world.now() + anomaly_time;
  while (world.now() < ends) {
    for (const HostId host : slow_ones) begin(world, host, variant.slowness);
    world.run_for(anomaly.blocked);
    for (const HostId host : slow_ones) end(world, host, variant.slowness);
    world.run_for(anomaly.free);
  }
  world.run_for(aftermath);
  const Totals after = stage.totals();
  counts.totals = {.datagrams = after.datagrams - before.datagrams,
                   .bytes = after.bytes - before.bytes};
  return counts;
}

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

class Run {
 public:
  Run(const Experiment& self, const ExperimentOptions& options)
      : options_(options),
        members_(sizes_of(self, options).front()),
        repetitions_(repetitions_of(self, options)),
        variants_(variants()),
        progress_(options, variants_.size() * slow_counts.size()) {}

  Findings all() {
    for (const Variant& variant : variants_) sums_.push_back(run_variant(variant));
    for (std::size_t i = 0; i < variants_.size(); ++i) add_rows(variants_[i], sums_[i]);
    findings_.plots.push_back(
        {.id = "false-failures",
         .title = "Failures of healthy members, declared while others are slow",
         .caption = "Sum of all patterns of blocking. A configuration with no "
                    "false failure has no mark on a logarithmic axis.",
         .x = {"slow members, of " + std::to_string(members_)},
         .y = {"false failures declared", Scale::logarithmic},
         .series = std::move(series_)});
    notes();
    findings_.seen =
        "The noise is made by slow accusers: suspicion that waits for confirmations leaves " +
        findings_.told("LHA-Suspicion", "anywhere, share of swim's") +
        " of SWIM's false failures, all of Lifeguard " +
        findings_.told("Lifeguard", "anywhere, share of swim's") +
        ". rollcall: " + findings_.told("rollcall", "healthy members declared failed, anywhere") +
        ", of them " +
        findings_.told("rollcall", "healthy members declared failed, at healthy ones") +
        " at healthy members.";
    return std::move(findings_);
  }

 private:
  Counts run_variant(const Variant& variant) {
    Counts sum;
    Series series{.name = variant.name};
    for (const std::size_t slow : slow_counts) {
      progress_.next(std::string(variant.name) + ", " + std::to_string(slow) + " slow");
      if (slow * 2 > members_) continue;
      Counts at_count;
      for (std::size_t i = 0; i < repetitions_ * anomalies.size(); ++i) {
        at_count.add(measure(variant, members_, slow, anomalies[i % anomalies.size()],
                             hash_combine(options_.seed, i)));
      }
      const auto value = static_cast<double>(at_count.false_all);
      series.points.push_back({static_cast<double>(slow), value, value, value});
      sum.add(at_count);
    }
    if (variant.slowness == Slowness::blocked) series_.push_back(std::move(series));
    return sum;
  }

  [[nodiscard]] const Counts& base_of(const Variant& variant) const {
    const std::string name = variant.slowness == Slowness::blocked ? "swim" : "swim, frozen";
    const auto found = std::ranges::find(variants_, name, &Variant::name);
    return sums_[static_cast<std::size_t>(found - variants_.begin())];
  }

  void add_rows(const Variant& variant, const Counts& sum) {
    const auto add = [&](const char* metric, const char* unit, double value,
                         std::optional<Anchor> anchor) {
      findings_.add({variant.name, members_, metric, unit, value, std::move(anchor)});
    };
    const bool is_own = variant.config.profile == core::Profile::rollcall;
    const Counts& base = base_of(variant);
    add("healthy members declared failed, anywhere", "events", static_cast<double>(sum.false_all),
        {});
    add("healthy members declared failed, at healthy ones", "events",
        static_cast<double>(sum.false_at_healthy),
        is_own ? std::optional(at_most(0)) : std::nullopt);
    if (&base == &sums_[index_of(variant)]) return;
    std::optional<Anchor> all_anchor;
    std::optional<Anchor> healthy_anchor;
    std::optional<Anchor> message_anchor;
    std::optional<Anchor> byte_anchor;
    if (variant.figures) {
      const std::string table = "Lifeguard, table IV";
      all_anchor = beside(variant.figures->all, table);
      healthy_anchor = beside(variant.figures->at_healthy, table);
      message_anchor = beside(variant.figures->messages, "Lifeguard, table VI");
      byte_anchor = beside(variant.figures->bytes, "Lifeguard, table VI");
      judge(variant, *all_anchor);
    }
    if (is_own) all_anchor = at_most(0.1);
    add("anywhere, share of swim's", "%", share(sum.false_all, base.false_all), all_anchor);
    add("at healthy ones, share of swim's", "%", share(sum.false_at_healthy, base.false_at_healthy),
        healthy_anchor);
    add("messages, share of swim's", "%", share(sum.totals.datagrams, base.totals.datagrams),
        message_anchor);
    add("bytes, share of swim's", "%", share(sum.totals.bytes, base.totals.bytes), byte_anchor);
  }

  [[nodiscard]] std::size_t index_of(const Variant& variant) const {
    return static_cast<std::size_t>(&variant - variants_.data());
  }

  /// The finding that carries the paper is judged, with room for another grid of patterns: what
  /// LHA-Suspicion removes, and that LHA-Probe and the Buddy System alone remove little.
  static void judge(const Variant& variant, Anchor& anchor) {
    if (variant.config.swim.confirmations != 0) {
      anchor = {.value = 10, .rule = Rule::at_most, .source = anchor.source + ": 3.0 and 1.53 %"};
    } else {
      anchor.rule = Rule::about;
      anchor.tolerance = 0.35;
    }
  }

  void notes() {
    findings_.notes.emplace_back(
        "The paper's grid of blocked and free times and its repetitions were not at hand: shares "
        "of "
        "SWIM's counts are compared, never counts, and with wide tolerance.");
    findings_.notes.emplace_back(
        "Blocked: timers run and what is sent goes out, but what comes in waits until the end (512 "
        "datagrams at the most). In the paper what is sent waits too.");
    findings_.notes.emplace_back(
        "A verdict overrides every incarnation, as SWIM has it, and the member comes back as a new "
        "life. In the paper's implementation a refutation overrides it: there hardly any false "
        "verdict of a slow member is believed by the healthy ones, here nearly all are. So the "
        "shares agree, and the part that is declared by healthy members is far greater.");
  }

  const ExperimentOptions& options_;
  std::size_t members_;
  std::size_t repetitions_;
  std::vector<Variant> variants_;
  Progress progress_;
  Findings findings_;
  std::vector<Counts> sums_;
  std::vector<Series> series_;
};

Findings run(const Experiment& self, const ExperimentOptions& options) {
  return Run(self, options).all();
}

}  // namespace

Experiment slow_members() {
  return {.id = "e4",
          .title = "Slow members",
          .question = "When some members are too slow to hear answers, whom do they bury?",
          .method =
              "Some of 128 members are blocked or frozen again and again for 80 s. "
              "Counted is every declaration that a healthy member has failed, and of those "
              "the ones made by healthy members. Five published configurations (alpha 5, "
              "beta 6, K 3), then rollcall.",
          .members = {128},
          .members_min = 12,
          .members_max = 1000,
          .repetitions = 1,
          .repetition_word = "passes over all patterns",
          .run = run};
}

}  // namespace rollcall::lab
