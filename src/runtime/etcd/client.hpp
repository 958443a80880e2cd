// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "base/time.hpp"
#include "runtime/etcd/api.hpp"
#include "runtime/etcd/config.hpp"
#include "runtime/etcd/http_link.hpp"
#include "runtime/etcd/scope.hpp"

namespace rollcall::runtime::etcd {

/// Why a call has no answer.
struct Failure {
  /// etcd itself said no, and will again. Else nobody answered in time: what was asked may be done.
  bool is_refused = false;
  std::string message;
};

/// How long one try of a call, and all together, may take.
struct Patience {
  Duration attempt = std::chrono::seconds(3);
  Duration total = std::chrono::seconds(10);
};

/// An etcd cluster, by whichever of its servers answers.
///
/// A call that nobody answers is sent again, to the next server, until its time is over: so it may
/// be done more than once, and callers ask only for what bears that.
///
/// Order:   each callback runs once, later, and never after stop(). Calls overtake each other.
/// Errors:  a server that does not answer, or is not of etcd 3.4 or later, is left for the next. A
///          token that etcd no longer knows is fetched anew.
/// Limits:  connections kept without a call: idle_links_max; one more for each call under way.
/// Threads: the io_context's.
class Client {
 public:
  static constexpr std::size_t idle_links_max = 4;
  static constexpr Duration connect_timeout = std::chrono::milliseconds(1500);
  static constexpr Duration retry_delay = std::chrono::milliseconds(10);
  static constexpr Duration round_delay = std::chrono::milliseconds(100);
  static constexpr Duration silence_tolerated = std::chrono::seconds(1);
  static constexpr std::size_t token_tries_max = 3;

  template <class Result>
  using Done = std::function<void(std::expected<Result, Failure>)>;

  Client(boost::asio::io_context& io, const EtcdConfig& config, std::shared_ptr<TlsFiles> tls);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void txn(const Txn& txn, const Patience& patience, Done<TxnResult> done);
  void grant_lease(Duration ttl, const Patience& patience, Done<LeaseGrant> done);
  void keep_alive(LeaseId lease, const Patience& patience, Done<LeaseGrant> done);
  /// Not waited for: what is lost here ends by itself.
  void revoke(LeaseId lease);

  /// The one stream of changes, from the server that answered last; ended says why it is over,
  /// once, unless unwatch() came first.
  void watch(const std::string& key, const std::string& end, Revision since,
             std::function<void(WatchNews)> news, std::function<void(std::string)> ended);
  void unwatch();

  void stop();
  /// Why nobody answers, as a sentence; empty as long as somebody does.
  [[nodiscard]] std::string trouble() const;

 private:
  struct Call;
  using CallPtr = std::shared_ptr<Call>;
  using LinkPtr = std::shared_ptr<HttpLink>;

  void call(std::string path, std::string body, const Patience& patience, Done<std::string> done);
  void attempt(const CallPtr& call);
  void prepare(const CallPtr& call);
  void ask_version(const CallPtr& call);
  void on_version(const CallPtr& call, const HttpAnswer& answer);
  void authenticate(const CallPtr& call);
  void on_authenticated(const CallPtr& call, std::expected<HttpAnswer, HttpFailure> answer);
  void end_authentication();
  void send(const CallPtr& call);
  void on_answer(const CallPtr& call, HttpAnswer answer);
  void on_refusal(const CallPtr& call, const Refusal& refusal);
  void on_link_failure(const CallPtr& call, const HttpFailure& failure);
  void give_server_up(const CallPtr& call, const std::string& why);
  void finish(const CallPtr& call, std::expected<std::string, Failure> result);
  void keep_link(const CallPtr& call);
  void drop_link(const CallPtr& call);
  void next_server(std::uint64_t round, std::size_t server, const std::string& why);
  void note_success();
  void begin_watch(const HttpRequest& request, std::function<void(WatchNews)> news);
  void end_watch(std::string why);
  [[nodiscard]] bool needs_token() const { return !user_.empty() && token_.empty() && !is_open_; }

  boost::asio::io_context& io_;
  Scope scope_;
  const std::vector<HostPort> servers_;
  const std::string user_;
  const std::string password_;
  const std::shared_ptr<TlsFiles> tls_;

  std::size_t server_ = 0;
  /// Counts the changes of the server, so that calls that fail together change it once.
  std::uint64_t round_ = 0;
  std::set<std::size_t> checked_;  // servers whose version is known to be right
  std::vector<LinkPtr> idle_;
  std::set<CallPtr> calls_;

  std::string token_;
  bool is_open_ = false;  // etcd knows no users
  bool is_authenticating_ = false;
  std::vector<CallPtr> waiting_for_token_;

  LinkPtr watch_;
  Scope watch_scope_;
  std::function<void(std::string)> watch_ended_;

  std::map<std::size_t, std::string> failures_;  // since somebody answered last
  std::chrono::steady_clock::time_point failing_since_;
};

}  // namespace rollcall::runtime::etcd
