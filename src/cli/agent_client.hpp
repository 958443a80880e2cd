// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "cli/failure.hpp"
#include "http/client.hpp"

namespace CLI {
class App;
}

namespace rollcall::cli {

/// JSON with its fields in the order in which the agent sent them.
using Json = nlohmann::ordered_json;

/// Which agent a command talks to, and how its answer is shown.
struct AgentOptions {
  /// "HOST:PORT".
  std::string http = "127.0.0.1:7480";
  std::string token = {};
  bool json = false;
};

/// Gives a command --http, --token and --json; the first two also from the environment.
void add_agent_flags(CLI::App& command, AgentOptions& options);

/// One question to an agent.
struct Question {
  /// The command that asks, for messages.
  std::string what;
  std::string method = "GET";
  std::string target;
  std::string body = {};
  std::chrono::milliseconds timeout{10'000};
  /// The header If-Match; none if empty.
  std::string if_match = {};
};

/// The agent's answer of status 2xx, as JSON.
///
/// Errors: no_agent when nothing (or nothing of rollcall's) answers; refused, with the agent's
///         own words, for any other status; usage for an address that is none.
Outcome<Json> ask(const AgentOptions& options, const Question& question);

/// The address of the agent, read.
Outcome<HostPort> server_of(const AgentOptions& options, const std::string& what);
/// The failure that an error of the client means to the user.
Failure failure_of(const http::ClientError& error, const AgentOptions& options,
                   const std::string& what);
/// The failure that an answer with an error status means to the user.
Failure failure_of_status(unsigned status, const std::string& body, const std::string& what);

/// Of an answer from what the agent has, where that may be out of date: by how much; else "".
std::string staleness_text(const Json& answer);
/// Says so on stderr, of a command's answer that is shown to people.
void tell_staleness(const Json& answer, const std::string& what);

/// Prints as text with indentation.
void print_json(const Json& json);

/// A field as text: a string as it is, anything else as JSON; empty if it is not there.
std::string field_text(const Json& object, const std::string& key);

}  // namespace rollcall::cli
