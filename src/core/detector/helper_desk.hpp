// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/context.hpp"
#include "core/detector/ping_log.hpp"

namespace rollcall::core {

/// Looks at members for others who got no answer, and reports what it found: also silence (the
/// nack of Lifeguard), which proves that the path to the helper is sound.
///
/// Limits: tasks_max at a time; a request above that is not answered.
class HelperDesk {
 public:
  static constexpr std::size_t tasks_max = 256;

  HelperDesk(Context& context, Outbox& outbox, PingLog& pings)
      : context_(context),
        outbox_(outbox),
        pings_(pings) {}

  void on_request(const Address& from, const wire::PingRequest& request);
  /// Another member answered, or another life at its address.
  void on_answer(std::uint32_t sequence, wire::Finding finding);
  /// Nothing listens at an address.
  void on_refused(const Address& address);
  void on_deadline();
  [[nodiscard]] Instant next_deadline() const;
  void clear() { tasks_.clear(); }
  [[nodiscard]] std::size_t size() const { return tasks_.size(); }

 private:
  struct Task {
    Address asker;
    std::uint32_t asker_sequence = 0;
    std::uint32_t sequence = 0;
    Address target;
    Instant deadline{};
  };

  void report(const Task& task, wire::Finding finding);

  Context& context_;
  Outbox& outbox_;
  PingLog& pings_;
  std::vector<Task> tasks_;
};

}  // namespace rollcall::core
