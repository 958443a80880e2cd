// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/etcd/client.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace rollcall::runtime::etcd {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

// gRPC's codes, as etcd uses them.
constexpr int unknown_code = 2;
constexpr int deadline_code = 4;
constexpr int precondition_code = 9;
constexpr int unavailable_code = 14;
constexpr int unauthenticated_code = 16;
constexpr unsigned ok_status = 200;

constexpr std::string_view version_needed = "3.4";

bool is_new_enough(std::string_view version) {
  int major = 0;
  int minor = 0;
  const char* const end = version.data() + version.size();
  const auto first = std::from_chars(version.data(), end, major);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '.') return false;
  if (std::from_chars(first.ptr + 1, end, minor).ec != std::errc()) return false;
  return major > 3 || (major == 3 && minor >= 4);
}

bool is_passing(const Refusal& refusal) {
  return refusal.code == unavailable_code || refusal.code == deadline_code ||
         refusal.code == unknown_code ||
         refusal.message.find("too many requests") != std::string::npos;
}

bool is_about_token(const Refusal& refusal) {
  return refusal.code == unauthenticated_code ||
         refusal.message.find("invalid auth token") != std::string::npos ||
         refusal.message.find("revision of auth store is old") != std::string::npos ||
         refusal.message.find("user name is empty") != std::string::npos;
}

template <class Result>
std::expected<Result, Failure> understood(std::expected<std::string, Failure> answer,
                                          std::optional<Result> (*read)(std::string_view)) {
  if (!answer) return std::unexpected(std::move(answer).error());
  std::optional<Result> result = read(*answer);
  if (result) return *std::move(result);
  return std::unexpected(
      Failure{.is_refused = true, .message = "etcd gave an answer that is none of its API"});
}

}  // namespace

struct Client::Call {
  explicit Call(boost::asio::io_context& io) : timer(io) {}

  std::string path;
  std::string body;
  Duration attempt_timeout{};
  Clock::time_point deadline;
  Done<std::string> done;

  Timer timer;
  LinkPtr link;
  bool is_reused = false;
  std::size_t server = 0;
  std::uint64_t round = 0;
  std::size_t failures = 0;
  std::size_t token_tries = 0;
};

Client::Client(boost::asio::io_context& io, const EtcdConfig& config, std::shared_ptr<TlsFiles> tls)
    : io_(io),
      servers_(config.servers),
      user_(config.user),
      password_(config.password),
      tls_(std::move(tls)) {}

Client::~Client() {
  stop();
}

void Client::txn(const Txn& txn, const Patience& patience, Done<TxnResult> done) {
  const std::size_t then = txn.then.size();
  const std::size_t otherwise = txn.otherwise.size();
  call("/v3/kv/txn", txn_json(txn), patience,
       [done = std::move(done), then, otherwise](std::expected<std::string, Failure> answer) {
         auto result = understood<TxnResult>(std::move(answer), read_txn);
         if (result && result->results.size() != (result->is_met ? then : otherwise)) {
           result = std::unexpected(
               Failure{.is_refused = true, .message = "etcd left out a part of its answer"});
         }
         done(std::move(result));
       });
}

void Client::grant_lease(Duration ttl, const Patience& patience, Done<LeaseGrant> done) {
  call("/v3/lease/grant", lease_grant_json(ttl), patience,
       [done = std::move(done)](std::expected<std::string, Failure> answer) {
         done(understood<LeaseGrant>(std::move(answer), read_lease_grant));
       });
}

void Client::keep_alive(LeaseId lease, const Patience& patience, Done<LeaseGrant> done) {
  call("/v3/lease/keepalive", lease_json(lease), patience,
       [done = std::move(done)](std::expected<std::string, Failure> answer) {
         done(understood<LeaseGrant>(std::move(answer), read_keep_alive));
       });
}

void Client::revoke(LeaseId lease) {
  call("/v3/lease/revoke", lease_json(lease), {.attempt = 1s, .total = 2s}, [](const auto&) {});
}

void Client::call(std::string path, std::string body, const Patience& patience,
                  Done<std::string> done) {
  auto call = std::make_shared<Call>(io_);
  call->path = std::move(path);
  call->body = std::move(body);
  call->attempt_timeout = patience.attempt;
  call->deadline = Clock::now() + patience.total;
  call->done = std::move(done);
  calls_.insert(call);
  attempt(call);
}

