// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/node_loop.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

#include "runtime/settings_conversion.hpp"
#include "wire/datagram.hpp"

namespace rollcall::runtime {
namespace {

/// Effects that grew beyond this by one large frame give their memory back.
constexpr std::size_t effect_bytes_kept_max = std::size_t{256} << 10U;

EventType to_event_type(core::EventKind kind) {
  switch (kind) {
    case core::EventKind::member_join:
      return EventType::member_join;
    case core::EventKind::member_alive:
      return EventType::member_alive;
    case core::EventKind::member_suspect:
      return EventType::member_suspect;
    case core::EventKind::member_failed:
      return EventType::member_failed;
    case core::EventKind::member_leave:
      return EventType::member_leave;
    case core::EventKind::member_update:
      return EventType::member_update;
    case core::EventKind::member_reap:
      return EventType::member_reap;
    case core::EventKind::name_conflict:
      return EventType::name_conflict;
    case core::EventKind::protocol_warning:
      return EventType::protocol_warning;
    case core::EventKind::protocol_changed:
      return EventType::protocol_changed;
  }
  return EventType::protocol_warning;
}

Clocks read_clocks() {
  return {current_instant(), std::chrono::system_clock::now()};
}

}  // namespace

NodeLoop::NodeLoop(Loop::Impl& loop, NodeSetup setup, std::shared_ptr<NoticeBoard> board)
    : loop_(loop),
      board_(std::move(board)),
      family_(setup.sockets.family),
      node_(setup.config, setup.boot, setup.seed, current_instant()),
      faults_(setup.allow_faults ? new FaultLayer(loop.io(), Prng(setup.seed + 2), *this)
                                 : nullptr),
      udp_(loop.io(),
           {.fd = std::move(setup.sockets.udp),
            .family = family_,
            .source = setup.sockets.source,
            .prng = Prng(setup.seed + 1)},
           loop.batch()),
      exchanges_(loop.io(), setup.sockets.address, *this),
      watches_(loop.io(), setup.sockets.address, *this),
      inbound_(loop.io(), std::move(setup.sockets.tcp), *this, {}),
      timer_(loop.io()),
      snapshots_(setup.config.name),
      start_warning_(std::move(setup.warning)) {
  node_.set_homes(std::move(setup.seeds), std::move(setup.saved_peers));
  if (setup.settings) node_.set_settings(*setup.settings);
  note_settings();
  if (!setup.hosts_file.empty()) {
    hosts_file_.emplace(std::move(setup.hosts_file), std::move(setup.hosts));
  }
  if (setup.lan) {
    lan_ = std::make_shared<LanSocket>(loop.io(), std::move(*setup.lan), udp_.native_handle(),
                                       setup.sockets.address);
  }
  if (setup.store) {
    store_ = std::make_shared<StoreWriter>(std::move(*setup.store), loop.disk());
  }
}

NodeLoop::~NodeLoop() = default;

void NodeLoop::start() {
  if (store_) {
    store_->on_failed([weak = weak_from_this(), &io = loop_.io()](const Error& error) {
      boost::asio::post(io, [weak, error] {
        if (const auto self = weak.lock()) self->note_warning(error);
      });
    });
  }
  inbound_.start();
  start_lan();
  drive([this](Instant now) { node_.start(now, effects_); });
  if (!start_warning_.empty()) {
    add_warning(std::exchange(start_warning_, {}));
    publish();
  }
  wait_for_datagrams();
}

void NodeLoop::stop(std::function<void()> done) {
  if (std::exchange(is_stopped_, true)) return done();
  agreement_ = {};
  if (lan_) lan_->close();
  udp_.close();
  exchanges_.close_all();
  watches_.close_all();
  inbound_.close_all();
  if (faults_) faults_->stop();
  timer_.cancel();
  for (const auto& [id, on_done] : std::exchange(commands_, {})) {
    on_done(std::unexpected(Unanswered::closed));
  }
  if (store_) {
    store_->close(std::move(done));
  } else {
    done();
  }
}

// --- The cycle: input, effects, publish, timer -----------------------------------------------

/// Gives the core one input and does what it asks for in answer.
template <class Input>
void NodeLoop::drive(Input input) {
  if (is_stopped_) return;
  input(current_instant());
  note_events();
  settle();
}

/// Does what the core asked for since the last time.
void NodeLoop::settle() {
  for (const core::Effect& effect : effects_.list()) {
    std::visit([this](const auto& one) { perform(one); }, effect);
  }
  udp_.flush();
  effects_.clear();
  if (effects_.buffer().capacity() > effect_bytes_kept_max) effects_ = {};
  noted_ = 0;
  if (udp_.has_reports()) report_unreachable();
  note_join_trouble();
  publish();
}

// --- Datagrams -------------------------------------------------------------------------------

void NodeLoop::wait_for_datagrams() {
  if (is_stopped_) return;
  udp_.wait_readable([self = shared_from_this()] { self->on_readable(); });
}

void NodeLoop::on_readable() {
  if (is_frozen()) {
    return faults_->after_thaw([self = shared_from_this()] { self->on_readable(); });
  }
  receive_all();
  wait_for_datagrams();
}

void NodeLoop::receive_all() {
  for (std::size_t i = 0; i < batches_per_wake_max && receive_batch(); ++i) {
  }
}

/// Returns whether there may be more.
bool NodeLoop::receive_batch() {
  if (is_stopped_) return false;
  const Instant now = current_instant();
  const std::size_t count = udp_.receive(
      [this, now](const Address& from, Bytes datagram) { receive(from, datagram, now); });
  if (count > 0 || udp_.has_reports()) settle();
  return count == DatagramBatch::size_max;
}

void NodeLoop::receive(const Address& from, Bytes datagram, Instant now) {
  const auto give = [this, now](const Address& peer, Bytes bytes) {
    node_.on_datagram(peer, bytes, now, effects_);
    note_events();
  };
  if (!faults_ || !faults_->any()) return give(from, datagram);
  faults_->pass(Way::in, from, datagram, give);
}

void NodeLoop::start_lan() {
  if (!lan_) return;
  lan_->start([weak = weak_from_this()](const Address& from, Bytes datagram) {
    if (const auto self = weak.lock()) self->on_lan_datagram(from, datagram);
  });
}

/// What waited for a frozen member is old when it thaws: it was for whoever was there.
void NodeLoop::on_lan_datagram(const Address& from, Bytes datagram) {
  if (is_stopped_ || is_frozen() || udp_.drops_one()) return;
  receive(from, datagram, current_instant());
  settle();
}

void NodeLoop::receive_late(const Address& from, Bytes datagram) {
  drive([&](Instant now) { node_.on_datagram(from, datagram, now, effects_); });
}

/// Later, for it is an input: inputs are never given while effects are being performed.
void NodeLoop::report_unreachable() {
  if (std::exchange(is_reporting_, true)) return;
  boost::asio::post(loop_.io(), [self = shared_from_this()] {
    self->is_reporting_ = false;
    for (const UnreachableReport& report : self->udp_.take_reports()) {
      self->drive([&](Instant now) {
        self->node_.on_unreachable(report.to, report.what, now, self->effects_);
      });
    }
  });
}

// --- Time ------------------------------------------------------------------------------------

Instant NodeLoop::next_deadline() const {
  return std::min(node_.next_deadline(), publish_due_);
}

/// Leaves a timer that will fire early enough as it is: firing early is harmless.
void NodeLoop::arm_timer() {
  const Instant deadline = next_deadline();
  if (is_catching_up_ || deadline == never) return;
  if (is_armed_ && armed_for_ <= deadline) return;
  armed_for_ = deadline;
  is_armed_ = true;
  timer_.expires_at(to_steady(deadline));  // cancels the previous wait
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error) self->on_timer();
  });
}

