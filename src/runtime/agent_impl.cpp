// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/agent_impl.hpp"

#include <future>
#include <utility>

#include <boost/asio/dispatch.hpp>
#include <sys/random.h>

#include "base/check.hpp"
#include "runtime/bound_sockets.hpp"
#include "runtime/checked_options.hpp"
#include "runtime/store.hpp"

namespace rollcall {
namespace {

using runtime::NodeLoop;

Error closed_error() {
  return {ErrorCode::closed, "the agent is closed", {}};
}

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  ROLLCALL_CHECK(::getrandom(&seed, sizeof seed, 0) == sizeof seed);
  return seed;
}

/// Opens the data directory and begins a new life in it.
std::expected<runtime::Store, Error> open_store(const Options& options) {
  auto store =
      runtime::Store::open(options.data_dir, {.cluster = options.cluster, .name = options.name});
  if (!store) return store;
  if (auto saved = store->save_boot(store->boot() + 1); !saved) {
    return std::unexpected(saved.error());
  }
  return store;
}

std::string outcomes_text(const std::vector<core::JoinAttempt>& attempts) {
  std::string text;
  for (const core::JoinAttempt& attempt : attempts) {
    text += (text.empty() ? "" : "; ") + attempt.seed + ": " + attempt.outcome;
  }
  return text;
}

/// The error that a result stands for; only for results other than done.
Error to_error(const core::CommandDone& done) {
  switch (done.result) {
    case core::CommandResult::join_failed:
      return {ErrorCode::join_failed,
              "no seed could be joined: " + outcomes_text(done.attempts) +
                  "; name a member of this cluster that is up",
              {}};
    case core::CommandResult::name_in_use:
      return {ErrorCode::name_in_use,
              "another live member has this name: " + outcomes_text(done.attempts), "name"};
    case core::CommandResult::cancelled:
      return {ErrorCode::join_failed, "the join was cancelled", {}};
    case core::CommandResult::unknown_member:
      return {ErrorCode::unknown_member, "no member of that name is known", "name"};
    case core::CommandResult::invalid:
      return {ErrorCode::invalid_option, "the tags are not allowed", "tag"};
    case core::CommandResult::done:
    case core::CommandResult::not_allowed:
      break;
  }
  // The core refuses but one thing besides force-leave, which has words of its own.
  return {
      ErrorCode::not_allowed, "this member is leaving just now; join again when it has left", {}};
}

JoinReport to_report(const core::CommandDone& done) {
  JoinReport report;
  for (const core::JoinAttempt& attempt : done.attempts) {
    report.attempts.push_back({attempt.seed, attempt.joined, attempt.outcome});
  }
  return report;
}

Phase to_phase(core::Phase phase) {
  switch (phase) {
    case core::Phase::starting:
      return Phase::starting;
    case core::Phase::joining:
      return Phase::joining;
    case core::Phase::alone:
      return Phase::alone;
    case core::Phase::joined:
      return Phase::joined;
    case core::Phase::leaving:
      return Phase::leaving;
    case core::Phase::left:
      return Phase::left;
    case core::Phase::conflict:
      return Phase::conflict;
    case core::Phase::aside:
      return Phase::aside;
  }
  return Phase::starting;
}

}  // namespace

// --- Life ------------------------------------------------------------------------------------

std::expected<std::shared_ptr<Agent::Impl>, Error> Agent::Impl::create(Options options) {
  auto checked = runtime::check_options(std::move(options));
  if (!checked) return std::unexpected(checked.error());
  auto sockets = runtime::bind_sockets(checked->bind);
  if (!sockets) return std::unexpected(sockets.error());
  const auto advertise =
      runtime::choose_advertise(checked->advertise, sockets->address, checked->seeds);
  if (!advertise) return std::unexpected(advertise.error());
  checked->config.advertise = *advertise;
  checked->config.bound = sockets->address;
  sockets->source = runtime::source_for(sockets->address, *advertise);
  checked->options.bind = to_text(sockets->address);
  checked->options.advertise = to_text(*advertise);

  runtime::NodeSetup setup;
  if (!checked->options.data_dir.empty()) {
    auto store = open_store(checked->options);
    if (!store) return std::unexpected(store.error());
    setup.boot = store->boot();
    setup.saved_peers = store->peers();
    setup.store = std::move(*store);
  }
  setup.config = std::move(checked->config);
  setup.seed = random_seed();
  setup.seeds = std::move(checked->seeds);
  setup.sockets = std::move(*sockets);
  setup.drop_rate = checked->options.drop_rate;

  auto loop = checked->options.loop ? checked->options.loop : std::make_shared<Loop>();
  std::shared_ptr<Impl> impl(
      new Impl(std::move(loop), std::move(checked->options), std::move(setup)));
  impl->start();
  return impl;
}

