// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <string>

#include "launcher/cluster.hpp"

namespace rollcall::cli {

/// Asks the agent at an HTTP address how it is and whom it lists: a launcher::Probe.
std::expected<launcher::AgentView, std::string> probe_agent(const std::string& http);

/// Has the agent at an HTTP address break its own network: a launcher::FaultSetter.
std::expected<void, launcher::FaultRefusal> set_agent_faults(const std::string& http,
                                                             const std::string& document);

}  // namespace rollcall::cli
