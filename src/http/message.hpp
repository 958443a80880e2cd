// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rollcall::http {

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// One request, read whole and checked for form.
struct Request {
  std::string method;  // "GET"
  /// As sent, still percent-encoded and without the query: begins with '/'.
  std::string raw_path;
  /// Decoded, in the order sent; a name may appear more than once.
  Pairs query;
  Pairs headers;
  std::string body;
  /// The peer, "127.0.0.1:50412".
  std::string remote;

  /// The value of the first header of that name, whatever its case.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
  /// The first value of that query parameter.
  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const;
  [[nodiscard]] bool changes_something() const { return method != "GET" && method != "HEAD"; }
};

inline constexpr std::string_view json_type = "application/json";

/// An answer. The body is shared, so that one that many ask for is kept once.
struct Response {
  unsigned status = 200;
  std::string content_type{json_type};
  std::shared_ptr<const std::string> body;
  Pairs headers;
};

Response json_response(unsigned status, std::string body);

/// What an error answer says. The code is kebab-case and stable; the field names the parameter,
/// header or JSON field at fault, and is left out when empty.
struct Problem {
  unsigned status = 400;
  std::string_view code;
  std::string message;
  std::string field = {};
};

/// {"error":{"code":…,"message":…,"field":…}}
Response error_response(const Problem& problem);

/// "Not Found" for 404.
std::string_view reason_phrase(unsigned status);

/// Whether two header names or hosts are the same, ASCII case aside.
bool equals_ignoring_case(std::string_view a, std::string_view b);

}  // namespace rollcall::http
