// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <source_location>

namespace rollcall {

/// Says which fact did not hold and where, on stderr, and ends the process.
[[noreturn]] void check_failed(const char* condition, const std::source_location& where =
                                                          std::source_location::current()) noexcept;

}  // namespace rollcall

/// A fact that only our own bug can falsify; checked in every build. Never for bytes from a peer,
/// configuration or anything a user typed: those get an answer, not an end.
#define ROLLCALL_CHECK(condition)           \
  do {                                      \
    if (!(condition)) [[unlikely]]          \
      ::rollcall::check_failed(#condition); \
  } while (false)
