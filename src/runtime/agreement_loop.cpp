// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/agreement_loop.hpp"

#include <algorithm>
#include <future>
#include <utility>
#include <variant>

#include <boost/asio/post.hpp>

#include "base/check.hpp"
#include "registry/commands.hpp"
#include "runtime/agent_tags.hpp"
#include "runtime/clock.hpp"

namespace rollcall::runtime {
namespace {

/// A request cannot wait for longer, whatever its asker says: time must stay countable.
constexpr Duration timeout_max = std::chrono::hours(1);

Instant until(Duration timeout, Instant now) {
  return now + std::clamp(timeout, Duration::zero(), timeout_max);
}

/// The others are for the log.
bool is_for_agreement(const consensus::Frame& frame) {
  return std::holds_alternative<consensus::Renew>(frame) ||
         std::holds_alternative<consensus::RenewReply>(frame) ||
         std::holds_alternative<consensus::CutReport>(frame) ||
         std::holds_alternative<consensus::CheckFailed>(frame);
}

/// Why a command of another member's must not reach the log; nothing: it may. One that only a later
/// version of rollcall can judge would stop all members of this one.
std::optional<consensus::LogRefusal> refusal_of(Bytes command) {
  const auto decoded = registry::decode_command(command);
  if (decoded) return std::nullopt;
  return decoded.error() == registry::CommandError::too_new ? consensus::LogRefusal::no_leader
                                                            : consensus::LogRefusal::too_large;
}

}  // namespace

// --- Life ------------------------------------------------------------------------------------

AgreementLoop::AgreementLoop(AgreementSetup setup)
    : room_(std::make_shared<Room>()),
      self_(setup.config.self),
      agreement_(setup.config, current_instant()),
      links_(room_->io, setup.links, *this),
      resolver_(room_->io),
      checks_(room_->io, resolver_, setup.seed, *this),
      timer_(room_->io) {}

AgreementLoop::~AgreementLoop() {
  if (!thread_.is_running()) return;
  if (thread_.is_current()) {
    thread_.detach();  // it holds what it still needs
  } else {
    thread_.join();
  }
}

std::expected<void, Error> AgreementLoop::open(const OpenEngine& open_engine) {
  auto engine = open_engine(room_->io, *this);
  if (!engine) return std::unexpected(std::move(engine).error());
  engine_ = std::move(*engine);
  board_.set_status(engine_->status(), current_instant());
  // Before anything else that the thread will find.
  boost::asio::post(room_->io, [this] {
    engine_->start();
    want_turn();
  });
  return {};
}

void AgreementLoop::start(NodeHooks hooks) {
  hooks_ = std::move(hooks);
  thread_ = Thread("rollcall-agree", Thread::user_stack_bytes,
                   [room = room_, self = shared_from_this()]() mutable {
                     room->io.run();
                     self.reset();
                   });
}

void AgreementLoop::close() {
  if (is_closing_.exchange(true) || !thread_.is_running()) return;
  gate_.open();
  const auto stopped = std::make_shared<std::promise<void>>();
  boost::asio::post(room_->io, [self = shared_from_this(), stopped] {
    // The engine says so on a thread of its own, where nothing of this may end.
    self->stop([room = self->room_, self, stopped]() mutable {
      boost::asio::post(room->io, [self = std::move(self), stopped] {
        self->room_->work.reset();
        stopped->set_value();
      });
    });
  });
  if (thread_.is_current()) return;
  stopped->get_future().wait();
  thread_.join();
}

void AgreementLoop::stop(std::function<void()> done) {
  take_turn();  // what has been decided is told as it is
  is_stopped_ = true;
  timer_.cancel();
  checks_.stop();
  resolver_.stop();
  links_.close_all();
  refuse_all();
  engine_->stop(std::move(done));
}

/// Whoever still waits is told.
void AgreementLoop::refuse_all() {
  std::vector<Job> jobs;
  {
    const std::lock_guard lock(mutex_);
    std::swap(jobs, jobs_);
  }
  for (const Job& job : jobs) job(Standing::closed);
  const auto why = std::unexpected(consensus::RequestFailure::no_leader);
  for (const auto& [token, done] : std::exchange(results_, {})) done(why);
  for (const auto& [token, done] : std::exchange(reads_, {})) done(why);
  for (const auto& [token, done] : std::exchange(heartbeats_, {})) done(why);
  tell_leavers();
}

// --- What other threads leave here -----------------------------------------------------------

/// What comes when the thread has ended already stays with the room, and must not keep the loop.
template <class Call>
void AgreementLoop::post_weakly(Call call) {
  boost::asio::post(room_->io, [weak = weak_from_this(), call = std::move(call)]() mutable {
    if (const auto self = weak.lock()) call(*self);
  });
}

std::optional<AgreementLoop::Refusal> AgreementLoop::post(Job job) {
  if (is_frozen_) return Refusal::frozen;
  bool is_first = false;
  {
    const std::lock_guard lock(mutex_);
    if (is_closing_) return Refusal::closed;
    if (jobs_.size() >= jobs_max) return Refusal::overloaded;
    jobs_.push_back(std::move(job));
    is_first = !std::exchange(has_woken_, true);
  }
  if (is_first) {
    post_weakly([](AgreementLoop& loop) { loop.run_jobs(); });
  }
  return std::nullopt;
}

void AgreementLoop::run_jobs() {
  std::vector<Job> jobs;
  {
    const std::lock_guard lock(mutex_);
    has_woken_ = false;
    std::swap(jobs, jobs_);
  }
  for (const Job& job : jobs) job(is_stopped_ ? Standing::closed : Standing::open);
}

void AgreementLoop::run_later(std::function<void()> slice) {
  boost::asio::post(room_->io, [self = shared_from_this(), slice = std::move(slice)] { slice(); });
}

/// Only the latest counts.
void AgreementLoop::on_peers(consensus::Peers peers) {
  {
    const std::lock_guard lock(mutex_);
    const bool is_first = !new_peers_;
    new_peers_ = std::move(peers);
    if (!is_first) return;
  }
  post_weakly([](AgreementLoop& loop) { loop.take_peers(); });
}

void AgreementLoop::take_peers() {
  {
    const std::lock_guard lock(mutex_);
    peers_ = std::move(*new_peers_);
    new_peers_.reset();
  }
  if (is_stopped_) return;
  const auto self = std::ranges::find(peers_, self_, &consensus::Peer::name);
  if (self != peers_.end()) links_.set_life(self->life.id);
  links_.on_peers(peers_);
  engine_->on_peers(peers_);
  drive([this](Instant now) { agreement_.on_peers(peers_, now, effects_); });
}

void AgreementLoop::on_stream(AgreementStream stream) {
  const auto shared = std::make_shared<AgreementStream>(std::move(stream));
  post_weakly([shared](AgreementLoop& loop) {
    if (!loop.is_stopped_) loop.links_.adopt(std::move(*shared));
  });
}

/// A frozen member's thread stands still, and all that comes for it waits.
void AgreementLoop::on_faults(StreamFaults faults) {
  const bool is_frozen = faults.is_frozen && !is_closing_;
  is_frozen_ = is_frozen;
  if (is_frozen) gate_.close();
  if (is_closing_ || !is_frozen) gate_.open();
  post_weakly([faults = std::move(faults)](AgreementLoop& loop) mutable {
    loop.gate_.pass();
    if (loop.is_stopped_) return;
    loop.links_.set_faults(std::move(faults));
    loop.drive([](Instant) {});
  });
}

void AgreementLoop::prepare_to_leave(const std::function<void()>& done) {
  const auto refusal = post([this, done](Standing standing) {
    if (standing == Standing::closed) return done();
    leavers_.push_back(done);
    if (leavers_.size() > 1) return;  // under way
    engine_->prepare_to_leave([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->tell_leavers();
    });
  });
  if (refusal) done();
}

void AgreementLoop::tell_leavers() {
  for (const auto& done : std::exchange(leavers_, {})) done();
}

// --- The cycle: input, effects, calls, timer -------------------------------------------------

/// Gives the agreement one input. What it asks for is done when the turn comes, after all other
/// inputs that are here already.
template <class Input>
void AgreementLoop::drive(Input input) {
  if (is_stopped_) return;
  const Instant now = current_instant();
  note_pause(now);
  input(now);
  note_changes();
  want_turn();
}

/// A late timer means that the thread stood still, and that what came meanwhile is unread: since
/// when it did can only be said by when it last did anything.
void AgreementLoop::note_pause(Instant now) {
  const Instant before = std::exchange(awake_at_, now);
  if (armed_for_ == never || now - armed_for_ <= registry::LeaseKeeper::lateness_min) return;
  armed_for_ = now;  // noticed
  agreement_.on_paused(now - before, now);
}

void AgreementLoop::want_turn() {
  if (std::exchange(has_turn_coming_, true)) return;
  boost::asio::post(room_->io, [self = shared_from_this()] { self->take_turn(); });
}

void AgreementLoop::take_turn() {
  has_turn_coming_ = false;
  if (is_stopped_) return;
  auto effects = std::exchange(effects_, {});
  noted_ = 0;
  for (consensus::AgreementEffect& effect : effects) {
    std::visit([this](auto& one) { perform(one); }, effect);
  }
  publish(current_instant());
  arm_timer();
  if (!news_.empty()) hooks_.tell(std::exchange(news_, {}));
  // Last of all, for they are others' and may do anything.
  for (auto& call : std::exchange(calls_, {})) call();
}

void AgreementLoop::arm_timer() {
  const Instant deadline = std::min(agreement_.next_deadline(), publish_due_);
  if (armed_for_ <= deadline) return;  // firing early is harmless
  armed_for_ = deadline;
  timer_.expires_at(to_steady(deadline));  // cancels the previous wait
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    if (error) return;
    if (const auto self = weak.lock()) self->on_timer();
  });
}

