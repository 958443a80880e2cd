// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/group_lease.hpp"

#include <algorithm>
#include <csignal>
#include <ctime>
#include <utility>

#include <nlohmann/json.hpp>

#include "http/client.hpp"

namespace rollcall::cli {
namespace {

using namespace std::chrono_literals;

/// Heartbeats in the time of one lease, and tries after one that failed.
constexpr int beats_per_ttl = 4;
constexpr int tries_per_ttl = 20;
constexpr std::chrono::milliseconds patience_min = 100ms;
constexpr std::chrono::milliseconds patience_max = 5s;
/// The agent gives up first, and says why.
constexpr std::chrono::milliseconds answer_margin = 500ms;

}  // namespace

std::string member_target(const std::string& group, const std::string& id) {
  return "/v1/groups/" + http::percent_encoded(group) + "/members/" + http::percent_encoded(id);
}

LeaseClock::time_point LeaseClock::now() noexcept {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return time_point(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

GroupLease::GroupLease(AgentOptions agent, GroupPlace place, std::function<void()> news)
    : agent_(std::move(agent)),
      place_(std::move(place)),
      news_(std::move(news)),
      patience_(std::clamp(
          std::chrono::duration_cast<std::chrono::milliseconds>(place_.ttl / beats_per_ttl),
          patience_min, patience_max)) {}

GroupLease::~GroupLease() {
  end();
}

Outcome<Json> GroupLease::join() {
  end();
  const Clock::time_point asked = Clock::now();
  auto answer = ask(agent_, {.what = place_.what,
                             .method = "PUT",
                             .target = member_target(place_.group, place_.id),
                             .body = place_.body});
  if (!answer) return answer;
  if (const std::string group = field_text(*answer, "group"); !group.empty()) place_.group = group;
  {
    const std::lock_guard lock(mutex_);
    held_until_ = asked + place_.ttl;
    is_lost_ = has_lapsed_ = false;
  }
  begin();
  return answer;
}

Outcome<Json> GroupLease::leave() {
  end();
  return ask(
      agent_,
      {.what = place_.what, .method = "DELETE", .target = member_target(place_.group, place_.id)});
}

bool GroupLease::is_lost() const {
  const std::lock_guard lock(mutex_);
  return is_lost_;
}

bool GroupLease::has_lapsed() const {
  const std::lock_guard lock(mutex_);
  return has_lapsed_;
}

GroupLease::Clock::time_point GroupLease::held_until() const {
  const std::lock_guard lock(mutex_);
  return held_until_;
}

void GroupLease::begin() {
  is_ending_ = false;
  thread_ = std::thread([this] { beat(); });
}

void GroupLease::end() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void GroupLease::beat() {
  bool is_renewed = true;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      const auto pause = place_.ttl / (is_renewed ? beats_per_ttl : tries_per_ttl);
      if (changed_.wait_for(lock, pause, [this] { return is_ending_; })) return;
    }
    is_renewed = renew();
    if (is_lost()) break;
  }
  if (news_) news_();
}

bool GroupLease::renew() {
  const Clock::time_point asked = Clock::now();
  const auto answer =
      ask(agent_, {.what = place_.what,
                   .method = "POST",
                   .target = member_target(place_.group, place_.id) +
                             "/heartbeat?timeout=" + std::to_string(patience_.count()) + "ms",
                   .timeout = patience_ + answer_margin});
  const std::lock_guard lock(mutex_);
  if (answer && asked >= held_until_) has_lapsed_ = true;
  if (answer) held_until_ = std::max(held_until_, asked + place_.ttl);
  if (!answer && answer.error().agent_code == "unknown-member") is_lost_ = true;
  return answer.has_value();
}

}  // namespace rollcall::cli
