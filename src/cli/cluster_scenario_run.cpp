// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/cluster_scenario_run.hpp"

#include <algorithm>
#include <csignal>
#include <thread>

#include <nlohmann/json.hpp>

#include "cli/agent_client.hpp"
#include "launcher/namespaces.hpp"

namespace rollcall::cli {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto look_again_after = 50ms;
constexpr auto answer_patience = 5s;

std::string complaint_of(const launcher::Done& done) {
  if (done) return "";
  std::string text = done.error().what + ": " + done.error().why;
  for (const std::string& detail : done.error().details) text += "; " + detail;
  return text;
}

Names sorted(Names names) {
  std::ranges::sort(names);
  return names;
}

Names members_of(const Json& view) {
  return view.is_object() && view.contains("members") && view["members"].is_array()
             ? sorted(view["members"].get<Names>())
             : Names{};
}

std::string seen(const Json& view) {
  return view.is_object() && view.contains("view") ? view.dump() : "no view";
}

std::string seconds_since(Clock::time_point begin) {
  const auto tenths =
      std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin).count() / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

}  // namespace

Outcome<ExitCode> ScenarioRun::run() {
  const Clock::time_point begin = Clock::now();
  for (const ScenarioStep& step : scenario_.steps) {
    const std::string what = to_text(step.action);
    const Complaint complaint =
        std::visit([this](const auto& action) { return perform(action); }, step.action);
    if (!complaint.empty()) {
      return std::unexpected(Failure{
          .what = scenario_.name,
          .why = "line " + std::to_string(step.place.line) + ": " + what + ": " + complaint});
    }
    tell_(seconds_since(begin) + "  " + what);
  }
  return ExitCode::done;
}

// --- what is done --------------------------------------------------------------------------------

template <class Look>
ScenarioRun::Complaint ScenarioRun::until(const Names& at, Duration within, const Look& look) {
  const Clock::time_point deadline =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(within);
  for (const std::string& node : at) {
    while (true) {
      const Complaint complaint = look(node);
      if (complaint.empty()) break;
      if (Clock::now() >= deadline) return node + " " + complaint;
      std::this_thread::sleep_for(look_again_after);
    }
  }
  return "";
}

ScenarioRun::Complaint ScenarioRun::perform(const StartStep& step) {
  for (const std::string& node : step.nodes) {
    if (auto complaint = start_next(node); !complaint.empty()) return complaint;
    // Or two that are quick would be one view, and which number comes next a matter of chance.
    const auto is_in_view = [this](const std::string& one) { return look_for_itself(one); };
    if (auto complaint = until({node}, ExpectStep{}.within, is_in_view); !complaint.empty()) {
      return complaint;
    }
  }
  return "";
}

ScenarioRun::Complaint ScenarioRun::look_for_itself(const std::string& node) {
  const auto answer = ask(node, "GET", "/v1/views/current");
  if (!answer) return answer.error();
  const Json view = Json::parse(*answer, nullptr, false);
  return std::ranges::binary_search(members_of(view), node) ? "" : "is not in " + seen(view);
}

ScenarioRun::Complaint ScenarioRun::start_next(const std::string& node) {
  if (known_ < scenario_.nodes && node == launcher::node_name(known_)) {
    launcher::UpOptions up{.shape = place_.shape,
                           .driver = scenario_.driver,
                           .extra = scenario_.flags,
                           .allow_faults = true,
                           .patience = place_.patience};
    up.shape.nodes = ++known_;
    return complaint_of(cluster_.up(up));
  }
  const auto records = cluster_.nodes({node});
  if (!records) return records.error().why + "; nodes are first started in their order";
  return complaint_of(cluster_.start({node}, place_.patience));
}

ScenarioRun::Complaint ScenarioRun::perform(const WaitStep& step) {
  std::this_thread::sleep_for(step.time);
  return "";
}

ScenarioRun::Complaint ScenarioRun::perform(const SignalStep& step) {
  switch (step.what) {
    case SignalStep::What::kill:
      return complaint_of(cluster_.kill(step.nodes, SIGKILL));
    case SignalStep::What::pause:
      return complaint_of(cluster_.pause(step.nodes));
    case SignalStep::What::resume:
      return complaint_of(cluster_.resume(step.nodes));
  }
  return "";
}

