// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/settings/settings_keeper.hpp"

#include <algorithm>
#include <utility>

#include "core/dissemination/update_queue.hpp"
#include "core/mutants.hpp"
#include "core/settings/settings_values.hpp"

namespace rollcall::core {
namespace {

/// Part of the digest that pings and acks carry; 0 for what travels nowhere.
std::uint64_t digest_of(const SettingsVersion& version) {
  if (version.number == 0) return 0;
  return hash_combine(hash_combine(version.number, version.origin.high), version.origin.low);
}

/// What others will have of them: shares to the millionth. What is no value stays, to be refused.
ClusterSettings as_told(const ClusterSettings& settings) {
  return settings_of(values_of(settings)).value_or(settings);
}

}  // namespace

SettingsKeeper::SettingsKeeper(Context& context, SettingsListener& listener)
    : context_(context),
      listener_(listener) {
  cluster_.settings = static_cast<const ClusterSettings&>(context.config);
  in_force_ = cluster_;
}

std::optional<wire::Settings> SettingsKeeper::to_tell() const {
  if (cluster_.version.number == 0) return std::nullopt;
  return wire::Settings{.number = cluster_.version.number,
                        .origin = cluster_.version.origin,
                        .by = cluster_.by,
                        .values = values_};
}

void SettingsKeeper::put_in_force(VersionedSettings settings) {
  const ClusterSettings before = in_force_.settings;
  if (!settings.is_local) {
    cluster_ = settings;
    values_.clear();
    wire::append_values(values_of(cluster_.settings), values_);
    context_.settings_digest = digest_of(cluster_.version);
  }
  in_force_ = std::move(settings);
  static_cast<ClusterSettings&>(context_.config) = in_force_.settings;
  listener_.on_settings_changed(before);
}

void SettingsKeeper::restore(const VersionedSettings& kept) {
  if (kept.version.number > 0) put_in_force(kept);
}

// --- Changes asked for here ------------------------------------------------------------------

CommandDone SettingsKeeper::change(const ChangeSettingsCommand& command) {
  CommandDone done{.id = {}, .result = CommandResult::done, .attempts = {}};
  const std::uint64_t number = cluster_.version.number;
  const bool is_other_origin =
      command.expected_origin && *command.expected_origin != cluster_.version.origin;
  if (is_other_origin || command.expected_number.value_or(number) != number) {
    done.result = CommandResult::version_mismatch;
    return done;
  }
  const bool is_local = command.scope == SettingsScope::local;
  if (!is_local && number >= number_max) {
    done.result = CommandResult::not_allowed;
    return done;
  }
  // What was this member's own does not become everybody's by another change.
  const ClusterSettings& base = is_local ? in_force_.settings : cluster_.settings;
  VersionedSettings wanted{.settings = as_told(apply(command.change, base)),
                           .version = cluster_.version,
                           .by = context_.config.name,
                           .is_local = is_local};
  done.problems = validate(wanted.settings, context_.config.profile);
  if (!done.problems.empty()) {
    done.result = CommandResult::invalid;
    return done;
  }
  if (!is_local) wanted.version = {number + 1, context_.self_record().life.id};
  const VersionedSettings before = in_force_;
  put_in_force(std::move(wanted));
  publish(before);
  if (!is_local) push();
  return done;
}

// --- Changes made elsewhere ------------------------------------------------------------------

bool SettingsKeeper::is_newer(const wire::Settings& told) const {
  if (is_mutant(Mutant::settings_ties_undecided)) return told.number > cluster_.version.number;
  return SettingsVersion{told.number, told.origin} > cluster_.version;
}

void SettingsKeeper::refuse(const wire::Settings& told, const std::string& why) {
  ++context_.counters.datagrams_refused;
  if (context_.now < next_report_) return;
  next_report_ = context_.now + report_spacing;
  context_.warn("settings " + std::to_string(told.number) + ", changed at '" +
                std::string(told.by) + "', are not taken over: " + why);
}

std::optional<ClusterSettings> SettingsKeeper::read(const wire::Settings& told,
                                                    std::uint64_t jump_max) {
  if (told.number > number_max || told.number - cluster_.version.number > jump_max) {
    refuse(told,
           "their number is implausibly far above " + std::to_string(cluster_.version.number));
    return std::nullopt;
  }
  auto settings = settings_of(wire::read_values(told));
  if (!settings) {
    refuse(told, "a value is none that this version of rollcall knows");
    return std::nullopt;
  }
  const auto problems = validate(*settings, context_.config.profile);
  if (problems.empty()) return settings;
  refuse(told, problems.front().field + ": " + problems.front().message);
  return std::nullopt;
}

/// True if they are in force now.
bool SettingsKeeper::adopt(const wire::Settings& told, std::uint64_t jump_max) {
  if (!is_newer(told)) return false;
  const auto settings = read(told, jump_max);
  if (!settings) return false;
  const VersionedSettings before = in_force_;
  put_in_force({.settings = *settings,
                .version = {told.number, told.origin},
                .by = std::string(told.by),
                .is_local = false});
  publish(before);
  return true;
}

void SettingsKeeper::on_told(const wire::Settings& told, const Address& from) {
  if (adopt(told, number_jump_max)) return push();
  const bool is_older = SettingsVersion{told.number, told.origin} < cluster_.version;
  if (!is_older || context_.now < next_reminder_) return;
  next_reminder_ = context_.now + reminder_spacing;
  send_to(from);
}

void SettingsKeeper::on_compared(const std::optional<wire::Settings>& told) {
  if (told && adopt(*told, number_max)) push();
}

void SettingsKeeper::on_welcomed(const std::optional<wire::Settings>& told) {
  if (told) adopt(*told, number_max);
}

void SettingsKeeper::publish(const VersionedSettings& before) {
  const Record& self = context_.self_record();
  context_.effects->add(Publish{.kind = EventKind::protocol_changed,
                                .name = self.name,
                                .life = self.life,
                                .incarnation = self.incarnation,
                                .address = self.address,
                                .by = in_force_.by,
                                .message = {},
                                .settings = {{before, in_force_}}});
  if (!in_force_.is_local) context_.effects->add(PersistSettings{in_force_});
}

// --- Spreading -------------------------------------------------------------------------------

void SettingsKeeper::send_to(const Address& address) {
  const auto settings = to_tell();
  if (!settings) return;
  wire::DatagramWriter writer(context_.envelope());
  const bool fits = writer.add(*settings);
  ROLLCALL_CHECK(fits);
  context_.send(address, writer);
}

void SettingsKeeper::push() {
  if (is_mutant(Mutant::settings_not_spread)) return;
  for (const Slot slot : context_.pick_live(push_fanout(context_), [](Slot) { return true; })) {
    send_to(context_.table.at(slot).address);
  }
  ticks_left_ = static_cast<unsigned>(push_fanout(context_));
  next_tick_ = context_.now + context_.config.gossip_interval;
}

void SettingsKeeper::on_deadline() {
  if (context_.now < next_tick_) return;
  for (const Slot slot : context_.pick_live(tick_fanout, [](Slot) { return true; })) {
    send_to(context_.table.at(slot).address);
  }
  next_tick_ = --ticks_left_ > 0 ? context_.now + context_.config.gossip_interval : never;
}

}  // namespace rollcall::core
