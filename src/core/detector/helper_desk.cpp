// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/detector/helper_desk.hpp"

#include <algorithm>

namespace rollcall::core {
namespace {

/// A helper reports silence at this share of the asker's patience, so that it arrives in time.
constexpr double nack_share = 0.8;

}  // namespace

void HelperDesk::on_request(const Address& from, const wire::PingRequest& request) {
  if (tasks_.size() >= tasks_max) return;
  const std::uint32_t sequence = pings_.ping(request.target, request.address, PingPurpose::helper);
  const auto patience = std::chrono::milliseconds(request.patience_ms);
  tasks_.push_back({.asker = from,
                    .asker_sequence = request.sequence,
                    .sequence = sequence,
                    .target = request.address,
                    .deadline = context_.now + scaled(patience, nack_share)});
}

void HelperDesk::report(const Task& task, wire::Finding finding) {
  outbox_.send(task.asker, wire::Report{.sequence = task.asker_sequence, .finding = finding},
               context_.table.find_live_at(task.asker));
}

void HelperDesk::on_answer(std::uint32_t sequence, wire::Finding finding) {
  const auto task = std::ranges::find(tasks_, sequence, &Task::sequence);
  if (task == tasks_.end()) return;
  report(*task, finding);
  tasks_.erase(task);
}

void HelperDesk::on_refused(const Address& address) {
  for (const Task& task : tasks_) {
    if (task.target == address) report(task, wire::Finding::refused);
  }
  std::erase_if(tasks_, [&](const Task& task) { return task.target == address; });
}

void HelperDesk::on_deadline() {
  for (const Task& task : tasks_) {
    if (task.deadline <= context_.now) report(task, wire::Finding::silent);
  }
  std::erase_if(tasks_, [&](const Task& task) { return task.deadline <= context_.now; });
}

Instant HelperDesk::next_deadline() const {
  Instant earliest = never;
  for (const Task& task : tasks_) earliest = std::min(earliest, task.deadline);
  return earliest;
}

}  // namespace rollcall::core
