// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/peer_links.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>

#include "runtime/clock.hpp"
#include "runtime/peer_link.hpp"

namespace rollcall::runtime {
namespace {

namespace asio = boost::asio;

constexpr std::size_t length_bytes = 4;
/// Answers to agreement-hello are short.
constexpr std::size_t opening_bytes_max = std::size_t{1} << 20U;
/// A link that was used more lately than this does not give way to a new one.
constexpr Duration evicted_after_min = std::chrono::seconds(5);
constexpr int sweeps_per_idle_time = 4;

/// Pieces of snapshots: large, and nothing waits for one of them.
bool is_piece(const consensus::Frame& frame) {
  if (const auto* const raft = std::get_if<consensus::RaftFrame>(&frame)) {
    return std::holds_alternative<consensus::raft::InstallChunk>(raft->message);
  }
  const auto* const reply = std::get_if<consensus::FetchReply>(&frame);
  return reply != nullptr && std::holds_alternative<consensus::FetchedPiece>(reply->what);
}

/// With its length before it; false if it is longer than a frame may be, and nothing is added.
bool append_frame(const consensus::Frame& frame, ByteVector& out) {
  const std::size_t begin = out.size();
  out.resize(begin + length_bytes);
  consensus::encode_frame(frame, out);
  const std::size_t length = out.size() - begin - length_bytes;
  if (length > consensus::frame_bytes_max) {
    out.resize(begin);
    return false;
  }
  for (std::size_t i = 0; i < length_bytes; ++i) {
    out[begin + i] = static_cast<std::byte>(length >> (8 * i));
  }
  return true;
}

}  // namespace

PeerLinks::PeerLinks(asio::io_context& io, const Setup& setup, PeerLinksHost& host)
    : io_(io),
      setup_(setup),
      host_(host),
      prng_(setup.seed),
      opening_budget_{opening_bytes_max},
      sweep_timer_(io) {}

PeerLinks::~PeerLinks() {
  close_all();
}

// --- Who is there ----------------------------------------------------------------------------

void PeerLinks::on_peers(const consensus::Peers& peers) {
  auto at = known_.begin();
  for (const consensus::Peer& peer : peers) {
    while (at != known_.end() && at->first < peer.name) at = known_.erase(at);
    if (at == known_.end() || at->first != peer.name)
      at = known_.emplace_hint(at, peer.name, Known());
    Known known{.text = peer.address,
                .address = at->second.address,
                .life = peer.life,
                .is_alive = peer.state == consensus::Peer::State::alive};
    if (known.text != at->second.text) known.address = parse_address(peer.address);
    if (known != at->second) {
      at->second = std::move(known);
      on_known(peer.name);
    }
    ++at;
  }
  known_.erase(at, known_.end());
}

/// What was in vain before may be no longer.
void PeerLinks::on_known(const std::string& name) {
  const auto found = peers_.find(name);
  if (found == peers_.end() || !found->second.is_resting) return;
  Peer& peer = found->second;
  peer.failures = 0;
  peer.again.cancel();
  peer.is_resting = false;
  asio::post(io_, [this, name, alive = alive_] {
    if (!*alive) return;
    if (const auto at = peers_.find(name); at != peers_.end()) pump(at->second);
  });
}

PeerLinks::Peer& PeerLinks::peer_of(const std::string& name) {
  return peers_.try_emplace(name, io_, name).first->second;
}

std::optional<Address> PeerLinks::address_of(const Peer& peer) const {
  const auto known = known_.find(peer.name);
  return known != known_.end() && known->second.address ? known->second.address : peer.seen_at;
}

void PeerLinks::forget_if_idle(const std::string& name) {
  const auto at = peers_.find(name);
  if (at == peers_.end()) return;
  const Peer& peer = at->second;
  if (!peer.mine && !peer.theirs && !peer.has_waiting() && !peer.is_resting && peer.failures == 0) {
    peers_.erase(at);
  }
}

// --- Sending ---------------------------------------------------------------------------------

void PeerLinks::send(const std::string& to, const consensus::Frame& frame) {
  if (!*alive_ || to == setup_.self) return;
  Peer& peer = peer_of(to);
  if (!enqueue(peer, frame)) {
    ++counters_.frames_dropped;
    return;
  }
  pump(peer);
}

bool PeerLinks::enqueue(Peer& peer, const consensus::Frame& frame) {
  if (is_piece(frame)) {
    if (peer.piece_bytes > waiting_piece_bytes_max) return false;
    ByteVector bytes;
    if (!append_frame(frame, bytes)) return false;
    peer.piece_bytes += bytes.size();
    peer.pieces.push_back(std::move(bytes));
    return true;
  }
  if (peer.waiting.size() > waiting_bytes_max || !append_frame(frame, peer.waiting)) return false;
  ++peer.waiting_frames;
  return true;
}

/// Gives what waits to a link, or sees to it that there will be one.
void PeerLinks::pump(Peer& peer) {
  if (!peer.has_waiting()) return;
  Link* const link = link_for_writing(peer);
  if (link == nullptr) {
    if (!peer.mine && !peer.is_resting) open(peer);
    return;
  }
  if (!link->can_write()) return;
  if (!peer.waiting.empty()) {
    counters_.frames_sent += std::exchange(peer.waiting_frames, 0);
    return link->write(std::exchange(peer.waiting, {}));
  }
  ByteVector piece = std::move(peer.pieces.front());
  peer.pieces.pop_front();
  peer.piece_bytes -= piece.size();
  ++counters_.frames_sent;
  link->write(std::move(piece));
}

PeerLinks::Link* PeerLinks::link_for_writing(const Peer& peer) const {
  Link* const mine = peer.mine && peer.mine->is_established() ? peer.mine.get() : nullptr;
  Link* const theirs = peer.theirs.get();
  if (mine == nullptr || theirs == nullptr) return mine != nullptr ? mine : theirs;
  Link* const preferred = setup_.self < peer.name ? mine : theirs;
  Link* const other = preferred == mine ? theirs : mine;
  return preferred->heard() + setup_.times.silent_max < other->heard() ? other : preferred;
}

void PeerLinks::lose_waiting(Peer& peer) {
  counters_.frames_dropped += peer.waiting_frames + peer.pieces.size();
  peer.waiting = {};
  peer.waiting_frames = 0;
  peer.pieces.clear();
  peer.piece_bytes = 0;
}

void PeerLinks::tell_unreachable(const std::string& name) {
  asio::post(io_, [this, name, alive = alive_] {
    if (*alive) host_.on_peer_unreachable(name);
  });
}

// --- Opening ---------------------------------------------------------------------------------

void PeerLinks::open(Peer& peer) {
  const auto address = address_of(peer);
  if (!address || !make_room()) return on_open_failed(peer);
  peer.mine = std::make_shared<Link>(*this, peer.name, *address);
  peer.mine->open();
}

void PeerLinks::on_open_failed(Peer& peer) {
  ++counters_.opens_failed;
  ++peer.failures;
  lose_waiting(peer);
  tell_unreachable(peer.name);
  open_later(peer);
}

/// Nothing is opened before that time, and then only if there is something to say.
void PeerLinks::open_later(Peer& peer) {
  constexpr unsigned doublings_max = 16;
  Duration rest = setup_.times.again_min;
  for (unsigned i = 1; i < std::min(peer.failures, doublings_max); ++i) rest *= 2;
  rest = std::min(rest, setup_.times.again_max);
  peer.is_resting = true;
  arm_sweep();
  peer.again.expires_after(prng_.between(rest / 2, rest));
  peer.again.async_wait(
      [this, name = peer.name, alive = alive_](const boost::system::error_code& error) {
        if (error || !*alive) return;
        const auto at = peers_.find(name);
        if (at == peers_.end()) return;
        at->second.is_resting = false;
        pump(at->second);
      });
}

void PeerLinks::adopt(AgreementStream stream) {
  if (!*alive_) return;
  if (stream.name == setup_.self || !make_room()) {
    ++counters_.streams_turned_away;
    return;
  }
  Peer& peer = peer_of(stream.name);
  peer.seen_at = stream.address;
  // A member opens another only when it has lost the first.
  if (peer.theirs) end(*peer.theirs);
  peer.theirs = std::make_shared<Link>(*this, peer.name, stream.address);
  arm_sweep();
  peer.theirs->begin(std::move(stream.socket), stream.is_v4);
}

void PeerLinks::on_established(Link& link) {
  arm_sweep();
  pump(peer_of(link.peer()));
}

/// Of a stream that is not wanted any more.
void PeerLinks::end(Link& link) {
  const std::shared_ptr<Link> kept = link.shared_from_this();
  link.close();
  on_ended(link);
}

void PeerLinks::on_ended(Link& link) {
  Peer& peer = peer_of(link.peer());
  const bool was_mine = peer.mine.get() == &link;
  (was_mine ? peer.mine : peer.theirs) = nullptr;
  const bool has_other = link_for_writing(peer) != nullptr;
  if (was_mine && !link.is_established()) {
    if (!has_other) return on_open_failed(peer);
    ++counters_.opens_failed;
    return pump(peer);
  }
  const bool is_loss = link.is_writing() || !has_other;
  if (!has_other) lose_waiting(peer);
  if (is_loss) tell_unreachable(peer.name);
  // Whoever lets us in and ends at once is not asked without end.
  if (was_mine && ++peer.failures > 1) open_later(peer);
  if (has_other) pump(peer);
}

// --- Limits ----------------------------------------------------------------------------------

bool PeerLinks::make_room() {
  if (links_ < links_max) return true;
  Link* oldest = nullptr;
  for (const auto& [name, peer] : peers_) {
    for (Link* const link : {peer.mine.get(), peer.theirs.get()}) {
      if (link != nullptr && (oldest == nullptr || link->used() < oldest->used())) oldest = link;
    }
  }
  if (oldest == nullptr || oldest->used() + evicted_after_min > current_instant()) return false;
  end(*oldest);
  return true;
}

void PeerLinks::arm_sweep() {
  if (std::exchange(is_sweeping_, true)) return;
  sweep_timer_.expires_after(setup_.times.idle_max / sweeps_per_idle_time);
  sweep_timer_.async_wait([this, alive = alive_](const boost::system::error_code& error) {
    if (error || !*alive) return;
    is_sweeping_ = false;
    sweep();
    if (!peers_.empty()) arm_sweep();
  });
}

/// Closes what is idle, and forgets whom there is nothing to say to.
void PeerLinks::sweep() {
  const Instant now = current_instant();
  std::vector<std::string> names;
  for (auto& [name, peer] : peers_) {
    for (std::shared_ptr<Link>* const place : {&peer.mine, &peer.theirs}) {
      const bool is_idle = *place && (*place)->is_established() && !(*place)->is_writing() &&
                           (*place)->used() + setup_.times.idle_max < now;
      if (!is_idle) continue;
      (*place)->close();
      *place = nullptr;
    }
    if (!peer.mine && !peer.theirs && !peer.is_resting) {
      peer.failures = 0;
      names.push_back(name);
    }
  }
  for (const std::string& name : names) forget_if_idle(name);
}

// --- What links tell -------------------------------------------------------------------------

void PeerLinks::on_frame_bytes(const Link& link, Bytes bytes) {
  auto frame = consensus::decode_frame(bytes);
  Peer& peer = peer_of(link.peer());
  if (!frame) {
    ++counters_.frames_malformed;
    return end(peer.mine.get() == &link ? *peer.mine : *peer.theirs);
  }
  ++counters_.frames_received;
  peer.failures = 0;
  host_.on_peer_frame(link.peer(), std::move(*frame));
}

// --- Faults ----------------------------------------------------------------------------------

StreamFaults::Line PeerLinks::faults_of(const Link& link) const {
  return faults_.of(link.address());
}

void PeerLinks::set_faults(StreamFaults faults) {
  faults_ = std::move(faults);
  std::erase_if(kept_open_,
                [this](const KeptOpen& kept) { return !faults_.of(kept.peer).is_out_cut; });
  for (const auto& [name, peer] : peers_) {
    asio::post(io_, [this, name, mine = peer.mine, theirs = peer.theirs, alive = alive_] {
      if (*alive && mine) mine->resume();
      if (*alive && theirs) theirs->resume();
      if (!*alive) return;
      if (const auto at = peers_.find(name); at != peers_.end()) pump(at->second);
    });
  }
}

void PeerLinks::close_all() {
  *alive_ = false;
  sweep_timer_.cancel();
  for (auto& [name, peer] : peers_) {
    peer.again.cancel();
    if (peer.mine) peer.mine->close();
    if (peer.theirs) peer.theirs->close();
  }
  peers_.clear();
  kept_open_.clear();
}

}  // namespace rollcall::runtime
