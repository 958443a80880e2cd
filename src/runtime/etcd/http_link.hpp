// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>

#include "base/address.hpp"
#include "base/time.hpp"
#include "runtime/etcd/config.hpp"

namespace rollcall::runtime::etcd {

/// A longer answer, or line of a stream, is not read.
inline constexpr std::size_t answer_bytes_max = std::size_t{64} << 20U;
inline constexpr std::size_t line_bytes_max = std::size_t{16} << 20U;

struct HttpRequest {
  std::string path;
  /// Sent by POST as JSON; empty: GET.
  std::string body;
  /// Sent as Authorization unless empty.
  std::string token;
};
struct HttpAnswer {
  unsigned status = 0;
  std::string body;
};

/// Why there is none, as half a sentence.
struct HttpFailure {
  std::string what;
  /// An open connection was closed before a byte of the answer came, as servers do with idle ones.
  bool was_closed = false;
};

/// One connection to a server, plain or with TLS: opened once, then one request at a time.
///
/// Order:   each callback runs once, later, unless close() came first; then never.
/// Errors:  after a failure it is of no use any more.
/// Threads: the io_context's.
class HttpLink {
 public:
  using Opened = std::function<void(std::expected<void, HttpFailure>)>;
  using Answered = std::function<void(std::expected<HttpAnswer, HttpFailure>)>;
  using Line = std::function<void(std::string_view)>;
  using Ended = std::function<void(std::string)>;

  HttpLink() = default;
  HttpLink(const HttpLink&) = delete;
  HttpLink& operator=(const HttpLink&) = delete;
  virtual ~HttpLink() = default;

  /// Looks the name up, connects, and shakes hands.
  virtual void open(const HostPort& server, Duration timeout, Opened opened) = 0;
  virtual void ask(const HttpRequest& request, Duration timeout, Answered answered) = 0;
  /// Reads an answer without an end, line by line; the first must come within the timeout. Ended
  /// says why there are no more.
  virtual void follow(const HttpRequest& request, Duration timeout, Line line, Ended ended) = 0;
  virtual void close() = 0;
};

/// The files of the options, read and understood; null without TLS.
class TlsFiles;
std::expected<std::shared_ptr<TlsFiles>, Error> read_tls_files(const EtcdConfig& config);

std::shared_ptr<HttpLink> make_http_link(boost::asio::io_context& io,
                                         const std::shared_ptr<TlsFiles>& tls);

}  // namespace rollcall::runtime::etcd
