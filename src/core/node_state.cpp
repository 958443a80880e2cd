// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/node_state.hpp"

#include <algorithm>
#include <utility>

#include "core/detector/rollcall_detector.hpp"
#include "core/detector/steadiness.hpp"
#include "core/detector/swim_detector.hpp"

namespace rollcall::core {
namespace {

std::unique_ptr<Detector> make_detector(Context& context, PingLog& pings, Outbox& outbox,
                                        Registrar& registrar) {
  if (context.config.profile == Profile::swim) {
    return std::make_unique<SwimDetector>(context, pings, registrar);
  }
  return std::make_unique<RollcallDetector>(context, pings, outbox, registrar);
}

}  // namespace

Node::State::State(Config config, std::uint64_t boot, std::uint64_t seed, Instant now)
    : context(std::move(config), seed, now),
      gossip_(context),
      outbox_(context, gossip_.queue()),
      pings_(context, outbox_),
      exchanges_(context),
      settings_(context, *this),
      helper_desk_(context, outbox_, pings_),
      membership_(context, gossip_, *this),
      name_claim_(context, pings_, exchanges_),
      detector_(make_detector(context, pings_, outbox_, *this)),
      streams_(context),
      lost_members_(context, pings_),
      standing_aside_(context, pings_),
      anti_entropy_(context, pings_, exchanges_, settings_, *this),
      joiner_(context, exchanges_, membership_, name_claim_, *this),
      leaver_(context, pings_),
      peer_saver_(context) {
  membership_.begin(boot);
}

// --- Time ------------------------------------------------------------------------------------

void Node::State::enter(Instant now, Effects& effects) {
  ROLLCALL_CHECK(now >= context.now);
  context.now = now;
  context.effects = &effects;
  note_lateness(now);
}

void Node::State::note_lateness(Instant now) {
  const Instant due = next_deadline_;
  if (now <= due || due == lateness_noted_for_) return;
  lateness_noted_for_ = due;
  const Duration late = now - due;
  context.health.on_lateness(late);
  if (late >= UpdateQueue::news_time) reads_backlog_ = true;
  if (late < std::max(pause_min, context.pause_budget() / 8)) return;
  ++context.counters.pauses;
  detector_->on_pause(late);
}

void Node::State::exit() {
  if (context.is_taking_part() || context.phase == Phase::leaving) gossip_.flush();
  context.effects = nullptr;
  next_deadline_ = earliest_deadline();
}

void Node::State::on_deadline() {
  joiner_.on_deadline();
  name_claim_.on_deadline();
  settle_claim();
  helper_desk_.on_deadline();
  detector_->on_deadline();
  lost_members_.on_deadline();
  streams_.on_deadline();
  anti_entropy_.on_deadline();
  gossip_.on_deadline();
  membership_.on_deadline();
  settings_.on_deadline();
  peer_saver_.on_deadline();
  leaver_.on_deadline();
  context.path.on_deadline(context.now);
  standing_aside_.on_deadline();
  reads_backlog_ = false;
  if (context.phase == Phase::joined && context.others() >= path_needs && context.path.is_unfit()) {
    step_aside("its own pings are lost, and others' are not");
  }
  if (standing_aside_.is_over()) come_back();
  if (leaver_.is_done()) finish_leaving();
}

Instant Node::State::earliest_deadline() const {
  return std::min(
      {joiner_.next_deadline(), name_claim_.next_deadline(), helper_desk_.next_deadline(),
       detector_->next_deadline(), lost_members_.next_deadline(), streams_.next_deadline(),
       anti_entropy_.next_deadline(), gossip_.next_deadline(), membership_.next_deadline(),
       settings_.next_deadline(), peer_saver_.next_deadline(), leaver_.next_deadline(),
       context.path.next_deadline(), standing_aside_.next_deadline()});
}

QueueSizes Node::State::queue_sizes() const {
  return {.updates = gossip_.queue().size(),
          .pushes = gossip_.pushes_waiting(),
          .suspicions = detector_->suspicion_count(),
          .doubts = detector_->doubt_count(),
          .exchanges = exchanges_.size(),
          .helper_tasks = helper_desk_.size()};
}

std::vector<Steadiness> Node::State::unsteady() const {
  return unsteady_members(context, *detector_);
}

// --- Phases ----------------------------------------------------------------------------------

void Node::State::start() {
  ROLLCALL_CHECK(context.phase == Phase::starting);
  take_part();
  if (joiner_.has_homes()) {
    set_phase(Phase::joining);
    joiner_.go_home();
  } else {
    set_phase(Phase::joined);
  }
}

void Node::State::start_among(const MemberTable& everybody) {
  ROLLCALL_CHECK(context.phase == Phase::starting);
  Record self = context.self_record();
  const auto known = everybody.find(self.life.id);
  ROLLCALL_CHECK(known && everybody.at(*known).name == context.config.name);
  context.table.begin_as(everybody);
  context.set_self(context.table.put(std::move(self)));
  take_part();
  set_phase(Phase::joined);
}

void Node::State::take_part() {
  context.last_heard = context.now;
  context.path = PathHealth();
  detector_->start();
  if (context.config.profile == Profile::rollcall) pings_.echo();
  lost_members_.start();
  anti_entropy_.start();
  streams_.on_ring_changed();
}

void Node::State::set_phase(Phase phase) {
  context.phase = phase;
  context.publish_own_life();
}

void Node::State::on_joined() {
  if (!context.is_taking_part()) take_part();
  set_phase(Phase::joined);
  anti_entropy_.settle_in();
  membership_.announce_self();
}

void Node::State::on_not_joined() {
  const bool was_trying = context.phase == Phase::joining || context.phase == Phase::joined;
  if (was_trying && context.others() == 0 && joiner_.has_homes()) set_phase(Phase::alone);
}

void Node::State::on_name_in_use(const Address& holder) {
  // One that has not been let in gives way; one that is in met its rival by gossip.
  if (context.phase != Phase::joined) stand_down(holder);
}

void Node::State::stand_down(const Address& holder) {
  if (context.phase == Phase::conflict) return;
  context.publish(EventKind::name_conflict, context.self_record(), {},
                  "the name '" + context.config.name + "' is held by the member at " +
                      to_text(holder) + "; this member (" + to_text(context.config.advertise) +
                      ") stays out until the name is free or it is given another");
  stop_all();
  membership_.forget_living();
  context.phase = Phase::conflict;
  joiner_.go_home_later();
}

void Node::State::on_found_unfit() {
  if (context.phase == Phase::joined) step_aside("others heard this member, which did not answer");
}

/// This life is over, by this node's own word.
void Node::State::step_aside(const std::string& why) {
  const std::string measure = std::to_string(context.path.answered()) + " of " +
                              std::to_string(context.path.size()) + " pings answered";
  membership_.declare_unfit();
  gossip_.flush();
  context.warn("stands aside: " + why + " (" + measure +
               "); it comes back when its pings are answered as others' are");
  name_claim_.stop();
  stop_all();
  context.phase = Phase::aside;
  standing_aside_.start();
}

/// Its network is sound again: a new life, which hears at once what it has missed.
void Node::State::come_back() {
  standing_aside_.stop();
  pings_.clear();
  membership_.renew_life(context.self_record().life.boot);
  on_joined();
}

void Node::State::stop_all() {
  settings_.stop();
  detector_->stop();
  streams_.stop();
  lost_members_.stop();
  anti_entropy_.stop();
  helper_desk_.clear();
  gossip_.clear();
  pings_.clear();
}

void Node::State::finish_leaving() {
  leaver_.stop();
  stop_all();
  exchanges_.end_all();
  membership_.forget_living();
  context.phase = Phase::left;
  for (const CommandId id : std::exchange(leave_commands_, {})) done(id, CommandResult::done);
}

// --- What the parts tell one another ---------------------------------------------------------

void Node::State::learn(const wire::Update& update, Provenance provenance) {
  membership_.learn(update, provenance);
}

/// Only those who may pass the verdict need to know that another member accuses too.
void Node::State::confirm(Slot slot) {
  std::vector<Slot> judges = context.ring_judges_of(slot);
  const auto accuser = context.table.find(context.table.at(slot).witness);
  if (accuser && std::ranges::find(judges, *accuser) == judges.end()) judges.push_back(*accuser);
  const wire::Update accusation = own_finding(context, slot, wire::State::suspect);
  for (const Slot judge : judges) {
    if (!context.is_self(judge)) outbox_.send_record(context.table.at(judge).address, accusation);
  }
}

void Node::State::stream_ping(Slot slot, Duration timeout) {
  const Record& record = context.table.at(slot);
  exchanges_.start({.purpose = ExchangePurpose::stream_ping,
                    .to = record.address,
                    .slot = slot,
                    .life = record.life.id},
                   wire::StreamPing{.target = record.life.id}, timeout);
}

void Node::State::on_member_changed(Slot slot) {
  peer_saver_.on_member_changed();
  if (!context.is_taking_part()) return;
  streams_.on_ring_changed();
  if (context.is_self(slot)) return;
  detector_->on_member_changed(slot);
  // Whoever still looks whether its name is free is not in because it hears of others.
  const bool is_waiting = (context.phase == Phase::alone || context.phase == Phase::joining) &&
                          !name_claim_.is_looking();
  if (is_waiting && context.others() > 0) set_phase(Phase::joined);
}

bool Node::State::on_witness(Slot slot, const LifeId& witness) {
  return detector_->on_confirmation(slot, witness);
}

void Node::State::on_failed_elsewhere(Slot slot) {
  detector_->on_failed_elsewhere(slot);
}

void Node::State::on_rival(const wire::Update& rival) {
  if (context.is_taking_part()) name_claim_.look_at({rival.life, rival.address});
}

void Node::State::settle_claim() {
  const NameClaim::Outcome outcome = name_claim_.outcome();
  if (!name_claim_.is_looking() || outcome == NameClaim::Outcome::pending) return;
  const NameClaim::Rival rival = *name_claim_.rival();
  name_claim_.stop();
  if (context.phase == Phase::joined) {
    if (outcome == NameClaim::Outcome::rival_is_gone) {
      membership_.renew_life(rival.life.boot);
    } else if (rival.life > context.self_record().life) {
      stand_down(rival.address);
    }
  }
  joiner_.on_claim_settled(rival, outcome);
}

void Node::State::on_settings_changed(const ClusterSettings& before) {
  if (context.is_taking_part()) detector_->on_settings_changed(before);
}

// --- Commands --------------------------------------------------------------------------------

void Node::State::done(CommandId id, CommandResult result) {
  context.effects->add(CommandDone{.id = id, .result = result, .attempts = {}});
}

void Node::State::on_command(CommandId id, const Command& command) {
  std::visit([&](const auto& one) { execute(id, one); }, command);
}

void Node::State::execute(CommandId id, const JoinCommand& command) {
  if (context.phase == Phase::leaving) return done(id, CommandResult::not_allowed);
  if (!context.is_taking_part()) {
    standing_aside_.stop();
    context.phase = Phase::joining;
    if (is_final(context.self_record().state)) {
      membership_.renew_life(context.self_record().life.boot);
    }
    take_part();
  }
  joiner_.join(id, command);
}

void Node::State::execute(CommandId id, const CancelJoinCommand&) {
  joiner_.cancel();
  if (context.phase == Phase::joining) set_phase(Phase::alone);
  done(id, CommandResult::done);
}

void Node::State::execute(CommandId id, const LeaveCommand&) {
  if (context.phase == Phase::left) return done(id, CommandResult::done);
  leave_commands_.push_back(id);
  if (context.phase == Phase::leaving) return;
  joiner_.cancel();
  standing_aside_.stop();
  name_claim_.stop();
  detector_->stop();
  streams_.stop();
  lost_members_.stop();
  anti_entropy_.stop();
  peer_saver_.on_leaving();
  context.phase = Phase::leaving;
  membership_.set_own_state(wire::State::left);
  leaver_.start();
  if (leaver_.is_done()) finish_leaving();
}

void Node::State::execute(CommandId id, const ForceLeaveCommand& command) {
  const auto slot = context.table.find(command.name);
  if (!slot) return done(id, CommandResult::unknown_member);
  const wire::State state = context.table.at(*slot).state;
  if (context.is_self(*slot) || state == wire::State::alive) {
    return done(id, CommandResult::not_allowed);
  }
  if (state != wire::State::left) membership_.force_out(*slot);
  done(id, CommandResult::done);
}

void Node::State::execute(CommandId id, const SetTagsCommand& command) {
  auto encoded = wire::encode_tags(command.tags);
  if (!encoded) return done(id, CommandResult::invalid);
  context.config.tags = command.tags;
  if (*encoded != context.self_record().tags) membership_.set_own_tags(std::move(*encoded));
  done(id, CommandResult::done);
}

void Node::State::execute(CommandId id, const ChangeSettingsCommand& command) {
  // Who is out would change them for nobody, and quarrel over it when it is back.
  const bool is_cluster_wide = command.scope == SettingsScope::cluster;
  if (is_cluster_wide && !context.is_taking_part()) return done(id, CommandResult::not_allowed);
  CommandDone outcome = settings_.change(command);
  outcome.id = id;
  context.effects->add(std::move(outcome));
}

void Node::State::execute(CommandId id, const BeginLifeCommand& command) {
  const Life& life = context.self_record().life;
  if (context.is_taking_part() && life.id == command.ended) membership_.renew_life(life.boot);
  done(id, CommandResult::done);
}

}  // namespace rollcall::core
