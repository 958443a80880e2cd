// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0

/// Any command is read or refused, and what was read is written back byte for byte. What was read
/// must also do no harm: a registry applies it, and after it some that it knows, and keeps its
/// invariants.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/check.hpp"
#include "registry/commands.hpp"
#include "registry/registry.hpp"

namespace rollcall::registry {
namespace {

constexpr LifeId cluster = {7, 7};

void put(Registry& registry, Bytes command) {
  const auto applied =
      registry.apply({.term = 1, .index = registry.index() + 1, .command = command});
  ROLLCALL_CHECK(applied.has_value());
  registry.check_invariants();
}

MemberSpec member(const char* id) {
  MemberSpec spec;
  spec.id = id;
  return spec;
}

void fuzz(Bytes bytes) {
  const auto command = decode_command(bytes);
  const auto request = peek_request(bytes);
  if (!command) return;
  const ByteVector again = encode(*command);
  ROLLCALL_CHECK(std::ranges::equal(again, bytes));
  ROLLCALL_CHECK(request == command->request);
  Registry registry(cluster);
  put(registry, encode({.request = {}, .action = Join{"jobs", member("a")}}));
  put(registry, encode({.request = {}, .action = Join{"jobs", member("b")}}));
  put(registry, bytes);
  put(registry, bytes);
  const auto restored = Registry::restore(registry.snapshot(), cluster);
  ROLLCALL_CHECK(restored && restored->snapshot() == registry.snapshot());
}

}  // namespace
}  // namespace rollcall::registry

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rollcall::registry::fuzz(std::as_bytes(std::span(data, size)));
  return 0;
}
