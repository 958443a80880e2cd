// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "consensus/log.hpp"

/// What rollcall keeps in etcd, below one prefix a cluster; docs/registry-etcd.md says the same to
/// operators.
namespace rollcall::runtime::etcd {

/// Above it a later version of rollcall wrote what is there, and this one must not touch it.
inline constexpr int layout_format = 1;
/// No command is added to an entry beyond it; one that is longer is an entry alone. etcd's own
/// bound for a request is 1.5 MiB by default.
inline constexpr std::size_t entry_bytes_wanted = std::size_t{512} << 10U;
inline constexpr std::size_t entry_bytes_max = std::size_t{1280} << 10U;
inline constexpr std::size_t entry_commands_max = 4096;
inline constexpr std::size_t chunk_bytes_max = std::size_t{1} << 20U;

/// The keys: PREFIX is "/rollcall/CLUSTER/". "leader" and "log/" lie side by side, so that one
/// watch sees both, in the order in which they changed.
class Keys {
 public:
  explicit Keys(std::string_view cluster);

  [[nodiscard]] std::string meta() const { return prefix_ + "meta"; }
  [[nodiscard]] std::string leader() const { return prefix_ + "leader"; }
  [[nodiscard]] std::string manifest() const { return prefix_ + "manifest"; }
  /// An entry, by the index of its first command.
  [[nodiscard]] std::string log(std::uint64_t index) const;
  [[nodiscard]] std::string log_end() const { return prefix_ + "log0"; }
  /// Index 0 and piece 0: where the pieces of all snapshots begin.
  [[nodiscard]] std::string piece(std::uint64_t snapshot, std::uint32_t piece) const;
  [[nodiscard]] std::optional<std::uint64_t> log_index(std::string_view key) const;

 private:
  std::string prefix_;
};

/// One key of the log: commands that were appended together, numbered from its first index on.
struct Entry {
  std::uint64_t term = 0;
  std::vector<ByteVector> commands;
};
/// Bytes that a command takes in an entry.
std::size_t entry_bytes(const ByteVector& command);
std::string encode_entry(const Entry& entry);
std::optional<Entry> decode_entry(std::string_view value);

/// Which log this is.
struct Meta {
  int format = layout_format;
  consensus::LogId log;
};
std::string encode_meta(const Meta& meta);
std::optional<Meta> decode_meta(std::string_view value);

/// Who leads; the claim is drawn anew each time, so that a member knows its own.
struct Claim {
  std::string name;
  std::uint64_t claim = 0;
  bool operator==(const Claim&) const = default;
};
std::string encode_claim(const Claim& claim);
std::optional<Claim> decode_claim(std::string_view value);

/// The snapshot that is whole, and after which the log begins.
struct Manifest {
  std::uint64_t term = 0;
  std::uint64_t index = 0;
  std::uint64_t bytes = 0;
  std::uint32_t pieces = 0;
  std::uint64_t checksum = 0;
  bool operator==(const Manifest&) const = default;
};
std::string encode_manifest(const Manifest& manifest);
std::optional<Manifest> decode_manifest(std::string_view value);

}  // namespace rollcall::runtime::etcd
