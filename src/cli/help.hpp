// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace rollcall::cli {

/// What `rollcall help` prints: every command, grouped by what it is for.
std::string overview();

}  // namespace rollcall::cli
