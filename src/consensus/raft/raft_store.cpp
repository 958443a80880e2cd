// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "consensus/raft/raft_state.hpp"

/// The disk: one Store at a time, which takes everything that came together meanwhile. It is always
/// the difference between what the disk has for certain and what the replica wants, so that after a
/// refusal the next one simply says it again.
namespace rollcall::consensus::raft {

bool Raft::State::needs_store() const {
  return hard != stored_hard || log.last().index > stored || (install_due_ && !taking_) ||
         keep_from_ > keep_from_stored_;
}

void Raft::State::settle_store() {
  if (store_ || retry_at_ != never || !needs_store()) return;
  Store wanted{.id = StoreId{++stores_},
               .hard = hard,
               .install = {},
               .keep_from = keep_from_,
               .from = next(stored),
               .entries = {}};
  store_ = StoreUnderWay{.id = wanted.id,
                         .hard = hard,
                         .last = log.last().index,
                         .keep_from = keep_from_,
                         .install = {},
                         .since = now_};
  if (install_due_ && !taking_) {
    wanted.install = store_->install = std::exchange(install_due_, std::nullopt);
    wanted.keep_from = wanted.from = next(wanted.install->last.index);
    store_->last = wanted.install->last.index;
  } else if (log.last().index > stored) {
    wanted.entries = log.copy(next(stored), log.last().index, SIZE_MAX, SIZE_MAX);
  }
  effects_->add(std::move(wanted));
}

void Raft::State::on_stored(StoreId id) {
  ROLLCALL_CHECK(store_ && store_->id == id);
  const StoreUnderWay done = *std::exchange(store_, std::nullopt);
  store_failing = false;
  stored_hard = done.hard;
  if (done.install) {
    installed(*done.install);
    return;
  }
  // The disk may still have other entries behind; the next Store deletes them.
  stored = std::max(stored, done.last);
  keep_from_stored_ = std::max(keep_from_stored_, done.keep_from);
  if (reply_when_stored_) {
    reply_when_stored_ = follower_match_ > stored;
    reply_ = AppendReply{.result = AppendResult::accepted};
  }
}

void Raft::State::on_store_refused(StoreId id) {
  ROLLCALL_CHECK(store_ && store_->id == id);
  const StoreUnderWay refused = *std::exchange(store_, std::nullopt);
  ++counters.stores_refused;
  store_failing = true;
  retry_at_ = now_ + config.store_retry;
  if (refused.install) install_due_ = refused.install;
  if (role != Role::follower) step_down();
}

}  // namespace rollcall::consensus::raft
