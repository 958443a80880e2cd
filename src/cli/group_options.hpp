// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/agent_client.hpp"
#include "cli/commands.hpp"
#include "cli/group_lease.hpp"

namespace rollcall::cli {

/// What a client says of itself, as the flags have it.
struct ClientOptions {
  AgentOptions agent;
  std::string group;
  std::string id;
  std::string address;
  std::string ttl;
  std::vector<std::string> meta;
  std::string check;
  std::string check_interval;
  std::string check_timeout;
  std::uint64_t check_misses = 0;  // 0: the agent's default
};

void add_group_word(CLI::App& command, std::string& group);
void add_id_word(CLI::App& command, std::string& id);
/// GROUP, ID, --address, --ttl, --meta, --check… and those of the agent.
void add_client_flags(CLI::App& command, ClientOptions& options);

/// The place that the flags ask for; `what` is the command.
///
/// Errors: usage.
Outcome<GroupPlace> place_of(const ClientOptions& options, const std::string& what);

void add_group_join_command(CLI::App& family, Invocation& invocation);  // group_join.cpp
void add_group_lead_command(CLI::App& family, Invocation& invocation);  // group_join.cpp

}  // namespace rollcall::cli
