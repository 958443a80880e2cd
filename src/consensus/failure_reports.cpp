// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "consensus/failure_reports.hpp"

#include <algorithm>
#include <cstdint>

#include "base/ids.hpp"

namespace rollcall::consensus {

/// By rendezvous, as responsibility: the observers of one member are those with the highest
/// scores among those alive.
bool FailureReports::is_observer(const std::string& subject, const ClusterPicture& picture) const {
  const std::uint64_t hash = hash_bytes(subject);
  const std::uint64_t own = hash_combine(hash_bytes(self_), hash);
  std::size_t above = 0;
  for (const std::uint64_t observer : picture.alive_hashes()) {
    if (hash_combine(observer, hash) > own && ++above >= observers_) return false;
  }
  return true;
}

bool FailureReports::on_picture(const ClusterPicture& picture, Instant now) {
  CutReport next;
  // Whoever is not in the view itself has no say.
  if (std::ranges::binary_search(picture.alive(), self_)) {
    for (const CutReport::Failed& one : picture.failed()) {
      if (next.failed.size() < cut_reports_max && is_observer(one.name, picture)) {
        next.failed.push_back(one);
      }
    }
  }
  if (next == report_) return false;
  report_ = std::move(next);
  sent(now);
  return true;
}

bool FailureReports::on_leader(Instant now) {
  sent(now);
  return !report_.failed.empty();
}

bool FailureReports::on_deadline(Instant now) {
  if (again_ > now) return false;
  sent(now);
  return true;
}

}  // namespace rollcall::consensus
