// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/etcd/http_link.hpp"

#include <concepts>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include "runtime/etcd/scope.hpp"

namespace rollcall::runtime::etcd {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using ErrorCode = boost::system::error_code;

class TlsFiles {
 public:
  asio::ssl::context context{asio::ssl::context::tls_client};
};

namespace {

using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;
using Parser = http::response_parser<http::string_body>;

std::string words_of(ErrorCode code) {
  if (code == beast::error::timeout || code == asio::error::timed_out) return "no answer in time";
  if (code == http::error::end_of_stream || code == http::error::partial_message ||
      code == asio::error::eof || code == asio::ssl::error::stream_truncated) {
    return "connection closed";
  }
  if (code == http::error::body_limit) return "an answer that is too long";
  std::string words = code.message();
  if (code.category() == asio::error::get_ssl_category()) words = "TLS: " + words;
  if (!words.empty() && words[0] >= 'A' && words[0] <= 'Z' && !words.starts_with("TLS")) {
    words[0] = static_cast<char>(words[0] - 'A' + 'a');
  }
  return words;
}

bool is_close(ErrorCode code) {
  return code == http::error::end_of_stream || code == asio::error::eof ||
         code == asio::error::connection_reset || code == asio::error::broken_pipe ||
         code == asio::error::bad_descriptor || code == asio::error::not_connected ||
         code == asio::ssl::error::stream_truncated;
}

/// A handler, and what must live until it has run.
template <class Owner, class Function>
struct Kept {
  std::shared_ptr<Owner> owner;
  Function function;

  template <class... Values>
    requires std::invocable<const Function&, Values...>
  void operator()(Values&&... values) const {
    function(std::forward<Values>(values)...);
  }
};

template <class Stream>
class Link final : public HttpLink, public std::enable_shared_from_this<Link<Stream>> {
 public:
  Link(asio::io_context& io, std::shared_ptr<TlsFiles> tls)
      : tls_(std::move(tls)),
        resolver_(io),
        name_timer_(io),
        stream_(make_stream(io)) {}

  void open(const HostPort& server, Duration timeout, Opened opened) override {
    host_ = server;
    opened_ = std::move(opened);
    deadline_ = std::chrono::steady_clock::now() + timeout;
    ErrorCode code;
    const auto numeric = asio::ip::make_address(server.host, code);
    if (!code) {
      const asio::ip::tcp::endpoint endpoint(numeric, server.port);
      connect(Endpoints::create(endpoint, server.host, std::to_string(server.port)));
      return;
    }
    name_timer_.after(timeout, [this] { open_ended("its name was not found in time"); });
    resolver_.async_resolve(server.host, std::to_string(server.port),
                            bound([this](ErrorCode error, const Endpoints& found) {
                              if (opened_ == nullptr) return;
                              name_timer_.cancel();
                              if (error) return open_ended("no address is known for this name");
                              connect(found);
                            }));
  }

  void ask(const HttpRequest& request, Duration timeout, Answered answered) override {
    answered_ = std::move(answered);
    parser_.emplace();
    parser_->body_limit(answer_bytes_max);
    write(request, timeout, [this](ErrorCode code) {
      if (code) return answer_failed(code);
      http::async_read(stream_, buffer_, *parser_, bound([this](ErrorCode error, std::size_t) {
                         if (error) return answer_failed(error);
                         answer_came();
                       }));
    });
  }

  void follow(const HttpRequest& request, Duration timeout, Line line, Ended ended) override {
    line_ = std::move(line);
    ended_ = std::move(ended);
    parser_.emplace();
    parser_->body_limit(boost::none);  // lines are bounded one by one
    write(request, timeout, [this](ErrorCode code) {
      if (code) return follow_ended(words_of(code));
      http::async_read_header(stream_, buffer_, *parser_,
                              bound([this](ErrorCode error, std::size_t) {
                                if (error) return follow_ended(words_of(error));
                                read_lines();
                              }));
    });
  }

