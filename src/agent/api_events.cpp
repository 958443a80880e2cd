// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <expected>
#include <memory>
#include <optional>
#include <utility>

#include "agent/api.hpp"
#include "agent/api_json.hpp"
#include "http/event_stream.hpp"

namespace rollcall::agent {
namespace {

using http::PathValues;
using http::Request;
using http::Responder;
using http::StreamState;

/// Events taken from the log at once; few enough to be copied between two datagrams.
constexpr std::size_t batch_events_max = 256;
/// Events in one answer that does not follow.
constexpr std::size_t answer_events_max = 1024;

/// Follows the agent's events for one reader.
class EventSource final : public http::StreamSource {
 public:
  EventSource(AgentPort& agent, std::uint64_t since) : agent_(agent), at_(since) {}

  StreamState fill(std::string& out, std::size_t bytes) override {
    if (std::exchange(is_first_, false)) greet(out);
    const EventBatch batch = agent_.events_since(at_, batch_events_max);
    if (batch.gap && !may_skip_) {
      http::append_closed(out, "too-slow",
                          "the reader fell behind: the events after index " + std::to_string(at_) +
                              " are no longer kept");
      return StreamState::ended;
    }
    if (batch.gap) tell_gap(out, batch);
    may_skip_ = false;
    return append(out, bytes, batch);
  }

 private:
  void greet(std::string& out) {
    const std::uint64_t newest = agent_.status().event_index;
    http::append_comment(
        out, "events after " + std::to_string(at_) + "; the newest is " + std::to_string(newest));
    if (at_ <= newest) return;
    // An index from the future is one from before a restart.
    append_gap(out, at_, 0, "the agent was restarted and counts its events from 1 again");
    at_ = 0;
  }

  void tell_gap(std::string& out, const EventBatch& batch) const {
    const std::uint64_t next = batch.events.empty() ? at_ + 1 : batch.events.front()->index;
    append_gap(out, at_, next - 1, "some events are no longer kept");
  }

  static void append_gap(std::string& out, std::uint64_t after, std::uint64_t until,
                         std::string_view message) {
    std::string data = "{\"after\":" + std::to_string(after);
    data.append(",\"until\":").append(std::to_string(until)).append(",\"message\":");
    append_string(data, message);
    data += '}';
    http::append_frame(out, {.event = "gap", .id = {}, .data = data});
  }

  StreamState append(std::string& out, std::size_t bytes, const EventBatch& batch) {
    for (const auto& event : batch.events) {
      if (out.size() >= bytes) return StreamState::more;
      data_.clear();
      append_event(data_, *event);
      const std::string id = std::to_string(event->index);
      http::append_frame(out, {.event = to_text(event->type), .id = id, .data = data_});
      at_ = event->index;
    }
    return batch.events.size() == batch_events_max ? StreamState::more : StreamState::waiting;
  }

  AgentPort& agent_;
  std::uint64_t at_;
  bool is_first_ = true;
  /// A reader that comes late is told of a gap; one that falls into one is too slow.
  bool may_skip_ = true;
  std::string data_;
};

using Since = std::expected<std::optional<std::uint64_t>, http::Problem>;

Since parse_index(std::string_view text, std::string field) {
  std::uint64_t index = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (error == std::errc{} && end == text.data() + text.size()) return index;
  return std::unexpected(http::Problem{
      .code = "invalid-value",
      .message = "'" + std::string(text) + "' is no index; allowed: a whole number from 0 on",
      .field = std::move(field)});
}

/// The header wins: a browser that reconnects repeats the URL, with what it said at first.
Since parse_since(const Request& request) {
  const std::string_view last_seen = request.header("Last-Event-ID").value_or("");
  if (!last_seen.empty()) return parse_index(last_seen, "Last-Event-ID");
  if (const auto since = request.parameter("since")) return parse_index(*since, "since");
  return std::nullopt;
}

/// {"events":[…],"gap":false}
http::Response kept_events(const AgentPort& agent, std::uint64_t since) {
  // An index from the future is one from before a restart: all that is kept comes after it.
  const bool is_from_before = since > agent.status().event_index;
  const EventBatch batch = agent.events_since(is_from_before ? 0 : since, answer_events_max);
  std::string json = "{\"events\":[";
  bool is_first = true;
  for (const auto& event : batch.events) {
    if (!std::exchange(is_first, false)) json += ',';
    append_event(json, *event);
  }
  json.append("],\"gap\":").append(batch.gap || is_from_before ? "true" : "false").append("}\n");
  return http::json_response(200, std::move(json));
}

}  // namespace

void add_event_routes(http::Router& router, const ApiContext& context) {
  AgentPort& agent = context.agent;
  router.add(
      {.method = "GET",
       .pattern = "/v1/events",
       .handler = [&agent](const Request& request, const PathValues&, const Responder& responder) {
         const Since since = parse_since(request);
         if (!since) return responder.respond(http::error_response(since.error()));
         const auto follows = switch_parameter(request, "follow", true);
         if (!follows) return responder.respond(http::error_response(follows.error()));
         if (!*follows) {
           return responder.respond(kept_events(agent, since->value_or(0)));
         }
         const std::uint64_t from = since->value_or(agent.status().event_index);
         responder.stream(std::make_unique<EventSource>(agent, from));
       }});
}

}  // namespace rollcall::agent
