// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/watch_feed.hpp"

#include <utility>

#include "agent/agreement_json.hpp"
#include "http/event_stream.hpp"

namespace rollcall::agent {
namespace {

std::string frame_of(std::string_view event, std::uint64_t number, const std::string& data) {
  std::string text;
  const std::string id = std::to_string(number);
  http::append_frame(text, {.event = event, .id = id, .data = data});
  return text;
}

}  // namespace

std::string view_frame(const ViewChange& change) {
  std::string data;
  append_view_change(data, change);
  return frame_of("view", change.view.number, data);
}

std::string first_frame(const Group& group) {
  std::string data;
  append_first_view(data, group);
  return frame_of("view", group.view.number, data);
}

std::string reset_frame(const Group& group) {
  std::string data;
  append_group(data, group);
  return frame_of("reset", group.view.number, data);
}

void WatchFeed::put(Item item) {
  {
    const std::lock_guard lock(mutex_);
    if (inbox_.size() >= inbox_max) {
      inbox_.clear();
      inbox_.emplace_back(Skipped{});
    }
    inbox_.push_back(std::move(item));
  }
  has_news_ = true;
  wake_();
}

void WatchFeed::begin_at(std::uint64_t number) {
  if (last_ == 0) last_ = number;
}

void WatchFeed::update() {
  // What is taken may ask, and be answered at once.
  while (has_news_.exchange(false)) {
    std::vector<Item> items;
    {
      const std::lock_guard lock(mutex_);
      items.swap(inbox_);
    }
    for (const Item& item : items) take(item);
  }
}

void WatchFeed::take(const Item& item) {
  if (const auto* const change = std::get_if<Change>(&item)) return take_change(*change);
  if (std::holds_alternative<Skipped>(item)) {
    // An answer that was dropped with the rest would be waited for in vain.
    is_catching_up_ = false;
    later_.clear();
    return catch_up();
  }
  if (const auto* const failed = std::get_if<Failed>(&item)) {
    failure_ = failed->why;
    return;
  }
  if (!is_catching_up_) return;
  if (const auto* const anew = std::get_if<Anew>(&item)) {
    const std::uint64_t number = anew->group.view.number;
    if (number != last_) append({number, /*is_reset=*/true, reset_frame(anew->group)});
    last_ = number;
  } else {
    for (const Change& change : std::get<CaughtUp>(item).changes) {
      if (change->view.number == last_ + 1) {
        last_ = change->view.number;
        append({last_, /*is_reset=*/false, view_frame(*change)});
      }
    }
  }
  end_catching_up();
}

void WatchFeed::take_change(const Change& change) {
  if (is_catching_up_) {
    later_.push_back(change);
    return;
  }
  const std::uint64_t number = change->view.number;
  if (last_ != 0 && number <= last_) return;
  if (last_ != 0 && number != last_ + 1) {
    catch_up();
    later_.push_back(change);
    return;
  }
  last_ = number;
  append({number, /*is_reset=*/false, view_frame(*change)});
}

/// Asks for what followed the newest view that there is here.
void WatchFeed::catch_up() {
  if (last_ == 0) return;  // nobody has begun to watch yet
  is_catching_up_ = true;
  groups_.changes(group_, last_, [self = shared_from_this()](auto changes) {
    if (changes) return self->put(CaughtUp{std::move(*changes)});
    if (changes.error().code == ErrorCode::gone) return self->ask_anew();
    self->put(Failed{changes.error().message});
  });
}

void WatchFeed::ask_anew() {
  groups_.get(group_, Consistency::local, Groups::default_timeout,
              [self = shared_from_this()](auto group) {
                if (group) return self->put(Anew{std::move(*group)});
                self->put(Failed{group.error().message});
              });
}

void WatchFeed::end_catching_up() {
  is_catching_up_ = false;
  const std::vector<Change> later = std::exchange(later_, {});
  for (const Change& change : later) take_change(change);
}

void WatchFeed::append(WatchFrame frame) {
  bytes_ += frame.text.size();
  frames_.push_back(std::move(frame));
  while (frames_.size() > frames_max || (bytes_ > frame_bytes_max && frames_.size() > 1)) {
    bytes_ -= frames_.front().text.size();
    frames_.pop_front();
    ++oldest_;
  }
}

}  // namespace rollcall::agent
