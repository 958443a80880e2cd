// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "core/context.hpp"
#include "core/detector/detector.hpp"
#include "core/detector/ping_log.hpp"
#include "core/exchanges.hpp"
#include "core/settings/settings_keeper.hpp"

namespace rollcall::core {

/// Finds and repairs what gossip missed. Every ping and ack carries the sender's digest of its
/// live records, so that agreement costs nothing to confirm; only where digests still differ
/// after a quiet time are buckets, then entries, then records compared over TCP.
///
/// Limits: one exchange of this node's own at a time, at most one per exchange_spacing.
/// Source: Demers et al., 1987, section 1.3 (checksums before databases).
class AntiEntropy {
 public:
  /// Digests differ all the time while news travels; only a lasting difference is one.
  static constexpr Duration quiet_time = std::chrono::seconds(1);
  static constexpr Duration exchange_spacing = std::chrono::seconds(1);
  /// Where records never rest (a lossy network), a difference is looked into all the same.
  static constexpr Duration overdue_time = std::chrono::seconds(5);
  /// The first comparison after joining; the next ones are each twice as far.
  static constexpr Duration settling_first = std::chrono::milliseconds(100);
  static constexpr unsigned settling_steps = 4;

  AntiEntropy(Context& context, PingLog& pings, Exchanges& exchanges, SettingsKeeper& settings,
              Registrar& registrar)
      : context_(context),
        pings_(pings),
        exchanges_(exchanges),
        settings_(settings),
        registrar_(registrar) {}

  void start();
  void stop() { next_compare_ = never; }
  /// This node has just been let in: others who came at the same time may not have heard of it,
  /// nor it of them. It compares a few times, at growing distances.
  void settle_in();

  /// A member's digest, as it came with a datagram.
  void on_digest(Slot slot, std::uint64_t digest);
  /// The digest of a member that was asked for it: a difference is repaired at once.
  void on_compared(Slot slot, std::uint64_t digest);

  /// This node asked; the other side answered.
  void on_entries(ExchangeId id, const wire::SyncEntries& entries);
  void on_records(ExchangeId id, const wire::SyncRecords& records);

  /// Another node asks. The views in the answers point into the table.
  [[nodiscard]] wire::SyncEntries answer(const wire::SyncOpen& open) const;
  wire::SyncRecords answer(const wire::SyncRecords& records);

  void on_deadline();
  [[nodiscard]] Instant next_deadline() const { return next_compare_; }

 private:
  void compare_with(Slot slot);
  void schedule();

  Context& context_;
  PingLog& pings_;
  Exchanges& exchanges_;
  const SettingsKeeper& settings_;
  Registrar& registrar_;
  Instant next_compare_ = never;
  Instant next_allowed_{};
  unsigned settling_left_ = 0;
  Duration settling_step_{};
};

}  // namespace rollcall::core
