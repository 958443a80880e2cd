// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <string>
#include <vector>

#include "lab/experiments/all.hpp"
#include "lab/experiments/silent_losses.hpp"

namespace rollcall::lab {
namespace {

constexpr std::array drop_percents = {0, 5, 10, 20, 30};
constexpr Duration watch = 10min;

struct Setting {
  std::string name;
  core::DetectorKind detector{};
  bool suspicion = true;
};

std::vector<Setting> four_settings() {
  using core::DetectorKind;
  return {{"pingack, suspicion on", DetectorKind::pingack, true},
          {"pingack, suspicion off", DetectorKind::pingack, false},
          {"gossip, suspicion on", DetectorKind::gossip, true},
          {"gossip, suspicion off", DetectorKind::gossip, false}};
}

std::string name_of(const Setting& setting, int percent) {
  return setting.name + ", " + std::to_string(percent) + " % dropped";
}

SilentLossFindings measure(const Setting& setting, int percent, std::size_t members,
                           std::size_t losses, std::uint64_t seed) {
  core::Config config;
  config.detector = setting.detector;
  config.suspicion_enabled = setting.suspicion;
  config.drop_rate = static_cast<double>(percent) / 100;
  return measure_silent_losses({.members = members,
                                .config = config,
                                .seed = seed,
                                .settling = 30s,
                                .watch = watch,
                                .losses = losses});
}

void add_rows(Findings& findings, const Setting& setting, int percent, std::size_t members,
              const SilentLossFindings& found) {
  const auto add = [&](const char* metric, const char* unit, double value,
                       std::optional<Anchor> anchor = {}) {
    findings.add({name_of(setting, percent), members, metric, unit, value, std::move(anchor)});
  };
  const Summary all = summarize(found.all);
  // Without suspicion a member that loses so much is on its own: how often, is what is shown.
  const auto none = setting.suspicion ? std::optional(at_most(0)) : std::nullopt;
  add("failed though they ran", "members", static_cast<double>(found.false_failures), none);
  add("suspected, in a member's hour", "times",
      static_cast<double>(found.suspicions) / found.member_hours);
  add("everybody knows, median", "s", all.p50);
  add("everybody knows, p99", "s", all.p99);
  add("losses not known in 2 min", "losses", static_cast<double>(found.missed), at_most(0));
  add("sent by a member", "B/s", found.bytes);
}

Findings run(const Experiment& self, const ExperimentOptions& options) {
  Findings findings;
  const auto sizes = sizes_of(self, options);
  const auto settings = four_settings();
  Progress progress(options, sizes.size() * settings.size() * drop_percents.size());
  Plot plot{.id = "loss",
            .title = "From a silent loss until every survivor knows, " +
                     std::to_string(sizes.front()) + " members",
            .caption = "Lines: median. Bands: 10th to 90th percentile.",
            .x = {"datagrams dropped by each member (%)"},
            .y = {"seconds"}};
  for (const Setting& setting : settings) {
    Series series{.name = setting.name};
    for (const std::size_t members : sizes) {
      for (const int percent : drop_percents) {
        progress.next(name_of(setting, percent) + ", " + std::to_string(members) + " members");
        const SilentLossFindings found =
            measure(setting, percent, members, repetitions_of(self, options), options.seed);
        add_rows(findings, setting, percent, members, found);
        if (members != sizes.front()) continue;
        series.points.push_back(point_of(percent, summarize(found.all)));
      }
    }
    plot.series.push_back(std::move(series));
  }
  findings.plots.push_back(std::move(plot));
  const auto told = [&](const char* setting) {
    return findings.told(std::string(setting) + ", 30 % dropped", "everybody knows, median",
                         sizes.back());
  };
  findings.seen =
      "Where each member drops 30 % of what it is sent, everybody knows of a silent loss "
      "after " +
      told("pingack, suspicion on") + " with pingack and " + told("gossip, suspicion on") +
      " with gossip; with suspicion off, after " + told("pingack, suspicion off") + " and " +
      told("gossip, suspicion off") + ".";
  findings.notes.emplace_back(
      "Dropped is what arrives at each member, as its setting drop-rate says: of a ping and its "
      "answer at 30 % only 49 % get through. Streams are not touched.");
  return findings;
}

}  // namespace

Experiment four_settings_under_loss() {
  return {
      .id = "e12",
      .title = "Four settings under loss",
      .question = "What does each setting of detector and suspicion cost, and gain, under loss?",
      .method =
          "Each member drops a share of its incoming datagrams. The cluster is watched for ten "
          "minutes, then loses members in silence, one after another.",
      .members = {30},
      .members_min = 8,
      .members_max = 1000,
      .repetitions = 20,
      .repetition_word = "silent losses for each setting and drop rate",
      .run = run};
}

}  // namespace rollcall::lab
