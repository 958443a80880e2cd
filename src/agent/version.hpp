// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace rollcall::agent {

/// "0.1.0"
std::string_view version();

}  // namespace rollcall::agent
