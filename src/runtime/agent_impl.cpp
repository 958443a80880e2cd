// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/agent_impl.hpp"

#include <algorithm>
#include <future>
#include <utility>

#include <boost/asio/dispatch.hpp>
#include <sys/random.h>

#include "base/check.hpp"
#include "runtime/agent_agreement.hpp"
#include "runtime/bound_sockets.hpp"
#include "runtime/checked_options.hpp"
#include "runtime/settings_conversion.hpp"
#include "runtime/store.hpp"

namespace rollcall {
namespace {

using runtime::NodeLoop;

Error closed_error() {
  return {ErrorCode::closed, "the agent is closed", {}};
}

/// Why a command was not even given to the core.
Error unanswered_error(NodeLoop::Unanswered why) {
  if (why == NodeLoop::Unanswered::closed) return closed_error();
  return {ErrorCode::frozen,
          "this member is frozen on purpose, and does nothing before that ends; setting other "
          "faults, or none, ends it",
          {}};
}

/// The origins too, where the numbers are the same.
std::string mismatch_text(const SettingsVersion& in_force, const SettingsVersion& expected) {
  const bool is_number = in_force.number != expected.number;
  const auto text = [is_number](const SettingsVersion& version) {
    return std::to_string(version.number) + (is_number ? "" : " of " + version.origin);
  };
  return "the settings in force are of version " + text(in_force) + ", not " + text(expected) +
         "; read them again, and decide anew";
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

/// Kept settings that this member can follow; otherwise a warning that says why not.
void take_kept_settings(const runtime::Store& store, const std::string& directory,
                        runtime::NodeSetup& setup) {
  std::string trouble = store.settings_trouble();
  if (store.settings()) {
    const auto problems = core::validate(store.settings()->settings, setup.config.profile);
    if (problems.empty()) {
      setup.settings = store.settings();
      return;
    }
    trouble = problems.front().field + ": " + problems.front().message;
  }
  if (trouble.empty()) return;
  setup.warning = "the cluster's settings that are kept in " + directory + " are not used (" +
                  trouble + "); those of the configuration are, until this member meets others";
}

/// All that is wrong, the first field named.
Error invalid_settings(const std::vector<core::ConfigProblem>& problems) {
  Error error{ErrorCode::invalid_option, {}, problems.front().field};
  for (const core::ConfigProblem& problem : problems) {
    if (!error.message.empty()) error.message += "; " + problem.field + ": ";
    error.message += problem.message;
    error.problems.push_back({problem.field, problem.message});
  }
  return error;
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
      if (!done.problems.empty()) return invalid_settings(done.problems);
      return {ErrorCode::invalid_option, "the tags are not allowed", "tag"};
    case core::CommandResult::version_mismatch:
      return {ErrorCode::version_mismatch, "other settings are in force than expected", {}};
    case core::CommandResult::done:
    case core::CommandResult::not_allowed:
      break;
  }
  // The core refuses but one thing besides force-leave, which has words of its own.
  return {
      ErrorCode::not_allowed, "this member is leaving just now; join again when it has left", {}};
}

/// Any command whose only result is that it was done.
void give(NodeLoop& node_loop, core::Command command, Agent::DoneCallback done) {
  node_loop.command(std::move(command), [done = std::move(done)](const NodeLoop::Outcome& result) {
    if (!result) return done(std::unexpected(unanswered_error(result.error())));
    if (result->result == core::CommandResult::done) return done({});
    done(std::unexpected(to_error(*result)));
  });
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

static_assert(join_stage_count == core::join_stage_count);
JoinStage to_join_stage(core::JoinStage stage) {
  switch (stage) {
    case core::JoinStage::none:
      return JoinStage::none;
    case core::JoinStage::saved_peers:
      return JoinStage::saved_peers;
    case core::JoinStage::seeds:
      return JoinStage::seeds;
    case core::JoinStage::hosts_file:
      return JoinStage::hosts_file;
    case core::JoinStage::lan:
      return JoinStage::lan;
    case core::JoinStage::waiting:
      return JoinStage::waiting;
  }
  return JoinStage::none;
}

}  // namespace

// --- Life ------------------------------------------------------------------------------------

std::expected<std::shared_ptr<Agent::Impl>, Error> Agent::Impl::create(Options options) {
  auto checked = runtime::check_options(std::move(options));
  if (!checked) return std::unexpected(checked.error());
  auto sockets = runtime::bind_sockets(checked->bind);
  if (!sockets) return std::unexpected(sockets.error());
  const auto advertise =
      runtime::choose_advertise(checked->advertise, sockets->address, checked->named());
  if (!advertise) return std::unexpected(advertise.error());
  checked->config.advertise = *advertise;
  checked->config.bound = sockets->address;
  sockets->source = runtime::source_for(sockets->address, *advertise);
  checked->options.bind = to_text(sockets->address);
  checked->options.advertise = to_text(*advertise);

  runtime::NodeSetup setup;
  if (checked->options.broadcast) {
    auto lan = runtime::listen_on_lan(sockets->address, checked->options.broadcast_port);
    if (!lan) return std::unexpected(lan.error());
    setup.lan = std::move(*lan);
  }
  setup.config = std::move(checked->config);
  consensus::LogId kept_log;
  if (!checked->options.data_dir.empty()) {
    auto store = open_store(checked->options);
    if (!store) return std::unexpected(store.error());
    setup.boot = store->boot();
    setup.saved_peers = store->peers();
    take_kept_settings(*store, checked->options.data_dir, setup);
    kept_log = store->log();
    setup.store = std::move(*store);
  }
  setup.seed = random_seed();
  setup.seeds = std::move(checked->seeds);
  setup.hosts_file = checked->options.hosts_file;
  setup.hosts = std::move(checked->hosts);
  setup.sockets = std::move(*sockets);
  setup.allow_faults = checked->options.allow_faults;

  std::shared_ptr<runtime::AgreementLoop> agreement;
  if (checked->options.agreement.enabled) {
    auto opened = runtime::open_agreement(checked->options, kept_log,
                                          setup.sockets.source.value_or(Address{}));
    if (!opened) return std::unexpected(opened.error());
    agreement = std::move(*opened);
  }

  auto loop = checked->options.loop ? checked->options.loop : std::make_shared<Loop>();
  std::shared_ptr<Impl> impl(new Impl(std::move(loop), std::move(checked->options),
                                      std::move(setup), std::move(agreement)));
  impl->start();
  return impl;
}

Agent::Impl::Impl(std::shared_ptr<Loop> loop, Options options, runtime::NodeSetup setup,
                  std::shared_ptr<runtime::AgreementLoop> agreement)
    : loop_(std::move(loop)),
      options_(std::move(options)),
      board_(std::make_shared<runtime::NoticeBoard>(options_.events_kept)),
      node_loop_(std::make_shared<NodeLoop>(loop_->impl(), std::move(setup), board_)),
      agreement_(std::move(agreement)),
      groups_(agreement_ ? new runtime::GroupsImpl(agreement_) : nullptr),
      dispatcher_(board_->shared_events()) {
  if (agreement_) node_loop_->set_agreement(runtime::hooks_to(agreement_));
}

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
  if (agreement_) agreement_->start(runtime::hooks_to(node_loop_));
}

void Agent::Impl::close() {
  if (is_closed_.exchange(true)) return;
  if (agreement_) agreement_->close();
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
                      [done = std::move(done)](const NodeLoop::Outcome& result) {
                        if (!result) return done(std::unexpected(unanswered_error(result.error())));
                        if (result->result == core::CommandResult::done) {
                          return done(to_report(*result));
                        }
                        done(std::unexpected(to_error(*result)));
                      });
}

