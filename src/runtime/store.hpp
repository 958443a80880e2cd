// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "consensus/log.hpp"
#include "core/settings/cluster_settings.hpp"
#include "rollcall/error.hpp"
#include "runtime/database.hpp"
#include "runtime/unique_fd.hpp"

namespace rollcall::runtime {

/// What a member keeps over restarts: whose directory it is, the boot counter, known peers, the
/// settings in force, and which log of the agreement the directory has a part in.
///
/// Errors:  open() says which directory and what to do about it; nothing is changed then. After
///          that a write that fails leaves what was there before.
/// Limits:  peers_max addresses.
/// Threads: one at a time. Calls wait for the disk; keep them off the loop's thread.
class Store {
 public:
  static constexpr std::size_t peers_max = 64;

  struct Owner {
    std::string cluster;
    std::string name;
  };

  /// Makes the directory if it is missing, and keeps it locked against other agents for as long
  /// as the store lives.
  static std::expected<Store, Error> open(const std::filesystem::path& directory,
                                          const Owner& owner);

  /// The boot counter of the newest life kept; 0 before the first.
  [[nodiscard]] std::uint64_t boot() const { return boot_; }
  /// Addresses of members that were alive when they were last saved.
  [[nodiscard]] const std::vector<Address>& peers() const { return peers_; }
  /// The settings in force when they were last saved; nothing if none were, or those kept cannot be
  /// understood.
  [[nodiscard]] const std::optional<core::VersionedSettings>& settings() const { return settings_; }
  /// What is wrong with settings that are kept but not understood; empty if nothing is.
  [[nodiscard]] const std::string& settings_trouble() const { return settings_trouble_; }

  /// The log of the agreement that the directory had a part in last; nobody: none. Whoever finds
  /// no log there although this says so has lost it (raft.db).
  [[nodiscard]] const consensus::LogId& log() const { return log_; }

  /// On the disk when it returns.
  std::expected<void, Error> save_boot(std::uint64_t boot);
  std::expected<void, Error> save_peers(const std::vector<Address>& peers);
  std::expected<void, Error> save_settings(const core::VersionedSettings& settings);
  std::expected<void, Error> save_log(const consensus::LogId& log);

 private:
  Store(std::filesystem::path directory, UniqueFd lock, Database database);
  std::expected<void, Error> prepare(const Owner& owner);
  std::expected<void, Error> check_owner(const Owner& owner);
  std::expected<void, DatabaseError> load();
  std::expected<void, DatabaseError> load_settings();
  /// All that `write` does, or nothing of it.
  template <class Write>
  std::expected<void, Error> in_one_piece(Write write);
  std::expected<void, DatabaseError> write_peers(const std::vector<Address>& peers);
  std::expected<void, DatabaseError> write_settings(const core::VersionedSettings& settings);
  std::expected<std::string, DatabaseError> read_fact(std::string_view key);
  std::expected<void, DatabaseError> write_fact(std::string_view key, std::string_view value);
  [[nodiscard]] Error to_error(const DatabaseError& error) const;

  std::filesystem::path directory_;
  UniqueFd lock_;
  Database database_;
  std::uint64_t boot_ = 0;
  std::vector<Address> peers_;
  std::optional<core::VersionedSettings> settings_;
  std::string settings_trouble_;
  consensus::LogId log_;
};

}  // namespace rollcall::runtime
