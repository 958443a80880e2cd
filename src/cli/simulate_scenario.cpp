// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fstream>
#include <iostream>

#include <nlohmann/json.hpp>

#include "cli/agent_client.hpp"
#include "cli/progress.hpp"
#include "cli/scenario_failure.hpp"
#include "cli/simulate_options.hpp"
#include "cli/simulate_text.hpp"
#include "cli/table.hpp"
#include "lab/runner.hpp"
#include "lab/scenario_yaml.hpp"

namespace rollcall::cli {
namespace {

using lab::Measure;
using lab::RunResult;
using lab::Scenario;

constexpr std::uint64_t seed_default = 1;

/// All runs of a scenario, and what they show together.
struct Report {
  Scenario scenario;
  std::string file;
  std::vector<RunResult> runs;
  /// Bounds on medians and percentiles over all runs.
  std::vector<std::string> broken;

  [[nodiscard]] bool holds() const {
    return broken.empty() && std::ranges::all_of(runs, &RunResult::holds);
  }
  [[nodiscard]] bool measures(Measure measure) const {
    return std::ranges::find(scenario.measure, measure) != scenario.measure.end();
  }
  template <class T>
  [[nodiscard]] T sum(T lab::Measurements::* part) const {
    T total{};
    for (const RunResult& run : runs) total += run.measured.*part;
    return total;
  }
  [[nodiscard]] std::vector<Duration> pooled(
      std::vector<Duration> lab::Measurements::* part) const {
    std::vector<Duration> all;
    for (const RunResult& run : runs) {
      const auto& times = run.measured.*part;
      all.insert(all.end(), times.begin(), times.end());
    }
    return all;
  }
  [[nodiscard]] std::vector<Duration> convergence() const {
    std::vector<Duration> all;
    for (const RunResult& run : runs) {
      if (run.measured.convergence) all.push_back(*run.measured.convergence);
    }
    return all;
  }
};

// --- Text --------------------------------------------------------------------------------------

std::string mean_text(double total, std::size_t runs) {
  return decimals(total / static_cast<double>(runs), 2);
}

void add_detection(Table& table, const Report& report) {
  const auto detection = report.pooled(&lab::Measurements::detection);
  const std::size_t unknown = report.sum(&lab::Measurements::unknown_crashes) +
                              report.sum(&lab::Measurements::unknown_silences);
  if (detection.empty() && unknown == 0) return;
  table.add({"deaths known to all survivors", std::to_string(detection.size()) + " of " +
                                                  std::to_string(detection.size() + unknown)});
  table.add({"  first survivor knew after",
             spread_text(report.pooled(&lab::Measurements::first_detection))});
  table.add({"  all survivors knew after", spread_text(detection)});
  const auto crashes = report.pooled(&lab::Measurements::crash_detection);
  const auto silences = report.pooled(&lab::Measurements::silence_detection);
  if (crashes.empty() || silences.empty()) return;
  table.add({"    of a crashed process", spread_text(crashes)});
  table.add({"    of a silent machine", spread_text(silences)});
}

void add_accuracy(Table& table, const Report& report) {
  const auto count = [&](std::size_t lab::Measurements::* part) {
    return std::to_string(report.sum(part));
  };
  const bool is_wrong = report.sum(&lab::Measurements::false_failures) > 0;
  table.add({"false failures",
             {count(&lab::Measurements::false_failures), is_wrong ? Paint::red : Paint::none}});
  table.add({"failures of members that ran", count(&lab::Measurements::failures_of_living)});
  table.add({"suspicions", count(&lab::Measurements::suspicions) + ", " +
                               count(&lab::Measurements::refutations) + " refuted"});
}

void add_settings(Table& table, const Report& report) {
  const auto times = report.pooled(&lab::Measurements::settings_agreement);
  const std::size_t unsettled = report.sum(&lab::Measurements::unsettled_changes);
  if (times.empty() && unsettled == 0) return;
  table.add({"changed settings, everywhere after", spread_text(times)});
  if (unsettled > 0) {
    table.add({"  not everywhere before the next", {std::to_string(unsettled), Paint::red}});
  }
}

void add_convergence(Table& table, const Report& report) {
  const auto times = report.convergence();
  const std::string runs =
      std::to_string(times.size()) + " of " + std::to_string(report.runs.size()) + " runs agreed";
  table.add({"agreement after the last change",
             times.size() == report.runs.size()
                 ? spread_text(times)
                 : runs + (times.empty() ? "" : ", " + spread_text(times))});
  table.add({"members at the end", std::to_string(report.runs.back().measured.members_at_end)});
}

void add_traffic(Table& table, const Report& report) {
  const std::size_t runs = report.runs.size();
  table.add({"datagrams per member and second",
             mean_text(report.sum(&lab::Measurements::datagrams_per_second), runs)});
  table.add({"bytes per member and second",
             mean_text(report.sum(&lab::Measurements::bytes_per_second), runs)});
}

std::string seeds_text(const Report& report) {
  const std::string first = std::to_string(report.runs.front().seed);
  if (report.runs.size() == 1) return "seed " + first;
  return "seeds " + first + " to " + std::to_string(report.runs.back().seed);
}

void print_verdict(const Report& report, const SimulateOptions& options, Colours colours) {
  if (report.holds()) {
    std::cout << '\n' << painted("holds", Paint::green, colours) << '\n';
    return;
  }
  std::cout << '\n' << painted("does not hold", Paint::red, colours) << '\n';
  for (const std::string& line : report.broken) std::cout << "  " << line << '\n';
  const std::string command = "rollcall simulate " + shell_word(options.scenario) + " --seed ";
  for (const RunResult& run : report.runs) {
    if (run.holds()) continue;
    for (const std::string& line : run.broken) std::cout << "  " << line << '\n';
    for (const std::string& line : lines_of(run.violations)) std::cout << "  " << line << '\n';
    std::cout << "replay: " << command << run.seed << '\n';
    return;
  }
  std::cout << "replay: " << command << report.runs.front().seed << " --repetitions "
            << report.runs.size() << '\n';
}

void print_report(const Report& report, const SimulateOptions& options) {
  const Colours colours = stdout_colours();
  const Scenario& scenario = report.scenario;
  const std::string name = scenario.name.empty() ? report.file : scenario.name;
  std::cout << painted(name, Paint::bold, colours) << ": " << scenario.cluster.members
            << " members, " << to_text_short(lab::length(scenario)) << " of virtual time, "
            << seeds_text(report) << '\n';
  if (!scenario.summary.empty()) std::cout << scenario.summary << '\n';
  std::cout << '\n';
  Table table({{"measured"}, {""}});
  if (report.measures(Measure::detection)) add_detection(table, report);
  if (report.measures(Measure::accuracy)) add_accuracy(table, report);
  if (report.measures(Measure::convergence)) add_convergence(table, report);
  if (report.measures(Measure::convergence)) add_settings(table, report);
  if (report.measures(Measure::traffic)) add_traffic(table, report);
  if (report.runs.size() == 1) table.add({"hash of the run", hash_text(report.runs.front().hash)});
  std::cout << table.text(colours);
  print_verdict(report, options, colours);
}

// --- JSON --------------------------------------------------------------------------------------

Json spread_json(const std::vector<Duration>& times) {
  Json json{{"count", times.size()}};
  const auto spread = lab::spread_of(times);
  if (!spread) return json;
  json["median_s"] = to_seconds(spread->median);
  json["p99_s"] = to_seconds(spread->p99);
  json["max_s"] = to_seconds(spread->max);
  return json;
}

Json measured_json(const Report& report, const lab::Measurements& measured) {
  Json json = Json::object();
  if (report.measures(Measure::detection)) {
    json["first_detection"] = spread_json(measured.first_detection);
    json["detection"] = spread_json(measured.detection);
    json["crash_detection"] = spread_json(measured.crash_detection);
    json["silence_detection"] = spread_json(measured.silence_detection);
    json["unknown_deaths"] = measured.unknown_crashes + measured.unknown_silences;
  }
  if (report.measures(Measure::accuracy)) {
    json["false_failures"] = measured.false_failures;
    json["failures_of_living"] = measured.failures_of_living;
    json["suspicions"] = measured.suspicions;
    json["refutations"] = measured.refutations;
  }
  if (report.measures(Measure::convergence)) {
    json["settings_agreement"] = spread_json(measured.settings_agreement);
    json["unsettled_changes"] = measured.unsettled_changes;
    json["convergence_s"] = measured.convergence ? Json(to_seconds(*measured.convergence)) : Json();
    json["members_at_end"] = measured.members_at_end;
  }
  if (report.measures(Measure::traffic)) {
    json["datagrams_per_second"] = measured.datagrams_per_second;
    json["bytes_per_second"] = measured.bytes_per_second;
  }
  return json;
}

Json run_json(const Report& report, const RunResult& run) {
  return {{"seed", run.seed},
          {"holds", run.holds()},
          {"broken", run.broken},
          {"violations", lines_of(run.violations)},
          {"hash", hash_text(run.hash)},
          {"measured", measured_json(report, run.measured)}};
}

Json report_json(const Report& report) {
  Json json{{"scenario", report.scenario.name.empty() ? report.file : report.scenario.name},
            {"members", report.scenario.cluster.members},
            {"seconds", to_seconds(lab::length(report.scenario))},
            {"holds", report.holds()},
            {"broken", report.broken}};
  json["detection"] = spread_json(report.pooled(&lab::Measurements::detection));
  json["first_detection"] = spread_json(report.pooled(&lab::Measurements::first_detection));
  Json runs = Json::array();
  for (const RunResult& run : report.runs) runs.push_back(run_json(report, run));
  json["runs"] = std::move(runs);
  return json;
}

// --- The runs ----------------------------------------------------------------------------------

Outcome<void> open_transcript(const SimulateOptions& options, std::ofstream& stream) {
  if (options.transcript.empty()) return {};
  if (options.repetitions.value_or(1) > 1) {
    return std::unexpected(Failure{.code = ExitCode::usage,
                                   .what = "simulate",
                                   .why = "a transcript is of one run",
                                   .todo = "leave out --repetitions, or --transcript"});
  }
  stream.open(options.transcript);
  if (stream) return {};
  return std::unexpected(Failure{.what = "simulate",
                                 .why = "cannot write to " + options.transcript,
                                 .todo = "name another file with --transcript"});
}

Report run_all(const Scenario& scenario, const SimulateOptions& options, std::ostream* transcript) {
  const std::uint64_t first = options.seed.value_or(seed_default);
  const std::size_t repetitions = options.repetitions.value_or(1);
  Report report{.scenario = scenario, .file = options.scenario};
  ProgressLine progress;
  for (std::size_t i = 0; i < repetitions; ++i) {
    const auto show = [&](double share) {
      progress.show((static_cast<double>(i) + share) / static_cast<double>(repetitions),
                    "seed " + std::to_string(first + i));
    };
    report.runs.push_back(lab::run_scenario(
        scenario, {.seed = first + i, .transcript = transcript, .progress = show}));
  }
  report.broken = lab::judge_together(scenario, report.runs);
  return report;
}

}  // namespace

Outcome<ExitCode> simulate_scenario(const SimulateOptions& options) {
  const auto scenario = lab::read_scenario(options.scenario);
  if (!scenario) return std::unexpected(failure_of(scenario.error(), options.scenario, "simulate"));
  const std::string too_large = lab::memory_problem(*scenario, lab::available_memory());
  if (!too_large.empty()) {
    return std::unexpected(
        Failure{.code = ExitCode::usage,
                .what = "simulate",
                .why = options.scenario + ": " + too_large,
                .todo = "lower cluster.members, or set cluster.start to formed"});
  }
  std::ofstream transcript;
  if (const auto opened = open_transcript(options, transcript); !opened) {
    return std::unexpected(opened.error());
  }
  const Report report = run_all(*scenario, options, transcript.is_open() ? &transcript : nullptr);
  transcript.flush();
  if (!transcript) {
    return std::unexpected(Failure{.what = "simulate",
                                   .why = "the transcript could not be written whole",
                                   .todo = "look at where " + options.transcript + " is"});
  }
  options.json ? print_json(report_json(report)) : print_report(report, options);
  return report.holds() ? ExitCode::done : ExitCode::refused;
}

}  // namespace rollcall::cli
