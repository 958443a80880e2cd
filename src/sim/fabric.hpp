// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
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
  /// Moves time to the next event that is due by then, and takes it off the queue; false, and
  /// nothing moves, if there is none.
  [[nodiscard]] bool advance(Instant end, Due& due) {
    if (!queue_.pop_until(end, due)) return false;
    set_now(due.time);
    return true;
  }
  void set_now(Instant now);
  void after(Duration delay, Task task);
  /// Runs the task of an event of kind task.
  void run_task(std::uint32_t slot);

  // --- Hosts ---------------------------------------------------------------------------------
  HostId add_host(const Address& address);
  [[nodiscard]] const Address& address(HostId host) const { return at(host).address; }
  /// The old address is gone with its IP, unless another host has the IP.
  void move_host(HostId host, const Address& address);
  void set_power(HostId host, bool on);
  [[nodiscard]] bool is_powered(HostId host) const { return at(host).powered; }
  /// Which run of the host's process has its port open.
  void listen(HostId host, std::optional<std::uint32_t> run) { at(host).listening = run; }

  /// The host that owns the IP; the port does not matter.
  [[nodiscard]] std::optional<HostId> host_at(const Address& address) const {
    const auto number = number_of(address);
    if (!number) return host_elsewhere(address);
    if (*number >= by_number_.size() || by_number_[*number] == nobody) return std::nullopt;
    return by_number_[*number];
  }
  /// The process that has exactly this address open on a powered host.
  [[nodiscard]] std::optional<ProcessId> listener_at(const Address& address) const {
    const auto host = host_at(address);
    if (!host) return std::nullopt;
    const Place& place = at(*host);
    const bool is_open = place.powered && place.listening && place.address.port == address.port;
    return is_open ? std::optional(ProcessId{*host, *place.listening}) : std::nullopt;
  }

  // --- Paths ---------------------------------------------------------------------------------
  [[nodiscard]] Network& network() { return network_; }
  [[nodiscard]] const Network& network() const { return network_; }
  [[nodiscard]] bool path_is_up(HostId from, HostId to) const {
    const bool have_power = dark_count_ == 0 || (is_powered(from) && is_powered(to));
    return have_power && network_.is_open(from, to);
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
  static constexpr HostId nobody{~std::uint32_t{0}};
  /// Of the addresses 10.0.0.0 to 10.15.255.255, where hosts are that asked for no other.
  [[nodiscard]] static std::optional<std::size_t> number_of(const Address& address) {
    using Words = std::array<std::uint64_t, 2>;
    static_assert(sizeof(Words) == sizeof(address.ip));
    static constexpr auto pattern = std::bit_cast<Words>(Address::v4(10, 0, 0, 0, 0).ip);
    static constexpr auto mask = std::bit_cast<Words>(std::array<std::uint8_t, 16>{
        0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xF0});
    const auto words = std::bit_cast<Words>(address.ip);
    if ((words[0] & mask[0]) != pattern[0] || (words[1] & mask[1]) != pattern[1]) {
      return std::nullopt;
    }
    return std::size_t{address.ip[13]} << 16U | std::size_t{address.ip[14]} << 8U | address.ip[15];
  }
  [[nodiscard]] std::optional<HostId> host_elsewhere(const Address& address) const;
  void own(const Address& address, HostId host);
  void disown(const Address& address);

  [[nodiscard]] Place& at(HostId host) { return places_[index_of(host)]; }
  [[nodiscard]] const Place& at(HostId host) const { return places_[index_of(host)]; }

  Instant now_{};
  EventQueue queue_;
  SlotPool<Task> tasks_;
  Network network_;
  std::vector<Place> places_;
  std::size_t dark_count_ = 0;                 // hosts without power
  std::vector<HostId> by_number_;              // by number_of() an address
  std::unordered_map<Address, HostId> by_ip_;  // the others; looked up only, never iterated
};

}  // namespace rollcall::sim
