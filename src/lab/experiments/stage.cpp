// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/experiments/stage.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include "base/check.hpp"

namespace rollcall::lab {

using sim::HostId;

Stage::Stage(const StageOptions& options)
    : options_(options),
      world_({.seed = options.seed, .link = options.link}),
      prng_(hash_combine(options.seed, options.members)) {
  for (std::size_t i = 0; i < options_.members; ++i) {
    core::Config config = options_.config;
    config.name = "n" + std::to_string(i);
    world_.add_host(std::move(config));
  }
  world_.start_formed();
}

void Stage::rest(Duration around) {
  world_.run_for(prng_.between(around, around + around / 2));
}

std::vector<HostId> Stage::draw_hosts(std::size_t count) {
  std::vector<HostId> running;
  for (const HostId host : world_.hosts()) {
    if (world_.is_running(host)) running.push_back(host);
  }
  ROLLCALL_CHECK(count <= running.size());
  prng_.shuffle(std::span(running));
  running.resize(count);
  return running;
}

Totals Stage::totals() const {
  Totals totals;
  for (const HostId host : world_.hosts()) {
    if (!world_.is_running(host)) continue;
    const core::Counters& counters = world_.node(host).counters();
    totals.datagrams += counters.datagrams_sent;
    totals.bytes += counters.bytes_sent;
    totals.probes += counters.probes;
    totals.probes_failed += counters.probes_failed;
  }
  return totals;
}

std::optional<HostId> host_named(std::string_view name) {
  if (name.size() < 2 || name.front() != 'n') return std::nullopt;
  std::uint32_t index = 0;
  const char* const end = name.data() + name.size();
  const auto [stopped, error] = std::from_chars(name.data() + 1, end, index);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return HostId{index};
}

EndWatch::EndWatch(sim::World& world) {
  world.observe([this](const sim::Observation& observation) { on_event(observation); });
}

void EndWatch::on_event(const sim::Observation& observation) {
  const core::EventKind kind = observation.event.kind;
  const bool is_end = kind == core::EventKind::member_failed;
  if (!is_end && kind != core::EventKind::member_suspect) return;
  const auto found = ends_.find(observation.event.life.id);
  if (found == ends_.end()) return;
  End& end = found->second;
  if (!is_end) {
    if (!end.suspected) end.suspected = observation.time;
    return;
  }
  if (!end.first) end.first = observation.time;
  end.last = observation.time;
  ++end.told;
}

}  // namespace rollcall::lab
