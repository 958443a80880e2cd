// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/context.hpp"
#include "core/detector/detector.hpp"
#include "core/detector/helper_desk.hpp"
#include "core/detector/lost_members.hpp"
#include "core/detector/neighbour_streams.hpp"
#include "core/detector/ping_log.hpp"
#include "core/detector/standing_aside.hpp"
#include "core/dissemination/anti_entropy.hpp"
#include "core/dissemination/gossip.hpp"
#include "core/dissemination/outbox.hpp"
#include "core/exchanges.hpp"
#include "core/joining/joiner.hpp"
#include "core/joining/leaver.hpp"
#include "core/joining/peer_saver.hpp"
#include "core/membership/membership.hpp"
#include "core/membership/name_claim.hpp"
#include "core/settings/settings_keeper.hpp"

namespace rollcall::core {

/// The parts of one node, and who hears of what: the only place where they meet.
class Node::State final : private Registrar,
                          private MembershipListener,
                          private JoinListener,
                          private SettingsListener {
 public:
  /// A timer later than this share of the pause budget, or than pause_min, is a pause.
  static constexpr Duration pause_min = std::chrono::milliseconds(250);

  /// What comes first after so long a silence may have waited for as long.
  static constexpr Duration backlog_silence = 2 * UpdateQueue::news_time;
  /// With fewer others, one that is down would say too much of this node's own network.
  static constexpr std::size_t path_needs = 3;

  State(Config config, std::uint64_t boot, std::uint64_t seed, Instant now);

  /// Call first with every input. Notices when this node did not run for a while.
  void enter(Instant now, Effects& effects);
  /// Call last with every input.
  void exit();

  void start();
  void start_among(const MemberTable& everybody);
  void on_datagram(const Address& from, Bytes datagram);
  void on_unreachable(const Address& to, Unreachable what);
  void on_request(StreamId id, Bytes frame);
  void on_stream_closed(StreamId id);
  void on_exchange_reply(ExchangeId id, Bytes frame);
  void on_exchange_failed(ExchangeId id, ExchangeError error);
  void on_watch_opened(WatchId id, Bytes frame);
  void on_watch_closed(WatchId id, CloseReason reason);
  void on_resolved(ResolveId id, std::span<const Address> addresses, ResolveError error);
  void on_command(CommandId id, const Command& command);
  void on_deadline();
  [[nodiscard]] Instant next_deadline() const { return next_deadline_; }
  [[nodiscard]] QueueSizes queue_sizes() const;
  [[nodiscard]] std::vector<Steadiness> unsteady() const;

  Context context;
  Joiner& joiner() { return joiner_; }
  SettingsKeeper& settings() { return settings_; }

 private:
  // What the parts tell one another.
  void learn(const wire::Update& update, Provenance provenance) override;
  void confirm(Slot slot) override;
  void stream_ping(Slot slot, Duration timeout) override;
  void on_member_changed(Slot slot) override;
  bool on_witness(Slot slot, const LifeId& witness) override;
  void on_failed_elsewhere(Slot slot) override;
  void on_found_unfit() override;
  void on_rival(const wire::Update& rival) override;
  void on_joined() override;
  void on_not_joined() override;
  void on_name_in_use(const Address& holder) override;
  void on_settings_changed(const ClusterSettings& before) override;

  // Datagrams, one handler a message.
  void count_refusal(wire::DecodeError error);
  void handle(const wire::Ping& ping, const Address& from, const LifeId& sender);
  void handle(const wire::Ack& ack, const Address& from, const LifeId& sender);
  void handle(const wire::PingRequest& request, const Address& from, const LifeId& sender);
  void handle(const wire::Report& report, const Address& from, const LifeId& sender);
  void handle(const wire::Update& update, const Address& from, const LifeId& sender);
  void handle(const wire::Seek& seek, const Address& from, const LifeId& sender);
  void handle(const wire::Here& here, const Address& from, const LifeId& sender);
  void handle(const wire::Heartbeats& heartbeats, const Address& from, const LifeId& sender);
  void handle(const wire::Settings& settings, const Address& from, const LifeId& sender);
  void respond(const wire::Ping& ping, const Address& from, const LifeId& sender);
  void answer_ping(const wire::Ping& ping, const Address& from, const LifeId& sender);
  void introduce_itself(wire::DatagramWriter& writer) const;
  void on_answered(const SentPing& ping, const LifeId& sender);

  // Requests on streams, one handler a message.
  void answer(StreamId id, const wire::JoinRequest& request, const LifeId& sender);
  void answer(StreamId id, const wire::SyncOpen& request, const LifeId& sender);
  void answer(StreamId id, const wire::SyncRecords& request, const LifeId& sender);
  void answer(StreamId id, const wire::StreamPing& request, const LifeId& sender);
  void answer(StreamId id, const wire::Watch& request, const LifeId& sender);
  /// Anything else is an answer, and no request.
  template <class Other>
  void answer(StreamId id, const Other& request, const LifeId& sender);
  void reply(StreamId id, const wire::StreamMessage& message, AfterReply then);
  void refuse(StreamId id, wire::RefusalCode code, const std::string& detail);
  void reply_in_the_way(StreamId id, wire::JoinStatus status, const Record& record);
  [[nodiscard]] wire::JoinReply welcome_reply() const;

  // Answers on own exchanges.
  void on_stream_ping_answer(const Exchange& exchange, const LifeId& sender);

  // Commands, one handler each.
  void execute(CommandId id, const JoinCommand& command);
  void execute(CommandId id, const CancelJoinCommand& command);
  void execute(CommandId id, const LeaveCommand& command);
  void execute(CommandId id, const ForceLeaveCommand& command);
  void execute(CommandId id, const SetTagsCommand& command);
  void execute(CommandId id, const ChangeSettingsCommand& command);
  void execute(CommandId id, const BeginLifeCommand& command);
  void done(CommandId id, CommandResult result);

  void take_part();
  void set_phase(Phase phase);
  void stand_down(const Address& holder);
  void step_aside(const std::string& why);
  void come_back();
  void finish_leaving();
  void settle_claim();
  void stop_all();
  void note_lateness(Instant now);
  [[nodiscard]] Instant earliest_deadline() const;

  Gossip gossip_;
  Outbox outbox_;
  PingLog pings_;
  Exchanges exchanges_;
  SettingsKeeper settings_;
  HelperDesk helper_desk_;
  Membership membership_;
  NameClaim name_claim_;
  std::unique_ptr<Detector> detector_;
  NeighbourStreams streams_;
  LostMembers lost_members_;
  StandingAside standing_aside_;
  AntiEntropy anti_entropy_;
  Joiner joiner_;
  Leaver leaver_;
  PeerSaver peer_saver_;

  /// The first ping of the datagram being read; answered when all of it is, for it may change the
  /// answer. More would make this node send more than it is sent.
  std::optional<wire::Ping> unanswered_;
  /// The heartbeats that came with it, which are answered alike.
  std::optional<wire::Heartbeats> heartbeats_;
  std::vector<CommandId> leave_commands_;
  Instant lateness_noted_for_ = never;
  /// This node did not run for longer than news is news, or heard nobody for long: what waited for
  /// it, and comes before its next deadline, is of an age that nobody knows.
  bool reads_backlog_ = false;
  /// As of the end of the last input, for nothing but input changes it.
  Instant next_deadline_ = never;
};

}  // namespace rollcall::core
