// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/agent_client.hpp"

namespace rollcall::cli {

/// A JSON object as lines of name and value, nested names joined by dots: whatever an agent of a
/// later version adds is shown too.
std::string properties_text(const Json& object);
void print_properties(const Json& object);

}  // namespace rollcall::cli