void NodeLoop::on_timer() {
  if (is_frozen()) {
    return faults_->after_thaw([self = shared_from_this()] { self->on_timer(); });
  }
  is_armed_ = false;
  if (is_stopped_) return;
  if (current_instant() - armed_for_ < late_timer) return on_deadline();
  // The process slept. What else has arrived meanwhile is in the queue before this.
  is_catching_up_ = true;
  boost::asio::post(loop_.io(), [self = shared_from_this()] {
    self->is_catching_up_ = false;
    self->on_deadline();
  });
}

void NodeLoop::on_deadline() {
  receive_all();
  if (current_instant() >= node_.next_deadline()) {
    drive([this](Instant now) { node_.on_deadline(now, effects_); });
  } else if (!is_stopped_) {
    publish();
  }
}

// --- What readers see ------------------------------------------------------------------------

/// Turns what was published by the input just given into events, while the table is as it was
/// right after it.
void NodeLoop::note_events() {
  for (; noted_ < effects_.list().size(); ++noted_) {
    const auto* const news = std::get_if<core::Publish>(&effects_.list()[noted_]);
    if (news != nullptr) add_event(*news);
  }
}

void NodeLoop::add_event(const core::Publish& news) {
  if (!news.settings.empty()) note_settings();
  const Clocks clocks = read_clocks();
  Member member = snapshots_.describe(news, node_.members(), clocks);
  // Of rollcall's own tags readers know nothing.
  if (news.kind == core::EventKind::member_update && !snapshots_.is_news(member)) return;
  Event& event = events_.emplace_back();
  event.type = to_event_type(news.kind);
  event.time = clocks.wall;
  event.member = std::move(member);
  event.by = news.by;
  event.message = news.message;
  if (!news.settings.empty()) event.settings = to_public(news.settings.front());
}

