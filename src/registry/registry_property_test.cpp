// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "registry/registry.hpp"
#include "registry/test_commands.hpp"

/// What must hold after any commands whatever.
namespace rollcall::registry {
namespace {

constexpr LifeId cluster{7, 7};

Applied apply(Registry& registry, const Command& command, std::uint64_t index) {
  const ByteVector bytes = encode(command);
  auto applied = registry.apply({.term = 1 + index / 10, .index = index, .command = bytes});
  RC_ASSERT(applied.has_value());
  registry.check_invariants();
  return std::move(*applied);
}

std::vector<Command> any_commands() {
  return *rc::gen::scale(1.5, rc::gen::container<std::vector<Command>>(any_command()));
}

/// What a watcher that only ever saw deltas believes: by standing.
struct Watcher {
  std::uint64_t number = 0;
  std::map<std::uint64_t, Member> members;

  void see(const ViewDelta& delta) {
    RC_ASSERT(delta.number == number + 1);
    number = delta.number;
    for (const Departure& one : delta.left) {
      const auto at = members.find(one.standing);
      RC_ASSERT(at != members.end());
      RC_ASSERT(at->second.spec.id == one.id && at->second.spec.life == one.life);
      members.erase(at);
    }
    for (const Member& one : delta.joined) {
      const bool is_last = members.empty() || members.rbegin()->first < one.standing;
      RC_ASSERT(is_last);
      RC_ASSERT(one.since == number);
      members.emplace(one.standing, one);
    }
    for (const Member& one : delta.updated) {
      RC_ASSERT(members.contains(one.standing));
      members[one.standing] = one;
    }
    const std::string leader = members.empty() ? "" : members.begin()->second.spec.id;
    RC_ASSERT(delta.leader == leader);
  }
};

/// Leases are renewed without a view; everything else a watcher knows.
void forget_leases(std::map<std::uint64_t, Member>& members) {
  for (auto& [standing, member] : members) member.granted = 0;
}

RC_GTEST_PROP(RegistryPropertyTest, TellsWatchersEverythingOnceAndInOrder, ()) {
  Registry registry(cluster);
  std::map<std::string, Watcher> watchers;
  std::uint64_t index = 0;
  for (const Command& command : any_commands()) {
    for (const ViewDelta& delta : apply(registry, command, ++index).changes) {
      watchers[delta.group].see(delta);
    }
  }
  for (const auto& [name, group] : registry.groups()) {
    Watcher& watcher = watchers[name];
    RC_ASSERT(watcher.number == group.number());
    auto members = group.members();
    forget_leases(members);
    forget_leases(watcher.members);
    RC_ASSERT(members == watcher.members);
  }
}

RC_GTEST_PROP(RegistryPropertyTest, ResumesAWatchFromAnyView, ()) {
  Registry registry(cluster);
  std::map<std::string, std::vector<ViewDelta>> told;
  std::uint64_t index = 0;
  for (const Command& command : any_commands()) {
    for (const ViewDelta& delta : apply(registry, command, ++index).changes) {
      told[delta.group].push_back(delta);
    }
  }
  for (const auto& [name, all] : told) {
    for (std::uint64_t after = 0; after <= all.size(); ++after) {
      const auto deltas = registry.deltas_since(name, after);
      RC_ASSERT(deltas.has_value());
      RC_ASSERT(deltas->size() == all.size() - after);
      for (std::size_t i = 0; i < deltas->size(); ++i) {
        RC_ASSERT(*(*deltas)[i] == all[static_cast<std::size_t>(after) + i]);
      }
    }
  }
}

RC_GTEST_PROP(RegistryPropertyTest, RemembersEveryViewAsItWas, ()) {
  Registry registry(cluster);
  std::map<std::string, std::vector<View>> seen;
  std::uint64_t index = 0;
  for (const Command& command : any_commands()) {
    for (const ViewDelta& delta : apply(registry, command, ++index).changes) {
      seen[delta.group].push_back(registry.find(delta.group)->view());
    }
  }
  for (const auto& [name, views] : seen) {
    RC_ASSERT(registry.views_since(name, 0, views.size()) == views);
    const std::vector<View> last = registry.views_since(name, views.size() - 1, 10);
    RC_ASSERT(last.size() == 1U && last.front() == views.back());
  }
}

RC_GTEST_PROP(RegistryPropertyTest, IsTheSameAfterARestoreAtAnyPlace, ()) {
  const std::vector<Command> commands = any_commands();
  const auto place = *rc::gen::inRange<std::size_t>(0, commands.size() + 1);
  Registry whole(cluster);
  Registry restored(cluster);
  for (std::size_t i = 0; i < commands.size(); ++i) {
    if (i == place) {
      auto copy = Registry::restore(whole.snapshot(), cluster);
      RC_ASSERT(copy.has_value());
      restored = std::move(*copy);
      RC_ASSERT(restored.snapshot() == whole.snapshot());
    }
    const Applied first = apply(whole, commands[i], i + 1);
    if (i < place) continue;
    const Applied second = apply(restored, commands[i], i + 1);
    RC_ASSERT(first.result == second.result);
    RC_ASSERT(first.changes == second.changes);
    RC_ASSERT(first.renewed == second.renewed);
  }
  if (place < commands.size()) RC_ASSERT(restored.snapshot() == whole.snapshot());
}

RC_GTEST_PROP(RegistryPropertyTest, DoesEachRequestAtMostOnce, ()) {
  // A log in which everything is committed twice does what the log without repetitions does.
  std::vector<Command> commands = any_commands();
  std::uint64_t sequence = 0;
  for (Command& command : commands) {
    command.request = {.client = {0, 9}, .sequence = ++sequence, .answered_below = 1};
  }
  Registry once(cluster);
  Registry twice(cluster);
  std::vector<Result> results;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    results.push_back(apply(once, commands[i], i * 100 + 1).result);
    RC_ASSERT(apply(twice, commands[i], i * 100 + 1).result == results.back());
    const auto again = *rc::gen::inRange<std::size_t>(0, i + 1);
    const Applied repeated = apply(twice, commands[again], i * 100 + 2);
    RC_ASSERT(repeated.changes.empty());
    RC_ASSERT(repeated.result == results[again]);
  }
  for (const auto& [name, group] : once.groups()) {
    RC_ASSERT(twice.find(name)->members() == group.members());
    RC_ASSERT(twice.find(name)->number() == group.number());
  }
}

RC_GTEST_PROP(RegistryPropertyTest, NeverTakesARemovedLifeBackIntoTheCluster, ()) {
  Registry registry(cluster);
  std::map<std::string, std::uint64_t> removed_boots;
  std::uint64_t index = 0;
  for (const Command& command : any_commands()) {
    for (const ViewDelta& delta : apply(registry, command, ++index).changes) {
      if (delta.group != cluster_group) continue;
      for (const Departure& one : delta.left) removed_boots[one.id] = one.life.boot;
      for (const Member& one : delta.joined) {
        RC_ASSERT(one.spec.life.boot > removed_boots[one.spec.id]);
      }
    }
  }
}

}  // namespace
}  // namespace rollcall::registry
