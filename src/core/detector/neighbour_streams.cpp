// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/detector/neighbour_streams.hpp"

#include <algorithm>
#include <optional>

#include "wire/stream.hpp"

namespace rollcall::core {

void NeighbourStreams::on_ring_changed() {
  next_refresh_ = std::min(next_refresh_, context_.now + refresh_interval);
}

void NeighbourStreams::stop() {
  for (const Stream& stream : streams_) context_.effects->add(CloseWatch{stream.id});
  streams_.clear();
  watchers_.clear();
  next_refresh_ = never;
}

void NeighbourStreams::on_deadline() {
  if (context_.now < next_refresh_) return;
  next_refresh_ = never;
  refresh();
}

void NeighbourStreams::refresh() {
  for (Stream& stream : streams_) stream.wanted = false;
  const Ring& ring = context_.table.ring();
  const std::size_t place = context_.table.ring_index(context_.self);
  std::vector<Slot> missing;
  for (std::size_t step = 1; step <= neighbours_max && step < ring.size(); ++step) {
    const Slot slot = ring[(place + step) % ring.size()];
    const LifeId& life = context_.table.at(slot).life.id;
    const auto open_already = std::ranges::find(streams_, life, &Stream::life);
    if (open_already == streams_.end()) {
      missing.push_back(slot);
    } else {
      open_already->wanted = true;
    }
  }
  for (const Stream& stream : streams_) {
    if (!stream.wanted) context_.effects->add(CloseWatch{stream.id});
  }
  std::erase_if(streams_, [](const Stream& stream) { return !stream.wanted; });
  for (const Slot slot : missing) open(slot);
}

void NeighbourStreams::open(Slot slot) {
  const Record& record = context_.table.at(slot);
  const WatchId id{next_id_++};
  ByteVector& buffer = context_.effects->buffer();
  const std::size_t offset = buffer.size();
  wire::encode_frame(context_.envelope(), wire::Watch{.target = record.life.id}, buffer);
  context_.effects->add(OpenWatch{.id = id,
                                  .to = record.address,
                                  .frame = {offset, buffer.size() - offset},
                                  .timeout = open_timeout});
  streams_.push_back({.id = id, .slot = slot, .life = record.life.id});
}

void NeighbourStreams::on_opened(WatchId id, Bytes frame) {
  const auto stream = std::ranges::find(streams_, id, &Stream::id);
  if (stream == streams_.end()) return;
  const auto head =
      wire::decode_frame_head(frame.first(std::min(frame.size(), wire::frame_head_bytes)));
  if (head && head->envelope.sender == stream->life) return;
  // Another life has the address; the regular probe will meet it too.
  context_.effects->add(CloseWatch{id});
  streams_.erase(stream);
  next_refresh_ = std::min(next_refresh_, context_.now + retry_interval);
}

std::optional<Slot> NeighbourStreams::on_closed(WatchId id) {
  const auto found = std::ranges::find(streams_, id, &Stream::id);
  if (found == streams_.end()) return std::nullopt;
  const Stream stream = *found;
  streams_.erase(found);
  next_refresh_ = std::min(next_refresh_, context_.now + retry_interval);
  if (!context_.is_live_still(stream.slot, stream.life)) return std::nullopt;
  return stream.slot;
}

std::optional<Slot> NeighbourStreams::on_watcher_closed(StreamId id) {
  const auto watcher = watchers_.find(id);
  if (watcher == watchers_.end()) return std::nullopt;
  const LifeId life = watcher->second;
  watchers_.erase(watcher);
  const auto slot = context_.table.find(life);
  return slot && is_live(context_.table.at(*slot).state) ? slot : std::nullopt;
}

}  // namespace rollcall::core
