// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "http/refusals.hpp"

#include <cstddef>
#include <utility>

#include <boost/beast/http/error.hpp>

namespace rollcall::http {
namespace {

std::string bytes_text(std::size_t bytes) {
  return std::to_string(bytes) + " bytes";
}

}  // namespace

Problem malformed(std::string message) {
  return {.status = 400, .code = "malformed-request", .message = std::move(message)};
}

Problem unreadable(const boost::system::error_code& error, const Limits& limits) {
  using Error = boost::beast::http::error;
  if (error == Error::body_limit) {
    return {.status = 413,
            .code = "body-too-large",
            .message = "the body is too large; allowed: " + bytes_text(limits.body_bytes_max)};
  }
  if (error == Error::header_limit || error == Error::buffer_overflow) {
    return {.status = 431,
            .code = "header-too-large",
            .message = "the header is too large; allowed: " + bytes_text(limits.header_bytes_max)};
  }
  if (error == Error::bad_version) {
    return {.status = 505,
            .code = "unsupported-http-version",
            .message = "this server speaks HTTP/1.0 and HTTP/1.1"};
  }
  return malformed("this is no HTTP request: " + error.message());
}

Problem too_slow(const Limits& limits) {
  return {.status = 408,
          .code = "request-timeout",
          .message = "the request did not arrive whole within " +
                     std::to_string(limits.request_read_max.count()) + " ms"};
}

}  // namespace rollcall::http
