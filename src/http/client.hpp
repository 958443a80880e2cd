// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>

#include "base/address.hpp"
#include "http/client_events.hpp"

namespace rollcall::http {

/// The port of an agent's HTTP API where none is written.
inline constexpr std::uint16_t client_port_default = 7480;
/// The longest answer that is read: the member list of 200,000 members with tags fits.
inline constexpr std::size_t client_response_bytes_max = std::size_t{256} << 20U;

/// Why there is no answer. In every case nothing is known about what the other side did, except
/// with bad_address, no_such_host and refused, where nothing was sent.
enum class ClientErrorCode : std::uint8_t {
  bad_address,   // not HOST:PORT
  no_such_host,  // the name has no address
  refused,       // nothing listens there, or the network has no way to it
  timeout,       // not done within the time allowed
  broken,        // the connection ended before the answer did
  not_http,      // what came back is not HTTP, or too long
  bad_status     // only from follow(): an answer that is no event stream
};

struct ClientError {
  ClientErrorCode code{};
  /// What happened, as half a sentence: "connection refused".
  std::string message = {};
  /// With bad_status, the answer that came instead of a stream.
  unsigned status = 0;
  std::string body = {};
};

struct ClientRequest {
  std::string method = "GET";
  /// Path and query, already escaped (percent_encoded()).
  std::string target = "/";
  /// Sent as application/json unless empty.
  std::string body = {};
  /// Sent as a bearer token unless empty.
  std::string token = {};
  /// Sent as If-Match unless empty.
  std::string if_match = {};
};

struct ClientResponse {
  unsigned status = 0;
  std::string content_type;
  std::string body;
};

/// Reads "HOST:PORT", "HOST" and the same behind "http://".
std::expected<HostPort, ClientError> parse_server(std::string_view text);

/// Asks once, on a connection of its own, and waits for the whole answer: any status is an
/// answer. The timeout covers everything from the look-up of the name to the last byte.
///
/// Threads: any; waits. A name look-up that the resolver does not give up may outlast the
///          timeout; numeric addresses are never looked up.
std::expected<ClientResponse, ClientError> fetch(const HostPort& server,
                                                 const ClientRequest& request,
                                                 std::chrono::milliseconds timeout);

enum class Flow : std::uint8_t { go_on, stop };

/// How a stream ended without an error.
enum class StreamEnd : std::uint8_t {
  stopped,  // the callback said so
  closed    // the server ended it
};

struct FollowTimeouts {
  /// From the look-up of the name to the head of the answer.
  std::chrono::milliseconds open{5'000};
  /// Between two pieces of the stream; comments that keep a stream alive count.
  std::chrono::milliseconds silence{60'000};
};

/// What happens while a stream is read; each runs on the calling thread.
struct StreamCallbacks {
  /// The server has begun to answer with a stream; may be empty.
  std::function<void()> opened;
  std::function<Flow(const StreamEvent&)> event;
};

/// Reads server-sent events until the callback stops it, the server ends it or the connection
/// breaks. Nothing is asked again here: whoever wants to go on asks for the next index.
///
/// Threads: any; waits.
std::expected<StreamEnd, ClientError> follow(const HostPort& server, const ClientRequest& request,
                                             const FollowTimeouts& timeouts,
                                             const StreamCallbacks& callbacks);

/// Everything but letters, digits, '-', '.', '_' and '~' as %XX (RFC 3986, section 2.3).
std::string percent_encoded(std::string_view text);

}  // namespace rollcall::http
