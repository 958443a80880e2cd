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
#include "core/joining/join_attempt.hpp"
#include "core/joining/lan_search.hpp"
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
/// member, with jittered back-off, for ever, until told to stop.
///
/// Order:  a try home goes through the stages of JoinStage that it has anything for. Within a stage
///         all seeds are asked at once, names looked up anew, the addresses of one name
///         address_gap apart. The next stage begins when all of the stage have failed, and after
///         stage_time at the latest: those that are slow go on beside it. The first welcome ends
///         the try.
/// Limits: seeds_max seeds of a list, addresses_max addresses of each, saved_peers_max saved peers,
///         lan_found_max members of the LAN a try; merges_max merges at once. Addresses wait while
///         Exchanges::open_max are being asked.
class Joiner {
 public:
  static constexpr std::size_t seeds_max = 64;
  static constexpr std::size_t addresses_max = 16;
  static constexpr std::size_t saved_peers_max = 16;
  static constexpr std::size_t lan_found_max = 8;
  static constexpr std::size_t merges_max = 4;
  static constexpr unsigned boot_raises_max = 4;
  static constexpr Duration stage_time = std::chrono::seconds(1);
  static constexpr Duration address_gap = std::chrono::milliseconds(100);

  Joiner(Context& context, Exchanges& exchanges, Membership& membership, NameClaim& claim,
         JoinListener& listener)
      : context_(context),
        exchanges_(exchanges),
        membership_(membership),
        claim_(claim),
        listener_(listener),
        lan_(context) {}

  void set_homes(std::vector<HostPort> seeds, std::vector<Address> saved_peers);
  [[nodiscard]] bool has_homes() const { return stage_after(JoinStage::none).has_value(); }

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
  void on_hosts(std::span<const HostPort> hosts);
  void on_reply(ExchangeId id, const wire::Envelope& envelope, const wire::StreamMessage& reply);
  void on_failed(ExchangeId id, ExchangeError error);
  /// The look at another holder of the name, begun for a join, has ended.
  void on_claim_settled(const NameClaim::Rival& rival, NameClaim::Outcome outcome);
  /// Another member of the cluster looks for members on the LAN.
  void on_seek(const Address& from, const LifeId& seeker);
  /// A member on the LAN has answered.
  void on_here(const Address& from, const LifeId& life);

  void on_deadline();
  [[nodiscard]] Instant next_deadline() const;

  [[nodiscard]] JoinStage stage() const;
  [[nodiscard]] const JoinTrouble& trouble() const { return trouble_; }

 private:
  /// A seed and one of its addresses, by number: both lists grow while they are gone through.
  struct Place {
    JoinTry* attempt = nullptr;
    std::size_t seed = 0;
    std::size_t asked = 0;

    [[nodiscard]] JoinSeed& its_seed() const { return attempt->seeds[seed]; }
    [[nodiscard]] AskedAddress& its_address() const { return its_seed().asked[asked]; }
  };

  // Beginning.
  void set_goes_home();
  void begin(JoinTry attempt);
  void add_name(JoinTry& attempt, const HostPort& name, JoinStage stage);
  static void add_address(JoinTry& attempt, const Address& address, JoinStage stage,
                          const LifeId& life = {});
  [[nodiscard]] std::optional<JoinStage> stage_after(JoinStage stage) const;
  void enter(JoinTry& attempt, JoinStage stage);
  void merge(const Address& address, const LifeId& life);

  // Asking.
  void ask_next(JoinSeed& seed);
  bool ask(AskedAddress& asked);
  [[nodiscard]] std::string why_not(const Address& address) const;
  void give_up(const Place& place, std::string outcome);
  static void settle(JoinSeed& seed, bool joined, std::string outcome);
  [[nodiscard]] std::optional<Place> find(ExchangeId id);

  // Answers.
  void handle_reply(const Place& place, const wire::Envelope& envelope,
                    const wire::StreamMessage& reply);
  void handle_join_reply(const Place& place, const wire::JoinReply& reply);
  void welcome(const Place& place, const wire::JoinReply& reply);
  void raise_boot(const Place& place, const wire::Update& known);
  void look_for_rival(const Place& place, const wire::Update& rival);
  void settle_claim(const Place& place, const NameClaim::Rival& rival, NameClaim::Outcome outcome);

  // Ends.
  void finish_settled();
  /// Goes on to the stages that are due; true when the try is at its end.
  bool advance(JoinTry& attempt);
  void finish(JoinTry& attempt);
  void end_exchanges(JoinTry& attempt);
  void go_on_merging(const JoinTry& attempt);
  [[nodiscard]] static std::vector<JoinAttempt> outcomes(const JoinTry& attempt);
  void remember(const std::vector<HostPort>& seeds);
  void schedule_retry();
  [[nodiscard]] bool wants_in() const;
  [[nodiscard]] const JoinTry* find_try(JoinPurpose purpose) const;
  [[nodiscard]] JoinTry* find_try(JoinPurpose purpose);

  Context& context_;
  Exchanges& exchanges_;
  Membership& membership_;
  NameClaim& claim_;
  JoinListener& listener_;
  LanSearch lan_;
  std::vector<HostPort> homes_;
  std::vector<Address> saved_peers_;
  std::vector<JoinTry> tries_;
  std::uint64_t next_resolve_ = 1;
  bool goes_home_ = false;
  Duration back_off_{};
  Instant next_try_ = never;
  JoinTrouble trouble_;
};

}  // namespace rollcall::core
