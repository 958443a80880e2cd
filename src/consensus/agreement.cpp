// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "consensus/agreement.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "consensus/agreement_state.hpp"

namespace rollcall::consensus {
namespace {

registry::Result refusal(registry::Status status, std::uint64_t number = 0) {
  registry::Result result;
  result.status = status;
  result.number = number;
  return result;
}

}  // namespace

std::string_view to_text(RequestFailure failure) {
  switch (failure) {
    case RequestFailure::no_leader:
      return "no-leader";
    case RequestFailure::timeout:
      return "timeout";
    case RequestFailure::overloaded:
      return "overloaded";
    case RequestFailure::too_large:
      return "too-large";
  }
  ROLLCALL_CHECK(false);
}

Agreement::State::State(const AgreementConfig& config, Instant now)
    : self_(config.self),
      cluster_(config.cluster),
      now_(now),
      registry_(config.cluster),
      requests_(config),
      reads_(config),
      heartbeats_(config),
      evictions_(config),
      picture_(config.self, config.absent_after),
      reports_(config),
      keeper_(config),
      checks_(config.self) {
  ROLLCALL_CHECK(config.observers >= 1 && config.report_interval > Duration::zero());
  ROLLCALL_CHECK(config.report_interval < config.cut.report_lifetime);
  ROLLCALL_CHECK(config.propose_again > Duration::zero());
}

void Agreement::State::set_now(Instant now) {
  ROLLCALL_CHECK(now >= now_);
  now_ = now;
}

void Agreement::State::on_peers(const Peers& peers, AgreementEffects& effects) {
  picture_.set_peers(peers, now_);
  on_picture(at(effects));
}

void Agreement::State::on_picture(const Moment& moment) {
  if (reports_.on_picture(picture_, now_)) send_report(moment);
  keeper_.on_picture(picture_, moment);
  tell_if_removed(moment);
}

void Agreement::State::send_report(const Moment& moment) {
  if (leads()) return keeper_.on_report(self_, reports_.report(), picture_, moment);
  if (!moment.has_leader() || leadership_.leader == self_) return;
  moment.effects.emplace_back(SendToMember{.to = leadership_.leader, .frame = reports_.report()});
}

void Agreement::State::tell_if_removed(const Moment& moment) {
  const Life* const life = picture_.own_life();
  if (life == nullptr || told_ == *life || !registry_.is_removed(self_, *life)) return;
  told_ = *life;
  moment.effects.emplace_back(BeginNewLife{});
}

void Agreement::State::on_frame(const std::string& from, const Frame& frame,
                                AgreementEffects& effects) {
  const Moment moment = at(effects);
  if (const auto* const renew = std::get_if<Renew>(&frame)) {
    heartbeats_.on_renew(from, *renew, evictions_.keeper(), moment);
  } else if (const auto* const reply = std::get_if<RenewReply>(&frame)) {
    heartbeats_.on_reply(*reply, moment);
  } else if (const auto* const report = std::get_if<CutReport>(&frame)) {
    keeper_.on_report(from, *report, picture_, moment);
  } else if (const auto* const failed = std::get_if<CheckFailed>(&frame)) {
    if (is_failed_check(from, failed->lease)) evictions_.on_check_failed(failed->lease, moment);
  }
}

/// Only the responsible member's verdict counts, and only upon the lease that is there.
bool Agreement::State::is_failed_check(const std::string& from,
                                       const registry::LeaseName& lease) const {
  const registry::Group* const group = registry_.find(lease.group);
  const registry::Member* const member = group == nullptr ? nullptr : group->find(lease.id);
  return member != nullptr && lease.group != registry::cluster_group &&
         member->granted == lease.granted && member->spec.check.kind != registry::CheckKind::none &&
         registry_.responsible(lease.group, lease.id) == from;
}

void Agreement::State::on_check_failed(const registry::LeaseName& lease,
                                       AgreementEffects& effects) {
  if (!checks_.is_mine(lease)) return;
  const Moment moment = at(effects);
  if (leads()) return evictions_.on_check_failed(lease, moment);
  if (!moment.has_leader() || leadership_.leader == self_) return;
  effects.emplace_back(
      SendToMember{.to = leadership_.leader, .frame = CheckFailed{.lease = lease}});
}

void Agreement::State::submit(RequestToken token, Requests::Action action, Instant until,
                              AgreementEffects& effects) {
  requests_.submit(token, std::move(action), until, at(effects));
}

void Agreement::State::submit_removal(RequestToken token, std::string group, std::string id,
                                      Instant until, AgreementEffects& effects) {
  const registry::Group* const found = registry_.find(group);
  const registry::Member* const member = found == nullptr ? nullptr : found->find(id);
  if (member == nullptr) {
    const auto status =
        found == nullptr ? registry::Status::no_such_group : registry::Status::no_such_member;
    const std::uint64_t number = found == nullptr ? 0 : found->number();
    effects.emplace_back(Answered{.token = token, .result = refusal(status, number)});
    return;
  }
  if (group != registry::cluster_group) {
    registry::Evict evict{registry::Cause::removed, {{group, id, member->granted}}};
    return submit(token, std::move(evict), until, effects);
  }
  registry::ChangeCluster change;
  change.removed.push_back({id, member->spec.life, registry::Cause::removed});
  submit(token, std::move(change), until, effects);
}

void Agreement::State::read(RequestToken token, Instant until, AgreementEffects& effects) {
  reads_.read(token, until, at(effects));
}

void Agreement::State::heartbeat(RequestToken token, std::string group, std::string id,
                                 Instant until, AgreementEffects& effects) {
  heartbeats_.heartbeat(token, std::move(group), std::move(id), until, evictions_.keeper(),
                        at(effects));
}

void Agreement::State::on_deadline(AgreementEffects& effects) {
  const Moment moment = at(effects);
  requests_.on_deadline(moment);
  reads_.on_deadline(moment);
  heartbeats_.on_deadline(evictions_.keeper(), moment);
  evictions_.on_deadline(moment);
  if (picture_.next_deadline() <= now_) {
    picture_.on_deadline(now_);
    on_picture(moment);
  }
  if (reports_.on_deadline(now_)) send_report(moment);
  keeper_.on_deadline(picture_, moment);
}

Instant Agreement::State::next_deadline() const {
  return std::min({requests_.next_deadline(), reads_.next_deadline(), heartbeats_.next_deadline(),
                   evictions_.next_deadline(), picture_.next_deadline(), reports_.next_deadline(),
                   keeper_.next_deadline()});
}

std::string Agreement::State::trouble() const {
  std::string all = trouble_;
  for (const std::string& one : {picture_.trouble(), keeper_.trouble()}) {
    if (!all.empty() && !one.empty()) all += ' ';
    all += one;
  }
  return all;
}

void Agreement::State::check_invariants() const {
  registry_.check_invariants();
  ROLLCALL_CHECK(registry_.index() <= applied_);
  ROLLCALL_CHECK(evictions_.next_deadline() == never || leads());
  requests_.check_invariants();
  reads_.check_invariants();
  heartbeats_.check_invariants();
  evictions_.check_invariants();
  picture_.check_invariants();
  keeper_.check_invariants();
  checks_.check_invariants(registry_);
}

Agreement::Agreement(const AgreementConfig& config, Instant now)
    : state_(std::make_unique<State>(config, now)) {}
Agreement::~Agreement() = default;
Agreement::Agreement(Agreement&&) noexcept = default;
Agreement& Agreement::operator=(Agreement&&) noexcept = default;

void Agreement::on_log(LogEvent event, Instant now, AgreementEffects& effects) {
  state_->set_now(now);
  std::visit([&](auto& one) { state_->on(one, effects); }, event);
}
void Agreement::on_peers(const Peers& peers, Instant now, AgreementEffects& effects) {
  state_->set_now(now);
  state_->on_peers(peers, effects);
}
void Agreement::on_frame(const std::string& from, const Frame& frame, Instant now,
                         AgreementEffects& effects) {
  state_->set_now(now);
  state_->on_frame(from, frame, effects);
}
void Agreement::on_check_failed(const registry::LeaseName& lease, Instant now,
                                AgreementEffects& effects) {
  state_->set_now(now);
  state_->on_check_failed(lease, effects);
}
void Agreement::on_paused(Duration pause, Instant now) {
  state_->set_now(now);
  state_->on_paused(pause);
}

void Agreement::submit(RequestToken token, registry::Join join, Instant until, Instant now,
                       AgreementEffects& effects) {
  state_->set_now(now);
  state_->submit(token, std::move(join), until, effects);
}
void Agreement::submit(RequestToken token, registry::Leave leave, Instant until, Instant now,
                       AgreementEffects& effects) {
  state_->set_now(now);
  state_->submit(token, std::move(leave), until, effects);
}
void Agreement::submit_removal(RequestToken token, std::string group, std::string id, Instant until,
                               Instant now, AgreementEffects& effects) {
  state_->set_now(now);
  state_->submit_removal(token, std::move(group), std::move(id), until, effects);
}
void Agreement::read(RequestToken token, Instant until, Instant now, AgreementEffects& effects) {
  state_->set_now(now);
  state_->read(token, until, effects);
}
void Agreement::heartbeat(RequestToken token, std::string group, std::string id, Instant until,
                          Instant now, AgreementEffects& effects) {
  state_->set_now(now);
  state_->heartbeat(token, std::move(group), std::move(id), until, effects);
}

void Agreement::on_deadline(Instant now, AgreementEffects& effects) {
  state_->set_now(now);
  state_->on_deadline(effects);
}
Instant Agreement::next_deadline() const {
  return state_->next_deadline();
}
const registry::Registry& Agreement::registry() const {
  return state_->registry();
}
const Leadership& Agreement::leadership() const {
  return state_->leadership();
}
bool Agreement::is_current(const ProposeToLog& proposal) const {
  return proposal.term == 0 || (leadership().is_leading && leadership().term == proposal.term);
}
std::string Agreement::trouble() const {
  return state_->trouble();
}
void Agreement::check_invariants() const {
  state_->check_invariants();
}

}  // namespace rollcall::consensus
