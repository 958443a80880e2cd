// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "consensus/frames.hpp"
#include "consensus/log.hpp"
#include "registry/group.hpp"
#include "registry/types.hpp"

namespace rollcall::consensus {

/// What this member's failure detector knows, held against the agreed view of the cluster: who is
/// in the view and should not be, and the reverse.
///
/// A member of the view whom the detector does not know at all, or only in an earlier life, counts
/// as failed after `absent_after`: else who dies while everybody else is away would stay for good.
///
/// Limits:  O(peers + members) a change of either.
/// Threads: none; the caller serialises calls.
class ClusterPicture {
 public:
  using Named = CutReport::Failed;

  ClusterPicture(std::string self, Duration absent_after)
      : self_(std::move(self)),
        absent_after_(absent_after) {}

  void set_peers(const Peers& peers, Instant now);
  void set_view(const registry::Group& cluster, Instant now);
  /// Looks again who has been absent for long enough.
  void on_deadline(Instant now);
  [[nodiscard]] Instant next_deadline() const { return next_absent_; }

  // --- by name; the lives are those of the view ---
  [[nodiscard]] const std::vector<Named>& failed() const { return failed_; }
  [[nodiscard]] const std::vector<Named>& left() const { return left_; }
  /// In the view, and alive as far as this member knows. Names' hashes in the same order.
  [[nodiscard]] const std::vector<std::string>& alive() const { return alive_; }
  [[nodiscard]] const std::vector<std::uint64_t>& alive_hashes() const { return alive_hashes_; }
  /// Alive or suspect, and not in the view with this life, address and zone.
  [[nodiscard]] const std::vector<registry::MemberSpec>& joining() const { return joining_; }

  /// Of this member itself; null: not told yet, or it is leaving.
  [[nodiscard]] const Life* own_life() const { return own_life_ ? &*own_life_ : nullptr; }
  /// Who is left out of the view for what is said of them, as sentences; empty: nobody.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }
  void check_invariants() const;

 private:
  struct InView {
    std::string name;
    Life life;
    std::string address;
    std::string zone;
  };
  struct Known {
    Peer peer;
    registry::MemberSpec spec;
    bool is_allowed = false;
  };

  static Known known(const Peer& peer);
  void compare(Instant now);
  void compare_both(const InView& member, const Known& known, Instant now);
  void on_absent(const InView& member, Instant now);
  void join_or_say_why_not(const Known& known);

  std::string self_;
  Duration absent_after_;
  std::vector<Known> peers_;  // by name
  std::vector<InView> view_;  // by name
  std::map<std::string, Instant> absent_since_;
  Instant next_absent_ = never;

  std::vector<Named> failed_;
  std::vector<Named> left_;
  std::vector<std::string> alive_;
  std::vector<std::uint64_t> alive_hashes_;
  std::vector<registry::MemberSpec> joining_;
  std::optional<Life> own_life_;
  std::string trouble_;
};

}  // namespace rollcall::consensus
