// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/checkers_words.hpp"

#include <utility>

#include "sim/checkers_violations.hpp"
#include "sim/message_text.hpp"

namespace rollcall::sim {

std::string observer_text(const Observation& observation) {
  return moment_text(observation.time) + " host " +
         std::to_string(index_of(observation.observer.host)) + " run " +
         std::to_string(observation.observer.run) + ": " + event_text(observation.event);
}

std::string look_text(const World& world, HostId host) {
  return moment_text(world.now()) + " " + world.name(host) + " (" +
         std::string(core::to_text(world.node(host).phase())) + ") ";
}

std::string record_text(const core::Record& record) {
  static constexpr std::string_view states[] = {"alive", "suspect", "failed", "left"};
  return record.name + "/" + std::to_string(record.life.boot) + " " +
         std::string(states[static_cast<std::size_t>(record.state)]) + " i" +
         std::to_string(record.incarnation);
}

bool has_gone_out(const core::Node& node) {
  const core::Phase phase = node.phase();
  return phase == core::Phase::left || phase == core::Phase::conflict;
}

void Violations::add(std::string text) {
  if (++count_ > violations_max) return;
  kept_.push_back(std::string(checker_) + ": " + std::move(text));
}

std::string Violations::text() const {
  std::string all;
  for (const std::string& line : kept_) all += line + "\n";
  if (count_ > kept_.size()) {
    all += std::string(checker_) + ": and " + std::to_string(count_ - kept_.size()) + " more\n";
  }
  return all;
}

}  // namespace rollcall::sim
