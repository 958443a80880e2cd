// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/agreement/world.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "sim/agreement/world_host.hpp"

namespace rollcall::sim::agreement {

AgreementWorld::AgreementWorld(const WorldOptions& options, Observer& observer)
    : options_(options),
      observer_(observer),
      prng_(options.seed),
      net_(
          timeline_, prng_.next(),
          [this](std::size_t from, std::size_t to, const ByteVector& bytes) {
            return on_arrival(from, to, bytes);
          },
          [this](std::size_t from, std::size_t to) { on_broken_stream(from, to); }),
      detectors_(options.members, prng_.next()),
      disk_delay_max_(options.disk_delay_max) {
  ROLLCALL_CHECK(options.without_directory < options.members);
  net_.set(options.streams);
  detectors_.set(options.detectors);
  for (std::size_t member = 0; member < options.members; ++member) add_host(member);
}

AgreementWorld::~AgreementWorld() = default;

void AgreementWorld::add_host(std::size_t member) {
  auto host = std::make_unique<Host>();
  host->member = member;
  host->name = "n" + std::to_string(member);
  const std::int64_t range = options_.drift_ppm_max;
  const auto drift =
      static_cast<std::int64_t>(prng_.below(static_cast<std::size_t>(2 * range + 1))) - range;
  host->clock = HostClock(now(), prng_.between(1s, 1000s), drift);
  host->life = {.boot = 0, .id = prng_.life_id()};
  if (member + options_.without_directory < options_.members) {
    host->disk.emplace(raft::VoterId{prng_.next() | 1U});
  }
  host->begins_alone = member == 0 && options_.beginning == Beginning::alone;
  hosts_.push_back(std::move(host));
}

consensus::ReplicaConfig AgreementWorld::replica_config(const Host& host) const {
  consensus::ReplicaConfig config;
  config.self = host.name;
  config.raft.self = host.disk ? host.disk->voter() : raft::VoterId::nobody;
  config.raft.snapshot_entries = options_.snapshot_entries;
  config.raft.trailing_entries = options_.trailing_entries;
  config.raft.chunk_bytes = options_.chunk_bytes;
  config.raft.append_entries_max = 8;
  config.raft.append_window = 4;
  config.raft.promote_gap_max = 20;
  config.begins_alone = host.begins_alone;
  const bool is_together = options_.beginning == Beginning::together && host.disk;
  config.bootstrap_expect =
      static_cast<std::uint16_t>(is_together ? options_.members - options_.without_directory : 0);
  config.voters_wanted = options_.voters_wanted;
  config.voter_replace_after = options_.voter_replace_after;
  config.fetch_bytes_max = options_.fetch_bytes_max;
  return config;
}

consensus::AgreementConfig AgreementWorld::agreement_config(const Host& host) {
  consensus::AgreementConfig config;
  config.self = host.name;
  config.cluster = cluster_;
  config.session = prng_.life_id();
  config.cut = options_.cut;
  return config;
}

void AgreementWorld::start(std::size_t member) {
  Host& host = *hosts_[member];
  ROLLCALL_CHECK(!host.process);
  ++host.starts;
  host.life = {.boot = host.life.boot + 1, .id = prng_.life_id()};
  host.is_leaving = host.has_left = host.is_paused = false;
  host.waiting.clear();
  host.timer_at = never;
  detectors_.forget(member);
  consensus::ReplicaConfig config = replica_config(host);
  config.seed = prng_.next();
  const Instant local = host.clock.local(now());
  auto replica = consensus::Replica::create(
      config, host.disk ? host.disk->stored() : consensus::ReplicaStored{}, local);
  if (!replica) {
    observer_.on_broken(host.run(), "what the disk gave back was refused: " +
                                        std::string(raft::to_text(replica.error())));
    return;
  }
  host.process = std::make_unique<Process>(
      Process{.replica = std::move(*replica),
              .agreement = consensus::Agreement(agreement_config(host), local),
              .copy = registry::Registry(cluster_),
              .events = {},
              .checks = {},
              .answers = {},
              .read_answers = {},
              .heartbeat_answers = {}});
  observer_.on_start(host.run());
  settle(host);
  // Whoever begins a log does so once those who were to be joined had the time to answer.
  timeline_.after(detectors_.options().look_interval * 4,
                  [this, member, run = host.starts] { look(member, run); });
}

consensus::Peer AgreementWorld::describe(const Host& host) const {
  consensus::Peer peer;
  peer.name = host.name;
  peer.life = host.life;
  peer.state = host.is_leaving || host.has_left ? consensus::Peer::State::left
                                                : consensus::Peer::State::alive;
  peer.voter = host.disk ? raft::number(host.disk->voter()) : 0;
  if (host.disk) peer.log = host.disk->log();
  peer.expects = replica_config(host).bootstrap_expect;
  peer.address = host.name + ":7000";
  return peer;
}

void AgreementWorld::look(std::size_t member, std::uint64_t start) {
  const Host& host = *hosts_[member];
  if (!host.process || host.starts != start) return;
  const Duration interval = detectors_.options().look_interval;
  timeline_.after(prng_.between(interval / 2, interval * 3 / 2),
                  [this, member, start] { look(member, start); });
  if (host.is_paused) return;
  std::vector<consensus::Peer> truth;
  for (const auto& one : hosts_) truth.push_back(describe(*one));
  const auto hears = [&](std::size_t other) {
    return is_running(other) && !is_paused(other) && !net_.is_cut(member, other) &&
           !net_.is_cut(other, member);
  };
  const auto peers = detectors_.look(member, truth, hears, now());
  if (!peers) return;
  give(member, [this, peers = *peers](Host& at) {
    const Instant local = at.clock.local(now());
    consensus::ReplicaEffects replica_effects;
    at.process->replica.on_peers(peers, local, replica_effects);
    perform_all(at, replica_effects);
    consensus::AgreementEffects effects;
    at.process->agreement.on_peers(peers, local, effects);
    perform_all(at, effects);
  });
}

void AgreementWorld::run_for(Duration duration) {
  const Instant end = now() + duration;
  while (timeline_.step(end)) {
  }
}

bool AgreementWorld::run_until(const std::function<bool()>& condition, Duration limit) {
  const Instant end = now() + limit;
  while (!condition()) {
    if (now() >= end) return false;
    run_for(20ms);
  }
  return true;
}

const std::string& AgreementWorld::name(std::size_t member) const {
  return hosts_[member]->name;
}

std::optional<std::size_t> AgreementWorld::find(std::string_view name) const {
  for (std::size_t member = 0; member < hosts_.size(); ++member) {
    if (hosts_[member]->name == name) return member;
  }
  return std::nullopt;
}

const Life& AgreementWorld::life(std::size_t member) const {
  return hosts_[member]->life;
}
Instant AgreementWorld::local(std::size_t member) const {
  return hosts_[member]->clock.local(now());
}
bool AgreementWorld::is_running(std::size_t member) const {
  return hosts_[member]->process != nullptr;
}
bool AgreementWorld::is_paused(std::size_t member) const {
  return hosts_[member]->is_paused;
}
bool AgreementWorld::is_leaving(std::size_t member) const {
  return hosts_[member]->is_leaving;
}
Run AgreementWorld::run(std::size_t member) const {
  return hosts_[member]->run();
}
const registry::Registry& AgreementWorld::registry(std::size_t member) const {
  return hosts_[member]->process->agreement.registry();
}
const consensus::Replica& AgreementWorld::replica(std::size_t member) const {
  return hosts_[member]->process->replica;
}
const consensus::Leadership& AgreementWorld::leadership(std::size_t member) const {
  return hosts_[member]->process->agreement.leadership();
}
const std::set<registry::LeaseName>& AgreementWorld::checks(std::size_t member) const {
  return hosts_[member]->process->checks;
}

std::optional<std::size_t> AgreementWorld::leader() const {
  std::optional<std::size_t> found;
  std::uint64_t term = 0;
  for (std::size_t member = 0; member < hosts_.size(); ++member) {
    if (!is_running(member)) continue;
    const consensus::Leadership& known = leadership(member);
    if (known.term < term || (known.term == term && !known.is_leading)) continue;
    term = known.term;
    found = known.is_leading ? std::optional(member) : std::nullopt;
  }
  return found;
}

}  // namespace rollcall::sim::agreement
