// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/agreement/stream_net.hpp"

#include <algorithm>

namespace rollcall::sim::agreement {

void StreamNet::send(std::size_t from, std::size_t to, ByteVector frame) {
  const Pair pair{from, to};
  Stream& stream = streams_[pair];
  const Duration delay = prng_.between(options_.delay_min, options_.delay_max);
  stream.last_arrival = std::max(stream.last_arrival, timeline_.now() + delay);
  timeline_.at(stream.last_arrival,
               [this, pair, generation = stream.generation, bytes = std::move(frame)] {
                 arrive(pair, generation, bytes);
               });
  if (prng_.chance(options_.breaks)) break_stream(pair);
}

void StreamNet::arrive(Pair pair, std::uint64_t generation, const ByteVector& frame) {
  Stream& stream = streams_[pair];
  if (generation != stream.generation) return;
  if (cuts_.contains(pair) || !stream.held.empty()) return hold(pair, stream, frame);
  if (!deliver_(pair.first, pair.second, frame)) break_stream(pair);
}

void StreamNet::hold(Pair pair, Stream& stream, const ByteVector& frame) {
  stream.held.push_back(frame);
  if (stream.held.size() > 1) return;
  timeline_.after(options_.patience, [this, pair, generation = stream.generation] {
    const Stream& waiting = streams_[pair];
    if (waiting.generation == generation && !waiting.held.empty()) break_stream(pair);
  });
}

void StreamNet::break_stream(Pair pair) {
  Stream& stream = streams_[pair];
  ++stream.generation;
  stream.held.clear();
  const Duration delay = prng_.between(options_.delay_min, options_.delay_max);
  timeline_.after(delay, [this, pair] { broke_(pair.first, pair.second); });
}

void StreamNet::cut(std::size_t from, std::size_t to) {
  if (from != to) cuts_.insert({from, to});
}

void StreamNet::mend(std::size_t from, std::size_t to) {
  const Pair pair{from, to};
  if (cuts_.erase(pair) == 0) return;
  Stream& stream = streams_[pair];
  for (ByteVector& frame : std::exchange(stream.held, {})) send(from, to, std::move(frame));
}

void StreamNet::mend_all() {
  const std::set<Pair> cuts = cuts_;
  for (const auto& [from, to] : cuts) mend(from, to);
}

void StreamNet::on_end(std::size_t member) {
  for (auto& [pair, stream] : streams_) {
    if (pair.second == member) break_stream(pair);
    // What the one that ended had sent may still be on its way.
    if (pair.first == member && prng_.chance(0.5)) ++stream.generation;
    if (pair.first == member) stream.held.clear();
  }
}

}  // namespace rollcall::sim::agreement
