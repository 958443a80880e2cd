// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/client_checks.hpp"

#include "runtime/clock.hpp"

namespace rollcall::runtime {
namespace {

/// Of the interval, to either side.
constexpr double jitter = 0.1;

}  // namespace

ClientChecks::ClientChecks(boost::asio::io_context& io, Resolver& resolver, std::uint64_t seed,
                           ClientChecksHost& host)
    : io_(io),
      resolver_(resolver),
      prng_(seed),
      host_(host),
      timer_(io) {}

void ClientChecks::begin(const registry::LeaseName& lease, const registry::Check& check) {
  end(lease);
  auto target = parse_target(check);
  if (!target) return;  // of a client that was let in by a program with other rules
  const Instant due = current_instant() + prng_.between(Duration::zero(), check.interval);
  clients_.emplace(lease, Client{.check = check, .target = std::move(*target), .due = due});
  due_.emplace(due, lease);
  arm_timer();
}

void ClientChecks::end(const registry::LeaseName& lease) {
  const auto at = clients_.find(lease);
  if (at == clients_.end()) return;
  due_.erase({at->second.due, lease});
  forget_probe(at->second);
  clients_.erase(at);
  arm_timer();  // whoever waited for the place of its probe
}

void ClientChecks::end_all() {
  for (auto& [lease, client] : clients_) forget_probe(client);
  clients_.clear();
  due_.clear();
}

void ClientChecks::stop() {
  *alive_ = false;
  timer_.cancel();
  end_all();
}

void ClientChecks::forget_probe(Client& client) {
  if (client.probe == nullptr) return;
  client.probe->cancel();
  client.probe = nullptr;
  --probes_;
}

void ClientChecks::start_due() {
  const Instant now = current_instant();
  while (probes_ < probes_max && !due_.empty() && due_.begin()->first <= now) {
    const registry::LeaseName lease = due_.begin()->second;
    due_.erase(due_.begin());
    start(lease, clients_.at(lease), now);
  }
  arm_timer();
}

void ClientChecks::start(const registry::LeaseName& lease, Client& client, Instant now) {
  const Duration interval = client.check.interval;
  client.due = now + prng_.between(scaled(interval, 1 - jitter), scaled(interval, 1 + jitter));
  ++probes_;
  client.probe = ClientProbe::start(io_, resolver_, client.target, client.check.timeout,
                                    [this, alive = alive_, lease](ClientProbe::Verdict verdict) {
                                      if (*alive) on_verdict(lease, verdict);
                                    });
}

void ClientChecks::on_verdict(const registry::LeaseName& lease, ClientProbe::Verdict verdict) {
  Client& client = clients_.at(lease);  // else the probe would have been cancelled
  client.probe = nullptr;
  --probes_;
  due_.emplace(client.due, lease);
  if (verdict == ClientProbe::Verdict::well) client.missed = 0;
  if (verdict == ClientProbe::Verdict::missed) ++client.missed;
  const bool has_failed =
      verdict == ClientProbe::Verdict::missed && client.missed >= client.check.misses;
  start_due();
  if (has_failed) host_.on_check_failed(lease);
}

void ClientChecks::arm_timer() {
  if (due_.empty() || probes_ >= probes_max) return;
  const Instant due = due_.begin()->first;
  if (armed_for_ <= due) return;
  armed_for_ = due;
  timer_.expires_at(to_steady(due));  // cancels the previous wait
  timer_.async_wait([this, alive = alive_](const boost::system::error_code& error) {
    if (error || !*alive) return;
    armed_for_ = never;
    start_due();
  });
}

}  // namespace rollcall::runtime
