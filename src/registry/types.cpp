// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/types.hpp"

#include "base/check.hpp"

namespace rollcall::registry {
namespace {

/// What a record costs beside its text.
constexpr std::size_t member_bytes = 256;
constexpr std::size_t departure_bytes = 80;
constexpr std::size_t delta_bytes = 256;
constexpr std::size_t meta_entry_bytes = 64;

}  // namespace

std::string_view to_text(Cause cause) {
  switch (cause) {
    case Cause::updated:
      return "updated";
    case Cause::joined:
      return "joined";
    case Cause::rejoined:
      return "rejoined";
    case Cause::left:
      return "left";
    case Cause::expired:
      return "expired";
    case Cause::check_failed:
      return "check-failed";
    case Cause::failed:
      return "failed";
    case Cause::removed:
      return "removed";
  }
  ROLLCALL_CHECK(false);
}

std::size_t content_bytes(const MemberSpec& spec) {
  std::size_t bytes =
      member_bytes + spec.id.size() + spec.address.size() + spec.check.target.size();
  for (const MetaEntry& entry : spec.meta) {
    bytes += meta_entry_bytes + entry.key.size() + entry.value.size();
  }
  return bytes;
}

std::size_t content_bytes(const ViewDelta& delta) {
  std::size_t bytes = delta_bytes + delta.group.size() + delta.leader.size();
  for (const Departure& one : delta.left) bytes += departure_bytes + one.id.size();
  for (const Member& one : delta.joined) bytes += content_bytes(one.spec);
  for (const Member& one : delta.updated) bytes += content_bytes(one.spec);
  return bytes;
}

}  // namespace rollcall::registry
