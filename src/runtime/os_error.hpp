// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/node.hpp"

namespace rollcall::runtime {

/// What the system says of an error number, as part of a sentence: "permission denied".
std::string os_text(int error);

/// What an error for a datagram proves about the address it was sent to.
core::Unreachable unreachable_kind(int error);

}  // namespace rollcall::runtime
