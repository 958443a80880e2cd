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
  Process* process = at(host).process.get();
  ROLLCALL_CHECK(process != nullptr);
  for (const Process::Waiting& waiting : process->inbox) {
    if (waiting.packet) packets_.give_back(*waiting.packet);
  }
  fabric_.listen(host, std::nullopt);
  const ProcessId id = process->id;
  at(host).process.reset();
  judge_soundness(host);
  streams_.end_process(id, death);
}

void World::restart(HostId host, Disk disk, std::vector<HostPort> seeds,
                    std::optional<Address> address) {
  Host& home = at(host);
  if (disk == Disk::lost) {
    home.saved_boot = 0;
    home.saved_peers.clear();
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
  Process* process = at(host).process.get();
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

void World::judge_soundness(HostId host) {
  Host& home = at(host);
  const bool is_sound =
      home.process != nullptr && home.process->ability == Ability::running && !home.is_lossy;
  if (is_sound == home.sound_since.has_value()) return;
  home.sound_since = is_sound ? std::optional(now()) : std::nullopt;
}

void World::note(std::string_view text) {
  if (options_.transcript == nullptr) return;
  *options_.transcript << moment_text(now()) << "  " << text << '\n';
}

}  // namespace rollcall::sim
