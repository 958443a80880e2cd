// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/table.hpp"

namespace rollcall::cli {

/// One event of the stream as a line for people: when, its index, what, who, by whom and why.
/// Text that is no event of an agent is shown as it is.
std::string event_line(const std::string& data, Colours colours);

}  // namespace rollcall::cli
