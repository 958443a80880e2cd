// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/checkers_trouble.hpp"

#include <algorithm>

namespace rollcall::sim {

void TroubleLog::look() {
  const std::size_t count = world_.host_count();
  if (tracks_.size() < count) tracks_.resize(count);
  for (std::uint32_t i = 0; i < count; ++i) follow(HostId{i});
  if (count <= hosts_followed_max) {
    follow_paths();
  } else if (calm_since_ < world_.healed_at()) {
    calm_since_ = still_since_ = world_.healed_at();
  }
  last_look_ = world_.now();
}

void TroubleLog::calm_ends() {
  calm_since_ = still_since_ = world_.now();
}

void TroubleLog::follow(HostId host) {
  Track& track = tracks_[index_of(host)];
  const bool runs = world_.is_running(host);
  if (runs != track.ran || world_.run(host) != track.run) {
    track = {.run = world_.run(host), .ran = runs};
    still_since_ = world_.now();
  }
  if (!runs) return;
  const core::Node& node = world_.node(host);
  if (node.life().id != track.life || node.phase() != track.phase) {
    track.life = node.life().id;
    track.phase = node.phase();
    still_since_ = world_.now();
  }
  follow_soundness(track, world_.sound_since(host).has_value(), host);
}

void TroubleLog::follow_soundness(Track& track, bool is_sound, HostId host) {
  if (is_sound == track.was_sound) return;
  track.was_sound = is_sound;
  calm_ends();
  if (is_sound) {
    if (track.spell) track.spell->ended = world_.sound_since(host);
    return;
  }
  const bool goes_on =
      track.spell && track.spell->ended && world_.now() - *track.spell->ended < breath;
  if (!goes_on) track.spell = Spell{.began = last_look_, .ended = {}};
  track.spell->ended.reset();
}

/// Pairs (0,1), (0,2), (1,2), (0,3), …: a new host adds its pairs at the end.
std::size_t TroubleLog::pair_index(HostId one, HostId other) {
  const std::size_t low = std::min(index_of(one), index_of(other));
  const std::size_t high = std::max(index_of(one), index_of(other));
  return high * (high - 1) / 2 + low;
}

void TroubleLog::follow_paths() {
  const std::size_t count = world_.host_count();
  paths_.resize(count * (count - 1) / 2);
  for (std::uint32_t high = 1; high < count; ++high) {
    if (!world_.is_powered(HostId{high})) continue;
    for (std::uint32_t low = 0; low < high; ++low) {
      if (!world_.is_powered(HostId{low})) continue;
      Path& path = paths_[pair_index(HostId{low}, HostId{high})];
      const bool is_open = world_.are_connected(HostId{low}, HostId{high});
      const bool has_changed = is_open != path.is_open;
      if (has_changed) calm_ends();
      path.is_open = is_open;
      if (!is_open || has_changed) path.last_apart = world_.now();
    }
  }
}

std::optional<TroubleLog::Spell> TroubleLog::last_trouble(HostId host) const {
  return index_of(host) < tracks_.size() ? tracks_[index_of(host)].spell : std::nullopt;
}

Instant TroubleLog::last_apart(HostId one, HostId other) const {
  if (one == other) return {};
  if (world_.host_count() > hosts_followed_max) return world_.healed_at();
  const std::size_t index = pair_index(one, other);
  return index < paths_.size() ? paths_[index].last_apart : Instant{};
}

Instant TroubleLog::last_apart_from_any(HostId host) const {
  if (world_.host_count() > hosts_followed_max) return world_.healed_at();
  Instant last{};
  for (std::uint32_t i = 0; i < world_.host_count(); ++i) {
    last = std::max(last, last_apart(host, HostId{i}));
  }
  return last;
}

}  // namespace rollcall::sim
