// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "core/node.hpp"
#include "rollcall/steadiness.hpp"
#include "runtime/agent_peers.hpp"
#include "runtime/agreement_news.hpp"
#include "runtime/bound_sockets.hpp"
#include "runtime/clock.hpp"
#include "runtime/exchanges.hpp"
#include "runtime/fault_layer.hpp"
#include "runtime/hosts_file.hpp"
#include "runtime/inbound_streams.hpp"
#include "runtime/join_news.hpp"
#include "runtime/lan_socket.hpp"
#include "runtime/loop.hpp"
#include "runtime/member_snapshots.hpp"
#include "runtime/notice_board.hpp"
#include "runtime/store_writer.hpp"
#include "runtime/stream_host.hpp"
#include "runtime/udp_socket.hpp"
#include "runtime/watches.hpp"

namespace rollcall::runtime {

/// What one member needs to run.
struct NodeSetup {
  core::Config config;
  std::uint64_t boot = 1;
  std::uint64_t seed = 0;
  std::vector<HostPort> seeds;
  std::vector<Address> saved_peers;
  /// The file of further members, and what it named at the start; empty: there is none.
  std::string hosts_file;
  std::vector<HostPort> hosts;
  BoundSockets sockets;
  /// Where members of the LAN are heard; nothing where this one takes no part in that.
  std::optional<LanListeners> lan;
  /// Where boot counters, peers and settings are kept; nothing keeps nothing.
  std::optional<Store> store;
  /// Settings kept from an earlier life; they must have passed core::validate().
  std::optional<core::VersionedSettings> settings;
  /// What readers are to be warned of once it runs; empty is nothing.
  std::string warning;
  bool allow_faults = false;
};

/// THE main loop of one member: every input to the core, and every effect it asks for, passes
/// through here.
///
/// Order:   datagrams that have arrived are given to the core before a deadline is, so that
///          answers which waited in the socket while the process slept are seen first. Readers
///          see a new member list before the events that led to it.
/// Limits:  datagrams_per_wake_max datagrams are read before other work has its turn. Above
///          large_cluster members, lists and events are published at most every
///          publish_interval.
/// Threads: everything on the loop's thread, except command() and what NoticeBoard offers.
class NodeLoop final : public std::enable_shared_from_this<NodeLoop>,
                       private StreamHost,
                       private FaultHost {
 public:
  static constexpr std::size_t batches_per_wake_max = 16;
  static constexpr std::size_t large_cluster = 2000;
  static constexpr Duration publish_interval = std::chrono::milliseconds(20);
  /// A timer later than this means that more may have arrived than datagrams.
  static constexpr Duration late_timer = std::chrono::milliseconds(50);

  NodeLoop(Loop::Impl& loop, NodeSetup setup, std::shared_ptr<NoticeBoard> board);
  ~NodeLoop();

  /// Before start(): who takes streams of the agreement, and is told of peers and faults.
  void set_agreement(AgreementHooks hooks) { agreement_ = std::move(hooks); }
  void start();
  /// Ends everything at once, without leaving. Commands under way are told that it is closed.
  /// done is called, on any thread, when the data directory is free again.
  void stop(std::function<void()> done);

  /// Why a command has no result: the member was closed before, or is frozen and did not take it.
  enum class Unanswered : std::uint8_t { closed, frozen };
  using Outcome = std::expected<core::CommandDone, Unanswered>;
  using OnDone = std::function<void(const Outcome&)>;
  /// From any thread. done runs on the loop's thread, and may do anything but wait.
  void command(core::Command command, OnDone done);

  /// From any thread; only where faults are allowed. Takes effect also while the member is frozen.
  /// done runs on the loop's thread; false says that the member is closed.
  void set_faults(CheckedFaults faults, std::function<void(bool)> done);

  /// Who is suspected or has flapped lately, by name; nothing if the member was closed. As
  /// command().
  using OnUnsteady = std::function<void(std::optional<std::vector<Steadiness>>)>;
  void unsteady(OnUnsteady done);

  // --- for the agreement, from any thread. While the member is frozen they wait.
  /// Keeps in the data directory, if there is one, which log it has a part in.
  void keep_log(const consensus::LogId& log);
  /// Sets one of rollcall's own tags; an empty value takes it away.
  void set_system_tag(std::string key, std::string value);
  /// This life was removed by agreement: the next one begins, if it has not.
  void begin_life(const LifeId& ended);
  /// Tells readers, in order.
  void tell(std::vector<AgreementNews> news);

 private:
  template <class Input>
  void drive(Input input);
  void settle();
  void receive_all();
  bool receive_batch();

  void wait_for_datagrams();
  void on_readable();
  void receive(const Address& from, Bytes datagram, Instant now);
  void arm_timer();
  void on_timer();
  void on_deadline();
  void report_unreachable();

  void note_events();
  void note_warning(const Error& error);
  void add_event(const core::Publish& news);
  void add_warning(std::string message);
  void note_settings();
  void note_join_trouble();
  void publish();
  bool publish_members();
  void publish_peers();
  void publish_numbers();

  void perform(const core::SendDatagram& effect);
  void perform(const core::CastDatagram& effect);
  void perform(const core::StartExchange& effect);
  void perform(const core::ContinueExchange& effect);
  void perform(const core::EndExchange& effect);
  void perform(const core::Reply& effect);
  void perform(const core::OpenWatch& effect);
  void perform(const core::CloseWatch& effect);
  void perform(const core::Resolve& effect);
  void perform(const core::ReadHosts& effect);
  void perform(const core::PersistBoot& effect);
  void perform(const core::PersistPeers& effect);
  void perform(const core::PersistSettings& effect);
  void perform(const core::Publish& effect);
  void perform(const core::CommandDone& effect);

  void on_exchange_reply(core::ExchangeId id, Bytes frame) override;
  void on_exchange_failed(core::ExchangeId id, core::ExchangeError error) override;
  void on_watch_opened(core::WatchId id, Bytes frame) override;
  void on_watch_closed(core::WatchId id, core::CloseReason reason) override;
  void on_request(core::StreamId id, const Address& from, Bytes frame) override;
  void on_stream_closed(core::StreamId id, core::CloseReason reason) override;
  void on_stream_refused(const Address& from, wire::RefusalCode code) override;
  [[nodiscard]] std::expected<Address, wire::RefusalCode> admit_agreement(
      const wire::Envelope& envelope, std::string_view name) override;
  void on_agreement_stream(AgreementStream stream) override;
  [[nodiscard]] wire::Envelope envelope() const override;
  [[nodiscard]] FaultLayer* faults() override { return faults_.get(); }
  [[nodiscard]] bool is_frozen() const { return faults_ && faults_->is_frozen(); }
  void send_late(const Address& to, Bytes datagram) override;
  void receive_late(const Address& from, Bytes datagram) override;
  void on_faults_changed(std::string what) override;
  [[nodiscard]] std::optional<Address> address_of(const LifeId& life) const override;
  void on_resolved(core::ResolveId id, Resolved result);
  void on_hosts(const std::vector<HostPort>& hosts, std::string warning);
  void on_lan_datagram(const Address& from, Bytes datagram);
  void start_lan();

  void execute(core::Command command, OnDone done);
  template <class Call>
  void call_thawed(Call call);
  void on_system_tag_set(core::CommandResult result);
  void add_system_tags(core::Command& command) const;
  [[nodiscard]] Instant next_deadline() const;

  Loop::Impl& loop_;
  std::shared_ptr<NoticeBoard> board_;
  Family family_;
  std::shared_ptr<StoreWriter> store_;
  core::Node node_;
  core::Effects effects_;
  std::size_t noted_ = 0;  // effects already looked through for events
  bool is_stopped_ = false;

  /// Null unless faults are allowed. Outlives the sockets, which ask it.
  std::unique_ptr<FaultLayer> faults_;
  UdpSocket udp_;
  std::shared_ptr<LanSocket> lan_;  // null where this member takes no part in it
  bool was_lan_warned_ = false;
  std::optional<HostsFile> hosts_file_;
  AgreementHooks agreement_;
  Exchanges exchanges_;
  Watches watches_;
  InboundStreams inbound_;

  boost::asio::steady_timer timer_;
  Instant armed_for_ = never;
  bool is_armed_ = false;
  bool is_catching_up_ = false;
  bool is_reporting_ = false;

  AgentPeers peers_;
  bool are_peers_new_ = false;
  bool was_placed_ = false;
  Tags system_tags_;

  MemberSnapshots snapshots_;
  std::vector<core::Slot> changed_;
  std::vector<Event> events_;
  Instant published_{};
  Instant publish_due_ = never;
  std::uint64_t streams_refused_ = 0;
  std::uint64_t streams_of_another_version_ = 0;
  JoinNews join_news_;
  std::uint64_t join_troubles_ = 0;
  std::string start_warning_;

  std::uint64_t next_command_ = 1;
  std::map<core::CommandId, OnDone> commands_;
};

}  // namespace rollcall::runtime
