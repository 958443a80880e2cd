// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "core/context.hpp"
#include "wire/stream.hpp"

namespace rollcall::core {

/// What a stream that this node opened is for.
enum class ExchangePurpose : std::uint8_t { join, stream_ping, sync };

struct Exchange {
  ExchangePurpose purpose{};
  Address to;
  /// The member at the other end, where it is known.
  std::optional<Slot> slot;
  LifeId life;
};

/// The streams that this node has opened for questions, and what each is for.
///
/// Limits: open_max at a time; above it start() declines.
class Exchanges {
 public:
  static constexpr std::size_t open_max = 64;

  explicit Exchanges(Context& context) : context_(context) {}

  /// Nothing when too many are open.
  std::optional<ExchangeId> start(const Exchange& exchange, const wire::StreamMessage& request,
                                  Duration timeout);
  void go_on(ExchangeId id, const wire::StreamMessage& request, Duration timeout);
  /// Closes an exchange; unknown ones are closed already.
  void end(ExchangeId id);
  void end_all();

  [[nodiscard]] const Exchange* find(ExchangeId id) const;
  /// The exchange has ended by itself.
  std::optional<Exchange> take(ExchangeId id);
  [[nodiscard]] std::size_t count(ExchangePurpose purpose) const;
  [[nodiscard]] std::size_t size() const { return open_.size(); }

 private:
  Slice encode(const wire::StreamMessage& message);

  Context& context_;
  std::unordered_map<ExchangeId, Exchange> open_;
  std::uint64_t next_id_ = 1;
};

}  // namespace rollcall::core
