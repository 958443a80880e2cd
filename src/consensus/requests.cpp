// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "consensus/requests.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "consensus/mutants.hpp"
#include "registry/limits.hpp"
#include "registry/rules.hpp"

namespace rollcall::consensus {
namespace {

void answer(RequestToken token, std::expected<registry::Result, RequestFailure> result,
            const Moment& moment) {
  moment.effects.emplace_back(Answered{.token = token, .result = std::move(result)});
}

bool is_allowed(const registry::Join& join) {
  return !registry::problem_with_group_name(join.group) && !registry::problem_with(join.member);
}
bool is_allowed(const registry::Leave& leave) {
  return !registry::problem_with_group_name(leave.group) && !registry::problem_with_id(leave.id) &&
         (!leave.life.id.is_nobody() || leave.life.boot == 0);
}
/// These are made of what the registry holds.
bool is_allowed(const registry::Evict& evict) {
  return !evict.leases.empty();
}
bool is_allowed(const registry::ChangeCluster& change) {
  return !change.removed.empty();
}

std::optional<registry::LeaseName> removal_of(const Requests::Action& action) {
  const auto* const evict = std::get_if<registry::Evict>(&action);
  if (evict == nullptr) return std::nullopt;
  return evict->leases.front();
}

}  // namespace

Requests::Requests(const AgreementConfig& config)
    : open_max_(std::min(config.requests_open_max, registry::session_results_max)),
      waiting_max_(config.requests_waiting_max),
      first_session_(config.session),
      session_(config.session),
      proposals_(ProposalOwner::requests, config.propose_again) {
  ROLLCALL_CHECK(open_max_ >= 1 && !config.session.is_nobody());
}

void Requests::submit(RequestToken token, Action action, Instant until, const Moment& moment) {
  const bool is_good = std::visit([](const auto& one) { return is_allowed(one); }, action);
  if (!is_good) {
    registry::Result result;
    result.status = registry::Status::malformed;
    return answer(token, std::move(result), moment);
  }
  Waiting waiting{.token = token, .action = std::move(action), .until = until};
  if (waiting_.empty() && has_room(moment.registry)) return begin(std::move(waiting), moment);
  if (waiting_.size() >= waiting_max_) {
    return answer(token, std::unexpected(RequestFailure::overloaded), moment);
  }
  waiting_alarms_.set(++last_waiting_, until);
  waiting_.emplace(last_waiting_, std::move(waiting));
}

void Requests::pump(const Moment& moment) {
  while (!waiting_.empty() && has_room(moment.registry)) {
    const auto first = waiting_.begin();
    Waiting waiting = std::move(first->second);
    waiting_alarms_.remove(first->first);
    waiting_.erase(first);
    begin(std::move(waiting), moment);
  }
}

bool Requests::has_room(const registry::Registry& registry) {
  if (open_.size() >= open_max_) return false;
  const bool is_known = registry.has_session(session_);
  if (is_established_ && !is_known) begin_session();
  is_established_ = is_established_ || is_known;
  // All of a session that may not have begun say that nothing was answered yet, and so the
  // registry may come to hold the results of all of them.
  const std::uint64_t used = last_sequence_ + 1 - (is_established_ ? lowest_open() : 1);
  if (used < open_max_) return true;
  if (is_established_) return false;
  begin_session();
  return true;
}

void Requests::begin_session() {
  ++sessions_begun_;
  session_ = {hash_combine(first_session_.high, sessions_begun_),
              hash_combine(first_session_.low, sessions_begun_)};
  ROLLCALL_CHECK(!session_.is_nobody());
  last_sequence_ = 0;
  is_established_ = false;
}

void Requests::begin(Waiting waiting, const Moment& moment) {
  registry::Command command;
  command.request = {.client = session_,
                     .sequence = last_sequence_ + 1,
                     .answered_below = is_established_ ? lowest_open() : 1};
  const auto removal = removal_of(waiting.action);
  command.action = std::move(waiting.action);
  ByteVector bytes = registry::encode(command);
  if (!registry::is_small_enough(bytes)) {
    return answer(waiting.token, std::unexpected(RequestFailure::too_large), moment);
  }
  const Key key{session_, ++last_sequence_};
  open_alarms_.set(key, waiting.until);
  open_.emplace(key, Open{.token = waiting.token,
                          .proposal = proposals_.add(std::move(bytes), moment),
                          .until = waiting.until,
                          .removal = removal});
  if (is_mutant(Mutant::proposal_is_answer)) {
    registry::Result result;
    result.number = 1;
    result.granted = moment.registry.index() + 1;
    answer(open_.at(key).token, std::move(result), moment);
    take(open_.find(key));
  }
}

std::uint64_t Requests::lowest_open() const {
  const auto at = open_.lower_bound({session_, 0});
  if (at == open_.end() || at->first.first != session_) return last_sequence_ + 1;
  return at->first.second;
}

Requests::Open Requests::take(std::map<Key, Open>::iterator at) {
  Open open = std::move(at->second);
  proposals_.remove(open.proposal);
  open_alarms_.remove(at->first);
  open_.erase(at);
  return open;
}

void Requests::on_committed(const registry::RequestId& id, registry::Result result,
                            const Moment& moment) {
  const auto at = open_.find({id.client, id.sequence});
  if (at == open_.end()) return;
  const Open open = take(at);
  if (!was_asked_again(open, result, moment)) answer(open.token, std::move(result), moment);
  pump(moment);
}

/// Who joins again while an operator removes him is removed all the same.
bool Requests::was_asked_again(const Open& open, const registry::Result& result,
                               const Moment& moment) {
  if (!open.removal || result.status != registry::Status::lease_renewed) return false;
  registry::LeaseName lease = *open.removal;
  const registry::Group* const group = moment.registry.find(lease.group);
  const registry::Member* const member = group == nullptr ? nullptr : group->find(lease.id);
  if (member == nullptr || open.until <= moment.now) return false;
  lease.granted = member->granted;
  submit(open.token, registry::Evict{registry::Cause::removed, {lease}}, open.until, moment);
  return true;
}

void Requests::on_refused(const ProposalRefused& refused, const Moment& moment) {
  const auto proposal = proposals_.on_refused(refused, moment.now);
  if (!proposal || refused.why != LogRefusal::too_large) return;
  const auto at = std::ranges::find_if(
      open_, [&](const auto& entry) { return entry.second.proposal == *proposal; });
  ROLLCALL_CHECK(at != open_.end());
  const Open open = take(at);
  answer(open.token, std::unexpected(RequestFailure::too_large), moment);
  pump(moment);
}

void Requests::propose_all(const Moment& moment) {
  proposals_.propose_all(moment);
  pump(moment);
}

void Requests::on_deadline(const Moment& moment) {
  while (const auto key = open_alarms_.take_due(moment.now)) {
    const auto at = open_.find(*key);
    const bool may_be_done = proposals_.may_be_done(at->second.proposal);
    const Open open = take(at);
    const auto why = may_be_done ? RequestFailure::timeout : RequestFailure::no_leader;
    answer(open.token, std::unexpected(why), moment);
  }
  while (const auto number = waiting_alarms_.take_due(moment.now)) {
    const auto at = waiting_.find(*number);
    const RequestToken token = at->second.token;
    waiting_.erase(at);
    const auto why = moment.has_leader() ? RequestFailure::overloaded : RequestFailure::no_leader;
    answer(token, std::unexpected(why), moment);
  }
  proposals_.on_deadline(moment);
  pump(moment);
}

Instant Requests::next_deadline() const {
  return std::min({open_alarms_.next(), waiting_alarms_.next(), proposals_.next_deadline()});
}

void Requests::check_invariants() const {
  ROLLCALL_CHECK(open_.size() <= open_max_ && waiting_.size() <= waiting_max_);
  ROLLCALL_CHECK(open_.size() == proposals_.size());
  ROLLCALL_CHECK(lowest_open() <= last_sequence_ + 1);
  // Whoever waits is waited for by somebody under way.
  ROLLCALL_CHECK(waiting_.empty() || !open_.empty());
  proposals_.check_invariants();
}

}  // namespace rollcall::consensus
