// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/agreement/clients.hpp"

#include <algorithm>
#include <utility>

namespace rollcall::sim::agreement {

using consensus::RequestFailure;
using registry::Status;
using std::chrono::milliseconds;

namespace {

/// A client that hears nothing goes on after this.
constexpr Duration patience = milliseconds(2000);

registry::Check check_of_client() {
  return {.kind = registry::CheckKind::tcp,
          .target = "10.0.0.1:80",
          .interval = milliseconds(200),
          .timeout = milliseconds(100),
          .misses = 2};
}

}  // namespace

Clients::Clients(AgreementWorld& world, Checkers& checkers, const ClientOptions& options)
    : world_(world),
      checkers_(checkers),
      prng_(options.seed),
      options_(options) {
  for (std::size_t number = 0; number < options.clients; ++number) {
    Client client;
    client.group = "g" + std::to_string(number % options.groups);
    client.spec.id = "c" + std::to_string(number);
    client.spec.address = "10.0.0.1:1";
    // Of four, two have a lease, one a check, and one neither.
    if (number % 4 < 2) client.spec.ttl = prng_.between(milliseconds(600), milliseconds(2500));
    if (number % 4 == 2) client.spec.check = check_of_client();
    if (prng_.chance(0.5)) client.spec.life = {.boot = 1, .id = prng_.life_id()};
    client.favourite = prng_.below(world.size());
    clients_.push_back(client);
  }
}

void Clients::begin() {
  for (std::size_t number = 0; number < clients_.size(); ++number) {
    think(number, clients_[number].operation, prng_.between(Duration::zero(), options_.think_max));
  }
  fail_checks();
}

void Clients::think(std::size_t number, std::uint64_t operation, Duration time) {
  world_.timeline().after(time, [this, number, operation] {
    if (clients_[number].operation == operation) act(number);
  });
}

std::uint64_t Clients::begin_operation(std::size_t number) {
  const std::uint64_t operation = ++clients_[number].operation;
  think(number, operation, patience);
  return operation;
}

void Clients::end_operation(std::size_t number, std::uint64_t operation) {
  if (clients_[number].operation != operation) return;
  ++clients_[number].operation;
  think(number, clients_[number].operation, prng_.between(options_.think_min, options_.think_max));
}

std::size_t Clients::choose_member(Client& client) {
  constexpr double is_faithful = 0.8;
  if (!world_.is_running(client.favourite) || !prng_.chance(is_faithful)) {
    client.favourite = prng_.below(world_.size());
  }
  return client.favourite;
}

void Clients::act(std::size_t number) {
  Client& client = clients_[number];
  if (client.wish == Wish::dead) {
    const bool comes_back = !are_calm_ && prng_.chance(0.03);
    if (comes_back) change_mind(client);
    if (!comes_back) return end_operation(number, client.operation);
  }
  if (are_calm_) return act_calmly(number);
  if (prng_.chance(0.1)) change_mind(client);
  if (client.wish == Wish::dead) return end_operation(number, client.operation);
  const bool has_lease = client.spec.ttl > Duration::zero();
  const bool is_due = client.wish == Wish::in && has_lease && world_.now() >= client.renew_at;
  if (is_due && client.is_settled) return renew(number);
  switch (prng_.below(10)) {
    case 0:
    case 1:
    case 2:
      return read(number);
    case 3:
      return remove(number);
    case 4:
    case 5:
      return client.wish == Wish::in ? join(number) : leave(number);
    default:
      if (client.is_settled) return end_operation(number, client.operation);
      return client.wish == Wish::in ? join(number) : leave(number);
  }
}

/// Again and again: an operator may have removed it, or an earlier request of its own, of which it
/// never heard, be done only now.
void Clients::act_calmly(std::size_t number) {
  const Client& client = clients_[number];
  if (client.is_settled && world_.now() < client.renew_at) {
    return end_operation(number, client.operation);
  }
  if (client.wish == Wish::out) return leave(number);
  if (client.is_settled && client.spec.ttl > Duration::zero()) return renew(number);
  join(number);
}

/// Joins, leaves, dies without a word, or comes back as the same or as a new life.
void Clients::change_mind(Client& client) {
  client.is_settled = false;
  const bool can_die =
      client.spec.ttl > Duration::zero() || client.spec.check.kind != registry::CheckKind::none;
  if (client.wish != Wish::in) {
    client.wish = Wish::in;
    if (!client.spec.life.id.is_nobody() && prng_.chance(0.6)) {
      client.last_life = client.spec.life;
      client.spec.life = {.boot = client.spec.life.boot + 1, .id = prng_.life_id()};
    }
    return;
  }
  if (prng_.chance(0.3)) {
    client.spec.address = "10.0.0.1:" + std::to_string(1 + prng_.below(3));
  } else if (can_die && prng_.chance(0.6)) {
    client.wish = Wish::dead;
    client.died = world_.now();
  } else {
    client.wish = Wish::out;
  }
}

/// The responsible members miss those who are dead; what they find wrong stays their secret until
/// it is the second miss.
void Clients::fail_checks() {
  constexpr Duration two_misses = milliseconds(400);
  for (std::size_t member = 0; member < world_.size(); ++member) {
    if (!world_.is_running(member) || world_.is_paused(member)) continue;
    const std::set<registry::LeaseName> checks = world_.checks(member);
    for (const registry::LeaseName& lease : checks) {
      const auto client = std::ranges::find_if(
          clients_, [&](const Client& one) { return one.spec.id == lease.id; });
      const bool is_dead = client->wish == Wish::dead && world_.now() - client->died >= two_misses;
      if (!is_dead || !world_.is_running(member)) continue;
      checkers_.on_check_failed(lease);
      world_.fail_check(member, lease);
    }
  }
  world_.timeline().after(two_misses, [this] { fail_checks(); });
}

std::string Clients::missing() const {
  for (const Client& client : clients_) {
    const registry::Group* const group = checkers_.reference().find(client.group);
    const registry::Member* const member = group == nullptr ? nullptr : group->find(client.spec.id);
    if (client.wish == Wish::in && member == nullptr) {
      return client.spec.id + " has joined " + client.group + ", but is not in it";
    }
    if (client.wish != Wish::in && member != nullptr) {
      return client.spec.id + (client.wish == Wish::dead ? " is dead" : " has left") +
             ", but is still in " + client.group;
    }
  }
  return {};
}

}  // namespace rollcall::sim::agreement
