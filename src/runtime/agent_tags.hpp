// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "rollcall/member.hpp"
#include "runtime/log_engine.hpp"

/// What a member says of itself by tags that are no user's.
///
/// Layout: PROTOCOL.md, "Agreement streams".
namespace rollcall::runtime {

/// Tags that begin so are rollcall's own: users neither see nor set them.
inline constexpr std::string_view system_tag_prefix = "rollcall.";
/// How a member stands to the agreed log: LogEngine::Standing.
inline constexpr std::string_view standing_tag = "rollcall.vote";
/// So many bytes of all tags are kept free for it where a member agrees with others.
inline constexpr std::size_t system_tag_bytes_max = 96;

inline bool is_system_tag(std::string_view key) {
  return key.starts_with(system_tag_prefix);
}
/// The tags without rollcall's own.
Tags user_tags(Tags tags);

/// Never empty: who has this tag takes part in what is agreed, even where there is no more to say.
std::string standing_text(const LogEngine::Standing& standing);
/// Nothing: nobody of this version wrote that.
std::optional<LogEngine::Standing> parse_standing(std::string_view text);

}  // namespace rollcall::runtime
