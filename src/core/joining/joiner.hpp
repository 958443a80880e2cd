// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/context.hpp"
#include "core/detector/detector.hpp"
#include "core/exchanges.hpp"
#include "core/membership/membership.hpp"
#include "core/membership/name_claim.hpp"

namespace rollcall::core {

/// Told of what joining leads to.
class JoinListener {
 public:
  virtual ~JoinListener() = default;
  virtual void on_joined() = 0;
  /// No seed could be joined; it will be tried again if there is somewhere to go back to.
  virtual void on_not_joined() = 0;
  /// A live process elsewhere has this node's name.
  virtual void on_name_in_use(const Address& holder) = 0;
};

/// Gets this node into a cluster, and back into it whenever it finds itself alone: through any
/// member, all seeds at once, names looked up anew at each try, with jittered back-off, for
/// ever, until told to stop.
///
/// Limits: seeds_max seeds a try, addresses_max addresses of each.
class Joiner {
 public:
  static constexpr std::size_t seeds_max = 64;
  static constexpr std::size_t addresses_max = 4;
  static constexpr std::size_t saved_peers_max = 16;
  static constexpr unsigned boot_raises_max = 4;

  Joiner(Context& context, Exchanges& exchanges, Membership& membership, NameClaim& claim,
         JoinListener& listener)
      : context_(context),
        exchanges_(exchanges),
        membership_(membership),
        claim_(claim),
        listener_(listener) {}

  void set_homes(std::vector<HostPort> seeds, std::vector<Address> saved_peers);
  [[nodiscard]] bool has_homes() const { return !homes_.empty() || !saved_peers_.empty(); }

  /// Tries the homes now, and again until it succeeds.
  void go_home();
  /// Tries the homes again after the back-off.
  void go_home_later();
  /// Tries the seeds of a command; they become homes when one of them is joined, or at once if
  /// the command says to keep trying.
  void join(CommandId id, const JoinCommand& command);
  /// Ends every try, the ones in the background too.
  void cancel();

  void on_resolved(ResolveId id, std::span<const Address> addresses, ResolveError error);
  void on_reply(ExchangeId id, const wire::Envelope& envelope, const wire::StreamMessage& reply);
  void on_failed(ExchangeId id, ExchangeError error);
  /// The look at another holder of the name, begun for a join, has ended.
  void on_claim_settled(const NameClaim::Rival& rival, NameClaim::Outcome outcome);

  void on_deadline();
  [[nodiscard]] Instant next_deadline() const;

  [[nodiscard]] const JoinTrouble& trouble() const { return trouble_; }

 private:
  struct Seed {
    std::string text;
    ResolveId resolve{};
    std::vector<Address> addresses{};
    std::size_t next_address = 0;
    std::optional<ExchangeId> exchange{};
    unsigned boot_raises = 0;
    LifeId looked_for{};
    bool waits_for_claim = false;
    bool settled = false;
    bool joined = false;
    std::string outcome = "not needed";
  };
  struct Attempt {
    std::uint64_t number = 0;
    std::optional<CommandId> command;
    std::vector<HostPort> given;
    std::vector<Seed> seeds;
    bool name_in_use = false;
  };

  void begin(Attempt attempt, const std::vector<HostPort>& seeds,
             const std::vector<Address>& peers);
  /// Asks the seed's next address; with none left, the seed is settled with the reason given.
  void try_next_address(Seed& seed, const std::string& why_not_the_last);
  void settle(Seed& seed, bool joined, std::string outcome);
  void welcome(Seed& seed, const wire::Envelope& envelope, const wire::JoinReply& reply);
  void raise_boot(Seed& seed, const wire::Update& known);
  void look_for_rival(Seed& seed, const wire::Update& rival);
  void handle_reply(Seed& seed, const wire::Envelope& envelope, const wire::StreamMessage& reply);
  void handle_join_reply(Seed& seed, const wire::Envelope& envelope, const wire::JoinReply& reply);
  void finish_settled();
  void finish(Attempt& attempt);
  void remember(const std::vector<HostPort>& seeds);
  void end_exchanges(Attempt& attempt);
  [[nodiscard]] static std::vector<JoinAttempt> outcomes(const Attempt& attempt);
  Seed* find(ExchangeId id);
  void schedule_retry();
  [[nodiscard]] bool is_trying_home() const;

  Context& context_;
  Exchanges& exchanges_;
  Membership& membership_;
  NameClaim& claim_;
  JoinListener& listener_;
  std::vector<HostPort> homes_;
  std::vector<Address> saved_peers_;
  std::vector<Attempt> attempts_;
  std::uint64_t next_attempt_ = 1;
  std::uint64_t next_resolve_ = 1;
  bool goes_home_ = false;
  Duration back_off_{};
  Instant next_try_ = never;
  JoinTrouble trouble_;
};

}  // namespace rollcall::core
