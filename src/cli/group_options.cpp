// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/group_options.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "cli/checks.hpp"

namespace rollcall::cli {
namespace {

constexpr std::uint64_t misses_max = 100;

std::string check_name(const std::string& name) {
  return is_valid_name(name) ? "" : "'" + name + "' is no name: " + std::string(name_rule);
}

std::string check_pair(const std::string& text) {
  const std::size_t equals = text.find('=');
  const bool is_pair = equals != std::string::npos && equals > 0;
  return is_pair ? "" : "'" + text + "' is not KEY=VALUE";
}

bool is_tcp(const std::string& text) {
  return text == "tcp" || text.starts_with("tcp://");
}

std::string check_check(const std::string& text) {
  const bool is_http = text == "http" || text.starts_with("http://");
  return is_tcp(text) || is_http
             ? ""
             : "'" + text +
                   "' is not tcp://HOST:PORT or http://HOST:PORT/PATH (or tcp, http: the address)";
}

Json check_json(const ClientOptions& options) {
  Json check = {{"type", is_tcp(options.check) ? "tcp" : "http"}};
  if (options.check.starts_with("tcp://")) {
    check["target"] = options.check.substr(std::string_view("tcp://").size());
  } else if (options.check.starts_with("http://")) {
    check["target"] = options.check;
  }
  if (!options.check_interval.empty()) check["interval"] = options.check_interval;
  if (!options.check_timeout.empty()) check["timeout"] = options.check_timeout;
  if (options.check_misses > 0) check["misses"] = options.check_misses;
  return check;
}

}  // namespace

void add_group_word(CLI::App& command, std::string& group) {
  command.add_option("group", group, "The group's name")
      ->required()
      ->check(check_name)
      ->type_name("GROUP");
}

void add_id_word(CLI::App& command, std::string& id) {
  command.add_option("id", id, "The client's id in it")
      ->required()
      ->check(check_name)
      ->type_name("ID");
}

void add_client_flags(CLI::App& command, ClientOptions& options) {
  add_group_word(command, options.group);
  add_id_word(command, options.id);
  command.add_option("--address", options.address, "Where others reach the client")
      ->type_name("ADDRESS");
  command.add_option("--ttl", options.ttl, "The client is removed when not heard of for so long")
      ->check(check_duration)
      ->type_name("DURATION");
  command.add_option("--meta", options.meta, "What others see beside the id; repeatable")
      ->check(check_pair)
      ->allow_extra_args(false)
      ->type_name("K=V");
  command
      .add_option("--check", options.check,
                  "Let a member of the cluster look whether the client answers")
      ->check(check_check)
      ->type_name("tcp://…|http://…");
  command.add_option("--check-interval", options.check_interval, "The time between two looks")
      ->check(check_duration)
      ->type_name("DURATION");
  command.add_option("--check-timeout", options.check_timeout, "How long a look waits")
      ->check(check_duration)
      ->type_name("DURATION");
  command.add_option("--check-misses", options.check_misses, "So many in a row remove the client")
      ->check(whole_number(1, misses_max))
      ->type_name("NUMBER");
  add_agent_flags(command, options.agent);
}

Outcome<GroupPlace> place_of(const ClientOptions& options, const std::string& what) {
  const bool has_details =
      !options.check_interval.empty() || !options.check_timeout.empty() || options.check_misses > 0;
  if (options.check.empty() && has_details) {
    return std::unexpected(Failure{.code = ExitCode::usage,
                                   .what = what,
                                   .why = "--check-… is given without --check",
                                   .todo = "say what to check with --check tcp://HOST:PORT"});
  }
  Json body = Json::object();
  if (!options.address.empty()) body["address"] = options.address;
  if (!options.ttl.empty()) body["ttl"] = options.ttl;
  for (const std::string& pair : options.meta) {
    const std::size_t equals = pair.find('=');
    const std::string key = pair.substr(0, equals);
    if (body["meta"].contains(key)) {
      return std::unexpected(Failure{.code = ExitCode::usage,
                                     .what = what,
                                     .why = "--meta: '" + key + "' is given twice",
                                     .todo = "give each key once"});
    }
    body["meta"][key] = pair.substr(equals + 1);
  }
  if (!options.check.empty()) body["check"] = check_json(options);
  return GroupPlace{.what = what,
                    .group = options.group,
                    .id = options.id,
                    .body = body.dump(-1, ' ', false, Json::error_handler_t::replace),
                    .ttl = parse_duration(options.ttl).value_or(Duration{0})};
}

}  // namespace rollcall::cli
