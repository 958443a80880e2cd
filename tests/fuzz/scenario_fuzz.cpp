// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0

/// Any text is a scenario or refused with reasons, and a scenario is written as a file that reads
/// back as the same.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "lab/scenario_yaml.hpp"

namespace rollcall::lab {
namespace {

void fuzz(std::string_view text) {
  const auto scenario = parse_scenario(std::string(text));
  if (!scenario) {
    ROLLCALL_CHECK(!scenario.error().empty());
    for (const ScenarioProblem& problem : scenario.error()) {
      ROLLCALL_CHECK(!problem.message.empty());
      ROLLCALL_CHECK(to_text(problem, "fuzz.yaml").starts_with("fuzz.yaml"));
    }
    return;
  }
  ROLLCALL_CHECK(length(*scenario) >= last_change(*scenario) || scenario->duration);
  const std::string yaml = to_yaml(*scenario);
  const auto again = parse_scenario(yaml);
  ROLLCALL_CHECK(again.has_value());
  ROLLCALL_CHECK(to_yaml(*again) == yaml);
}

}  // namespace
}  // namespace rollcall::lab

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rollcall::lab::fuzz(rollcall::as_text(std::as_bytes(std::span(data, size))));
  return 0;
}
