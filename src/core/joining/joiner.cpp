// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/joining/joiner.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/peer_address.hpp"

namespace rollcall::core {

void Joiner::set_homes(std::vector<HostPort> seeds, std::vector<Address> saved_peers) {
  homes_ = std::move(seeds);
  if (homes_.size() > seeds_max) homes_.resize(seeds_max);
  saved_peers_ = std::move(saved_peers);
  std::erase(saved_peers_, context_.config.advertise);
}

void Joiner::remember(const std::vector<HostPort>& seeds) {
  for (const HostPort& seed : seeds) {
    if (homes_.size() >= seeds_max) return;
    if (std::ranges::find(homes_, seed) == homes_.end()) homes_.push_back(seed);
  }
}

// --- Beginning -------------------------------------------------------------------------------

void Joiner::set_goes_home() {
  goes_home_ = true;
  if (context_.config.broadcast) lan_.begin_beacon();
}

void Joiner::go_home() {
  set_goes_home();
  if (!has_homes() || find_try(JoinPurpose::home) != nullptr) return;
  next_try_ = never;
  begin({.purpose = JoinPurpose::home});
}

void Joiner::join(CommandId id, const JoinCommand& command) {
  if (command.keep_trying) {
    remember(command.seeds);
    set_goes_home();
  }
  JoinTry attempt{.purpose = JoinPurpose::command,
                  .command = id,
                  .given = command.seeds,
                  .stage = JoinStage::seeds};
  std::vector<HostPort> seeds = command.seeds;
  if (seeds.size() > seeds_max) seeds.resize(seeds_max);
  for (const HostPort& seed : seeds) add_name(attempt, seed, JoinStage::seeds);
  begin(std::move(attempt));
}

void Joiner::begin(JoinTry attempt) {
  tries_.push_back(std::move(attempt));
  for (JoinSeed& seed : tries_.back().seeds) ask_next(seed);
  finish_settled();
}

void Joiner::add_name(JoinTry& attempt, const HostPort& name, JoinStage stage) {
  JoinSeed seed{.text = peer_text(name), .stage = stage};
  if (std::ranges::find(attempt.seeds, seed.text, &JoinSeed::text) != attempt.seeds.end()) return;
  if (const auto numeric = parse_address(seed.text)) {
    seed.addresses = {*numeric};
  } else {
    seed.resolve = ResolveId{next_resolve_++};
    context_.effects->add(Resolve{*seed.resolve, name});
  }
  attempt.seeds.push_back(std::move(seed));
}

void Joiner::add_address(JoinTry& attempt, const Address& address, JoinStage stage,
                         const LifeId& life) {
  attempt.seeds.push_back(
      {.text = to_text(address), .stage = stage, .life = life, .addresses = {address}});
}

std::optional<JoinStage> Joiner::stage_after(JoinStage stage) const {
  const std::array<std::pair<JoinStage, bool>, 4> stages = {
      {{JoinStage::saved_peers, !saved_peers_.empty()},
       {JoinStage::seeds, !homes_.empty()},
       {JoinStage::hosts_file, context_.config.reads_hosts},
       {JoinStage::lan, context_.config.broadcast}}};
  for (const auto& [next, has_any] : stages) {
    if (next > stage && has_any) return next;
  }
  return std::nullopt;
}

void Joiner::enter(JoinTry& attempt, JoinStage stage) {
  attempt.stage = stage;
  ++context_.counters.join_stages.at(static_cast<std::size_t>(stage));
  attempt.stage_ends = context_.now + stage_time;
  const std::size_t first = attempt.seeds.size();
  if (stage == JoinStage::saved_peers) {
    std::vector<Address> peers = saved_peers_;
    context_.prng.shuffle(std::span(peers));
    if (peers.size() > saved_peers_max) peers.resize(saved_peers_max);
    for (const Address& peer : peers) add_address(attempt, peer, stage);
  } else if (stage == JoinStage::seeds) {
    for (const HostPort& seed : homes_) add_name(attempt, seed, stage);
  } else if (stage == JoinStage::hosts_file) {
    attempt.awaits_hosts = true;
    attempt.asked_hosts = true;
    context_.effects->add(ReadHosts{});
  } else if (stage == JoinStage::lan) {
    lan_.begin();
  }
  for (std::size_t i = first; i < attempt.seeds.size(); ++i) ask_next(attempt.seeds[i]);
}

/// Lets in, and is let in by, members of this cluster that formed beside it.
void Joiner::merge(const Address& address, const LifeId& life) {
  const auto is_of = [&](const JoinTry& attempt) {
    return std::ranges::find(attempt.seeds, life, &JoinSeed::life) != attempt.seeds.end();
  };
  const auto count = std::ranges::count(tries_, JoinPurpose::merge, &JoinTry::purpose);
  if (static_cast<std::size_t>(count) >= merges_max || std::ranges::any_of(tries_, is_of)) return;
  JoinTry attempt{.purpose = JoinPurpose::merge, .stage = JoinStage::lan};
  add_address(attempt, address, JoinStage::lan, life);
  begin(std::move(attempt));
}

// --- What comes back -------------------------------------------------------------------------

void Joiner::on_resolved(ResolveId id, std::span<const Address> addresses, ResolveError error) {
  for (JoinTry& attempt : tries_) {
    for (JoinSeed& seed : attempt.seeds) {
      if (seed.resolve != id) continue;
      seed.resolve.reset();
      const std::size_t count = std::min(addresses.size(), addresses_max);
      if (error == ResolveError::none && count > 0) {
        seed.addresses.assign(addresses.begin(),
                              addresses.begin() + static_cast<std::ptrdiff_t>(count));
        ask_next(seed);
      } else {
        settle(seed, false, error == ResolveError::failed ? "name look-up failed" : "no such host");
      }
    }
  }
  finish_settled();
}

void Joiner::on_hosts(std::span<const HostPort> hosts) {
  JoinTry* const home = find_try(JoinPurpose::home);
  if (home == nullptr || !std::exchange(home->awaits_hosts, false)) return;
  std::vector<HostPort> chosen(hosts.begin(), hosts.end());
  if (chosen.size() > seeds_max) {
    // Over several tries, all of a long list have their turn.
    context_.prng.shuffle(std::span(chosen));
    chosen.resize(seeds_max);
  }
  const std::size_t first = home->seeds.size();
  for (const HostPort& host : chosen) add_name(*home, host, JoinStage::hosts_file);
  for (std::size_t i = first; i < home->seeds.size(); ++i) ask_next(home->seeds[i]);
  finish_settled();
}

void Joiner::on_seek(const Address& from, const LifeId& seeker) {
  if (!context_.config.broadcast) return;
  // Whoever may yet find the cluster by better means is not to be found by those who look for it.
  const bool is_to_be_found = context_.phase == Phase::joined || context_.phase == Phase::alone ||
                              stage() == JoinStage::lan;
  if (is_to_be_found) lan_.on_seek(from, seeker);
}

void Joiner::on_here(const Address& from, const LifeId& life) {
  if (!lan_.wants(life)) return;
  JoinTry* const home = find_try(JoinPurpose::home);
  if (home == nullptr) return merge(from, life);
  const auto is_same = [&](const JoinSeed& seed) { return seed.life == life; };
  const auto found = std::ranges::count(home->seeds, JoinStage::lan, &JoinSeed::stage);
  if (static_cast<std::size_t>(found) >= lan_found_max) return;
  if (std::ranges::any_of(home->seeds, is_same)) return;
  add_address(*home, from, JoinStage::lan, life);
  ask_next(home->seeds.back());
  finish_settled();
}

// --- Ends of tries ---------------------------------------------------------------------------

void Joiner::finish_settled() {
  for (std::size_t i = 0; i < tries_.size();) {
    if (!advance(tries_[i])) {
      ++i;
      continue;
    }
    JoinTry done = std::move(tries_[i]);
    tries_.erase(tries_.begin() + static_cast<std::ptrdiff_t>(i));
    end_exchanges(done);
    finish(done);
  }
}

bool Joiner::advance(JoinTry& attempt) {
  while (!attempt.has_joined()) {
    const bool is_home = attempt.purpose == JoinPurpose::home && !attempt.name_in_use;
    const bool is_due = attempt.stage_ends <= context_.now;
    // Nobody says how many on the LAN will answer; all others have failed when each has.
    const bool is_over = attempt.stage == JoinStage::none || is_due ||
                         (attempt.stage != JoinStage::lan && attempt.is_settled(attempt.stage));
    const auto next = is_home && is_over ? stage_after(attempt.stage) : std::nullopt;
    if (next) {
      enter(attempt, *next);
      continue;
    }
    if (is_due || !is_home) attempt.stage_ends = never;
    const bool still_seeks = attempt.stage == JoinStage::lan && attempt.stage_ends != never;
    return attempt.is_settled() && !still_seeks;
  }
  return true;
}

void Joiner::end_exchanges(JoinTry& attempt) {
  for (JoinSeed& seed : attempt.seeds) {
    for (AskedAddress& asked : seed.asked) {
      if (asked.exchange) exchanges_.end(*asked.exchange);
      asked.exchange.reset();
    }
  }
}

std::vector<JoinAttempt> Joiner::outcomes(const JoinTry& attempt) {
  std::vector<JoinAttempt> list;
  list.reserve(attempt.seeds.size());
  for (const JoinSeed& seed : attempt.seeds) {
    list.push_back(
        {.seed = seed.text, .outcome = seed.outcome, .joined = seed.joined, .stage = seed.stage});
  }
  // Where a stage had nobody to ask, that is what became of it.
  const auto none_of = [&list](JoinStage stage) {
    return std::ranges::find(list, stage, &JoinAttempt::stage) == list.end();
  };
  if (attempt.asked_hosts && none_of(JoinStage::hosts_file)) {
    list.push_back({.seed = std::string(hosts_file_text),
                    .outcome = "names no others",
                    .stage = JoinStage::hosts_file});
  }
  if (attempt.stage == JoinStage::lan && none_of(JoinStage::lan)) {
    list.push_back(
        {.seed = "LAN", .outcome = std::string(nobody_on_lan_text), .stage = JoinStage::lan});
  }
  return list;
}

void Joiner::finish(JoinTry& attempt) {
  const bool joined = attempt.has_joined();
  if (joined) {
    remember(attempt.given);
    set_goes_home();
    lan_.end();
  }
  if (attempt.command) {
    CommandDone done{.id = *attempt.command, .result = CommandResult::done, .attempts = {}};
    if (!joined) {
      done.result = attempt.name_in_use ? CommandResult::name_in_use : CommandResult::join_failed;
    }
    done.attempts = outcomes(attempt);
    context_.effects->add(std::move(done));
  }
  if (joined) return go_on_merging(attempt);
  if (attempt.purpose == JoinPurpose::merge) return;
  if (attempt.purpose == JoinPurpose::home) {
    ++trouble_.number;
    trouble_.attempts = outcomes(attempt);
  }
  listener_.on_not_joined();
  schedule_retry();
}

/// Of those that the LAN told of, one has let this node in; the others may be of other groups.
void Joiner::go_on_merging(const JoinTry& attempt) {
  for (const JoinSeed& seed : attempt.seeds) {
    if (seed.settled || seed.life.is_nobody() || !lan_.wants(seed.life)) continue;
    merge(seed.addresses.front(), seed.life);
  }
}

void Joiner::cancel() {
  goes_home_ = false;
  next_try_ = never;
  lan_.stop();
  std::vector<JoinTry> ended = std::exchange(tries_, {});
  for (JoinTry& attempt : ended) {
    end_exchanges(attempt);
    if (!attempt.command) continue;
    context_.effects->add(
        CommandDone{.id = *attempt.command, .result = CommandResult::cancelled, .attempts = {}});
  }
}

// --- Going back ------------------------------------------------------------------------------

const JoinTry* Joiner::find_try(JoinPurpose purpose) const {
  const auto found = std::ranges::find(tries_, purpose, &JoinTry::purpose);
  return found == tries_.end() ? nullptr : &*found;
}

JoinTry* Joiner::find_try(JoinPurpose purpose) {
  return const_cast<JoinTry*>(std::as_const(*this).find_try(purpose));
}

bool Joiner::wants_in() const {
  return context_.phase == Phase::conflict || context_.others() == 0;
}

JoinStage Joiner::stage() const {
  if (const JoinTry* const home = find_try(JoinPurpose::home)) return home->stage;
  if (find_try(JoinPurpose::command) != nullptr) return JoinStage::seeds;
  return next_try_ != never && goes_home_ && wants_in() ? JoinStage::waiting : JoinStage::none;
}

void Joiner::schedule_retry() {
  if (!goes_home_ || !has_homes() || find_try(JoinPurpose::home) != nullptr) return;
  const Config& config = context_.config;
  back_off_ = std::clamp(2 * back_off_, config.join_retry_min, config.join_retry_max);
  next_try_ = context_.now + context_.prng.between(back_off_ / 2, back_off_);
}

void Joiner::go_home_later() {
  set_goes_home();
  back_off_ = context_.config.join_retry_max;
  schedule_retry();
}

void Joiner::on_deadline() {
  lan_.on_deadline();
  for (JoinTry& attempt : tries_) {
    for (JoinSeed& seed : attempt.seeds) {
      if (seed.next_at <= context_.now) ask_next(seed);
    }
  }
  if (!tries_.empty()) finish_settled();
  if (next_try_ <= context_.now) {
    next_try_ = never;
    if (goes_home_ && wants_in()) go_home();
    return;
  }
  // A member that finds itself alone goes back to where it came from.
  if (next_try_ == never && goes_home_ && context_.phase == Phase::joined &&
      context_.others() == 0) {
    schedule_retry();
  }
}

Instant Joiner::next_deadline() const {
  Instant next = std::min(next_try_, lan_.next_deadline());
  for (const JoinTry& attempt : tries_) {
    next = std::min(next, attempt.stage_ends);
    for (const JoinSeed& seed : attempt.seeds) next = std::min(next, seed.next_at);
  }
  return next;
}

}  // namespace rollcall::core
