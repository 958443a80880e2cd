// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "registry/commands.hpp"
#include "registry/registry.hpp"
#include "sim/agreement/history.hpp"
#include "sim/agreement/observer.hpp"
#include "sim/agreement/world.hpp"
#include "sim/checkers_violations.hpp"

namespace rollcall::sim::agreement {

/// What must hold after every input, whatever happens to members:
///
/// log:     what is committed at an index is the same for every process that ever ran; each is
///          given every command once and in order, or a snapshot that has it.
/// leaders: at most one process leads in a term.
/// views:   a view's number has one content, wherever and whenever it is shown; each process shows
///          each group's views without a gap, except after a snapshot; two registries that have
///          applied the same commands are equal, byte for byte, sessions included; no id is twice
///          in a view.
/// leases:  no lease is found run out before its time has passed, by a clock that goes as wrong as
///          it may, since the join that granted it was first seen committed; and since the call of
///          every heartbeat that was answered `renewed` before. Without a ttl it never is.
/// checks:  nobody is evicted for checks that nobody has reported missed, or by an operator who has
///          not asked for it.
/// cuts:    a life is removed as failed only if so many observers held it for failed as make a
///          majority of those who surely had a voice (or CutConfig::high, where that is less).
/// broken:  what no code may do, whatever happens to it (Observer::on_broken()).
class Checkers final : public Observer {
 public:
  Checkers() = default;

  /// Before anything starts.
  void watch(AgreementWorld& world, const WorldOptions& options);
  /// The next moment of the world's history.
  Moment next_moment() { return ++moment_; }
  [[nodiscard]] History& history() { return history_; }

  // --- what clients tell ---
  void on_renewed(const std::string& group, const std::string& id, Instant invoked);
  void on_check_failed(const registry::LeaseName& lease) { failed_checks_.insert(lease); }
  void on_removal(const std::string& group, const std::string& id) { removals_.emplace(group, id); }
  /// A write was acknowledged: it must be in what was committed.
  void on_joined(const std::string& group, const std::string& id, const registry::Result& result);
  void on_left(const std::string& group, const std::string& id, const registry::Result& result);

  // --- what must be so in the end ---
  /// The registry after everything that was committed.
  [[nodiscard]] const registry::Registry& reference() const { return *reference_; }
  [[nodiscard]] const registry::ViewDelta* view(const std::string& group,
                                                std::uint64_t number) const;
  void check_no_gaps();
  /// A line for each objection.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool is_clean() const { return text().empty(); }
  void object(std::string_view checker, const std::string& text);

  [[nodiscard]] std::size_t committed() const { return ledger_.size(); }
  [[nodiscard]] std::size_t terms() const { return leaders_.size(); }
  [[nodiscard]] std::size_t restored() const { return restored_; }
  [[nodiscard]] std::size_t expired() const { return expired_; }
  [[nodiscard]] std::size_t cuts() const { return cuts_; }

  void on_start(Run run) override;
  void on_committed(Run run, const consensus::Committed& committed) override;
  void on_restored(Run run, const consensus::Restored& restored) override;
  void on_leadership(Run run, const consensus::Leadership& leadership) override;
  void on_changed(Run run, const std::vector<registry::ViewDelta>& changes) override;
  void on_reset(Run run) override;
  void on_settled(Run run) override;
  void on_broken(Run run, const std::string& what) override;

 private:
  using GroupMember = std::pair<std::string, std::string>;
  struct Entry {
    std::uint64_t term = 0;
    ByteVector command;
    Instant seen{};  // first, by anybody
  };
  /// What one process was given.
  struct Given {
    std::uint64_t last = 0;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> skips;  // (after, before) two commands
    std::map<std::string, std::uint64_t, std::less<>> numbers;   // of each group's last view
    std::uint64_t compared = 0;
  };

  // checkers_log.cpp
  void on_new_entry(const consensus::Committed& committed);
  void note_leader(Run run, std::uint64_t term, std::map<std::uint64_t, Run>& leaders);
  void compare(Run run, Given& given);

  // checkers_decisions.cpp
  void on_evict(const registry::Evict& evict);
  void check_lease(const registry::LeaseName& lease, const registry::Member& member,
                   registry::Cause cause);
  void check_expiry(const registry::LeaseName& lease, const registry::Member& member);
  void on_change(const registry::ChangeCluster& change, std::uint64_t term);
  void check_removal(const registry::ClusterRemoval& removal, std::size_t leader);
  [[nodiscard]] std::size_t sure_voices(std::size_t leader) const;
  [[nodiscard]] std::size_t accusers(std::size_t subject, const Life& life) const;

  [[nodiscard]] std::string name(Run run) const;
  [[nodiscard]] std::string time() const;

  AgreementWorld* world_ = nullptr;
  WorldOptions options_;
  Moment moment_ = 0;
  History history_;
  std::map<std::string, Violations, std::less<>> violations_;

  std::map<std::uint64_t, Entry> ledger_;
  std::optional<registry::Registry> reference_;
  std::map<std::pair<std::string, std::uint64_t>, registry::ViewDelta> views_;
  std::map<Run, Given> given_;
  std::map<std::uint64_t, Run> leaders_;       // who said so to readers, by term
  std::map<std::uint64_t, Run> raft_leaders_;  // who acted so
  std::map<GroupMember, Instant> renewed_;     // the call of the latest heartbeat
  std::set<registry::LeaseName> failed_checks_;
  std::set<GroupMember> removals_;
  std::size_t restored_ = 0;
  std::size_t expired_ = 0;
  std::size_t cuts_ = 0;
};

}  // namespace rollcall::sim::agreement
