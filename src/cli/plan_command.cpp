// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "cli/checks.hpp"
#include "cli/commands.hpp"
#include "cli/table.hpp"
#include "lab/plan.hpp"

namespace rollcall::cli {
namespace {

using namespace std::chrono_literals;
using lab::Plan;
using lab::PlanQuestion;

/// What was typed; read by question_of().
struct PlanOptions {
  std::uint64_t nodes = 0;
  std::string loss = "0";
  std::string rtt = "0.6ms";
  std::string pause = "2s";
  std::string detector = "pingack";
  std::string profile = "rollcall";
  std::string probe_interval = "1s";
  std::string probe_timeout = {};
  std::uint64_t indirect_probes = 3;
  bool json = false;
};

Failure misuse(const std::string& flag, const std::string& found, const std::string& allowed) {
  return {.code = ExitCode::usage,
          .what = "plan",
          .why = "--" + flag + ": found '" + found + "'",
          .todo = "allowed: " + allowed};
}

std::optional<double> parse_number(std::string_view text) {
  double number = 0;
  const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || stopped != text.data() + text.size()) return std::nullopt;
  return number;
}

/// A share ("0.05") or a percentage ("5%").
std::optional<double> parse_share(std::string_view text) {
  if (!text.ends_with('%')) return parse_number(text);
  const auto percent = parse_number(text.substr(0, text.size() - 1));
  return percent ? std::optional(*percent / 100) : std::nullopt;
}

/// A duration; a bare number is taken in the unit that the flag's help names.
std::optional<Duration> parse_in(std::string_view text, Duration unit) {
  if (const auto duration = parse_duration(text)) return duration;
  const auto number = parse_number(text);
  if (!number || *number < 0 || *number > 1e9) return std::nullopt;
  return scaled(unit, *number);
}

struct TimeFlag {
  const char* name;
  const std::string& text;
  Duration bare_unit;
  Duration least;
  Duration most;
};

Outcome<Duration> read_time(const TimeFlag& flag) {
  const auto time = parse_in(flag.text, flag.bare_unit);
  if (time && flag.least <= *time && *time <= flag.most) return *time;
  return std::unexpected(misuse(flag.name, flag.text,
                                duration_text(flag.least) + " to " + duration_text(flag.most) +
                                    ", as in 250ms or 1.5s; a bare number is in " +
                                    duration_text(flag.bare_unit).substr(1)));
}

Outcome<double> read_loss(const std::string& text) {
  const auto loss = parse_share(text);
  // Asked this way round, it also refuses what is not a number.
  if (loss && *loss >= 0 && *loss <= PlanQuestion::loss_max) return *loss;
  return std::unexpected(
      misuse("loss", text, "0 to 0.9, or 0% to 90%: the share of packets lost, each way"));
}

/// The times one by one, then what they must be to one another.
std::optional<Failure> read_times(const PlanOptions& options, PlanQuestion& question) {
  core::Config& config = question.config;
  const auto rtt =
      read_time({"rtt", options.rtt, 1ms, PlanQuestion::rtt_min, PlanQuestion::rtt_max});
  const auto pause = read_time({"pause", options.pause, 1s, 100ms, 1h});
  const auto interval = read_time({"probe-interval", options.probe_interval, 1s, 50ms, 10min});
  for (const auto* const time : {&rtt, &pause, &interval}) {
    if (!*time) return time->error();
  }
  question.rtt = *rtt;
  question.pause = *pause;
  config.probe_interval = *interval;
  config.probe_timeout = std::min<Duration>(500ms, *interval / 2);
  if (!options.probe_timeout.empty()) {
    const auto timeout = read_time({"probe-timeout", options.probe_timeout, 1s, 10ms, *interval});
    if (!timeout) return timeout.error();
    config.probe_timeout = *timeout;
  }
  if (question.rtt >= config.probe_timeout) {
    return misuse("rtt", options.rtt,
                  "less than the " + duration_text(config.probe_timeout) +
                      " that a probe waits; or give a longer --probe-timeout, and for it a longer "
                      "--probe-interval");
  }
  return std::nullopt;
}

Outcome<PlanQuestion> question_of(const PlanOptions& options) {
  PlanQuestion question;
  question.members = static_cast<std::size_t>(options.nodes);
  const auto loss = read_loss(options.loss);
  if (!loss) return std::unexpected(loss.error());
  question.loss = *loss;
  if (options.profile == "swim") question.config.profile = core::Profile::swim;
  question.config.indirect_probes = static_cast<std::size_t>(options.indirect_probes);
  if (auto failure = read_times(options, question)) return std::unexpected(*std::move(failure));
  return question;
}

// --- What is shown -------------------------------------------------------------------------------

/// Three digits: a prediction has no more; but numbers that people read, not powers of ten.
std::string digits(double number) {
  std::array<char, 32> text{};
  const bool is_large = number >= 1000 && number < 1e9;
  std::snprintf(text.data(), text.size(), is_large ? "%.0f" : "%.3g", number);
  return text.data();
}

std::string time_text(Duration time) {
  if (time >= 1s) return digits(to_seconds(time)) + " s";
  return digits(1000 * to_seconds(time)) + " ms";
}

/// What happens less than once in a million years is not going to happen.
std::string rate_text(double count, const std::string& per) {
  return (count < 1e-6 ? std::string("none") : digits(count)) + " " + per;
}

nlohmann::ordered_json times_json(const lab::Times& times) {
  return {{"median_s", to_seconds(times.median)}, {"p99_s", to_seconds(times.p99)}};
}

void show_json(const PlanQuestion& question, const PlanOptions& options, const Plan& plan) {
  nlohmann::ordered_json advice = nlohmann::ordered_json::array();
  for (const lab::Advice& item : plan.advice) {
    advice.push_back({{"key", item.key}, {"value", item.value}, {"why", item.why}});
  }
  const nlohmann::ordered_json all = {
      {"question",
       {{"nodes", question.members},
        {"loss", question.loss},
        {"rtt_s", to_seconds(question.rtt)},
        {"pause_s", to_seconds(question.pause)},
        {"detector", options.detector},
        {"profile", options.profile},
        {"probe_interval_s", to_seconds(question.config.probe_interval)},
        {"probe_timeout_s", to_seconds(question.config.probe_timeout)},
        {"indirect_probes", question.config.indirect_probes}}},
      {"process_crash", times_json(plan.crash)},
      {"silent_loss", times_json(plan.silent_loss)},
      {"spread", times_json(plan.spread)},
      {"sent_per_member",
       {{"datagrams_per_s", plan.datagrams_per_second}, {"bytes_per_s", plan.bytes_per_second}}},
      {"processor_share_per_member", plan.processor_share},
      {"suspicions_per_member_hour", plan.suspicions_per_member_hour},
      {"false_failures_per_member_hour_at_most", plan.failures_per_member_year / (365.25 * 24)},
      {"false_failures_per_member_year_at_most", plan.failures_per_member_year},
      {"pause_tolerated_s", to_seconds(plan.pause_tolerated)},
      {"recommended", std::move(advice)}};
  std::cout << all.dump(2) << '\n';
}

void show_text(const PlanQuestion& question, const PlanOptions& options, const Plan& plan) {
  std::cout << question.members << " members, profile " << options.profile << ", loss "
            << digits(100 * question.loss) << " % each way, round trip " << time_text(question.rtt)
            << ", probed every " << duration_text(question.config.probe_interval) << "\n\n";

  Table times({{"UNTIL ALL KNOW"}, {"MEDIAN", Align::right}, {"P99", Align::right}});
  const auto add = [&times](const char* what, const lab::Times& both) {
    times.add({what, time_text(both.median), time_text(both.p99)});
  };
  add("a process has ended", plan.crash);
  add("a machine or its network is gone", plan.silent_loss);
  add("a member has changed its tags", plan.spread);
  std::cout << times.text(stdout_colours()) << '\n';

  Table costs({{"EACH MEMBER"}, {"", Align::right}});
  costs.add({"sends", digits(plan.datagrams_per_second) + " datagrams/s"});
  costs.add({"with headers", digits(plan.bytes_per_second) + " B/s"});
  costs.add({"processor", digits(100 * plan.processor_share) + " % of a core"});
  costs.add({"wrongly suspected", rate_text(plan.suspicions_per_member_hour, "an hour")});
  costs.add({"wrongly failed, at most", rate_text(plan.failures_per_member_year, "a year")});
  costs.add({"may pause for", time_text(plan.pause_tolerated)});
  std::cout << costs.text(stdout_colours()) << '\n';

  Table advice({{"RECOMMENDED"}, {"VALUE", Align::right}, {"WHY"}});
  for (const lab::Advice& item : plan.advice) advice.add({item.key, item.value, item.why});
  std::cout << advice.text(stdout_colours());
}

Outcome<ExitCode> run_plan(const PlanOptions& options) {
  const auto question = question_of(options);
  if (!question) return std::unexpected(question.error());
  const Plan plan = lab::predict(*question);
  options.json ? show_json(*question, options, plan) : show_text(*question, options, plan);
  return ExitCode::done;
}

}  // namespace

