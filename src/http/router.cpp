// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "http/router.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "http/target.hpp"

namespace rollcall::http {
namespace {

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    path.remove_prefix(1);  // the '/'
    const std::size_t end = std::min(path.find('/'), path.size());
    segments.emplace_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return segments;
}

bool is_placeholder(const std::string& segment) {
  return segment.starts_with('{');
}

/// The values of the placeholders, if the path has the form of the pattern.
std::optional<PathValues> match_segments(const std::vector<std::string>& pattern,
                                         const std::vector<std::string>& path) {
  if (pattern.size() != path.size()) return std::nullopt;
  PathValues values;
  for (std::size_t at = 0; at < path.size(); ++at) {
    auto decoded = percent_decode(path[at], Plus::literal);
    if (!decoded || decoded->empty()) return std::nullopt;
    if (is_placeholder(pattern[at])) {
      values.push_back(std::move(*decoded));
    } else if (*decoded != pattern[at]) {
      return std::nullopt;
    }
  }
  return values;
}

Response unknown_path(const Request& request) {
  return error_response({.status = 404,
                         .code = "unknown-path",
                         .message = "there is nothing at " + request.raw_path +
                                    "; the paths are listed in docs/http.md"});
}

}  // namespace

Router::Pattern& Router::pattern_of(std::string_view text) {
  auto segments = split_path(text);
  const auto found = std::ranges::find(patterns_, segments, &Pattern::segments);
  if (found != patterns_.end()) return *found;
  return patterns_.emplace_back(Pattern{std::move(segments), {}});
}

void Router::add(Route route) {
  if (route.method != "GET") route.access = Access::changes;
  const bool is_fixed = route.pattern.find('{') == std::string_view::npos;
  Actions& actions =
      is_fixed ? fixed_[std::string(route.pattern)] : pattern_of(route.pattern).actions;
  actions.insert_or_assign(std::string(route.method), Action{std::move(route.handler), route.access,
                                                             std::move(route.parameters)});
}

Router::Match Router::find(const std::string& raw_path) const {
  const auto fixed = fixed_.find(raw_path);
  if (fixed != fixed_.end()) return {.actions = &fixed->second, .values = {}};
  const auto path = split_path(raw_path);
  for (const Pattern& pattern : patterns_) {
    if (auto values = match_segments(pattern.segments, path)) {
      return {.actions = &pattern.actions, .values = std::move(*values)};
    }
  }
  return {};
}

namespace {

std::string listed(const std::vector<std::string_view>& names) {
  std::string text;
  for (const std::string_view name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text.empty() ? "none" : text;
}

/// What is wrong with the query of a request that takes certain parameters only.
std::optional<Problem> objection_to_query(const Pairs& query,
                                          const std::vector<std::string_view>& allowed) {
  constexpr std::size_t shown_max = 60;
  for (auto at = query.begin(); at != query.end(); ++at) {
    const std::string& name = at->first;
    const bool is_known = std::ranges::find(allowed, name) != allowed.end();
    const bool is_new =
        std::find_if(query.begin(), at, [&](const auto& one) { return one.first == name; }) == at;
    if (is_known && is_new) continue;
    const std::string message =
        is_known ? "given twice; allowed: once"
                 : "this path takes no such parameter; allowed: " + listed(allowed);
    return Problem{.code = "invalid-value", .message = message, .field = name.substr(0, shown_max)};
  }
  return std::nullopt;
}

template <class Actions>
Response wrong_method(const Request& request, const Actions& actions) {
  std::string allowed;
  for (const auto& [method, action] : actions) {
    if (!allowed.empty()) allowed += ", ";
    allowed += method == "GET" ? "GET, HEAD" : method;
  }
  std::string message =
      request.method + " is not allowed on " + request.raw_path + "; allowed: " + allowed;
  const bool is_reading = request.method == "GET" || request.method == "HEAD";
  if (is_reading && !actions.contains("GET")) {
    message += ". This path changes something, so a " + request.method + " does nothing here";
    // Who only wanted to look is not told to delete.
    const bool is_clear = actions.contains("POST") || actions.size() == 1;
    const std::string meant = actions.contains("POST") ? "POST" : actions.begin()->first;
    if (is_clear) message += ": send " + meant + ", for example with curl -X " + meant;
  }
  Response response =
      error_response({.status = 405, .code = "method-not-allowed", .message = std::move(message)});
  response.headers.emplace_back("Allow", std::move(allowed));
  return response;
}

}  // namespace

Response Router::no_such_path(const Request& request) const {
  const std::string_view feature = later_ ? later_(request.raw_path) : std::string_view();
  if (feature.empty()) return unknown_path(request);
  return error_response({.status = 501,
                         .code = "not-available",
                         .message = request.raw_path + " is not available in this version (" +
                                    std::string(feature) + ")"});
}

void Router::handle(const Request& request, const Responder& responder) const {
  if (const auto problem = guard_.objection(request, Access::reads)) {
    return responder.respond(error_response(*problem));
  }
  const Match match = find(request.raw_path);
  if (match.actions == nullptr) return responder.respond(no_such_path(request));
  const bool is_head = request.method == "HEAD";
  const auto action = match.actions->find(is_head ? std::string_view("GET") : request.method);
  if (action == match.actions->end()) {
    return responder.respond(wrong_method(request, *match.actions));
  }
  if (const auto problem = guard_.objection(request, action->second.access)) {
    return responder.respond(error_response(*problem));
  }
  if (action->second.access == Access::changes || !action->second.parameters.empty()) {
    if (const auto problem = objection_to_query(request.query, action->second.parameters)) {
      return responder.respond(error_response(*problem));
    }
  }
  action->second.handler(request, match.values, responder);
}

}  // namespace rollcall::http
