// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/exchanges.hpp"

#include <algorithm>
#include <vector>

namespace rollcall::core {

Slice Exchanges::encode(const wire::StreamMessage& message) {
  ByteVector& buffer = context_.effects->buffer();
  const std::size_t offset = buffer.size();
  wire::encode_frame(context_.envelope(), message, buffer);
  return {offset, buffer.size() - offset};
}

std::optional<ExchangeId> Exchanges::start(const Exchange& exchange,
                                           const wire::StreamMessage& request, Duration timeout) {
  if (open_.size() >= open_max) return std::nullopt;
  const ExchangeId id{next_id_++};
  ++context_.counters.exchanges;
  context_.effects->add(
      StartExchange{.id = id, .to = exchange.to, .frame = encode(request), .timeout = timeout});
  open_.emplace(id, exchange);
  return id;
}

void Exchanges::go_on(ExchangeId id, const wire::StreamMessage& request, Duration timeout) {
  context_.effects->add(ContinueExchange{.id = id, .frame = encode(request), .timeout = timeout});
}

void Exchanges::end(ExchangeId id) {
  if (open_.erase(id) > 0) context_.effects->add(EndExchange{id});
}

void Exchanges::end_all() {
  std::vector<ExchangeId> ids;
  for (const auto& [id, exchange] : open_) ids.push_back(id);
  std::ranges::sort(ids);  // effects never depend on hash order
  for (const ExchangeId id : ids) end(id);
}

const Exchange* Exchanges::find(ExchangeId id) const {
  const auto found = open_.find(id);
  return found == open_.end() ? nullptr : &found->second;
}

std::optional<Exchange> Exchanges::take(ExchangeId id) {
  const auto found = open_.find(id);
  if (found == open_.end()) return std::nullopt;
  const Exchange exchange = found->second;
  open_.erase(found);
  return exchange;
}

std::size_t Exchanges::count(ExchangePurpose purpose) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      open_, [&](const auto& entry) { return entry.second.purpose == purpose; }));
}

}  // namespace rollcall::core
