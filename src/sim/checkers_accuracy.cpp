// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/checkers_accuracy.hpp"

#include <algorithm>

#include "sim/checkers.hpp"
#include "sim/checkers_words.hpp"

namespace rollcall::sim {

void AccuracyChecker::on_event(const Observation& observation) {
  if (observation.event.kind != core::EventKind::member_failed) return;
  first_said_.try_emplace({observation.event.life.id, observation.event.by}, observation.time);
  const auto target = world_.host_of(observation.event.life.id);
  if (!target || has_gone_out(world_.node(*target))) return;  // that life is over indeed
  failed_living_.insert(observation.event.life.id);
  if (is_over_by_own_word(*target, observation)) return;
  if (is_excused_by_trouble(*target, observation)) return;
  if (!is_reachable(*target, observation.observer.host)) return;
  if (!is_trusted(observation.event.by, *target)) return;
  if (is_excused_by_a_cut(*target, observation)) return;
  falsely_failed_.insert(observation.event.life.id);
  violations_.add(observer_text(observation) + ": it runs, can be reached and was not paused");
}

/// To stand aside is a verdict of its own, but not where others have passed one: that life is over
/// either way. Nor is it one to find that a member which has stood aside is silent.
bool AccuracyChecker::is_over_by_own_word(HostId target, const Observation& observation) const {
  if (world_.node(target).phase() != core::Phase::aside) return false;
  const std::string& own = world_.name(target);
  if (observation.event.by != own) return true;
  const LifeId& life = observation.event.life.id;
  for (auto said = first_said_.lower_bound({life, {}}); said != first_said_.end(); ++said) {
    const auto& [of, by] = said->first;
    if (of != life) return false;
    if (by != own) return true;
  }
  return false;
}

bool AccuracyChecker::is_excused_by_trouble(HostId target, const Observation& observation) const {
  const auto sound_since = world_.sound_since(target);
  const bool is_sound = sound_since && observation.time - *sound_since >= grace_;
  if (is_sound) return false;
  const core::Config& config = world_.node(observation.observer.host).config();
  const bool has_budget = config.profile == core::Profile::rollcall && config.suspicion_enabled;
  if (!has_budget || troubles_ == nullptr) return true;
  const auto spell = troubles_->last_trouble(target);
  if (!spell) return false;  // its process is new, and was never in trouble
  const Duration budget =
      config.suspicion_time == Duration::zero() ? core::suspicion_time_auto : config.suspicion_time;
  return spell->ended.value_or(observation.time) - spell->began >= budget - budget_slack;
}

/// Whoever was apart from the target may pass a verdict on it until grace after they met. Others
/// believe that as long as it is news.
bool AccuracyChecker::is_excused_by_a_cut(HostId target, const Observation& observation) const {
  const auto is_recent = [&](Instant moment) {
    return moment != Instant{} && observation.time - moment < grace_;
  };
  if (troubles_ == nullptr) return is_recent(world_.healed_at());
  if (is_recent(troubles_->last_apart(target, observation.observer.host))) return true;
  const core::Publish& event = observation.event;
  if (observation.time - first_said_.at({event.life.id, event.by}) > news_time) {
    return order_ != nullptr && !order_->has_met(observation.observer, event);
  }
  const auto accuser = running(observation.event.by);
  return is_recent(accuser ? troubles_->last_apart(target, *accuser)
                           : troubles_->last_apart_from_any(target));
}

bool AccuracyChecker::is_reachable(HostId target, HostId observer) const {
  if (!world_.share_group(observer, target)) return false;
  std::size_t peers = 0;
  std::size_t connected = 0;
  for (const HostId peer : world_.hosts()) {
    const bool is_peer =
        peer != target && world_.sound_since(peer) && world_.share_group(observer, peer);
    if (!is_peer) continue;
    ++peers;
    if (world_.are_connected(peer, target)) ++connected;
  }
  return 2 * connected > peers;
}

bool AccuracyChecker::is_trusted(const std::string& accuser, HostId target) const {
  const auto host = running(accuser);
  return !host || (world_.are_connected(*host, target) && is_reachable(*host, target));
}

std::optional<HostId> AccuracyChecker::running(const std::string& name) const {
  for (const HostId host : world_.hosts()) {
    if (world_.is_running(host) && world_.name(host) == name) return host;
  }
  return std::nullopt;
}

}  // namespace rollcall::sim
