// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/time.hpp"
#include "consensus/frames.hpp"
#include "consensus/log.hpp"
#include "registry/commands.hpp"
#include "registry/cut_detector.hpp"
#include "registry/registry.hpp"

namespace rollcall::consensus {

struct AgreementConfig {
  std::string self;
  /// Names the cluster in snapshots: the same on all members (made of the cluster's name).
  LifeId cluster;
  /// This member's session for exactly-once requests: random, new at each start.
  LifeId session;
  registry::CutConfig cut;
  /// How many observers report one failed member, chosen by rendezvous among the live ones.
  std::size_t observers = 16;
  /// A report that names anybody is repeated so often: the leader forgets, and may be another.
  Duration report_interval = std::chrono::seconds(1);
  /// New members that come together within this are one view.
  Duration join_settle = std::chrono::milliseconds(20);
  /// A member of the view whom this member's failure detector does not know counts as failed then.
  Duration absent_after = std::chrono::seconds(30);
  /// A proposal without outcome is proposed again after this, and at once when the leader changes.
  Duration propose_again = std::chrono::seconds(1);
  /// Under way at once (at most registry::session_results_max), and waiting behind them.
  std::size_t requests_open_max = 1000;
  std::size_t requests_waiting_max = 65'536;
  std::size_t heartbeats_open_max = 65'536;
};

/// Names a request to its asker.
enum class RequestToken : std::uint64_t {};

enum class RequestFailure : std::uint8_t {
  no_leader,   // nothing was done: nobody could be asked within the time
  timeout,     // not committed within the time; it may still be
  overloaded,  // nothing was done: too many requests wait here
  too_large    // nothing was done: larger than a command may be
};
std::string_view to_text(RequestFailure failure);

// --- effects -------------------------------------------------------------------------------------

/// To the log below.
struct ProposeToLog {
  ProposalToken token{};
  ByteVector command;
  /// Not zero: what this member decided as the leader of that term (an eviction, a change of the
  /// cluster), which must not reach the log under another leader: for Replica::propose_as_leader().
  std::uint64_t term = 0;
};
struct ReadFromLog {
  ReadToken token{};
};
/// To a member, by name (frames.hpp: Renew and those after it).
struct SendToMember {
  std::string to;
  Frame frame;
};
/// The answer to submit(): committed, and applied here.
struct Answered {
  RequestToken token{};
  std::expected<registry::Result, RequestFailure> result;
};
/// The answer to read(): registry() is now as it must be.
struct ReadAnswered {
  RequestToken token{};
  std::expected<void, RequestFailure> result;
};
struct HeartbeatAnswered {
  RequestToken token{};
  std::expected<registry::Heartbeat, RequestFailure> result;
};
/// Views that came to be, in order; each group's numbers without a gap, except after Reset.
struct Changed {
  std::vector<registry::ViewDelta> changes;
};
/// The whole registry was replaced by a later one: readers that resume must look anew.
struct Reset {};
/// Who leads the log changed, or the first view came to be.
struct LeaderNews {
  Leadership leadership;
};
/// From now on this member looks after this client / does no longer. A lease with the same name is
/// begun once. All are ended by a Reset, and those that stay begun anew.
struct BeginCheck {
  registry::LeaseName lease;
  std::string address;
  registry::Check check;
};
struct EndCheck {
  registry::LeaseName lease;
};
/// The agreed view has removed this live member: it must come back as a new life.
struct BeginNewLife {};

using AgreementEffect =
    std::variant<ProposeToLog, ReadFromLog, SendToMember, Answered, ReadAnswered, HeartbeatAnswered,
                 Changed, Reset, LeaderNews, BeginCheck, EndCheck, BeginNewLife>;
using AgreementEffects = std::vector<AgreementEffect>;

/// What one member makes of the log: the registry, its clients' requests, and, on the leader, what
/// to propose when leases run out, checks are missed, or members come and go.
///
/// A request is given the session's next sequence and proposed until it is seen committed: the
/// registry's sessions make that exactly once. The answer is that of the registry here, so whoever
/// asked reads his own writes here.
///
/// Heartbeats never enter the log: the leader's LeaseKeeper notes them and answers after a read
/// confirmed that it leads. The cluster's own group is changed by the leader alone: joined are
/// those whom its failure detector finds alive, removed those whom the cut detector settles upon or
/// who left.
///
/// Sans-I/O, deterministic; effects in order.
/// Order:   now must not decrease. Every LogEvent of the log below, in order.
/// Limits:  AgreementConfig's, and registry/limits.hpp.
/// Threads: none; the caller serialises calls.
class Agreement {
 public:
  Agreement(const AgreementConfig& config, Instant now);
  ~Agreement();
  Agreement(Agreement&&) noexcept;
  Agreement& operator=(Agreement&&) noexcept;

  void on_log(LogEvent event, Instant now, AgreementEffects& effects);
  void on_peers(const Peers& peers, Instant now, AgreementEffects& effects);
  void on_frame(const std::string& from, const Frame& frame, Instant now,
                AgreementEffects& effects);
  /// The responsible member (this one) has missed all the checks it may.
  void on_check_failed(const registry::LeaseName& lease, Instant now, AgreementEffects& effects);
  /// The world found that the process has stood still for so long: that time counts for no lease.
  void on_paused(Duration pause, Instant now);

  /// Each answered exactly once, at the latest when `until` has come. What no rule allows
  /// (registry/rules.hpp, to be asked before) is answered Status::malformed.
  void submit(RequestToken token, registry::Join join, Instant until, Instant now,
              AgreementEffects& effects);
  void submit(RequestToken token, registry::Leave leave, Instant until, Instant now,
              AgreementEffects& effects);
  /// An operator removes a member of a group of clients, or (group `cluster`) of the cluster. Who
  /// is not in the registry here is answered no_such_member: read() before, to be sure.
  void submit_removal(RequestToken token, std::string group, std::string id, Instant until,
                      Instant now, AgreementEffects& effects);
  void read(RequestToken token, Instant until, Instant now, AgreementEffects& effects);
  void heartbeat(RequestToken token, std::string group, std::string id, Instant until, Instant now,
                 AgreementEffects& effects);

  void on_deadline(Instant now, AgreementEffects& effects);
  [[nodiscard]] Instant next_deadline() const;

  [[nodiscard]] const registry::Registry& registry() const;
  [[nodiscard]] const Leadership& leadership() const;
  /// Whether a proposal may still be given to the log; what may not is to be dropped without a
  /// word.
  [[nodiscard]] bool is_current(const ProposeToLog& proposal) const;
  /// What is wrong, for people, as sentences; empty: nothing. For example that this program is too
  /// old for a command, and has stopped applying.
  [[nodiscard]] std::string trouble() const;
  void check_invariants() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace rollcall::consensus
