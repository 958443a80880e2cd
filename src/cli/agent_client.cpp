// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/agent_client.hpp"

#include <cstdint>
#include <iostream>
#include <utility>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

namespace rollcall::cli {
namespace {

std::string advice_for(unsigned status) {
  switch (status) {
    case 401:
    case 403:
      return "give the agent's token with --token";
    case 404:
      return "the agent may be of an older version ('rollcall status' tells)";
    case 503:
      return "'rollcall status' tells how the agent is";
    default:
      return "";
  }
}

/// Of an error that lists all that is wrong: the first field with its message, the others below.
void list_problems(const Json& error, Failure& failure) {
  const auto problems = error.find("problems");
  if (problems == error.end() || !problems->is_array() || problems->empty()) return;
  failure.why.clear();
  for (const Json& problem : *problems) {
    const std::string text = field_text(problem, "field") + ": " + field_text(problem, "message");
    if (failure.why.empty()) {
      failure.why = text;
    } else {
      failure.details.push_back("also " + text);
    }
  }
}

Failure not_an_agent(const AgentOptions& options, const std::string& what, const std::string& why) {
  return {.code = ExitCode::no_agent,
          .what = what,
          .why = "what answers at " + options.http + " is no rollcall agent (" + why + ")",
          .todo = "name the agent's HTTP address with --http HOST:PORT"};
}

}  // namespace

void add_agent_flags(CLI::App& command, AgentOptions& options) {
  command.add_option("--http", options.http, "The agent's HTTP address")
      ->envname("ROLLCALL_HTTP")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  command.add_option("--token", options.token, "The agent's token, if it asks for one")
      ->envname("ROLLCALL_TOKEN")
      ->type_name("TOKEN");
  command.add_flag("--json", options.json, "Print what the agent answered, as JSON");
}

Outcome<HostPort> server_of(const AgentOptions& options, const std::string& what) {
  auto server = http::parse_server(options.http);
  if (!server) return std::unexpected(failure_of(server.error(), options, what));
  return *std::move(server);
}

Failure failure_of(const http::ClientError& error, const AgentOptions& options,
                   const std::string& what) {
  switch (error.code) {
    case http::ClientErrorCode::bad_address:
      return {.code = ExitCode::usage,
              .what = what,
              .why = "--http: " + error.message,
              .todo = "write it as 127.0.0.1:7480 or [::1]:7480"};
    case http::ClientErrorCode::not_http:
      return not_an_agent(options, what, error.message);
    case http::ClientErrorCode::bad_status:
      return failure_of_status(error.status, error.body, what);
    case http::ClientErrorCode::no_such_host:
    case http::ClientErrorCode::refused:
    case http::ClientErrorCode::timeout:
    case http::ClientErrorCode::broken:
      break;
  }
  return {.code = ExitCode::no_agent,
          .what = what,
          .why = "no agent answers at " + options.http + " (" + error.message + ")",
          .todo = "start one with 'rollcall agent', or name another with --http HOST:PORT"};
}

Failure failure_of_status(unsigned status, const std::string& body, const std::string& what) {
  const Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  const Json error = json.is_object() ? json.value("error", Json()) : Json();
  Failure failure{.code = ExitCode::refused, .what = what, .todo = advice_for(status)};
  if (error.is_object() && error.contains("message")) {
    failure.why = field_text(error, "message");
    failure.agent_code = field_text(error, "code");
    const std::string field = field_text(error, "field");
    if (failure.agent_code == "invalid-value" && !field.empty()) {
      failure.why = field + ": " + failure.why;
    }
    // The agent's own sentence says what to do where there is something.
    if (status != 401 && status != 403) failure.todo.clear();
    list_problems(error, failure);
  } else {
    failure.why = "the agent answered with HTTP status " + std::to_string(status);
  }
  return failure;
}

Outcome<Json> ask(const AgentOptions& options, const Question& question) {
  const Outcome<HostPort> server = server_of(options, question.what);
  if (!server) return std::unexpected(server.error());
  const auto answer = http::fetch(*server,
                                  {.method = question.method,
                                   .target = question.target,
                                   .body = question.body,
                                   .token = options.token,
                                   .if_match = question.if_match},
                                  question.timeout);
  if (!answer) return std::unexpected(failure_of(answer.error(), options, question.what));
  if (answer->status / 100 != 2) {
    return std::unexpected(failure_of_status(answer->status, answer->body, question.what));
  }
  Json json = Json::parse(answer->body, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) {
    return std::unexpected(not_an_agent(options, question.what, "its answer is no JSON"));
  }
  return json;
}

std::string staleness_text(const Json& answer) {
  constexpr double worth_telling_ms = 2'000;
  constexpr double ms_of_second = 1'000;
  if (!answer.is_object() || !answer.contains("stale_ms")) return "";
  const Json& stale = answer.at("stale_ms");
  if (stale.is_null()) {
    return "this agent has not learned yet what is agreed; 'rollcall status' tells why";
  }
  if (!stale.is_number() || stale.get<double>() < worth_telling_ms) return "";
  const auto seconds = static_cast<std::uint64_t>(stale.get<double>() / ms_of_second);
  return "this may be out of date by " + std::to_string(seconds) +
         " s; 'rollcall status' tells why";
}

void tell_staleness(const Json& answer, const std::string& what) {
  const std::string text = staleness_text(answer);
  if (!text.empty()) std::cerr << "rollcall: " << what << ": " << text << '\n';
}

void print_json(const Json& json) {
  std::cout << json.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

std::string field_text(const Json& object, const std::string& key) {
  if (!object.is_object() || !object.contains(key)) return "";
  const Json& value = object.at(key);
  return value.is_string() ? value.get<std::string>()
                           : value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace rollcall::cli
