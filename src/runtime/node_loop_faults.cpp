// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include <boost/asio/post.hpp>

#include "runtime/node_loop.hpp"

/// Faults on purpose: how they are set, told of, and tied to the member.
namespace rollcall::runtime {

void NodeLoop::set_faults(CheckedFaults faults, std::function<void(bool)> done) {
  boost::asio::post(loop_.io(), [self = shared_from_this(), faults = std::move(faults),
                                 done = std::move(done)]() mutable {
    if (self->is_stopped_) return done(false);
    const std::string what = describe(faults);
    const bool was_on = self->faults_->any();
    self->faults_->set(std::move(faults), current_instant());
    if (was_on || self->faults_->any()) {
      self->on_faults_changed(what.empty() ? "faults have been ended"
                                           : "faults are in force, on purpose: " + what);
    }
    done(true);
  });
}

void NodeLoop::send_late(const Address& to, Bytes datagram) {
  udp_.send(to, datagram);
  udp_.flush();
}

/// Whoever looks at this member must be able to see that its network is not what it seems.
void NodeLoop::on_faults_changed(std::string what) {
  if (is_stopped_) return;
  board_->set_faults(faults_->report());
  if (agreement_.on_faults) agreement_.on_faults(faults_->stream_faults());
  add_warning(std::move(what));
  publish();
}

std::optional<Address> NodeLoop::address_of(const LifeId& life) const {
  const core::MemberTable& table = node_.members();
  const auto slot = table.find(life);
  return slot ? std::optional(table.at(*slot).address) : std::nullopt;
}

}  // namespace rollcall::runtime
