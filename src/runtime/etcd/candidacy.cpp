// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/etcd/candidacy.hpp"

#include <algorithm>
#include <utility>

namespace rollcall::runtime::etcd {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr Patience claim_patience{.attempt = 2s, .total = 4s};
constexpr Patience resignation_patience{.attempt = 500ms, .total = 900ms};
/// A lease is kept alive so often within its time.
constexpr int tries_a_lease = 3;

}  // namespace

Candidacy::Candidacy(boost::asio::io_context& io, Client& client, const Keys& keys,
                     std::string self, Duration ttl, std::uint64_t seed, std::function<void()> lost)
    : client_(client),
      keys_(keys),
      self_(std::move(self)),
      ttl_wanted_(ttl),
      prng_(seed),
      lost_(std::move(lost)),
      stand_timer_(io),
      keep_timer_(io),
      lost_timer_(io) {}

void Candidacy::set_willing(bool is_willing) {
  is_willing_ = is_willing;
  if (is_willing_) return consider();
  stand_timer_.cancel();
}

void Candidacy::set_members(std::size_t count) {
  members_ = std::max<std::size_t>(1, count);
}

bool Candidacy::is_own(const Leader& leader) const {
  return lease_ != 0 && leader.claim.claim == claim_ && leader.claim.name == self_;
}

void Candidacy::on_leader(const std::optional<Leader>& leader, Revision log_begun_at) {
  log_begun_at_ = log_begun_at;
  is_known_ = true;
  leader_ = leader;
  if (leader_) trouble_.clear();
  if (leader_) stand_timer_.cancel();
  const bool is_ours = leader_ && is_own(*leader_);
  if (!is_ours && !is_claiming_ && lease_ != 0) give_lease_up();
  consider();
}

void Candidacy::consider() {
  const bool is_free = is_known_ && !leader_ && !is_claiming_ && lease_ == 0;
  if (!is_willing_ || !is_free || stand_timer_.is_set()) return;
  const Duration longest =
      std::min(delay_max, delay_a_member * static_cast<Duration::rep>(std::min<std::size_t>(
                                               members_, delay_max / delay_a_member)));
  stand_timer_.after(prng_.between(Duration{}, longest), [this] { stand(); });
}

void Candidacy::stand() {
  is_claiming_ = true;
  claim_ = prng_.next();
  const auto asked = Clock::now();
  client_.grant_lease(ttl_wanted_, claim_patience,
                      scope_.wrap([this, asked](const std::expected<LeaseGrant, Failure>& lease) {
                        if (!lease) return stand_again_later(lease.error().message);
                        lease_ = lease->id;
                        ttl_ = lease->ttl;
                        hold_until(asked + ttl_);
                        keep_alive_later();
                        claim();
                      }));
}

void Candidacy::claim() {
  const Claim claim{.name = self_, .claim = claim_};
  const Txn txn{
      .conditions = {{.key = keys_.leader()}, {.key = keys_.meta(), .revision = log_begun_at_}},
      .then = {PutOp{.key = keys_.leader(), .value = encode_claim(claim), .lease = lease_}},
      .otherwise = {RangeOp{.key = keys_.leader()}}};
  client_.txn(
      txn, claim_patience,
      scope_.wrap([this](const std::expected<TxnResult, Failure>& answer) { on_claimed(answer); }));
}

void Candidacy::on_claimed(const std::expected<TxnResult, Failure>& answer) {
  if (!answer) return stand_again_later(answer.error().message);
  is_claiming_ = false;
  trouble_.clear();
  if (answer->is_met) return;  // the watch tells when everything before it was given up
  const std::vector<KeyValue>& found = answer->results.front().found;
  const auto holder = found.empty() ? std::nullopt : decode_claim(found.front().value);
  // It may be the own one, when the first answer was lost.
  if (holder && holder->claim == claim_ && holder->name == self_) return;
  give_lease_up();
  consider();
}

void Candidacy::stand_again_later(const std::string& why) {
  trouble_ = why;
  is_claiming_ = false;
  give_lease_up();
  if (is_willing_)
    stand_timer_.after(again_after_failure, [this] {
      if (!leader_) stand();
    });
}

// --- the lease ----------------------------------------------------------------------------------

void Candidacy::keep_alive_later() {
  keep_timer_.after(ttl_ / tries_a_lease, [this] { keep_alive(); });
}

void Candidacy::keep_alive() {
  const auto asked = Clock::now();
  const Duration share = ttl_ / tries_a_lease;
  client_.keep_alive(lease_, {.attempt = share, .total = share * 2},
                     scope_.wrap([this, asked](const std::expected<LeaseGrant, Failure>& answer) {
                       on_kept_alive(asked, answer);
                     }));
}

void Candidacy::on_kept_alive(Clock::time_point asked,
                              const std::expected<LeaseGrant, Failure>& answer) {
  const bool has_ended = answer ? answer->ttl <= Duration{} : answer.error().is_refused;
  if (has_ended) return lose();
  if (answer) hold_until(asked + ttl_);
  keep_alive_later();
}

void Candidacy::hold_until(Clock::time_point end) {
  const Duration left = std::max(Duration{}, Duration(end - Clock::now()));
  lost_timer_.after(left, [this] { lose(); });
}

void Candidacy::lose() {
  is_claiming_ = false;
  give_lease_up();
  lost_();
}

void Candidacy::give_lease_up() {
  scope_.reset();
  keep_timer_.cancel();
  lost_timer_.cancel();
  if (lease_ != 0) client_.revoke(std::exchange(lease_, 0));
}

// --- giving it back -----------------------------------------------------------------------------

Txn Candidacy::removal(std::uint64_t term) const {
  return {.conditions = {{.key = keys_.leader(), .revision = static_cast<Revision>(term)}},
          .then = {DeleteOp{.key = keys_.leader()}}};
}

void Candidacy::resign(std::function<void()> done) {
  set_willing(false);
  const std::optional<Leader> own = leader_ && is_own(*leader_) ? leader_ : std::nullopt;
  is_claiming_ = false;
  if (!own) {
    give_lease_up();
    return done();
  }
  client_.txn(removal(own->term), resignation_patience,
              resignation_.wrap([this, done = std::move(done)](const auto&) {
                give_lease_up();
                done();
              }));
}

void Candidacy::depose(std::uint64_t term) {
  client_.txn(removal(term), claim_patience, [](const auto&) {});
}

void Candidacy::stop() {
  resignation_.reset();
  stand_timer_.cancel();
  give_lease_up();
}

}  // namespace rollcall::runtime::etcd
