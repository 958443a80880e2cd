// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <string>

#include "lab/experiments/all.hpp"
#include "lab/experiments/datagrams.hpp"
#include "lab/experiments/profiles.hpp"
#include "lab/experiments/stage.hpp"

namespace rollcall::lab {
namespace {

using sim::HostId;

constexpr Duration settling = 5s;
/// What is watched of a cluster at rest; above 10,000 members as many member-seconds, in less time.
constexpr Duration window = 30s;
constexpr std::size_t whole_window_members = 10'000;
constexpr Duration window_min = 5s;

/// Members lost and back, as a share of all.
constexpr double churn_share = 0.10;
constexpr Duration away_time = 5s;
/// Losses are as far apart as with a tenth an hour, or closer where few would be seen.
constexpr Duration loss_gap_max = 4s;
constexpr std::size_t losses_min = 6;
constexpr Duration loss_time = 5s;
/// After the last return, until its news is at rest.
constexpr Duration churn_tail = 6s;

constexpr std::size_t tag_bytes = 900;  // with its keys about 1 KB on the wire
constexpr Duration knowing_limit = 30s;
/// Updates of the tags stop being counted after so long in a large cluster.
constexpr Duration update_window = 10s;

/// At these sizes rollcall is to keep its bytes while a tenth comes and goes in a day.
constexpr std::size_t judged_churn_members_max = 10'000;
constexpr double bytes_goal = 250;

Duration window_of(std::size_t members, Duration whole) {
  if (members <= whole_window_members) return whole;
  return std::max(window_min, scaled(whole, static_cast<double>(whole_window_members) /
                                                static_cast<double>(members)));
}

/// What was sent between two moments, by all.
class Meter {
 public:
  explicit Meter(Stage& stage) : stage_(stage) { restart(); }

  void restart() {
    lost_ = {};
    before_ = stage_.totals();
    streams_before_ = stage_.world().stream_bytes();
    since_ = stage_.world().now();
  }
  /// A member that ends takes its counts with it: they are kept here.
  void keep(HostId host) {
    const core::Counters& counters = stage_.world().node(host).counters();
    lost_.datagrams += counters.datagrams_sent;
    lost_.bytes += counters.bytes_sent;
  }
  [[nodiscard]] double datagrams() const {
    return static_cast<double>(stage_.totals().datagrams + lost_.datagrams - before_.datagrams);
  }
  /// Of datagrams and of streams.
  [[nodiscard]] double bytes() const {
    return static_cast<double>(stage_.totals().bytes + lost_.bytes - before_.bytes +
                               stage_.world().stream_bytes() - streams_before_);
  }
  [[nodiscard]] double member_seconds() const {
    return static_cast<double>(stage_.size()) * to_seconds(stage_.world().now() - since_);
  }

 private:
  Stage& stage_;
  Totals before_{};
  Totals lost_{};
  std::uint64_t streams_before_ = 0;
  Instant since_{};
};

/// At rest, of a member.
struct Rest {
  double datagrams = 0;  // a second
  double bytes = 0;      // a second
};

Rest rest_of(Stage& stage, Duration duration) {
  Meter meter(stage);
  stage.world().run_for(duration);
  return {.datagrams = meter.datagrams() / meter.member_seconds(),
          .bytes = meter.bytes() / meter.member_seconds()};
}

/// What one loss or one return costs each member, beyond what it sends at rest.
struct EventCost {
  double bytes = 0;
  double copies = 0;  // of news of it that a member receives
};

/// Members lose power and come back, one after the other.
class Churn {
 public:
  explicit Churn(Stage& stage) : stage_(stage), meter_(stage) {
    stage.world().observe_datagrams([this](HostId, HostId, Bytes datagram) {
      for_each_message(datagram, [this](const wire::Message& message) {
        const auto* update = std::get_if<wire::Update>(&message);
        if (update != nullptr && churned_.contains(update->name)) ++copies_;
      });
    });
  }

  EventCost measure(const Rest& rest) {
    const Duration gap = std::min(loss_gap_max, scaled(1h, 1 / per_hour()));
    const auto losses = std::max(losses_min, static_cast<std::size_t>(loss_time / gap));
    meter_.restart();
    Instant next = stage_.world().now();
    for (std::size_t i = 0; i < losses; ++i, next += gap) {
      run_until(next);
      lose_one();
    }
    run_until(next + away_time + churn_tail);
    const double shares = 2 * static_cast<double>(losses) * static_cast<double>(stage_.size());
    const double extra = meter_.bytes() - rest.bytes * meter_.member_seconds();
    return {.bytes = std::max(0.0, extra / shares),
            .copies = static_cast<double>(copies_) / shares};
  }

 private:
  struct Away {
    HostId host{};
    Instant back{};
  };

