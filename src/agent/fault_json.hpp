// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <string>

#include "http/message.hpp"
#include "rollcall/faults.hpp"

/// Faults on purpose as the API writes them.
namespace rollcall::agent {

/// Reads {"faults":[{"peer","direction","drop","delay","jitter","duplicate","reorder","cut","for"},
/// …],"freeze":"5s"|true}. Whether the values are in range is the agent's matter.
///
/// Errors: what is no such object, naming the field and what is allowed.
std::expected<FaultPlan, http::Problem> parse_fault_plan(const std::string& body);

/// {"allowed","faults":[{…,"address","left"}],"freeze":{"for","left"}|null,"counts":{…}}
std::string faults_json(const FaultsInForce& faults, bool is_allowed);

}  // namespace rollcall::agent
