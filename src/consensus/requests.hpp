// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "base/time.hpp"
#include "consensus/agreement_parts.hpp"
#include "consensus/alarms.hpp"
#include "consensus/proposals.hpp"
#include "registry/commands.hpp"

namespace rollcall::consensus {

/// The requests of this member's clients, each done exactly once however often it is proposed.
///
/// They are numbered in a session of the registry (registry/sessions.hpp). Until the registry
/// here knows the session, every request says that nothing was answered before, so that whichever
/// comes first begins it. A session that others have pushed out since is followed by a new one
/// before the next request is numbered: nothing was proposed under the new name, so nothing can be
/// done twice.
///
/// The window is over the numbers and not over the count: while the lowest is open, no more than
/// requests_open_max results can wait for it in the registry.
///
/// Limits:  requests_open_max under way, requests_waiting_max behind them, in order.
/// Threads: none; the caller serialises calls.
/// Source:  Ongaro, "Consensus: bridging theory and practice", 2014, section 6.3.
class Requests {
 public:
  using Action = decltype(registry::Command::action);

  explicit Requests(const AgreementConfig& config);

  void submit(RequestToken token, Action action, Instant until, const Moment& moment);
  /// A request was seen committed, and this is the registry's answer.
  void on_committed(const registry::RequestId& id, registry::Result result, const Moment& moment);
  void on_refused(const ProposalRefused& refused, const Moment& moment);
  /// Somebody leads who did not before, or the registry was replaced.
  void propose_all(const Moment& moment);
  void on_deadline(const Moment& moment);

  [[nodiscard]] Instant next_deadline() const;
  [[nodiscard]] std::size_t open() const { return open_.size(); }
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  void check_invariants() const;

 private:
  /// Session and sequence.
  using Key = std::pair<LifeId, std::uint64_t>;
  struct Open {
    RequestToken token{};
    Proposals::Id proposal{};
    Instant until{};
    /// Whom an operator removes: with a lease of another name, if that one is gone meanwhile.
    std::optional<registry::LeaseName> removal;
  };
  struct Waiting {
    RequestToken token{};
    Action action;
    Instant until{};
  };

  /// Numbers and proposes as many as have room.
  void pump(const Moment& moment);
  bool has_room(const registry::Registry& registry);
  void begin_session();
  void begin(Waiting waiting, const Moment& moment);
  [[nodiscard]] std::uint64_t lowest_open() const;
  /// Takes an open request out, whatever became of it.
  Open take(std::map<Key, Open>::iterator at);
  bool was_asked_again(const Open& open, const registry::Result& result, const Moment& moment);

  std::size_t open_max_;
  std::size_t waiting_max_;
  LifeId first_session_;
  LifeId session_;
  std::uint64_t sessions_begun_ = 0;
  std::uint64_t last_sequence_ = 0;
  bool is_established_ = false;  // the registry has had this session
  std::uint64_t last_waiting_ = 0;
  Proposals proposals_;
  std::map<Key, Open> open_;
  Alarms<Key> open_alarms_;
  std::map<std::uint64_t, Waiting> waiting_;
  Alarms<std::uint64_t> waiting_alarms_;
};

}  // namespace rollcall::consensus
