// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "lab/experiments/all.hpp"
#include "lab/experiments/datagrams.hpp"
#include "lab/experiments/profiles.hpp"
#include "lab/experiments/stage.hpp"

namespace rollcall::lab {
namespace {

using sim::HostId;

constexpr Duration period = std::chrono::seconds(1);
/// The longest that a silent member is waited for, in periods: far beyond the 99.9th percentile.
constexpr int patience_periods = 25;
/// At the most one in this many is silent at one time.
constexpr std::size_t silent_share = 100;
/// A fresh cluster is taken when one in this many has been silent.
constexpr std::size_t spent_share = 16;

struct Variant {
  const char* name;
  core::Config config;
};

std::vector<Variant> variants() {
  core::Config random = swim_config();
  random.swim.buddy = true;          // so that a member that is heard again is cleared at once
  random.swim.gossip_ticks = false;  // who is told of a suspicion does not matter here
  core::Config robin = random;
  robin.swim.targets = core::SwimTuning::Targets::round_robin;
  core::Config rounds = random;
  rounds.swim.phases = core::SwimTuning::Phases::aligned;
  return {{"swim, random targets", random},
          {"swim, round robin", robin},
          {"swim, synchronous rounds", rounds},
          {"rollcall", core::Config{}}};
}

struct Times {
  std::vector<double> probed;     // in periods, since the member went silent
  std::vector<double> suspected;  //
};

/// Members that fall silent: they hear everything, and nothing that they say gets out. So the
/// moment at which the first probe reaches one can be seen, which it cannot at a dead host.
class SilentMembers {
 public:
  explicit SilentMembers(Stage& stage) : stage_(stage), ends_(stage.world()) {
    stage.world().observe_datagrams([this](HostId, HostId to, Bytes datagram) {
      const auto found = silent_.find(to);
      if (found == silent_.end() || found->second.probed || !holds_ping(datagram)) return;
      found->second.probed = stage_.world().now();
    });
  }

  void measure(std::size_t count, Times& times) {
    sim::World& world = stage_.world();
    const Instant begins = world.now();
    std::vector<std::pair<Instant, HostId>> schedule;
    for (const HostId host : stage_.draw_hosts(count)) {
      schedule.emplace_back(begins + stage_.prng().between(Duration::zero(), period), host);
    }
    std::ranges::sort(schedule);
    for (const auto& [moment, host] : schedule) {
      world.run_until(moment);
      silent_[host] = {.life = stage_.life(host), .since = moment};
      ends_.expect(stage_.life(host), moment);
      world.set_loss(host, {.out = 1});
    }
    static_cast<void>(
        world.run_until([&] { return is_done(); }, patience_periods * period, period / 10));
    collect(times);
  }

 private:
  struct Silence {
    LifeId life;
    Instant since{};
    std::optional<Instant> probed{};
  };

  [[nodiscard]] bool is_done() const {
    return std::ranges::all_of(silent_, [&](const auto& entry) {
      return entry.second.probed && ends_.end(entry.second.life).suspected;
    });
  }

  void collect(Times& times) {
    const auto periods = [](Duration duration) {
      return to_seconds(duration) / to_seconds(period);
    };
    for (const auto& [host, silence] : silent_) {
      const EndWatch::End& end = ends_.end(silence.life);
      if (silence.probed) times.probed.push_back(periods(*silence.probed - silence.since));
      if (end.suspected) times.suspected.push_back(periods(*end.suspected - silence.since));
      stage_.world().set_loss(host, {});
    }
    silent_.clear();
    ends_.clear();
  }

