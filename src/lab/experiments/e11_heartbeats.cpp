// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "lab/experiments/all.hpp"
#include "lab/experiments/silent_losses.hpp"
#include "lab/experiments/van_renesse.hpp"

namespace rollcall::lab {
namespace {

constexpr const char* bytes_metric = "sent by a member";
constexpr const char* first_median = "first verdict, median";
constexpr const char* all_median = "everybody knows, median";
constexpr const char* all_p99 = "everybody knows, p99";

constexpr double mistakes = 1e-6;

struct Variant {
  std::string name;
  core::Config config;
};

std::vector<Variant> variants() {
  using core::DetectorKind;
  core::Config gossip;
  gossip.detector = DetectorKind::gossip;
  core::Config slow = gossip;
  slow.gossip_interval = 1s;
  core::Config unsuspicious = gossip;
  unsuspicious.suspicion_enabled = false;
  core::Config pingack;
  core::Config hasty = pingack;
  hasty.suspicion_enabled = false;
  return {{"gossip", gossip},
          {"gossip, every second", slow},
          {"gossip, suspicion off", unsuspicious},
          {"pingack", pingack},
          {"pingack, suspicion off", hasty}};
}

bool is_gossip(const Variant& variant) {
  return variant.config.detector == core::DetectorKind::gossip;
}

/// The published service has no suspicion, and so tolerates no pause: where there is one, it is
/// added.
Anchor beats_van_renesse(const VanRenesse& service, const core::Config& config) {
  const bool waits = config.suspicion_enabled;
  const Duration time = fail_time(service) + (waits ? core::suspicion_time_auto : Duration::zero());
  return {.value = to_seconds(time),
          .rule = Rule::at_most,
          .source = std::string("van Renesse 1998 with the same bytes a second, 1e-6") +
                    (waits ? ", and the pause of 2 s" : "")};
}

void add_rows(Findings& findings, const Variant& variant, std::size_t members,
              const SilentLossFindings& found) {
  const auto add = [&](const char* metric, const char* unit, double value,
                       std::optional<Anchor> anchor = {}) {
    findings.add({variant.name, members, metric, unit, value, std::move(anchor)});
  };
  const VanRenesse service{
      .members = members, .bytes_per_second = found.bytes, .mistakes = mistakes};
  const Summary first = summarize(found.first);
  const Summary all = summarize(found.all);
  add(bytes_metric, "B/s", found.bytes);
  add("datagrams of a member", "1/s", found.datagrams);
  add(first_median, "s", first.p50);
  add(all_median, "s", all.p50);
  if (is_gossip(variant)) {
    add("van Renesse's fail time, same bytes", "s", to_seconds(fail_time(service)));
    add(all_p99, "s", all.p99, beats_van_renesse(service, variant.config));
  } else {
    add(all_p99, "s", all.p99);
  }
  add("failed though they ran", "members", static_cast<double>(found.false_failures), at_most(0));
  add("losses not known in 2 min", "losses", static_cast<double>(found.missed), at_most(0));
}

/// The recurrence itself, against the paper's figure.
void add_published_rows(Findings& findings) {
  for (const auto& [members, seconds] :
       {std::pair<std::size_t, double>{50, 46}, {100, 99}, {200, 211}}) {
    findings.add({"van Renesse, 250 B/s, 1e-6", members, "fail time by the recurrence", "s",
                  to_seconds(fail_time({.members = members, .mistakes = mistakes})),
                  published(seconds, 0.03, "van Renesse 1998, figure 1")});
  }
}

void say_what_is_seen(Findings& findings, std::size_t largest) {
  findings.seen = "At " + std::to_string(largest) + " members the gossip detector sends " +
                  findings.told("gossip", bytes_metric, largest) +
                  " a member and everybody knows of a silent " + "loss after " +
                  findings.told("gossip", all_median, largest) + " in the median; pingack sends " +
                  findings.told("pingack", bytes_metric, largest) + " and needs " +
                  findings.told("pingack", all_median, largest) +
                  ". 2 s of both is the pause that is tolerated.";
  findings.notes.emplace_back(
      "Van Renesse's service has no suspicion: its fail time is the verdict. rollcall's heartbeats "
      "that stand still start a doubt, which a few pings settle, and the pause that is tolerated.");
  findings.notes.emplace_back(
      "The line of the paper is its recurrence with the bytes that the gossip detector was "
      "measured "
      "to send (8 bytes a member and list, no headers), and a chance of one in a million that any "
      "live member fails.");
}

Findings run(const Experiment& self, const ExperimentOptions& options) {
  Findings findings;
  const auto sizes = sizes_of(self, options);
  const auto all = variants();
  Progress progress(options, sizes.size() * all.size());
  Plot plot{.id = "everybody-knows",
            .title = "From a silent loss until every survivor knows",
            .caption =
                "Lines: median. Bands: 10th to 90th percentile. Dashed: the published service "
                "with the bytes that gossip sends.",
            .x = {"members", Scale::logarithmic},
            .y = {"seconds", Scale::logarithmic}};
  Series paper{.name = "van Renesse 1998", .mark = Mark::reference};
  for (const Variant& variant : all) {
    Series series{.name = variant.name};
    for (const std::size_t members : sizes) {
      progress.next(variant.name + ", " + std::to_string(members) + " members");
      const SilentLossFindings found =
          measure_silent_losses({.members = members,
                                 .config = variant.config,
                                 .seed = options.seed,
                                 .losses = repetitions_of(self, options)});
      add_rows(findings, variant, members, found);
      const auto x = static_cast<double>(members);
      series.points.push_back(point_of(x, summarize(found.all)));
      if (variant.name != "gossip") continue;
      const double seconds = to_seconds(
          fail_time({.members = members, .bytes_per_second = found.bytes, .mistakes = mistakes}));
      paper.points.push_back({x, seconds, seconds, seconds});
    }
    plot.series.push_back(std::move(series));
  }
  add_published_rows(findings);
  plot.series.push_back(std::move(paper));
  findings.plots.push_back(std::move(plot));
  say_what_is_seen(findings, sizes.back());
  return findings;
}

}  // namespace

Experiment heartbeats() {
  return {
      .id = "e11",
      .title = "Heartbeats by gossip",
      .question = "What does the gossip detector cost, and how soon does it find a silent loss?",
      .method =
          "A formed cluster is watched at rest for 30 s, then loses members in silence, one "
          "after another; the clock stops when the last survivor has declared it failed. Beside "
          "it: pingack, and the fail time of the published gossip service at the same bytes.",
      .members = {100, 1000},
      .members_min = 8,
      .members_max = 5000,
      .repetitions = 20,
      .repetition_word = "silent losses for each configuration and size",
      .run = run};
}

}  // namespace rollcall::lab
