// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "sim/agreement/clients.hpp"

/// One operation of a client each: how it is asked, and what the answer means.
namespace rollcall::sim::agreement {

using consensus::RequestFailure;
using registry::Heartbeat;
using registry::Status;

namespace {

constexpr Duration timeout = std::chrono::milliseconds(1500);
/// So many heartbeats fit into a lease.
constexpr int beats_per_ttl = 3;
/// Who has no lease looks after itself so often.
constexpr Duration without_lease = std::chrono::milliseconds(700);

using WriteResult = std::expected<registry::Result, RequestFailure>;

}  // namespace

void Clients::join(std::size_t number) {
  Client& client = clients_[number];
  const std::uint64_t operation = begin_operation(number);
  registry::MemberSpec spec = client.spec;
  // Now and then its past life has not quite gone.
  if (!are_calm_ && !client.last_life.id.is_nobody() && prng_.chance(0.1)) {
    spec.life = client.last_life;
  }
  const History::Id id = checkers_.history().invoke(
      client.group, JoinOperation{.id = spec.id, .life = spec.life, .address = spec.address},
      checkers_.next_moment());
  const bool is_heard =
      world_.join(choose_member(client), {.group = client.group, .member = spec}, timeout,
                  [this, number, operation, id](const WriteResult& result) {
                    if (note(id, result)) on_joined(number, operation, result);
                    end_operation(number, operation);
                  });
  if (is_heard) return;
  checkers_.history().drop(id);
  end_operation(number, operation);
}

void Clients::on_joined(std::size_t number, std::uint64_t operation, const WriteResult& result) {
  Client& client = clients_[number];
  if (result->status == Status::done || result->status == Status::unchanged) {
    checkers_.on_joined(client.group, client.spec.id, *result);
    ++acknowledged_;
  }
  // A late answer is about what the client was, not about what it is.
  if (client.operation != operation) return;
  client.is_settled = result->status == Status::done || result->status == Status::unchanged;
  const Duration ttl = client.spec.ttl;
  client.renew_at = world_.now() + (ttl == Duration::zero() ? without_lease : ttl / beats_per_ttl);
}

void Clients::leave(std::size_t number) {
  Client& client = clients_[number];
  const std::uint64_t operation = begin_operation(number);
  // Half of them say which life leaves.
  const Life life = !are_calm_ && prng_.chance(0.5) ? client.spec.life : Life{};
  const History::Id id = checkers_.history().invoke(
      client.group, LeaveOperation{.id = client.spec.id, .life = life}, checkers_.next_moment());
  const bool is_heard = world_.leave_group(
      choose_member(client), {.group = client.group, .id = client.spec.id, .life = life}, timeout,
      [this, number, operation, id](const WriteResult& result) {
        if (note(id, result)) on_left(number, operation, result);
        end_operation(number, operation);
      });
  if (is_heard) return;
  checkers_.history().drop(id);
  end_operation(number, operation);
}

void Clients::on_left(std::size_t number, std::uint64_t operation, const WriteResult& result) {
  Client& client = clients_[number];
  if (result->status == Status::done) {
    checkers_.on_left(client.group, client.spec.id, *result);
    ++acknowledged_;
  }
  if (client.operation != operation || client.wish != Wish::out) return;
  // That another life is not there does not make it absent.
  client.is_settled = result->status == Status::done || are_calm_;
  client.renew_at = world_.now() + without_lease;
}

/// An operator's doing, of which who is removed hears nothing; the world sees what comes of it
/// (Checkers::on_evict).
void Clients::remove(std::size_t number) {
  const std::uint64_t operation = begin_operation(number);
  const Client& victim = clients_[prng_.below(clients_.size())];
  checkers_.on_removal(victim.group, victim.spec.id);
  const bool is_heard = world_.remove(
      choose_member(clients_[number]), victim.group, victim.spec.id, timeout,
      [this, number, operation, group = victim.group](const WriteResult& result) {
        if (result && result->status == Status::done) {
          const registry::ViewDelta* const delta = checkers_.view(group, result->number);
          if (delta == nullptr || delta->left.empty()) {
            checkers_.object("log", "a removal from " + group + " was acknowledged without a view");
          }
          ++acknowledged_;
        }
        end_operation(number, operation);
      });
  if (!is_heard) end_operation(number, operation);
}

void Clients::read(std::size_t number) {
  Client& client = clients_[number];
  const std::uint64_t operation = begin_operation(number);
  const History::Id id =
      checkers_.history().invoke(client.group, ReadOperation{}, checkers_.next_moment());
  const bool is_heard = world_.read(
      choose_member(client), timeout, [this, number, operation, id](const auto& result) {
        if (result) {
          const registry::Group* const group = (*result)->find(clients_[number].group);
          Outcome outcome{.number = 0, .members = {}};
          if (group != nullptr) {
            outcome.number = group->number();
            outcome.members = group->view().members;
          }
          checkers_.history().complete(id, std::move(outcome), checkers_.next_moment());
          ++reads_;
        }
        end_operation(number, operation);
      });
  if (!is_heard) end_operation(number, operation);
}

void Clients::renew(std::size_t number) {
  Client& client = clients_[number];
  const std::uint64_t operation = begin_operation(number);
  const Instant invoked = world_.now();
  const History::Id id = checkers_.history().invoke(
      client.group, HeartbeatOperation{client.spec.id}, checkers_.next_moment());
  const bool is_heard = world_.heartbeat(
      choose_member(client), client.group, client.spec.id, timeout,
      [this, number, operation, id, invoked](const std::expected<Heartbeat, RequestFailure>& beat) {
        Client& renewing = clients_[number];
        if (beat && *beat != Heartbeat::not_leading) {
          checkers_.history().complete(id, {.members = {}, .heartbeat = *beat},
                                       checkers_.next_moment());
        }
        const bool is_renewed = beat && *beat == Heartbeat::renewed;
        if (is_renewed) {
          checkers_.on_renewed(renewing.group, renewing.spec.id, invoked);
          renewing.renew_at = invoked + renewing.spec.ttl / beats_per_ttl;
          ++renewed_;
        }
        const bool is_lost =
            beat && (*beat == Heartbeat::no_such_lease || *beat == Heartbeat::expiring);
        if (is_lost && renewing.operation == operation) renewing.is_settled = false;
        end_operation(number, operation);
      });
  if (!is_heard) end_operation(number, operation);
}

bool Clients::note(History::Id id, const WriteResult& result) {
  if (!result) {
    note_failure(id, result.error());
    return false;
  }
  switch (result->status) {
    case Status::unknown_session:
      return false;  // nobody knows whether it was done
    case Status::done:
    case Status::unchanged:
    case Status::no_such_group:
    case Status::no_such_member:
    case Status::stale_life:
      checkers_.history().complete(id,
                                   {.status = result->status,
                                    .number = result->number,
                                    .granted = result->granted,
                                    .members = {}},
                                   checkers_.next_moment());
      return true;
    default:
      checkers_.object("answers", "a client was told \"" +
                                      std::string(registry::to_text(result->status)) + "\"");
      return false;
  }
}

void Clients::note_failure(History::Id id, RequestFailure failure) {
  // All others promise that nothing was done, and never will be.
  if (failure != RequestFailure::timeout) checkers_.history().drop(id);
}

}  // namespace rollcall::sim::agreement
