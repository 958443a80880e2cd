// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "registry/registry.hpp"
#include "runtime/bound_sockets.hpp"
#include "runtime/inbound_streams.hpp"
#include "runtime/peer_links.hpp"
#include "runtime/voters_log.hpp"
#include "wire/datagram.hpp"

/// What the tests of the log engine and its benchmark share: members with real disks and sockets,
/// without a failure detector.
namespace rollcall::runtime {

inline constexpr LifeId rig_cluster{0xC, 0xC};

inline ByteVector join_command(const std::string& group, const std::string& id,
                               std::string address = "10.0.0.1:80") {
  registry::Join join{.group = group, .member = {}};
  join.member.id = id;
  join.member.address = std::move(address);
  return registry::encode({.request = {}, .action = join});
}

/// One member: an engine, its links, and a registry made of what the log gives up.
///
/// Threads: the io_context's, all of it.
class LogParty final : private LogHost, private PeerLinksHost, private StreamHost {
 public:
  struct Setup {
    std::string name;
    std::filesystem::path directory;
    bool begins_alone = false;
    std::uint16_t expects = 0;
    std::uint64_t snapshot_entries = 16'384;
    std::uint64_t seed = 1;
    std::size_t waiting_bytes_max = VotersLogSetup{}.waiting_bytes_max;
    std::size_t read_tries_max = VotersLogSetup{}.read_tries_max;
    std::function<std::optional<Error>(const raft::Position&)> before_read = nullptr;
  };

  static std::expected<std::unique_ptr<LogParty>, Error> open(boost::asio::io_context& io,
                                                              const Setup& setup) {
    auto sockets = bind_sockets(Address::v4(127, 0, 0, 1, 0));
    if (!sockets) return std::unexpected(sockets.error());
    std::unique_ptr<LogParty> party(new LogParty(io, setup, std::move(*sockets)));
    VotersLogSetup log;
    log.cluster = "test";
    log.cluster_id = rig_cluster;
    log.directory = setup.directory;
    log.waiting_bytes_max = setup.waiting_bytes_max;
    log.read_tries_max = setup.read_tries_max;
    log.before_read = setup.before_read;
    log.config.self = setup.name;
    log.config.begins_alone = setup.begins_alone;
    log.config.bootstrap_expect = setup.expects;
    log.config.seed = setup.seed;
    log.config.raft.snapshot_entries = setup.snapshot_entries;
    log.config.raft.trailing_entries = std::min<std::uint64_t>(4096, setup.snapshot_entries / 4);
    auto engine = VotersLog::open(io, log, *party);
    if (!engine) return std::unexpected(engine.error());
    party->engine_ = std::move(*engine);
    party->engine_->start();
    return party;
  }
  ~LogParty() { end(); }
  LogParty(const LogParty&) = delete;
  LogParty& operator=(const LogParty&) = delete;

  /// As if the process were killed, but for what the system has of it.
  void end() {
    links_.close_all();
    inbound_.close_all();
    if (engine_) engine_->stop([] {});
    engine_.reset();
  }

  [[nodiscard]] consensus::Peer as_peer() const {
    const LogEngine::Standing standing = engine_->standing();
    return {.name = name_,
            .life = {1, life_},
            .state = consensus::Peer::State::alive,
            .voter = standing.voter,
            .log = standing.log,
            .expects = standing.expects,
            .zone = "",
            .address = to_text(address_)};
  }
  void on_peers(const consensus::Peers& peers) {
    peers_ = peers;
    links_.on_peers(peers);
    engine_->on_peers(peers);
  }

  [[nodiscard]] VotersLog& engine() { return *engine_; }
  [[nodiscard]] PeerLinks& links() { return links_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const registry::Registry& registry() const { return registry_; }
  [[nodiscard]] bool is_leading() const { return is_leading_; }
  [[nodiscard]] bool has(const std::string& group, const std::string& id) const {
    const registry::Group* const found = registry_.find(group);
    return found != nullptr && found->find(id) != nullptr;
  }

  std::vector<std::string> warnings;
  std::vector<consensus::LogEvent> refusals;  // and answers to reads
  std::uint64_t committed = 0;
  std::uint64_t restored = 0;
  std::function<void(const consensus::Committed&)> when_committed;

 private:
  LogParty(boost::asio::io_context& io, const Setup& setup, BoundSockets sockets)
      : name_(setup.name),
        life_{setup.seed, hash_bytes(setup.name)},
        address_(sockets.address),
        links_(io,
               {.cluster = wire::cluster_hash("test"),
                .self = setup.name,
                .life = life_,
                .from = {},
                .seed = setup.seed,
                .times = {}},
               *this),
        inbound_(io, std::move(sockets.tcp), *this, {}) {
    inbound_.start();
  }

  void on_log(consensus::LogEvent event) override {
    if (auto* const one = std::get_if<consensus::Committed>(&event)) {
      ++committed;
      static_cast<void>(registry_.apply({one->term, one->index, Bytes(one->command)}));
      if (when_committed) when_committed(*one);
    } else if (auto* const whole = std::get_if<consensus::Restored>(&event)) {
      ++restored;
      auto registry = registry::Registry::restore(whole->snapshot, rig_cluster);
      if (registry) registry_ = std::move(*registry);
    } else if (auto* const news = std::get_if<consensus::Leadership>(&event)) {
      is_leading_ = news->is_leading;
    } else {
      refusals.push_back(std::move(event));
    }
  }
  void send(const std::string& to, consensus::Frame frame) override { links_.send(to, frame); }
  void warn(std::string message) override { warnings.push_back(std::move(message)); }

  void on_peer_frame(const std::string& from, consensus::Frame frame) override {
    engine_->on_frame(from, std::move(frame));
  }
  void on_peer_unreachable(const std::string& peer) override { engine_->on_unreachable(peer); }

  void on_exchange_reply(core::ExchangeId, Bytes) override {}
  void on_exchange_failed(core::ExchangeId, core::ExchangeError) override {}
  void on_watch_opened(core::WatchId, Bytes) override {}
  void on_watch_closed(core::WatchId, core::CloseReason) override {}
  void on_request(core::StreamId, const Address&, Bytes) override {}
  void on_stream_closed(core::StreamId, core::CloseReason) override {}
  void on_stream_refused(const Address&, wire::RefusalCode) override {}
  [[nodiscard]] wire::Envelope envelope() const override {
    return {.cluster = wire::cluster_hash("test"), .sender = life_, .health = 0};
  }
  std::expected<Address, wire::RefusalCode> admit_agreement(const wire::Envelope&,
                                                            std::string_view name) override {
    for (const consensus::Peer& peer : peers_) {
      if (peer.name == name) return parse_address(peer.address).value_or(Address());
    }
    return std::unexpected(wire::RefusalCode::not_joined);
  }
  void on_agreement_stream(AgreementStream stream) override { links_.adopt(std::move(stream)); }

  std::string name_;
  LifeId life_;
  Address address_;
  consensus::Peers peers_;
  PeerLinks links_;
  InboundStreams inbound_;
  std::unique_ptr<VotersLog> engine_;
  registry::Registry registry_{rig_cluster};
  bool is_leading_ = false;
};

}  // namespace rollcall::runtime
