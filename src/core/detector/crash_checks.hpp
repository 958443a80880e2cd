// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "core/context.hpp"
#include "core/detector/detector.hpp"
#include "core/detector/ping_log.hpp"

namespace rollcall::core {

/// Proof of death. A host whose process is gone says so itself: it refuses datagrams and
/// connections to the port, or lets another life answer there. When one sign of that appears,
/// this node looks itself; if it is refused it asks helpers to look now; if two of them are
/// refused too, the member has failed, with no pause to wait out.
///
/// A closed stream alone proves nothing (a proxy, a full table, an idle time-out): it only
/// starts the look.
///
/// Limits: one check a member; each lasts check_time at most and asks two helpers per
///         look_interval.
/// Source: Leners et al., "Detecting failures in distributed systems with the Falcon spy
///         network", SOSP 2011, for evidence from the host; the confirmation is ours.
class CrashChecks {
 public:
  static constexpr std::size_t refusals_needed = 2;
  static constexpr Duration check_time = std::chrono::seconds(1);
  static constexpr Duration look_interval = std::chrono::milliseconds(100);

  CrashChecks(Context& context, PingLog& pings, Registrar& registrar)
      : context_(context),
        pings_(pings),
        registrar_(registrar) {}

  /// Something happened that a dead process would explain.
  void look_at(Slot slot);
  /// This node's own evidence: refused, or another life at the address.
  void on_refused(Slot slot);
  void on_stream_refused(Slot slot);
  void on_helper_refused(Slot slot, const Address& helper);
  /// The member answered: nothing is wrong with it.
  void close(Slot slot);
  void clear() { list_.clear(); }

  /// Moves every check on; returns the members whose check ended without a verdict.
  std::vector<Slot> on_deadline();
  [[nodiscard]] Instant next_deadline() const;

 private:
  struct Check {
    Slot slot{};
    LifeId life;
    Instant ends{};
    Instant next_look{};
    bool refused_here = false;
    bool stream_refused = false;
    std::vector<Address> helpers_refused{};
  };

  Check* find(Slot slot);
  void look(Check& check);
  void judge(Slot slot);
  [[nodiscard]] std::size_t helpers_possible() const;
  [[nodiscard]] bool is_proven(const Check& check) const;

  Context& context_;
  PingLog& pings_;
  Registrar& registrar_;
  std::vector<Check> list_;
};

}  // namespace rollcall::core
