// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/etcd/layout.hpp"

#include <charconv>
#include <utility>

#include <nlohmann/json.hpp>

#include "registry/limits.hpp"

namespace rollcall::runtime::etcd {
namespace {

using Json = nlohmann::json;

constexpr std::uint8_t entry_format = 1;
constexpr std::size_t entry_head_bytes = 1 + 8;
constexpr std::size_t length_bytes = 4;
constexpr std::size_t index_digits = 16;
constexpr std::size_t piece_digits = 8;

static_assert(registry::command_bytes_max + length_bytes + entry_head_bytes <= entry_bytes_max);

std::string hex(std::uint64_t value, std::size_t digits) {
  std::string text(digits, '0');
  for (std::size_t at = digits; at > 0 && value != 0; --at, value >>= 4U) {
    text[at - 1] = "0123456789abcdef"[value & 15U];
  }
  return text;
}

std::optional<std::uint64_t> from_hex(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void put(std::string& out, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = bytes; i > 0; --i) out += static_cast<char>(value >> (8U * (i - 1)) & 0xFFU);
}

/// Takes a number off the front; the bytes must be there.
std::uint64_t take(std::string_view& from, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    value = value << 8U | static_cast<unsigned char>(from[i]);
  }
  from.remove_prefix(bytes);
  return value;
}

/// The object that a value is; null if it is none.
Json object_of(std::string_view value) {
  Json json = Json::parse(value, nullptr, /*allow_exceptions=*/false);
  return json.is_object() ? json : Json();
}

std::optional<std::uint64_t> count_of(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<std::uint64_t>();
}

std::optional<std::uint64_t> hex_of(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_string()) return std::nullopt;
  return from_hex(found->get_ref<const std::string&>());
}

}  // namespace

Keys::Keys(std::string_view cluster) : prefix_("/rollcall/" + std::string(cluster) + "/") {}

std::string Keys::log(std::uint64_t index) const {
  return prefix_ + "log/" + hex(index, index_digits);
}

std::string Keys::piece(std::uint64_t snapshot, std::uint32_t piece) const {
  return prefix_ + "snapshot/" + hex(snapshot, index_digits) + "/" + hex(piece, piece_digits);
}

std::optional<std::uint64_t> Keys::log_index(std::string_view key) const {
  const std::string folder = prefix_ + "log/";
  if (!key.starts_with(folder) || key.size() != folder.size() + index_digits) return std::nullopt;
  return from_hex(key.substr(folder.size()));
}

std::size_t entry_bytes(const ByteVector& command) {
  return length_bytes + command.size();
}

std::string encode_entry(const Entry& entry) {
  std::string value;
  std::size_t size = entry_head_bytes;
  for (const ByteVector& command : entry.commands) size += entry_bytes(command);
  value.reserve(size);
  put(value, entry_format, 1);
  put(value, entry.term, 8);
  for (const ByteVector& command : entry.commands) {
    put(value, command.size(), length_bytes);
    value += as_text(command);
  }
  return value;
}

std::optional<Entry> decode_entry(std::string_view value) {
  if (value.size() < entry_head_bytes || take(value, 1) != entry_format) return std::nullopt;
  Entry entry{.term = take(value, 8), .commands = {}};
  while (!value.empty()) {
    if (value.size() < length_bytes) return std::nullopt;
    const std::uint64_t size = take(value, length_bytes);
    if (size > value.size()) return std::nullopt;
    const Bytes command = as_bytes(value.substr(0, size));
    entry.commands.emplace_back(command.begin(), command.end());
    value.remove_prefix(size);
  }
  if (entry.commands.empty()) return std::nullopt;
  return entry;
}

std::string encode_meta(const Meta& meta) {
  return Json{{"format", meta.format},
              {"log", hex(meta.log.high, index_digits) + hex(meta.log.low, index_digits)}}
      .dump();
}

std::optional<Meta> decode_meta(std::string_view value) {
  const Json json = object_of(value);
  const auto format = count_of(json, "format");
  const auto log = json.find("log");
  if (!format || *format > 1'000'000 || log == json.end() || !log->is_string()) return std::nullopt;
  const auto& text = log->get_ref<const std::string&>();
  if (text.size() != 2 * index_digits) return std::nullopt;
  const auto high = from_hex(std::string_view(text).substr(0, index_digits));
  const auto low = from_hex(std::string_view(text).substr(index_digits));
  if (!high || !low) return std::nullopt;
  return Meta{.format = static_cast<int>(*format), .log = {.high = *high, .low = *low}};
}

std::string encode_claim(const Claim& claim) {
  return Json{{"name", claim.name}, {"claim", hex(claim.claim, index_digits)}}.dump();
}

std::optional<Claim> decode_claim(std::string_view value) {
  const Json json = object_of(value);
  const auto name = json.find("name");
  const auto claim = hex_of(json, "claim");
  if (!claim || name == json.end() || !name->is_string()) return std::nullopt;
  return Claim{.name = name->get<std::string>(), .claim = *claim};
}

std::string encode_manifest(const Manifest& manifest) {
  return Json{{"term", manifest.term},
              {"index", manifest.index},
              {"bytes", manifest.bytes},
              {"pieces", manifest.pieces},
              {"checksum", hex(manifest.checksum, index_digits)}}
      .dump();
}

std::optional<Manifest> decode_manifest(std::string_view value) {
  const Json json = object_of(value);
  const auto term = count_of(json, "term");
  const auto index = count_of(json, "index");
  const auto bytes = count_of(json, "bytes");
  const auto pieces = count_of(json, "pieces");
  const auto checksum = hex_of(json, "checksum");
  if (!term || !index || !bytes || !pieces || !checksum) return std::nullopt;
  const std::uint64_t pieces_wanted = (*bytes + chunk_bytes_max - 1) / chunk_bytes_max;
  if (*bytes > registry::snapshot_bytes_max || *pieces != pieces_wanted) return std::nullopt;
  return Manifest{.term = *term,
                  .index = *index,
                  .bytes = *bytes,
                  .pieces = static_cast<std::uint32_t>(*pieces),
                  .checksum = *checksum};
}

}  // namespace rollcall::runtime::etcd