void Client::attempt(const CallPtr& call) {
  call->server = server_;
  call->round = round_;
  call->is_reused = !idle_.empty();
  if (call->is_reused) {
    call->link = std::move(idle_.back());
    idle_.pop_back();
    return prepare(call);
  }
  call->link = make_http_link(io_, tls_);
  call->link->open(servers_[server_], std::min(connect_timeout, call->attempt_timeout),
                   scope_.wrap([this, call](const std::expected<void, HttpFailure>& opened) {
                     if (!opened) return on_link_failure(call, opened.error());
                     prepare(call);
                   }));
}

void Client::prepare(const CallPtr& call) {
  if (!checked_.contains(call->server)) return ask_version(call);
  if (needs_token()) return authenticate(call);
  send(call);
}

void Client::ask_version(const CallPtr& call) {
  call->link->ask({.path = "/version"}, call->attempt_timeout,
                  scope_.wrap([this, call](const std::expected<HttpAnswer, HttpFailure>& answer) {
                    if (!answer) return on_link_failure(call, answer.error());
                    on_version(call, *answer);
                  }));
}

void Client::on_version(const CallPtr& call, const HttpAnswer& answer) {
  const std::optional<std::string> version = read_version(answer.body);
  if (!version) return give_server_up(call, "is not etcd");
  if (!is_new_enough(*version)) {
    return give_server_up(call, "is etcd " + *version + ", and " + std::string(version_needed) +
                                    " or later is needed");
  }
  checked_.insert(call->server);
  prepare(call);
}

void Client::authenticate(const CallPtr& call) {
  if (is_authenticating_) {
    keep_link(call);
    waiting_for_token_.push_back(call);
    return;
  }
  is_authenticating_ = true;
  call->link->ask({.path = "/v3/auth/authenticate", .body = authenticate_json(user_, password_)},
                  call->attempt_timeout,
                  scope_.wrap([this, call](const std::expected<HttpAnswer, HttpFailure>& answer) {
                    on_authenticated(call, answer);
                  }));
}

void Client::on_authenticated(const CallPtr& call, std::expected<HttpAnswer, HttpFailure> answer) {
  is_authenticating_ = false;
  if (!answer) {
    on_link_failure(call, answer.error());
  } else if (const auto token = read_token(answer->body)) {
    token_ = *token;
    send(call);
  } else if (const auto refusal = read_refusal(answer->body); !refusal) {
    give_server_up(call, "gives no token");
  } else if (refusal->code == precondition_code) {
    is_open_ = true;
    send(call);
  } else if (is_passing(*refusal)) {
    give_server_up(call, "says: " + refusal->message);
  } else {
    finish(call, std::unexpected(Failure{
                     .is_refused = true,
                     .message = "etcd refuses the user \"" + user_ + "\": " + refusal->message}));
  }
  end_authentication();
}

void Client::end_authentication() {
  for (const CallPtr& waiting : std::exchange(waiting_for_token_, {})) attempt(waiting);
}

void Client::send(const CallPtr& call) {
  call->link->ask({.path = call->path, .body = call->body, .token = token_}, call->attempt_timeout,
                  scope_.wrap([this, call](std::expected<HttpAnswer, HttpFailure> answer) {
                    if (!answer) return on_link_failure(call, answer.error());
                    on_answer(call, *std::move(answer));
                  }));
}

void Client::on_answer(const CallPtr& call, HttpAnswer answer) {
  std::optional<Refusal> refusal;
  // A stream's error may come with status 200.
  const bool may_be_refusal = answer.status != ok_status || answer.body.starts_with("{\"error\"");
  if (may_be_refusal) refusal = read_refusal(answer.body);
  if (refusal) return on_refusal(call, *refusal);
  if (answer.status != ok_status) {
    return give_server_up(call, "answers with HTTP status " + std::to_string(answer.status));
  }
  keep_link(call);
  note_success();
  finish(call, std::move(answer.body));
}

void Client::on_refusal(const CallPtr& call, const Refusal& refusal) {
  if (is_about_token(refusal) && !user_.empty() && call->token_tries < token_tries_max) {
    ++call->token_tries;
    token_.clear();
    is_open_ = false;
    return prepare(call);
  }
  if (is_passing(refusal)) return give_server_up(call, "says: " + refusal.message);
  keep_link(call);
  note_success();
  finish(call, std::unexpected(
                   Failure{.is_refused = true, .message = "etcd refuses: " + refusal.message}));
}

