// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/address.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "core/effects.hpp"

namespace rollcall::core {

/// One address that was asked to let this node in.
struct AskedAddress {
  Address address;
  std::optional<ExchangeId> exchange = {};
  /// The holder of this node's name, which is looked at before the address is asked again.
  LifeId looked_for = {};
  bool waits_for_claim = false;
  unsigned boot_raises = 0;

  [[nodiscard]] bool is_open() const { return exchange.has_value() || waits_for_claim; }
};

/// One seed of a try: a name or an address, and what has become of it.
struct JoinSeed {
  std::string text;
  JoinStage stage = JoinStage::seeds;
  /// Set while its name is looked up.
  std::optional<ResolveId> resolve = {};
  /// Who answered from there, for seeds that the LAN told of.
  LifeId life = {};
  std::vector<Address> addresses = {};
  std::size_t next_address = 0;
  /// When the next address is asked, although the one before has not answered yet.
  Instant next_at = never;
  std::vector<AskedAddress> asked = {};
  bool settled = false;
  bool joined = false;
  std::string outcome = "not needed";

  [[nodiscard]] bool has_more() const { return next_address < addresses.size(); }
  [[nodiscard]] bool is_under_way() const {
    return resolve || has_more() || std::ranges::any_of(asked, &AskedAddress::is_open);
  }
};

enum class JoinPurpose : std::uint8_t {
  command,  // somebody asked for it
  home,     // the way back, stage by stage
  merge     // others of this cluster were met on the LAN who are not known yet
};

/// One try to join: it ends when the first seed has joined, or when all have failed.
struct JoinTry {
  JoinPurpose purpose = JoinPurpose::home;
  std::optional<CommandId> command = {};
  /// The seeds of a command, as given.
  std::vector<HostPort> given = {};
  std::vector<JoinSeed> seeds = {};
  JoinStage stage = JoinStage::none;
  /// The next stage begins then at the latest; never once the stage is over.
  Instant stage_ends = never;
  /// The hosts file was asked for, and has not been told yet.
  bool awaits_hosts = false;
  bool asked_hosts = false;
  bool name_in_use = false;

  [[nodiscard]] bool has_joined() const { return std::ranges::any_of(seeds, &JoinSeed::joined); }
  [[nodiscard]] bool is_settled() const {
    return !awaits_hosts && std::ranges::all_of(seeds, &JoinSeed::settled);
  }
  [[nodiscard]] bool is_settled(JoinStage of) const {
    return (of != JoinStage::hosts_file || !awaits_hosts) &&
           std::ranges::all_of(
               seeds, [of](const JoinSeed& seed) { return seed.stage != of || seed.settled; });
  }
};

}  // namespace rollcall::core
