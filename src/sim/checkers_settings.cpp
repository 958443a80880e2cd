// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/checkers_settings.hpp"

#include <algorithm>

#include "sim/checkers_words.hpp"
#include "sim/message_text.hpp"

namespace rollcall::sim {
namespace {

bool lists(const core::Node& observer, const LifeId& life) {
  const auto slot = observer.members().find(life);
  return slot && core::is_live(observer.members().at(*slot).state);
}

std::string version_text(const World& world, HostId host) {
  const core::SettingsVersion& version = world.node(host).settings().version;
  return world.name(host) + " has settings " + std::to_string(version.number) + " of " +
         world.names().text(version.origin);
}

}  // namespace

void SettingsChecker::on_event(const Observation& observation) {
  if (observation.event.kind != core::EventKind::protocol_changed) return;
  const core::SettingsVersion& version = observation.event.settings.front().to.version;
  if (version <= newest_) return;
  newest_ = version;
  changed_at_ = observation.time;
}

std::vector<HostId> SettingsChecker::members() const {
  std::vector<HostId> result;
  for (const HostId host : world_.hosts()) {
    if (!world_.is_running(host) || has_gone_out(world_.node(host))) continue;
    if (!world_.sound_since(host)) return {};
    if (!result.empty()) {
      const core::Node& own = world_.node(host);
      const core::Node& first = world_.node(result.front());
      const bool are_together = world_.share_group(host, result.front()) &&
                                lists(own, first.life().id) && lists(first, own.life().id);
      if (!are_together) return {};
    }
    result.push_back(host);
  }
  return result;
}

std::string SettingsChecker::gap(HostId one, HostId other) const {
  const core::VersionedSettings& mine = world_.node(one).settings();
  const core::VersionedSettings& theirs = world_.node(other).settings();
  const bool is_own = mine.version.number == 0 || mine.is_local || theirs.is_local;
  if (mine.version == theirs.version && (is_own || mine.settings == theirs.settings)) return {};
  return version_text(world_, one) + ", " + version_text(world_, other) +
         (mine.version == theirs.version ? ", with other values" : "");
}

std::string SettingsChecker::first_gap() const {
  const std::vector<HostId> all = members();
  for (const HostId host : all) {
    std::string found = gap(all.front(), host);
    if (!found.empty()) return found;
  }
  return {};
}

void SettingsChecker::look() {
  const std::string found = first_gap();
  const Instant since = std::max({agreed_at_, changed_at_, troubles_.still_since()});
  const bool is_overdue = world_.now() - since > bound_;
  if (!found.empty() && is_overdue) {
    violations_.add(moment_text(world_.now()) + " no agreement since " + moment_text(since) + ": " +
                    found);
  }
  // What was objected to is objected to again only after as long again.
  if (found.empty() || is_overdue) agreed_at_ = world_.now();
}

}  // namespace rollcall::sim
