// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/effects.hpp"
#include "core/membership/member_table.hpp"
#include "core/node.hpp"
#include "rollcall/event.hpp"
#include "rollcall/member.hpp"
#include "rollcall/steadiness.hpp"

namespace rollcall::runtime {

/// The two clocks, read together.
struct Clocks {
  Instant steady;
  std::chrono::system_clock::time_point wall;
};

/// Turns the core's records into the values that readers get.
///
/// Keeps one immutable Member for each record and rebuilds only those that changed; a list shares
/// all the others with the list before.
///
/// Limits:  O(changed) allocations and O(members) copied pointers for each list.
/// Threads: none; the loop's thread. The lists it gives belong to anybody.
class MemberSnapshots {
 public:
  explicit MemberSnapshots(std::string self) : self_(std::move(self)) {}

  /// Takes over the records in the given slots.
  void update(const core::MemberTable& table, std::span<const core::Slot> changed, Clocks clocks);

  [[nodiscard]] MemberList list() const;
  [[nodiscard]] std::size_t size() const { return order_.size(); }

  /// The member that an event is about, as it was right after it. For one that the table no
  /// longer has, what was last known.
  [[nodiscard]] Member describe(const core::Publish& event, const core::MemberTable& table,
                                Clocks clocks) const;
  /// Whether readers would see a difference from what the last update() gave them.
  [[nodiscard]] bool is_news(const Member& member) const;

 private:
  struct Entry {
    std::shared_ptr<const Member> member;
    Instant since{};
  };

  [[nodiscard]] std::shared_ptr<const Member> find(std::string_view name) const;
  [[nodiscard]] const std::string& name_at(core::Slot slot) const;
  void remove_gone(const core::MemberTable& table, std::span<const core::Slot> changed);
  void sort_in_added(std::size_t sorted);

  std::string self_;
  std::vector<Entry> entries_;     // by slot
  std::vector<core::Slot> order_;  // the slots in use, by name
};

/// Who is suspected or has flapped lately, by name.
std::vector<Steadiness> steadiness_of_members(const core::Node& node, Clocks clocks);

/// A core record as a value of the embedding API.
Member to_member(const core::Record& record, std::chrono::system_clock::time_point since);

}  // namespace rollcall::runtime
