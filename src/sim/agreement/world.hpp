// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/prng.hpp"
#include "base/time.hpp"
#include "consensus/agreement.hpp"
#include "consensus/replica.hpp"
#include "registry/registry.hpp"
#include "sim/agreement/detectors.hpp"
#include "sim/agreement/disk.hpp"
#include "sim/agreement/observer.hpp"
#include "sim/agreement/stream_net.hpp"
#include "sim/agreement/timeline.hpp"
#include "sim/host_clock.hpp"

namespace rollcall::sim::agreement {

enum class Beginning : std::uint8_t {
  alone,    // the first member begins the log by itself
  together  // all with a data directory expect each other
};
enum class Directory : std::uint8_t { kept, lost };

struct WorldOptions {
  std::uint64_t seed = 1;
  std::size_t members = 5;
  /// The last so many have no data directory.
  std::size_t without_directory = 0;
  Beginning beginning = Beginning::alone;
  std::size_t voters_wanted = 3;
  Duration voter_replace_after = std::chrono::seconds(2);
  /// Small, so that snapshots and pieces of them happen all the time.
  std::uint64_t snapshot_entries = 40;
  std::uint64_t trailing_entries = 10;
  std::size_t chunk_bytes = 700;
  std::size_t fetch_bytes_max = 2000;
  /// How much faster or slower a member's clock goes, at most.
  std::int64_t drift_ppm_max = 0;
  StreamOptions streams;
  Duration disk_delay_max = std::chrono::milliseconds(2);
  DetectorOptions detectors;
  registry::CutConfig cut;
};

/// Members with the whole of the agreement (Replica and Agreement), their disks, the streams
/// between them, and a stand-in for their failure detectors, in virtual time.
///
/// The world performs effects as replica.hpp and agreement.hpp ask: each once, in order, before the
/// next input. Frames go through their codec.
///
/// Order: deterministic: same options and same calls, same course of events.
class AgreementWorld {
 public:
  using Answer =
      std::function<void(const std::expected<registry::Result, consensus::RequestFailure>&)>;
  using ReadAnswer = std::function<void(
      const std::expected<const registry::Registry*, consensus::RequestFailure>&)>;
  using HeartbeatAnswer =
      std::function<void(const std::expected<registry::Heartbeat, consensus::RequestFailure>&)>;

  AgreementWorld(const WorldOptions& options, Observer& observer);
  ~AgreementWorld();
  AgreementWorld(const AgreementWorld&) = delete;
  AgreementWorld& operator=(const AgreementWorld&) = delete;

  [[nodiscard]] Instant now() const { return timeline_.now(); }
  [[nodiscard]] Timeline& timeline() { return timeline_; }
  void run_for(Duration duration);
  /// Runs until the condition holds, looked at every 20 ms; false if it does not within the limit.
  [[nodiscard]] bool run_until(const std::function<bool()>& condition, Duration limit);
  [[nodiscard]] std::uint64_t inputs() const { return inputs_; }

  [[nodiscard]] const LifeId& cluster() const { return cluster_; }

  // --- members ---
  [[nodiscard]] std::size_t size() const { return hosts_.size(); }
  [[nodiscard]] const std::string& name(std::size_t member) const;
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;
  [[nodiscard]] const Life& life(std::size_t member) const;
  /// Now, by the member's own clock.
  [[nodiscard]] Instant local(std::size_t member) const;
  [[nodiscard]] bool is_running(std::size_t member) const;
  [[nodiscard]] bool is_paused(std::size_t member) const;
  [[nodiscard]] bool is_leaving(std::size_t member) const;
  [[nodiscard]] Run run(std::size_t member) const;
  /// Of a member that runs.
  [[nodiscard]] const registry::Registry& registry(std::size_t member) const;
  [[nodiscard]] const consensus::Replica& replica(std::size_t member) const;
  [[nodiscard]] const consensus::Leadership& leadership(std::size_t member) const;
  [[nodiscard]] const Detectors& detectors() const { return detectors_; }
  [[nodiscard]] const std::set<registry::LeaseName>& checks(std::size_t member) const;
  /// The member leads the log, by its own word, in the highest term that anybody knows of.
  [[nodiscard]] std::optional<std::size_t> leader() const;

