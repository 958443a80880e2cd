// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "http/message.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

namespace rollcall::http {
namespace {

struct Reason {
  unsigned status;
  std::string_view phrase;
};

constexpr std::array<Reason, 26> reasons = {{
    {200, "OK"},
    {202, "Accepted"},
    {204, "No Content"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
}};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::optional<std::string_view> Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (equals_ignoring_case(key, name)) return value;
  }
  return std::nullopt;
}

std::optional<std::string_view> Request::parameter(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

Response json_response(unsigned status, std::string body) {
  Response response;
  response.status = status;
  response.body = std::make_shared<const std::string>(std::move(body));
  return response;
}

Response error_response(const Problem& problem) {
  nlohmann::ordered_json error = {{"code", problem.code}, {"message", problem.message}};
  if (!problem.field.empty()) error["field"] = problem.field;
  const nlohmann::ordered_json body = {{"error", std::move(error)}};
  // Bytes that a peer sent may be quoted in the message and need not be UTF-8.
  using Handler = nlohmann::ordered_json::error_handler_t;
  return json_response(problem.status, body.dump(-1, ' ', false, Handler::replace) + "\n");
}

std::string_view reason_phrase(unsigned status) {
  const auto* const found = std::ranges::find(reasons, status, &Reason::status);
  return found == reasons.end() ? "Unknown" : found->phrase;
}

}  // namespace rollcall::http
