// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "lab/experiments/all.hpp"
#include "lab/experiments/profiles.hpp"
#include "lab/experiments/stage.hpp"

namespace rollcall::lab {
namespace {

using sim::HostId;

constexpr Duration settling = 5s;
constexpr Duration window = 30s;
/// Members lost and back in an hour, as a share.
constexpr double churn_share = 0.10;
constexpr Duration away_time = 5s;
constexpr std::size_t tag_bytes = 900;  // with its keys about 1 KB on the wire
constexpr Duration knowing_limit = 30s;

enum class Load : std::uint8_t { steady, churn, updates };

struct Cost {
  double datagrams = 0;  // a member and period
  double bytes = 0;      // a member and second, datagrams and streams
  double known = 0;      // seconds until one loss was known to all; 0 if there was none
};

class Window {
 public:
  Window(Stage& stage, Load load) : stage_(stage), load_(load), ends_(stage.world()) {}

  Cost measure(Duration duration) {
    sim::World& world = stage_.world();
    const Totals before = stage_.totals();
    const std::uint64_t streams_before = world.stream_bytes();
    const Instant begins = world.now();
    begin_churn(begins, duration);
    for (Instant next = begins; world.now() < begins + duration;) {
      next += 1s;
      world.run_until(std::min(next, begins + duration));
      if (load_ == Load::updates) update_one();
      if (load_ == Load::churn) bring_back();
    }
    const Totals after = stage_.totals();
    const double member_seconds = static_cast<double>(stage_.size()) * to_seconds(duration);
    const auto grown = [](std::uint64_t from, std::uint64_t to) {
      // Members that were lost took their counts with them.
      return to > from ? static_cast<double>(to - from) : 0.0;
    };
    Cost cost{
        .datagrams = grown(before.datagrams, after.datagrams) / member_seconds,
        .bytes = (grown(before.bytes, after.bytes) + grown(streams_before, world.stream_bytes())) /
                 member_seconds};
    if (load_ == Load::updates) cost.known = lose_one();
    return cost;
  }

 private:
  struct Away {
    HostId host{};
    Instant back{};
  };

  void begin_churn(Instant begins, Duration duration) {
    if (load_ != Load::churn) return;
    const double losses = static_cast<double>(stage_.size()) * churn_share * to_seconds(duration) /
                          to_seconds(Duration(1h));
    gap_ = scaled(duration, 1 / std::max(1.0, losses));
    next_loss_ = begins + gap_ / 2;
  }
  void bring_back() {
    sim::World& world = stage_.world();
    for (; next_loss_ <= world.now(); next_loss_ += gap_) {
      const HostId host = stage_.draw_hosts(1).front();
      world.power_off(host);
      away_.push_back({host, world.now() + away_time});
    }
    for (const Away& one : away_) {
      if (one.back > world.now()) continue;
      world.power_on(one.host);
      world.restart(one.host, sim::Disk::kept, {world.seed_of(stage_.draw_hosts(1).front())});
    }
    std::erase_if(away_, [&](const Away& one) { return one.back <= world.now(); });
  }
  void update_one() {
    std::string text(tag_bytes / 4, static_cast<char>('a' + updates_++ % 26));
    stage_.world().command(
        stage_.draw_hosts(1).front(),
        core::SetTagsCommand{{{"a", text}, {"b", text}, {"c", text}, {"d", text}}});
  }
  /// Whether news of a loss gets through while updates flow.
  double lose_one() {
    sim::World& world = stage_.world();
    const HostId host = stage_.draw_hosts(1).front();
    const LifeId life = stage_.life(host);
    const Instant since = world.now();
    ends_.expect(life, since);
    world.power_off(host);
    Instant next_update = since;
    const auto is_known = [&] {
      if (world.now() >= next_update) {
        update_one();
        next_update += 1s;
      }
      return ends_.end(life).told >= stage_.size() - 1;
    };
    if (!world.run_until(is_known, knowing_limit, 50ms)) return to_seconds(knowing_limit);
    return to_seconds(ends_.end(life).last - since);
  }

