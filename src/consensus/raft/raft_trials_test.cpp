// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "consensus/raft/raft_trials_test.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "consensus/raft/raft_history_test.hpp"
#include "consensus/raft/raft_rig_test.hpp"

namespace rollcall::consensus::raft {
namespace {

/// Everything at once, and time to get over it.
std::string random_history(std::uint64_t seed) {
  RaftHistory history(seed);
  history.run();
  if (history.world().objection().empty() && history.recovers()) {
    history.world().expect_nothing_lost();
  }
  return history.world().take_objection();
}

Entry first_entry(std::uint64_t voters_count) {
  return {.index = Index{1},
          .term = Term{1},
          .kind = EntryKind::membership,
          .payload = encode(voters(voters_count))};
}
Stored log_of(std::uint64_t term, const std::vector<std::uint64_t>& terms) {
  Stored stored;
  stored.hard.term = Term{term};
  stored.entries.push_back(first_entry(3));
  for (const std::uint64_t one : terms) {
    stored.entries.push_back(command(stored.entries.size() + 1, one));
  }
  return stored;
}

/// Ongaro 2014, figure 3.7, with three servers: entries of term 2 come to a majority under the
/// leader of term 4, who crashes before its own first entry does; then the one with an entry of
/// term 3 is elected.
std::string figure_8(std::uint64_t seed) {
  RaftWorld world(seed);
  world.add_with(1, log_of(3, {2, 2, 2, 2, 2}));
  world.add_with(2, log_of(3, {}));
  world.add_with(3, log_of(3, {3}));
  world.crash(3);
  world.run_until([&] { return world.raft(1).applied() >= Index{2}; }, 2s);
  world.partition({1});
  world.crash(1);
  world.run_for(1ms);
  world.restart(3);
  world.run_for(3s);
  return world.take_objection();
}

/// A voter that crashes right after its vote, and is asked by another candidate of that term.
std::string vote_then_restart(std::uint64_t seed) {
  RaftWorld world(seed);
  world.add_group(3);
  world.run_for(20ms);
  world.crash(2);
  world.crash(3);
  const VoteRequest request{
      .term = Term{90}, .kind = VoteKind::vote, .cause = {}, .last = at(99, 89)};
  world.inject(2, 1, request);
  world.run_for(10ms);
  world.crash(1);
  world.restart(1);
  world.inject(3, 1, request);
  world.run_for(10ms);
  return world.take_objection();
}

/// Three voters, replica 1 leads, replica 4 learns, all of them have everything.
void form_with_learner(RaftWorld& world) {
  world.add_group(3);
  world.elect();
  world.run_until([&] { return world.leader() == 1 || !world.transfer(world.leader(), 1); }, 1s);
  world.run_until([&] { return world.leader() == 1; }, 5s);
  world.add(4);
  world.run_until(
      [&] { return world.change(world.leader(), ChangeKind::add_learner, 4).has_value(); }, 5s);
  world.run_until([&] { return world.converged(); }, 5s);
}

/// The leader is cut off together with a learner, which has what it writes, and crashes; the others
/// go on; then the one that was cut off comes back with nobody but the learner.
std::string minority_with_learner(std::uint64_t seed) {
  RaftWorld world(seed);
  form_with_learner(world);
  world.partition({1, 4});
  if (world.leader() == 1) (void)world.propose(1, 3);
  world.run_for(50ms);
  const auto others_lead = [&] { return world.leader() > 1 && world.leader() < 4; };
  world.run_until(others_lead, 5s);
  if (!others_lead()) return world.take_objection();
  for (int i = 0; i < 5; ++i) (void)world.propose(world.leader(), 3);
  world.run_for(2s);
  return world.take_objection();
}

/// A candidate with an old log gets a grant that was given long ago.
std::string late_grant(std::uint64_t seed) {
  RaftWorld world(seed);
  world.add_group(3);
  const std::uint64_t leader = world.elect();
  const std::uint64_t victim = 1 + leader % 3;
  world.partition({victim});
  (void)world.propose(leader, 3);
  world.run_until([&] { return world.raft(victim).role() == Role::pre_candidate; }, 5s);
  const Term wanted = next(world.raft(victim).term());
  world.inject(leader, victim,
               VoteReply{.term = wanted, .kind = VoteKind::pre_vote, .vote = Vote::granted});
  world.run_for(10ms);
  world.inject(leader, victim,
               VoteReply{.term = Term{1}, .kind = VoteKind::vote, .vote = Vote::granted});
  world.run_for(10ms);
  return world.take_objection();
}

/// A leader that nobody hears gets an answer that was given to another leader.
std::string late_answer(std::uint64_t seed) {
  RaftWorld world(seed);
  world.add_group(3);
  const std::uint64_t leader = world.elect();
  world.run_until([&] { return world.converged(); }, 5s);
  world.partition({leader});
  const auto written = world.propose(leader, 3);
  world.run_for(5ms);
  if (written && world.raft(leader).role() == Role::leader) {
    world.inject(1 + leader % 3, leader,
                 AppendReply{.term = Term{number(world.raft(leader).term()) - 1},
                             .result = AppendResult::accepted,
                             .match = written->index,
                             .match_term = {},
                             .refused = {},
                             .round = 0});
  }
  world.run_for(2s);
  return world.take_objection();
}

/// A leader whose disk hangs writes something that only one other has; both crash, and the leader
/// comes back.
std::string leader_with_slow_disk(std::uint64_t seed) {
  RaftWorld world(seed);
  world.add_group(3);
  const std::uint64_t leader = world.elect();
  const std::uint64_t near = 1 + leader % 3;
  const std::uint64_t far = 1 + near % 3;
  world.run_until([&] { return world.converged(); }, 5s);
  world.cut_one_way(leader, far);
  world.host(leader).disk_free = world.now() + 10s;
  (void)world.propose(leader, 3);
  world.run_for(60ms);
  world.crash(leader);
  world.crash(near);
  world.heal();
  world.crash(near);
  world.run_for(3s);
  return world.take_objection();
}

/// Ongaro, "bug in single-server membership changes": two leaders begin a change each, the second
/// before it has committed anything; then the first is elected by its own majority.
std::string two_leaders_change(std::uint64_t seed) {
  RaftWorld world(seed);
  world.add_group(4);
  world.add(5);
  const std::uint64_t first = world.elect();
  world.run_until([&] { return world.change(first, ChangeKind::add_learner, 5).has_value(); }, 5s);
  world.run_until([&] { return world.converged(); }, 5s);
  world.run_for(50ms);
  world.partition({first, 5});
  (void)world.change(first, ChangeKind::promote, 5);
  const auto second_leads = [&] { return world.leader() != first && world.leader() != 0; };
  world.run_until(second_leads, 5s);
  if (!second_leads()) return world.take_objection();

  const std::uint64_t second = world.leader();
  std::vector<std::uint64_t> others;
  for (std::uint64_t id = 1; id <= 4; ++id) {
    if (id != first && id != second) others.push_back(id);
  }
  world.cut_one_way(second, others[1]);
  (void)world.change(second, ChangeKind::remove, first);
  world.run_for(30ms);
  world.crash(second);
  world.crash(others[0]);
  world.partition({});
  world.run_for(3s);
  return world.take_objection();
}

/// A leader that is cut off with two learners makes voters of both.
std::string two_changes(std::uint64_t seed) {
  RaftWorld world(seed);
  world.add_group(3);
  world.add(4);
  world.add(5);
  const std::uint64_t leader = world.elect();
  for (std::uint64_t id = 4; id <= 5; ++id) {
    world.run_until([&] { return world.change(leader, ChangeKind::add_learner, id).has_value(); },
                    5s);
  }
  world.run_until([&] { return world.converged(); }, 5s);
  world.run_for(50ms);
  world.partition({leader, 4, 5});
  (void)world.change(leader, ChangeKind::promote, 4);
  (void)world.change(leader, ChangeKind::promote, 5);
  world.run_for(3s);
  return world.take_objection();
}

/// A leader sleeps while others elect another and write; then it is asked at once.
std::string sleeping_leader(std::uint64_t seed) {
  RaftWorld world(seed);
  world.add_group(3);
  const std::uint64_t leader = world.elect();
  world.read(leader);
  world.run_for(50ms);
  world.pause(leader, 30s);
  const auto others_lead = [&] { return world.leader() != leader && world.leader() != 0; };
  world.run_until(others_lead, 5s);
  if (others_lead()) (void)world.propose(world.leader(), 3);
  world.run_for(200ms);
  if (world.raft(leader).role() == Role::leader) world.read(leader);
  world.host(leader).paused_until = world.now();
  world.run_for(1s);
  return world.take_objection();
}

/// All restart, and the new leader is asked before it knows what is committed.
std::string read_after_restart(std::uint64_t seed) {
  RaftWorld world(seed);
  world.add_group(3);
  world.elect();
  (void)world.propose(world.leader(), 3);
  world.run_until([&] { return world.converged(); }, 5s);
  for (std::uint64_t id = 1; id <= 3; ++id) world.crash(id);
  for (std::uint64_t id = 1; id <= 3; ++id) world.restart(id);
  world.faults.disk_max = 40ms;
  world.run_until([&] { return world.leader() != 0; }, 5s);
  if (world.leader() != 0) world.read(world.leader());
  world.run_for(1s);
  return world.take_objection();
}

constexpr RaftTrial all[] = {
    {"random_history", random_history},
    {"figure_8", figure_8},
    {"vote_then_restart", vote_then_restart},
    {"minority_with_learner", minority_with_learner},
    {"late_grant", late_grant},
    {"late_answer", late_answer},
    {"leader_with_slow_disk", leader_with_slow_disk},
    {"two_leaders_change", two_leaders_change},
    {"two_changes", two_changes},
    {"sleeping_leader", sleeping_leader},
    {"read_after_restart", read_after_restart},
};

}  // namespace

std::span<const RaftTrial> raft_trials() {
  return all;
}

const RaftTrial& raft_trial(std::string_view name) {
  const auto found = std::ranges::find(all, name, &RaftTrial::name);
  ROLLCALL_CHECK(found != std::end(all));
  return *found;
}

}  // namespace rollcall::consensus::raft
