// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/experiment_command.hpp"

#include <algorithm>
#include <chrono>
#include <iostream>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "agent/version.hpp"
#include "cli/agent_client.hpp"
#include "cli/checks.hpp"
#include "cli/table.hpp"
#include "lab/experiments/experiment.hpp"
#include "lab/report.hpp"
#include "lab/report_axis.hpp"

namespace rollcall::cli {
namespace {

using lab::Experiment;
using lab::Findings;
using lab::Row;

constexpr std::uint64_t members_max = 1'000'000;

Failure misuse(std::string why, std::string todo) {
  return {.code = ExitCode::usage,
          .what = "simulate --experiment",
          .why = std::move(why),
          .todo = std::move(todo)};
}

std::string names_of_all() {
  std::string names;
  for (const Experiment& experiment : lab::experiments()) {
    names += (names.empty() ? "" : ", ") + std::string(experiment.id);
  }
  return names;
}

Outcome<std::vector<const Experiment*>> chosen(const std::string& name) {
  std::vector<const Experiment*> list;
  for (const Experiment& experiment : lab::experiments()) {
    if (name == "all" || name == experiment.id) list.push_back(&experiment);
  }
  if (list.empty()) {
    return std::unexpected(misuse("there is no experiment '" + name + "'",
                                  "it is one of " + names_of_all() + ", or all of them: all"));
  }
  return list;
}

std::optional<Failure> refuse_sizes(const Experiment& experiment,
                                    const std::vector<std::size_t>& members) {
  for (const std::size_t count : members) {
    if (count >= experiment.members_min && count <= experiment.members_max) continue;
    return misuse(std::string(experiment.id) + " cannot have " + std::to_string(count) + " members",
                  "allowed: " + std::to_string(experiment.members_min) + " to " +
                      std::to_string(experiment.members_max));
  }
  return std::nullopt;
}

/// A line on the terminal that shows how far a run is; nothing where nobody watches.
class ProgressLine {
 public:
  void show(double share, std::string_view doing) {
    if (!is_watched_) return;
    constexpr int width = 28;
    const int filled = static_cast<int>(share * width);
    std::string bar;
    for (int i = 0; i < width; ++i) bar += i < filled ? "█" : "░";
    std::cerr << "\r\x1B[K" << bar << ' ' << static_cast<int>(100 * share) << " %  " << doing
              << std::flush;
  }
  void clear() const {
    if (is_watched_) std::cerr << "\r\x1B[K" << std::flush;
  }

