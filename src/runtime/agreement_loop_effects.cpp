// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>
#include <variant>

#include "runtime/agreement_loop.hpp"
#include "runtime/clock.hpp"
#include "runtime/groups_conversion.hpp"

/// What the agreement asks for, and what readers see of it.
namespace rollcall::runtime {
namespace {

/// The address of the cluster's leader, as it was agreed upon.
std::string address_of_leader(const registry::Registry& registry) {
  const registry::Member* const leader = registry.cluster().leader();
  return leader == nullptr ? std::string() : leader->spec.address;
}

bool is_same(const std::optional<ClusterLeader>& a, const std::optional<ClusterLeader>& b) {
  if (a.has_value() != b.has_value()) return false;
  return !a || (a->name == b->name && a->address == b->address);
}

std::string view_text(const View& view) {
  return "view " + std::to_string(view.number) + " (" + view.cause +
         "): " + std::to_string(view.members.size()) + " members, led by " +
         (view.leader.empty() ? "nobody" : view.leader);
}

}  // namespace

// --- What readers see ------------------------------------------------------------------------

/// Looks at changes while the registry is as it was right after each of them.
void AgreementLoop::note_changes() {
  for (; noted_ < effects_.size(); ++noted_) {
    if (const auto* const changed = std::get_if<consensus::Changed>(&effects_[noted_])) {
      for (const registry::ViewDelta& delta : changed->changes) note_change(delta);
    } else if (std::holds_alternative<consensus::Reset>(effects_[noted_])) {
      calls_.emplace_back([this] { board_.changes.call(nullptr); });
      const registry::Group& cluster = registry().cluster();
      if (cluster.number() > 0) {
        note_view(std::make_shared<const View>(to_public(cluster.view())));
      }
    }
  }
}

void AgreementLoop::note_change(const registry::ViewDelta& delta) {
  const bool is_cluster = delta.group == registry::cluster_group;
  if (!is_cluster && board_.changes.size() == 0) return;
  const std::shared_ptr<const ViewChange> change = to_public(delta, registry());
  if (is_cluster) note_view(std::shared_ptr<const View>(change, &change->view));
  if (board_.changes.size() > 0) {
    calls_.emplace_back([this, change] { board_.changes.call(change); });
  }
}

void AgreementLoop::note_view(const std::shared_ptr<const View>& view) {
  news_.push_back({EventType::view, view_text(*view), view});
  std::optional<ClusterLeader> leader;
  if (!view->leader.empty()) {
    leader = {.name = view->leader,
              .address = address_of_leader(registry()),
              .view = view->number,
              .term = view->term};
  }
  board_.set_leader(leader);
  const bool is_other = !is_same(leader_, leader);
  leader_ = leader;
  if (!is_other) return;
  news_.push_back({EventType::leader_changed,
                   leader ? leader->name + " leads the cluster" : "nobody leads the cluster",
                   leader ? view : nullptr});
  calls_.emplace_back([this, leader] { board_.leaders.call(leader); });
}

consensus::LogStatus AgreementLoop::status() const {
  consensus::LogStatus status = engine_->status();
  const std::string trouble = agreement_.trouble();
  if (!trouble.empty()) status.trouble += (status.trouble.empty() ? "" : "; ") + trouble;
  return status;
}

void AgreementLoop::publish(Instant now) {
  if (published_ != Instant{} && now - published_ < publish_interval) {
    publish_due_ = published_ + publish_interval;
    return;
  }
  published_ = now;
  publish_due_ = now + refresh_interval;
  board_.set_status(status(), now);
  publish_standing();
}

void AgreementLoop::publish_standing() {
  const LogEngine::Standing standing = engine_->standing();
  if (standing == standing_) return;
  standing_ = standing;
  hooks_.set_standing(standing);
}

// --- Effects ---------------------------------------------------------------------------------

void AgreementLoop::perform(consensus::ProposeToLog& effect) {
  if (effect.term == 0) return engine_->propose(effect.token, std::move(effect.command));
  engine_->propose_as_leader(effect.token, std::move(effect.command), effect.term);
}

void AgreementLoop::perform(consensus::ReadFromLog& effect) {
  engine_->read(effect.token);
}

void AgreementLoop::perform(consensus::SendToMember& effect) {
  links_.send(effect.to, effect.frame);
}

template <class Answer, class Result>
void AgreementLoop::answer(Waiting<Answer>& waiting, consensus::RequestToken token, Result result) {
  const auto at = waiting.find(token);
  if (at == waiting.end()) return;
  calls_.emplace_back([done = std::move(at->second), result = std::move(result)] { done(result); });
  waiting.erase(at);
}

void AgreementLoop::perform(consensus::Answered& effect) {
  answer(results_, effect.token, std::move(effect.result));
}

void AgreementLoop::perform(consensus::ReadAnswered& effect) {
  answer(reads_, effect.token, effect.result);
}

void AgreementLoop::perform(consensus::HeartbeatAnswered& effect) {
  answer(heartbeats_, effect.token, effect.result);
}

void AgreementLoop::perform(consensus::Changed&) {}  // note_changes() has seen to it

void AgreementLoop::perform(consensus::Reset&) {
  checks_.end_all();
}

/// Readers must not wait for who leads the log.
void AgreementLoop::perform(consensus::LeaderNews&) {
  published_ = Instant{};
}

void AgreementLoop::perform(consensus::BeginCheck& effect) {
  checks_.begin(effect.lease, effect.check);
}

void AgreementLoop::perform(consensus::EndCheck& effect) {
  checks_.end(effect.lease);
}

void AgreementLoop::perform(consensus::BeginNewLife&) {
  const auto self = std::ranges::find(peers_, self_, &consensus::Peer::name);
  if (self == peers_.end() || self->life.id == ended_life_) return;
  ended_life_ = self->life.id;
  AgreementNews& news = news_.emplace_back();
  news.type = EventType::protocol_warning;
  news.message =
      "this member was removed from the agreed view while it was up; it goes on as a new life";
  hooks_.begin_life(ended_life_);
}

}  // namespace rollcall::runtime
