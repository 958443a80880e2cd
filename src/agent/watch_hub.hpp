// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "agent/watch_feed.hpp"
#include "http/server.hpp"
#include "rollcall/groups.hpp"

namespace rollcall::agent {

/// Spreads the views of groups to all who watch them: each view is written once, however many
/// watchers there are.
///
/// Threads: watch() the server's; the news come on the agreement's own.
class WatchHub {
 public:
  WatchHub(Groups& groups, const std::function<void()>& wake);
  WatchHub(const WatchHub&) = delete;
  WatchHub& operator=(const WatchHub&) = delete;

  /// Answers with the stream of the group's views: those above `since`; or the present one and
  /// what follows it. Where `since` is no longer kept, or was never, it begins with a reset. 404
  /// for an unknown group.
  void watch(const std::string& group, std::optional<std::uint64_t> since,
             const http::Responder& responder);

 private:
  class Opening;

  std::shared_ptr<WatchFeed> feed_of(const std::string& group);
  void on_change(const std::shared_ptr<const ViewChange>& change);

  Groups& groups_;
  std::function<void()> wake_;
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<WatchFeed>, std::less<>> feeds_;
  Subscription news_;  // last: no call finds any of the above gone
};

}  // namespace rollcall::agent