  void close() override {
    scope_.reset();
    name_timer_.cancel();
    opened_ = nullptr;
    answered_ = nullptr;
    line_ = nullptr;
    ended_ = nullptr;
    resolver_.cancel();
    ErrorCode ignored;
    beast::get_lowest_layer(stream_).socket().close(ignored);
  }

 private:
  using Endpoints = asio::ip::tcp::resolver::results_type;
  static constexpr bool is_tls = std::is_same_v<Stream, TlsStream>;

  Stream make_stream(asio::io_context& io) {
    if constexpr (is_tls) {
      return Stream(io, tls_->context);
    } else {
      return Stream(io);
    }
  }

  /// Keeps the link until the handler has run, which does nothing once it is closed.
  template <class Handler>
  auto bound(Handler handler) {
    using Wrapped = Guarded<Handler>;
    return Kept<Link, Wrapped>{this->shared_from_this(), scope_.wrap(std::move(handler))};
  }

  void connect(const Endpoints& endpoints) {
    beast::get_lowest_layer(stream_).expires_at(deadline_);
    beast::get_lowest_layer(stream_).async_connect(
        endpoints, bound([this](ErrorCode code, const asio::ip::tcp::endpoint&) {
          if (code) return open_ended(words_of(code));
          beast::get_lowest_layer(stream_).socket().set_option(asio::ip::tcp::no_delay(true), code);
          beast::get_lowest_layer(stream_).socket().set_option(asio::socket_base::keep_alive(true),
                                                               code);
          shake_hands();
        }));
  }

  void shake_hands() {
    if constexpr (is_tls) {
      if (!is_numeric()) name_the_server();
      stream_.set_verify_callback(asio::ssl::host_name_verification(host_.host));
      stream_.async_handshake(asio::ssl::stream_base::client, bound([this](ErrorCode code) {
                                if (code) return open_ended(words_of(code));
                                open_done();
                              }));
    } else {
      open_done();
    }
  }

  /// SSL_set_tlsext_host_name(), which is a macro with casts.
  void name_the_server() {
    if constexpr (is_tls) {
      SSL_ctrl(stream_.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
               host_.host.data());
    }
  }

  [[nodiscard]] bool is_numeric() const {
    ErrorCode code;
    asio::ip::make_address(host_.host, code);
    return !code;
  }

  void open_done() {
    if (const Opened opened = std::exchange(opened_, nullptr)) opened({});
  }
  void open_ended(std::string why) {
    const Opened opened = std::exchange(opened_, nullptr);
    close();
    if (opened) opened(std::unexpected(HttpFailure{.what = std::move(why)}));
  }

  template <class Then>
  void write(const HttpRequest& request, Duration timeout, Then then) {
    message_ = {};
    message_.version(11);
    message_.method(request.body.empty() ? http::verb::get : http::verb::post);
    message_.target(request.path);
    message_.set(http::field::host, to_text(host_));
    message_.set(http::field::user_agent, "rollcall");
    if (!request.token.empty()) message_.set(http::field::authorization, request.token);
    if (!request.body.empty()) message_.set(http::field::content_type, "application/json");
    message_.body() = request.body;
    message_.prepare_payload();
    beast::get_lowest_layer(stream_).expires_after(timeout);
    http::async_write(stream_, message_,
                      bound([then = std::move(then)](ErrorCode code, std::size_t) { then(code); }));
  }

  void answer_came() {
    const Answered answered = std::exchange(answered_, nullptr);
    beast::get_lowest_layer(stream_).expires_never();
    auto message = parser_->release();
    parser_.reset();
    HttpAnswer answer{.status = message.result_int(), .body = std::move(message.body())};
    // Whoever asks again on it finds it closed, and takes another.
    if (!message.keep_alive()) close();
    if (answered) answered(std::move(answer));
  }
  void answer_failed(ErrorCode code) {
    const Answered answered = std::exchange(answered_, nullptr);
    const bool was_closed = is_close(code) && !(parser_ && parser_->got_some());
    close();
    if (answered) {
      answered(std::unexpected(HttpFailure{.what = words_of(code), .was_closed = was_closed}));
    }
  }

