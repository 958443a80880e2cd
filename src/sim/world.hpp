// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/address.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "core/config.hpp"
#include "core/effects.hpp"
#include "core/membership/member_table.hpp"
#include "core/node.hpp"
#include "sim/fabric.hpp"
#include "sim/host_id.hpp"
#include "sim/names.hpp"
#include "sim/network.hpp"
#include "sim/process.hpp"
#include "sim/streams.hpp"

namespace rollcall::sim {

struct WorldOptions {
  std::uint64_t seed = 1;
  LinkOptions link{};
  /// Timers fire up to this much late, as real ones do.
  Duration timer_lateness_max = 200us;
  /// Where every datagram, fault and event is written down; nowhere if null.
  std::ostream* transcript = nullptr;
};

/// Whether a process that starts finds what an earlier one on its host has kept.
enum class Disk : std::uint8_t { kept, lost };

/// One event, as published by one process.
struct Observation {
  Instant time{};
  ProcessId observer;
  /// 1 for the process's first event.
  std::uint64_t index = 0;
  const core::Publish& event;
};

/// A whole cluster in one process and in virtual time: hosts, network, and one node per host,
/// with every fault that they are built to survive.
///
/// Same options and same calls: same transcript, byte for byte.
///
/// Units:   virtual time; nothing here reads a clock.
/// Order:   one event at a time, by time and then in the order caused.
/// Errors:  a call that makes no sense (crashing what does not run) is a bug of the caller.
/// Limits:  memory for what the nodes hold and for what is in flight.
/// Threads: none.
class World {
 public:
  explicit World(const WorldOptions& options);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // --- Cast ----------------------------------------------------------------------------------
  /// A host for one member; without an address in the config it gets the next of 10.0.0.0/8.
  HostId add_host(core::Config config);
  /// Starts the host's process; it joins through the seeds and the peers on its disk.
  void start(HostId host, std::vector<HostPort> seeds = {});
  /// Starts every host that does not run, all at once and as members of one formed cluster: each
  /// knows everybody from the first moment, and they share the memory for what they know alike.
  void start_formed();
  /// What a host name resolves to from now on; nothing: no such host.
  void set_name(const std::string& name, std::vector<Address> addresses);
  /// What the host's file of further members names from now on.
  void set_hosts(HostId host, std::vector<HostPort> hosts) { at(host).hosts = std::move(hosts); }

  // --- Time ----------------------------------------------------------------------------------
  [[nodiscard]] Instant now() const { return fabric_.now(); }
  void run_for(Duration duration) { run_until(now() + duration); }
  void run_until(Instant end);
  /// Runs until the condition holds, looking every step; false if it does not within the limit.
  [[nodiscard]] bool run_until(const std::function<bool()>& condition, Duration limit,
                               Duration step = 10ms);

  // --- Commands ------------------------------------------------------------------------------
  core::CommandId command(HostId host, core::Command command);
  /// What became of it; nothing while it is under way.
  [[nodiscard]] const core::CommandDone* outcome(core::CommandId id) const;

  // --- Faults --------------------------------------------------------------------------------
  /// The process ends at once; its host answers for it.
  void crash(HostId host);
  /// The machine is gone: nothing answers any more.
  void power_off(HostId host);
  void power_on(HostId host);
  /// Starts a process on a host whose former one has ended, at once at a new address if given.
  void restart(HostId host, Disk disk, std::vector<HostPort> seeds = {},
               std::optional<Address> address = {});
  void freeze(HostId host) { set_ability(host, Ability::frozen); }
  void thaw(HostId host) { set_ability(host, Ability::running); }
  void hold_input(HostId host) { set_ability(host, Ability::deaf); }
  void release_input(HostId host) { set_ability(host, Ability::running); }
  /// Only hosts of one group reach one another; hosts not named stay in group 0.
  void partition(const std::vector<std::vector<HostId>>& groups);
  void heal();
  void cut(HostId from, HostId to);
  void mend(HostId from, HostId to);
  void set_link(const LinkOptions& link);
  void set_loss(HostId host, const HostLoss& loss);
  /// The zones of a host, and the links within a zone or between two, both ways.
  void set_zone(HostId host, ZoneId zone);
  void set_zone_link(ZoneId one, ZoneId other, const LinkOptions& link);
  /// The way from one host to another alone.
  void set_pair_link(HostId from, HostId to, const LinkOptions& link);
  void set_bandwidth(HostId host, const Bandwidth& bandwidth);
  /// The host's monotonic clock goes too fast by so many millionths, or too slow, from now on and
  /// for every process to come. Within ±drift_ppm_max.
  void set_drift(HostId host, std::int64_t ppm);
  static constexpr std::int64_t drift_ppm_max = 500'000;
  /// The monotonic clock of the host's process jumps ahead, as after a machine was suspended.
  void jump_clock(HostId host, Duration by);
  /// The time of day on the host is set, forwards or back. No node may notice.
  void step_wall_clock(HostId host, Duration by);

