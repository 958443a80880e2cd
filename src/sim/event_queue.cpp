// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/event_queue.hpp"

#include <algorithm>
#include <bit>

#include "base/check.hpp"

namespace rollcall::sim {

void EventQueue::push(Instant time, DueKind kind, std::uint32_t slot) {
  constexpr std::uint64_t after_input = std::uint64_t{1} << 63U;
  const std::uint64_t order = pushed_++ | (kind == DueKind::deadline ? after_input : 0U);
  ++size_;
  put({time, order, kind, slot});
}

void EventQueue::put(const Due& due) {
  const std::int64_t bucket = bucket_of(due.time);
  if (bucket <= current_bucket_) {
    urgent_.push_back(due);
    std::push_heap(urgent_.begin(), urgent_.end(), is_later);
  } else if (bucket < current_bucket_ + static_cast<std::int64_t>(bucket_count)) {
    const std::size_t place = place_of(bucket);
    near_[place].push_back(due);
    is_used_[place / word_bits] |= std::uint64_t{1} << (place % word_bits);
    ++near_size_;
  } else {
    far_.push_back(due);
    std::push_heap(far_.begin(), far_.end(), is_later);
  }
}

/// Of those in near_, which must not be empty.
std::int64_t EventQueue::next_bucket() const {
  const std::size_t start = place_of(current_bucket_ + 1);
  std::size_t word = start / word_bits;
  std::uint64_t bits = is_used_[word] & (~std::uint64_t{0} << (start % word_bits));
  while (bits == 0) {
    word = (word + 1) % is_used_.size();
    bits = is_used_[word];
  }
  const std::size_t place = word * word_bits + static_cast<std::size_t>(std::countr_zero(bits));
  const std::size_t ahead = (place + bucket_count - start) % bucket_count;
  return current_bucket_ + 1 + static_cast<std::int64_t>(ahead);
}

void EventQueue::take_from_far() {
  const std::int64_t end = current_bucket_ + static_cast<std::int64_t>(bucket_count);
  while (!far_.empty() && bucket_of(far_.front().time) < end) {
    std::pop_heap(far_.begin(), far_.end(), is_later);
    const Due due = far_.back();
    far_.pop_back();
    put(due);
  }
}

void EventQueue::settle() {
  while (current_.empty() && urgent_.empty() && size_ > 0) {
    current_bucket_ = near_size_ > 0 ? next_bucket() : bucket_of(far_.front().time);
    const std::size_t place = place_of(current_bucket_);
    current_.swap(near_[place]);
    near_size_ -= current_.size();
    is_used_[place / word_bits] &= ~(std::uint64_t{1} << (place % word_bits));
    std::ranges::sort(current_, is_later);
    take_from_far();
  }
}

Instant EventQueue::next_time() {
  settle();
  if (urgent_is_first()) return urgent_.front().time;
  return current_.empty() ? never : current_.back().time;
}

Due EventQueue::pop() {
  settle();
  ROLLCALL_CHECK(size_ > 0);
  --size_;
  if (urgent_is_first()) {
    std::pop_heap(urgent_.begin(), urgent_.end(), is_later);
    const Due due = urgent_.back();
    urgent_.pop_back();
    return due;
  }
  const Due due = current_.back();
  current_.pop_back();
  return due;
}

}  // namespace rollcall::sim
