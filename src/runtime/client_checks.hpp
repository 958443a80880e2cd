// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/prng.hpp"
#include "base/time.hpp"
#include "registry/commands.hpp"
#include "runtime/client_probe.hpp"
#include "runtime/resolver.hpp"

namespace rollcall::runtime {

/// Who is told of clients that are not well.
class ClientChecksHost {
 public:
  /// So many checks in a row as the client allows were missed; again at each further one.
  virtual void on_check_failed(const registry::LeaseName& lease) = 0;

 protected:
  ~ClientChecksHost() = default;
};

/// Looks after the clients that this member is responsible for: asks each at its interval, give or
/// take a tenth, and first at a random moment within one, so that thousands that came together are
/// not asked together.
///
/// Limits:  probes_max at once; those that are due beyond it wait, the longest overdue first. So of
///          N clients that do not answer each is asked about every timeout x N / probes_max at
///          best.
/// Threads: the io_context's. The host is called from no call that it made.
class ClientChecks {
 public:
  static constexpr std::size_t probes_max = 256;

  ClientChecks(boost::asio::io_context& io, Resolver& resolver, std::uint64_t seed,
               ClientChecksHost& host);
  ~ClientChecks() { stop(); }
  ClientChecks(const ClientChecks&) = delete;
  ClientChecks& operator=(const ClientChecks&) = delete;

  void begin(const registry::LeaseName& lease, const registry::Check& check);
  void end(const registry::LeaseName& lease);
  void end_all();
  void stop();
  [[nodiscard]] std::size_t size() const { return clients_.size(); }
  [[nodiscard]] std::size_t probes() const { return probes_; }

 private:
  struct Client {
    registry::Check check;
    ClientTarget target;
    Instant due{};
    unsigned missed = 0;
    std::shared_ptr<ClientProbe> probe;  // null between checks
  };
  using Clients = std::map<registry::LeaseName, Client>;

  void start_due();
  void start(const registry::LeaseName& lease, Client& client, Instant now);
  void on_verdict(const registry::LeaseName& lease, ClientProbe::Verdict verdict);
  void forget_probe(Client& client);
  void arm_timer();

  boost::asio::io_context& io_;
  Resolver& resolver_;
  Prng prng_;
  ClientChecksHost& host_;
  boost::asio::steady_timer timer_;
  Instant armed_for_ = never;
  Clients clients_;
  std::set<std::pair<Instant, registry::LeaseName>> due_;  // those that are not being asked
  std::size_t probes_ = 0;
  /// Callbacks that were queued before the end find it gone.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace rollcall::runtime
