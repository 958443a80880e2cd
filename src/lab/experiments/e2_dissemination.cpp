// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <string>

#include "lab/experiments/all.hpp"
#include "lab/experiments/datagrams.hpp"
#include "lab/experiments/profiles.hpp"
#include "lab/experiments/stage.hpp"

namespace rollcall::lab {
namespace {

using sim::HostId;

/// Nothing but the rumour is on the way: probes would carry it too.
constexpr Duration no_probes = 10min;
constexpr Duration link_delay = 250us;
constexpr Duration limit = 15s;
/// A rumour that rides on pings takes as many periods whatever they last. With a long one TCP
/// has the time to reach a member in spite of loss: with 1 s, 39 of 1,000 members come under
/// suspicion in each period at 10 % loss, and hundreds of accusations and refutations, each to be
/// sent 21 times by everybody, leave the rumour no room in the pings (measured: none of ten
/// reached all, while the model of the published rules has one rumour and nothing else).
constexpr Duration piggyback_period = 10s;
/// How long copies may still arrive after the last member knows, in periods.
constexpr int straggler_periods = 3;
/// The longest that a rumour is waited for, in periods.
constexpr int limit_periods = 15;
constexpr std::size_t residue_members_max = 1000;

sim::LinkOptions link_with(double loss) {
  return {.delay_min = link_delay, .delay_max = link_delay, .loss = loss};
}

core::Config push_config() {
  core::Config config = swim_config();
  config.probe_interval = no_probes;
  return config;
}

core::Config piggyback_config() {
  core::Config config = swim_config();
  // One rumour alone: a lost ping brings neither more datagrams to ride on nor a suspicion that
  // competes for the room in them.
  config.probe_interval = piggyback_period;
  config.indirect_probes = 0;
  config.swim.stream_probe = true;
  config.swim.gossip_ticks = false;
  config.swim.growth = core::SwimTuning::Growth::rounds;
  return config;
}

struct Spread {
  std::vector<double> last;     // seconds until the last member knew, of rumours that reached all
  std::vector<double> missing;  // the share of members that never heard, of each rumour
  std::vector<double> copies;   // that a member received on average, of each rumour
};

/// One member changes its tags, again and again; who hears of it, and when.
class Rumours {
 public:
  explicit Rumours(Stage& stage) : stage_(stage) {
    stage.world().observe([this](const sim::Observation& observation) {
      const bool is_it = observation.event.kind == core::EventKind::member_update &&
                         observation.event.name == subject_ &&
                         observation.observer.host != subject_host_;
      if (!is_it) return;
      ++told_;
      last_ = observation.time;
    });
    stage.world().observe_datagrams([this](HostId, HostId, Bytes datagram) {
      if (!subject_.empty()) copies_ += updates_about(datagram, subject_);
    });
  }

  /// Waits until all know, or for as long as given, and at least so long for stragglers' copies.
  void spread(Duration patience, Duration stragglers, Spread& spread) {
    sim::World& world = stage_.world();
    const std::size_t others = stage_.size() - 1;
    subject_host_ = stage_.draw_hosts(1).front();
    subject_ = world.name(subject_host_);
    told_ = copies_ = 0;
    const Instant since = world.now();
    tags_ = {{"rumour", std::to_string(++number_)}};
    world.command(subject_host_, core::SetTagsCommand{tags_});
    static_cast<void>(world.run_until([&] { return told_ >= others; }, patience, 1ms));
    spread.missing.push_back(static_cast<double>(count_missing()) / static_cast<double>(others));
    if (told_ >= others) spread.last.push_back(to_seconds(last_ - since));
    world.run_until(std::max(world.now(), since + stragglers));
    spread.copies.push_back(static_cast<double>(copies_) / static_cast<double>(others));
    subject_.clear();
  }

