// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "rollcall/groups.hpp"

namespace rollcall::agent {

/// One server-sent event of a watched group, written once for all its watchers.
struct WatchFrame {
  std::uint64_t number = 0;
  /// A new beginning: what was between is not known any more.
  bool is_reset = false;
  std::string text;
};

/// "event: view", with the view and how it differs from the one before.
std::string view_frame(const ViewChange& change);
/// "event: view", with the present view for who knows nothing yet.
std::string first_frame(const Group& group);
/// "event: reset", with the whole group.
std::string reset_frame(const Group& group);

/// The newest views of one group, for all who watch it.
///
/// Order:   the views of a group without a gap: where some were skipped, they are asked for, and
///          where they are no longer kept there is a reset.
/// Limits:  frames_max and frame_bytes_max (but always the newest); who falls behind those has to
///          begin anew. Beyond inbox_max waiting views those are dropped and asked for.
/// Threads: add() and skip() any; the others the server's.
class WatchFeed : public std::enable_shared_from_this<WatchFeed> {
 public:
  static constexpr std::size_t frames_max = 1024;
  static constexpr std::size_t frame_bytes_max = std::size_t{4} << 20U;
  static constexpr std::size_t inbox_max = 16'384;

  /// `wake` makes the server ask the watchers' streams again.
  WatchFeed(Groups& groups, std::string group, std::function<void()> wake)
      : groups_(groups),
        group_(std::move(group)),
        wake_(std::move(wake)) {}

  void add(std::shared_ptr<const ViewChange> change) { put(std::move(change)); }
  void skip() { put(Skipped{}); }

  /// A watcher has got all up to this number.
  void begin_at(std::uint64_t number);
  /// Takes over what has come since.
  void update();
  /// The place of the oldest frame; places grow by one.
  [[nodiscard]] std::uint64_t oldest() const { return oldest_; }
  [[nodiscard]] std::uint64_t end() const { return oldest_ + frames_.size(); }
  [[nodiscard]] const WatchFrame& at(std::uint64_t place) const {
    return frames_.at(static_cast<std::size_t>(place - oldest_));
  }
  /// Why nothing more comes; empty: more may come.
  [[nodiscard]] const std::string& failure() const { return failure_; }

 private:
  using Change = std::shared_ptr<const ViewChange>;
  struct Skipped {};
  struct CaughtUp {
    std::vector<Change> changes;
  };
  struct Anew {
    Group group;
  };
  struct Failed {
    std::string why;
  };
  using Item = std::variant<Change, Skipped, CaughtUp, Anew, Failed>;

  void put(Item item);
  void take(const Item& item);
  void take_change(const Change& change);
  void catch_up();
  void ask_anew();
  void end_catching_up();
  void append(WatchFrame frame);

  Groups& groups_;
  std::string group_;
  std::function<void()> wake_;

  std::mutex mutex_;
  std::vector<Item> inbox_;
  std::atomic<bool> has_news_ = false;

  std::deque<WatchFrame> frames_;
  std::uint64_t oldest_ = 0;
  std::size_t bytes_ = 0;
  std::uint64_t last_ = 0;  // the newest number; 0: nothing is known yet
  bool is_catching_up_ = false;
  std::vector<Change> later_;  // what came meanwhile
  std::string failure_;
};

}  // namespace rollcall::agent