  [[nodiscard]] double per_hour() const {
    return std::max(1.0, churn_share * static_cast<double>(stage_.size()));
  }
  void run_until(Instant end) {
    while (!away_.empty() && away_.front().back <= end) {
      stage_.world().run_until(away_.front().back);
      bring_back(away_.front().host);
      away_.erase(away_.begin());
    }
    stage_.world().run_until(end);
  }
  void lose_one() {
    const HostId host = stage_.draw_hosts(1).front();
    meter_.keep(host);
    stage_.world().power_off(host);
    churned_.insert(stage_.world().name(host));
    away_.push_back({host, stage_.world().now() + away_time});
  }
  void bring_back(HostId host) {
    sim::World& world = stage_.world();
    world.power_on(host);
    world.restart(host, sim::Disk::kept, {world.seed_of(stage_.draw_hosts(1).front())});
  }

  Stage& stage_;
  Meter meter_;
  std::vector<Away> away_;
  std::set<std::string, std::less<>> churned_;
  std::uint64_t copies_ = 0;
};

/// Somebody's tags change every second, and then one member is lost.
class Updates {
 public:
  explicit Updates(Stage& stage) : stage_(stage), ends_(stage.world()) {}

  Rest measure(Duration duration) {
    Meter meter(stage_);
    const Instant end = stage_.world().now() + duration;
    for (Instant next = stage_.world().now(); next < end; next += 1s) {
      stage_.world().run_until(next);
      update_one();
    }
    stage_.world().run_until(end);
    return {.datagrams = meter.datagrams() / meter.member_seconds(),
            .bytes = meter.bytes() / meter.member_seconds()};
  }
  /// Seconds until all know of a loss, while updates flow on.
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

 private:
  void update_one() {
    std::string text(tag_bytes / 4, static_cast<char>('a' + updates_++ % 26));
    stage_.world().command(
        stage_.draw_hosts(1).front(),
        core::SetTagsCommand{{{"a", text}, {"b", text}, {"c", text}, {"d", text}}});
  }

  Stage& stage_;
  EndWatch ends_;
  std::size_t updates_ = 0;
};

constexpr const char* steady_name = "rollcall, steady";
constexpr const char* update_name = "rollcall, 1 KB of tags changes every second";

struct Rate {
  const char* name;
  Duration period;  // in which the share is lost and comes back
};
constexpr std::array churn_rates = {Rate{"rollcall, 10 % a day come and go", 24h},
                                    Rate{"rollcall, 10 % an hour come and go", 1h}};

class Run {
 public:
  Run(const Experiment& self, const ExperimentOptions& options)
      : options_(options),
        sizes_(sizes_of(self, options)),
        whole_(window * static_cast<int>(repetitions_of(self, options))),
        progress_(options, sizes_.size() * 4) {}

  Findings all() {
    for (const std::size_t members : sizes_) {
      progress_.next("swim, steady, " + std::to_string(members) + " members");
      published_rest(members);
      progress_.next("rollcall, steady, " + std::to_string(members) + " members");
      own_rest_and_churn(members);
      progress_.next("rollcall, tags change, " + std::to_string(members) + " members");
      updates(members);
    }
    growth();
    notes();
    findings_.plots.push_back(
        {.id = "bytes",
         .title = "What one member sends",
         .caption = "Payload of datagrams and streams, without IP and UDP headers.",
         .x = {"members", Scale::logarithmic},
         .y = {"bytes a second"},
         .series = std::move(lines_)});
    const std::size_t largest = sizes_.back();
    findings_.seen = "At " + std::to_string(largest) + " members each sends " +
                     findings_.told(steady_name, "bytes sent", largest) + " at rest, and " +
                     findings_.told(churn_rates[1].name, "bytes sent", largest) +
                     " with a tenth of all lost and back in an hour; SWIM's bare pings cost " +
                     findings_.told("swim, steady", "bytes sent", largest) + ".";
    return std::move(findings_);
  }

 private:
  void add(const std::string& configuration, std::size_t members, const char* metric,
           const char* unit, double value, std::optional<Anchor> anchor = {}) {
    findings_.add({configuration, members, metric, unit, value, std::move(anchor)});
  }
  void add_point(const std::string& name, std::size_t members, double value) {
    auto line = std::ranges::find(lines_, name, &Series::name);
    if (line == lines_.end()) line = lines_.insert(line, Series{.name = name});
    line->points.push_back({static_cast<double>(members), value, value, value});
  }

  void published_rest(std::size_t members) {
    Stage stage({.members = members, .config = swim_config(), .seed = options_.seed});
    stage.world().run_for(settling);
    const Rest rest = rest_of(stage, window_of(members, whole_));
    const std::string name = "swim, steady";
    add(name, members, "datagrams sent", "a member and period", rest.datagrams,
        published(2.0, 0.03, "SWIM, figure 2"));  // one ping and one ack
    add(name, members, "bytes sent", "B/s a member", rest.bytes);
    add_point(name, members, rest.bytes);
  }

