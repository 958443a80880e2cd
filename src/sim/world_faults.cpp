// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "base/check.hpp"
#include "sim/message_text.hpp"
#include "sim/world.hpp"

/// What can go wrong, on purpose.
namespace rollcall::sim {
namespace {

/// Loss at a host from which on nobody may be blamed for missing it.
constexpr double heavy_loss = 0.5;
/// While a member is suspect, five judges look at it ten times a second each, with about a hundred
/// bytes: a line below this drowns in their looks, and its answers come too late.
constexpr std::uint64_t starving_bytes_per_second = 10'000;

bool starves(std::uint64_t bytes_per_second) {
  return bytes_per_second != 0 && bytes_per_second < starving_bytes_per_second;
}

}  // namespace

void World::crash(HostId host) {
  note(name(host) + " crashes");
  end_process(host, Death::process);
}

void World::power_off(HostId host) {
  note(name(host) + " loses power");
  if (is_running(host)) end_process(host, Death::host);
  fabric_.set_power(host, false);
  streams_.check_later();
}

void World::power_on(HostId host) {
  note(name(host) + " has power again");
  fabric_.set_power(host, true);
}

void World::end_process(HostId host, Death death) {
  Process* process = process_at(host);
  ROLLCALL_CHECK(process != nullptr);
  for (const Process::Waiting& waiting : process->inbox) {
    if (waiting.packet) packets_.give_back(*waiting.packet);
  }
  fabric_.listen(host, std::nullopt);
  const ProcessId id = process->id;
  processes_[index_of(host)] = nullptr;
  place_of(host).reset();
  judge_soundness(host);
  streams_.end_process(id, death);
}

void World::restart(HostId host, Disk disk, std::vector<HostPort> seeds,
                    std::optional<Address> address) {
  Host& home = at(host);
  if (disk == Disk::lost) {
    home.saved_boot = 0;
    home.saved_peers.clear();
    home.saved_settings.reset();
  }
  if (address) {
    fabric_.move_host(host, *address);
    names_.know(*address, home.config.name);
    streams_.check_later();
  }
  start(host, std::move(seeds));
}

void World::set_ability(HostId host, Ability ability) {
  static constexpr std::string_view words[] = {" runs freely", " hears nothing", " freezes"};
  Process* process = process_at(host);
  ROLLCALL_CHECK(process != nullptr);
  note(name(host) + std::string(words[static_cast<std::size_t>(ability)]));
  process->ability = ability;
  judge_soundness(host);
  if (ability == Ability::running) {
    drain(*process);
  } else if (ability == Ability::deaf) {
    on_deadline(host, process->armed_at);
  }
}

void World::partition(const std::vector<std::vector<HostId>>& groups) {
  note("partition");
  heal();  // those who meet again in a new group were apart before
  std::uint32_t number = 0;
  for (const std::vector<HostId>& group : groups) {
    ++number;
    for (const HostId host : group) fabric_.network().set_group(host, number);
  }
  streams_.check_later();
}

void World::heal() {
  note("the partition heals");
  fabric_.network().heal_groups();
  healed_at_ = now();
}

void World::cut(HostId from, HostId to) {
  note("nothing gets from " + name(from) + " to " + name(to));
  fabric_.network().cut(from, to);
  streams_.check_later();
}

void World::mend(HostId from, HostId to) {
  note("the way from " + name(from) + " to " + name(to) + " is open");
  fabric_.network().mend(from, to);
  healed_at_ = now();
}

void World::set_link(const LinkOptions& link) {
  note("every link changes: loss " + std::to_string(link.loss));
  fabric_.network().set_link(link);
}

void World::set_loss(HostId host, const HostLoss& loss) {
  note(name(host) + " loses " + std::to_string(loss.in) + " of its input, " +
       std::to_string(loss.out) + " of its output");
  fabric_.network().set_loss(host, loss);
  at(host).is_lossy = loss.in >= heavy_loss || loss.out >= heavy_loss;
  judge_soundness(host);
}

void World::set_zone(HostId host, ZoneId zone) {
  note(name(host) + " stands in zone " + std::to_string(static_cast<std::uint32_t>(zone)));
  fabric_.network().set_zone(host, zone);
}

void World::set_zone_link(ZoneId one, ZoneId other, const LinkOptions& link) {
  note("the links between zones " + std::to_string(static_cast<std::uint32_t>(one)) + " and " +
       std::to_string(static_cast<std::uint32_t>(other)) + " change: loss " +
       std::to_string(link.loss));
  fabric_.network().set_zone_link(one, other, link);
}

void World::set_pair_link(HostId from, HostId to, const LinkOptions& link) {
  note("the link from " + name(from) + " to " + name(to) + " changes: loss " +
       std::to_string(link.loss));
  fabric_.network().set_pair_link(from, to, link);
}

void World::set_bandwidth(HostId host, const Bandwidth& bandwidth) {
  note(name(host) + " sends up to " + std::to_string(bandwidth.out_bytes_per_second) +
       " B/s and receives " + std::to_string(bandwidth.in_bytes_per_second));
  fabric_.network().set_bandwidth(host, bandwidth);
  at(host).is_starved =
      starves(bandwidth.out_bytes_per_second) || starves(bandwidth.in_bytes_per_second);
  judge_soundness(host);
}

/// Whether the datagram must wait for room on its receiver's line, or found none at all.
bool World::waits_at_line(std::uint32_t slot) {
  Network& network = fabric_.network();
  if (!network.has_bounded_lines()) return false;
  Packet& packet = packets_.at(slot);
  const auto target = fabric_.host_at(packet.to);
  if (!target || std::exchange(packet.is_through_line, false)) return false;
  const auto wait = network.line_in(*target).carry_datagram(now(), packet.bytes.size());
  if (!wait) {
    packets_.give_back(slot);
    return true;
  }
  if (*wait == Duration::zero()) return false;
  packet.is_through_line = true;
  fabric_.queue().push(now() + *wait, DueKind::datagram, slot);
  return true;
}

void World::set_drift(HostId host, std::int64_t ppm) {
  ROLLCALL_CHECK(-drift_ppm_max <= ppm && ppm <= drift_ppm_max);
  note(name(host) + "'s clock drifts by " + std::to_string(ppm) + " ppm");
  at(host).drift_ppm = ppm;
  if (!is_running(host)) return;
  const Duration offset = process_at(host)->local(now()) - now();
  set_clock(host, HostClock(now(), offset, ppm));
}

void World::jump_clock(HostId host, Duration by) {
  ROLLCALL_CHECK(by >= Duration::zero());
  note(name(host) + "'s clock jumps by " + std::to_string(by.count()) + " ns");
  const Duration offset = process_at(host)->local(now()) + by - now();
  set_clock(host, HostClock(now(), offset, at(host).drift_ppm));
}

void World::set_clock(HostId host, const HostClock& clock) {
  Process& process = *process_at(host);
  process.clock = clock;
  // The event for its deadline stands at the time of the clock as it was.
  on_deadline(host, process.armed_at);
}

void World::step_wall_clock(HostId host, Duration by) {
  note(name(host) + "'s time of day is set by " + std::to_string(by.count()) + " ns");
  at(host).wall_clock_step += by;
}

Duration World::wall_time(HostId host) const {
  return now().time_since_epoch() + at(host).wall_clock_step;
}

void World::judge_soundness(HostId host) {
  Host& home = at(host);
  const Process* process = process_at(host);
  const bool is_sound = process != nullptr && process->ability == Ability::running &&
                        !home.is_lossy && !home.is_starved;
  if (is_sound == home.sound_since.has_value()) return;
  home.sound_since = is_sound ? std::optional(now()) : std::nullopt;
}

void World::note(std::string_view text) {
  if (options_.transcript == nullptr) return;
  *options_.transcript << moment_text(now()) << "  " << text << '\n';
}

}  // namespace rollcall::sim
