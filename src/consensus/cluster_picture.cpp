// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "consensus/cluster_picture.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "registry/rules.hpp"

namespace rollcall::consensus {
namespace {

constexpr std::string_view zone_key = "zone";

std::string zone_of(const registry::MemberSpec& spec) {
  const auto at = std::ranges::find(spec.meta, zone_key, &registry::MetaEntry::key);
  return at == spec.meta.end() ? std::string() : at->value;
}

}  // namespace

ClusterPicture::Known ClusterPicture::known(const Peer& peer) {
  Known known;
  known.peer = peer;
  known.spec.id = peer.name;
  known.spec.life = peer.life;
  known.spec.address = peer.address;
  if (!peer.zone.empty() && registry::is_meta_value(peer.zone)) {
    known.spec.meta.push_back({std::string(zone_key), peer.zone});
  }
  known.is_allowed =
      peer.takes_part && !peer.life.id.is_nobody() && !registry::problem_with(known.spec);
  return known;
}

void ClusterPicture::set_peers(const Peers& peers, Instant now) {
  peers_.clear();
  peers_.reserve(peers.size());
  for (const Peer& peer : peers) peers_.push_back(known(peer));
  const auto by_name = [](const Known& one) -> const std::string& { return one.peer.name; };
  if (!std::ranges::is_sorted(peers_, {}, by_name)) std::ranges::sort(peers_, {}, by_name);
  own_life_.reset();
  const auto self = std::ranges::lower_bound(peers_, self_, {}, by_name);
  if (self != peers_.end() && self->peer.name == self_ && self->peer.is_live()) {
    own_life_ = self->peer.life;
  }
  compare(now);
}

void ClusterPicture::set_view(const registry::Group& cluster, Instant now) {
  view_.clear();
  view_.reserve(cluster.size());
  for (const auto& [standing, member] : cluster.members()) {
    view_.push_back({.name = member.spec.id,
                     .life = member.spec.life,
                     .address = member.spec.address,
                     .zone = zone_of(member.spec)});
  }
  std::ranges::sort(view_, {}, &InView::name);
  compare(now);
}

void ClusterPicture::on_deadline(Instant now) {
  if (next_absent_ <= now) compare(now);
}

void ClusterPicture::compare(Instant now) {
  failed_.clear();
  left_.clear();
  alive_.clear();
  joining_.clear();
  trouble_.clear();
  next_absent_ = never;
  std::erase_if(absent_since_, [&](const auto& entry) {
    return !std::ranges::binary_search(view_, entry.first, {}, &InView::name);
  });
  auto known = peers_.begin();
  for (const InView& member : view_) {
    for (; known != peers_.end() && known->peer.name < member.name; ++known)
      join_or_say_why_not(*known);
    if (known != peers_.end() && known->peer.name == member.name) {
      compare_both(member, *known++, now);
    } else {
      on_absent(member, now);
    }
  }
  for (; known != peers_.end(); ++known) join_or_say_why_not(*known);
  alive_hashes_.clear();
  for (const std::string& name : alive_) alive_hashes_.push_back(hash_bytes(name));
}

/// Not in the view: joins, if what is said of it is allowed.
void ClusterPicture::join_or_say_why_not(const Known& known) {
  if (!known.peer.is_live() || !known.peer.takes_part) return;
  if (known.is_allowed) {
    joining_.push_back(known.spec);
    return;
  }
  const auto problem = registry::problem_with(known.spec);
  if (!trouble_.empty()) trouble_ += ' ';
  trouble_ += "Member '" + known.peer.name + "' is left out of the agreed view";
  if (problem) {
    trouble_ +=
        ": its " + std::string(problem->field) + " must be " + std::string(problem->allowed);
  }
  trouble_ += '.';
}

void ClusterPicture::compare_both(const InView& member, const Known& known, Instant now) {
  const bool is_same_life = known.peer.life == member.life;
  // A later life that takes no part may be about to say that it does.
  const bool is_out = !is_same_life && !known.peer.takes_part;
  if (known.peer.life < member.life || is_out) return on_absent(member, now);
  absent_since_.erase(member.name);
  switch (known.peer.state) {
    case Peer::State::failed:
      failed_.push_back({.name = member.name, .life = member.life});
      break;
    case Peer::State::left:
      left_.push_back({.name = member.name, .life = member.life});
      break;
    case Peer::State::alive:
      if (is_same_life) alive_.push_back(member.name);
      [[fallthrough]];
    case Peer::State::suspect:
      if (!is_same_life || (known.is_allowed && (known.spec.address != member.address ||
                                                 zone_of(known.spec) != member.zone))) {
        join_or_say_why_not(known);
      }
      break;
  }
}

void ClusterPicture::on_absent(const InView& member, Instant now) {
  const Instant since = absent_since_.try_emplace(member.name, now).first->second;
  if (now - since >= absent_after_) {
    failed_.push_back({.name = member.name, .life = member.life});
  } else {
    next_absent_ = std::min(next_absent_, since + absent_after_);
  }
}

void ClusterPicture::check_invariants() const {
  ROLLCALL_CHECK(alive_.size() == alive_hashes_.size());
  ROLLCALL_CHECK(failed_.size() + left_.size() + alive_.size() <= view_.size());
  ROLLCALL_CHECK(joining_.size() <= peers_.size());
  ROLLCALL_CHECK(absent_since_.size() <= view_.size());
}

}  // namespace rollcall::consensus
