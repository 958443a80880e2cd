// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/address.hpp"
#include "base/time.hpp"
#include "core/node.hpp"
#include "runtime/socket_address.hpp"
#include "runtime/worker.hpp"

namespace rollcall::runtime {

/// The addresses of a name, each with the port given, or of SRV records, with theirs.
using Resolved = std::expected<std::vector<Address>, core::ResolveError>;

/// Looks a name up and waits for it; a numeric host needs no look-up.
Resolved resolve_now(const HostPort& host_port);

/// Looks names up without holding up the loop, several at once: one that nobody answers for does
/// not hold up the others.
///
/// Errors:  not_found, or failed: also when no answer came within answer_time_max, or when
///          queue_max look-ups wait already.
/// Limits:  lines_max threads, each started when the others are busy; addresses_max addresses.
/// Threads: the loop's thread only. The callback runs there, later, exactly once; never after
///          stop().
class Resolver {
 public:
  static constexpr std::size_t queue_max = 256;
  static constexpr std::size_t lines_max = 8;
  static constexpr std::size_t addresses_max = 16;
  static constexpr Duration answer_time_max = std::chrono::seconds(10);

  using LookUp = std::function<Resolved(const HostPort&)>;
  using Done = std::function<void(Resolved)>;

  /// look_up is what blocks; tests give another.
  explicit Resolver(boost::asio::io_context& io, LookUp look_up = resolve_now);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  void resolve(const HostPort& host_port, Done done);
  /// Drops every look-up under way; nothing is answered any more.
  void stop();

 private:
  using Ticket = std::uint64_t;
  struct Waiting {
    Done done;
    std::unique_ptr<boost::asio::steady_timer> timer;
  };
  /// Where the worker leaves its answers, for as long as somebody is there to take them.
  struct Door {
    std::mutex mutex;
    Resolver* resolver = nullptr;
  };

  /// One thread that looks up, and how many look-ups it has to do.
  struct Line {
    Worker worker{"rollcall-names", queue_max / lines_max, Worker::AtEnd::abandon};
    std::shared_ptr<std::atomic<std::size_t>> waiting =
        std::make_shared<std::atomic<std::size_t>>(0);
  };

  bool post(const HostPort& host_port, Ticket ticket);
  void answer(Ticket ticket, Resolved result);
  void answer_later(Ticket ticket, Resolved result);
  static void bring(const std::shared_ptr<Door>& door, Ticket ticket, Resolved result);

  boost::asio::io_context& io_;
  LookUp look_up_;
  Ticket next_ticket_ = 1;
  std::map<Ticket, Waiting> waiting_;
  std::shared_ptr<Door> door_ = std::make_shared<Door>();
  std::array<std::unique_ptr<Line>, lines_max> lines_;
};

}  // namespace rollcall::runtime
