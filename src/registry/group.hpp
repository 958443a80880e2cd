// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "registry/types.hpp"

namespace rollcall::registry {

/// One named group: its members in the order of their standing, and the number of its view.
///
/// A change is drafted member by member and becomes one view with commit().
///
/// Order:  the longest-standing member first; it leads.
/// Limits: the caller asks members_per_group_max before it adds.
class Group {
 public:
  /// `number`: of the view before the first.
  Group(std::string name, std::uint64_t number) : name_(std::move(name)), number_(number) {}
  // The index points into the members: a move takes both along, a copy would not.
  Group(Group&&) = default;
  Group& operator=(Group&&) = default;
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;
  ~Group() = default;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::uint64_t number() const { return number_; }
  [[nodiscard]] Cause cause() const { return cause_; }
  /// Of the log entry that made the present view.
  [[nodiscard]] std::uint64_t term() const { return term_; }
  [[nodiscard]] std::uint64_t index() const { return index_; }
  [[nodiscard]] std::size_t size() const { return members_.size(); }
  [[nodiscard]] bool is_empty() const { return members_.empty(); }
  /// By standing, the longest first.
  [[nodiscard]] const std::map<std::uint64_t, Member>& members() const { return members_; }
  [[nodiscard]] const Member* find(std::string_view id) const;
  /// Null: nobody is there.
  [[nodiscard]] const Member* leader() const;
  [[nodiscard]] View view() const;

  /// Adds at the end of the order; whoever holds the id is gone before.
  void add(MemberSpec spec, std::uint64_t index, ViewDelta& draft);
  /// What is said of a member changes; its standing does not.
  void update(const Member& member, MemberSpec spec, std::uint64_t index, ViewDelta& draft);
  /// Names the lease anew, without a view, when a join says nothing new.
  void grant(const Member& member, std::uint64_t index);
  void remove(const Member& member, Cause cause, ViewDelta& draft);

  /// Makes the draft the next view. Checked: it changes something.
  void commit(ViewDelta& draft, std::uint64_t term, std::uint64_t index);

  /// For a snapshot: everything beside the members, which are put in one after the other.
  struct Heading {
    std::uint64_t next_standing = 1;
    Cause cause = Cause::joined;
    std::uint64_t term = 0;
    std::uint64_t index = 0;
  };
  [[nodiscard]] Heading heading() const { return {next_standing_, cause_, term_, index_}; }
  void restore(const Heading& heading);
  /// False: the standing or the id is taken, or the standing is none that was given.
  bool restore(Member member);

 private:
  struct ById {
    using is_transparent = void;
    bool operator()(const Member* a, const Member* b) const { return a->spec.id < b->spec.id; }
    bool operator()(const Member* a, std::string_view id) const { return a->spec.id < id; }
    bool operator()(std::string_view id, const Member* b) const { return id < b->spec.id; }
  };

  std::string name_;
  std::uint64_t number_;
  std::uint64_t next_standing_ = 1;
  Cause cause_ = Cause::joined;
  std::uint64_t term_ = 0;
  std::uint64_t index_ = 0;
  std::map<std::uint64_t, Member> members_;
  std::set<const Member*, ById> by_id_;
};

}  // namespace rollcall::registry
