// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "consensus/agreement_parts.hpp"
#include "consensus/cluster_picture.hpp"
#include "consensus/frames.hpp"
#include "registry/cut_detector.hpp"

namespace rollcall::consensus {

/// The leader's care for the group `cluster`: who joins, who leaves, and whom the cut detector
/// settles upon, as one change at a time.
///
/// A change that is refused, or of which nothing is heard, is not proposed again as it was: it is
/// made anew of what is known by then. Should the first be committed after all, the second finds
/// it done.
///
/// Limits:  change_bytes_max a change; who has no room comes with the next.
/// Threads: none; the caller serialises calls.
class ClusterKeeper {
 public:
  static constexpr std::size_t change_bytes_max = std::size_t{512} << 10U;
  static constexpr std::size_t change_entries_max = 8192;
  /// How old the leader's own knowledge of who is alive may be when the cut detector asks.
  static constexpr Duration voices_age_max = std::chrono::milliseconds(200);

  /// Reports that come before this member knows that it leads are kept of so many observers: who
  /// follows learns of a leader earlier than it may act as one.
  static constexpr std::size_t early_reports_max = 256;

  explicit ClusterKeeper(const AgreementConfig& config);

  void on_leading(const ClusterPicture& picture, const Moment& moment);
  void on_following();
  /// The picture changed, by peers or time.
  void on_picture(const ClusterPicture& picture, const Moment& moment);
  /// The agreed view changed; before on_picture().
  void on_view(const Moment& moment);
  void on_report(const std::string& observer, const CutReport& report,
                 const ClusterPicture& picture, const Moment& moment);
  /// A command of nobody's session was seen committed; after on_view() and on_picture().
  void on_committed(Bytes command, const ClusterPicture& picture, const Moment& moment);
  void on_refused(const ProposalRefused& refused, const Moment& moment);
  void on_deadline(const ClusterPicture& picture, const Moment& moment);

  [[nodiscard]] Instant next_deadline() const;
  /// Who cannot join, as a sentence; empty: nobody.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }
  void check_invariants() const;

 private:
  struct UnderWay {
    ProposalToken token{};
    ByteVector command;
    std::vector<registry::MemberSpec> joined;
    Instant again{};
  };

  void keep_early(const std::string& observer, const CutReport& report, const Moment& moment);
  void take_up(const std::string& observer, const CutReport& report, Instant now);
  /// Proposes what there is to change, if anything is due.
  void act(const ClusterPicture& picture, const Moment& moment);
  void note_joining(const ClusterPicture& picture, const Moment& moment);
  [[nodiscard]] registry::ChangeCluster next_change(const ClusterPicture& picture,
                                                    const Moment& moment);
  void propose(registry::ChangeCluster change, const Moment& moment);
  void hear(const ClusterPicture& picture, Instant now);
  void give_up(Instant again);

  Duration join_settle_;
  Duration silence_;
  Duration report_interval_;
  registry::CutDetector cut_;
  /// Whom each observer reported last.
  std::map<std::string, std::vector<std::string>> reported_;
  struct Early {
    CutReport report;
    Instant when{};
  };
  std::map<std::string, Early> early_;
  bool is_leading_ = false;
  std::uint64_t last_attempt_ = 0;
  std::optional<UnderWay> under_way_;
  Instant not_before_ = Instant::min();
  Duration retry_{};
  std::vector<registry::MemberSpec> joining_;  // who may join, as it is known now
  Instant joining_since_ = never;
  Instant joins_not_before_ = Instant::min();
  Instant heard_{};  // when the picture was last given to the cut detector
  Instant act_at_ = never;
  std::string trouble_;
};

}  // namespace rollcall::consensus
