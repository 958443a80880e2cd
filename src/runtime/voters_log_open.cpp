// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "base/prng.hpp"
#include "runtime/clock.hpp"
#include "runtime/voters_log_impl.hpp"

/// What a data directory gives a member: a vote, none, or no start.
namespace rollcall::runtime {
namespace {

/// Voters take their snapshots up to so much later than they could, each by an own share.
constexpr double snapshot_spread = 0.25;

RaftStore::Owner owner_of(const VotersLogSetup& setup) {
  Prng chance(setup.config.seed);
  const std::uint64_t drawn = std::max<std::uint64_t>(1, chance.next());
  return {
      .cluster = setup.cluster, .name = setup.config.self, .voter_if_new = raft::VoterId{drawn}};
}

/// Why the directory's file stays as it is, and the member without a vote.
std::string without_a_vote(const Error& error) {
  return "this member follows without a vote: " + error.message;
}

std::expected<OpenedDirectory, Error> open_store(const VotersLogSetup& setup) {
  OpenedDirectory opened;
  const bool begins = setup.config.begins_alone || setup.config.bootstrap_expect > 0;
  if (setup.directory.empty() && !begins) return opened;
  auto store = setup.directory.empty() ? RaftStore::open_in_memory(owner_of(setup))
                                       : RaftStore::open(setup.directory, owner_of(setup));
  if (!store && RaftStore::is_foreign(store.error())) {
    return std::unexpected(Error{ErrorCode::storage, store.error().message, store.error().field});
  }
  if (!store) {
    opened.trouble = without_a_vote(store.error());
    return opened;
  }
  auto loaded = store->load();
  if (!loaded) {
    opened.trouble = without_a_vote(loaded.error());
    return opened;
  }
  opened.stored = {.log = store->log(), .raft = std::move(*loaded)};
  opened.store = std::move(*store);
  return opened;
}

std::expected<consensus::Replica, consensus::raft::RestoreError> make_replica(
    const VotersLogSetup& setup, OpenedDirectory& opened) {
  consensus::ReplicaConfig config = setup.config;
  if (opened.stored.log.is_nobody()) config.lost_log = setup.kept_log;
  config.raft.self = opened.store ? opened.store->voter() : raft::VoterId::nobody;
  if (!opened.store) {
    config.begins_alone = false;
    config.bootstrap_expect = 0;
  }
  // So that not all voters take their snapshots at the same index, and the cluster a break.
  config.raft.snapshot_entries +=
      static_cast<std::uint64_t>(static_cast<double>(config.raft.snapshot_entries) *
                                 snapshot_spread * Prng(raft::number(config.raft.self)).unit());
  return consensus::Replica::create(config, std::move(opened.stored), current_instant());
}

}  // namespace

std::expected<std::unique_ptr<VotersLog>, Error> VotersLog::open(boost::asio::io_context& io,
                                                                 const VotersLogSetup& setup,
                                                                 LogHost& host) {
  auto opened = open_store(setup);
  if (!opened) return std::unexpected(opened.error());
  auto replica = make_replica(setup, *opened);
  if (!replica && opened->store && replica.error() != raft::RestoreError::config) {
    const Error damage = RaftStore::damage_of(setup.directory, to_text(replica.error()));
    *opened = {.store = {}, .stored = {}, .trouble = without_a_vote(damage)};
    replica = make_replica(setup, *opened);
  }
  if (!replica) {
    return std::unexpected(Error{ErrorCode::invalid_option,
                                 "the agreement cannot run with these settings (" +
                                     std::string(to_text(replica.error())) + ")",
                                 "agreement"});
  }
  return std::make_unique<VotersLogImpl>(io, std::move(*replica), setup, std::move(*opened), host);
}

}  // namespace rollcall::runtime
