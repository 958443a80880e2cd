// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/membership/membership.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/mutants.hpp"

namespace rollcall::core {
namespace {

Record record_of(const wire::Update& update, Instant now) {
  return {.name = std::string(update.name),
          .life = update.life,
          .incarnation = update.incarnation,
          .state = update.state,
          .address = update.address,
          .tags = ByteVector(update.tags.begin(), update.tags.end()),
          .witness = update.witness,
          .since = now,
          .unfit = update.unfit};
}

/// supersedes(), unless a mutant has it otherwise.
bool is_newer(const Standing& news, const Standing& known) {
  const bool same_life = news.life == known.life;
  if (is_mutant(Mutant::stale_life_accepted) && !same_life) return true;
  if (is_mutant(Mutant::final_state_undone) && same_life && is_live(news.state) &&
      is_final(known.state)) {
    return true;
  }
  if (is_mutant(Mutant::alive_beats_suspect) && same_life && is_live(news.state) &&
      is_live(known.state) && news.incarnation == known.incarnation) {
    return news.state < known.state;
  }
  return supersedes(news, known);
}

}  // namespace

// --- This node itself ------------------------------------------------------------------------

void Membership::begin(std::uint64_t boot) {
  const auto tags = wire::encode_tags(context_.config.tags);
  ROLLCALL_CHECK(tags.has_value());  // validate() has looked
  put_own({.name = context_.config.name,
           .life = {boot, context_.prng.life_id()},
           .address = context_.config.advertise,
           .tags = *tags,
           .since = context_.now});
}

Slot Membership::put_own(Record record) {
  context_.set_self(context_.table.put(std::move(record)));
  context_.last_change = context_.now;
  listener_.on_member_changed(context_.self);
  return context_.self;
}

void Membership::renew_life(std::uint64_t boot_above) {
  Record record = context_.self_record();
  record.life = {std::max(record.life.boot, boot_above) + 1, context_.prng.life_id()};
  record.incarnation = 0;
  record.state = State::alive;
  record.witness = {};
  record.unfit = false;
  record.since = context_.now;
  put_own(std::move(record));
  context_.effects->add(PersistBoot{context_.self_record().life.boot});
  context_.publish_own_life();
  announce_self();
}

void Membership::announce_self() {
  if (context_.is_taking_part()) gossip_.announce(context_.self, wire::Age::news);
}

void Membership::set_own_state(State state) {
  Record record = context_.self_record();
  if (record.state == state) return;
  record.state = state;
  record.since = context_.now;
  put_own(std::move(record));
  gossip_.announce(context_.self, wire::Age::news);
  if (state == State::left) context_.publish(EventKind::member_leave, context_.self_record());
}

void Membership::declare_unfit() {
  Record record = context_.self_record();
  record.state = State::failed;
  record.unfit = true;
  record.witness = record.life.id;
  record.since = context_.now;
  put_own(std::move(record));
  gossip_.announce(context_.self, wire::Age::news);
  context_.publish(EventKind::member_failed, context_.self_record(), context_.config.name);
}

void Membership::set_own_tags(ByteVector tags) {
  Record record = context_.self_record();
  record.tags = std::move(tags);
  ++record.incarnation;
  put_own(std::move(record));
  context_.publish(EventKind::member_update, context_.self_record());
  announce_self();
}

void Membership::refute(std::uint32_t accused_incarnation) {
  ++context_.counters.refutations;
  context_.health.on_accused();
  if (is_mutant(Mutant::refutation_dropped)) return;
  if (accused_incarnation == std::numeric_limits<std::uint32_t>::max()) {
    return renew_life(context_.self_record().life.boot);
  }
  Record record = context_.self_record();
  record.incarnation = accused_incarnation + 1;
  if (is_mutant(Mutant::refutation_not_raised)) record.incarnation = accused_incarnation;
  put_own(std::move(record));
  announce_self();
}

void Membership::learn_about_self(const wire::Update& update) {
  const Record& self = context_.self_record();
  if (update.life == self.life) {
    if (is_final(update.state)) {
      if (is_mutant(Mutant::death_is_argued)) return refute(self.incarnation);
      if (update.unfit && context_.path.is_poor()) return listener_.on_found_unfit();
      return renew_life(self.life.boot);
    }
    if (update.state != State::suspect) return;
    if (update.incarnation < self.incarnation) {
      // Refuted already, but the teller has not heard: the answer to it carries the refutation.
      return gossip_.mention(context_.self);
    }
    if (update.incarnation - self.incarnation > incarnation_jump_max) {
      return warn_now_and_then("refused an accusation of this member at incarnation " +
                               std::to_string(update.incarnation) + ", far above its own " +
                               std::to_string(self.incarnation));
    }
    return refute(update.incarnation);
  }
  const bool is_over = is_final(update.state) || update.address == self.address;
  if (update.life < self.life) {
    // An earlier life. Whoever still holds it for live must hear of this one.
    if (is_live(update.state)) gossip_.announce(context_.self, wire::Age::news);
    return;
  }
  if (update.life.boot - self.life.boot > boot_jump_max) {
    return warn_now_and_then("refused a record of this member's name with boot counter " +
                             std::to_string(update.life.boot) + ", far above its own " +
                             std::to_string(self.life.boot));
  }
  if (is_over) return renew_life(update.life.boot);
  listener_.on_rival(update);
}

// --- Others ----------------------------------------------------------------------------------

void Membership::learn(const wire::Update& update, Provenance provenance) {
  if (update.name == context_.config.name) return learn_about_self(update);
  const auto known = context_.table.find(update.name);
  if (known) {
    learn_known(*known, update, provenance);
  } else {
    learn_new_name(update, provenance);
  }
}

void Membership::learn_new_name(const wire::Update& update, Provenance provenance) {
  if (context_.table.size() >= context_.config.members_max) {
    return warn_now_and_then("the member table is full (" +
                             std::to_string(context_.config.members_max) + "); " +
                             std::string(update.name) + " was refused");
  }
  const Slot slot = context_.table.put(record_of(update, context_.now));
  const Record& record = context_.table.at(slot);
  if (is_final(record.state)) {
    // Kept so that nothing older can revive it; nobody here knew it, so it is no event.
    next_reap_ = std::min(next_reap_, context_.now + reap_interval);
    return;
  }
  context_.last_change = context_.now;
  context_.publish(EventKind::member_join, record);
  if (record.state == State::suspect) {
    context_.publish(EventKind::member_suspect, record, context_.name_of(record.witness));
  }
  listener_.on_member_changed(slot);
  spread(slot, update, provenance);
}

void Membership::learn_known(Slot slot, const wire::Update& update, Provenance provenance) {
  const Record& known = context_.table.at(slot);
  const Standing news{update.life, update.incarnation, update.state};
  if (!is_newer(news, known.standing())) {
    if (news == known.standing()) learn_same_standing(slot, update, provenance);
    return;
  }
  if (!is_plausible(known, update)) return;
  // A failure that is not fresh news, of a life that lives as far as is known here: perhaps the
  // other side of a healed partition. The member is asked, not buried.
  const bool is_old_news = context_.config.profile == Profile::swim
                               ? provenance == Provenance::sync
                               : update.age == wire::Age::history;
  const bool is_old_verdict = update.state == State::failed && update.life == known.life &&
                              is_old_news && provenance != Provenance::own &&
                              !is_mutant(Mutant::history_believed);
  if (is_old_verdict) {
    if (known.failed_elsewhere) return;
    Record record = known;
    record.failed_elsewhere = true;
    record.unfit = update.unfit;
    context_.table.put(std::move(record));
    return listener_.on_failed_elsewhere(slot);
  }
  replace(slot, update, provenance);
}

void Membership::learn_same_standing(Slot slot, const wire::Update& update, Provenance provenance) {
  if (provenance == Provenance::datagram) gossip_.on_heard(slot, update.witness);
  if (update.state != State::suspect) return;
  const bool counts = listener_.on_witness(slot, update.witness);
  // In profile rollcall whoever accuses tells the judges itself.
  if (counts && context_.config.profile == Profile::swim) {
    gossip_.announce(slot, wire::Age::news, update.witness);
  }
}

bool Membership::is_plausible(const Record& known, const wire::Update& update) {
  const bool same_life = update.life == known.life;
  if (same_life && is_live(update.state) &&
      update.incarnation - known.incarnation > incarnation_jump_max &&
      update.incarnation > known.incarnation) {
    warn_now_and_then("refused incarnation " + std::to_string(update.incarnation) + " of " +
                      known.name + ", far above the known " + std::to_string(known.incarnation));
    return false;
  }
  if (!same_life && update.life.boot > known.life.boot &&
      update.life.boot - known.life.boot > boot_jump_max) {
    warn_now_and_then("refused boot counter " + std::to_string(update.life.boot) + " of " +
                      known.name + ", far above the known " + std::to_string(known.life.boot));
    return false;
  }
  return true;
}

void Membership::replace(Slot slot, const wire::Update& update, Provenance provenance) {
  const Record before = context_.table.at(slot);
  Record after = record_of(update, context_.now);
  if (is_mutant(Mutant::leave_is_failure) && after.state == State::left) {
    after.state = State::failed;
  }
  if (is_mutant(Mutant::tombstone_forgotten) && is_final(after.state)) {
    after.since -= context_.config.cleanup_time;
  }
  if (after.life == before.life) {
    if (!update.has_tags) after.tags = before.tags;
    after.rtt = before.rtt;
    if (after.state == before.state) after.since = before.since;
    after.failed_elsewhere = before.failed_elsewhere && is_live(after.state);
    if (after.failed_elsewhere) after.unfit = before.unfit;
  }
  const std::uint64_t digest_before = context_.table.digest();
  context_.table.put(std::move(after));
  if (context_.table.digest() != digest_before) context_.last_change = context_.now;
  const Record& now_known = context_.table.at(slot);
  if (is_final(now_known.state)) {
    next_reap_ = std::min(next_reap_, context_.now + reap_interval);
  }
  note_flap(before, now_known);
  publish_change(before, now_known);
  listener_.on_member_changed(slot);
  spread(slot, update, provenance);
}

/// Whatever makes a member come and go: a failure, whether or not it comes back; an accusation that
/// it refuted; a restart so fast that nobody missed it.
void Membership::note_flap(const Record& before, const Record& after) {
  if (context_.config.profile == Profile::swim) return;
  const bool is_same_life = after.life == before.life;
  const bool refuted =
      is_same_life && before.state == State::suspect && after.state == State::alive;
  const bool restarted = !is_same_life && is_live(before.state) && is_live(after.state);
  if (!refuted && !restarted && after.state != State::failed) return;
  context_.flaps.on_flap(hash_bytes(after.name), context_.pause_budget(), context_.now);
}

void Membership::publish_change(const Record& before, const Record& after) {
  const std::string by = context_.name_of(after.witness);
  switch (after.state) {
    case State::failed:
      ++context_.counters.failures;
      if (is_mutant(Mutant::event_lost)) return;
      if (is_mutant(Mutant::event_twice)) context_.publish(EventKind::member_failed, after, by);
      return context_.publish(EventKind::member_failed, after, by);
    case State::left:
      return context_.publish(EventKind::member_leave, after, by);
    case State::suspect:
    case State::alive:
      return publish_live_change(before, after, by);
  }
}

void Membership::publish_live_change(const Record& before, const Record& after,
                                     const std::string& by) {
  const bool is_new_life = after.life != before.life;
  if (is_new_life) context_.publish(EventKind::member_join, after);
  const bool was_suspect = !is_new_life && before.state == State::suspect;
  if (after.state == State::suspect && !was_suspect) {
    ++context_.counters.suspicions;
    context_.publish(EventKind::member_suspect, after, by);
  }
  if (after.state == State::alive && was_suspect) {
    context_.publish(EventKind::member_alive, after);
  }
  const bool is_changed = after.tags != before.tags || after.address != before.address;
  if (is_changed && !is_new_life) context_.publish(EventKind::member_update, after);
}

void Membership::spread(Slot slot, const wire::Update& update, Provenance provenance) {
  switch (provenance) {
    case Provenance::own:
      // A node that hears nobody cannot know whether it is they who are gone.
      if (update.state == State::suspect && context_.hears_nobody()) return;
      return gossip_.announce(slot, wire::Age::news);
    case Provenance::datagram:
      return gossip_.announce(slot, update.age);
    case Provenance::sync:
      return gossip_.mention(slot);
    case Provenance::join:
      // Those who told it know it; and what was queued of the record as it was must not take this
      // one along as news.
      return gossip_.forget(slot);
  }
}

void Membership::force_out(Slot slot) {
  wire::Update update = to_update(context_.table.at(slot));
  update.has_tags = false;
  update.state = State::left;
  update.witness = context_.self_record().life.id;
  replace(slot, update, Provenance::own);
}

// --- Forgetting ------------------------------------------------------------------------------

void Membership::forget_living() {
  for (const Slot slot : context_.table.slots()) {
    // The dead stay known: whoever lets this node in again may not have heard of them.
    if (context_.is_self(slot) || is_final(context_.table.at(slot).state)) continue;
    gossip_.forget(slot);
    context_.table.erase(slot);
  }
}

void Membership::on_deadline() {
  if (context_.now < next_reap_) return;
  next_reap_ = never;
  reap(context_.table.failed());
  reap(context_.table.left());
}

void Membership::reap(const SlotList& ended) {
  // From the end, for what is taken out has its place filled with the last.
  for (std::size_t place = ended.size(); place-- > 0;) {
    const Slot slot = ended[place];
    const Record& record = context_.table.at(slot);
    if (context_.is_self(slot)) continue;
    if (context_.now < record.since + context_.config.cleanup_time) {
      next_reap_ = std::min(next_reap_, record.since + context_.config.cleanup_time);
      continue;
    }
    context_.publish(EventKind::member_reap, record);
    gossip_.forget(slot);
    context_.table.erase(slot);
    listener_.on_member_changed(slot);
  }
}

void Membership::warn_now_and_then(std::string message) {
  if (context_.now < next_warning_) return;
  next_warning_ = context_.now + warn_interval;
  context_.warn(std::move(message));
}

}  // namespace rollcall::core