void AgreementLoop::on_timer() {
  drive([this](Instant now) {
    if (now >= agreement_.next_deadline()) agreement_.on_deadline(now, effects_);
  });
  armed_for_ = never;
}

// --- Inputs ----------------------------------------------------------------------------------

void AgreementLoop::on_log(consensus::LogEvent event) {
  drive([&](Instant now) { agreement_.on_log(std::move(event), now, effects_); });
}

void AgreementLoop::send(const std::string& to, consensus::Frame frame) {
  if (!is_stopped_) links_.send(to, frame);
}

void AgreementLoop::warn(std::string message) {
  news_.push_back({EventType::protocol_warning, std::move(message), nullptr});
  want_turn();
}

void AgreementLoop::on_peer_frame(const std::string& from, consensus::Frame frame) {
  if (is_stopped_) return;
  if (const auto* const proposed = std::get_if<consensus::ProposeFrame>(&frame)) {
    if (const auto why = refusal_of(proposed->command)) {
      return links_.send(from, consensus::ProposeRefused{.token = proposed->token, .why = *why});
    }
  }
  if (!is_for_agreement(frame)) return engine_->on_frame(from, std::move(frame));
  drive([&](Instant now) { agreement_.on_frame(from, frame, now, effects_); });
}

void AgreementLoop::on_peer_unreachable(const std::string& peer) {
  if (!is_stopped_) engine_->on_unreachable(peer);
}

