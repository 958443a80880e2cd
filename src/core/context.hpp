// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/prng.hpp"
#include "base/time.hpp"
#include "core/config.hpp"
#include "core/detector/flap_damping.hpp"
#include "core/detector/local_health.hpp"
#include "core/detector/path_health.hpp"
#include "core/detector/rtt_estimator.hpp"
#include "core/effects.hpp"
#include "core/membership/member_table.hpp"
#include "core/node.hpp"
#include "wire/datagram.hpp"

namespace rollcall::core {

/// What all parts of one node share: who we are, what is known, the current input's moment and
/// the list its effects go to. Parts keep a reference and own nothing of it.
struct Context {
  Context(Config own_config, std::uint64_t seed, Instant start)
      : config(std::move(own_config)),
        prng(seed),
        now(start),
        cluster(wire::cluster_hash(config.cluster)) {}

  Config config;
  Prng prng;
  MemberTable table;
  Counters counters;
  LocalHealth health;
  PathHealth path;
  FlapDamping flaps;
  RttEstimator rtt;
  Phase phase = Phase::starting;
  Slot self{};
  const Record* own_record = nullptr;
  /// The moment of the input being handled.
  Instant now;
  /// Where its effects go; set for the duration of an input.
  Effects* effects = nullptr;
  std::uint32_t cluster;
  /// When a datagram of any other member was last received.
  Instant last_heard{};
  /// When anything that this node asked was last answered: it can be heard, and it hears.
  Instant last_answered{};
  /// When a datagram of this node's own to itself last came back; never, if its address is one
  /// that it cannot reach itself.
  std::optional<Instant> last_heard_itself;
  /// The own life that readers were last told of.
  LifeId published_life;
  /// When the set of live records last changed.
  Instant last_change{};
  /// The part of the digest that is the version of the settings.
  std::uint64_t settings_digest = 0;

  [[nodiscard]] const Record& self_record() const { return *own_record; }
  /// Says which record is this node's own, from now on.
  void set_self(Slot slot) {
    self = slot;
    own_record = &table.at(slot);  // a record that was put() stays where it is
  }
  [[nodiscard]] bool is_self(Slot slot) const { return slot == self; }
  [[nodiscard]] std::size_t others() const {
    return table.live_count() - (is_live(self_record().state) ? 1 : 0);
  }
  /// Nobody at all has been heard for twice the pause budget, though there are several: the
  /// fault is more likely here. Profile swim knows no such doubt.
  [[nodiscard]] bool hears_nobody() const {
    return config.profile == Profile::rollcall && others() >= 2 &&
           now - last_heard >= 2 * pause_budget();
  }
  /// What this node knows, in one number, for others to compare: live records and settings.
  [[nodiscard]] std::uint64_t digest() const { return table.digest() ^ settings_digest; }
  /// Whether this node takes part: answers, probes, spreads.
  [[nodiscard]] bool is_taking_part() const {
    return phase == Phase::joining || phase == Phase::alone || phase == Phase::joined;
  }

  [[nodiscard]] wire::Envelope envelope() const {
    return {.cluster = cluster,
            .sender = self_record().life.id,
            .health = static_cast<std::uint8_t>(health.score())};
  }

  /// The pause that is tolerated before a silent member fails.
  [[nodiscard]] Duration pause_budget() const {
    return config.suspicion_time == Duration::zero() ? suspicion_time_auto : config.suspicion_time;
  }

  /// Who judges a member that is suspected, besides its accuser: the few before it on the ring.
  /// Suspects judge nobody, so that neighbours that die together still find judges.
  static constexpr std::size_t ring_judges = 4;
  [[nodiscard]] std::vector<Slot> ring_judges_of(Slot slot) const;

  /// Whether the slot still holds this very life, and it is live.
  [[nodiscard]] bool is_live_still(Slot slot, const LifeId& life) const {
    if (!table.is_used(slot)) return false;
    const Record& record = table.at(slot);
    return record.life.id == life && is_live(record.state);
  }

  /// How long an answer of a member may take before it counts as missing: from measured round
  /// trips, longer while this node itself is slow, never beyond the configured time-out (scaled
  /// alike).
  [[nodiscard]] Duration patience(Slot slot) const {
    static constexpr Duration floor = std::chrono::milliseconds(100);
    const Duration ceiling = config.probe_timeout;
    const Duration usual = rtt.timeout(floor, ceiling);
    const Duration of_member = std::min(3 * table.at(slot).rtt, ceiling);
    const Duration slowness = std::min(2 * health.lag(), ceiling);
    return std::max(usual, of_member) + slowness;
  }

  void send(const Address& to, const wire::DatagramWriter& datagram) {
    send(to, effects->keep(datagram.bytes()));
  }
  void send(const Address& to, Slice payload) {
    ++counters.datagrams_sent;
    counters.bytes_sent += payload.size;
    effects->add(SendDatagram{to, payload});
  }

  void publish(EventKind kind, const Record& record, std::string by = {},
               std::string message = {}) const {
    effects->add(Publish{.kind = kind,
                         .name = record.name,
                         .life = record.life,
                         .incarnation = record.incarnation,
                         .address = record.address,
                         .by = std::move(by),
                         .message = std::move(message)});
  }
  /// Tells readers of this node's own life, once, when it takes effect.
  void publish_own_life() {
    const bool is_in = phase == Phase::joined || phase == Phase::alone;
    const Record& record = self_record();
    if (!is_in || published_life == record.life.id) return;
    published_life = record.life.id;
    publish(EventKind::member_join, record);
  }
  void warn(std::string message) const {
    publish(EventKind::protocol_warning, self_record(), {}, std::move(message));
  }

  /// The name that goes with a life, if it is known.
  [[nodiscard]] std::string name_of(const LifeId& life) const {
    const auto slot = table.find(life);
    return slot ? table.at(*slot).name : std::string();
  }

  /// Up to count different live members, at random, of those that the filter lets pass. Never
  /// this node itself.
  template <class Filter>
  std::vector<Slot> pick_live(std::size_t count, Filter allowed);
};

template <class Filter>
std::vector<Slot> Context::pick_live(std::size_t count, Filter allowed) {
  const SlotList& live = table.live();
  std::vector<Slot> picked;
  if (count == 0 || live.empty()) return picked;
  const auto take = [&](Slot slot) {
    if (is_self(slot) || !allowed(slot)) return;
    for (const Slot earlier : picked) {
      if (earlier == slot) return;
    }
    picked.push_back(slot);
  };
  if (live.size() <= 4 * count + 8) {
    std::vector<Slot> all(live.begin(), live.end());
    prng.shuffle(std::span(all));
    for (std::size_t i = 0; i < all.size() && picked.size() < count; ++i) take(all[i]);
    return picked;
  }
  // With so many to choose from, a few tries find enough; a filter that refuses nearly all
  // gets fewer than it could, which its callers bear.
  for (std::size_t tries = 0; tries < 4 * count + 8 && picked.size() < count; ++tries) {
    take(live[prng.below(live.size())]);
  }
  return picked;
}

}  // namespace rollcall::core
