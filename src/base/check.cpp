// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace rollcall {

void check_failed(const char* condition, const std::source_location& where) noexcept {
  std::fprintf(stderr, "rollcall: internal check failed: %s at %s:%u in %s\n", condition,
               where.file_name(), static_cast<unsigned>(where.line()), where.function_name());
  std::abort();
}

}  // namespace rollcall
