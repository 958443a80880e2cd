// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "registry/commands.hpp"
#include "registry/group.hpp"

namespace rollcall::registry {

struct CutConfig {
  /// So many observers settle it, where there are so many; see CutDetector::high().
  std::size_t high = 9;
  /// So many make everybody wait for the rest.
  std::size_t low = 3;
  /// A report that is not repeated is forgotten after this.
  Duration report_lifetime = std::chrono::seconds(10);
  /// Nobody between low and high is waited for longer than this.
  Duration patience = std::chrono::milliseconds(500);
  /// From the latest who was settled, so that the reports of one event can all arrive; but from the
  /// first no longer than `patience`.
  Duration settle = std::chrono::milliseconds(100);
  /// Who has not been heard by the leader for this long has no voice; see CutDetector::high().
  Duration voice_lifetime = std::chrono::seconds(2);
};

/// Decides on the leader which members to remove together, from what many observers report.
///
/// An observer reports that it finds a member failed, repeats that while it does, and takes it
/// back when it hears the member again. With `high` reports a member is settled; while anybody has
/// at least `low` but fewer than `high`, all wait, for those are most likely the same event half
/// seen. Then all who are settled are one cut: one view. A link that is cut or flaps between two
/// members gives few reports and removes nobody.
///
/// In a small cluster the two numbers shrink: `high` to the majority of those who have a voice,
/// that is, whom the leader has heard lately and does not find failed. A crashed member has none,
/// so two crashes in four still are settled by the two who are left; while two halves that only the
/// leader can reach both have voices, and neither gets the other removed.
///
/// Reports expire, and waiting has an end: without either, a little loss everywhere would in time
/// put somebody between `low` and `high` for good, and nothing would ever be decided.
///
/// Units:   the leader's own clock.
/// Order:   `now` must not decrease. take_cut() when next_deadline() is due, and after each report.
/// Errors:  reports of strangers, about strangers, about oneself or about another life are ignored.
/// Limits:  at most reports_max observers are counted a member.
/// Threads: none; the caller serialises calls.
/// Source:  Suresh et al., "Stable and consistent membership at scale with Rapid", USENIX ATC
///          2018, section 4.2; departures: expiry, repetition, patience, and the shrinking numbers.
class CutDetector {
 public:
  static constexpr std::size_t reports_max = 64;

  explicit CutDetector(CutConfig config);

  /// The members of the present view. What was reported of a life that is gone is forgotten, and
  /// with it that it was in a cut. Who is new has a voice, until it proves to be silent.
  void set_members(const Group& cluster, Instant now);

  /// Any word of a member to the leader, and of the leader to itself: it has a voice.
  void on_heard(std::string_view member, Instant now);
  /// The leader finds it failed itself: it has no voice, until it is heard again.
  void on_silent(std::string_view member);
  void on_report(std::string_view observer, std::string_view subject, const Life& life,
                 Instant now);
  /// The observer hears the subject again.
  void on_withdrawn(std::string_view observer, std::string_view subject);
  /// The member says itself that it leaves: needs no others.
  void on_left(std::string_view member, const Life& life, Instant now);

  /// Those to remove now, in the order of their names; most often nobody. Each is given once,
  /// until set_members() or on_cut_refused().
  [[nodiscard]] std::vector<ClusterRemoval> take_cut(Instant now);
  /// What take_cut() gave was not committed: it will be given again.
  void on_cut_refused();
  /// Leadership begins or ends: nothing is known.
  void clear();

  /// The next moment at which time alone can change what take_cut() gives.
  [[nodiscard]] Instant next_deadline() const;

  // --- for display and tests ---
  /// The reports that settle a member now, and those that make others wait.
  [[nodiscard]] std::size_t high(Instant now) const;
  [[nodiscard]] std::size_t low(Instant now) const;
  [[nodiscard]] std::size_t reports(std::string_view subject, Instant now) const;

 private:
  struct Subject {
    Life life;
    Instant heard{};                                      // never: it is silent
    std::map<std::string, Instant, std::less<>> reports;  // when each observer last said so
    Instant waiting_since = never;                        // from when it was between low and high
    Instant settled_since = never;
    bool is_leaving = false;
    bool is_cut = false;
  };
  using Subjects = std::map<std::string, Subject, std::less<>>;

  Subject* find(std::string_view name);
  void forget_old_reports(Instant now);
  /// Where everybody stands; true if somebody must be waited for.
  bool sort_out(Instant now);
  [[nodiscard]] std::size_t voices(Instant now) const;
  [[nodiscard]] bool has_voice(const Subject& subject, Instant now) const {
    return subject.heard != never && now - subject.heard < config_.voice_lifetime;
  }

  CutConfig config_;
  Instant checked_ = Instant::min();  // the latest take_cut()
  Subjects subjects_;
  /// Those whom anything is reported of: what the detector looks at. All else is O(members) only
  /// when a cut is near.
  std::set<std::string, std::less<>> reported_;
};

}  // namespace rollcall::registry
