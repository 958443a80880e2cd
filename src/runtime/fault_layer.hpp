// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "base/prng.hpp"
#include "runtime/agreement_stream.hpp"
#include "runtime/fault_rules.hpp"
#include "runtime/held_datagrams.hpp"
#include "runtime/unique_fd.hpp"

namespace rollcall::runtime {

/// Who has the sockets that the layer stands before.
class FaultHost {
 public:
  /// What was late comes now. The bytes are valid during the call.
  virtual void send_late(const Address& to, Bytes datagram) = 0;
  virtual void receive_late(const Address& from, Bytes datagram) = 0;
  /// Faults have ended by themselves: what to tell of it.
  virtual void on_faults_changed(std::string what) = 0;
  /// Where this life is reached; nothing if it is not known.
  [[nodiscard]] virtual std::optional<Address> address_of(const LifeId& life) const = 0;

 protected:
  ~FaultHost() = default;
};

/// Faults as they stand, for readers: the ends are moments of this process's clock.
struct FaultReport {
  std::vector<FaultRules::Rule> rules;
  std::optional<Freeze> freeze;
  Instant freeze_ends = never;
};

/// What breaks, on purpose, between one member and its sockets.
///
/// Datagrams go through pass(), streams ask holds(). Where nothing is set, that is all it costs.
///
/// Order:   a frozen member gets what it missed in the order in which it would have come.
/// Limits:  those of FaultRules and HeldDatagrams; closed_kept_max sockets stay open because
///          their peer must not see them end.
/// Threads: none; the loop's thread only.
class FaultLayer {
 public:
  /// The longest that a datagram waits to be overtaken.
  static constexpr Duration overtaken_wait_max = std::chrono::milliseconds(100);
  static constexpr std::size_t closed_kept_max = 256;

  FaultLayer(boost::asio::io_context& io, Prng prng, FaultHost& host);
  ~FaultLayer() { stop(); }
  FaultLayer(const FaultLayer&) = delete;
  FaultLayer& operator=(const FaultLayer&) = delete;

  /// Takes the place of all that was set before.
  void set(CheckedFaults faults, Instant now);
  /// Ends everything and forgets what is late.
  void stop();

  /// Whether anything is wrong at all.
  [[nodiscard]] bool any() const { return is_on_; }
  [[nodiscard]] std::size_t size() const { return rules_.list().size() + (freeze_ ? 1 : 0); }
  [[nodiscard]] FaultReport report() const;
  [[nodiscard]] const FaultCounts& counts() const { return counts_; }

  // --- Datagrams -----------------------------------------------------------------------------

  /// Calls forward(peer, bytes) for what gets through now, as often as it does.
  template <class Forward>
  void pass(Way way, const Address& peer, Bytes bytes, const Forward& forward) {
    const LineFaults& line = rules_.of(way, peer);
    if (!line.any()) return forward(peer, bytes);
    for (int copies = count_copies(line); copies > 0; --copies) {
      if (hold_back(line, way, peer, bytes)) continue;
      forward(peer, bytes);
      if (const auto late = held_.take_overtaken(way, peer))
        forward(late->peer, Bytes(late->bytes));
    }
  }

  /// Whether a datagram to everybody at once is lost. It is not delayed.
  [[nodiscard]] bool loses_cast() { return count_copies(rules_.of(Way::out, std::nullopt)) == 0; }

  // --- Streams -------------------------------------------------------------------------------

  enum class Passage : std::uint8_t {
    in,       // what the peer said
    out,      // what is said to it
    connect,  // which takes both ways
    here      // no peer's matter: held only while the member is frozen
  };
  [[nodiscard]] bool holds(Passage passage, const std::optional<Address>& peer) const;
  [[nodiscard]] std::optional<Address> address_of(const LifeId& life) const {
    return host_.address_of(life);
  }
  /// The same for streams of another thread, as it is now.
  [[nodiscard]] StreamFaults stream_faults() const;
  /// Calls back when something has changed; one call for each owner.
  void wait(const void* owner, std::function<void()> resume);
  void forget(const void* owner) { waiting_.erase(owner); }
  /// Keeps a socket that was closed here open until the peer may see its end.
  void keep_open(const std::optional<Address>& peer, UniqueFd fd);

  // --- The member itself ---------------------------------------------------------------------

  [[nodiscard]] bool is_frozen() const { return freeze_.has_value(); }
  /// For what happens while the member is frozen: the calls come when it no longer is.
  void after_thaw(std::function<void()> call) { frozen_.push_back(std::move(call)); }

 private:
  [[nodiscard]] int count_copies(const LineFaults& line);
  [[nodiscard]] bool hold_back(const LineFaults& line, Way way, const Address& peer, Bytes bytes);
  void arm(boost::asio::steady_timer& timer, Instant due, void (FaultLayer::*then)());
  void arm_datagrams() { arm(datagram_timer_, held_.next_due(), &FaultLayer::on_datagrams_due); }
  void arm_ends();
  void on_datagrams_due();
  void on_ends_due();
  void on_changed();
  void thaw();

  struct Closed {
    std::optional<Address> peer;
    UniqueFd fd;
  };

  boost::asio::io_context& io_;
  FaultHost& host_;
  Prng prng_;
  FaultRules rules_;
  HeldDatagrams held_;
  std::optional<Freeze> freeze_;
  Instant freeze_ends_ = never;
  bool is_on_ = false;
  FaultCounts counts_;
  std::map<const void*, std::function<void()>> waiting_;
  std::vector<std::function<void()>> frozen_;
  std::deque<Closed> closed_;
  boost::asio::steady_timer datagram_timer_;
  boost::asio::steady_timer end_timer_;
  /// Callbacks that were queued before the end find it gone.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace rollcall::runtime
