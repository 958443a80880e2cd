// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/fault_layer.hpp"

#include <algorithm>

#include <boost/asio/post.hpp>

#include "runtime/clock.hpp"

namespace rollcall::runtime {

FaultLayer::FaultLayer(boost::asio::io_context& io, Prng prng, FaultHost& host)
    : io_(io),
      host_(host),
      prng_(prng),
      datagram_timer_(io),
      end_timer_(io) {}

void FaultLayer::set(CheckedFaults faults, Instant now) {
  rules_.set(std::move(faults.faults), now);
  freeze_ = faults.freeze;
  freeze_ends_ = freeze_ && freeze_->lasts ? now + *freeze_->lasts : never;
  on_changed();
}

void FaultLayer::stop() {
  *alive_ = false;
  datagram_timer_.cancel();
  end_timer_.cancel();
  rules_.set({}, Instant{});
  freeze_.reset();
  is_on_ = false;
  waiting_.clear();
  closed_.clear();
  // Those who wait for the member learn that it has ended.
  for (auto& call : std::exchange(frozen_, {})) boost::asio::post(io_, std::move(call));
}

FaultReport FaultLayer::report() const {
  return {.rules = rules_.list(), .freeze = freeze_, .freeze_ends = freeze_ends_};
}

// --- Datagrams -------------------------------------------------------------------------------

/// How many of the datagram go on: none if it is lost.
int FaultLayer::count_copies(const LineFaults& line) {
  if (line.is_cut || (line.drop > 0 && prng_.chance(line.drop))) {
    ++counts_.dropped;
    return 0;
  }
  if (line.duplicate <= 0 || !prng_.chance(line.duplicate)) return 1;
  ++counts_.duplicated;
  return 2;
}

/// Whether the datagram comes later, or, where there is no room for that, never.
bool FaultLayer::hold_back(const LineFaults& line, Way way, const Address& peer, Bytes bytes) {
  const bool is_delayed = line.delay + line.jitter > Duration::zero();
  const bool is_reordered = line.reorder > 0 && prng_.chance(line.reorder);
  if (is_delayed == is_reordered) {
    // Neither; or one that overtakes those which are delayed.
    if (is_reordered) ++counts_.reordered;
    return false;
  }
  if (is_reordered && held_.has_overtaken(way, peer)) return false;  // it overtakes
  HeldDatagram datagram{way, peer, {bytes.begin(), bytes.end()}};
  const Instant now = current_instant();
  bool has_room = false;
  if (is_delayed) {
    const Duration late = line.delay + prng_.between(Duration::zero(), line.jitter);
    has_room = held_.hold(std::move(datagram), now + late);
  } else {
    has_room = held_.hold_to_be_overtaken(std::move(datagram), now + overtaken_wait_max);
  }
  ++(!has_room ? counts_.overflowed : is_delayed ? counts_.delayed : counts_.reordered);
  arm_datagrams();
  return true;
}

void FaultLayer::arm(boost::asio::steady_timer& timer, Instant due, void (FaultLayer::*then)()) {
  if (due == never) {
    timer.expires_at(SteadyClock::time_point::min());  // which cancels, too
    return;
  }
  if (timer.expiry() == to_steady(due)) return;  // set already
  timer.expires_at(to_steady(due));
  timer.async_wait([this, alive = alive_, then](const boost::system::error_code& error) {
    if (!error && *alive) (this->*then)();
  });
}

void FaultLayer::on_datagrams_due() {
  if (freeze_) return;  // thaw() sets the timer anew
  datagram_timer_.expires_at(SteadyClock::time_point::min());
  const std::vector<HeldDatagram> due = held_.take_due(current_instant());
  const std::shared_ptr<bool> alive = alive_;
  for (const HeldDatagram& datagram : due) {
    if (datagram.way == Way::in) {
      host_.receive_late(datagram.peer, datagram.bytes);
    } else {
      host_.send_late(datagram.peer, datagram.bytes);
    }
    if (!*alive) return;
  }
  arm_datagrams();
}

// --- Streams ---------------------------------------------------------------------------------

bool FaultLayer::holds(Passage passage, const std::optional<Address>& peer) const {
  if (freeze_) return true;
  if (!is_on_ || passage == Passage::here) return false;
  const bool needs_in = passage != Passage::out;
  const bool needs_out = passage != Passage::in;
  return (needs_in && rules_.of(Way::in, peer).is_cut) ||
         (needs_out && rules_.of(Way::out, peer).is_cut);
}

StreamFaults FaultLayer::stream_faults() const {
  StreamFaults faults{.is_frozen = freeze_.has_value(),
                      .everybody = {.is_in_cut = rules_.of(Way::in, std::nullopt).is_cut,
                                    .is_out_cut = rules_.of(Way::out, std::nullopt).is_cut},
                      .by_peer = {}};
  for (const auto& [peer, line] : rules_.by_peer()) {
    faults.by_peer.emplace(
        peer, StreamFaults::Line{.is_in_cut = line[0].is_cut, .is_out_cut = line[1].is_cut});
  }
  return faults;
}

void FaultLayer::wait(const void* owner, std::function<void()> resume) {
  waiting_.insert_or_assign(owner, std::move(resume));
}

void FaultLayer::keep_open(const std::optional<Address>& peer, UniqueFd fd) {
  if (closed_.size() >= closed_kept_max) closed_.pop_front();
  closed_.push_back({peer, std::move(fd)});
}

// --- Change ----------------------------------------------------------------------------------

void FaultLayer::on_changed() {
  is_on_ = freeze_ || !rules_.empty();
  if (!freeze_) thaw();
  for (auto& [owner, resume] : std::exchange(waiting_, {})) {
    boost::asio::post(io_, std::move(resume));
  }
  std::erase_if(closed_,
                [this](const Closed& closed) { return !holds(Passage::out, closed.peer); });
  arm_ends();
}

void FaultLayer::thaw() {
  freeze_ends_ = never;
  for (auto& call : std::exchange(frozen_, {})) boost::asio::post(io_, std::move(call));
  datagram_timer_.expires_at(SteadyClock::time_point::min());
  arm_datagrams();
}

void FaultLayer::arm_ends() {
  arm(end_timer_, std::min(rules_.next_end(), freeze_ends_), &FaultLayer::on_ends_due);
}

void FaultLayer::on_ends_due() {
  const Instant now = current_instant();
  end_timer_.expires_at(SteadyClock::time_point::min());
  CheckedFaults ended;
  for (Fault& fault : rules_.end_overdue(now)) {
    ended.faults.push_back({std::move(fault), std::nullopt});
  }
  if (freeze_ends_ <= now) ended.freeze = std::exchange(freeze_, std::nullopt);
  on_changed();
  if (!ended.freeze && ended.faults.empty()) return;
  host_.on_faults_changed("faults have ended by themselves: " + describe(ended));
}

}  // namespace rollcall::runtime
