// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.hpp"

/// Every bound of the registry. All replicas must decide alike, so these are part of the command
/// version: to change one is to change commands.hpp's command_version.
namespace rollcall::registry {

inline constexpr std::size_t groups_max = 10'000;
inline constexpr std::size_t members_max = 250'000;  // of all groups together
inline constexpr std::size_t members_per_group_max = 100'000;
/// Of all members' ids, addresses, meta and checks together; see content_bytes().
inline constexpr std::size_t content_bytes_max = 256UL << 20U;

inline constexpr std::size_t address_bytes_max = 256;
inline constexpr std::size_t meta_entries_max = 64;
inline constexpr std::size_t meta_key_bytes_max = 128;
inline constexpr std::size_t meta_value_bytes_max = 1024;
inline constexpr std::size_t meta_bytes_max = 4096;  // keys and values together
inline constexpr std::size_t check_target_bytes_max = 512;

inline constexpr Duration ttl_min = std::chrono::milliseconds(100);
inline constexpr Duration ttl_max = std::chrono::hours(24);
inline constexpr Duration check_interval_min = std::chrono::milliseconds(100);
inline constexpr Duration check_interval_max = std::chrono::hours(1);
inline constexpr std::uint16_t check_misses_max = 100;

/// A command is one entry of the log, and one entry must never hold up the others.
inline constexpr std::size_t command_bytes_max = 1UL << 20U;
inline constexpr std::size_t batch_entries_max = 16'384;

inline constexpr std::size_t sessions_max = 4096;
inline constexpr std::size_t session_results_max = 1024;  // a session's requests in flight
inline constexpr std::size_t results_max = 131'072;       // of all sessions together
inline constexpr std::size_t removed_lives_max = 16'384;

/// The views that are kept for readers that resume; `cluster` has a history of its own, so that a
/// busy group of clients cannot push its views out.
inline constexpr std::size_t cluster_history_views_max = 4096;
inline constexpr std::size_t cluster_history_bytes_max = 8UL << 20U;
inline constexpr std::size_t history_views_max = 65'536;
inline constexpr std::size_t history_bytes_max = 32UL << 20U;

/// A snapshot beyond it is none of ours.
inline constexpr std::size_t snapshot_bytes_max = 1UL << 30U;

static_assert(members_per_group_max <= members_max);
static_assert(session_results_max <= results_max);

}  // namespace rollcall::registry
