// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
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

/// Which places of a ring hold something.
template <std::size_t size>
class UsedPlaces {
 public:
  [[nodiscard]] static std::size_t place_of(std::int64_t number) {
    return static_cast<std::size_t>(number) % size;
  }
  void set(std::int64_t number) { word_of(number) |= bit_of(number); }
  void clear(std::int64_t number) { word_of(number) &= ~bit_of(number); }
  /// The first in use that is not before; there must be one within the ring's size.
  [[nodiscard]] std::int64_t next(std::int64_t number) const {
    const std::size_t start = place_of(number);
    std::size_t word = start / word_bits;
    std::uint64_t bits = words_[word] & (~std::uint64_t{0} << (start % word_bits));
    while (bits == 0) {
      word = (word + 1) % words_.size();
      bits = words_[word];
    }
    const std::size_t place = word * word_bits + static_cast<std::size_t>(std::countr_zero(bits));
    return number + static_cast<std::int64_t>((place + size - start) % size);
  }

 private:
  static constexpr std::size_t word_bits = 64;
  static_assert(size % word_bits == 0);

  [[nodiscard]] std::uint64_t& word_of(std::int64_t number) {
    return words_[place_of(number) / word_bits];
  }
  [[nodiscard]] static std::uint64_t bit_of(std::int64_t number) {
    return std::uint64_t{1} << (place_of(number) % word_bits);
  }

  std::array<std::uint64_t, size / word_bits> words_{};
};

/// Everything that is going to happen, by virtual time.
///
/// A calendar of three scales: what is due within the next milliseconds lies in a bucket for each
/// 65 µs (near), what is due within two seconds in a page for each 4 ms (pages), the rest in a heap
/// (far). So that what is touched all the time is small. Only what is due next is sorted: a few
/// buckets at a time, so that it is known early what will be needed from memory.
///
/// Order:  by time, then in the order pushed; at one moment all deadlines come after everything
///         else, because a node is given the input that has arrived before its timer.
/// Limits: O(1) per push and O(log of what is due next) per pop, for what is due soon; memory for
///         the most that was ever pending, and none is asked for while no more than that is.
/// Source: Brown, "Calendar queues", CACM 1988; the scales are those of a timing wheel (Varghese,
///         Lauck, SOSP 1987).
class EventQueue {
 public:
  EventQueue() { near_.fill(none); }

  void push(Instant time, DueKind kind, std::uint32_t slot);

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// When the first is due; never if there is none.
  [[nodiscard]] Instant next_time();
  Due pop();
  /// Takes the first off the queue if it is due by then; false, and nothing, if it is not.
  [[nodiscard]] bool pop_until(Instant end, Due& due);
  /// What will probably be popped after so many others; null if that is not known. Only to fetch
  /// from memory what it will need.
  [[nodiscard]] const Due* peek(std::size_t after) const {
    return first_ + after < sorted_.size() ? &sorted_[first_ + after] : nullptr;
  }
  /// Whether peek() says something else than before the last pop.
  [[nodiscard]] bool has_moved_on() const { return has_moved_on_; }

 private:
  static constexpr unsigned bucket_time_bits = 16;  // nanoseconds
  static constexpr unsigned page_bucket_bits = 6;   // buckets
  /// Two pages' worth: the one that is being emptied, and the next.
  static constexpr std::size_t bucket_count = std::size_t{2} << page_bucket_bits;
  static constexpr std::size_t page_count = 512;
  /// So many are sorted ahead, if they are near enough to be in buckets or pages.
  static constexpr std::size_t ahead_wanted = 10;
  static constexpr std::size_t popped_max = 64;

  using Place = std::uint32_t;
  static constexpr Place none = ~Place{0};
  /// One that lies in a bucket, or a free place.
  struct Node {
    Due due;
    Place next = none;
  };

  /// Buckets and pages since the beginning of time.
  [[nodiscard]] static std::int64_t bucket_of(Instant time) {
    return time.time_since_epoch().count() >> bucket_time_bits;
  }
  [[nodiscard]] static std::int64_t page_of(std::int64_t bucket) {
    return bucket >> page_bucket_bits;
  }
  static bool is_earlier(const Due& one, const Due& other) {
    if (one.time != other.time) return one.time < other.time;
    return one.order < other.order;
  }
  static bool is_later(const Due& one, const Due& other) { return is_earlier(other, one); }
  [[nodiscard]] bool is_settled() const { return sorted_.size() - first_ >= ahead_wanted; }
  [[nodiscard]] bool urgent_is_first() const {
    return !urgent_.empty() &&
           (first_ == sorted_.size() || is_earlier(urgent_.front(), sorted_[first_]));
  }
  void put(const Due& due);
  void put_near(const Due& due, std::int64_t bucket);
  void put_on_page(const Due& due, std::int64_t page);
  /// Sorts further buckets, until enough is known.
  void settle();
  void forget_popped();
  void sort_bucket(std::int64_t bucket);
  /// Moves on to the next page with anything on it, or to what is far if nothing else is left;
  /// false if there is none.
  bool turn_to_next();
  /// Moves on to the page: it and the next one go into buckets.
  void turn_to(std::int64_t page);
  void open(std::int64_t page);
  void take_from_far();
  Due take_first();

  std::vector<Due> sorted_;  // of the buckets up to the last sorted one; popped up to first_
  std::size_t first_ = 0;
  std::vector<Due> urgent_;  // a heap: pushed when their bucket had been sorted already
  std::int64_t sorted_bucket_ = 0;
  bool has_moved_on_ = false;

  std::array<Place, bucket_count> near_{};  // the last pushed of each bucket
  UsedPlaces<bucket_count> used_buckets_;
  std::size_t near_size_ = 0;
  std::vector<Node> nodes_;
  Place free_ = none;

  std::int64_t page_ = 0;  // that of sorted_bucket_
  std::vector<std::vector<Due>> pages_ = std::vector<std::vector<Due>>(page_count);
  UsedPlaces<page_count> used_pages_;
  std::size_t pages_size_ = 0;

  std::vector<Due> far_;  // a heap: what lies beyond the pages
  std::size_t size_ = 0;
  std::uint64_t pushed_ = 0;
};

}  // namespace rollcall::sim
