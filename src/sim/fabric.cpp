// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/fabric.hpp"

#include <utility>

#include "base/check.hpp"

namespace rollcall::sim {

Fabric::Fabric(std::uint64_t seed, const LinkOptions& link) : network_(link, Prng(seed)) {}

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
  own(address, host);
  places_.push_back({.address = address, .powered = true, .listening = {}});
  network_.add_host();
  return host;
}

void Fabric::move_host(HostId host, const Address& address) {
  disown(at(host).address);
  own(address, host);
  at(host).address = address;
}

void Fabric::own(const Address& address, HostId host) {
  ROLLCALL_CHECK(!host_at(address));
  const auto number = number_of(address);
  if (!number) {
    by_ip_.emplace(without_port(address), host);
    return;
  }
  if (*number >= by_number_.size()) by_number_.resize(*number + 1, nobody);
  by_number_[*number] = host;
}

void Fabric::disown(const Address& address) {
  if (const auto number = number_of(address)) {
    by_number_[*number] = nobody;
  } else {
    by_ip_.erase(without_port(address));
  }
}

void Fabric::set_power(HostId host, bool on) {
  Place& place = at(host);
  if (place.powered == on) return;
  place.powered = on;
  dark_count_ = on ? dark_count_ - 1 : dark_count_ + 1;
}

std::optional<HostId> Fabric::host_elsewhere(const Address& address) const {
  const auto found = by_ip_.find(without_port(address));
  if (found == by_ip_.end()) return std::nullopt;
  return found->second;
}

}  // namespace rollcall::sim
