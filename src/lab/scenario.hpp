// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "core/config.hpp"
#include "sim/network.hpp"
#include "sim/world.hpp"

/// What a user can ask the simulator: a cluster, a network, trouble over time, and what must hold.
namespace rollcall::lab {

using namespace std::chrono_literals;

/// Where something stands in the file it was read from; 0 when it was made by a program.
struct Place {
  int line = 0;
  int column = 0;
};

// --- The cluster -------------------------------------------------------------------------------

enum class Start : std::uint8_t {
  joined,  // the clock starts when every member lists every other
  cold,    // the clock starts with the first process
  formed   // everybody is a member from the first moment; nobody ever joined
};

struct ClusterPlan {
  std::size_t members = 10;
  Start start = Start::joined;
  /// Between two starts of processes; not for `formed`.
  Duration start_gap = 10ms;
  /// Through how many of the first members a process that starts again may join; 0 leaves it with
  /// the addresses on its disk.
  std::size_t seeds = 3;
  /// What every member's configuration has in common.
  core::Config config{};
};

// --- Whom a fault befalls ----------------------------------------------------------------------

/// Members n<first> to n<last>.
struct IndexRange {
  std::size_t first = 0;
  std::size_t last = 0;

  bool operator==(const IndexRange&) const = default;
};

struct Targets {
  enum class Kind : std::uint8_t {
    named,         // the ranges
    all,           //
    random_count,  // so many, drawn anew each time
    random_share,  // this share of all members, drawn anew each time
    in_turn,       // n0 the first time, n1 the second, …
    fresh          // so many that were not there before
  };
  Kind kind = Kind::named;
  std::vector<IndexRange> ranges = {};
  std::size_t count = 0;
  double share = 0;

  bool operator==(const Targets&) const = default;
};

// --- Faults ------------------------------------------------------------------------------------

enum class FaultKind : std::uint8_t {
  crash,
  power_off,
  restart,
  freeze,
  thaw,
  hold_input,
  release_input,
  leave,
  join,
  partition,
  heal,
  cut,
  mend,
  link,
  host_loss,
  bandwidth,
  drift,
  jump_clock,
  step_clock,
  change,  // members change the cluster's settings
  peace    // every trouble ends, and everybody who is down or out comes back
};
/// As in a scenario: "power-off".
std::string_view to_text(FaultKind kind);

/// What becomes of every link; what is not given is as the scenario's network says.
struct LinkChange {
  std::optional<Duration> delay_min;
  std::optional<Duration> delay_max;
  std::optional<sim::DelayShape> shape;
  /// Where a delay is given without it, the middle of that.
  std::optional<Duration> delay_mean;
  std::optional<double> loss;
  std::optional<double> duplicate;
  std::optional<double> reorder;
  std::optional<Duration> reorder_by;
};
[[nodiscard]] sim::LinkOptions changed(sim::LinkOptions link, const LinkChange& change);

enum class Move : std::uint8_t { stay, new_address };
enum class Ways : std::uint8_t { one, both };

/// One thing that happens, once or again and again.
struct Fault {
  FaultKind kind{};
  /// Since the scenario's clock started.
  Duration at{};
  /// How long it lasts; without, until something else ends it.
  std::optional<Duration> lasts = {};
  /// Again after each such time, not later than `until`.
  std::optional<Duration> every = {};
  std::optional<Duration> until = {};

  Targets targets{};
  /// partition: those who can reach one another; whoever is not named is a group of its own.
  std::vector<Targets> groups = {};
  /// cut and mend: where to.
  Targets to{};
  Ways ways = Ways::one;
  LinkChange link{};
  sim::HostLoss loss{};
  sim::Bandwidth bandwidth{};
  std::int64_t drift_ppm = 0;
  /// change: what each of the members asks for.
  core::SettingsChange change{};
  /// jump-clock and step-clock; only the latter may go back.
  Duration clock_by{};
  /// What a process that starts again finds, and where it starts.
  sim::Disk disk = sim::Disk::kept;
  Move move = Move::stay;
  /// restart: between the end and the new start.
  Duration down{};

  Place place{};
};

/// Islands that lost all memory of one another do not meet by themselves: so long after peace
/// everybody asks the seeds once more.
inline constexpr Duration peace_settle = 3s;

/// When the fault happens: `at`, and again after each `every` until `until`.
[[nodiscard]] std::size_t occurrences(const Fault& fault);
[[nodiscard]] Duration time_of(const Fault& fault, std::size_t occurrence);

// --- What to measure, and what must hold -------------------------------------------------------

enum class Measure : std::uint8_t { detection, accuracy, convergence, traffic };
std::string_view to_text(Measure measure);

/// Bounds that a run must keep; what is not given is not asked for.
struct Expectations {
  std::optional<Duration> converged_within;
  std::optional<Duration> crash_known_within;
  std::optional<Duration> silence_known_within;
  /// After each change of settings, until all who could hear of it have the newest.
  std::optional<Duration> settings_agreed_within;
  std::optional<Duration> detection_median;
  std::optional<Duration> detection_p99;
  std::optional<Duration> first_detection_median;
  std::optional<Duration> first_detection_p99;
  std::optional<std::size_t> false_failures;
  std::optional<std::size_t> failures_of_living;
  std::optional<std::size_t> suspicions;
  std::optional<double> bytes_per_second;
  std::optional<double> datagrams_per_second;
};

/// The checkers that watch the run besides: events in order, and nobody failed who is well.
enum class Checks : std::uint8_t { on, off };

struct Scenario {
  std::string name = {};
  std::string summary = {};
  ClusterPlan cluster{};
  sim::LinkOptions network{};
  /// Racks or data centres; whoever is in none is in one with the others who are in none.
  std::vector<Targets> zones = {};
  /// What is different on the links between two zones.
  std::optional<LinkChange> between_zones = {};
  Duration timer_lateness = 200us;
  /// How long the scenario's clock runs; without, until 30 s after the last fault, or longer
  /// where the expectations need it.
  std::optional<Duration> duration = {};
  std::vector<Fault> faults = {};
  std::vector<Measure> measure = {Measure::detection, Measure::accuracy, Measure::convergence,
                                  Measure::traffic};
  Expectations expect{};
  Checks checks = Checks::on;

  Place network_place{};
  Place duration_place{};
  Place expect_place{};
};

/// How many members a share means: rounded, and never nobody.
[[nodiscard]] std::size_t share_count(double share, std::size_t members);
/// Members beyond the first ones that `join: N new` may bring.
[[nodiscard]] std::size_t fresh_members(const Scenario& scenario);
/// When the last fault begins or ends; zero without faults.
[[nodiscard]] Duration last_change(const Scenario& scenario);
/// How long the scenario's clock runs.
[[nodiscard]] Duration length(const Scenario& scenario);
/// The pause that members tolerate.
[[nodiscard]] Duration pause_budget(const core::Config& config);
/// How long after its trouble a member may still be blamed for it.
[[nodiscard]] Duration grace(const core::Config& config);

}  // namespace rollcall::lab