/// Shows readers the settings in force, and heeds what of them is the world's.
void NodeLoop::note_settings() {
  udp_.set_drop_rate(node_.settings().settings.drop_rate);
  board_->set_settings(std::make_shared<const SettingsInForce>(to_public(node_.settings())));
}

void NodeLoop::note_warning(const Error& error) {
  if (is_stopped_) return;
  add_warning(error.message);
  publish();
}

void NodeLoop::add_warning(std::string message) {
  const core::MemberTable& table = node_.members();
  const auto slot = table.find(node_.life().id);
  add_event({.kind = core::EventKind::protocol_warning,
             .name = node_.config().name,
             .life = node_.life(),
             .incarnation = slot ? table.at(*slot).incarnation : 0,
             .address = node_.config().advertise,
             .by = {},
             .message = std::move(message)});
}

/// Tries in the background have nobody who waits for their outcome: readers are told of it.
void NodeLoop::note_join_trouble() {
  if (node_.phase() == core::Phase::joined) return join_news_.forget();
  const core::JoinTrouble& trouble = node_.join_trouble();
  if (std::exchange(join_troubles_, trouble.number) == trouble.number) return;
  if (auto news = join_news_.next(trouble.attempts, current_instant())) {
    add_warning(std::move(*news));
  }
}

/// Shows readers where things stand, then sets the timer. Comes last in every cycle, and the
/// events last of all: the wakers called for them belong to others.
void NodeLoop::publish() {
  publish_numbers();
  const bool is_published = publish_members();
  publish_peers();
  arm_timer();
  if (is_published) board_->events().append(std::exchange(events_, {}));
}

/// Returns whether what happened may be told now; if not, publish_due_ says when.
bool NodeLoop::publish_members() {
  const std::vector<core::Slot> changed = node_.take_changed_members();
  changed_.insert(changed_.end(), changed.begin(), changed.end());
  if (changed_.empty() && events_.empty()) return false;
  const Clocks clocks = read_clocks();
  const Instant earliest = published_ + publish_interval;
  if (snapshots_.size() > large_cluster && clocks.steady < earliest) {
    publish_due_ = earliest;
    return false;
  }
  published_ = clocks.steady;
  publish_due_ = never;
  if (changed_.empty()) return true;
  snapshots_.update(node_.members(), changed_, clocks);
  if (agreement_.on_peers) {
    are_peers_new_ = peers_.update(node_.members(), changed_) || are_peers_new_;
  }
  changed_.clear();
  board_->set_members(snapshots_.list());
  return true;
}