  // --- Queries -------------------------------------------------------------------------------
  [[nodiscard]] std::size_t host_count() const { return hosts_.size(); }
  [[nodiscard]] std::vector<HostId> hosts() const;
  [[nodiscard]] bool is_running(HostId host) const { return process_at(host) != nullptr; }
  /// Without power nobody answers for a process that has ended.
  [[nodiscard]] bool is_powered(HostId host) const { return fabric_.is_powered(host); }
  /// The number of the host's running process, or of its last one; 0 before the first.
  [[nodiscard]] std::uint32_t run(HostId host) const { return at(host).runs; }
  /// The node of the host's running process.
  [[nodiscard]] const core::Node& node(HostId host) const;
  /// What the running process of the host knew from the first moment, when start_formed() started
  /// it; else null.
  [[nodiscard]] const core::MemberTable* roster(HostId host) const;
  /// Slots of the node's members that changed since the last call: for one reader that keeps
  /// copies.
  [[nodiscard]] std::vector<core::Slot> take_changed_members(HostId host);
  [[nodiscard]] const std::string& name(HostId host) const { return at(host).config.name; }
  [[nodiscard]] const Address& address(HostId host) const { return fabric_.address(host); }
  [[nodiscard]] HostPort seed_of(HostId host) const;
  [[nodiscard]] const std::vector<Address>& saved_peers(HostId host) const {
    return at(host).saved_peers;
  }
  [[nodiscard]] std::uint64_t saved_boot(HostId host) const { return at(host).saved_boot; }
  [[nodiscard]] const std::optional<core::VersionedSettings>& saved_settings(HostId host) const {
    return at(host).saved_settings;
  }
  /// The host whose running process has this life now.
  [[nodiscard]] std::optional<HostId> host_of(const LifeId& life) const;
  /// Since when the host's process has run without being frozen, deaf or cut off by heavy loss;
  /// nothing while it is not so.
  [[nodiscard]] std::optional<Instant> sound_since(HostId host) const;
  [[nodiscard]] bool share_group(HostId one, HostId other) const {
    return fabric_.network().share_group(one, other);
  }
  /// Whether each of two hosts can send to the other.
  [[nodiscard]] bool are_connected(HostId one, HostId other) const {
    return fabric_.path_is_up(one, other) && fabric_.path_is_up(other, one);
  }
  /// The share of one host's pings to another that are answered while it can send to it.
  [[nodiscard]] double answered_share(HostId one, HostId other) const {
    return fabric_.network().answered_share(one, other);
  }
  /// The time of day on the host, since the beginning of time.
  [[nodiscard]] Duration wall_time(HostId host) const;
  /// Datagrams dropped because the host's line was full, in and out.
  [[nodiscard]] std::uint64_t dropped_at_line(HostId host) {
    return fabric_.network().line_in(host).dropped() + fabric_.network().line_out(host).dropped();
  }
  /// When the last partition healed or cut was mended; the beginning of time if there was none.
  [[nodiscard]] Instant healed_at() const { return healed_at_; }
  [[nodiscard]] const Names& names() const { return names_; }
  /// Bytes of all frames ever sent on streams.
  [[nodiscard]] std::uint64_t stream_bytes() const { return streams_.bytes_sent(); }

  /// Calls for each event that any process publishes, from now on, in order.
  void observe(std::function<void(const Observation&)> sink) { sinks_.push_back(std::move(sink)); }
  /// Calls for each datagram that arrives, just before its node gets it.
  using DatagramSink = std::function<void(HostId from, HostId to, Bytes)>;
  void observe_datagrams(DatagramSink sink) { datagram_sinks_.push_back(std::move(sink)); }

