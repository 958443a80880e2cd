// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0

/// Any snapshot is restored or refused, and what was restored keeps the registry's invariants and
/// gives a snapshot that is restored to the same. Its checksum is put right first, or nothing
/// beyond it would ever be read.
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/check.hpp"
#include "base/ids.hpp"
#include "registry/registry.hpp"

namespace rollcall::registry {
namespace {

constexpr LifeId cluster = {7, 7};
constexpr std::size_t checksum_bytes = 8;

ByteVector with_checksum(Bytes bytes) {
  ByteVector snapshot(bytes.begin(), bytes.end());
  if (snapshot.size() < checksum_bytes) return snapshot;
  const std::size_t size = snapshot.size() - checksum_bytes;
  const std::uint64_t sum = hash_bytes(as_text(Bytes(snapshot).first(size)));
  for (std::size_t i = 0; i < checksum_bytes; ++i) {
    snapshot[size + i] = static_cast<std::byte>(sum >> (8 * (checksum_bytes - 1 - i)));
  }
  return snapshot;
}

void fuzz(Bytes bytes) {
  (void)Registry::restore(bytes, cluster);
  auto registry = Registry::restore(with_checksum(bytes), cluster);
  if (!registry) return;
  registry->check_invariants();
  const auto again = Registry::restore(registry->snapshot(), cluster);
  ROLLCALL_CHECK(again && again->snapshot() == registry->snapshot());
  Join join;
  join.group = auto_group;
  join.member.id = "newcomer";
  const ByteVector command = encode({.request = {}, .action = join});
  if (registry->index() == UINT64_MAX) return;
  const auto applied = registry->apply(
      {.term = registry->term(), .index = registry->index() + 1, .command = command});
  ROLLCALL_CHECK(applied.has_value());
  registry->check_invariants();
}

}  // namespace
}  // namespace rollcall::registry

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rollcall::registry::fuzz(std::as_bytes(std::span(data, size)));
  return 0;
}
