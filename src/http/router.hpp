// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "http/guard.hpp"
#include "http/message.hpp"
#include "http/server.hpp"

namespace rollcall::http {

/// What stood in the place of each "{…}" of the pattern, decoded, in order.
using PathValues = std::vector<std::string>;
using RouteHandler =
    std::function<void(const Request& request, const PathValues& values, const Responder& respond)>;

struct Route {
  std::string_view method;
  /// "/v1/members/{name}": a segment in braces matches any one segment that is not empty.
  std::string_view pattern;
  RouteHandler handler;
  /// GET reads and everything else changes, unless said otherwise.
  Access access = Access::reads;
  /// What may stand in the query of a path that changes something, each once: a parameter
  /// mistyped and passed over could change more than was meant. Paths that read take any, unless
  /// they name some: there a mistyped one would be answered with less than was asked for.
  std::vector<std::string_view> parameters = {};
};

/// Finds the handler of a request by path and method, and refuses the rest with a reason.
///
/// Order:   a path without braces wins over one with.
/// Threads: add() before the first handle(); handle() by any, it changes nothing.
class Router {
 public:
  explicit Router(Guard guard) : guard_(std::move(guard)) {}

  void add(Route route);

  /// Gives the name of what a path will offer in a later version, or nothing: such a path is
  /// answered 501, and not as one that nobody ever heard of.
  using LaterFeature = std::function<std::string_view(std::string_view raw_path)>;
  void set_later(LaterFeature later) { later_ = std::move(later); }

  /// Answers 403 to what the guard objects to, 404 to an unknown path, 405 to a known path with
  /// another method, 400 to parameters that a change does not take; HEAD is answered as GET.
  void handle(const Request& request, const Responder& responder) const;

 private:
  struct Action {
    RouteHandler handler;
    Access access{};
    std::vector<std::string_view> parameters;
  };
  using Actions = std::map<std::string, Action, std::less<>>;  // by method
  struct Pattern {
    std::vector<std::string> segments;
    Actions actions;
  };
  struct Match {
    const Actions* actions = nullptr;
    PathValues values;
  };

  [[nodiscard]] Match find(const std::string& raw_path) const;
  [[nodiscard]] Response no_such_path(const Request& request) const;
  Pattern& pattern_of(std::string_view text);

  Guard guard_;
  std::unordered_map<std::string, Actions> fixed_;
  std::vector<Pattern> patterns_;
  LaterFeature later_;
};

}  // namespace rollcall::http