  /// Sends bytes as if they came from the address: a forger's or a fuzzer's datagram.
  void inject(const Address& from, HostId to, Bytes datagram);

 private:
  struct Packet {
    Address from;
    Address to;
    ProcessId sender;
    HostId target{};  // who has the address `to`, when it was sent
    ByteVector bytes;
    bool is_through_line = false;  // it has waited for the receiver's bandwidth
  };
  static constexpr std::size_t block_size = 64;
  using ProcessBlock = std::array<std::optional<Process>, block_size>;
  struct Host {
    core::Config config;
    std::uint64_t saved_boot = 0;
    std::vector<Address> saved_peers;
    std::optional<core::VersionedSettings> saved_settings;
    std::vector<HostPort> hosts;
    std::uint32_t runs = 0;
    bool is_lossy = false;
    bool is_starved = false;
    std::int64_t drift_ppm = 0;
    Duration wall_clock_step{};
    std::optional<Instant> sound_since;
  };

  [[nodiscard]] Host& at(HostId host) { return hosts_[index_of(host)]; }
  [[nodiscard]] const Host& at(HostId host) const { return hosts_[index_of(host)]; }
  [[nodiscard]] std::optional<Process>& place_of(HostId host) {
    return process_blocks_[index_of(host) / block_size][index_of(host) % block_size];
  }
  /// Null while none runs.
  [[nodiscard]] Process* process_at(HostId host) const { return processes_[index_of(host)]; }
  [[nodiscard]] Process* find(ProcessId id);

  Process& spawn(HostId host);

  // Inputs (world.cpp)
  void handle(const Due& due);
  void fetch_ahead();
  [[nodiscard]] const Process* next_process(std::size_t after);
  void on_arrival(std::uint32_t slot);
  void on_notice(std::uint32_t slot);
  void on_deadline(HostId host, Instant due);
  void answer_unreachable(std::uint32_t slot, HostId target);
  void enqueue(Process& process, std::uint32_t slot);
  void deliver(ProcessId id, Source source, NodeInput input);
  void give_packet(Process& process, std::uint32_t slot);
  [[nodiscard]] static bool is_dropped(Process& process);
  void drain(Process& process);
  template <class Input>
  void drive(Process& process, Input&& input);
  void arm(Process& process);
  void note_life(Process& process);

  // Effects (world_effects.cpp)
  void perform(Process& process, const core::Effect& effect);
  void note_effect(const Process& process, const core::Effect& effect);
  void send_datagram(Process& process, const core::SendDatagram& effect);
  void cast_datagram(Process& process, const core::CastDatagram& effect);
  void launch(const Process& process, HostId target, const Address& to, Bytes bytes);
  void resolve(Process& process, const core::Resolve& effect);
  void read_hosts(Process& process);
  void publish(Process& process, const core::Publish& effect);

  // Faults (world_faults.cpp)
  void end_process(HostId host, Death death);
  void set_ability(HostId host, Ability ability);
  void judge_soundness(HostId host);
  [[nodiscard]] bool waits_at_line(std::uint32_t slot);
  void set_clock(HostId host, const HostClock& clock);
  void note(std::string_view text);

  WorldOptions options_;
  Fabric fabric_;
  Streams streams_;
  Names names_;
  SlotPool<Packet> packets_;
  /// What those that start_formed() started have in common; they must go before it.
  std::deque<core::MemberTable> rosters_;
  std::vector<Host> hosts_;
  /// By host. Side by side, so that the processor's map of memory holds them all.
  std::deque<ProcessBlock> process_blocks_;
  std::vector<Process*> processes_;           // null while none runs
  std::unordered_map<LifeId, HostId> lives_;  // looked up only, never iterated
  std::unordered_map<std::string, std::vector<Address>> dns_;
  std::unordered_map<std::uint64_t, core::CommandDone> outcomes_;
  std::uint64_t command_count_ = 0;
  Instant healed_at_{};
  core::Effects effects_;
  std::vector<std::function<void(const Observation&)>> sinks_;
  std::vector<DatagramSink> datagram_sinks_;
};

}  // namespace rollcall::sim
