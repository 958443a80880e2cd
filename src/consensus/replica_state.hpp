// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/prng.hpp"
#include "consensus/replica.hpp"
#include "consensus/voter_keeper.hpp"

namespace rollcall::consensus {

/// What replica.hpp hides. Each input is a handler, and then settle(), which does whatever the
/// state now calls for. By subject: replica_begin.cpp (how a log comes to be), replica_follow.cpp
/// (following without a vote), replica_serve.cpp (those who follow), replica_forward.cpp (proposals
/// and reads), replica_voters.cpp (what a leader does), replica_status.cpp.
class Replica::State {
 public:
  State(const ReplicaConfig& config, LogId log, std::optional<raft::Raft> raft, Instant now);

  /// Before and after every input.
  void begin(Instant now, ReplicaEffects& effects);
  void settle();

  void on_peers(const Peers& peers);
  void on_frame(const std::string& from, Frame& frame);
  void on_unreachable(const std::string& peer);
  /// Calls the raft core and performs what it asks for; nothing where there is none.
  template <class Call>
  void with_raft(Call call) {
    if (!raft_) return;
    raft_effects_.clear();
    call(*raft_, now_, raft_effects_);
    absorb();
  }
  void on_deadline();
  [[nodiscard]] Instant next_deadline() const;

  void propose(ProposalToken token, ByteVector command);
  void propose_as_leader(ProposalToken token, ByteVector command, raft::Term term);
  void read(ReadToken token);
  void prepare_to_leave();
  [[nodiscard]] bool has_handed_over() const;

  [[nodiscard]] LogStatus status(Instant now) const;
  [[nodiscard]] const LogId& log() const { return log_; }
  [[nodiscard]] const raft::Raft* raft() const { return raft_ ? &*raft_ : nullptr; }
  [[nodiscard]] const ReplicaCounters& counters() const { return counters_; }
  void check_invariants() const;

 private:
  struct Promise {
    raft::VoterId to{};
    Instant until{};
  };
  /// The others were asked whether this member may begin the log.
  struct Beginning {
    std::uint64_t token = 0;
    Instant until{};
    std::set<std::string> asked;
    std::set<std::string> granted;
  };
  /// That so much was committed is known since then.
  struct Awaited {
    raft::Index commit{};
    Instant known_at{};
  };
  /// What a voter said last.
  struct Learned {
    raft::Term term{};
    std::string leader;
    std::vector<std::string> voters;
    Instant until{};  // believed until then
  };
  /// A snapshot that is fetched.
  struct Assembling {
    raft::Position snapshot;
    std::uint64_t size = 0;
    ByteVector data;
  };
  struct HeldFetch {
    Fetch fetch;
    Instant until{};
  };
  /// A read of this member's that the leader was asked about.
  struct OpenRead {
    std::string leader;
    Instant until{};
    std::optional<raft::Index> index;  // confirmed: once so much was given up
  };
  /// A read that the raft core confirms.
  struct Reader {
    std::string from;  // empty: this member
    ReadToken token{};
  };

  // replica_state.cpp
  void give_up_stored_snapshot();
  void emit(LogEvent event) { effects_->emplace_back(std::move(event)); }
  void send(std::string to, Frame frame) {
    effects_->emplace_back(SendFrame{std::move(to), std::move(frame)});
  }
  void absorb();
  template <class Kept>
  void on(Kept& kept) {
    effects_->emplace_back(std::move(kept));
  }
  void on(raft::Send& effect);
  void on(raft::SendChunk& effect);
  void on(raft::Apply& effect);
  void on(raft::RestoreSnapshot& effect);
  void on(raft::RoleChanged& effect);
  void on(raft::MembershipChanged& effect);
  void on(raft::ReadReady& effect);
  void on(raft::ReadFailed& effect);
  void on(raft::TransferFailed& effect);
  void on(raft::Removed& effect);
  void on_raft_frame(const std::string& from, RaftFrame& frame);
  void note_participation();
  void note_freshness();
  [[nodiscard]] std::optional<Life> leading_life() const;
  /// Empty: not known.
  [[nodiscard]] std::string_view name_of(raft::VoterId id) const;
  [[nodiscard]] const Peer* peer(std::string_view name) const;
  [[nodiscard]] bool is_of_this_log(const std::string& from, const LogId& log);
  /// Has the whole log that it gave up, by the raft core's word.
  [[nodiscard]] bool participates() const;
  [[nodiscard]] bool leads() const { return raft_ && raft_->role() == raft::Role::leader; }
  void adopt(const LogId& log);
  void note_return();

  // replica_begin.cpp
  [[nodiscard]] bool is_blank() const { return raft_ && raft_->is_new() && log_.is_nobody(); }
  [[nodiscard]] bool drew(const LogId& log) const;
  [[nodiscard]] bool somebody_has_a_log() const;
  [[nodiscard]] bool is_promised() const { return promise_ && now_ < promise_->until; }
  void settle_begin();
  void settle_expect();
  void begin_log();
  void ask_to_begin(const std::vector<const Peer*>& others);
  [[nodiscard]] std::vector<const Peer*> expecting() const;
  void on_begin_ask(const std::string& from, const BeginAsk& ask);
  void on_begin_reply(const std::string& from, const BeginReply& reply);
  [[nodiscard]] Instant begin_deadline() const;

