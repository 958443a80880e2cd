// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <string>

#include "base/byte_cursor.hpp"
#include "registry/types.hpp"

/// Bytes of the records that commands and snapshots share. One value has one form; reading
/// checks every rule of types.hpp and limits.hpp.
namespace rollcall::registry {

using Reader = ByteReader<std::endian::big>;
using Writer = ByteWriter<std::endian::big>;

/// Lower bounds of the sizes, for Reader::count().
inline constexpr std::size_t spec_bytes_min = 42;
inline constexpr std::size_t departure_bytes_min = 36;

void write(Writer& out, Duration duration);
void write(Writer& out, const MemberSpec& spec);
void write(Writer& out, const Member& member);
void write(Writer& out, const Departure& departure);
void write(Writer& out, const ViewDelta& delta);

std::string read_name(Reader& in);
MemberSpec read_spec(Reader& in);
Member read_member(Reader& in);
Departure read_departure(Reader& in);
ViewDelta read_delta(Reader& in);

}  // namespace rollcall::registry
