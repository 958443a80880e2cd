// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>

#include "base/prng.hpp"
#include "runtime/etcd/client.hpp"
#include "runtime/etcd/follower.hpp"
#include "runtime/etcd/layout.hpp"
#include "runtime/etcd/scope.hpp"

namespace rollcall::runtime::etcd {

/// One member's part in who leads: takes the leader's key when nobody has it, with a lease of its
/// own, and keeps that alive.
///
/// Whoever holds the key leads in the term that is its create revision; whatever a leader writes is
/// written only while that is so, so one that does not know yet that it was deposed does no harm.
///
/// Errors:  what etcd does not answer is tried again while nobody leads.
/// Threads: the io_context's.
class Candidacy {
 public:
  static constexpr Duration delay_a_member = std::chrono::milliseconds(2);
  static constexpr Duration delay_max = std::chrono::milliseconds(250);
  static constexpr Duration again_after_failure = std::chrono::milliseconds(500);

  /// lost: the lease ended, or nothing is known of it any more.
  Candidacy(boost::asio::io_context& io, Client& client, const Keys& keys, std::string self,
            Duration ttl, std::uint64_t seed, std::function<void()> lost);

  void set_willing(bool is_willing);
  /// How many may stand beside this one: the more, the longer each waits.
  void set_members(std::size_t count);
  /// The key as it was seen last, in the log that was begun at that revision.
  void on_leader(const std::optional<Leader>& leader, Revision log_begun_at);
  /// Whether it is this member's, and it has not lost it.
  [[nodiscard]] bool is_own(const Leader& leader) const;
  /// Gives the key back.
  void resign(std::function<void()> done);
  /// Gives up what it may hold, without asking.
  void withdraw() { give_lease_up(); }
  /// Takes the key from a leader that has failed, as this member's detector says.
  void depose(std::uint64_t term);
  void stop();
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

 private:
  void consider();
  void stand();
  void claim();
  void on_claimed(const std::expected<TxnResult, Failure>& answer);
  void keep_alive_later();
  void keep_alive();
  void on_kept_alive(std::chrono::steady_clock::time_point asked,
                     const std::expected<LeaseGrant, Failure>& answer);
  void hold_until(std::chrono::steady_clock::time_point end);
  void lose();
  void give_lease_up();
  void stand_again_later(const std::string& why);
  [[nodiscard]] Txn removal(std::uint64_t term) const;

  Client& client_;
  const Keys& keys_;
  const std::string self_;
  const Duration ttl_wanted_;
  Prng prng_;
  const std::function<void()> lost_;

  Scope scope_;        // of one candidacy, from its lease to its end
  Scope resignation_;  // of what is still asked after it
  Timer stand_timer_;
  Timer keep_timer_;
  Timer lost_timer_;

  bool is_willing_ = false;
  bool is_known_ = false;  // whether anything was seen of the key yet
  std::size_t members_ = 1;
  std::optional<Leader> leader_;
  Revision log_begun_at_ = 0;
  bool is_claiming_ = false;
  LeaseId lease_ = 0;  // 0: none
  Duration ttl_{};
  std::uint64_t claim_ = 0;
  std::string trouble_;
};

}  // namespace rollcall::runtime::etcd