 private:
  /// Members that list the old tags, whatever they have told their readers.
  [[nodiscard]] std::size_t count_missing() const {
    const auto wanted = wire::encode_tags(tags_);
    const auto lacks = [&](HostId host) {
      const core::MemberTable& members = stage_.world().node(host).members();
      const auto slot = members.find(subject_);
      return !slot || members.at(*slot).tags != *wanted;
    };
    return static_cast<std::size_t>(std::ranges::count_if(stage_.world().hosts(), lacks));
  }

  Stage& stage_;
  wire::Tags tags_;
  std::string subject_;
  HostId subject_host_{};
  std::uint64_t number_ = 0;
  std::size_t told_ = 0;
  std::size_t copies_ = 0;
  Instant last_{};
};

/// How long the parts of a measurement last.
struct Times {
  Duration settling = 2s;
  Duration patience = limit;
  Duration stragglers = 3s;
};

constexpr Times piggyback_times{.settling = piggyback_period,
                                .patience = limit_periods * piggyback_period,
                                .stragglers = straggler_periods * piggyback_period};

Spread measure(const StageOptions& stage_options, std::size_t rumours, const Times& times) {
  Stage stage(stage_options);
  Rumours all(stage);
  Spread spread;
  stage.rest(times.settling);
  for (std::size_t i = 0; i < rumours; ++i) {
    all.spread(times.patience, times.stragglers, spread);
    stage.rest(times.settling / 2);
  }
  return spread;
}

struct Figure {
  std::size_t members;
  double value;
};

/// A published figure for this size, if there is one.
template <std::size_t n>
std::optional<Anchor> figure_of(const std::array<Figure, n>& figures, std::size_t members,
                                double tolerance, const char* source) {
  const auto found = std::ranges::find(figures, members, &Figure::members);
  if (found == figures.end()) return std::nullopt;
  return published(found->value, tolerance, source);
}

/// Models of the published rules; one rumour at a time.
constexpr std::array push_figures = {Figure{128, 0.72}, Figure{1000, 1.00}, Figure{10'000, 1.31}};
constexpr std::array piggyback_figures = {Figure{32, 3.3}, Figure{128, 4.6}, Figure{1000, 6.3},
                                          Figure{10'000, 8.0}};
constexpr std::array piggyback_lossy_figures = {Figure{32, 4.2}, Figure{128, 5.8},
                                                Figure{1000, 8.1}, Figure{10'000, 10.6}};
constexpr double push_slowdown_at_ten_percent = 1.11;
/// Residue of a rumour told c times by everybody who hears it: s = e^(-c(1-s)).
struct Residue {
  std::size_t cap;
  double share;
};
constexpr std::array residues = {Residue{3, 6.0e-2}, Residue{4, 2.0e-2}, Residue{5, 6.9e-3},
                                 Residue{6, 2.5e-3}, Residue{8, 3.3e-4}};

class Run {
 public:
  Run(const Experiment& self, const ExperimentOptions& options)
      : options_(options),
        sizes_(sizes_of(self, options)),
        repetitions_(repetitions_of(self, options)),
        progress_(options, sizes_.size() * 8 + residues.size()) {}

  Findings all() {
    for (const std::size_t members : sizes_) {
      push(members);
      piggyback(members);
      rollcall(members);
    }
    residue();
    plot();
    const std::size_t largest = sizes_.back();
    findings_.seen =
        "Told every 200 ms, one change takes " +
        findings_.told("swim, push every 200 ms, loss 0 %", "last member knows, mean", largest) +
        " to the last of " + std::to_string(largest) + " members; riding on pings alone, " +
        findings_.told("swim, piggyback only, loss 0 %", "last member knows, mean", largest) +
        ". rollcall pushes it on at once: " +
        findings_.told("rollcall, loss 0 %", "last member knows, median", largest) + ", and " +
        findings_.told("rollcall, loss 0 %", "copies a member receives, mean", largest) +
        " for each member.";
    findings_.notes.emplace_back(
        "Rounds of push-pull (9.2 at 1,000 members) and the rumours with feedback of Demers et "
        "al., table 1, are not reproduced: no profile spreads news by them.");
    findings_.notes.emplace_back(
        "Piggyback only: periods of 10 s, so that TCP reaches a member in spite of loss and hardly "
        "any suspicion competes with the rumour for the room in pings, of which the model has "
        "none. With periods of 1 s and 10 % loss, 39 of 1,000 members are suspected in each, and "
        "no rumour reaches everybody within 15 periods. A rumour is given up after 15 s, or 15 "
        "such periods.");
    findings_.notes.emplace_back(
        "Published push runs without probes, as its model does; with them, updates also ride on "
        "pings and arrive a little sooner.");
    return std::move(findings_);
  }

 private:
  /// Large and lossy clusters cost far more than they vary.
  [[nodiscard]] std::size_t rumours(std::size_t members, double loss) const {
    if (members > 200 && loss > 0.2) return std::min<std::size_t>(2, repetitions_);
    return members <= 1000 ? repetitions_ : std::max<std::size_t>(2, repetitions_ / 4);
  }
  Spread spread(const std::string& doing, std::size_t members, const core::Config& config,
                double loss, const Times& times = {}) {
    progress_.next(doing + ", " + std::to_string(members) + " members");
    return measure(
        {.members = members, .config = config, .seed = options_.seed, .link = link_with(loss)},
        rumours(members, loss), times);
  }
  void add(const std::string& configuration, std::size_t members, const char* metric,
           const char* unit, double value, std::optional<Anchor> anchor = {}) {
    findings_.add({configuration, members, metric, unit, value, std::move(anchor)});
  }
  /// A time is that of the rumours that reached everybody; how many did not is said besides.
  bool has_time(const std::string& name, std::size_t members, const Spread& result) {
    const std::size_t stuck = result.missing.size() - result.last.size();
    if (stuck != 0) {
      add(name, members, "rumours of which not everybody told in time", "rumours",
          static_cast<double>(stuck));
    }
    return !result.last.empty();
  }
  void note_point(const std::string& name, std::size_t members, const Summary& summary) {
    auto series = std::ranges::find(series_, name, &Series::name);
    if (series == series_.end()) series = series_.insert(series_.end(), Series{.name = name});
    series->points.push_back(point_of(static_cast<double>(members), summary));
  }

  void push(std::size_t members) {
    double lossless = 0;
    for (const int loss : {0, 10, 30}) {
      const std::string name = "swim, push every 200 ms, loss " + std::to_string(loss) + " %";
      const Spread result = spread(name, members, push_config(), loss / 100.0);
      if (!has_time(name, members, result)) continue;
      const Summary last = summarize(result.last);
      std::optional<Anchor> anchor;
      if (loss == 0) {
        anchor = figure_of(push_figures, members, 0.12, "model of the published rules");
        lossless = last.mean;
        note_point("swim, push", members, last);
      }
      add(name, members, "last member knows, mean", "s", last.mean, std::move(anchor));
      if (loss == 10 && lossless > 0) {
        add(name, members, "time against no loss", "×", last.mean / lossless,
            published(push_slowdown_at_ten_percent, 0.10, "model of the published rules"));
      }
    }
  }

  void piggyback(std::size_t members) {
    for (const int loss : {0, 10}) {
      const std::string name = "swim, piggyback only, loss " + std::to_string(loss) + " %";
      const Spread result =
          spread(name, members, piggyback_config(), loss / 100.0, piggyback_times);
      if (!has_time(name, members, result)) continue;
      const Summary last = summarize(result.last);
      const auto& figures = loss == 0 ? piggyback_figures : piggyback_lossy_figures;
      add(name, members, "last member knows, mean", "periods",
          last.mean / to_seconds(piggyback_period),
          figure_of(figures, members, 0.20, "model of the published rules"));
      if (loss == 0) note_point("swim, piggyback only, 10 s periods", members, last);
    }
  }

  void rollcall(std::size_t members) {
    for (const int loss : {0, 10, 30}) {
      const std::string name = "rollcall, loss " + std::to_string(loss) + " %";
      const Spread result = spread(name, members, core::Config{}, loss / 100.0);
      const Summary last = summarize(result.last);
      std::optional<Anchor> goal;
      if (loss == 0 && members <= 1000) goal = at_most(10);
      if (has_time(name, members, result)) {
        add(name, members, "last member knows, median", "ms", 1000 * last.p50, goal);
        add(name, members, "last member knows, longest", "ms", 1000 * last.max);
        note_point("rollcall" + (loss == 0 ? "" : ", loss " + std::to_string(loss) + " %"), members,
                   last);
      }
      if (loss == 0) {
        add(name, members, "copies a member receives, mean", "copies",
            summarize(result.copies).mean, at_most(12));
      }
      add(name, members, "members without it in the end", "%", 100 * summarize(result.missing).mean,
          at_most(0));
    }
  }

  void residue() {
    const std::size_t members = std::min(sizes_.back(), residue_members_max);
    Series measured{.name = "swim, push"};
    Series expected{.name = "s = e^(-c(1-s))", .mark = Mark::reference};
    for (const Residue& one : residues) {
      core::Config config = push_config();
      config.swim.update_sends = one.cap;
      const std::string name = "swim, each member tells " + std::to_string(one.cap) + " others";
      progress_.next(name);
      const Summary missing = summarize(
          measure(
              {.members = members, .config = config, .seed = options_.seed, .link = link_with(0)},
              2 * repetitions_, {.patience = 8s})
              .missing);
      add(name, members, "members never told", "%", 100 * missing.mean,
          published(100 * one.share, one.share < 1e-3 ? 0.8 : 0.30, "epidemic theory"));
      const auto cap = static_cast<double>(one.cap);
      measured.points.push_back({cap, 100 * missing.mean, 100 * missing.p10, 100 * missing.p90});
      expected.points.push_back({cap, 100 * one.share, 100 * one.share, 100 * one.share});
    }
    findings_.plots.push_back({.id = "residue",
                               .title = "Who never hears of a rumour that is not repaired",
                               .caption = "Mean; bands: 10th to 90th percentile of rumours. "
                                          "Profile swim, comparisons off.",
                               .x = {"times that each member tells it"},
                               .y = {"members never told (%)"},
                               .series = {measured, expected}});
  }

  void plot() {
    Series model{.name = "push, model", .mark = Mark::reference};
    for (const Figure& figure : push_figures) {
      const auto x = static_cast<double>(figure.members);
      model.points.push_back({x, figure.value, figure.value, figure.value});
    }
    series_.push_back(std::move(model));
    findings_.plots.insert(findings_.plots.begin(),
                           {.id = "last-member",
                            .title = "One change, until the last member knows",
                            .caption = "Lines: median. Bands: 10th to 90th percentile. Links of "
                                       "0.25 ms.",
                            .x = {"members", Scale::logarithmic},
                            .y = {"seconds", Scale::logarithmic},
                            .series = std::move(series_)});
  }

  const ExperimentOptions& options_;
  std::vector<std::size_t> sizes_;
  std::size_t repetitions_;
  Progress progress_;
  Findings findings_;
  std::vector<Series> series_;
};

Findings run(const Experiment& self, const ExperimentOptions& options) {
  return Run(self, options).all();
}

}  // namespace

Experiment dissemination() {
  return {.id = "e2",
          .title = "Dissemination",
          .question = "How fast does one piece of news reach everybody, and at what cost?",
          .method =
              "A member drawn at random changes its tags; the clock stops when the last "
              "member has told its readers. Published: told to three random members every "
              "200 ms, or on pings only. rollcall: pushed on at once.",
          .members = {128, 1000},
          .members_min = 8,
          .members_max = 20'000,
          .repetitions = 10,
          .repetition_word = "rumours for each configuration, a quarter above 1,000 members",
          .run = run};
}

}  // namespace rollcall::lab