Agent::Impl::Impl(std::shared_ptr<Loop> loop, Options options, runtime::NodeSetup setup)
    : loop_(std::move(loop)),
      options_(std::move(options)),
      board_(std::make_shared<runtime::NoticeBoard>(options_.events_kept)),
      node_loop_(std::make_shared<NodeLoop>(loop_->impl(), std::move(setup), board_)),
      dispatcher_(board_->shared_events()) {}

Agent::Impl::~Impl() {
  close();
}

/// Waits until this member lists itself, so that no reader finds an empty list.
void Agent::Impl::start() {
  std::promise<void> started;
  boost::asio::dispatch(loop_->impl().io(), [this, &started] {
    node_loop_->start();
    started.set_value();
  });
  started.get_future().wait();
}

void Agent::Impl::close() {
  if (is_closed_.exchange(true)) return;
  const auto stopped = std::make_shared<std::promise<void>>();
  boost::asio::dispatch(loop_->impl().io(), [node_loop = node_loop_, stopped] {
    node_loop->stop([stopped] { stopped->set_value(); });
  });
  stopped->get_future().wait();
  dispatcher_.close();
}

// --- Commands --------------------------------------------------------------------------------

void Agent::Impl::join(const std::vector<std::string>& seeds, JoinCallback done) {
  if (is_closed_) return done(std::unexpected(closed_error()));
  auto parsed = runtime::parse_seeds(seeds);
  if (!parsed) return done(std::unexpected(parsed.error()));
  if (parsed->empty()) {
    return done(std::unexpected(
        Error{ErrorCode::invalid_option, "no seed is given; give HOST:PORT of a member", "join"}));
  }
  node_loop_->command(core::JoinCommand{std::move(*parsed)},
                      [done = std::move(done)](const std::optional<core::CommandDone>& result) {
                        if (!result) return done(std::unexpected(closed_error()));
                        if (result->result == core::CommandResult::done) {
                          return done(to_report(*result));
                        }
                        done(std::unexpected(to_error(*result)));
                      });
}

void Agent::Impl::command(core::Command command, DoneCallback done) {
  if (is_closed_) return done(std::unexpected(closed_error()));
  node_loop_->command(std::move(command),
                      [done = std::move(done)](const std::optional<core::CommandDone>& result) {
                        if (!result) return done(std::unexpected(closed_error()));
                        if (result->result == core::CommandResult::done) return done({});
                        done(std::unexpected(to_error(*result)));
                      });
}

// --- Queries ---------------------------------------------------------------------------------

Status Agent::Impl::status() const {
  const runtime::StatusNumbers numbers = board_->numbers();
  const core::Counters& counters = numbers.counters;
  return {.cluster = options_.cluster,
          .name = options_.name,
          .phase = to_phase(numbers.phase),
          .health = numbers.health,
          .loop_lag = numbers.lag,
          .uptime = board_->uptime(),
          .event_index = board_->events().newest(),
          .datagrams_sent = counters.datagrams_sent,
          .datagrams_received = counters.datagrams_received,
          .datagrams_refused = counters.datagrams_refused + numbers.datagrams_cut,
          .bytes_sent = counters.bytes_sent,
          .bytes_received = counters.bytes_received,
          .probes = counters.probes,
          .probes_failed = counters.probes_failed,
          .suspicions = counters.suspicions,
          .refutations = counters.refutations,
          .failures = counters.failures,
          .pauses = counters.pauses,
          .wrong_cluster = counters.wrong_cluster,
          .wrong_version = counters.wrong_version,
          .datagrams_dropped = numbers.datagrams_dropped,
          .streams_refused = numbers.streams_refused};
}

}  // namespace rollcall