void Client::on_link_failure(const CallPtr& call, const HttpFailure& failure) {
  if (call->is_reused && failure.was_closed) {
    drop_link(call);
    return attempt(call);  // servers close connections that nobody uses
  }
  give_server_up(call, failure.what);
}

void Client::give_server_up(const CallPtr& call, const std::string& why) {
  drop_link(call);
  next_server(call->round, call->server, why);
  ++call->failures;
  const Duration delay = call->failures % servers_.size() == 0 ? round_delay : retry_delay;
  if (Clock::now() + delay >= call->deadline) {
    return finish(call, std::unexpected(Failure{
                            .message = "etcd does not answer: " + to_text(servers_[call->server]) +
                                       " (" + why + ")"}));
  }
  call->timer.after(delay, scope_.wrap([this, call] { attempt(call); }));
}

void Client::finish(const CallPtr& call, std::expected<std::string, Failure> result) {
  drop_link(call);
  calls_.erase(call);
  const Done<std::string> done = std::move(call->done);
  done(std::move(result));
}

void Client::keep_link(const CallPtr& call) {
  if (call->round == round_ && idle_.size() < idle_links_max) {
    idle_.push_back(std::exchange(call->link, nullptr));
  }
  drop_link(call);
}

void Client::drop_link(const CallPtr& call) {
  if (const LinkPtr link = std::exchange(call->link, nullptr)) link->close();
}

void Client::next_server(std::uint64_t round, std::size_t server, const std::string& why) {
  if (failures_.empty()) failing_since_ = Clock::now();
  failures_[server] = why;
  if (round != round_) return;  // another call has left it already
  ++round_;
  server_ = (server_ + 1) % servers_.size();
  for (const LinkPtr& link : std::exchange(idle_, {})) link->close();
}

void Client::note_success() {
  failures_.clear();
}

std::string Client::trouble() const {
  if (failures_.empty() || Clock::now() - failing_since_ < silence_tolerated) return {};
  std::string tried;
  for (const auto& [server, why] : failures_) {
    tried += (tried.empty() ? "" : ", ") + to_text(servers_[server]) + " (" + why + ")";
  }
  return "etcd does not answer: tried " + tried +
         "; see that most of its servers run and can be reached from here";
}

void Client::stop() {
  scope_.reset();
  unwatch();
  for (const CallPtr& call : std::exchange(calls_, {})) {
    call->timer.cancel();
    drop_link(call);
  }
  waiting_for_token_.clear();
  for (const LinkPtr& link : std::exchange(idle_, {})) link->close();
}

// --- the stream of changes ----------------------------------------------------------------------

void Client::watch(const std::string& key, const std::string& end, Revision since,
                   std::function<void(WatchNews)> news, std::function<void(std::string)> ended) {
  unwatch();
  watch_ended_ = std::move(ended);
  watch_ = make_http_link(io_, tls_);
  const HttpRequest request{
      .path = "/v3/watch", .body = watch_json(key, end, since), .token = token_};
  watch_->open(
      servers_[server_], connect_timeout,
      watch_scope_.wrap([this, request, news = std::move(news), round = round_,
                         server = server_](const std::expected<void, HttpFailure>& opened) {
        if (opened) return begin_watch(request, news);
        next_server(round, server, opened.error().what);
        end_watch(opened.error().what);
      }));
}

void Client::begin_watch(const HttpRequest& request, std::function<void(WatchNews)> news) {
  watch_->follow(request, 3s,
                 watch_scope_.wrap([this, news = std::move(news)](std::string_view line) {
                   std::optional<WatchNews> read = read_watch(line);
                   if (read) return news(*std::move(read));
                   const auto refusal = read_refusal(line);
                   end_watch(refusal ? refusal->message : "a line that is none of etcd's API");
                 }),
                 watch_scope_.wrap([this](const std::string& why) { end_watch(why); }));
}

void Client::end_watch(std::string why) {
  const auto ended = std::exchange(watch_ended_, nullptr);
  unwatch();
  if (ended) ended(std::move(why));
}

void Client::unwatch() {
  watch_scope_.reset();
  watch_ended_ = nullptr;
  if (const LinkPtr link = std::exchange(watch_, nullptr)) link->close();
}

}  // namespace rollcall::runtime::etcd
