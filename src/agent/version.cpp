// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/version.hpp"

// The build says it; a file compiled by hand need not.
#ifndef ROLLCALL_VERSION
#define ROLLCALL_VERSION "unversioned"
#endif

namespace rollcall::agent {

std::string_view version() {
  return ROLLCALL_VERSION;
}

}  // namespace rollcall::agent