  Stage& stage_;
  Load load_;
  EndWatch ends_;
  std::vector<Away> away_;
  Duration gap_{};
  Instant next_loss_{};
  std::size_t updates_ = 0;
};

struct Variant {
  std::string name;
  core::Config config;
  Load load;
};

std::vector<Variant> variants() {
  return {{"swim, steady", swim_config(), Load::steady},
          {"rollcall, steady", core::Config{}, Load::steady},
          {"rollcall, 10 % an hour come and go", core::Config{}, Load::churn},
          {"rollcall, 1 KB of tags changes every second", core::Config{}, Load::updates}};
}

void add_rows(Findings& findings, const Variant& variant, std::size_t members, const Cost& cost) {
  const auto add = [&](const char* metric, const char* unit, double value,
                       std::optional<Anchor> anchor) {
    findings.add({variant.name, members, metric, unit, value, std::move(anchor)});
  };
  const bool is_swim = variant.config.profile == core::Profile::swim;
  std::optional<Anchor> messages;
  // SWIM, figure 2: one ping and one ack, sent by every member in every period.
  if (is_swim) messages = published(2.0, 0.03, "SWIM, figure 2");
  add("datagrams sent", "a member and period", cost.datagrams, messages);
  std::optional<Anchor> bytes;
  if (!is_swim && variant.load != Load::updates) bytes = at_most(250);
  add("bytes sent", "B/s a member", cost.bytes, bytes);
  if (variant.load == Load::updates) {
    add("a silent loss known to everybody meanwhile", "s", cost.known, at_most(4));
  }
}

/// Between the smallest and the largest size of a run, for each configuration.
void add_growth(Findings& findings, const std::vector<Series>& lines) {
  for (const Series& line : lines) {
    if (line.points.size() < 2 || line.points.front().median == 0) continue;
    const double growth = line.points.back().median / line.points.front().median;
    findings.add({line.name, static_cast<std::size_t>(line.points.back().x),
                  "bytes, against the smallest size", "×", growth,
                  line.name == "rollcall, steady" ? std::optional(at_most(2)) : std::nullopt});
  }
}

Findings run(const Experiment& self, const ExperimentOptions& options) {
  Findings findings;
  const auto sizes = sizes_of(self, options);
  const auto all = variants();
  const Duration watched = window * static_cast<int>(repetitions_of(self, options));
  Progress progress(options, sizes.size() * all.size());
  std::vector<Series> lines;
  for (const Variant& variant : all) {
    Series line{.name = variant.name};
    for (const std::size_t members : sizes) {
      progress.next(variant.name + ", " + std::to_string(members) + " members");
      Stage stage({.members = members, .config = variant.config, .seed = options.seed});
      stage.world().run_for(settling);
      const Cost cost = Window(stage, variant.load).measure(watched);
      add_rows(findings, variant, members, cost);
      const auto x = static_cast<double>(members);
      line.points.push_back({x, cost.bytes, cost.bytes, cost.bytes});
    }
    lines.push_back(std::move(line));
  }
  add_growth(findings, lines);
  findings.plots.push_back(
      {.id = "bytes",
       .title = "What one member sends",
       .caption = "Payload of datagrams and streams, without IP and UDP headers.",
       .x = {"members", Scale::logarithmic},
       .y = {"bytes a second"},
       .series = std::move(lines)});
  findings.seen = "At " + std::to_string(sizes.back()) + " members each sends " +
                  findings.told("rollcall, steady", "bytes sent", sizes.back()) + " at rest, " +
                  findings.told("rollcall, 10 % an hour come and go", "bytes sent", sizes.back()) +
                  " with churn; SWIM's bare pings cost " +
                  findings.told("swim, steady", "bytes sent", sizes.back()) + ".";
  findings.notes.emplace_back(
      "What memberlist's exchange of whole states costs (0.7 to 34 KB/s from 1,000 to 66,000 "
      "members) is not reproduced: no profile exchanges whole states.");
  findings.notes.emplace_back(
      "66,000 members: --members 1000,66000, with about half an hour of patience.");
  return findings;
}

}  // namespace

Experiment scale_and_churn() {
  return {.id = "e10",
          .title = "Scale, churn and cost",
          .question = "What does a member pay as the cluster grows, and when members come and go?",
          .method =
              "A formed cluster runs; what every member sends is counted: at rest, with one "
              "member in ten coming and going within an hour, and with a kilobyte of tags "
              "changing somewhere every second.",
          .members = {1000, 10'000},
          .members_min = 10,
          .members_max = 100'000,
          .repetitions = 1,
          .repetition_word = "half-minutes watched",
          .run = run};
}

}  // namespace rollcall::lab
