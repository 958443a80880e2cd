// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/etcd/engine.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include <boost/asio/post.hpp>

#include "base/prng.hpp"
#include "registry/limits.hpp"
#include "runtime/etcd/etcd_log.hpp"

namespace rollcall::runtime {

std::expected<std::unique_ptr<LogEngine>, Error> make_etcd_log(const etcd::EtcdConfig& config,
                                                               boost::asio::io_context& io,
                                                               LogHost& host) {
  auto tls = etcd::read_tls_files(config);
  if (!tls) return std::unexpected(std::move(tls).error());
  return std::make_unique<etcd::EtcdLog>(io, config, *std::move(tls), host);
}

namespace etcd {
namespace {

/// Streams of chance that must differ.
constexpr std::uint64_t candidacy_stream = 1;
constexpr std::uint64_t log_stream = 2;

bool is_gone(const consensus::Peer& peer) {
  return peer.state == consensus::Peer::State::failed || peer.state == consensus::Peer::State::left;
}

}  // namespace

EtcdLog::EtcdLog(boost::asio::io_context& io, EtcdConfig config, std::shared_ptr<TlsFiles> tls,
                 LogHost& host)
    : io_(io),
      config_(std::move(config)),
      host_(host),
      keys_(config_.cluster_name),
      client_(io, config_, std::move(tls)),
      follower_(io, client_, keys_, *this, Prng(hash_combine(config_.seed, log_stream)).life_id()),
      candidacy_(io, client_, keys_, config_.self, config_.lease_ttl,
                 hash_combine(config_.seed, candidacy_stream), [this] { on_deposed(); }),
      appender_(client_, keys_, *this),
      reads_(io, client_, keys_, config_.pulse, *this),
      snapshotter_(io, client_, keys_, config_, follower_),
      look_timer_(io) {}

EtcdLog::~EtcdLog() = default;

void EtcdLog::start() {
  follower_.sync();
  reads_.start();
  look_around();
}

void EtcdLog::stop(std::function<void()> done) {
  is_stopped_ = true;
  scope_.reset();
  events_.clear();
  look_timer_.cancel();
  candidacy_.stop();
  appender_.stop();
  reads_.stop();
  snapshotter_.stop();
  follower_.stop();
  client_.stop();
  boost::asio::post(io_, std::move(done));
}

// --- members ------------------------------------------------------------------------------------

void EtcdLog::on_peers(const consensus::Peers& peers) {
  if (is_stopped_) return;
  depose_failed_leader(peers);
  gone_.clear();
  std::size_t alive = 0;
  for (const consensus::Peer& peer : peers) {
    if (is_gone(peer)) gone_.insert(peer.name);
    if (!is_gone(peer)) ++alive;
    if (peer.name == config_.self) note_self(peer);
  }
  candidacy_.set_members(alive);
}

void EtcdLog::note_self(const consensus::Peer& self) {
  const bool is_away = is_gone(self);
  const bool is_back = !is_away && (has_left_ || self.life != life_);
  if (is_back) is_leaving_ = false;
  has_left_ = is_away;
  life_ = self.life;
  candidacy_.set_willing(!is_away && !is_leaving_);
}

/// Once, when the detector finds it gone: a leader whom only this member cannot reach takes the key
/// again, and keeps it.
void EtcdLog::depose_failed_leader(const consensus::Peers& peers) {
  if (!leader_ || leader_->claim.name == config_.self) return;
  std::size_t before = 0;
  bool has_gone = false;
  bool is_among_first = false;
  for (const consensus::Peer& peer : peers) {
    if (peer.name == leader_->claim.name) has_gone = is_gone(peer) && !gone_.contains(peer.name);
    if (peer.name == config_.self) is_among_first = !is_gone(peer) && before < deposers_max;
    if (!is_gone(peer)) ++before;
  }
  if (has_gone && is_among_first) candidacy_.depose(leader_->term);
}

void EtcdLog::prepare_to_leave(std::function<void()> done) {
  is_leaving_ = true;
  auto left = scope_.wrap([this, done = std::move(done)] { boost::asio::post(io_, done); });
  if (term_ != 0) {
    end_leading();
    leader_.reset();
    tell_leadership();
  }
  candidacy_.resign(std::move(left));
}

// --- what others ask ----------------------------------------------------------------------------

void EtcdLog::propose(consensus::ProposalToken token, ByteVector command) {
  if (is_stopped_) return;
  if (command.size() > registry::command_bytes_max) {
    return give_up(consensus::ProposalRefused{token, consensus::LogRefusal::too_large});
  }
  if (term_ != 0) return appender_.propose({.token = token, .command = std::move(command)});
  const std::string leader = leader_name();
  if (leader.empty()) {
    return give_up(consensus::ProposalRefused{token, consensus::LogRefusal::no_leader});
  }
  host_.send(leader, consensus::ProposeFrame{
                         .log = follower_.log(), .token = token, .command = std::move(command)});
}

void EtcdLog::propose_as_leader(consensus::ProposalToken token, ByteVector command,
                                std::uint64_t term) {
  if (term_ != 0 && term_ == term) propose(token, std::move(command));
}

void EtcdLog::on_frame(const std::string& from, consensus::Frame frame) {
  if (is_stopped_) return;
  if (auto* proposed = std::get_if<consensus::ProposeFrame>(&frame)) on_frame(from, *proposed);
  if (const auto* refused = std::get_if<consensus::ProposeRefused>(&frame)) {
    give_up(consensus::ProposalRefused{refused->token, refused->why});
  }
}

void EtcdLog::on_frame(const std::string& from, consensus::ProposeFrame& frame) {
  const bool is_for_us = term_ != 0 && frame.log == follower_.log();
  const bool is_long = frame.command.size() > registry::command_bytes_max;
  Proposal proposal{.from = from, .token = frame.token, .command = std::move(frame.command)};
  if (!is_for_us || is_long) {
    return on_refused(
        proposal, is_long ? consensus::LogRefusal::too_large : consensus::LogRefusal::no_leader);
  }
  appender_.propose(std::move(proposal));
}

/// What was on its way to it is proposed again by whoever asked.
void EtcdLog::on_unreachable(const std::string&) {}

void EtcdLog::read(consensus::ReadToken token) {
  if (!is_stopped_) reads_.read(token);
}

// --- what the parts find ------------------------------------------------------------------------

void EtcdLog::on_applied() {
  reads_.on_applied(follower_.applied());
  snapshotter_.consider();
}

void EtcdLog::on_leader(const std::optional<Leader>& leader) {
  leader_ = leader;
  candidacy_.on_leader(leader, follower_.begun_at());
  const bool is_own = leader_ && candidacy_.is_own(*leader_);
  if (is_own && term_ != leader_->term) lead(leader_->term);
  if (!is_own && term_ != 0) end_leading();
  // Of an earlier life of this member, or with a lease that is lost.
  const bool is_left_over = leader_ && !is_own && leader_->claim.name == config_.self;
  if (is_left_over) candidacy_.depose(leader_->term);
  tell_leadership();
}

void EtcdLog::lead(std::uint64_t term) {
  term_ = term;
  appender_.lead({.term = term, .log_begun_at = follower_.begun_at()}, follower_.applied() + 1);
  snapshotter_.lead(term);
  snapshotter_.consider();
}

void EtcdLog::end_leading() {
  term_ = 0;
  appender_.stop_leading();
  snapshotter_.stop_leading();
}

void EtcdLog::on_deposed() {
  step_down();
}

void EtcdLog::step_down() {
  if (term_ == 0) return;
  end_leading();
  leader_.reset();  // the watch tells who is next
  candidacy_.withdraw();
  tell_leadership();
}

void EtcdLog::on_term_seen(std::uint64_t term, std::uint64_t revision) {
  // What was read before this member came to lead does not count.
  if (revision >= term_ && term != term_) step_down();
}

void EtcdLog::tell_leadership() {
  const consensus::Leadership now{.is_leading = term_ != 0,
                                  .term = leader_ ? leader_->term : told_.term,
                                  .leader = term_ != 0 ? config_.self : leader_name()};
  const bool is_news =
      now.is_leading != told_.is_leading || now.term != told_.term || now.leader != told_.leader;
  if (!is_news) return;
  told_ = now;
  give_up(now);
}

void EtcdLog::on_appended(std::uint64_t first, const std::string& value) {
  follower_.on_appended(first, value);
}

void EtcdLog::on_refused(const Proposal& proposal, consensus::LogRefusal why) {
  if (proposal.from.empty()) return give_up(consensus::ProposalRefused{proposal.token, why});
  host_.send(proposal.from, consensus::ProposeRefused{.token = proposal.token, .why = why});
}

void EtcdLog::on_end_seen(std::uint64_t end) {
  follower_.on_end_seen(end);
}

void EtcdLog::on_read(consensus::LogEvent event) {
  give_up(std::move(event));
}

void EtcdLog::on_other_log() {
  step_down();
  if (follower_.is_watching()) follower_.sync();  // which says what it is
}

ReadsHost::Followed EtcdLog::followed() const {
  return {.begun_at = follower_.begun_at(), .last_entry = follower_.last_entry()};
}

void EtcdLog::on_behind() {
  if (follower_.is_watching()) follower_.sync();
}

// --- telling the host ---------------------------------------------------------------------------

void EtcdLog::give_up(consensus::LogEvent event) {
  events_.push_back(std::move(event));
  if (std::exchange(will_hand_out_, true)) return;
  boost::asio::post(io_, scope_.wrap([this] { hand_out(); }));
}

void EtcdLog::hand_out() {
  will_hand_out_ = false;
  for (consensus::LogEvent& event : std::exchange(events_, {})) {
    if (is_stopped_) return;
    host_.on_log(std::move(event));
  }
}

/// Tells an operator when something goes wrong, and when that is over.
void EtcdLog::look_around() {
  look_timer_.after(look_interval, [this] { look_around(); });
  tell_leadership();
  std::string found = follower_.trouble();
  if (found.empty()) found = client_.trouble();
  if (found.empty()) found = appender_.trouble();
  if (found.empty()) found = snapshotter_.trouble();
  // What comes after a colon are particulars, which may change every second.
  const std::string kind = found.substr(0, found.find(':'));
  if (kind == warned_) return;
  const bool was_wrong = !std::exchange(warned_, kind).empty();
  if (!found.empty()) return host_.warn("registry: " + found);
  if (was_wrong) host_.warn("registry: etcd does what it is asked again");
}

std::string EtcdLog::leader_name() const {
  // A key of one's own without its lease leads nobody. Without etcd nobody is known to lead, and
  // this member would not hear what became of what it proposes.
  if (!leader_ || leader_->claim.name == config_.self || !client_.trouble().empty()) return {};
  return leader_->claim.name;
}

std::string EtcdLog::trouble() const {
  if (!follower_.trouble().empty()) return follower_.trouble();
  if (const std::string silent = client_.trouble(); !silent.empty()) return silent;
  if (!appender_.trouble().empty()) return appender_.trouble();
  if (term_ != 0 || !leader_name().empty()) return {};
  if (!candidacy_.trouble().empty()) return candidacy_.trouble();
  return "no member leads the log in etcd now; one does within a few seconds";
}

consensus::LogStatus EtcdLog::status() const {
  const bool has_begun = !follower_.log().is_nobody();
  return {.engine = "etcd",
          .log = follower_.log(),
          .role = term_ != 0 ? "leader" : (has_begun ? "follower" : "none"),
          .term = told_.term,
          .leader = told_.leader,
          .commit = follower_.end(),
          .applied = follower_.applied(),
          .voters = {},
          .learners = {},
          .stale_for = reads_.stale_for(),
          .trouble = trouble()};
}

LogEngine::Standing EtcdLog::standing() const {
  return {.voter = 0, .log = follower_.log(), .expects = 0};
}

}  // namespace etcd
}  // namespace rollcall::runtime