void AgreementLoop::on_check_failed(const registry::LeaseName& lease) {
  drive([&](Instant now) { agreement_.on_check_failed(lease, now, effects_); });
}

// --- Requests --------------------------------------------------------------------------------

void AgreementLoop::submit(registry::Join join, Duration timeout, OnResult done) {
  const consensus::RequestToken token = next_token();
  results_.emplace(token, std::move(done));
  drive([&](Instant now) {
    agreement_.submit(token, std::move(join), until(timeout, now), now, effects_);
  });
}

void AgreementLoop::submit(registry::Leave leave, Duration timeout, OnResult done) {
  const consensus::RequestToken token = next_token();
  results_.emplace(token, std::move(done));
  drive([&](Instant now) {
    agreement_.submit(token, std::move(leave), until(timeout, now), now, effects_);
  });
}

void AgreementLoop::submit_removal(std::string group, std::string id, Duration timeout,
                                   OnResult done) {
  const consensus::RequestToken token = next_token();
  results_.emplace(token, std::move(done));
  drive([&](Instant now) {
    agreement_.submit_removal(token, std::move(group), std::move(id), until(timeout, now), now,
                              effects_);
  });
}

void AgreementLoop::read(Duration timeout, OnRead done) {
  const consensus::RequestToken token = next_token();
  reads_.emplace(token, std::move(done));
  drive([&](Instant now) { agreement_.read(token, until(timeout, now), now, effects_); });
}

void AgreementLoop::heartbeat(std::string group, std::string id, Duration timeout,
                              OnHeartbeat done) {
  const consensus::RequestToken token = next_token();
  heartbeats_.emplace(token, std::move(done));
  drive([&](Instant now) {
    agreement_.heartbeat(token, std::move(group), std::move(id), until(timeout, now), now,
                         effects_);
  });
}

}  // namespace rollcall::runtime
