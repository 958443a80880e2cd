// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "http/target.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace rollcall::http {
namespace {

/// The path and query of an absolute target: what follows the authority.
std::string_view without_authority(std::string_view target) {
  const std::size_t scheme_end = target.find("://");
  if (scheme_end == std::string_view::npos) return {};
  const std::string_view scheme = target.substr(0, scheme_end);
  if (!equals_ignoring_case(scheme, "http") && !equals_ignoring_case(scheme, "https")) return {};
  target.remove_prefix(scheme_end + 3);
  const std::size_t path = target.find_first_of("/?");
  if (path == std::string_view::npos) return "/";
  return target.substr(path);
}

std::optional<std::pair<std::string, std::string>> parse_parameter(std::string_view text) {
  const std::size_t equals = std::min(text.find('='), text.size());
  auto key = percent_decode(text.substr(0, equals), Plus::space);
  auto value = percent_decode(text.substr(std::min(equals + 1, text.size())), Plus::space);
  if (!key || !value) return std::nullopt;
  return std::pair(std::move(*key), std::move(*value));
}

std::optional<Pairs> parse_query(std::string_view query) {
  Pairs pairs;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    if (end > 0) {
      auto pair = parse_parameter(query.substr(0, end));
      if (!pair) return std::nullopt;
      pairs.push_back(std::move(*pair));
    }
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return pairs;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text, Plus plus) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '+' && plus == Plus::space) {
      decoded += ' ';
    } else if (text[at] != '%') {
      decoded += text[at];
    } else {
      const std::string_view digits = text.substr(at + 1, 2);
      std::uint8_t byte = 0;
      const auto [end, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
      if (digits.size() != 2 || error != std::errc{} || end != digits.data() + 2) {
        return std::nullopt;
      }
      decoded += static_cast<char>(byte);
      at += 2;
    }
  }
  return decoded;
}

std::optional<Target> parse_target(std::string_view target) {
  if (!target.starts_with('/')) target = without_authority(target);
  if (target.empty()) return std::nullopt;
  const std::size_t path_end = std::min(target.find('?'), target.size());
  auto query = parse_query(target.substr(std::min(path_end + 1, target.size())));
  if (!query) return std::nullopt;
  std::string path(target.substr(0, path_end));
  if (path.empty()) path = std::string(1, '/');
  return Target{std::move(path), std::move(*query)};
}

}  // namespace rollcall::http
