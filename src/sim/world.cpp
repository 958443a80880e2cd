// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/world.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "base/check.hpp"
#include "core/config.hpp"
#include "sim/message_text.hpp"

namespace rollcall::sim {
namespace {

constexpr std::uint16_t member_port = 7420;
/// A node that asks for its deadline this often without time moving will never stop.
constexpr unsigned deadlines_at_once_max = 1000;
constexpr std::size_t hosts_max = std::size_t{1} << 24U;

Address nth_address(std::size_t index) {
  ROLLCALL_CHECK(index + 1 < hosts_max);
  const std::size_t n = index + 1;
  return Address::v4(10, static_cast<std::uint8_t>(n >> 16U), static_cast<std::uint8_t>(n >> 8U),
                     static_cast<std::uint8_t>(n), member_port);
}

/// As ==, in fewer steps: without a call.
bool are_equal(const Address& one, const Address& other) {
  using Words = std::array<std::uint64_t, 2>;
  return one.port == other.port && std::bit_cast<Words>(one.ip) == std::bit_cast<Words>(other.ip);
}

}  // namespace

World::World(const WorldOptions& options)
    : options_(options),
      fabric_(hash_combine(options.seed, 2), options.link),
      streams_(fabric_, [this](ProcessId id, Source source, NodeInput input) {
        deliver(id, source, std::move(input));
      }) {}

World::~World() = default;

// --- Cast ------------------------------------------------------------------------------------

HostId World::add_host(core::Config config) {
  if (config.advertise.is_unspecified()) config.advertise = nth_address(hosts_.size());
  ROLLCALL_CHECK(core::validate(config).empty());
  const HostId host = fabric_.add_host(config.advertise);
  names_.know(config.advertise, config.name);
  hosts_.emplace_back().config = std::move(config);
  processes_.push_back(nullptr);
  if (process_blocks_.size() * block_size < hosts_.size()) process_blocks_.emplace_back();
  return host;
}

Process& World::spawn(HostId host) {
  Host& home = at(host);
  ROLLCALL_CHECK(!is_running(host) && fabric_.is_powered(host));
  const ProcessId id{host, ++home.runs};
  const std::uint64_t seed =
      hash_combine(hash_combine(hash_combine(options_.seed, 3), index_of(host)), home.runs);
  Prng chance(hash_combine(seed, 1));
  const HostClock clock(now(), chance.between(1h, 1000h), home.drift_ppm);
  home.config.advertise = fabric_.address(host);
  processes_[index_of(host)] =
      &place_of(host).emplace(id, clock, chance, home.config, ++home.saved_boot, seed, now());
  if (home.saved_settings) process_at(host)->node.set_settings(*home.saved_settings);
  fabric_.listen(host, home.runs);
  note(home.config.name + " starts");
  judge_soundness(host);
  Process& process = *process_at(host);
  note_life(process);
  return process;
}

void World::start(HostId host, std::vector<HostPort> seeds) {
  Process& process = spawn(host);
  process.node.set_homes(std::move(seeds), at(host).saved_peers);
  drive(process, [&](core::Node& node, Instant local, core::Effects& effects) {
    node.start(local, effects);
  });
}

void World::start_formed() {
  core::MemberTable& everybody = rosters_.emplace_back();
  std::vector<HostId> started;
  for (const HostId host : hosts()) {
    if (is_running(host)) continue;
    started.push_back(host);
    const core::Node& node = spawn(host).node;
    core::Record record = node.members().at(*node.members().find(node.life().id));
    record.since = Instant{};  // before all their clocks began
    everybody.put(std::move(record));
  }
  static_cast<void>(everybody.take_changed());
  for (const HostId host : started) {
    process_at(host)->roster = &everybody;
    drive(*process_at(host), [&](core::Node& node, Instant local, core::Effects& effects) {
      node.start_among(everybody, local, effects);
    });
  }
}

void World::set_name(const std::string& name, std::vector<Address> addresses) {
  dns_[name] = std::move(addresses);
}

// --- Time ------------------------------------------------------------------------------------

void World::run_until(Instant end) {
  Due due;
  while (fabric_.advance(end, due)) {
    fetch_ahead();
    handle(due);
  }
  fabric_.set_now(end);
}

bool World::run_until(const std::function<bool()>& condition, Duration limit, Duration step) {
  const Instant end = now() + limit;
  while (!condition()) {
    if (now() >= end) return false;
    run_until(std::min(now() + step, end));
  }
  return true;
}

/// With ten thousand nodes hardly anything of the next one is in the processor's caches: each step
/// on the way to it is fetched while others are being handled.
void World::fetch_ahead() {
  constexpr std::size_t steps_to_process = 8;
  constexpr std::size_t steps_to_node = 3;
  if (!fabric_.queue().has_moved_on()) return;
  if (const Process* process = next_process(steps_to_process)) process->fetch();
  if (const Process* process = next_process(steps_to_node)) process->node.fetch();
}

/// Whose turn it will probably be after so many others; null if that is not known.
const Process* World::next_process(std::size_t after) {
  const Due* due = fabric_.queue().peek(after);
  if (due == nullptr) return nullptr;
  if (due->kind == DueKind::deadline) return process_at(HostId{due->slot});
  return due->kind == DueKind::datagram ? process_at(packets_.at(due->slot).target) : nullptr;
}

void World::handle(const Due& due) {
  switch (due.kind) {
    case DueKind::datagram:
      return on_arrival(due.slot);
    case DueKind::unreachable:
      return on_notice(due.slot);
    case DueKind::task:
      return fabric_.run_task(due.slot);
    case DueKind::deadline:
      return on_deadline(HostId{due.slot}, due.time);
  }
}

// --- Inputs ----------------------------------------------------------------------------------

void World::on_arrival(std::uint32_t slot) {
  if (waits_at_line(slot)) return;
  const Packet& packet = packets_.at(slot);
  // A process that runs listens; nearly always it is where it was when the packet was sent.
  if (Process* process = process_at(packet.target);
      process != nullptr && are_equal(process->address, packet.to)) {
    enqueue(*process, slot);
    return;
  }
  if (const auto listener = fabric_.listener_at(packet.to)) {
    enqueue(*process_at(listener->host), slot);
    return;
  }
  const auto target = fabric_.host_at(packet.to);
  if (target && fabric_.is_powered(*target)) {
    answer_unreachable(slot, *target);
  } else {
    packets_.give_back(slot);
  }
}

void World::answer_unreachable(std::uint32_t slot, HostId target) {
  Network& network = fabric_.network();
  const HostId sender = packets_.at(slot).sender.host;
  if (!network.is_open(target, sender) || network.loses_datagram(target, sender)) {
    packets_.give_back(slot);
    return;
  }
  packets_.at(slot).bytes.clear();
  fabric_.queue().push(now() + network.draw_delay(target, sender), DueKind::unreachable, slot);
}

void World::on_notice(std::uint32_t slot) {
  if (Process* sender = find(packets_.at(slot).sender)) {
    enqueue(*sender, slot);
  } else {
    packets_.give_back(slot);
  }
}

void World::enqueue(Process& process, std::uint32_t slot) {
  if (process.ability == Ability::running) {
    give_packet(process, slot);
  } else if (process.waiting_datagrams < Process::socket_datagrams_max) {
    ++process.waiting_datagrams;
    process.inbox.push_back({slot, {}});
  } else {
    packets_.give_back(slot);
  }
}

void World::give_packet(Process& process, std::uint32_t slot) {
  const Packet& packet = packets_.at(slot);
  if (packet.bytes.empty()) {
    if (options_.transcript != nullptr) {
      note(name(process.id.host) + " hears that nothing listens at " + names_.text(packet.to));
    }
    drive(process, [&](core::Node& node, Instant local, core::Effects& effects) {
      node.on_unreachable(packet.to, core::Unreachable::port, local, effects);
    });
  } else if (!is_dropped(process)) {
    for (const DatagramSink& sink : datagram_sinks_) {
      sink(packet.sender.host, process.id.host, packet.bytes);
    }
    drive(process, [&](core::Node& node, Instant local, core::Effects& effects) {
      node.on_datagram(packet.from, packet.bytes, local, effects);
    });
  }
  packets_.give_back(slot);
}

/// The share that the settings in force at the process have it throw away.
bool World::is_dropped(Process& process) {
  const double rate = process.node.config().drop_rate;
  return rate > 0 && process.chance.chance(rate);
}

void World::deliver(ProcessId id, Source source, NodeInput input) {
  Process* process = find(id);
  if (process == nullptr) return;
  const bool waits = process->ability == Ability::frozen ||
                     (process->ability == Ability::deaf && source == Source::wire);
  if (!waits) {
    drive(*process, input);
  } else if (source == Source::wire) {
    process->inbox.push_back({{}, std::move(input)});
  } else {
    process->late_timers.push_back(std::move(input));
  }
}

void World::drain(Process& process) {
  const ProcessId id = process.id;
  while (!process.inbox.empty()) {
    Process::Waiting waiting = std::move(process.inbox.front());
    process.inbox.pop_front();
    if (waiting.packet) {
      give_packet(process, *waiting.packet);
    } else {
      drive(process, waiting.input);
    }
  }
  process.waiting_datagrams = 0;
  for (NodeInput& timer : std::exchange(process.late_timers, {})) drive(process, timer);
  ROLLCALL_CHECK(find(id) == &process);
  on_deadline(id.host, process.armed_at);
}

void World::on_deadline(HostId host, Instant due) {
  Process* process = process_at(host);
  if (process == nullptr || process->armed_at != due) return;
  process->armed_at = never;
  if (process->ability == Ability::frozen) return;  // thawing asks again
  if (process->last_deadline != now()) process->deadlines_at_once = 0;
  process->last_deadline = now();
  ROLLCALL_CHECK(++process->deadlines_at_once < deadlines_at_once_max);
  if (process->local(now()) >= process->node.next_deadline()) {
    drive(*process, [](core::Node& node, Instant local, core::Effects& effects) {
      node.on_deadline(local, effects);
    });
  } else {
    arm(*process);
  }
}

template <class Input>
void World::drive(Process& process, Input&& input) {
  effects_.clear();
  input(process.node, process.local(now()), effects_);
  if (!effects_.empty()) note_life(process);  // a node that renews its life says so
  for (const core::Effect& effect : effects_.list()) perform(process, effect);
  arm(process);
}

void World::arm(Process& process) {
  const Instant deadline = process.world_time(process.node.next_deadline());
  if (deadline == never) return;
  // An event that comes too early asks again; so only an earlier deadline needs another event.
  if (process.armed_at != never && process.armed_for <= deadline) return;
  const Duration lateness = process.chance.between(Duration::zero(), options_.timer_lateness_max);
  process.armed_for = deadline;
  process.armed_at = std::max(deadline, now()) + lateness;
  fabric_.queue().push(process.armed_at, DueKind::deadline,
                       static_cast<std::uint32_t>(process.id.host));
}

void World::note_life(Process& process) {
  const Life life = process.node.life();
  if (life == process.life) return;
  process.life = life;
  lives_[life.id] = process.id.host;
  names_.know(life.id, name(process.id.host));
}

core::CommandId World::command(HostId host, core::Command command) {
  const core::CommandId id{++command_count_};
  deliver(
      {host, at(host).runs}, Source::wire,
      [id, asked = std::move(command)](core::Node& node, Instant local, core::Effects& effects) {
        node.on_command(id, asked, local, effects);
      });
  return id;
}

void World::inject(const Address& from, HostId to, Bytes datagram) {
  const std::uint32_t slot = packets_.take();
  Packet& packet = packets_.at(slot);
  packet.from = from;
  packet.to = address(to);
  packet.sender = {to, 0};
  packet.target = to;
  packet.bytes.assign(datagram.begin(), datagram.end());
  fabric_.queue().push(now(), DueKind::datagram, slot);
}

// --- Queries ---------------------------------------------------------------------------------

Process* World::find(ProcessId id) {
  Process* process = process_at(id.host);
  return process != nullptr && process->id == id ? process : nullptr;
}

const core::CommandDone* World::outcome(core::CommandId id) const {
  const auto found = outcomes_.find(static_cast<std::uint64_t>(id));
  return found == outcomes_.end() ? nullptr : &found->second;
}

std::vector<HostId> World::hosts() const {
  std::vector<HostId> all;
  for (std::uint32_t i = 0; i < hosts_.size(); ++i) all.push_back(HostId{i});
  return all;
}

const core::Node& World::node(HostId host) const {
  ROLLCALL_CHECK(is_running(host));
  return process_at(host)->node;
}

const core::MemberTable* World::roster(HostId host) const {
  return is_running(host) ? process_at(host)->roster : nullptr;
}

std::vector<core::Slot> World::take_changed_members(HostId host) {
  ROLLCALL_CHECK(is_running(host));
  return process_at(host)->node.take_changed_members();
}

HostPort World::seed_of(HostId host) const {
  return {ip_text(address(host)), address(host).port};
}

std::optional<HostId> World::host_of(const LifeId& life) const {
  const auto found = lives_.find(life);
  if (found == lives_.end()) return std::nullopt;
  const Process* process = process_at(found->second);
  if (process == nullptr || process->life.id != life) return std::nullopt;
  return found->second;
}

std::optional<Instant> World::sound_since(HostId host) const {
  return at(host).sound_since;
}

}  // namespace rollcall::sim