 private:
  bool is_watched_ = isatty(STDERR_FILENO) == 1;
};

std::string command_of(const Experiment& experiment, const ExperimentFlags& flags,
                       const ExperimentRun& run) {
  std::string command = "rollcall simulate --experiment " + std::string(experiment.id);
  std::string members;
  for (const std::size_t count : flags.members) {
    members += (members.empty() ? " --members " : ",") + std::to_string(count);
  }
  command += members;
  if (run.repetitions) command += " --repetitions " + std::to_string(*run.repetitions);
  return command + " --seed " + std::to_string(run.seed.value_or(1));
}

struct Done {
  Findings findings;
  lab::RunRecord record;
};

Done run_one(const Experiment& experiment, const ExperimentFlags& flags, const ExperimentRun& run) {
  ProgressLine line;
  const lab::ExperimentOptions options{
      .seed = run.seed.value_or(1),
      .repetitions = run.repetitions,
      .members = flags.members,
      .progress = [&](double share, std::string_view doing) {
        line.show(share, std::string(experiment.id) + ": " + std::string(doing));
      }};
  const auto began = std::chrono::steady_clock::now();
  Done done{.findings = lab::run_experiment(experiment, options), .record = {}};
  line.clear();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  done.record = {.seed = options.seed,
                 .repetitions = lab::repetitions_of(experiment, options),
                 .members = lab::sizes_of(experiment, options),
                 .command = command_of(experiment, flags, run),
                 .program = "rollcall " + std::string(agent::version()),
                 .seconds = took.count()};
  return done;
}

Cell verdict_cell(const Row& row) {
  const auto within = row.is_within();
  if (!within) return {""};
  return *within ? Cell("met", Paint::green) : Cell("not met", Paint::red);
}

void print_text(const Experiment& experiment, const Done& done) {
  Table table({{"CONFIGURATION"},
               {"MEMBERS", Align::right},
               {"WHAT"},
               {"MEASURED", Align::right},
               {"UNIT"},
               {"FIGURE", Align::right},
               {"VERDICT"},
               {"OF"}});
  for (const Row& row : done.findings.rows) {
    table.add({row.configuration, std::to_string(row.members), row.metric,
               lab::figure_text(row.value), row.unit,
               row.anchor ? lab::anchor_text(*row.anchor) : "", verdict_cell(row),
               row.anchor ? row.anchor->source : ""});
  }
  std::cout << experiment.id << ": " << experiment.title << "\n\n"
            << table.text(stdout_colours()) << '\n'
            << done.findings.seen << '\n'
            << done.findings.met() << " of " << done.findings.judged() << " figures met in "
            << lab::figure_text(done.record.seconds) << " s. Again: " << done.record.command
            << '\n';
}

Json json_of_row(const Row& row) {
  Json json{{"configuration", row.configuration},
            {"members", row.members},
            {"metric", row.metric},
            {"unit", row.unit},
            {"value", row.value}};
  if (!row.anchor) return json;
  json["figure"] = row.anchor->value;
  json["source"] = row.anchor->source;
  json["rule"] = lab::rule_word(row.anchor->rule);
  json["tolerance"] = row.anchor->tolerance;
  if (const auto within = row.is_within()) json["met"] = *within;
  return json;
}

Json json_of_plot(const lab::Plot& plot) {
  Json series = Json::array();
  for (const lab::Series& one : plot.series) {
    Json points = Json::array();
    for (const lab::Point& point : one.points) {
      points.push_back(
          {{"x", point.x}, {"median", point.median}, {"low", point.low}, {"high", point.high}});
    }
    series.push_back({{"name", one.name}, {"points", points}});
  }
  return {{"id", plot.id},
          {"title", plot.title},
          {"x", plot.x.label},
          {"y", plot.y.label},
          {"series", series}};
}

Json json_of(const Experiment& experiment, const Done& done) {
  Json rows = Json::array();
  for (const Row& row : done.findings.rows) rows.push_back(json_of_row(row));
  Json plots = Json::array();
  for (const lab::Plot& plot : done.findings.plots) plots.push_back(json_of_plot(plot));
  return {{"experiment", experiment.id},
          {"title", experiment.title},
          {"seed", done.record.seed},
          {"repetitions", done.record.repetitions},
          {"members", done.record.members},
          {"command", done.record.command},
          {"seconds", done.record.seconds},
          {"figures", rows},
          {"plots", plots},
          {"seen", done.findings.seen},
          {"notes", done.findings.notes}};
}

Outcome<ExitCode> print_list(bool as_json) {
  if (as_json) {
    Json list = Json::array();
    for (const Experiment& experiment : lab::experiments()) {
      list.push_back({{"id", experiment.id},
                      {"title", experiment.title},
                      {"question", experiment.question},
                      {"members", experiment.members},
                      {"repetitions", experiment.repetitions}});
    }
    print_json(list);
    return ExitCode::done;
  }
  Table table({{"ID"}, {"TITLE"}, {"QUESTION"}, {"MEMBERS"}, {"REPETITIONS"}});
  for (const Experiment& experiment : lab::experiments()) {
    std::string members;
    for (const std::size_t count : experiment.members) {
      members += (members.empty() ? "" : ",") + std::to_string(count);
    }
    table.add(
        {std::string(experiment.id), std::string(experiment.title),
         std::string(experiment.question), members,
         std::to_string(experiment.repetitions) + " " + std::string(experiment.repetition_word)});
  }
  std::cout << table.text(stdout_colours());
  return ExitCode::done;
}

Outcome<ExitCode> report(const Experiment& experiment, const Done& done,
                         const ExperimentFlags& flags, bool is_quiet) {
  const auto written = lab::write_report(flags.report, experiment, done.findings, done.record);
  if (!written) {
    return std::unexpected(Failure{.code = ExitCode::refused,
                                   .what = "report",
                                   .why = written.error(),
                                   .todo = "name a directory that can be written with --report"});
  }
  if (!is_quiet) std::cout << "Report: " << written->back().string() << '\n';
  return ExitCode::done;
}

}  // namespace

void add_experiment_flags(CLI::App& simulate, ExperimentFlags& flags) {
  simulate
      .add_option("--experiment", flags.experiment,
                  "Instead of a scenario, a published experiment beside the paper's figures; see "
                  "--list-experiments")
      ->type_name("ID");
  simulate.add_flag("--list-experiments", flags.list, "Show the experiments");
  simulate
      .add_option("--report", flags.report,
                  "Write the experiment's page (HTML with plots) and tables (CSV) here")
      ->type_name("DIR");
  simulate.add_option("--members", flags.members, "Cluster sizes of the experiment, by commas")
      ->delimiter(',')
      ->check(whole_number(1, members_max))
      ->type_name("N,...");
}

Outcome<ExitCode> simulate_experiment(const ExperimentFlags& flags, const ExperimentRun& run) {
  if (flags.list) return print_list(run.json);
  const auto list = chosen(flags.experiment);
  if (!list) return std::unexpected(list.error());
  for (const Experiment* experiment : *list) {
    if (auto failure = refuse_sizes(*experiment, flags.members)) return std::unexpected(*failure);
  }
  Json all = Json::array();
  for (const Experiment* experiment : *list) {
    const Done done = run_one(*experiment, flags, run);
    if (run.json) {
      all.push_back(json_of(*experiment, done));
    } else {
      print_text(*experiment, done);
    }
    if (flags.report.empty()) continue;
    if (auto reported = report(*experiment, done, flags, run.json); !reported) return reported;
  }
  if (run.json) print_json(all.size() == 1 ? all.front() : all);
  return ExitCode::done;
}

}  // namespace rollcall::cli
