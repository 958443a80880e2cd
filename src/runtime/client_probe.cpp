// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/client_probe.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>

#include "runtime/clock.hpp"

namespace rollcall::runtime {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

/// A timer as late as this means that this process was stopped.
constexpr Duration late_timer = std::chrono::milliseconds(500);

tcp::endpoint to_endpoint(const Address& address) {
  if (!address.is_v4()) return {asio::ip::address_v6(address.ip), address.port};
  asio::ip::address_v4::bytes_type bytes{};
  std::copy(address.ip.end() - 4, address.ip.end(), bytes.begin());
  return {asio::ip::address_v4(bytes), address.port};
}

class Probe final : public ClientProbe, public std::enable_shared_from_this<Probe> {
 public:
  Probe(asio::io_context& io, ClientTarget target, Done done)
      : socket_(io),
        timer_(io),
        buffer_(response_header_bytes_max),
        target_(std::move(target)),
        done_(std::move(done)) {}

  void begin(Resolver& resolver, Duration timeout) {
    timer_.expires_after(timeout);
    timer_.async_wait([weak = weak_from_this()](const error_code& error) {
      const auto self = weak.lock();
      if (!error && self) self->on_timeout();
    });
    resolver.resolve(target_.host_port, [weak = weak_from_this()](const Resolved& addresses) {
      if (const auto self = weak.lock()) self->on_resolved(addresses);
    });
  }

  void cancel() override {
    done_ = nullptr;
    end(Verdict::unknown);
  }

 private:
  void on_timeout() {
    const Duration late = SteadyClock::now() - timer_.expiry();
    end(late > late_timer ? Verdict::unknown : Verdict::missed);
  }

  void on_resolved(const Resolved& addresses) {
    if (!done_) return;
    if (!addresses) return end(Verdict::missed);
    for (const Address& address : *addresses) endpoints_.push_back(to_endpoint(address));
    asio::async_connect(socket_, endpoints_,
                        [weak = weak_from_this()](const error_code& error, const tcp::endpoint&) {
                          if (const auto self = weak.lock()) self->on_connected(error);
                        });
  }

  void on_connected(const error_code& error) {
    if (error) return end(Verdict::missed);
    if (target_.path.empty()) return end(Verdict::well);
    request_ = "GET " + target_.path + " HTTP/1.1\r\nHost: " + target_.host +
               "\r\nUser-Agent: rollcall\r\nAccept: */*\r\nConnection: close\r\n\r\n";
    // The buffers are this probe's own, so it stays for as long as they are in use.
    asio::async_write(socket_, asio::buffer(request_),
                      [self = shared_from_this()](const error_code& failure, std::size_t) {
                        self->on_written(failure);
                      });
  }

  void on_written(const error_code& error) {
    if (error || !done_) return end(Verdict::missed);
    parser_.header_limit(response_header_bytes_max);
    http::async_read_header(socket_, buffer_, parser_,
                            [self = shared_from_this()](const error_code& failure, std::size_t) {
                              self->on_answered(failure);
                            });
  }

  void on_answered(const error_code& error) {
    const unsigned status = error ? 0 : parser_.get().result_int();
    end(status >= 200 && status < 400 ? Verdict::well : Verdict::missed);
  }

  void end(Verdict verdict) {
    error_code ignored;
    socket_.close(ignored);
    timer_.cancel();
    if (const Done done = std::exchange(done_, nullptr)) done(verdict);
  }

  tcp::socket socket_;
  asio::steady_timer timer_;
  boost::beast::flat_buffer buffer_;
  http::parser<false, http::empty_body> parser_;
  ClientTarget target_;
  std::vector<tcp::endpoint> endpoints_;
  std::string request_;
  Done done_;
};

}  // namespace

std::shared_ptr<ClientProbe> ClientProbe::start(asio::io_context& io, Resolver& resolver,
                                                const ClientTarget& target, Duration timeout,
                                                Done done) {
  auto probe = std::make_shared<Probe>(io, target, std::move(done));
  probe->begin(resolver, timeout);
  return probe;
}

}  // namespace rollcall::runtime