void add_plan_command(CLI::App& program, Invocation& invocation) {
  auto& plan =
      add_command(program, "plan", "Predict detection times, load and mistakes of a cluster to be");
  auto options = std::make_shared<PlanOptions>();
  plan.add_option("--nodes", options->nodes, "Members, 2 to 1000000")
      ->required()
      ->type_name("NUMBER")
      ->check(whole_number(PlanQuestion::members_min, PlanQuestion::members_max));
  plan.add_option("--loss", options->loss, "Share of packets lost, each way: 0.05 or 5%; default 0")
      ->type_name("SHARE");
  plan.add_option("--rtt", options->rtt, "Usual round trip, in ms or with a unit; default 0.6ms")
      ->type_name("TIME");
  plan.add_option("--pause", options->pause,
                  "Silence to be tolerated, in s or with a unit; default 2s")
      ->type_name("TIME");
  plan.add_option("--detector", options->detector, "pingack, the only one there is")
      ->type_name("NAME")
      ->check(one_of({"pingack"}));
  plan.add_option("--profile", options->profile, "rollcall (default), or swim for comparison")
      ->type_name("NAME")
      ->check(one_of({"rollcall", "swim"}));
  plan.add_option("--probe-interval", options->probe_interval, "Default 1s")->type_name("TIME");
  plan.add_option("--probe-timeout", options->probe_timeout,
                  "Default 500ms, or half of a shorter interval")
      ->type_name("TIME");
  plan.add_option("--indirect-probes", options->indirect_probes, "Helpers, 0 to 16; default 3")
      ->type_name("NUMBER")
      ->check(whole_number(0, 16));
  plan.add_flag("--json", options->json, "Print JSON");
  plan.callback(
      [options, &invocation] { invocation.action = [options] { return run_plan(*options); }; });
}

}  // namespace rollcall::cli
