// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0

/// What an Agreement does with the words of the log below it.
#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "consensus/agreement_state.hpp"
#include "consensus/mutants.hpp"

namespace rollcall::consensus {

void Agreement::State::on(Committed& committed, AgreementEffects& effects) {
  if (!trouble_.empty() || committed.index <= applied_) return;
  if (committed.term < registry_.term() || committed.index <= registry_.index()) {
    return stop("Entry " + std::to_string(committed.index) +
                    " of the log contradicts those before it: this agent has stopped following. "
                    "Restart it.",
                effects);
  }
  auto applied = registry_.apply(
      {.term = committed.term, .index = committed.index, .command = committed.command});
  if (!applied) {
    return stop("Entry " + std::to_string(committed.index) +
                    " of the log is of a later version of rollcall: this agent has stopped "
                    "following. Update it.",
                effects);
  }
  applied_ = committed.index;
  const Moment moment = at(effects);
  const bool is_view = std::ranges::any_of(
      applied->changes, [](const auto& delta) { return delta.group == registry::cluster_group; });
  evictions_.on_applied(*applied, moment);
  checks_.on_applied(*applied, moment);
  if (is_view) on_cluster_view(moment);
  const auto request = registry::peek_request(committed.command);
  if (request && request->client.is_nobody()) {
    evictions_.on_committed(committed.command);
    keeper_.on_committed(committed.command, picture_, moment);
  }
  if (!applied->changes.empty()) effects.emplace_back(Changed{std::move(applied->changes)});
  if (is_view) tell_first_view(moment);
  if (request) requests_.on_committed(*request, std::move(applied->result), moment);
}

void Agreement::State::on(Restored& restored, AgreementEffects& effects) {
  if (!trouble_.empty() || restored.index <= applied_) return;
  auto next = registry::Registry::restore(restored.snapshot, cluster_);
  if (!next) {
    return stop("A snapshot of the log up to entry " + std::to_string(restored.index) + " is " +
                    std::string(to_text(next.error())) +
                    ": this agent has stopped following. Update it, or let it join the cluster "
                    "that its data directory is of.",
                effects);
  }
  if (next->index() > restored.index || next->term() < registry_.term()) {
    return stop("A snapshot of the log up to entry " + std::to_string(restored.index) +
                    " contradicts what the log said before: this agent has stopped following. "
                    "Restart it.",
                effects);
  }
  registry_ = std::move(*next);
  applied_ = restored.index;
  if (!is_mutant(Mutant::reset_not_told)) effects.emplace_back(Reset{});
  const Moment moment = at(effects);
  if (leads()) evictions_.on_leading(moment);
  checks_.on_reset(moment);
  on_cluster_view(moment);
  tell_first_view(moment);
  requests_.propose_all(moment);
}

/// Nothing may be decided upon a registry that is behind.
void Agreement::State::stop(std::string why, AgreementEffects& effects) {
  trouble_ = std::move(why);
  end_duties();
  heartbeats_.on_leadership(evictions_.keeper(), at(effects));
}

void Agreement::State::on(const ReadReady& ready, AgreementEffects& effects) {
  if (!trouble_.empty()) {
    return on(ReadFailed{.token = ready.token, .why = LogRefusal::no_leader}, effects);
  }
  if (owner_of(ready.token) == ReadOwner::reads) {
    reads_.on_ready(ready.token, at(effects));
  } else {
    heartbeats_.on_ready(ready.token, at(effects));
  }
}

void Agreement::State::on(const ReadFailed& failed, AgreementEffects& effects) {
  if (owner_of(failed.token) == ReadOwner::reads) {
    reads_.on_failed(failed.token, at(effects));
  } else {
    heartbeats_.on_failed(failed.token, failed.why, at(effects));
  }
}

void Agreement::State::on(const ProposalRefused& refused, AgreementEffects& effects) {
  const Moment moment = at(effects);
  switch (owner_of(refused.token)) {
    case ProposalOwner::requests:
      return requests_.on_refused(refused, moment);
    case ProposalOwner::evictions:
      return evictions_.on_refused(refused, moment);
    case ProposalOwner::cluster:
      return keeper_.on_refused(refused, moment);
  }
}

void Agreement::State::on(Leadership& next, AgreementEffects& effects) {
  const bool is_same = next.is_leading == leadership_.is_leading && next.term == leadership_.term &&
                       next.leader == leadership_.leader;
  if (is_same) return;
  const bool is_new_leader =
      !next.leader.empty() && (next.leader != leadership_.leader || next.term != leadership_.term);
  leadership_ = std::move(next);
  effects.emplace_back(LeaderNews{leadership_});
  const Moment moment = at(effects);
  end_duties();
  if (leads()) begin_duties(moment);
  heartbeats_.on_leadership(evictions_.keeper(), moment);
  if (is_new_leader) {
    requests_.propose_all(moment);
    reads_.ask_all(moment);
  }
  if ((is_new_leader || leads()) && reports_.on_leader(now_)) send_report(moment);
}

void Agreement::State::begin_duties(const Moment& moment) {
  evictions_.on_leading(moment);
  keeper_.on_leading(picture_, moment);
}

void Agreement::State::end_duties() {
  evictions_.on_following();
  keeper_.on_following();
}

void Agreement::State::on_cluster_view(const Moment& moment) {
  keeper_.on_view(moment);
  picture_.set_view(registry_.cluster(), now_);
  on_picture(moment);
}

void Agreement::State::tell_first_view(const Moment& moment) {
  if (has_first_view_ || registry_.cluster().number() == 0) return;
  has_first_view_ = true;
  moment.effects.emplace_back(LeaderNews{leadership_});
}

}  // namespace rollcall::consensus
