// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0

/// Any datagram is read or refused, and what was read is written back byte for byte.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>

#include "base/check.hpp"
#include "base/text.hpp"
#include "wire/datagram.hpp"
#include "wire/tags.hpp"

namespace rollcall::wire {
namespace {

/// What the core relies on without asking again.
void check_promises(const Update& update) {
  ROLLCALL_CHECK(is_valid_name(update.name));
  ROLLCALL_CHECK(!update.life.id.is_nobody());
  ROLLCALL_CHECK(update.address.port != 0);
  ROLLCALL_CHECK(!update.address.is_unspecified());
  ROLLCALL_CHECK(update.has_tags || update.tags.empty());
  ROLLCALL_CHECK(decode_tags(update.tags).has_value());
}

template <class Other>
void check_promises(const Other&) {}

/// The cluster that an envelope claims, so that a fuzzer need not guess the one hash that we
/// would let in.
std::uint32_t cluster_in(Bytes bytes) {
  std::uint32_t cluster = 0;
  if (bytes.size() >= 8) {
    for (std::size_t i = 8; i-- > 4;) {
      cluster = cluster << 8U | std::to_integer<std::uint32_t>(bytes[i]);
    }
  }
  return cluster;
}

void fuzz(Bytes datagram) {
  auto reader = DatagramReader::create(datagram, cluster_in(datagram));
  if (!reader) return;
  DatagramWriter writer(reader->envelope());
  bool refused = false;
  while (!reader->at_end()) {
    const auto message = reader->next();
    if (!message) {
      ROLLCALL_CHECK(reader->at_end());
      refused = true;
      continue;
    }
    std::visit([](const auto& alternative) { check_promises(alternative); }, *message);
    ROLLCALL_CHECK(std::visit([&](const auto& one) { return writer.add(one); }, *message));
  }
  ROLLCALL_CHECK(refused == (writer.size() < datagram.size()));
  ROLLCALL_CHECK(std::ranges::equal(writer.bytes(), datagram.first(writer.size())));
}

}  // namespace
}  // namespace rollcall::wire

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rollcall::wire::fuzz(std::as_bytes(std::span(data, size)));
  return 0;
}
