// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0

/// What the wire format costs: a ping with eight updates (17-character names, IPv4 addresses) is
/// the typical datagram. Goal: encode and decode together in at most 80 ns.
///
/// msgpack-cxx would be the peer to run beside it, but Debian 12's package (libmsgpack-cxx-dev)
/// depends on Boost 1.74 and cannot be installed next to the Boost 1.81 that rollcall needs, so
/// no peer is in this run.
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/prng.hpp"
#include "wire/datagram.hpp"
#include "wire/stream.hpp"
#include "wire/tags.hpp"

namespace rollcall::wire {
namespace {

constexpr std::size_t update_count = 8;
constexpr std::size_t name_size = 17;

/// Records whose names live beside them.
struct Cluster {
  std::vector<std::string> names;
  std::vector<Update> updates;

  explicit Cluster(std::size_t size) {
    Prng prng(1);
    names.reserve(size);
    for (std::size_t i = 0; i < size; ++i) {
      std::string name = "member-" + std::to_string(i) + ".";
      name.resize(name_size, 'x');
      names.push_back(std::move(name));
      Update update;
      update.name = names.back();
      update.life = {i + 1, prng.life_id()};
      update.incarnation = static_cast<std::uint32_t>(i);
      update.address = Address::v4(10, 0, static_cast<std::uint8_t>(i >> 8U),
                                   static_cast<std::uint8_t>(i), 7420);
      updates.push_back(update);
    }
  }
};

const std::uint32_t cluster_number = cluster_hash("default");

Envelope envelope() {
  return {.cluster = cluster_number, .sender = {1, 2}, .health = 0};
}

void encode_ping(DatagramWriter& writer, const Cluster& cluster) {
  writer.begin(envelope());
  bool fits = writer.add(Ping{.sequence = 7, .target = {3, 4}, .digest = 5});
  for (const Update& update : cluster.updates) fits &= writer.add(update);
  benchmark::DoNotOptimize(fits);
}

/// Reads everything and uses every field that the core would look at first.
std::uint64_t decode_all(Bytes datagram) {
  std::uint64_t sum = 0;
  auto reader = DatagramReader::create(datagram, cluster_number);
  while (!reader->at_end()) {
    auto message = reader->next();
    if (!message) std::abort();
    if (const auto* update = std::get_if<Update>(&*message)) {
      sum += update->life.id.low + update->name.size() + update->incarnation;
    }
    benchmark::DoNotOptimize(message);
  }
  return sum;
}

void ping_with_8_updates_encode(benchmark::State& state) {
  const Cluster cluster(update_count);
  DatagramWriter writer(envelope());
  for (auto _ : state) {
    encode_ping(writer, cluster);
    benchmark::ClobberMemory();
  }
  state.counters["bytes"] = static_cast<double>(writer.size());
}
BENCHMARK(ping_with_8_updates_encode);

void ping_with_8_updates_decode(benchmark::State& state) {
  const Cluster cluster(update_count);
  DatagramWriter writer(envelope());
  encode_ping(writer, cluster);
  for (auto _ : state) benchmark::DoNotOptimize(decode_all(writer.bytes()));
}
BENCHMARK(ping_with_8_updates_decode);

void ping_with_8_updates_both(benchmark::State& state) {
  const Cluster cluster(update_count);
  DatagramWriter writer(envelope());
  for (auto _ : state) {
    encode_ping(writer, cluster);
    benchmark::DoNotOptimize(decode_all(writer.bytes()));
  }
}
BENCHMARK(ping_with_8_updates_both);

void join_reply_encode(benchmark::State& state) {
  const Cluster cluster(static_cast<std::size_t>(state.range(0)));
  const StreamMessage reply = JoinReply{JoinStatus::welcome, "default", cluster.updates};
  ByteVector frame;
  for (auto _ : state) {
    frame.clear();
    encode_frame(envelope(), reply, frame);
    benchmark::DoNotOptimize(frame.data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["bytes"] = static_cast<double>(frame.size());
}
BENCHMARK(join_reply_encode)->Arg(100)->Arg(10'000);

void join_reply_decode(benchmark::State& state) {
  const Cluster cluster(static_cast<std::size_t>(state.range(0)));
  ByteVector frame;
  encode_frame(envelope(), JoinReply{JoinStatus::welcome, "default", cluster.updates}, frame);
  for (auto _ : state) {
    auto message = decode_frame_body(Bytes(frame).subspan(frame_head_bytes));
    benchmark::DoNotOptimize(message);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(join_reply_decode)->Arg(100)->Arg(10'000);

void tags_decode(benchmark::State& state) {
  const auto bytes = encode_tags({{"role", "db"}, {"zone", "eu-1"}, {"version", "1.2.3"}});
  for (auto _ : state) benchmark::DoNotOptimize(decode_tags(*bytes));
}
BENCHMARK(tags_decode);

}  // namespace
}  // namespace rollcall::wire

BENCHMARK_MAIN();
