// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall {

using Tags = std::map<std::string, std::string, std::less<>>;

enum class MemberState : std::uint8_t { alive, suspect, failed, left };
/// "alive", "suspect", "failed", "left".
std::string_view to_text(MemberState state);

/// What one member knows of another (or of itself).
struct Member {
  std::string name;
  /// 32 hexadecimal digits, new for each life of the process: a restart has another id.
  std::string id;
  /// "host:port" in numbers.
  std::string address;
  MemberState state{};
  /// Raised by the member itself, to refute a suspicion or to change its tags.
  std::uint32_t incarnation = 0;
  /// When this observer saw the state begin, by the observer's wall clock.
  std::chrono::system_clock::time_point since;
  Tags tags;
  /// The last measured round trip; nothing if this observer has not probed it yet.
  std::optional<std::chrono::nanoseconds> rtt;
};

/// All members known at one moment, by name. A value: it never changes once taken.
///
/// Threads: any; copies share their members, which are const.
class MemberList {
 public:
  using Storage = std::vector<std::shared_ptr<const Member>>;

  MemberList() : members_(std::make_shared<const Storage>()) {}
  /// The members must be sorted by name.
  MemberList(std::string self, std::shared_ptr<const Storage> members)
      : self_(std::move(self)),
        members_(std::move(members)) {}

  class Iterator {
   public:
    using value_type = Member;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    explicit Iterator(Storage::const_iterator at) : at_(at) {}
    const Member& operator*() const { return **at_; }
    const Member* operator->() const { return at_->get(); }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    Iterator operator++(int) { return Iterator(at_++); }
    bool operator==(const Iterator&) const = default;

   private:
    Storage::const_iterator at_;
  };

  [[nodiscard]] Iterator begin() const { return Iterator(members_->begin()); }
  [[nodiscard]] Iterator end() const { return Iterator(members_->end()); }
  [[nodiscard]] std::size_t size() const { return members_->size(); }
  [[nodiscard]] std::size_t count(MemberState state) const;
  /// The member of that name; null if none is known. Valid as long as this list.
  [[nodiscard]] const Member* find(std::string_view name) const;
  /// This observer itself.
  [[nodiscard]] const Member& self() const;

 private:
  std::string self_;
  std::shared_ptr<const Storage> members_;
};

}  // namespace rollcall