  // replica_follow.cpp
  [[nodiscard]] bool should_follow() const;
  void settle_follow();
  void stop_following();
  void fail_source();
  void send_fetch();
  [[nodiscard]] std::string choose_source() const;
  [[nodiscard]] bool is_source(const Peer& peer) const;
  void on_fetch_reply(const std::string& from, FetchReply& reply);
  void learn(FetchReply& reply);
  void on_fetched(FetchedEntries& fetched);
  void on_fetched(FetchedPiece& fetched);
  void on_fetched(FetchElsewhere& fetched);
  [[nodiscard]] Instant follow_deadline() const;

  // replica_serve.cpp
  void on_fetch(const std::string& from, const Fetch& fetch);
  void hold(const std::string& from, const Fetch& fetch);
  void answer(const std::string& to, const Fetch& fetch);
  void answer_held(const std::string& to);
  [[nodiscard]] FetchReply reply_to(const Fetch& fetch) const;
  [[nodiscard]] FetchedEntries entries_after(raft::Index after) const;
  void settle_held();

  // replica_forward.cpp
  void on_propose(const std::string& from, ProposeFrame& frame);
  void on_read(const std::string& from, const ReadFrame& frame);
  void on_read_reply(const std::string& from, const ReadReply& reply);
  [[nodiscard]] std::optional<LogRefusal> propose_here(ByteVector command);
  [[nodiscard]] std::optional<LogRefusal> read_here(const std::string& from, ReadToken token);
  void fail_reads_of(std::string_view leader);
  void close_read(ReadToken token);
  void settle_reads();

  // replica_voters.cpp
  void settle_voters();
  [[nodiscard]] bool take(const VoterStep& step);
  void settle_leadership();
  [[nodiscard]] std::string_view leader_now() const;
  [[nodiscard]] raft::Term term_now() const;
  [[nodiscard]] bool is_leading_now() const;
  [[nodiscard]] bool has_learned() const { return now_ < learned_.until; }

  // replica_status.cpp
  [[nodiscard]] std::string role_text() const;
  [[nodiscard]] std::string voter_text(raft::VoterId id) const;
  [[nodiscard]] std::string trouble() const;
  [[nodiscard]] std::string other_log_text() const;
  [[nodiscard]] std::string no_log_text() const;
  [[nodiscard]] std::string no_leader_text() const;
  [[nodiscard]] Duration stale_for(Instant now) const;

  ReplicaConfig config_;
  Prng prng_;
  Instant start_{};
  Instant now_{};
  ReplicaEffects* effects_ = nullptr;  // of the input at hand
  ReplicaCounters counters_;
  bool started_ = false;

  std::optional<raft::Raft> raft_;
  raft::Effects raft_effects_;
  bool removed_ = false;  // a leader said so, and none has said otherwise since
  LogId log_;
  raft::Index delivered_{};  // given up so far
  Peers peers_;
  std::map<raft::VoterId, std::string> names_;
  std::optional<std::pair<std::string, LogId>> other_log_;  // whoever spoke of another one last
  std::optional<Instant> leaderless_since_;                 // by the raft core
  std::optional<Instant> sure_at_;                          // last known to be up to date
  std::optional<Awaited> awaited_;                          // to be sure again
  Leadership leadership_;                                   // as given up

  std::optional<Promise> promise_;
  std::optional<Beginning> beginning_;
  std::uint64_t beginnings_ = 0;
  Instant begin_again_at_{};

  Learned learned_;
  std::string source_;  // whom it fetches from; empty: to be chosen
  std::uint64_t fetches_ = 0;
  Instant fetch_at_ = never;     // when to send the next; never: one is under way, or not following
  Instant fetch_until_ = never;  // one is under way
  Instant fetch_sent_{};
  std::size_t attempts_ = 0;  // failures in a row
  Duration back_off_{};
  bool lacks_source_ = false;
  std::optional<Assembling> assembling_;

  std::map<std::string, HeldFetch> held_;
  std::set<std::pair<Instant, std::string>> held_due_;
  raft::Index served_{};  // those held know that much
  bool leader_news_ = false;

  std::map<ReadToken, OpenRead> reads_;
  std::set<std::pair<Instant, ReadToken>> reads_due_;
  std::set<std::pair<raft::Index, ReadToken>> reads_confirmed_;
  std::map<raft::ReadId, Reader> readers_;
  std::uint64_t reads_asked_ = 0;

  VoterKeeper keeper_;
  Instant keep_at_ = never;
  Instant listens_since_{};  // it leads, and was not stopped
  raft::Term led_term_{};
  raft::Index term_start_{};  // the no-op of the term that it leads
  bool leaves_ = false;
  Life own_life_;          // as on_peers() told last
  bool was_away_ = false;  // too
};

}  // namespace rollcall::consensus