void Agent::Impl::leave(DoneCallback done) {
  if (is_closed_ || !agreement_) return command(core::LeaveCommand{}, std::move(done));
  agreement_->prepare_to_leave([loop = loop_, node_loop = node_loop_, done = std::move(done)] {
    give(*node_loop, core::LeaveCommand{}, done);
  });
}

void Agent::Impl::command(core::Command command, DoneCallback done) {
  if (is_closed_) return done(std::unexpected(closed_error()));
  give(*node_loop_, std::move(command), std::move(done));
}

void Agent::Impl::change_settings(const SettingsChange& change, SettingsScope scope,
                                  const std::optional<SettingsVersion>& expected,
                                  SettingsCallback done) {
  if (is_closed_) return done(std::unexpected(closed_error()));
  const auto answer = [board = board_, expected,
                       done = std::move(done)](const NodeLoop::Outcome& result) {
    if (!result) return done(std::unexpected(unanswered_error(result.error())));
    const auto in_force = board->settings();
    if (result->result == core::CommandResult::done) return done(*in_force);
    Error error = to_error(*result);
    if (error.code == ErrorCode::version_mismatch) {
      error.message = mismatch_text(in_force->version, expected.value_or(SettingsVersion{}));
    }
    done(std::unexpected(std::move(error)));
  };
  core::ChangeSettingsCommand command{.change = runtime::to_core(change),
                                      .scope = runtime::to_core(scope),
                                      .expected_number = std::nullopt};
  if (expected) command.expected_number = expected->number;
  if (expected && !expected->origin.empty()) {
    command.expected_origin = runtime::to_origin(expected->origin);
  }
  node_loop_->command(std::move(command), answer);
}