/// Who is still on the way into the cluster must not be taken for alone: it could begin a second
/// log beside the one that is there.
void NodeLoop::publish_peers() {
  if (!are_peers_new_) return;
  const core::Phase phase = node_.phase();
  was_placed_ = was_placed_ || (phase != core::Phase::starting && phase != core::Phase::joining);
  if (!was_placed_) return;
  are_peers_new_ = false;
  agreement_.on_peers(peers_.list());
}

void NodeLoop::publish_numbers() {
  const FaultCounts fault_counts = faults_ ? faults_->counts() : FaultCounts{};
  core::Counters counters = node_.counters();
  counters.wrong_version += streams_of_another_version_;
  board_->set_numbers({.phase = node_.phase(),
                       .join_stage = node_.join_stage(),
                       .health = node_.health(),
                       .lag = node_.lag(),
                       .counters = counters,
                       .datagrams_cut = udp_.counters().cut,
                       .datagrams_dropped = udp_.counters().dropped + fault_counts.dropped,
                       .streams_refused = streams_refused_,
                       .faults = faults_ ? faults_->size() : 0,
                       .fault_counts = fault_counts});
}

// --- Effects ---------------------------------------------------------------------------------

void NodeLoop::perform(const core::SendDatagram& effect) {
  const Bytes datagram = effects_.bytes(effect.payload);
  if (!faults_ || !faults_->any()) return udp_.send(effect.to, datagram);
  faults_->pass(Way::out, effect.to, datagram, [this](const Address& to, Bytes bytes) {
    udp_.send(to, bytes);
    udp_.flush();  // what was late does not stay in place
  });
}

void NodeLoop::perform(const core::CastDatagram& effect) {
  if (!lan_) return;
  if (faults_ && faults_->any() && faults_->loses_cast()) return;
  const bool is_sent = lan_->cast(effects_.bytes(effect.payload));
  if (is_sent || std::exchange(was_lan_warned_, true)) {
    was_lan_warned_ = !is_sent;
    return;
  }
  add_warning(
      "no interface of this host can send to all of its network, so members of the LAN "
      "are not found; bring one up, or name members with --join");
}

void NodeLoop::perform(const core::StartExchange& effect) {
  exchanges_.start(effect.id, effect.to, effects_.bytes(effect.frame), effect.timeout);
}

void NodeLoop::perform(const core::ContinueExchange& effect) {
  exchanges_.proceed(effect.id, effects_.bytes(effect.frame), effect.timeout);
}

void NodeLoop::perform(const core::EndExchange& effect) {
  exchanges_.end(effect.id);
}

void NodeLoop::perform(const core::Reply& effect) {
  inbound_.reply(effect.id, effects_.bytes(effect.frame), effect.then);
}

void NodeLoop::perform(const core::OpenWatch& effect) {
  watches_.open(effect.id, effect.to, effects_.bytes(effect.frame), effect.timeout);
}

void NodeLoop::perform(const core::CloseWatch& effect) {
  watches_.close(effect.id);
}

void NodeLoop::perform(const core::Resolve& effect) {
  loop_.resolver().resolve(effect.host_port,
                           [weak = weak_from_this(), id = effect.id](Resolved result) {
                             if (const auto self = weak.lock()) {
                               self->on_resolved(id, std::move(result));
                             }
                           });
}

void NodeLoop::perform(const core::ReadHosts&) {
  if (!hosts_file_) return;
  hosts_file_->read(loop_.disk(), loop_.io(),
                    [weak = weak_from_this()](const auto& hosts, std::string warning) {
                      if (const auto self = weak.lock()) self->on_hosts(hosts, std::move(warning));
                    });
}

void NodeLoop::perform(const core::PersistBoot& effect) {
  if (store_) store_->save_boot(effect.boot);
}

void NodeLoop::perform(const core::PersistPeers& effect) {
  if (store_) store_->save_peers(effect.peers);
}

void NodeLoop::perform(const core::PersistSettings& effect) {
  if (store_) store_->save_settings(effect.settings);
}

void NodeLoop::perform(const core::Publish&) {}  // note_events() has seen to it

