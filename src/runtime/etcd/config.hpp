// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "rollcall/error.hpp"
#include "rollcall/options.hpp"

namespace rollcall::runtime::etcd {

inline constexpr std::size_t servers_max = 64;
inline constexpr std::uint16_t port_default = 2379;

/// Where the log is kept, and who this member is.
struct EtcdConfig {
  std::string self;          // this member's name
  std::string cluster_name;  // names the keys
  /// Names the cluster in snapshots of its registry (AgreementConfig::cluster).
  LifeId cluster;
  /// Of what is drawn: the log's id, claims, delays.
  std::uint64_t seed = 0;

  std::vector<HostPort> servers;
  bool has_tls = false;
  std::string user;
  std::string password;
  std::string ca_file;
  std::string cert_file;
  std::string key_file;

  /// After this without a word from the leader, etcd frees its place. etcd rounds it up to its own
  /// least, 2 s by default.
  Duration lease_ttl = std::chrono::seconds(5);
  /// How often a member asks whether it is up to date.
  Duration pulse = std::chrono::seconds(1);
  /// So many entries or bytes of log, and the leader writes a snapshot in their place.
  std::size_t snapshot_entries = 4096;
  std::size_t snapshot_bytes = std::size_t{16} << 20U;
};

/// Reads "etcd://HOST:PORT[,HOST:PORT...]" or "etcds://...", and the files and names beside it. The
/// files are not opened yet.
std::expected<EtcdConfig, Error> read_options(const AgreementOptions& options);

}  // namespace rollcall::runtime::etcd
