// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/prng.hpp"
#include "base/time.hpp"
#include "registry/types.hpp"
#include "sim/agreement/checkers.hpp"
#include "sim/agreement/world.hpp"

namespace rollcall::sim::agreement {

struct ClientOptions {
  std::uint64_t seed = 1;
  std::size_t clients = 8;
  std::size_t groups = 2;
  /// Between the end of one operation and the beginning of the next.
  Duration think_min = std::chrono::milliseconds(5);
  Duration think_max = std::chrono::milliseconds(250);
};

/// Client processes that join groups, renew, leave, read and die, through one member or another,
/// and try again when they learn nothing. What they ask and are told goes into the checkers'
/// history; that a write which was acknowledged is committed is asked at once.
///
/// Order: one operation at a time each; who has not been answered in time goes on, and may be
///        answered later.
class Clients {
 public:
  Clients(AgreementWorld& world, Checkers& checkers, const ClientOptions& options);

  void begin();
  /// From now on nobody does anything but what it takes to be where it wants to be.
  void calm_down() { are_calm_ = true; }
  /// Empty, or who is where it should not be, or is not where it should be.
  [[nodiscard]] std::string missing() const;
  [[nodiscard]] std::size_t acknowledged() const { return acknowledged_; }
  [[nodiscard]] std::size_t renewed() const { return renewed_; }
  [[nodiscard]] std::size_t reads() const { return reads_; }

 private:
  enum class Wish : std::uint8_t { out, in, dead };
  struct Client {
    std::string group;
    registry::MemberSpec spec;
    Life last_life;  // the one before
    Wish wish = Wish::out;
    bool is_settled = false;  // what it knows is what it wishes
    std::size_t favourite = 0;
    Instant renew_at{};
    Instant died{};
    std::uint64_t operation = 0;  // counts; what belongs to an earlier one is late
  };

  void act(std::size_t number);
  void act_calmly(std::size_t number);
  void think(std::size_t number, std::uint64_t operation, Duration time);
  /// An operation begins: if nothing is heard of it for long, the next one does.
  std::uint64_t begin_operation(std::size_t number);
  void end_operation(std::size_t number, std::uint64_t operation);
  std::size_t choose_member(Client& client);
  void change_mind(Client& client);

  void join(std::size_t number);
  void leave(std::size_t number);
  void remove(std::size_t number);
  void read(std::size_t number);
  void renew(std::size_t number);
  void on_joined(std::size_t number, std::uint64_t operation,
                 const std::expected<registry::Result, consensus::RequestFailure>& result);
  void on_left(std::size_t number, std::uint64_t operation,
               const std::expected<registry::Result, consensus::RequestFailure>& result);
  /// True if the client was told what became of it.
  bool note(History::Id id,
            const std::expected<registry::Result, consensus::RequestFailure>& result);
  void note_failure(History::Id id, consensus::RequestFailure failure);
  void fail_checks();

  AgreementWorld& world_;
  Checkers& checkers_;
  Prng prng_;
  ClientOptions options_;
  std::vector<Client> clients_;
  bool are_calm_ = false;
  std::size_t acknowledged_ = 0;
  std::size_t renewed_ = 0;
  std::size_t reads_ = 0;
};

}  // namespace rollcall::sim::agreement