void NodeLoop::perform(const core::CommandDone& effect) {
  const auto at = commands_.find(effect.id);
  if (at == commands_.end()) return;
  // Later, for the user's function may do anything, even close this member.
  boost::asio::post(loop_.io(), [done = std::move(at->second), effect] { done(effect); });
  commands_.erase(at);
}

// --- Inputs ----------------------------------------------------------------------------------

void NodeLoop::on_exchange_reply(core::ExchangeId id, Bytes frame) {
  drive([&](Instant now) { node_.on_exchange_reply(id, frame, now, effects_); });
}

void NodeLoop::on_exchange_failed(core::ExchangeId id, core::ExchangeError error) {
  drive([&](Instant now) { node_.on_exchange_failed(id, error, now, effects_); });
}

void NodeLoop::on_watch_opened(core::WatchId id, Bytes frame) {
  drive([&](Instant now) { node_.on_watch_opened(id, frame, now, effects_); });
}

void NodeLoop::on_watch_closed(core::WatchId id, core::CloseReason reason) {
  drive([&](Instant now) { node_.on_watch_closed(id, reason, now, effects_); });
}

void NodeLoop::on_request(core::StreamId id, const Address& from, Bytes frame) {
  drive([&](Instant now) { node_.on_request(id, from, frame, now, effects_); });
}

void NodeLoop::on_stream_closed(core::StreamId id, core::CloseReason reason) {
  drive([&](Instant now) { node_.on_stream_closed(id, reason, now, effects_); });
}

void NodeLoop::on_stream_refused(const Address&, wire::RefusalCode code) {
  ++streams_refused_;
  if (code == wire::RefusalCode::wrong_version) ++streams_of_another_version_;
  publish_numbers();
}

wire::Envelope NodeLoop::envelope() const {
  return {.cluster = wire::cluster_hash(node_.config().cluster),
          .sender = node_.life().id,
          .health = static_cast<std::uint8_t>(node_.health())};
}

void NodeLoop::on_resolved(core::ResolveId id, Resolved result) {
  if (is_frozen()) {
    return faults_->after_thaw([self = shared_from_this(), id, result = std::move(result)] {
      self->on_resolved(id, result);
    });
  }
  std::vector<Address> addresses;
  if (result) addresses = std::move(*result);
  // What the socket cannot send to comes last: the core says why it is of no use.
  std::ranges::stable_partition(addresses,
                                [this](const Address& to) { return can_reach(family_, to); });
  auto error = result ? core::ResolveError::none : result.error();
  if (result && addresses.empty()) error = core::ResolveError::not_found;
  drive([&](Instant now) { node_.on_resolved(id, addresses, error, now, effects_); });
}

void NodeLoop::on_hosts(const std::vector<HostPort>& hosts, std::string warning) {
  if (is_stopped_) return;
  if (is_frozen()) {
    return faults_->after_thaw([self = shared_from_this(), hosts, warning = std::move(warning)] {
      self->on_hosts(hosts, warning);
    });
  }
  if (!warning.empty()) add_warning(std::move(warning));
  drive([&](Instant now) { node_.on_hosts(hosts, now, effects_); });
}

// --- Commands --------------------------------------------------------------------------------

void NodeLoop::command(core::Command command, OnDone done) {
  boost::asio::post(loop_.io(), [self = shared_from_this(), command = std::move(command),
                                 done = std::move(done)]() mutable {
    self->execute(std::move(command), std::move(done));
  });
}

void NodeLoop::unsteady(OnUnsteady done) {
  boost::asio::post(loop_.io(), [self = shared_from_this(), done = std::move(done)] {
    if (self->is_stopped_) return done(std::nullopt);
    done(steadiness_of_members(self->node_, read_clocks()));
  });
}

void NodeLoop::execute(core::Command command, OnDone done) {
  if (is_stopped_) return done(std::unexpected(Unanswered::closed));
  // To wait for the thaw could take for ever, and whoever asked may have given up by then.
  if (is_frozen()) return done(std::unexpected(Unanswered::frozen));
  add_system_tags(command);
  const auto id = core::CommandId{next_command_++};
  commands_.emplace(id, std::move(done));
  drive([&](Instant now) { node_.on_command(id, command, now, effects_); });
}

}  // namespace rollcall::runtime
