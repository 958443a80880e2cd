// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/context.hpp"
#include "core/settings/cluster_settings.hpp"

namespace rollcall::core {

/// Told when other settings come into force.
class SettingsListener {
 public:
  virtual ~SettingsListener() = default;
  /// The context's config has the new ones already.
  virtual void on_settings_changed(const ClusterSettings& before) = 0;
};

/// The settings in force, and how they reach everybody: pushed when they are new here, repeated
/// for a few ticks, told to whoever shows older ones, and compared by anti-entropy, for their
/// version is part of every digest.
///
/// Order:   versions by (number, origin): two changes made at once end in one of them everywhere.
/// Errors:  settings that cannot be used are counted as refused, reported once, and not kept.
/// Limits:  a number above number_max is refused, and by datagram one more than number_jump_max
///          above the known one. A refusal is reported once in report_spacing.
/// Source:  PROTOCOL.md, "Settings".
class SettingsKeeper {
 public:
  static constexpr std::uint64_t number_max = std::uint64_t{1} << 53U;
  static constexpr std::uint64_t number_jump_max = std::uint64_t{1} << 20U;
  static constexpr Duration report_spacing = std::chrono::minutes(1);
  /// Members told per tick, while the news is fresh.
  static constexpr std::size_t tick_fanout = 3;
  /// Who shows older settings is told of the newer ones at most so often.
  static constexpr Duration reminder_spacing = std::chrono::milliseconds(20);

  SettingsKeeper(Context& context, SettingsListener& listener);

  [[nodiscard]] const VersionedSettings& in_force() const { return in_force_; }
  /// What joiners, and those who compare, are told; nothing while only number 0 is known. The
  /// views in it point into this.
  [[nodiscard]] std::optional<wire::Settings> to_tell() const;

  /// Takes over settings kept from an earlier life, without telling anybody.
  void restore(const VersionedSettings& kept);
  /// What a user asks for.
  [[nodiscard]] CommandDone change(const ChangeSettingsCommand& command);
  /// What a member has told by datagram; whoever shows older ones is told of the newer.
  void on_told(const wire::Settings& told, const Address& from);
  /// What a comparison has shown.
  void on_compared(const std::optional<wire::Settings>& told);
  /// What the cluster that has just let this member in is tuned by. Everybody else knows.
  void on_welcomed(const std::optional<wire::Settings>& told);

  void stop() { next_tick_ = never; }
  void on_deadline();
  [[nodiscard]] Instant next_deadline() const { return next_tick_; }

 private:
  bool adopt(const wire::Settings& told, std::uint64_t jump_max);
  [[nodiscard]] bool is_newer(const wire::Settings& told) const;
  [[nodiscard]] std::optional<ClusterSettings> read(const wire::Settings& told,
                                                    std::uint64_t jump_max);
  void refuse(const wire::Settings& told, const std::string& why);
  void put_in_force(VersionedSettings settings);
  void publish(const VersionedSettings& before);
  void send_to(const Address& address);
  void push();

  Context& context_;
  SettingsListener& listener_;
  /// Everybody's; in force here unless this member has its own.
  VersionedSettings cluster_;
  VersionedSettings in_force_;
  ByteVector values_;  // of cluster_, encoded
  unsigned ticks_left_ = 0;
  Instant next_tick_ = never;
  Instant next_reminder_{};
  Instant next_report_{};
};

}  // namespace rollcall::core