  void read_lines() {
    http::async_read_some(stream_, buffer_, *parser_, bound([this](ErrorCode code, std::size_t) {
                            lines_ += parser_->get().body();
                            parser_->get().body().clear();
                            give_lines(code);
                          }));
  }

  void give_lines(ErrorCode code) {
    const bool is_ok = parser_->get().result() == http::status::ok;
    std::size_t from = 0;
    for (std::size_t end = lines_.find('\n'); is_ok && end != std::string::npos;
         end = lines_.find('\n', from)) {
      beast::get_lowest_layer(stream_).expires_never();
      const std::string text = lines_.substr(from, end - from);
      from = end + 1;
      const Line line = line_;  // it may close the link
      line(text);
      if (!line_) return;
    }
    lines_.erase(0, from);
    if (lines_.size() > line_bytes_max) return follow_ended("a line that is too long");
    if (!code && !parser_->is_done()) return read_lines();
    if (!is_ok) return follow_ended(lines_);
    follow_ended(code ? words_of(code) : "it ended the stream");
  }

  void follow_ended(std::string why) {
    const Ended ended = std::exchange(ended_, nullptr);
    close();
    if (ended) ended(std::move(why));
  }

  std::shared_ptr<TlsFiles> tls_;
  Scope scope_;
  asio::ip::tcp::resolver resolver_;
  Timer name_timer_;
  Stream stream_;
  beast::flat_buffer buffer_;
  HostPort host_;
  std::chrono::steady_clock::time_point deadline_;
  http::request<http::string_body> message_;
  std::optional<Parser> parser_;
  std::string lines_;
  Opened opened_;
  Answered answered_;
  Line line_;
  Ended ended_;
};

Error unreadable(std::string field, const std::string& file, std::string_view what,
                 const ErrorCode& code) {
  return {.code = rollcall::ErrorCode::invalid_option,
          .message = "\"" + file + "\" cannot be used as " + std::string(what) + ": " +
                     code.message() + "; allowed is a file in PEM form",
          .field = std::move(field)};
}

/// OpenSSL may be missing on this machine (openssl_on_demand.cpp), or unable to serve.
std::expected<std::shared_ptr<TlsFiles>, Error> make_tls_files() {
  try {
    return std::make_shared<TlsFiles>();
  } catch (const std::exception& problem) {
    return std::unexpected(Error{
        .code = rollcall::ErrorCode::not_allowed,
        .message = std::string("TLS to etcd is not to be had here: ") + problem.what() +
                   "; install OpenSSL 3 (Debian's package libssl3), or name a registry of etcd://",
        .field = "registry"});
  }
}

}  // namespace

std::expected<std::shared_ptr<TlsFiles>, Error> read_tls_files(const EtcdConfig& config) {
  if (!config.has_tls) return nullptr;
  auto made = make_tls_files();
  if (!made) return made;
  const std::shared_ptr<TlsFiles> files = *std::move(made);
  asio::ssl::context& context = files->context;
  ErrorCode code;
  context.set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1, code);
  context.set_verify_mode(asio::ssl::verify_peer, code);
  if (config.ca_file.empty()) {
    context.set_default_verify_paths(code);
  } else if (context.load_verify_file(config.ca_file, code); code) {
    return std::unexpected(
        unreadable("registry-ca-file", config.ca_file, "etcd's authority", code));
  }
  if (config.cert_file.empty()) return files;
  if (context.use_certificate_chain_file(config.cert_file, code); code) {
    return std::unexpected(
        unreadable("registry-cert-file", config.cert_file, "a certificate for etcd", code));
  }
  if (context.use_private_key_file(config.key_file, asio::ssl::context::pem, code); code) {
    return std::unexpected(unreadable("registry-key-file", config.key_file,
                                      "the key of the certificate for etcd", code));
  }
  return files;
}

std::shared_ptr<HttpLink> make_http_link(asio::io_context& io,
                                         const std::shared_ptr<TlsFiles>& tls) {
  if (tls == nullptr) return std::make_shared<Link<PlainStream>>(io, nullptr);
  return std::make_shared<Link<TlsStream>>(io, tls);
}

}  // namespace rollcall::runtime::etcd
