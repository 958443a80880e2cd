// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/view_follower.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include <nlohmann/json.hpp>

#include "cli/text.hpp"

namespace rollcall::cli {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds pause_min = 100ms;
constexpr std::chrono::milliseconds pause_max = 2s;

/// What another try may mend: nobody answers, or nobody can decide now.
bool is_passing(const http::ClientError& error) {
  return error.code != http::ClientErrorCode::bad_status || error.status >= 500;
}

/// "…, -a, +b": of a group too large to be told whole each time.
std::string difference_text(const Json& view) {
  std::string text = "…";
  for (const auto& [list, sign] : {std::pair("left", ", -"), {"joined", ", +"}}) {
    for (const Json& member : view.value(list, Json::array()))
      text += sign + field_text(member, "id");
  }
  return text;
}

}  // namespace

ViewFollower::ViewFollower(AgentOptions agent, ViewPlan plan, ViewSinks sinks)
    : agent_(std::move(agent)),
      plan_(std::move(plan)),
      sinks_(std::move(sinks)),
      last_(plan_.since) {}

Outcome<ExitCode> ViewFollower::run() {
  std::chrono::milliseconds pause = pause_min;
  Clock::time_point well_at = Clock::now();
  for (bool is_first = true;; is_first = false) {
    has_opened_ = false;
    const auto end = read();
    if (end && *end == http::StreamEnd::stopped) return ExitCode::done;
    if (has_opened_) {
      pause = pause_min;
      well_at = Clock::now();
    }
    const bool is_hopeless = (is_first && !has_opened_) || Clock::now() - well_at >= plan_.retry;
    if (!end && (is_hopeless || !is_passing(end.error()))) {
      return std::unexpected(failure_of(end.error(), agent_, plan_.what));
    }
    if (!end && has_opened_) {
      remark("the agent at " + agent_.http + " stopped answering; trying again");
    }
    // An agent that ends every stream at once is not asked in a tight circle.
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, pause_max);
  }
}

std::expected<http::StreamEnd, http::ClientError> ViewFollower::read() {
  const auto server = http::parse_server(agent_.http);
  if (!server) return std::unexpected(server.error());
  std::string target = plan_.target;
  if (last_) {
    target += (target.find('?') == std::string::npos ? "?since=" : "&since=");
    target += std::to_string(*last_);
  }
  return http::follow(
      *server, {.target = target, .token = agent_.token}, {},
      {.opened = [this] { has_opened_ = true; },
       .event = [this](const http::StreamEvent& event) { return on_event(event); }});
}

http::Flow ViewFollower::on_event(const http::StreamEvent& event) {
  const Json json = Json::parse(event.data, nullptr, /*allow_exceptions=*/false);
  const auto number = json.is_object() ? json.find("view") : json.end();
  const bool is_view = event.type == "view" || event.type == "reset";
  if (!is_view || number == json.end() || !number->is_number_unsigned()) {
    const std::string message = field_text(json, "message");
    remark(message.empty() ? event.data : message);
    return http::Flow::go_on;
  }
  if (event.type == "reset" && last_) {
    const bool is_ahead = *last_ > number->get<std::uint64_t>();
    remark((is_ahead ? "there is no view " + std::to_string(*last_) + " yet"
                     : "the views after " + std::to_string(*last_) + " are no longer kept") +
           "; here is the present one");
  }
  last_ = number->get<std::uint64_t>();
  return sinks_.view(event.data, json);
}

void ViewFollower::remark(const std::string& text) const {
  if (sinks_.remark) sinks_.remark(text);
}

std::string view_line(const Json& view) {
  std::string members;
  for (const Json& member : view.value("members", Json::array())) {
    const std::string name =
        member.is_string() ? member.get<std::string>() : field_text(member, "id");
    members += (members.empty() ? "" : ", ") + name;
  }
  if (!view.contains("members")) members = difference_text(view);
  const std::string leader = field_text(view, "leader");
  return printable("view " + field_text(view, "view") + "  " + field_text(view, "cause") +
                   "  leader " + (leader.empty() ? "-" : leader) + "  members " +
                   (members.empty() ? "-" : members));
}

}  // namespace rollcall::cli
