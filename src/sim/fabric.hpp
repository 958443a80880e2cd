// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/address.hpp"
#include "base/prng.hpp"
#include "base/time.hpp"
#include "sim/event_queue.hpp"
#include "sim/host_id.hpp"
#include "sim/network.hpp"
#include "sim/slot_pool.hpp"

namespace rollcall::sim {

/// What the world is made of before any process runs: virtual time, hosts with addresses and
/// power, and the network between them.
///
/// Threads: none.
class Fabric {
 public:
  using Task = std::move_only_function<void()>;

  Fabric(std::uint64_t seed, const LinkOptions& link);

  // --- Time ----------------------------------------------------------------------------------
  [[nodiscard]] Instant now() const { return now_; }
  [[nodiscard]] EventQueue& queue() { return queue_; }
  /// Moves time to the next event and takes it off the queue.
  Due advance();
  void set_now(Instant now);
  void after(Duration delay, Task task);
  /// Runs the task of an event of kind task.
  void run_task(std::uint32_t slot);

  // --- Hosts ---------------------------------------------------------------------------------
  HostId add_host(const Address& address);
  [[nodiscard]] const Address& address(HostId host) const { return at(host).address; }
  /// The old address is gone with its IP, unless another host has the IP.
  void move_host(HostId host, const Address& address);
  void set_power(HostId host, bool on) { at(host).powered = on; }
  [[nodiscard]] bool is_powered(HostId host) const { return at(host).powered; }
  /// Which run of the host's process has its port open.
  void listen(HostId host, std::optional<std::uint32_t> run) { at(host).listening = run; }

  /// The host that owns the IP; the port does not matter.
  [[nodiscard]] std::optional<HostId> host_at(const Address& address) const;
  /// The process that has exactly this address open on a powered host.
  [[nodiscard]] std::optional<ProcessId> listener_at(const Address& address) const;
  /// The same, when one host is most likely the one.
  [[nodiscard]] std::optional<ProcessId> listener_at(const Address& address, HostId likely) const {
    const Place& place = at(likely);
    if (place.address != address) return listener_at(address);
    if (!place.powered || !place.listening) return std::nullopt;
    return ProcessId{likely, *place.listening};
  }

  // --- Paths ---------------------------------------------------------------------------------
  [[nodiscard]] Network& network() { return network_; }
  [[nodiscard]] const Network& network() const { return network_; }
  [[nodiscard]] bool path_is_up(HostId from, HostId to) const {
    return is_powered(from) && is_powered(to) && network_.is_open(from, to);
  }

 private:
  struct Place {
    Address address;
    bool powered = true;
    std::optional<std::uint32_t> listening;
  };
  static Address without_port(Address address) {
    address.port = 0;
    return address;
  }
  [[nodiscard]] Place& at(HostId host) { return places_[index_of(host)]; }
  [[nodiscard]] const Place& at(HostId host) const { return places_[index_of(host)]; }

  Instant now_{};
  EventQueue queue_;
  SlotPool<Task> tasks_;
  Network network_;
  std::vector<Place> places_;
  std::unordered_map<Address, HostId> by_ip_;  // looked up only, never iterated
};

}  // namespace rollcall::sim
