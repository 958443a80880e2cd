// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "rollcall/error.hpp"
#include "rollcall/faults.hpp"
#include "rollcall/member.hpp"

namespace rollcall::runtime {

inline constexpr std::size_t faults_max = 1024;
inline constexpr Duration fault_delay_max = std::chrono::seconds(60);
inline constexpr Duration fault_time_max = std::chrono::hours(24);
inline constexpr Duration freeze_time_max = std::chrono::hours(1);

/// A fault whose peer has been looked up.
struct CheckedFault {
  Fault fault;
  /// Nothing: everybody.
  std::optional<Address> peer;
};
struct CheckedFaults {
  std::vector<CheckedFault> faults;
  std::optional<Freeze> freeze;
};

/// Errors: invalid_option; the field is "faults[0].drop" or "freeze", the message tells the range.
std::expected<CheckedFaults, Error> check_faults(const FaultPlan& plan, const MemberList& members);

/// "cut to and from node2 for 30s", "drop 30%, delay 50ms in from everybody": for people.
std::string describe(const Fault& fault);
/// The first few faults, and how many more there are.
std::string describe(const CheckedFaults& faults);

/// One way of a line between this member and a peer.
enum class Way : std::uint8_t { in, out };

/// All that goes wrong there.
struct LineFaults {
  bool is_cut = false;
  double drop = 0;
  double duplicate = 0;
  double reorder = 0;
  Duration delay{0};
  Duration jitter{0};

  [[nodiscard]] bool any() const {
    return is_cut || drop > 0 || duplicate > 0 || reorder > 0 || delay > Duration::zero() ||
           jitter > Duration::zero();
  }
};

/// The faults of one member that are in force, added up for each of its lines.
///
/// Limits:  faults_max faults.
/// Threads: none.
class FaultRules {
 public:
  struct Rule {
    CheckedFault checked;
    Instant ends = never;
  };

  /// Takes the place of what was there.
  void set(std::vector<CheckedFault> faults, Instant now);
  /// Takes away the faults whose time is over, and tells which.
  std::vector<Fault> end_overdue(Instant now);
  [[nodiscard]] Instant next_end() const;

  /// A peer that is not known has the faults that everybody has.
  [[nodiscard]] const LineFaults& of(Way way, const std::optional<Address>& peer) const;
  /// For both ways, Way::in first: those of peers that have faults of their own.
  using Line = std::array<LineFaults, 2>;
  [[nodiscard]] const std::map<Address, Line>& by_peer() const { return by_peer_; }
  [[nodiscard]] const std::vector<Rule>& list() const { return list_; }
  [[nodiscard]] bool empty() const { return list_.empty(); }

 private:
  void add_up();

  std::vector<Rule> list_;
  Line everybody_;
  std::map<Address, Line> by_peer_;  // with what everybody has
};

}  // namespace rollcall::runtime
