// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/bytes.hpp"
#include "wire/datagram.hpp"

/// Looking into datagrams on their way, for experiments that count what is in them. All members
/// of an experiment are of the cluster "default".
namespace rollcall::lab {

/// Calls for each message of the datagram, up to the first that is not well formed.
template <class Sink>
void for_each_message(Bytes datagram, Sink sink) {
  static const std::uint32_t cluster = wire::cluster_hash("default");
  auto reader = wire::DatagramReader::create(datagram, cluster);
  while (reader && !reader->at_end()) {
    const auto message = reader->next();
    if (!message) return;
    sink(*message);
  }
}

/// Whether somebody asks with it "are you there?".
inline bool holds_ping(Bytes datagram) {
  bool found = false;
  for_each_message(datagram, [&](const wire::Message& message) {
    found = found || std::holds_alternative<wire::Ping>(message);
  });
  return found;
}

/// How many updates in it are about the member of this name.
inline std::size_t updates_about(Bytes datagram, std::string_view name) {
  std::size_t count = 0;
  for_each_message(datagram, [&](const wire::Message& message) {
    const auto* update = std::get_if<wire::Update>(&message);
    if (update != nullptr && update->name == name) ++count;
  });
  return count;
}

}  // namespace rollcall::lab
