// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
// Asking one address to let this node in, and what it answers.
#include <algorithm>
#include <utility>

#include "core/joining/joiner.hpp"

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

// --- Asking ----------------------------------------------------------------------------------

/// Why there is no use in asking there; empty when there is.
std::string Joiner::why_not(const Address& address) const {
  if (address == context_.config.advertise) return "is this member itself";
  const auto& bound = context_.config.bound;
  if (bound && !can_send(*bound, address)) return cannot_send_text(*bound, address);
  return {};
}

/// Asks the seed's next address, and plans the one after it; with none left and none under way,
/// the seed is settled, with the last reason.
void Joiner::ask_next(JoinSeed& seed) {
  seed.next_at = never;
  if (seed.settled) return;
  for (bool is_asked = false; seed.has_more() && !is_asked;) {
    AskedAddress one{.address = seed.addresses[seed.next_address]};
    if (std::string reason = why_not(one.address); !reason.empty()) {
      seed.outcome = std::move(reason);
      ++seed.next_address;
      continue;
    }
    if (!ask(one)) break;  // others are being asked; it has its turn later
    is_asked = true;
    ++seed.next_address;
    seed.asked.push_back(one);
  }
  if (seed.has_more()) seed.next_at = context_.now + address_gap;
  if (!seed.is_under_way()) seed.settled = true;
}

/// False when too many are being asked.
bool Joiner::ask(AskedAddress& asked) {
  asked.exchange = exchanges_.start(
      {.purpose = ExchangePurpose::join, .to = asked.address, .slot = std::nullopt, .life = {}},
      wire::JoinRequest{.cluster_name = context_.config.cluster,
                        .self = to_update(context_.self_record()),
                        .looked_for = asked.looked_for},
      context_.config.exchange_timeout);
  return asked.exchange.has_value();
}

void Joiner::give_up(const Place& place, std::string outcome) {
  AskedAddress& asked = place.its_address();
  asked.exchange.reset();
  asked.waits_for_claim = false;
  place.its_seed().outcome = std::move(outcome);
  ask_next(place.its_seed());
}

void Joiner::settle(JoinSeed& seed, bool joined, std::string outcome) {
  seed.settled = true;
  seed.joined = joined;
  seed.outcome = std::move(outcome);
  seed.next_at = never;
}

std::optional<Joiner::Place> Joiner::find(ExchangeId id) {
  for (JoinTry& attempt : tries_) {
    for (std::size_t i = 0; i < attempt.seeds.size(); ++i) {
      const std::vector<AskedAddress>& asked = attempt.seeds[i].asked;
      const auto found = std::ranges::find(asked, std::optional(id), &AskedAddress::exchange);
      if (found == asked.end()) continue;
      return Place{&attempt, i, static_cast<std::size_t>(found - asked.begin())};
    }
  }
  return std::nullopt;
}

void Joiner::on_failed(ExchangeId id, ExchangeError error) {
  if (const auto place = find(id)) give_up(*place, std::string(to_text(error)));
  finish_settled();
}

// --- Answers ---------------------------------------------------------------------------------

void Joiner::on_reply(ExchangeId id, const wire::Envelope& envelope,
                      const wire::StreamMessage& reply) {
  exchanges_.end(id);
  if (const auto place = find(id)) {
    place->its_address().exchange.reset();
    handle_reply(*place, envelope, reply);
  }
  finish_settled();
}

void Joiner::handle_reply(const Place& place, const wire::Envelope& envelope,
                          const wire::StreamMessage& reply) {
  if (envelope.sender == context_.self_record().life.id) {
    return give_up(place, "is this member itself");
  }
  if (const auto* answer = std::get_if<wire::JoinReply>(&reply)) {
    return handle_join_reply(place, *answer);
  }
  if (const auto* refused = std::get_if<wire::Refused>(&reply)) {
    return give_up(place, "refused: " + std::string(refused->detail.empty() ? to_text(refused->code)
                                                                            : refused->detail));
  }
  give_up(place, std::string(to_text(ExchangeError::malformed)));
}

void Joiner::handle_join_reply(const Place& place, const wire::JoinReply& reply) {
  switch (reply.status) {
    case wire::JoinStatus::welcome:
      return welcome(place, reply);
    case wire::JoinStatus::wrong_cluster:
      return give_up(place, "belongs to cluster '" + std::string(reply.cluster_name) +
                                "', not to '" + context_.config.cluster + "'");
    case wire::JoinStatus::raise_boot:
    case wire::JoinStatus::name_in_use:
      break;
  }
  if (reply.records.empty()) return give_up(place, std::string(to_text(ExchangeError::malformed)));
  if (reply.status == wire::JoinStatus::raise_boot) {
    raise_boot(place, reply.records.front());
  } else {
    look_for_rival(place, reply.records.front());
  }
}

void Joiner::welcome(const Place& place, const wire::JoinReply& reply) {
  for (const wire::Update& record : reply.records) {
    membership_.learn(record, Provenance::join);
  }
  settle(place.its_seed(), true, "joined");
  back_off_ = {};
  listener_.on_joined();
}

void Joiner::raise_boot(const Place& place, const wire::Update& known) {
  AskedAddress& asked = place.its_address();
  const bool plausible =
      known.life.boot - context_.self_record().life.boot <= Membership::boot_jump_max ||
      known.life.boot <= context_.self_record().life.boot;
  if (++asked.boot_raises > boot_raises_max || !plausible) {
    return give_up(place, "this name's earlier lives cannot be exceeded");
  }
  membership_.renew_life(known.life.boot);
  if (!ask(asked)) give_up(place, "too many exchanges at once");
}

void Joiner::look_for_rival(const Place& place, const wire::Update& rival) {
  const NameClaim::Rival claim{rival.life, rival.address};
  const bool begun = claim_.look_at(claim);
  if (!begun && claim_.rival()->life != rival.life) {
    return give_up(place, "the name is being claimed");
  }
  place.its_address().waits_for_claim = true;
  place.its_address().looked_for = rival.life.id;
}

void Joiner::on_claim_settled(const NameClaim::Rival& rival, NameClaim::Outcome outcome) {
  for (JoinTry& attempt : tries_) {
    for (std::size_t i = 0; i < attempt.seeds.size(); ++i) {
      for (std::size_t j = 0; j < attempt.seeds[i].asked.size(); ++j) {
        const AskedAddress& asked = attempt.seeds[i].asked[j];
        if (!asked.waits_for_claim || asked.looked_for != rival.life.id) continue;
        settle_claim({&attempt, i, j}, rival, outcome);
      }
    }
  }
  if (outcome == NameClaim::Outcome::rival_lives) listener_.on_name_in_use(rival.address);
  finish_settled();
}

void Joiner::settle_claim(const Place& place, const NameClaim::Rival& rival,
                          NameClaim::Outcome outcome) {
  JoinSeed& seed = place.its_seed();
  AskedAddress& asked = place.its_address();
  asked.waits_for_claim = false;
  if (outcome == NameClaim::Outcome::rival_lives) {
    place.attempt->name_in_use = true;
    seed.next_address = seed.addresses.size();
    return give_up(place, "the name '" + context_.config.name + "' is in use by the member at " +
                              to_text(rival.address));
  }
  if (context_.self_record().life.boot <= rival.life.boot) {
    membership_.renew_life(rival.life.boot);
  }
  if (!ask(asked)) give_up(place, "too many exchanges at once");
}

}  // namespace rollcall::core