  // --- what happens to them ---
  void start(std::size_t member);
  void crash(std::size_t member);
  void restart(std::size_t member, Directory directory = Directory::kept);
  /// Whether the log certainly outlives the loss of this directory.
  [[nodiscard]] bool may_lose_directory(std::size_t member) const;
  /// Leaves by its own word, and ends once leadership is handed over.
  void leave(std::size_t member);
  void pause(std::size_t member);
  void resume(std::size_t member);
  [[nodiscard]] StreamNet& net() { return net_; }
  void partition(const std::set<std::size_t>& side);
  [[nodiscard]] Detectors& detectors() { return detectors_; }
  /// Null: it has no data directory.
  [[nodiscard]] VirtualDisk* disk(std::size_t member);
  void set_disk_delay(Duration max) { disk_delay_max_ = max; }
  /// Everything is as it should be: all run, on disks that work and streams that carry.
  void heal();

  // --- clients; false: nobody listens there ---
  bool join(std::size_t member, registry::Join join, Duration timeout, Answer answer);
  bool leave_group(std::size_t member, registry::Leave leave, Duration timeout, Answer answer);
  bool remove(std::size_t member, std::string group, std::string id, Duration timeout,
              Answer answer);
  bool read(std::size_t member, Duration timeout, ReadAnswer answer);
  bool heartbeat(std::size_t member, std::string group, std::string id, Duration timeout,
                 HeartbeatAnswer answer);
  bool fail_check(std::size_t member, const registry::LeaseName& lease);

 private:
  struct Process;
  struct Host;

  // world.cpp
  void add_host(std::size_t member);
  [[nodiscard]] consensus::ReplicaConfig replica_config(const Host& host) const;
  [[nodiscard]] consensus::AgreementConfig agreement_config(const Host& host);
  [[nodiscard]] consensus::Peer describe(const Host& host) const;
  void look(std::size_t member, std::uint64_t start);

  // world_clients.cpp: what a client asks of the agreement, at the member's own time
  template <class Ask>
  bool ask(std::size_t member, Ask asked);

  // world_inputs.cpp: one input at a time, and all that follows from it
  enum class Source : std::uint8_t { world, client };
  template <class Give>
  bool give(std::size_t member, Give input, Source source = Source::world);
  template <class Give>
  void give_later(std::size_t member, Duration delay, Give input);
  void settle(Host& host);
  void arm_timer(Host& host);
  void on_timer(std::size_t member, std::uint64_t start);
  bool on_arrival(std::size_t from, std::size_t to, const ByteVector& bytes);
  void on_broken_stream(std::size_t from, std::size_t to);
  void give_frame(Host& host, const std::string& from, consensus::Frame frame);
  void give_events(Host& host);

  // world_effects.cpp
  void perform_all(Host& host, consensus::ReplicaEffects& effects);
  void perform_all(Host& host, consensus::AgreementEffects& effects);
  void perform(Host& host, consensus::SendFrame& send);
  void perform(Host& host, consensus::KeepLog& keep) { put(host, keep); }
  void perform(Host& host, raft::Store& store) { put(host, std::move(store)); }
  void perform(Host& host, raft::StoreChunk& chunk) { put(host, std::move(chunk)); }
  void perform(Host& host, consensus::SendRaftChunk& send);
  void perform(Host& host, raft::Apply& apply);
  void perform(Host& host, raft::RestoreSnapshot& restore);
  void perform(Host& host, raft::TakeSnapshot& take);
  void perform(Host& host, consensus::SendFetchedPiece& send);
  void perform(Host& host, consensus::GiveUpSnapshot& give_up);
  void perform(Host& host, consensus::LogEvent& event);
  void perform(Host& host, consensus::ProposeToLog& propose);
  void perform(Host& host, consensus::ReadFromLog& read);
  void perform(Host& host, consensus::SendToMember& send);
  void perform(Host& host, consensus::Answered& answered);
  void perform(Host& host, consensus::ReadAnswered& answered);
  void perform(Host& host, consensus::HeartbeatAnswered& answered);
  void perform(Host& host, consensus::Changed& changed);
  void perform(Host& host, consensus::Reset& reset);
  void perform(Host& host, consensus::LeaderNews& news);
  void perform(Host& host, consensus::BeginCheck& begin);
  void perform(Host& host, consensus::EndCheck& end);
  void perform(Host& host, consensus::BeginNewLife& begin);
  void send(Host& host, const std::string& to, const consensus::Frame& frame);
  void put(Host& host, DiskWrite write);
  void serve_disk(Host& host);
  void end_write(Host& host);

  WorldOptions options_;
  Observer& observer_;
  Prng prng_;
  Timeline timeline_;
  StreamNet net_;
  Detectors detectors_;
  Duration disk_delay_max_;
  LifeId cluster_{0xC0FFEE, 1};
  std::vector<std::unique_ptr<Host>> hosts_;
  std::set<raft::VoterId> lost_voters_;
  std::uint64_t requests_ = 0;
  std::uint64_t inputs_ = 0;
};

}  // namespace rollcall::sim::agreement
