// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/resolver.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include <boost/asio/post.hpp>
#include <netdb.h>
#include <sys/random.h>

#include "base/peer_address.hpp"
#include "runtime/service_records.hpp"

namespace rollcall::runtime {
namespace {

std::optional<Address> numeric(const HostPort& host_port) {
  return parse_address(to_text(host_port));
}

/// A name may be listed twice, as on hosts whose file of names repeats itself.
void add(std::vector<Address>& addresses, const Address& address) {
  if (addresses.size() == Resolver::addresses_max) return;
  if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(address);
}

std::vector<Address> addresses_of(const addrinfo* list, std::uint16_t port) {
  std::vector<Address> addresses;
  for (const addrinfo* at = list; at != nullptr; at = at->ai_next) {
    RawAddress raw;
    if (at->ai_addrlen > sizeof raw.storage) continue;
    std::memcpy(&raw.storage, at->ai_addr, at->ai_addrlen);
    Address address = from_raw(raw);
    address.port = port;
    add(addresses, address);
  }
  return addresses;
}

/// The addresses of all hosts that offer the service, in the order in which they are to be tried.
Resolved resolve_service(const std::string& name) {
  auto records = look_up_services(name);
  if (!records) return std::unexpected(records.error());
  std::uint64_t seed = 0;
  static_cast<void>(::getrandom(&seed, sizeof seed, 0));
  Prng prng(seed);
  order_services(*records, prng);
  std::vector<Address> addresses;
  auto error = core::ResolveError::not_found;
  for (const ServiceRecord& record : *records) {
    if (addresses.size() == Resolver::addresses_max) break;
    const Resolved found = resolve_now({record.target, record.port});
    if (!found) {
      error = found.error();
      continue;
    }
    for (const Address& address : *found) add(addresses, address);
  }
  if (addresses.empty()) return std::unexpected(error);
  return addresses;
}

}  // namespace

Resolved resolve_now(const HostPort& host_port) {
  if (const auto address = numeric(host_port)) return std::vector{*address};
  // A target of a record is a host, whatever it is called, and has a port.
  if (host_port.port == 0 && is_service_name(host_port.host)) {
    return resolve_service(host_port.host);
  }
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(host_port.host.c_str(), nullptr, &hints, &list);
  if (error == EAI_NONAME || error == EAI_NODATA) {
    return std::unexpected(core::ResolveError::not_found);
  }
  if (error != 0) return std::unexpected(core::ResolveError::failed);
  std::vector<Address> addresses = addresses_of(list, host_port.port);
  ::freeaddrinfo(list);
  if (addresses.empty()) return std::unexpected(core::ResolveError::not_found);
  return addresses;
}

Resolver::Resolver(boost::asio::io_context& io, LookUp look_up)
    : io_(io),
      look_up_(std::move(look_up)) {
  door_->resolver = this;
}

Resolver::~Resolver() {
  stop();
}

void Resolver::stop() {
  {
    const std::lock_guard lock(door_->mutex);
    door_->resolver = nullptr;
  }
  waiting_.clear();
}

void Resolver::resolve(const HostPort& host_port, Done done) {
  const Ticket ticket = next_ticket_++;
  Waiting& waiting = waiting_[ticket];
  waiting.done = std::move(done);
  if (const auto address = numeric(host_port)) {
    return answer_later(ticket, std::vector{*address});
  }
  if (!post(host_port, ticket)) {
    return answer_later(ticket, std::unexpected(core::ResolveError::failed));
  }
  waiting.timer = std::make_unique<boost::asio::steady_timer>(io_, answer_time_max);
  waiting.timer->async_wait([door = door_, ticket](const boost::system::error_code& error) {
    if (!error) bring(door, ticket, std::unexpected(core::ResolveError::failed));
  });
}

/// Gives the look-up to the line that has the least to do. False when all are full.
bool Resolver::post(const HostPort& host_port, Ticket ticket) {
  const auto load = [](const std::unique_ptr<Line>& line) -> std::size_t {
    return line ? line->waiting->load() : 0;
  };
  auto& line = *std::ranges::min_element(lines_, {}, load);
  if (!line) line = std::make_unique<Line>();
  ++*line->waiting;
  const bool has_room = line->worker.post(
      [door = door_, look_up = look_up_, host_port, ticket, waiting = line->waiting] {
        auto found = look_up(host_port);
        --*waiting;
        bring(door, ticket, std::move(found));
      });
  if (!has_room) --*line->waiting;
  return has_room;
}

void Resolver::answer_later(Ticket ticket, Resolved result) {
  bring(door_, ticket, std::move(result));
}

/// Posts the answer to the loop, if there still is one.
void Resolver::bring(const std::shared_ptr<Door>& door, Ticket ticket, Resolved result) {
  const std::lock_guard lock(door->mutex);
  if (door->resolver == nullptr) return;
  boost::asio::post(door->resolver->io_, [door, ticket, result = std::move(result)]() mutable {
    // On the loop's thread, which alone stops the resolver: no lock is needed to look.
    if (door->resolver != nullptr) door->resolver->answer(ticket, std::move(result));
  });
}

void Resolver::answer(Ticket ticket, Resolved result) {
  const auto at = waiting_.find(ticket);
  if (at == waiting_.end()) return;  // it came too late
  const Done done = std::move(at->second.done);
  waiting_.erase(at);
  done(std::move(result));
}

}  // namespace rollcall::runtime
