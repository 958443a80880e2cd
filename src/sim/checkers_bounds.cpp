// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/checkers_bounds.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "core/detector/helper_desk.hpp"
#include "core/exchanges.hpp"
#include "sim/checkers_words.hpp"

namespace rollcall::sim {
namespace {

/// Members whose record says that they must be looked at.
std::size_t members_in_question(const core::MemberTable& table) {
  return static_cast<std::size_t>(std::ranges::count_if(table.live(), [&](core::Slot slot) {
    const core::Record& record = table.at(slot);
    return record.state == core::State::suspect || record.failed_elsewhere;
  }));
}

/// What heartbeats take: in each round a datagram to each of a few, its answer, and answers to
/// others; none is longer than a datagram, nor than the list of all members.
std::uint64_t heartbeat_bytes_max(const core::Node& node) {
  const core::Config& config = node.config();
  if (config.detector != core::DetectorKind::gossip) return 0;
  constexpr std::size_t datagram_bytes = 1400;
  constexpr std::size_t bytes_around = 300;
  constexpr std::size_t bytes_a_member = 12;
  const std::size_t list = bytes_around + bytes_a_member * node.members().live_count();
  const auto each = static_cast<double>(3 * std::min(datagram_bytes, list));
  const auto fanout = static_cast<double>(std::max<std::size_t>(config.gossip_fanout, 1));
  return static_cast<std::uint64_t>(each * fanout / to_seconds(config.gossip_interval));
}

}  // namespace

void BoundsChecker::look() {
  ++look_count_;
  drained_at_.resize(world_.host_count());
  for (const HostId host : world_.hosts()) {
    if (!world_.is_running(host)) continue;
    check_queues(host);
    check_drains(host);
  }
  check_traffic();
}

void BoundsChecker::check_queues(HostId host) {
  const core::Node& node = world_.node(host);
  const core::QueueSizes sizes = node.queue_sizes();
  const core::MemberTable& table = node.members();
  const auto check = [&](std::size_t size, std::size_t bound, const char* what) {
    if (size <= bound) return;
    violations_.add(look_text(world_, host) + "keeps " + std::to_string(size) + " " + what +
                    ", more than " + std::to_string(bound));
  };
  check(table.size(), node.config().members_max, "records");
  check(sizes.updates, table.size(), "updates");
  check(sizes.pushes, pushes_always + pushes_a_member_max * table.size(), "pushes");
  check(sizes.exchanges, core::Exchanges::open_max, "exchanges");
  check(sizes.helper_tasks, core::HelperDesk::tasks_max, "looks for others");
  const bool is_by_record =
      node.config().profile == core::Profile::rollcall && node.config().suspicion_enabled;
  // Only then is the table worth a walk.
  if (sizes.suspicions > 0 && is_by_record && is_walked(host)) {
    check(sizes.suspicions, members_in_question(table), "suspicions of members without suspicion");
  }
}

/// A member that is alone has nobody to tell, and one that is frozen cannot.
void BoundsChecker::check_drains(HostId host) {
  const core::Node& node = world_.node(host);
  Instant& drained_at = drained_at_[index_of(host)];
  const bool can_tell = node.members().live_count() > 1 && world_.sound_since(host);
  const Instant since = std::max(drained_at, troubles_.still_since());
  const bool is_overdue = world_.now() - since > settle_time && can_tell;
  const std::size_t waiting = node.queue_sizes().updates;
  if (waiting > 0 && is_overdue) {
    violations_.add(look_text(world_, host) + "has kept updates waiting for " +
                    std::to_string(settle_time / std::chrono::seconds(1)) + " s, now " +
                    std::to_string(waiting));
  }
  if (waiting == 0 || !can_tell || is_overdue) drained_at = world_.now();
}

void BoundsChecker::check_traffic() {
  if (world_.now() - window_began_ < window_time) return;
  const bool was_quiet = troubles_.still_since() + settle_time <= window_began_;
  const double seconds = to_seconds(world_.now() - window_began_);
  const std::vector<std::uint64_t> before = std::exchange(bytes_before_, {});
  window_began_ = world_.now();
  for (const HostId host : world_.hosts()) {
    const std::uint64_t bytes =
        world_.is_running(host) ? world_.node(host).counters().bytes_sent : 0;
    bytes_before_.push_back(bytes);
    if (!was_quiet || index_of(host) >= before.size() || bytes == 0) continue;
    const double rate = static_cast<double>(bytes - before[index_of(host)]) / seconds;
    const std::uint64_t most = quiet_bytes_max + heartbeat_bytes_max(world_.node(host));
    if (rate <= static_cast<double>(most)) continue;
    violations_.add(look_text(world_, host) + "sends " +
                    std::to_string(static_cast<std::uint64_t>(rate)) +
                    " bytes a second though all is quiet, more than " + std::to_string(most));
  }
}

}  // namespace rollcall::sim
