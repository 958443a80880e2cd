// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/prng.hpp"
#include "core/node.hpp"

namespace rollcall::runtime {

/// One SRV record: where a service is offered.
struct ServiceRecord {
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint16_t port = 0;
  std::string target;

  bool operator==(const ServiceRecord&) const = default;
};

/// At most so many records of one answer are heeded.
inline constexpr std::size_t service_records_max = 64;

/// Reads the SRV records of a DNS answer; other records are passed over. A target of "." says that
/// the service is not offered, and is left out.
///
/// Errors: not_found when the name or the records do not exist; failed when the server could not
///         answer, or when the message is malformed.
/// Source: RFC 1035, RFC 2782.
std::expected<std::vector<ServiceRecord>, core::ResolveError> parse_service_answer(Bytes message);

/// The order in which the records are to be tried: the lower priority first; of one priority at
/// random, those of more weight more often first.
///
/// Source: RFC 2782, "Usage rules".
void order_services(std::vector<ServiceRecord>& records, Prng& prng);

/// Asks the system's name servers, or the one given, for the SRV records of a name, and waits: at
/// most a few seconds.
std::expected<std::vector<ServiceRecord>, core::ResolveError> look_up_services(
    const std::string& name, const std::optional<Address>& server = {});

}  // namespace rollcall::runtime
