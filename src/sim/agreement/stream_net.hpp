// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "base/bytes.hpp"
#include "base/prng.hpp"
#include "base/time.hpp"
#include "sim/agreement/timeline.hpp"

namespace rollcall::sim::agreement {

struct StreamOptions {
  Duration delay_min = std::chrono::microseconds(50);
  Duration delay_max = std::chrono::milliseconds(1);
  /// The chance that sending a frame breaks its stream.
  double breaks = 0;
  /// What is sent into a cut waits for so long; then the stream breaks.
  Duration patience = std::chrono::milliseconds(800);
};

/// One ordered stream of frames from each member to each other. A stream breaks by chance, by the
/// end of a process at either side, or by a cut that lasts; what is under way is lost then, some of
/// it perhaps after it had arrived, and the next frame opens another. What waited in a cut that
/// ended in time arrives late.
///
/// Order: of one stream no frame overtakes another.
class StreamNet {
 public:
  /// Gives a frame to a member; false if nobody listens there.
  using Deliver = std::function<bool(std::size_t from, std::size_t to, const ByteVector& frame)>;
  /// Tells the sender that the stream to somebody broke.
  using Broke = std::function<void(std::size_t from, std::size_t to)>;

  StreamNet(Timeline& timeline, std::uint64_t seed, Deliver deliver, Broke broke)
      : timeline_(timeline),
        prng_(seed),
        deliver_(std::move(deliver)),
        broke_(std::move(broke)) {}

  void set(const StreamOptions& options) { options_ = options; }
  void send(std::size_t from, std::size_t to, ByteVector frame);

  /// One direction; what was cut stays so until it is mended.
  void cut(std::size_t from, std::size_t to);
  void mend(std::size_t from, std::size_t to);
  void mend_all();
  [[nodiscard]] bool is_cut(std::size_t from, std::size_t to) const {
    return cuts_.contains({from, to});
  }
  /// The process at a member ended: its streams, both ways, are no more.
  void on_end(std::size_t member);

 private:
  using Pair = std::pair<std::size_t, std::size_t>;
  struct Stream {
    std::uint64_t generation = 0;  // counts the breaks
    Instant last_arrival{};
    std::deque<ByteVector> held;  // before a cut
  };

  void arrive(Pair pair, std::uint64_t generation, const ByteVector& frame);
  void hold(Pair pair, Stream& stream, const ByteVector& frame);
  void break_stream(Pair pair);

  Timeline& timeline_;
  Prng prng_;
  Deliver deliver_;
  Broke broke_;
  StreamOptions options_;
  std::map<Pair, Stream> streams_;
  std::set<Pair> cuts_;
};

}  // namespace rollcall::sim::agreement
