// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "sim/agreement/history.hpp"

namespace rollcall::sim::agreement {

/// What one group would be if operations happened one after the other: written from the promises of
/// PROTOCOL.md and not from the registry's code, so that the two can disagree.
struct GroupModel {
  struct Person {
    std::string id;
    Life life;
    std::string address;

    auto operator<=>(const Person&) const = default;
  };

  std::uint64_t number = 0;      // 0: there is no such group
  std::uint64_t granted = 0;     // the highest grant that anybody was told of
  std::vector<Person> standing;  // the longest standing first

  bool operator==(const GroupModel&) const = default;

  /// The group after the operation; nothing if it cannot have had this outcome now. Without an
  /// outcome it does what it would do.
  [[nodiscard]] std::optional<GroupModel> after(const Operation& operation) const;
  [[nodiscard]] std::uint64_t hash() const;
  /// "view 3: a b".
  [[nodiscard]] std::string text() const;

 private:
  using Next = std::optional<GroupModel>;

  [[nodiscard]] Next after(const JoinOperation& join, const std::optional<Outcome>& told) const;
  [[nodiscard]] Next after(const LeaveOperation& leave, const std::optional<Outcome>& told) const;
  [[nodiscard]] Next after(const ReadOperation& read, const std::optional<Outcome>& told) const;
  [[nodiscard]] Next after(const HeartbeatOperation& beat,
                           const std::optional<Outcome>& told) const;
  [[nodiscard]] Next after(const EvictOperation& evict, const std::optional<Outcome>& told) const;

  [[nodiscard]] std::vector<Person>::const_iterator find(const std::string& id) const;
};

}  // namespace rollcall::sim::agreement