void Agent::Impl::unsteady(UnsteadyCallback done) const {
  if (is_closed_) return done(std::unexpected(closed_error()));
  node_loop_->unsteady([done = std::move(done)](auto list) {
    if (!list) return done(std::unexpected(closed_error()));
    done(std::move(*list));
  });
}

void Agent::Impl::set_faults(const FaultPlan& plan, DoneCallback done) {
  if (is_closed_) return done(std::unexpected(closed_error()));
  if (!options_.allow_faults) {
    return done(std::unexpected(
        Error{ErrorCode::not_allowed,
              "this member lets nobody set faults; start it with allow_faults to have some",
              "allow-faults"}));
  }
  auto checked = runtime::check_faults(plan, board_->members());
  if (!checked) return done(std::unexpected(std::move(checked).error()));
  node_loop_->set_faults(std::move(*checked), [done = std::move(done)](bool is_open) {
    if (!is_open) return done(std::unexpected(closed_error()));
    done({});
  });
}

// --- Queries ---------------------------------------------------------------------------------

Status Agent::Impl::status() const {
  const runtime::StatusNumbers numbers = board_->numbers();
  const core::Counters& counters = numbers.counters;
  return {.cluster = options_.cluster,
          .name = options_.name,
          .phase = to_phase(numbers.phase),
          .join_stage = to_join_stage(numbers.join_stage),
          .join_stages = counters.join_stages,
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
          .streams_refused = numbers.streams_refused,
          .faults = numbers.faults};
}

FaultsInForce Agent::Impl::faults() const {
  const runtime::FaultReport report = board_->faults();
  const Instant now = runtime::current_instant();
  const auto left = [now](Instant ends) -> std::optional<Duration> {
    if (ends == never) return std::nullopt;
    return std::max(ends - now, Duration::zero());
  };
  FaultsInForce in_force{.counts = board_->numbers().fault_counts};
  for (const runtime::FaultRules::Rule& rule : report.rules) {
    const auto& peer = rule.checked.peer;
    in_force.faults.push_back(
        {rule.checked.fault, peer ? to_text(*peer) : std::string(), left(rule.ends)});
  }
  if (report.freeze) {
    in_force.freeze = {.freeze = *report.freeze, .left = left(report.freeze_ends)};
  }
  return in_force;
}

}  // namespace rollcall
