// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/watch_hub.hpp"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "agent/agreement_json.hpp"

namespace rollcall::agent {
namespace {

using http::StreamState;
using Change = std::shared_ptr<const ViewChange>;

/// What a watcher gets before the feed.
struct Beginning {
  enum class Kind : std::uint8_t { nothing, present, reset } kind = Kind::nothing;
  std::shared_ptr<const Group> group;
  /// Instead: what followed the view that the watcher has.
  std::vector<Change> changes;
  /// The view that the watcher has then.
  std::uint64_t number = 0;
};

/// Follows one group for one watcher.
class WatchSource final : public http::StreamSource {
 public:
  WatchSource(std::shared_ptr<WatchFeed> feed, Beginning beginning)
      : feed_(std::move(feed)),
        beginning_(std::move(beginning)) {}

  StreamState fill(std::string& out, std::size_t bytes) override {
    if (std::exchange(is_first_, false)) begin(out);
    for (; told_ < beginning_.changes.size(); ++told_) {
      if (out.size() >= bytes) return StreamState::more;
      out += view_frame(*beginning_.changes[told_]);
    }
    feed_->update();
    return follow(out, bytes);
  }

 private:
  void begin(std::string& out) {
    number_ =
        beginning_.changes.empty() ? beginning_.number : beginning_.changes.back()->view.number;
    feed_->begin_at(number_);
    feed_->update();
    place_ = feed_->oldest();
    if (beginning_.kind == Beginning::Kind::present) out += first_frame(*beginning_.group);
    if (beginning_.kind == Beginning::Kind::reset) out += reset_frame(*beginning_.group);
    if (out.empty()) http::append_comment(out, "views after " + std::to_string(beginning_.number));
    beginning_.group.reset();
  }

  StreamState follow(std::string& out, std::size_t bytes) {
    if (place_ < feed_->oldest()) return end(out, "too-slow", "the reader fell behind");
    for (; place_ < feed_->end(); ++place_) {
      const WatchFrame& frame = feed_->at(place_);
      if (frame.number <= number_) continue;
      if (frame.number != number_ + 1 && !frame.is_reset) {
        return end(out, "too-slow", "views were missed");
      }
      if (out.size() >= bytes) return StreamState::more;
      out += frame.text;
      number_ = frame.number;
    }
    if (!feed_->failure().empty()) return end(out, "failed", feed_->failure());
    return StreamState::waiting;
  }

  StreamState end(std::string& out, std::string_view reason, const std::string& why) const {
    http::append_closed(out, reason, why + "; come back with since=" + std::to_string(number_));
    return StreamState::ended;
  }

  std::shared_ptr<WatchFeed> feed_;
  Beginning beginning_;
  std::size_t told_ = 0;
  std::uint64_t place_ = 0;
  std::uint64_t number_ = 0;
  bool is_first_ = true;
};

bool follows(const std::vector<Change>& changes, std::uint64_t since) {
  return std::ranges::all_of(changes,
                             [&](const Change& one) { return one->view.number == ++since; });
}

}  // namespace

/// What happens between the request and the first byte of the stream.
///
/// Order: the feed gathers views before anything is asked, so that none is lost between the answer
///        and the stream.
class WatchHub::Opening : public std::enable_shared_from_this<Opening> {
 public:
  Opening(Groups& groups, std::string group, std::shared_ptr<WatchFeed> feed,
          http::Responder responder)
      : groups_(groups),
        group_(std::move(group)),
        feed_(std::move(feed)),
        responder_(std::move(responder)) {}

  void look(std::optional<std::uint64_t> since, Consistency consistency) {
    groups_.get(group_, consistency, Groups::default_timeout,
                [self = shared_from_this(), since, consistency](auto group) {
                  if (!group) {
                    return self->responder_.respond(group_failure(group.error(), self->group_));
                  }
                  self->on_group(std::make_shared<const Group>(std::move(*group)), since,
                                 consistency);
                });
  }

 private:
  void on_group(std::shared_ptr<const Group> group, std::optional<std::uint64_t> since,
                Consistency consistency) {
    using Kind = Beginning::Kind;
    const std::uint64_t number = group->view.number;
    if (!since) return begin({.kind = Kind::present, .group = std::move(group), .number = number});
    if (*since == number) return begin({.number = number});
    if (*since < number) return ask_changes(std::move(group), *since);
    // This agent may only be a little behind the one that told of that view.
    if (consistency == Consistency::local) return look(since, Consistency::linearizable);
    begin({.kind = Kind::reset, .group = std::move(group), .number = number});
  }

  void ask_changes(std::shared_ptr<const Group> group, std::uint64_t since) {
    groups_.changes(
        group_, since, [self = shared_from_this(), group = std::move(group), since](auto changes) {
          if (changes && follows(*changes, since)) {
            return self->begin({.changes = std::move(*changes), .number = since});
          }
          if (!changes && changes.error().code != ErrorCode::gone) {
            return self->responder_.respond(group_failure(changes.error(), self->group_));
          }
          self->begin(
              {.kind = Beginning::Kind::reset, .group = group, .number = group->view.number});
        });
  }

  void begin(Beginning beginning) {
    responder_.stream(std::make_unique<WatchSource>(feed_, std::move(beginning)));
  }

  Groups& groups_;
  std::string group_;
  std::shared_ptr<WatchFeed> feed_;
  http::Responder responder_;
};

WatchHub::WatchHub(Groups& groups, const std::function<void()>& wake)
    : groups_(groups),
      wake_(wake),
      news_(groups.on_change([this](const Change& change) { on_change(change); })) {}

void WatchHub::watch(const std::string& group, std::optional<std::uint64_t> since,
                     const http::Responder& responder) {
  std::make_shared<Opening>(groups_, group, feed_of(group), responder)
      ->look(since, Consistency::local);
}

std::shared_ptr<WatchFeed> WatchHub::feed_of(const std::string& group) {
  const std::lock_guard lock(mutex_);
  std::erase_if(feeds_, [](const auto& one) { return one.second.expired(); });
  std::weak_ptr<WatchFeed>& kept = feeds_[group];
  auto feed = kept.lock();
  if (!feed) {
    feed = std::make_shared<WatchFeed>(groups_, group, wake_);
    kept = feed;
  }
  return feed;
}

void WatchHub::on_change(const Change& change) {
  std::vector<std::shared_ptr<WatchFeed>> feeds;
  {
    const std::lock_guard lock(mutex_);
    if (change) {
      const auto found = feeds_.find(change->view.group);
      if (found == feeds_.end()) return;
      feeds.push_back(found->second.lock());
    } else {
      for (const auto& [group, feed] : feeds_) feeds.push_back(feed.lock());
    }
  }
  for (const auto& feed : feeds) {
    if (!feed) continue;
    change ? feed->add(change) : feed->skip();
  }
}

}  // namespace rollcall::agent
