// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/fabric.hpp"

#include <utility>

#include "base/check.hpp"

namespace rollcall::sim {

Fabric::Fabric(std::uint64_t seed, const LinkOptions& link) : network_(link, Prng(seed)) {}

Due Fabric::advance() {
  const Due due = queue_.pop();
  set_now(due.time);
  return due;
}

void Fabric::set_now(Instant now) {
  ROLLCALL_CHECK(now >= now_);
  now_ = now;
}

void Fabric::after(Duration delay, Task task) {
  const std::uint32_t slot = tasks_.take();
  tasks_.at(slot) = std::move(task);
  queue_.push(now_ + delay, DueKind::task, slot);
}

void Fabric::run_task(std::uint32_t slot) {
  Task task = std::exchange(tasks_.at(slot), nullptr);
  tasks_.give_back(slot);
  task();
}

HostId Fabric::add_host(const Address& address) {
  const HostId host{static_cast<std::uint32_t>(places_.size())};
  const bool is_new_ip = by_ip_.emplace(without_port(address), host).second;
  ROLLCALL_CHECK(is_new_ip);
  places_.push_back({.address = address, .powered = true, .listening = {}});
  network_.add_host();
  return host;
}

void Fabric::move_host(HostId host, const Address& address) {
  by_ip_.erase(without_port(at(host).address));
  const bool is_new_ip = by_ip_.emplace(without_port(address), host).second;
  ROLLCALL_CHECK(is_new_ip);
  at(host).address = address;
}

std::optional<HostId> Fabric::host_at(const Address& address) const {
  const auto found = by_ip_.find(without_port(address));
  if (found == by_ip_.end()) return std::nullopt;
  return found->second;
}

std::optional<ProcessId> Fabric::listener_at(const Address& address) const {
  const auto host = host_at(address);
  if (!host) return std::nullopt;
  const Place& place = at(*host);
  if (!place.powered || !place.listening || place.address.port != address.port) {
    return std::nullopt;
  }
  return ProcessId{*host, *place.listening};
}

}  // namespace rollcall::sim
