// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/event_follower.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include <nlohmann/json.hpp>

namespace rollcall::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds pause_min = 100ms;
constexpr std::chrono::milliseconds pause_max = 2s;
/// Agents tell their uptime in milliseconds.
constexpr auto uptime_rounding = 1ms;

template <class Number>
Number number_in(const Json& object, const char* key) {
  const auto value = object.find(key);
  return value != object.end() && value->is_number() ? value->get<Number>() : Number{};
}

}  // namespace

EventFollower::EventFollower(AgentOptions agent, FollowPlan plan, FollowSinks sinks)
    : agent_(std::move(agent)),
      plan_(plan),
      sinks_(std::move(sinks)),
      last_(plan.since) {}

Outcome<ExitCode> EventFollower::run() {
  if (auto first = look(); !first) return std::unexpected(first.error());
  while (!has_all()) {
    const std::uint64_t before = last_;
    const auto end = read();
    if (end && *end == http::StreamEnd::stopped) break;
    if (!end && end.error().code == http::ClientErrorCode::bad_status) {
      return std::unexpected(failure_of(end.error(), agent_, "events"));
    }
    // An agent that ends every stream at once is not asked in a tight circle.
    if (last_ == before) std::this_thread::sleep_for(pause_min);
    if (auto again = look_again(); !again) return std::unexpected(again.error());
  }
  return ExitCode::done;
}

/// Learns how far the agent is, and whether it is still the same process.
Outcome<void> EventFollower::look() {
  const Clock::time_point asked = Clock::now();
  const auto status = ask(agent_, {.what = "events", .target = "/v1/status", .timeout = 5s});
  if (!status) return std::unexpected(status.error());
  const auto uptime = std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double>(number_in<double>(*status, "uptime_s")));
  const Span began{.earliest = asked - uptime - uptime_rounding, .latest = Clock::now() - uptime};
  newest_ = number_in<std::uint64_t>(*status, "event_index");
  const bool is_another = agent_began_ && began.earliest > agent_began_->latest;
  if (is_another || newest_ < last_) {
    sinks_.remark("the agent was restarted and counts its events from 1 again");
    last_ = 0;
  }
  agent_began_ = began;
  return {};
}

Outcome<void> EventFollower::look_again() {
  const Clock::time_point deadline = Clock::now() + plan_.retry;
  std::chrono::milliseconds pause = pause_min;
  Outcome<void> looked = look();
  if (!looked && plan_.retry > 0ms) {
    sinks_.remark("the agent at " + agent_.http + " stopped answering; trying again");
  }
  while (!looked && looked.error().code == ExitCode::no_agent && Clock::now() < deadline) {
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, pause_max);
    looked = look();
    if (looked) sinks_.remark("the agent answers again");
  }
  return looked;
}

std::expected<http::StreamEnd, http::ClientError> EventFollower::read() {
  const auto server = http::parse_server(agent_.http);
  if (!server) return std::unexpected(server.error());
  return http::follow(
      *server, {.target = "/v1/events?since=" + std::to_string(last_), .token = agent_.token}, {},
      {.opened = {}, .event = [this](const http::StreamEvent& event) { return on_event(event); }});
}

http::Flow EventFollower::on_event(const http::StreamEvent& event) {
  const Json json = Json::parse(event.data, nullptr, /*allow_exceptions=*/false);
  const std::uint64_t index = json.is_object() ? number_in<std::uint64_t>(json, "index") : 0;
  if (index == 0) {  // not about a member: the agent's last word, or a hole in what it kept
    const std::string message = field_text(json, "message");
    sinks_.remark(message.empty() ? event.data : message);
    if (json.is_object() && json.contains("until")) last_ = number_in<std::uint64_t>(json, "until");
    return http::Flow::go_on;
  }
  if (index <= last_) return http::Flow::go_on;
  last_ = index;
  const http::Flow flow = sinks_.event(event.data);
  return has_all() ? http::Flow::stop : flow;
}

}  // namespace rollcall::cli
