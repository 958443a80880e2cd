// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "core/context.hpp"
#include "core/detector/detector.hpp"
#include "core/dissemination/gossip.hpp"

namespace rollcall::core {

/// Told of what membership changes mean for the rest of a node.
class MembershipListener {
 public:
  virtual ~MembershipListener() = default;
  /// The record in the slot has changed, appeared, or (is_used() false) gone.
  virtual void on_member_changed(Slot slot) = 0;
  /// A live record was confirmed by one more witness; true if it counts.
  virtual bool on_witness(Slot slot, const LifeId& witness) = 0;
  virtual void on_failed_elsewhere(Slot slot) = 0;
  /// Others failed this node while they heard it, and by its own measure its network is poor.
  virtual void on_found_unfit() = 0;
  /// A live process elsewhere may hold this node's name, by a record that supersedes its own.
  virtual void on_rival(const wire::Update& rival) = 0;
};

/// The one place where records change: merges every update by the order of records, answers
/// what is said about this node itself, and tells readers.
///
/// Order:  the table changes first, then events are published, then the listener is told.
/// Errors: an implausible update (an incarnation or boot counter that jumps beyond all reason)
///         is dropped, and reported at most once per warn_interval.
/// Source: PROTOCOL.md, "The order of records".
class Membership {
 public:
  /// A member's incarnation may be ahead of what is known by this much, no more.
  static constexpr std::uint32_t incarnation_jump_max = 1U << 20U;
  static constexpr std::uint64_t boot_jump_max = 1U << 24U;
  static constexpr Duration warn_interval = std::chrono::seconds(10);
  static constexpr Duration reap_interval = std::chrono::seconds(1);

  Membership(Context& context, Gossip& gossip, MembershipListener& listener)
      : context_(context),
        gossip_(gossip),
        listener_(listener) {}

  /// Puts this node's own record in, for the life that begins.
  void begin(std::uint64_t boot);
  /// Ends the life and begins the next: it was declared over, or left, or its name was taken by
  /// a life with a boot counter of at least this.
  void renew_life(std::uint64_t boot_above);
  /// Forgets everybody else who lives, without an event for each: its own departure says it to
  /// readers.
  void forget_living();

  void learn(const wire::Update& update, Provenance provenance);

  void announce_self();
  void set_own_state(State state);
  /// Declares this life failed, because its own network is unfit.
  void declare_unfit();
  void set_own_tags(ByteVector tags);
  /// Turns a suspected or failed member into one that left.
  void force_out(Slot slot);

  /// Forgets failed and left members whose time is over.
  void on_deadline();
  [[nodiscard]] Instant next_deadline() const { return next_reap_; }

 private:
  void reap(const SlotList& ended);
  void learn_about_self(const wire::Update& update);
  void learn_new_name(const wire::Update& update, Provenance provenance);
  void learn_known(Slot slot, const wire::Update& update, Provenance provenance);
  void learn_same_standing(Slot slot, const wire::Update& update, Provenance provenance);
  void replace(Slot slot, const wire::Update& update, Provenance provenance);
  void note_flap(const Record& before, const Record& after);
  void publish_change(const Record& before, const Record& after);
  void publish_live_change(const Record& before, const Record& after, const std::string& by);
  void spread(Slot slot, const wire::Update& update, Provenance provenance);
  void refute(std::uint32_t accused_incarnation);
  Slot put_own(Record record);
  bool is_plausible(const Record& known, const wire::Update& update);
  void warn_now_and_then(std::string message);

  Context& context_;
  Gossip& gossip_;
  MembershipListener& listener_;
  Instant next_warning_{};
  Instant next_reap_ = never;
};

}  // namespace rollcall::core
