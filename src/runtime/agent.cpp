// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "rollcall/agent.hpp"

#include <future>
#include <utility>

#include "runtime/agent_impl.hpp"
#include "runtime/checked_options.hpp"

namespace rollcall {
namespace {

/// Starts something that calls back with the result, and waits for it.
template <class Result, class Start>
Result wait_for(bool may_wait, Start start) {
  if (!may_wait) {
    return std::unexpected(Error{ErrorCode::not_allowed,
                                 "this would wait on the protocol's own thread; give a callback",
                                 {}});
  }
  const auto promise = std::make_shared<std::promise<Result>>();
  std::future<Result> future = promise->get_future();
  start([promise](Result result) { promise->set_value(std::move(result)); });
  return future.get();
}

/// Says which member it is about, and what can be done.
void explain_force_leave(Error& error, const std::string& name, bool is_self) {
  if (error.code == ErrorCode::unknown_member) {
    error.message = "no member named '" + name + "' is known; choose one of the member list";
  }
  if (error.code != ErrorCode::not_allowed) return;
  error.field = "name";
  error.message = is_self ? "'" + name + "' is this member itself; it leaves with leave"
                          : "'" + name +
                                "' is alive, and only a failed or suspected member can be forced "
                                "out; let it leave by itself, or wait until it has failed";
}

}  // namespace

std::expected<Agent, Error> Agent::create(Options options) {
  auto impl = Impl::create(std::move(options));
  if (!impl) return std::unexpected(impl.error());
  return Agent(std::move(*impl));
}

Agent::Agent(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Agent::Agent(Agent&&) noexcept = default;
Agent& Agent::operator=(Agent&&) noexcept = default;
Agent::~Agent() = default;

std::expected<JoinReport, Error> Agent::join(const std::vector<std::string>& seeds) {
  return wait_for<std::expected<JoinReport, Error>>(
      impl_->may_wait(), [&](auto done) { impl_->join(seeds, std::move(done)); });
}

void Agent::join(const std::vector<std::string>& seeds, JoinCallback done) {
  impl_->join(seeds, std::move(done));
}

void Agent::cancel_join() {
  impl_->command(core::CancelJoinCommand{}, [](const std::expected<void, Error>&) {});
}

std::expected<void, Error> Agent::leave() {
  return wait_for<std::expected<void, Error>>(impl_->may_wait(),
                                              [&](auto done) { impl_->leave(std::move(done)); });
}

void Agent::leave(DoneCallback done) {
  impl_->leave(std::move(done));
}

std::expected<void, Error> Agent::force_leave(const std::string& name) {
  return wait_for<std::expected<void, Error>>(
      impl_->may_wait(), [&](auto done) { force_leave(name, std::move(done)); });
}

void Agent::force_leave(const std::string& name, DoneCallback done) {
  const bool is_self = name == impl_->options().name;
  impl_->command(core::ForceLeaveCommand{name},
                 [name, is_self, done = std::move(done)](std::expected<void, Error> result) {
                   if (!result) explain_force_leave(result.error(), name, is_self);
                   done(std::move(result));
                 });
}

std::expected<void, Error> Agent::set_tags(const Tags& tags) {
  const auto room = runtime::tag_room(impl_->options());
  if (auto error = runtime::check_tags(tags, room)) return std::unexpected(std::move(*error));
  return wait_for<std::expected<void, Error>>(impl_->may_wait(), [&](auto done) {
    impl_->command(core::SetTagsCommand{tags}, std::move(done));
  });
}

std::expected<SettingsInForce, Error> Agent::change_settings(
    const SettingsChange& change, SettingsScope scope,
    const std::optional<SettingsVersion>& expected) {
  return wait_for<std::expected<SettingsInForce, Error>>(impl_->may_wait(), [&](auto done) {
    impl_->change_settings(change, scope, expected, std::move(done));
  });
}

void Agent::change_settings(const SettingsChange& change, SettingsScope scope,
                            const std::optional<SettingsVersion>& expected, SettingsCallback done) {
  impl_->change_settings(change, scope, expected, std::move(done));
}

std::shared_ptr<const SettingsInForce> Agent::settings() const {
  return impl_->board().settings();
}

std::expected<void, Error> Agent::set_faults(const FaultPlan& plan) {
  return wait_for<std::expected<void, Error>>(
      impl_->may_wait(), [&](auto done) { impl_->set_faults(plan, std::move(done)); });
}

void Agent::set_faults(const FaultPlan& plan, DoneCallback done) {
  impl_->set_faults(plan, std::move(done));
}

FaultsInForce Agent::faults() const {
  return impl_->faults();
}

MemberList Agent::members() const {
  return impl_->board().members();
}
Status Agent::status() const {
  return impl_->status();
}
std::expected<std::vector<Steadiness>, Error> Agent::unsteady() const {
  return wait_for<std::expected<std::vector<Steadiness>, Error>>(
      impl_->may_wait(), [&](auto done) { impl_->unsteady(std::move(done)); });
}
void Agent::unsteady(UnsteadyCallback done) const {
  impl_->unsteady(std::move(done));
}
std::string Agent::address() const {
  return impl_->options().advertise;
}
const Options& Agent::options() const {
  return impl_->options();
}

Subscription Agent::subscribe(std::function<void(const Event&)> callback) {
  return impl_->dispatcher().subscribe(std::move(callback));
}

EventBatch Agent::events_since(std::uint64_t since, std::size_t max) const {
  return impl_->board().events().since(since, max);
}

Subscription Agent::on_new_events(std::function<void()> wake) {
  return impl_->board().events().on_append(std::move(wake));
}

Groups* Agent::groups() const {
  return impl_->groups();
}

void Agent::close() {
  impl_->close();
}

}  // namespace rollcall
