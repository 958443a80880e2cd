// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/event_queue.hpp"

#include <algorithm>
#include <utility>

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
  const std::int64_t page = page_of(bucket);
  if (bucket <= sorted_bucket_) {
    urgent_.push_back(due);
    std::push_heap(urgent_.begin(), urgent_.end(), is_later);
  } else if (page <= page_ + 1) {
    put_near(due, bucket);
  } else if (page < page_ + static_cast<std::int64_t>(page_count)) {
    put_on_page(due, page);
  } else {
    far_.push_back(due);
    std::push_heap(far_.begin(), far_.end(), is_later);
  }
}

void EventQueue::put_near(const Due& due, std::int64_t bucket) {
  Place own = free_;
  if (own == none) {
    own = static_cast<Place>(nodes_.size());
    nodes_.emplace_back();
  } else {
    free_ = nodes_[own].next;
  }
  nodes_[own] = {due, std::exchange(near_[used_buckets_.place_of(bucket)], own)};
  used_buckets_.set(bucket);
  ++near_size_;
}

void EventQueue::put_on_page(const Due& due, std::int64_t page) {
  pages_[used_pages_.place_of(page)].push_back(due);
  used_pages_.set(page);
  ++pages_size_;
}

void EventQueue::turn_to(std::int64_t page) {
  const std::int64_t before = std::exchange(page_, page);
  if (page > before + 1) open(page);
  open(page + 1);
  take_from_far();
}

void EventQueue::open(std::int64_t page) {
  std::vector<Due>& dues = pages_[used_pages_.place_of(page)];
  for (const Due& due : dues) put_near(due, bucket_of(due.time));
  pages_size_ -= dues.size();
  dues.clear();
  used_pages_.clear(page);
}

void EventQueue::take_from_far() {
  const std::int64_t end = page_ + static_cast<std::int64_t>(page_count);
  while (!far_.empty() && page_of(bucket_of(far_.front().time)) < end) {
    std::pop_heap(far_.begin(), far_.end(), is_later);
    const Due due = far_.back();
    far_.pop_back();
    put(due);
  }
}

void EventQueue::sort_bucket(std::int64_t bucket) {
  if (first_ >= popped_max) forget_popped();
  const auto begin = static_cast<std::ptrdiff_t>(sorted_.size());
  for (Place at = std::exchange(near_[used_buckets_.place_of(bucket)], none); at != none;) {
    sorted_.push_back(nodes_[at].due);
    --near_size_;
    const Place next = std::exchange(nodes_[at].next, free_);
    free_ = std::exchange(at, next);
  }
  used_buckets_.clear(bucket);
  std::sort(sorted_.begin() + begin, sorted_.end(), is_earlier);
  sorted_bucket_ = bucket;
  if (page_of(bucket) != page_) turn_to(page_of(bucket));
}

void EventQueue::settle() {
  while (!is_settled()) {
    if (near_size_ == 0 && !turn_to_next()) return;
    // After a jump the last sorted bucket lies before all that are in near_.
    const std::int64_t first = std::max(sorted_bucket_ + 1, page_ << page_bucket_bits);
    sort_bucket(used_buckets_.next(first));
  }
}

/// Far ones are looked at only when nothing else is left: what is pushed before the last sorted
/// bucket costs more, and that should not be everything.
bool EventQueue::turn_to_next() {
  const bool is_idle = first_ == sorted_.size() && urgent_.empty();
  if (pages_size_ > 0) {
    turn_to(used_pages_.next(page_ + 2));
  } else if (is_idle && !far_.empty()) {
    turn_to(page_of(bucket_of(far_.front().time)));
  } else {
    return false;
  }
  return true;
}

void EventQueue::forget_popped() {
  sorted_.erase(sorted_.begin(), sorted_.begin() + static_cast<std::ptrdiff_t>(first_));
  first_ = 0;
}

Instant EventQueue::next_time() {
  if (!is_settled()) settle();
  if (urgent_is_first()) return urgent_.front().time;
  return first_ == sorted_.size() ? never : sorted_[first_].time;
}

Due EventQueue::take_first() {
  --size_;
  has_moved_on_ = !urgent_is_first();
  if (has_moved_on_) return sorted_[first_++];
  std::pop_heap(urgent_.begin(), urgent_.end(), is_later);
  const Due due = urgent_.back();
  urgent_.pop_back();
  return due;
}

Due EventQueue::pop() {
  if (!is_settled()) settle();
  ROLLCALL_CHECK(size_ > 0);
  return take_first();
}

bool EventQueue::pop_until(Instant end, Due& due) {
  if (next_time() > end) return false;
  due = take_first();
  return true;
}

}  // namespace rollcall::sim
