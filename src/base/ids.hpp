// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace rollcall {

/// 128 random bits that name one life of one process. All zero: nobody.
struct LifeId {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  auto operator<=>(const LifeId&) const = default;
  [[nodiscard]] bool is_nobody() const { return high == 0 && low == 0; }
};

/// One run of a named process between its start (or rejoin) and its end.
///
/// Order: boot counter first, then the random id, so that of two lives of one name everybody
/// picks the same one. The boot counter grows with each life of a name.
struct Life {
  std::uint64_t boot = 0;
  LifeId id;

  auto operator<=>(const Life&) const = default;
};

/// 32 lower-case hexadecimal digits.
std::string to_text(const LifeId& id);
/// What to_text() gives; nothing for anything else.
std::optional<LifeId> parse_life_id(std::string_view text);

/// A stable 64-bit hash, the same on every machine: it travels in digests.
///
/// Source: FNV-1a, finished by the splitmix64 mixer, which FNV's weak high bits need.
constexpr std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed = 0) {
  std::uint64_t hash = 0xcbf29ce484222325U ^ seed;
  for (const char byte : bytes) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
  }
  hash = (hash ^ (hash >> 30U)) * 0xbf58476d1ce4e5b9U;
  hash = (hash ^ (hash >> 27U)) * 0x94d049bb133111ebU;
  return hash ^ (hash >> 31U);
}

/// Mixes one more word into a hash.
constexpr std::uint64_t hash_combine(std::uint64_t hash, std::uint64_t word) {
  std::uint64_t mixed = hash ^ (word + 0x9e3779b97f4a7c15U + (hash << 6U) + (hash >> 2U));
  mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
  return mixed ^ (mixed >> 31U);
}

}  // namespace rollcall

template <>
struct std::hash<rollcall::LifeId> {
  std::size_t operator()(const rollcall::LifeId& id) const noexcept {
    return static_cast<std::size_t>(id.high ^ (id.low * 0x9e3779b97f4a7c15U));
  }
};
