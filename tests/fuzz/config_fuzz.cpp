// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0

/// Any text is a configuration or refused with reasons, and a configuration is written as a file
/// that says the same.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "agent/config.hpp"
#include "base/bytes.hpp"
#include "base/check.hpp"

namespace rollcall::agent {
namespace {

void check_reasons(const ConfigProblems& problems) {
  ROLLCALL_CHECK(!problems.empty());
  for (const ConfigProblem& problem : problems) {
    ROLLCALL_CHECK(!problem.message.empty());
    ROLLCALL_CHECK(to_text(problem).starts_with("fuzz.yaml"));
  }
}

void fuzz(std::string_view text) {
  const auto config = resolve({parse_config_text(std::string(text), "fuzz.yaml")});
  if (!config) return check_reasons(config.error());
  const auto again = resolve({parse_config_text(dump_yaml(*config), "dump.yaml")});
  ROLLCALL_CHECK(again.has_value());
  ROLLCALL_CHECK(config_json(*again) == config_json(*config));
  ROLLCALL_CHECK(!config_details_json(*config).dump().empty());
}

}  // namespace
}  // namespace rollcall::agent

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rollcall::agent::fuzz(rollcall::as_text(std::as_bytes(std::span(data, size))));
  return 0;
}
