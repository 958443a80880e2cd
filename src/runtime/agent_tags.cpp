// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/agent_tags.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>

namespace rollcall::runtime {
namespace {

constexpr std::size_t voter_digits = 16;

std::string hex_text(std::uint64_t word) {
  std::array<char, voter_digits + 1> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(word));
  return text.data();
}

template <class Number>
std::optional<Number> parse_number(std::string_view text, int base) {
  Number number = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number, base);
  if (text.empty() || error != std::errc() || at != end) return std::nullopt;
  return number;
}

std::optional<consensus::LogId> parse_log(std::string_view text) {
  return text.empty() ? consensus::LogId{} : parse_life_id(text);
}

}  // namespace

Tags user_tags(Tags tags) {
  std::erase_if(tags, [](const auto& tag) { return is_system_tag(tag.first); });
  return tags;
}

std::string standing_text(const LogEngine::Standing& standing) {
  std::string text = hex_text(standing.voter) + ".";
  if (!standing.log.is_nobody()) text += to_text(standing.log);
  return text + "." + std::to_string(standing.expects);
}

std::optional<LogEngine::Standing> parse_standing(std::string_view text) {
  const std::size_t first = text.find('.');
  const std::size_t last = text.rfind('.');
  if (first != voter_digits || last <= first) return std::nullopt;
  const auto voter = parse_number<std::uint64_t>(text.substr(0, first), 16);
  const auto log = parse_log(text.substr(first + 1, last - first - 1));
  const auto expects = parse_number<std::uint16_t>(text.substr(last + 1), 10);
  if (!voter || !log || !expects) return std::nullopt;
  return LogEngine::Standing{.voter = *voter, .log = *log, .expects = *expects};
}

}  // namespace rollcall::runtime