  Stage& stage_;
  EndWatch ends_;
  std::map<HostId, Silence> silent_;
};

Times measure(const core::Config& config, std::size_t members, std::size_t samples,
              std::uint64_t seed) {
  Times times;
  const std::size_t at_once = std::max<std::size_t>(1, members / silent_share);
  const std::size_t in_one_world = std::max<std::size_t>(4, members / spent_share);
  std::size_t done = 0;
  for (std::uint64_t world = 0; done < samples; ++world) {
    Stage stage({.members = members, .config = config, .seed = hash_combine(seed, world)});
    SilentMembers silent(stage);
    stage.rest(3 * period);
    for (std::size_t here = 0; here < in_one_world && done < samples; here += at_once) {
      const std::size_t count = std::min(at_once, samples - done);
      silent.measure(count, times);
      done += count;
      stage.rest(2 * period);
    }
  }
  return times;
}

/// How long one member leaves another unprobed, in periods: every pair's longest wait.
Summary measure_gaps(std::size_t members, std::uint64_t seed) {
  core::Config config = swim_config();
  config.swim.targets = core::SwimTuning::Targets::round_robin;
  Stage stage({.members = members, .config = config, .seed = seed});
  std::map<std::pair<HostId, HostId>, Instant> last;
  std::vector<double> gaps;
  stage.world().observe_datagrams([&](HostId from, HostId to, Bytes datagram) {
    if (!holds_ping(datagram)) return;
    const Instant now = stage.world().now();
    const auto [entry, is_first] = last.try_emplace({from, to}, now);
    if (!is_first) gaps.push_back(to_seconds(now - entry->second) / to_seconds(period));
    entry->second = now;
  });
  stage.world().run_for(16 * static_cast<int>(members) * period);
  return summarize(std::move(gaps));
}

/// Synchronous rounds are counted, not timed: the first round after the loss is one.
std::vector<double> in_rounds(const std::vector<double>& periods) {
  std::vector<double> rounds;
  for (const double value : periods) rounds.push_back(std::floor(value) + 1);
  return rounds;
}

void add_swim_rows(Findings& findings, const Variant& variant, std::size_t members,
                   const Times& times) {
  const Summary probed = summarize(times.probed);
  const auto add = [&](const char* metric, double value, std::optional<Anchor> anchor) {
    findings.add({variant.name, members, metric, "periods", value, std::move(anchor)});
  };
  if (variant.config.swim.phases == core::SwimTuning::Phases::aligned) {
    // SWIM, section 3.1: e/(e-1), for many members in synchronous rounds.
    add("rounds until the first probe, mean", summarize(in_rounds(times.probed)).mean,
        published(1.58, 0.08, "SWIM, section 3.1: e/(e-1)"));
    return;
  }
  // Tolerances leave room for the sampling error of some hundred losses.
  // Monte Carlo of the published rules with phases of the members' own: the time until one of
  // many independent probers meets the member is exponential with mean 1.
  const std::string model = "model: probes at random phases";
  add("first probe, mean", probed.mean, published(1.00, 0.15, model));
  add("first probe, median", probed.p50, published(0.69, 0.22, model));
  add("first probe, p99", probed.p99, published(4.6, 0.30, model));
  add("first suspicion, mean", summarize(times.suspected).mean,
      published(2.0, 0.10, "model: the first probe, and the period's end"));
}

void add_rollcall_rows(Findings& findings, const Variant& variant, std::size_t members,
                       const Times& times) {
  const Summary probed = summarize(times.probed);
  const Summary suspected = summarize(times.suspected);
  const auto add = [&](const char* metric, double value, std::optional<Anchor> anchor) {
    findings.add({variant.name, members, metric, "periods", value, std::move(anchor)});
  };
  add("first probe, mean", probed.mean, at_most(0.55));
  add("first probe, p99", probed.p99, at_most(1.05));
  add("first probe, longest", probed.max, {});
  add("first suspicion, mean", suspected.mean, {});
  add("first suspicion, p99", suspected.p99, {});
}

/// Large sizes cost more, and tell the same.
std::size_t samples_at(std::size_t members, std::size_t repetitions) {
  return members <= 200 ? repetitions : std::max<std::size_t>(1, repetitions / 2);
}

Findings run(const Experiment& self, const ExperimentOptions& options) {
  Findings findings;
  const auto sizes = sizes_of(self, options);
  const auto all = variants();
  Progress progress(options, sizes.size() * all.size() + 1);
  Plot curves{.id = "first-probe",
              .title = "How long a silent member waits for its first probe",
              .caption = "Share of all losses that had been probed by then.",
              .x = {"periods since the member fell silent"},
              .y = {"share probed (%)"}};
  for (const std::size_t members : sizes) {
    for (const Variant& variant : all) {
      progress.next(std::string(variant.name) + ", " + std::to_string(members) + " members");
      const Times times = measure(variant.config, members,
                                  samples_at(members, repetitions_of(self, options)), options.seed);
      const bool is_swim = variant.config.profile == core::Profile::swim;
      (is_swim ? add_swim_rows : add_rollcall_rows)(findings, variant, members, times);
      if (members == sizes.back()) {
        curves.series.push_back({variant.name, distribution_of(times.probed), Mark::line});
      }
    }
  }
  curves.title += ", " + std::to_string(sizes.back()) + " members";
  findings.plots.push_back(std::move(curves));
  const std::size_t robin = std::min<std::size_t>(sizes.front(), 128);
  progress.next("waits of round robin");
  const Summary gaps = measure_gaps(robin, options.seed);
  const auto n = static_cast<double>(robin);
  findings.add({"swim, round robin", robin, "one member leaves another unprobed, mean", "periods",
                gaps.mean, published(n - 1, 0.05, "SWIM, section 4.3")});
  findings.add({"swim, round robin", robin, "one member leaves another unprobed, longest",
                "periods", gaps.max,
                Anchor{.value = 2 * n - 1, .rule = Rule::at_most, .source = "SWIM, section 4.3"}});
  findings.notes.emplace_back(
      "A member falls silent instead of dying: it goes on to hear, so that the arrival of the "
      "first probe can be seen. Nothing that it says gets out.");
  findings.notes.emplace_back(
      "Up to one member in a hundred is silent at one time; each is a sample of its own.");
  const std::size_t largest = sizes.back();
  findings.seen =
      "With random targets the first probe of a silent member comes after " +
      findings.told("swim, random targets", "first probe, mean", largest) + " on average and " +
      findings.told("swim, random targets", "first probe, p99", largest) +
      " in the slowest hundredth. rollcall's even schedule, at the same load, comes after " +
      findings.told("rollcall", "first probe, mean", largest) + " and " +
      findings.told("rollcall", "first probe, p99", largest) + "; it suspects after " +
      findings.told("rollcall", "first suspicion, mean", largest) + ", SWIM after " +
      findings.told("swim, random targets", "first suspicion, mean", largest) + ".";
  return findings;
}

}  // namespace

Experiment first_detection() {
  return {
      .id = "e1",
      .title = "First detection",
      .question = "How long until anybody looks at a member that has gone silent?",
      .method =
          "Members fall silent at random moments, one after another; the arrival of the "
          "first probe and the first suspicion are timed. Published: one random target "
          "a period. rollcall: an even schedule at the same load.",
      .members = {32, 128, 1000},
      .members_min = 8,
      .members_max = 20'000,
      .repetitions = 300,
      .repetition_word = "losses for each configuration and size, half as many above 200 members",
      .run = run};
}

}  // namespace rollcall::lab