ScenarioRun::Complaint ScenarioRun::perform(const PartitionStep& step) {
  return complaint_of(cluster_.partition(step.groups));
}

ScenarioRun::Complaint ScenarioRun::perform(const CutStep& step) {
  using launcher::Ways;
  return complaint_of(cluster_.cut(step.from, step.to, step.both_ways ? Ways::both : Ways::one));
}

ScenarioRun::Complaint ScenarioRun::perform(const HealStep&) {
  return complaint_of(cluster_.heal());
}

ScenarioRun::Complaint ScenarioRun::perform(const RemoveStep& step) {
  // Asked without waiting for more than the request to be taken: a partly delivered removal has no
  // answer.
  (void)ask(step.at, "DELETE",
            "/v1/groups/cluster/members/" + step.node + "?cause=removed&timeout=1s");
  return "";
}

ScenarioRun::Complaint ScenarioRun::perform(const JoinStep& step) {
  const auto answer = ask(step.at, "PUT", "/v1/groups/" + step.group + "/members/" + step.id,
                          R"({"address":"127.0.0.1:1"})");
  return answer ? "" : answer.error();
}

// --- what must be seen ---------------------------------------------------------------------------

ScenarioRun::Complaint ScenarioRun::perform(const ExpectStep& step) {
  return until(step.at, step.within, [&](const std::string& node) { return look(step, node); });
}

ScenarioRun::Complaint ScenarioRun::perform(const HistoryStep& step) {
  return until(step.at, step.within, [&](const std::string& node) { return look(step, node); });
}

std::expected<std::string, std::string> ScenarioRun::ask(const std::string& node,
                                                         const std::string& method,
                                                         const std::string& target,
                                                         const std::string& body) {
  const auto records = cluster_.nodes({node});
  if (!records) return std::unexpected(records.error().why);
  const launcher::NodeRecord& record = records->front();
  return launcher::within(record.network, [&]() -> std::expected<std::string, std::string> {
    const auto answer = cli::ask({.http = record.http}, {.what = "run-scenario",
                                                         .method = method,
                                                         .target = target,
                                                         .body = body,
                                                         .timeout = answer_patience});
    if (!answer) return std::unexpected("says: " + answer.error().why);
    return answer->dump();
  });
}

ScenarioRun::Complaint ScenarioRun::look(const ExpectStep& step, const std::string& node) {
  if (step.writable) {
    if (auto complaint = look_for_writes(node, *step.writable); !complaint.empty()) {
      return complaint;
    }
  }
  if (!step.view && !step.members && !step.leader && !step.cause) return "";
  const auto answer = ask(node, "GET", "/v1/views/current");
  if (!answer) return answer.error();
  const Json view = Json::parse(*answer, nullptr, false);
  const bool is_so = (!step.view || (view.contains("view") && view["view"] == *step.view)) &&
                     (!step.members || members_of(view) == sorted(*step.members)) &&
                     (!step.leader || field_text(view, "leader") == *step.leader) &&
                     (!step.cause || field_text(view, "cause") == *step.cause);
  return is_so ? "" : "has " + seen(view);
}

ScenarioRun::Complaint ScenarioRun::look_for_writes(const std::string& node, bool expected) {
  const auto answer = ask(node, "PUT", "/v1/groups/scenario/members/" + node + "?timeout=1s",
                          R"({"address":"127.0.0.1:1"})");
  if (answer.has_value() == expected) return "";
  return expected ? "refuses writes: " + answer.error() : "takes writes";
}

ScenarioRun::Complaint ScenarioRun::look(const HistoryStep& step, const std::string& node) {
  const auto answer = ask(node, "GET", "/v1/views?since=" + std::to_string(step.from - 1));
  if (!answer) return answer.error();
  const Json list = Json::parse(*answer, nullptr, false);
  const Json views = list.is_object() && list.contains("views") ? list["views"] : list;
  if (!views.is_array()) return "lists no views";
  std::uint64_t number = step.from;
  for (const Names& members : step.views) {
    const auto view = std::ranges::find_if(
        views, [&](const Json& one) { return one.is_object() && one.value("view", 0U) == number; });
    if (view == views.end()) return "has no view " + std::to_string(number);
    if (members_of(*view) != sorted(members)) return "has " + seen(*view);
    ++number;
  }
  return "";
}

}  // namespace rollcall::cli
