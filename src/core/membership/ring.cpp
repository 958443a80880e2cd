// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/membership/ring.hpp"

#include <algorithm>
#include <iterator>

#include "base/check.hpp"

namespace rollcall::core {

void Ring::begin_as(const Ring& base) {
  ROLLCALL_CHECK(base.base_ == nullptr);
  base.sort_in();
  base_ = &base;
  removed_.clear();
  own_.clear();
  pending_.clear();
}

void Ring::insert(const Place& place) {
  if (base_ != nullptr) {
    const auto known = std::ranges::lower_bound(base_->own_, place);
    if (known != base_->own_.end() && *known == place) {
      const auto index = static_cast<std::uint32_t>(known - base_->own_.begin());
      const auto removed = std::ranges::lower_bound(removed_, index);
      ROLLCALL_CHECK(removed != removed_.end() && *removed == index);
      removed_.erase(removed);
      return;
    }
  }
  pending_.push_back(place);
}

void Ring::remove(const Place& place) {
  sort_in();
  const auto own = std::ranges::lower_bound(own_, place);
  if (own != own_.end() && *own == place) {
    own_.erase(own);
    return;
  }
  ROLLCALL_CHECK(base_ != nullptr);
  const auto known = std::ranges::lower_bound(base_->own_, place);
  ROLLCALL_CHECK(known != base_->own_.end() && *known == place);
  const auto index = static_cast<std::uint32_t>(known - base_->own_.begin());
  removed_.insert(std::ranges::lower_bound(removed_, index), index);
}

void Ring::sort_in() const {
  if (pending_.empty()) return;
  if (pending_.size() == 1) {
    own_.insert(std::ranges::upper_bound(own_, pending_.front()), pending_.front());
  } else {
    std::ranges::sort(pending_);
    std::vector<Place> merged;
    merged.reserve(own_.size() + pending_.size());
    std::ranges::merge(own_, pending_, std::back_inserter(merged));
    own_.swap(merged);
  }
  pending_.clear();
}

std::size_t Ring::shared_before(const Place& place) const {
  if (base_ == nullptr) return 0;
  const auto end = std::ranges::lower_bound(base_->own_, place);
  const auto count = static_cast<std::size_t>(end - base_->own_.begin());
  const auto removed = std::ranges::lower_bound(removed_, static_cast<std::uint32_t>(count));
  return count - static_cast<std::size_t>(removed - removed_.begin());
}

Slot Ring::nth_shared(std::size_t n) const {
  // Each removed place before the one sought moves it on by one.
  std::size_t low = 0;
  std::size_t high = removed_.size();
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (removed_[middle] - middle <= n) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return base_->own_[n + low].slot;
}

Slot Ring::operator[](std::size_t index) const {
  sort_in();
  if (base_ == nullptr) return own_[index].slot;
  std::size_t low = 0;
  std::size_t high = own_.size();
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (index_of_own(middle) < index) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const bool is_own = low < own_.size() && index_of_own(low) == index;
  return is_own ? own_[low].slot : nth_shared(index - low);
}

std::size_t Ring::index_of(const Place& place) const {
  sort_in();
  const auto own = std::ranges::lower_bound(own_, place);
  const auto own_before = static_cast<std::size_t>(own - own_.begin());
  const std::size_t index = own_before + shared_before(place);
  ROLLCALL_CHECK(index < size() && (*this)[index] == place.slot);
  return index;
}

}  // namespace rollcall::core
