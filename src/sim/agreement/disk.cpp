// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/agreement/disk.hpp"

#include "base/check.hpp"

namespace rollcall::sim::agreement {

consensus::ReplicaStored VirtualDisk::stored() const {
  consensus::ReplicaStored stored;
  stored.log = log_;
  stored.raft.hard = hard_;
  stored.raft.snapshot = snapshot_;
  for (const auto& [index, entry] : entries_) stored.raft.entries.push_back(entry);
  return stored;
}

std::optional<ByteVector> VirtualDisk::read(raft::Position last, std::uint64_t offset,
                                            std::uint64_t size) const {
  if (!snapshot_ || snapshot_->last != last) return std::nullopt;
  if (offset > data_.size() || size > data_.size() - offset) return std::nullopt;
  const auto begin = data_.begin() + static_cast<std::ptrdiff_t>(offset);
  return ByteVector(begin, begin + static_cast<std::ptrdiff_t>(size));
}

VirtualDisk::Ended VirtualDisk::end_write(Prng& prng) {
  ROLLCALL_CHECK(!under_way_.empty());
  Ended ended{.write = std::move(under_way_.front()), .is_stored = false};
  under_way_.pop_front();
  ended.is_stored = !is_full_ && !prng.chance(failing_);
  const auto* const keep = std::get_if<consensus::KeepLog>(&ended.write);
  if (ended.is_stored) {
    if (keep_first_) perform(*keep_first_);
    keep_first_.reset();
    perform(ended.write);
    refused_.reset();
  } else if (keep != nullptr) {
    // Nobody is told: the next store that succeeds must bring it along.
    keep_first_ = *keep;
  } else {
    refused_ = ended.write;
  }
  return ended;
}

void VirtualDisk::crash(Prng& prng) {
  constexpr double written_after_all = 0.2;
  const bool is_refused_there = refused_ && prng.chance(written_after_all);
  std::size_t count = is_full_ ? 0 : prng.below(under_way_.size() + 1);
  if (keep_first_ && (is_refused_there || count > 0)) perform(*keep_first_);
  if (is_refused_there) perform(*refused_);
  for (; count > 0; --count) {
    perform(under_way_.front());
    under_way_.pop_front();
  }
  under_way_.clear();
  refused_.reset();
  keep_first_.reset();
  received_.clear();
}

void VirtualDisk::perform(const DiskWrite& write) {
  std::visit([this](const auto& one) { perform(one); }, write);
}

void VirtualDisk::perform(const raft::Store& store) {
  hard_ = store.hard;
  if (store.install) {
    ROLLCALL_CHECK(received_.size() == store.install->size);
    snapshot_ = store.install;
    data_ = received_;
    entries_.clear();
  }
  entries_.erase(entries_.begin(), entries_.lower_bound(store.keep_from));
  entries_.erase(entries_.lower_bound(store.from), entries_.end());
  for (const raft::Entry& entry : store.entries) entries_[entry.index] = entry;
}

void VirtualDisk::perform(const raft::StoreChunk& chunk) {
  if (chunk.offset == 0) received_.clear();
  ROLLCALL_CHECK(received_.size() == chunk.offset);
  received_.insert(received_.end(), chunk.data.begin(), chunk.data.end());
}

void VirtualDisk::perform(const SaveSnapshot& save) {
  // One that was installed meanwhile is later.
  if (snapshot_ && snapshot_->last.index >= save.snapshot.last.index) return;
  snapshot_ = save.snapshot;
  data_ = save.data;
}

}  // namespace rollcall::sim::agreement
