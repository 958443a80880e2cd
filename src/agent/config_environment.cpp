// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>
#include <utility>

#include <unistd.h>

#include "agent/config_sources.hpp"
#include "base/address.hpp"
#include "base/suggest.hpp"

namespace rollcall::agent {
namespace {

constexpr std::string_view own_prefix = "ROLLCALL_";

/// Names that stand in the environment of older systems, and what they mean here.
struct ReferenceName {
  const char* variable;
  const char* key;
};
constexpr std::array<ReferenceName, 4> reference_names = {
    {{"NODE_ID", "name"}, {"NODE_IP", "advertise"}, {"NODE_PORT", "bind"}, {"SEED_NODES", "join"}}};

/// Variables with our prefix that other commands of rollcall read.
constexpr std::array<std::string_view, 5> other_variables = {
    "ROLLCALL_CONFIG", "ROLLCALL_TOKEN", "ROLLCALL_NODE", "ROLLCALL_HOME", "ROLLCALL_STATE"};

Assignment from_variable(std::string key, const std::string& variable, std::string value) {
  return {.key = std::move(key),
          .value = {RawValue::Shape::scalar, {std::move(value)}},
          .origin = {.source = Origin::Source::environment, .name = variable}};
}

std::string_view without_prefix(std::string_view name) {
  return name.substr(own_prefix.size());
}

/// NODE_IP is one of a pair: the port is the other's matter.
bool has_unwanted_port(const ReferenceName& name, const std::string& value) {
  return name.key == std::string_view("advertise") && parse_host_port(value).has_value();
}

/// NODE_PORT is a port of all addresses of the kind that NODE_IP is of.
std::string value_of(const ReferenceName& name, const std::string& value,
                     const Environment& environment) {
  if (name.key != std::string_view("bind")) return value;
  const bool is_v6 = environment("NODE_IP").value_or("").contains(':');
  return (is_v6 ? "[::]:" : "0.0.0.0:") + value;
}

/// "a=1,b=2" is two tags; everywhere else the field itself knows about commas.
void split_tags(RawValue& value) {
  const std::string text = std::move(value.items.front());
  value.items.clear();
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    if (end > begin) value.items.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* const value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
  };
}

std::vector<std::string> own_variables() {
  std::vector<std::string> names;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (text.starts_with(own_prefix)) names.emplace_back(text.substr(0, text.find('=')));
  }
  return names;
}

RawConfig read_environment(const Environment& environment) {
  RawConfig raw;
  for (const ReferenceName& name : reference_names) {
    if (auto value = environment(name.variable)) {
      if (has_unwanted_port(name, *value)) {
        raw.problems.push_back(
            {{.source = Origin::Source::environment, .name = name.variable},
             name.key,
             "found '" + *value + "'; allowed: a host or IP address; the port goes in NODE_PORT"});
        continue;
      }
      raw.assignments.push_back(
          from_variable(name.key, name.variable, value_of(name, *value, environment)));
    }
  }
  // Later assignments win, so our own names go before the reference's.
  for (const Key& key : all_keys()) {
    const std::string variable = variable_name(key);
    auto value = environment(variable);
    if (!value) continue;
    Assignment assignment = from_variable(std::string(key.name), variable, std::move(*value));
    if (std::holds_alternative<TagsField>(key.field)) split_tags(assignment.value);
    raw.assignments.push_back(std::move(assignment));
  }
  return raw;
}

std::vector<std::string> ignored_variables(const Environment& environment,
                                           const std::vector<std::string>& own) {
  std::vector<std::string> sentences;
  std::vector<std::string> known(other_variables.begin(), other_variables.end());
  for (const Key& key : all_keys()) known.push_back(variable_name(key));
  // The prefix, which all have, would make everything look near.
  std::vector<std::string_view> words;
  words.reserve(known.size());
  for (const std::string& name : known) words.push_back(without_prefix(name));
  for (const std::string& name : own) {
    if (std::ranges::find(known, name) != known.end()) continue;
    const std::string_view meant = nearest(without_prefix(name), words);
    sentences.push_back(
        name + " is ignored: no such key" +
        (meant.empty() ? "" : "; did you mean ROLLCALL_" + std::string(meant) + "?"));
  }
  if (environment("SERVICES")) {
    sentences.emplace_back("SERVICES is ignored: services are not available in this version");
  }
  return sentences;
}

}  // namespace rollcall::agent
