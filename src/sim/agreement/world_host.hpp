// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/agreement/world.hpp"

/// What world.hpp hides, for the files of the world alone.
namespace rollcall::sim::agreement {

using namespace std::chrono_literals;

/// A member's process, from a start to its end.
struct AgreementWorld::Process {
  consensus::Replica replica;
  consensus::Agreement agreement;
  /// The registry that snapshots are taken of.
  registry::Registry copy;
  /// What the log gave up and the agreement was not given yet.
  std::deque<consensus::LogEvent> events;
  std::set<registry::LeaseName> checks;
  std::map<consensus::RequestToken, Answer> answers;
  std::map<consensus::RequestToken, ReadAnswer> read_answers;
  std::map<consensus::RequestToken, HeartbeatAnswer> heartbeat_answers;
};

/// A member's machine, with what outlives its processes.
struct AgreementWorld::Host {
  using Input = std::function<void(Host&)>;
  struct Waiting {
    Input input;
    Source source{};
  };

  std::size_t member = 0;
  std::string name;
  HostClock clock;
  Life life;
  std::optional<VirtualDisk> disk;
  Instant disk_free{};
  std::unique_ptr<Process> process;
  std::uint64_t starts = 0;
  bool begins_alone = false;
  bool is_leaving = false;
  bool has_left = false;
  bool is_paused = false;
  Instant paused_since{};
  std::vector<Waiting> waiting;  // what came while it was paused
  Instant timer_at = never;
  Instant last_timer{};
  std::size_t timers_in_a_row = 0;  // at the same moment

  [[nodiscard]] Run run() const { return {.member = member, .start = starts}; }
};

/// False: nobody is there to be given it.
template <class Give>
bool AgreementWorld::give(std::size_t member, Give input, Source source) {
  Host& host = *hosts_[member];
  if (!host.process) return false;
  if (host.is_paused) {
    host.waiting.push_back({.input = std::move(input), .source = source});
    return true;
  }
  input(host);
  settle(host);
  return true;
}

/// To this process, if it still runs then.
template <class Give>
void AgreementWorld::give_later(std::size_t member, Duration delay, Give input) {
  timeline_.after(delay, [this, member, start = hosts_[member]->starts, input] {
    const Host& host = *hosts_[member];
    if (host.process && host.starts == start) give(member, input);
  });
}

}  // namespace rollcall::sim::agreement
