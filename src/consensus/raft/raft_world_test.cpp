// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "consensus/raft/raft_world_test.hpp"

#include <cstring>

#include "consensus/raft/codec.hpp"

namespace rollcall::consensus::raft {

std::string RaftWorld::text() {
  std::string text;
  for (auto& [id, at] : hosts_) {
    text += std::to_string(number(id)) + ": ";
    text += at.raft ? describe(*at.raft) : "down";
    text += "\n";
  }
  return text;
}

std::string RaftWorld::describe(const Raft& raft) {
  return std::string(to_text(raft.role())) + " term " + std::to_string(number(raft.term())) +
         " last " + to_text(raft.last()) + " stored " + std::to_string(number(raft.stored())) +
         " commit " + std::to_string(number(raft.commit())) + " applied " +
         std::to_string(number(raft.applied())) + (raft.store_failing() ? " failing" : "") + ", " +
         to_text(raft.membership());
}

void RaftWorld::start(VoterId id) {
  Host& at = hosts_[id];
  ASSERT_FALSE(at.raft.has_value());
  ++at.life;
  auto made = Raft::create(small_config(number(id)), at.disk.contents(), prng_.next(), now_);
  if (!made) return checkers_.object("durability", std::string(to_text(made.error())));
  at.raft.emplace(std::move(*made));
  at.applied = Index::none;
  at.state = 0;
  at.disk_free = now_;
  at.paused_until = {};
  if (at.disk.snapshot) restore(id, at, *at.disk.snapshot);
}

void RaftWorld::schedule_own(VoterId id, Duration after, std::function<void(Effects&)> run) {
  schedule(after, {.at = id, .life = hosts_[id].life, .run = std::move(run)});
}

void RaftWorld::on_disk(VoterId id, std::function<void(Effects&)> run) {
  Host& at = hosts_[id];
  at.disk_free = std::max(at.disk_free, now_) + prng_.between(10us, faults.disk_max + 11us);
  schedule_own(id, at.disk_free - now_, std::move(run));
}

bool RaftWorld::step(Instant end) {
  Instant at = events_.empty() ? never : events_.begin()->first;
  VoterId due = VoterId::nobody;
  for (auto& [id, one] : hosts_) {
    if (!one.raft) continue;
    const Instant deadline = std::max(one.raft->next_deadline(), one.paused_until);
    if (deadline >= at) continue;
    at = deadline;
    due = id;
  }
  if (at > end || !objection().empty()) return false;
  now_ = std::max(now_, at);
  Effects effects;
  if (due != VoterId::nobody) {
    hosts_[due].raft->on_deadline(now_, effects);
  } else {
    due = run_first_event(effects);
  }
  perform(due, effects);
  if (++steps_ % 64 == 0) check_log_matching();
  return true;
}

VoterId RaftWorld::run_first_event(Effects& effects) {
  Event event = std::move(events_.begin()->second);
  events_.erase(events_.begin());
  const VoterId due = event.at;
  Host& one = hosts_[due];
  if (!one.raft || (event.life != 0 && event.life != one.life)) return due;
  if (one.paused_until > now_) {
    schedule(one.paused_until - now_, std::move(event));
  } else {
    event.run(effects);
  }
  return due;
}

void RaftWorld::check_log_matching() {
  for (auto a = hosts_.begin(); a != hosts_.end(); ++a) {
    for (auto b = std::next(a); b != hosts_.end(); ++b) {
      if (a->second.raft && b->second.raft) checkers_.compare(*a->second.raft, *b->second.raft);
    }
  }
}

void RaftWorld::perform(VoterId id, Effects& effects) {
  Host& at = hosts_[id];
  for (Effect& effect : effects.list()) {
    std::visit([&](auto& one) { perform(id, at, one); }, effect);
  }
  const bool possible = !at.raft || at.raft->counters().impossible_messages == 0;
  checkers_.require(possible, "effects", "somebody says what no correct replica says");
}

void RaftWorld::perform(VoterId id, Host& at, Store& store) {
  checkers_.require(!at.disk.is_writing(), "effects", "two stores at once");
  const StoreId number = store.id;
  at.disk.begin(std::move(store));
  const bool refuse = prng_.chance(faults.refusals);
  on_disk(id, [this, &at, number, refuse](Effects& effects) {
    if (refuse || at.disk.full) {
      at.disk.refuse();
      return at.raft->on_store_refused(number, now_, effects);
    }
    at.disk.confirm();
    at.raft->on_stored(number, now_, effects);
  });
}

void RaftWorld::perform(VoterId id, Host& at, Send& send) {
  if (const auto* reply = std::get_if<AppendReply>(&send.message)) {
    checkers_.acknowledged(id, *reply, *at.raft, at.disk.entries);
  }
  if (const auto* reply = std::get_if<VoteReply>(&send.message)) {
    checkers_.granted(id, send.to, *reply, at.disk.hard);
  }
  transmit(id, send.to, send.message);
}

void RaftWorld::perform(VoterId id, Host& at, SendChunk& send) {
  const bool there =
      at.disk.snapshot == send.snapshot && send.offset + send.size <= at.disk.data.size();
  if (!there) return checkers_.object("effects", "asks for what its snapshot does not have");
  const auto begin = at.disk.data.begin() + static_cast<std::ptrdiff_t>(send.offset);
  transmit(id, send.to,
           InstallChunk{.term = send.term,
                        .snapshot = send.snapshot,
                        .offset = send.offset,
                        .round = send.round,
                        .data = ByteVector(begin, begin + static_cast<std::ptrdiff_t>(send.size))});
}

void RaftWorld::transmit(VoterId from, VoterId to, const Message& message) {
  ByteVector bytes;
  encode(message, bytes);
  const int copies = prng_.chance(faults.duplicates) ? 2 : 1;
  for (int copy = 0; copy < copies; ++copy) {
    if (prng_.chance(faults.loss)) continue;
    schedule(prng_.between(50us, faults.delay_max + 51us),
             {.at = to, .life = 0, .run = [this, from, to, bytes](Effects& effects) {
                if (cut_.contains({from, to})) return;
                auto received = decode_message(bytes);
                if (!received) return checkers_.object("effects", "sends what none can read");
                hosts_[to].raft->on_message(from, std::move(*received), now_, effects);
              }});
  }
}

void RaftWorld::perform(VoterId id, Host& at, StoreChunk& chunk) {
  on_disk(id, [this, &at, chunk](Effects& effects) {
    if (at.disk.full) return at.raft->on_chunk_refused(chunk.id, now_, effects);
    checkers_.require(at.disk.add_piece(chunk), "effects", "a piece that does not follow");
    at.raft->on_chunk_stored(chunk.id, now_, effects);
  });
}

void RaftWorld::perform(VoterId id, Host& at, Apply& apply) {
  for (Index index = apply.first; index <= apply.last; index = next(index)) {
    const Entry& entry = at.raft->entry(index);
    at.state = checkers_.applied(id, at.raft->term(), entry, at.applied, at.state, at.disk.entries);
    at.applied = index;
    checkers_.answered(id, entry);
  }
}

void RaftWorld::restore(VoterId id, Host& at, const SnapshotMeta& meta) {
  Chain state = 0;
  if (at.disk.data.size() >= sizeof state) {
    std::memcpy(&state, at.disk.data.data(), sizeof state);
  }
  checkers_.snapshot(id, meta, state);
  at.applied = meta.last.index;
  at.state = state;
}

void RaftWorld::perform(VoterId id, Host& at, RestoreSnapshot& effect) {
  ++installed_;
  restore(id, at, effect.snapshot);
}

void RaftWorld::perform(VoterId id, Host& at, TakeSnapshot& take) {
  const SnapshotMeta meta{.last = take.last,
                          .membership = take.membership,
                          // The state is its hash, and so much besides that it takes several
                          // pieces of odd sizes.
                          .size = sizeof at.state + number(take.last.index) % 300};
  checkers_.snapshot(id, meta, at.state);
  ByteVector data(meta.size);
  std::memcpy(data.data(), &at.state, sizeof at.state);
  schedule_own(id, prng_.between(1ms, 5ms), [this, &at, meta, data](Effects& effects) {
    if (at.disk.full) return at.raft->on_snapshot_failed(now_, effects);
    at.disk.snapshot = meta;
    at.disk.data = data;
    at.raft->on_snapshot_saved(data.size(), now_, effects);
  });
}

void RaftWorld::perform(VoterId id, Host& at, RoleChanged& role) {
  if (role.role == Role::leader) checkers_.led(id, *at.raft, at.disk.hard);
}

void RaftWorld::perform(VoterId id, Host& at, ReadReady& ready) {
  checkers_.read_ready(id, ready, at.applied);
}

}  // namespace rollcall::consensus::raft