  void own_rest_and_churn(std::size_t members) {
    Stage stage({.members = members, .seed = options_.seed});
    stage.world().run_for(settling);
    const Rest rest = rest_of(stage, window_of(members, whole_));
    add(steady_name, members, "datagrams sent", "a member and period", rest.datagrams);
    add(steady_name, members, "bytes sent", "B/s a member", rest.bytes, at_most(bytes_goal));
    add_point(steady_name, members, rest.bytes);
    progress_.next("rollcall, churn, " + std::to_string(members) + " members");
    const EventCost cost = Churn(stage).measure(rest);
    for (const Rate& rate : churn_rates) add_churn(members, rate, rest, cost);
  }

  /// The rate times what each loss and each return was measured to cost, above the rest.
  void add_churn(std::size_t members, const Rate& rate, const Rest& rest, const EventCost& cost) {
    const double per_second =
        2 * churn_share * static_cast<double>(members) / to_seconds(rate.period);
    const double bytes = rest.bytes + per_second * cost.bytes;
    const bool is_judged = rate.period == 24h && members <= judged_churn_members_max;
    add(rate.name, members, "bytes sent", "B/s a member", bytes,
        is_judged ? std::optional(at_most(bytes_goal)) : std::nullopt);
    add(rate.name, members, "bytes for a loss or a return, above rest", "B a member", cost.bytes);
    add(rate.name, members, "copies of news of a loss or a return", "a member", cost.copies);
    add_point(rate.name, members, bytes);
  }

  void updates(std::size_t members) {
    Stage stage({.members = members, .seed = options_.seed});
    stage.world().run_for(settling);
    Updates load(stage);
    const bool is_large = members > whole_window_members;
    const Rest cost = load.measure(is_large ? std::min(whole_, update_window) : whole_);
    add(update_name, members, "bytes sent", "B/s a member", cost.bytes);
    add(update_name, members, "a silent loss known to everybody meanwhile", "s", load.lose_one(),
        at_most(4));
    add_point(update_name, members, cost.bytes);
  }

  /// Between the smallest and the largest size of a run, for each configuration.
  void growth() {
    for (const Series& line : lines_) {
      if (line.points.size() < 2 || line.points.front().median == 0) continue;
      add(line.name, static_cast<std::size_t>(line.points.back().x),
          "bytes, against the smallest size", "×",
          line.points.back().median / line.points.front().median,
          line.name == steady_name ? std::optional(at_most(2)) : std::nullopt);
    }
  }

  void notes() {
    findings_.notes.emplace_back(
        "The goal of 250 B/s is for the cluster at rest, at every size, and for a tenth that comes "
        "and goes in a day at 1,000 and 10,000 members. Every member must be told of every loss "
        "and every return at least once: what that costs grows with the rate of events, and so, "
        "at a fixed share, with the number of members.");
    findings_.notes.emplace_back(
        "Churn: members lose power one after another, as far apart as a tenth of all in an hour "
        "makes it and 4 s at the most, and come back after 5 s with a new life; all bytes above "
        "the rest are divided by losses and returns. The rows are the rest, and that cost times "
        "the rate. With the bytes goes the list that a returning member is sent.");
    findings_.notes.emplace_back(
        "Above 10,000 members the rest is watched for as many member-seconds in less time, 5 s at "
        "the least, and changing tags for 10 s: 66,000 members take some minutes.");
    findings_.notes.emplace_back(
        "What memberlist's exchange of whole states costs (0.7 to 34 KB/s from 1,000 to 66,000 "
        "members) is not reproduced: no profile exchanges whole states.");
  }

  const ExperimentOptions& options_;
  std::vector<std::size_t> sizes_;
  Duration whole_;
  Progress progress_;
  Findings findings_;
  std::vector<Series> lines_;
};

Findings run(const Experiment& self, const ExperimentOptions& options) {
  return Run(self, options).all();
}

}  // namespace

Experiment scale_and_churn() {
  return {.id = "e10",
          .title = "Scale, churn and cost",
          .question = "What does a member pay as the cluster grows, and when members come and go?",
          .method =
              "A formed cluster runs; what every member sends is counted: at rest, with one "
              "member in ten lost and back within a day or an hour, and with a kilobyte of tags "
              "changing somewhere every second.",
          .members = {1000, 10'000},
          .members_min = 10,
          .members_max = 100'000,
          .repetitions = 1,
          .repetition_word = "half-minutes watched at rest",
          .run = run};
}

}  // namespace rollcall::lab
