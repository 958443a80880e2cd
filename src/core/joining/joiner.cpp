// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/joining/joiner.hpp"

#include <algorithm>
#include <utility>

namespace rollcall::core {
namespace {

/// Whether sockets bound there can send datagrams to the address: only a socket bound to all
/// addresses of both kinds reaches both kinds.
bool can_send(const Address& bound, const Address& to) {
  const bool is_dual = bound.is_unspecified() && !bound.is_v4();
  return is_dual || bound.is_v4() == to.is_v4();
}

std::string cannot_send_text(const Address& bound, const Address& to) {
  return "this member is bound to " + to_text(bound) + " and cannot send to " + to_text(to) +
         "; bind it to [::]:" + std::to_string(bound.port) + ", or name an " +
         (bound.is_v4() ? "IPv4" : "IPv6") + " address of that member";
}

}  // namespace

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

// --- Trying ----------------------------------------------------------------------------------

void Joiner::go_home() {
  goes_home_ = true;
  if (!has_homes() || is_trying_home()) return;
  next_try_ = never;
  std::vector<Address> peers = saved_peers_;
  context_.prng.shuffle(std::span(peers));
  if (peers.size() > saved_peers_max) peers.resize(saved_peers_max);
  begin(Attempt{}, homes_, peers);
}

void Joiner::join(CommandId id, const JoinCommand& command) {
  if (command.keep_trying) {
    remember(command.seeds);
    goes_home_ = true;
  }
  Attempt attempt;
  attempt.command = id;
  attempt.given = command.seeds;
  std::vector<HostPort> seeds = command.seeds;
  if (seeds.size() > seeds_max) seeds.resize(seeds_max);
  begin(std::move(attempt), seeds, {});
}

void Joiner::begin(Attempt attempt, const std::vector<HostPort>& seeds,
                   const std::vector<Address>& peers) {
  attempt.number = next_attempt_++;
  for (const HostPort& host_port : seeds) {
    Seed seed{.text = to_text(host_port)};
    if (const auto numeric = parse_address(seed.text)) {
      seed.addresses = {*numeric};
    } else {
      seed.resolve = ResolveId{next_resolve_++};
      context_.effects->add(Resolve{seed.resolve, host_port});
    }
    attempt.seeds.push_back(std::move(seed));
  }
  for (const Address& peer : peers) {
    attempt.seeds.push_back({.text = to_text(peer), .addresses = {peer}});
  }
  attempts_.push_back(std::move(attempt));
  for (Seed& seed : attempts_.back().seeds) {
    if (!seed.addresses.empty()) try_next_address(seed, {});
  }
  finish_settled();
}

void Joiner::try_next_address(Seed& seed, const std::string& why_not_the_last) {
  std::string outcome = why_not_the_last;
  while (seed.next_address < std::min(seed.addresses.size(), addresses_max)) {
    const Address& address = seed.addresses[seed.next_address++];
    if (address == context_.config.advertise) {
      outcome = "is this member itself";
      continue;
    }
    if (context_.config.bound && !can_send(*context_.config.bound, address)) {
      outcome = cannot_send_text(*context_.config.bound, address);
      continue;
    }
    seed.exchange = exchanges_.start(
        {.purpose = ExchangePurpose::join, .to = address, .slot = std::nullopt, .life = {}},
        wire::JoinRequest{.cluster_name = context_.config.cluster,
                          .self = to_update(context_.self_record()),
                          .looked_for = seed.looked_for},
        context_.config.exchange_timeout);
    if (seed.exchange) return;
    outcome = "too many exchanges at once";
  }
  settle(seed, false, outcome);
}

void Joiner::settle(Seed& seed, bool joined, std::string outcome) {
  seed.settled = true;
  seed.joined = joined;
  seed.outcome = std::move(outcome);
}

Joiner::Seed* Joiner::find(ExchangeId id) {
  for (Attempt& attempt : attempts_) {
    for (Seed& seed : attempt.seeds) {
      if (seed.exchange == id) return &seed;
    }
  }
  return nullptr;
}

void Joiner::on_resolved(ResolveId id, std::span<const Address> addresses, ResolveError error) {
  for (Attempt& attempt : attempts_) {
    for (Seed& seed : attempt.seeds) {
      if (seed.resolve != id || seed.settled) continue;
      seed.addresses.assign(addresses.begin(), addresses.end());
      if (error == ResolveError::none && !seed.addresses.empty()) {
        try_next_address(seed, {});
      } else {
        settle(seed, false, error == ResolveError::failed ? "name look-up failed" : "no such host");
      }
    }
  }
  finish_settled();
}

void Joiner::on_failed(ExchangeId id, ExchangeError error) {
  if (Seed* seed = find(id)) {
    seed->exchange.reset();
    try_next_address(*seed, std::string(to_text(error)));
  }
  finish_settled();
}

// --- Answers ---------------------------------------------------------------------------------

void Joiner::on_reply(ExchangeId id, const wire::Envelope& envelope,
                      const wire::StreamMessage& reply) {
  exchanges_.end(id);
  if (Seed* seed = find(id)) {
    seed->exchange.reset();
    handle_reply(*seed, envelope, reply);
  }
  finish_settled();
}

void Joiner::handle_reply(Seed& seed, const wire::Envelope& envelope,
                          const wire::StreamMessage& reply) {
  if (envelope.sender == context_.self_record().life.id) {
    return settle(seed, false, "is this member itself");
  }
  if (const auto* answer = std::get_if<wire::JoinReply>(&reply)) {
    return handle_join_reply(seed, envelope, *answer);
  }
  if (const auto* refused = std::get_if<wire::Refused>(&reply)) {
    return try_next_address(
        seed, "refused: " +
                  std::string(refused->detail.empty() ? to_text(refused->code) : refused->detail));
  }
  try_next_address(seed, std::string(to_text(ExchangeError::malformed)));
}

void Joiner::handle_join_reply(Seed& seed, const wire::Envelope& envelope,
                               const wire::JoinReply& reply) {
  switch (reply.status) {
    case wire::JoinStatus::welcome:
      return welcome(seed, envelope, reply);
    case wire::JoinStatus::wrong_cluster:
      return try_next_address(seed, "belongs to cluster '" + std::string(reply.cluster_name) +
                                        "', not to '" + context_.config.cluster + "'");
    case wire::JoinStatus::raise_boot:
    case wire::JoinStatus::name_in_use:
      break;
  }
  if (reply.records.empty()) {
    return try_next_address(seed, std::string(to_text(ExchangeError::malformed)));
  }
  if (reply.status == wire::JoinStatus::raise_boot) {
    raise_boot(seed, reply.records.front());
  } else {
    look_for_rival(seed, reply.records.front());
  }
}

void Joiner::welcome(Seed& seed, const wire::Envelope&, const wire::JoinReply& reply) {
  for (const wire::Update& record : reply.records) {
    membership_.learn(record, Provenance::join);
  }
  settle(seed, true, "joined");
  back_off_ = {};
  listener_.on_joined();
}

void Joiner::raise_boot(Seed& seed, const wire::Update& known) {
  const bool plausible =
      known.life.boot - context_.self_record().life.boot <= Membership::boot_jump_max ||
      known.life.boot <= context_.self_record().life.boot;
  if (++seed.boot_raises > boot_raises_max || !plausible) {
    return try_next_address(seed, "this name's earlier lives cannot be exceeded");
  }
  membership_.renew_life(known.life.boot);
  --seed.next_address;
  try_next_address(seed, {});
}

void Joiner::look_for_rival(Seed& seed, const wire::Update& rival) {
  const NameClaim::Rival claim{rival.life, rival.address};
  const bool begun = claim_.look_at(claim);
  if (!begun && claim_.rival()->life != rival.life) {
    return try_next_address(seed, "the name is being claimed");
  }
  seed.waits_for_claim = true;
  seed.looked_for = rival.life.id;
}

void Joiner::on_claim_settled(const NameClaim::Rival& rival, NameClaim::Outcome outcome) {
  for (Attempt& attempt : attempts_) {
    for (Seed& seed : attempt.seeds) {
      if (!seed.waits_for_claim || seed.looked_for != rival.life.id) continue;
      seed.waits_for_claim = false;
      if (outcome == NameClaim::Outcome::rival_lives) {
        attempt.name_in_use = true;
        settle(seed, false,
               "the name '" + context_.config.name + "' is in use by the member at " +
                   to_text(rival.address));
        continue;
      }
      if (context_.self_record().life.boot <= rival.life.boot) {
        membership_.renew_life(rival.life.boot);
      }
      --seed.next_address;
      try_next_address(seed, {});
    }
  }
  if (outcome == NameClaim::Outcome::rival_lives) listener_.on_name_in_use(rival.address);
  finish_settled();
}

// --- Ends of attempts ------------------------------------------------------------------------

void Joiner::finish_settled() {
  for (std::size_t i = 0; i < attempts_.size();) {
    const auto& seeds = attempts_[i].seeds;
    const bool any_joined = std::ranges::any_of(seeds, &Seed::joined);
    if (!any_joined && !std::ranges::all_of(seeds, &Seed::settled)) {
      ++i;
      continue;
    }
    Attempt done = std::move(attempts_[i]);
    attempts_.erase(attempts_.begin() + static_cast<std::ptrdiff_t>(i));
    end_exchanges(done);
    finish(done);
  }
}

void Joiner::end_exchanges(Attempt& attempt) {
  for (Seed& seed : attempt.seeds) {
    if (seed.exchange) exchanges_.end(*seed.exchange);
    seed.exchange.reset();
  }
}

std::vector<JoinAttempt> Joiner::outcomes(const Attempt& attempt) {
  std::vector<JoinAttempt> list;
  for (const Seed& seed : attempt.seeds) {
    list.push_back({.seed = seed.text, .outcome = seed.outcome, .joined = seed.joined});
  }
  return list;
}

void Joiner::finish(Attempt& attempt) {
  const bool joined = std::ranges::any_of(attempt.seeds, &Seed::joined);
  if (joined) remember(attempt.given);
  if (joined) goes_home_ = true;
  if (attempt.command) {
    CommandDone done{.id = *attempt.command, .result = CommandResult::done, .attempts = {}};
    if (!joined) {
      done.result = attempt.name_in_use ? CommandResult::name_in_use : CommandResult::join_failed;
    }
    done.attempts = outcomes(attempt);
    context_.effects->add(std::move(done));
  }
  if (joined) return;
  if (!attempt.command) {
    ++trouble_.number;
    trouble_.attempts = outcomes(attempt);
  }
  listener_.on_not_joined();
  schedule_retry();
}

void Joiner::cancel() {
  goes_home_ = false;
  next_try_ = never;
  std::vector<Attempt> ended = std::exchange(attempts_, {});
  for (Attempt& attempt : ended) {
    end_exchanges(attempt);
    if (!attempt.command) continue;
    context_.effects->add(
        CommandDone{.id = *attempt.command, .result = CommandResult::cancelled, .attempts = {}});
  }
}

// --- Going back ------------------------------------------------------------------------------

bool Joiner::is_trying_home() const {
  return std::ranges::any_of(attempts_,
                             [](const Attempt& attempt) { return !attempt.command.has_value(); });
}

void Joiner::schedule_retry() {
  if (!goes_home_ || !has_homes() || is_trying_home()) return;
  const Config& config = context_.config;
  back_off_ = std::clamp(2 * back_off_, config.join_retry_min, config.join_retry_max);
  next_try_ = context_.now + context_.prng.between(back_off_ / 2, back_off_);
}

void Joiner::go_home_later() {
  goes_home_ = true;
  back_off_ = context_.config.join_retry_max;
  schedule_retry();
}

void Joiner::on_deadline() {
  if (next_try_ <= context_.now) {
    next_try_ = never;
    const bool wants_in = context_.phase == Phase::conflict || context_.others() == 0;
    if (goes_home_ && wants_in) go_home();
    return;
  }
  // A member that finds itself alone goes back to where it came from.
  if (next_try_ == never && goes_home_ && context_.phase == Phase::joined &&
      context_.others() == 0) {
    schedule_retry();
  }
}

Instant Joiner::next_deadline() const {
  return next_try_;
}

}  // namespace rollcall::core
