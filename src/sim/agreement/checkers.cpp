// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/agreement/checkers.hpp"

#include <algorithm>

namespace rollcall::sim::agreement {

void Checkers::watch(AgreementWorld& world, const WorldOptions& options) {
  world_ = &world;
  options_ = options;
  reference_.emplace(world.cluster());
}

std::string Checkers::name(Run run) const {
  return world_->name(run.member) + " (start " + std::to_string(run.start) + ")";
}

std::string Checkers::time() const {
  return "at " + std::to_string(to_seconds(world_->now().time_since_epoch())) + " s: ";
}

void Checkers::object(std::string_view checker, const std::string& text) {
  auto at = violations_.find(checker);
  if (at == violations_.end()) {
    at = violations_.emplace(std::string(checker), Violations("")).first;
    at->second = Violations(at->first);
  }
  at->second.add(time() + text);
}

std::string Checkers::text() const {
  std::string text;
  for (const auto& [checker, violations] : violations_) text += violations.text();
  return text;
}

void Checkers::on_start(Run run) {
  given_.try_emplace(run);
}

void Checkers::on_broken(Run run, const std::string& what) {
  object("broken", name(run) + " " + what);
}

const registry::ViewDelta* Checkers::view(const std::string& group, std::uint64_t number) const {
  const auto at = views_.find({group, number});
  return at == views_.end() ? nullptr : &at->second;
}

// --- what each process shows -------------------------------------------------------------------
void Checkers::on_changed(Run run, const std::vector<registry::ViewDelta>& changes) {
  Given& given = given_[run];
  for (const registry::ViewDelta& delta : changes) {
    const std::string what = delta.group + " view " + std::to_string(delta.number);
    const registry::ViewDelta* const known = view(delta.group, delta.number);
    if (known == nullptr) {
      object("views", name(run) + " shows " + what + ", which no command has made");
    } else if (*known != delta) {
      object("views", name(run) + " shows another " + what + " than was agreed");
    }
    std::uint64_t& number = given.numbers[delta.group];
    if (delta.number != number + 1) {
      object("views", name(run) + " shows " + what + " after view " + std::to_string(number));
    }
    number = delta.number;
  }
}

void Checkers::on_reset(Run run) {
  Given& given = given_[run];
  given.numbers.clear();
  for (const auto& [name_of_group, group] : world_->registry(run.member).groups()) {
    given.numbers[name_of_group] = group.number();
    if (group.number() == 0) continue;
    const registry::ViewDelta* const known = view(name_of_group, group.number());
    if (known == nullptr) {
      object("views", name(run) + " was given a snapshot with " + name_of_group + " view " +
                          std::to_string(group.number()) + ", which no command has made");
    } else if (known->index != group.index() || known->leader != group.view().leader) {
      object("views", name(run) + " was given a snapshot with another " + name_of_group + " view " +
                          std::to_string(group.number()) + " than was agreed");
    }
  }
}

// --- what clients were told --------------------------------------------------------------------
void Checkers::on_renewed(const std::string& group, const std::string& id, Instant invoked) {
  Instant& latest = renewed_[{group, id}];
  latest = std::max(latest, invoked);
}

void Checkers::on_joined(const std::string& group, const std::string& id,
                         const registry::Result& result) {
  const auto at = ledger_.find(result.granted);
  const auto command = at == ledger_.end() ? std::unexpected(registry::CommandError::malformed)
                                           : registry::decode_command(at->second.command);
  const auto* const join = command ? std::get_if<registry::Join>(&command->action) : nullptr;
  if (join == nullptr || join->group != group || join->member.id != id) {
    object("log", "the join of " + id + " to " + group +
                      " was acknowledged, but is not committed at index " +
                      std::to_string(result.granted));
  }
}

void Checkers::on_left(const std::string& group, const std::string& id,
                       const registry::Result& result) {
  const registry::ViewDelta* const delta = view(group, result.number);
  const bool is_there = delta != nullptr && std::ranges::any_of(delta->left, [&](const auto& one) {
                          return one.id == id && one.cause == registry::Cause::left;
                        });
  if (!is_there) {
    object("log", "the departure of " + id + " from " + group +
                      " was acknowledged, but is not what made view " +
                      std::to_string(result.number));
  }
}

}  // namespace rollcall::sim::agreement
