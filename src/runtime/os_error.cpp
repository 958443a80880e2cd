// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/os_error.hpp"

#include <cctype>
#include <cerrno>
#include <system_error>

namespace rollcall::runtime {

std::string os_text(int error) {
  std::string text = std::generic_category().message(error);
  if (!text.empty()) {
    text.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(text.front())));
  }
  return text;
}

core::Unreachable unreachable_kind(int error) {
  return error == ECONNREFUSED ? core::Unreachable::port : core::Unreachable::network;
}

}  // namespace rollcall::runtime
