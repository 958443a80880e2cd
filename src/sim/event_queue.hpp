// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/time.hpp"

namespace rollcall::sim {

/// What kind of thing is due; `slot` says which one.
enum class DueKind : std::uint32_t { datagram, unreachable, task, deadline };

struct Due {
  Instant time{};
  std::uint64_t order = 0;
  DueKind kind{};
  std::uint32_t slot = 0;
};

/// Everything that is going to happen, by virtual time.
///
/// A calendar: what is due within the next two seconds lies in a bucket for each 65 µs, the rest
/// in a heap; only the bucket that is being emptied is sorted.
///
/// Order:  by time, then in the order pushed; at one moment all deadlines come after everything
///         else, because a node is given the input that has arrived before its timer.
/// Limits: O(1) per push and O(log of what is due within 65 µs) per pop, for what is due soon;
///         memory for the most that was ever pending.
/// Source: Brown, "Calendar queues", CACM 1988.
class EventQueue {
 public:
  void push(Instant time, DueKind kind, std::uint32_t slot);

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// When the first is due; never if there is none.
  [[nodiscard]] Instant next_time();
  Due pop();
  /// What will probably be popped after so many others; null if that is not known. Only to fetch
  /// from memory what it will need.
  [[nodiscard]] const Due* peek(std::size_t after) const {
    return after < current_.size() ? &current_[current_.size() - 1 - after] : nullptr;
  }

 private:
  static constexpr unsigned bucket_time_bits = 16;  // nanoseconds
  static constexpr std::size_t bucket_count = std::size_t{1} << 15U;
  static constexpr std::size_t word_bits = 64;

  /// Buckets since the beginning of time.
  [[nodiscard]] static std::int64_t bucket_of(Instant time) {
    return time.time_since_epoch().count() >> bucket_time_bits;
  }
  [[nodiscard]] static std::size_t place_of(std::int64_t bucket) {
    return static_cast<std::size_t>(bucket) % bucket_count;
  }
  [[nodiscard]] bool urgent_is_first() const {
    return !urgent_.empty() && (current_.empty() || is_later(current_.back(), urgent_.front()));
  }
  static bool is_later(const Due& one, const Due& other) {
    if (one.time != other.time) return one.time > other.time;
    return one.order > other.order;
  }
  void put(const Due& due);
  /// Moves on to the next bucket with anything in it, once the current one is empty.
  void settle();
  void take_from_far();
  [[nodiscard]] std::int64_t next_bucket() const;

  std::vector<Due> current_;  // of the current bucket, the first last
  std::vector<Due> urgent_;   // a heap: pushed when their bucket was the current one already
  std::int64_t current_bucket_ = 0;
  std::vector<std::vector<Due>> near_ = std::vector<std::vector<Due>>(bucket_count);
  std::array<std::uint64_t, bucket_count / word_bits> is_used_{};  // a bit for each of near_
  std::size_t near_size_ = 0;
  std::vector<Due> far_;  // a heap: what lies beyond near_
  std::size_t size_ = 0;
  std::uint64_t pushed_ = 0;
};

}  // namespace rollcall::sim
