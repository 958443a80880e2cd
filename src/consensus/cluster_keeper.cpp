// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "consensus/cluster_keeper.hpp"

#include <utility>

#include "base/check.hpp"
#include "registry/commands.hpp"
#include "registry/limits.hpp"

namespace rollcall::consensus {
namespace {

/// More than what an entry of this member takes in a command, beside its text.
constexpr std::size_t entry_bytes = 64;

static_assert(ClusterKeeper::change_bytes_max <= registry::command_bytes_max / 2);
static_assert(ClusterKeeper::change_entries_max <= registry::batch_entries_max);

std::size_t bytes_of(const registry::MemberSpec& spec) {
  std::size_t bytes = entry_bytes + spec.id.size() + spec.address.size();
  for (const registry::MetaEntry& one : spec.meta) bytes += 4 + one.key.size() + one.value.size();
  return bytes;
}

/// Both by name: the first who was asked in and still waits outside.
const registry::MemberSpec* first_refused(const std::vector<registry::MemberSpec>& asked,
                                          const std::vector<registry::MemberSpec>& waiting) {
  for (const registry::MemberSpec& spec : asked) {
    const auto at = std::ranges::lower_bound(waiting, spec.id, {}, &registry::MemberSpec::id);
    if (at != waiting.end() && *at == spec) return &spec;
  }
  return nullptr;
}

/// Counts what goes into one change.
class Room {
 public:
  bool take(std::size_t bytes) {
    if (entries_ >= ClusterKeeper::change_entries_max) return false;
    if (bytes_ + bytes > ClusterKeeper::change_bytes_max) return false;
    bytes_ += bytes;
    ++entries_;
    return true;
  }

 private:
  std::size_t bytes_ = 0;
  std::size_t entries_ = 0;
};

}  // namespace

ClusterKeeper::ClusterKeeper(const AgreementConfig& config)
    : join_settle_(config.join_settle),
      silence_(config.propose_again),
      report_interval_(config.report_interval),
      cut_(config.cut) {}

void ClusterKeeper::on_leading(const ClusterPicture& picture, const Moment& moment) {
  on_following();
  is_leading_ = true;
  on_view(moment);
  for (const auto& [observer, early] : std::exchange(early_, {})) {
    if (moment.now - early.when > report_interval_) continue;
    take_up(observer, early.report, moment.now);
  }
  on_picture(picture, moment);
}

void ClusterKeeper::on_following() {
  is_leading_ = false;
  cut_.clear();
  reported_.clear();
  under_way_.reset();
  not_before_ = joins_not_before_ = Instant::min();
  retry_ = {};
  joining_.clear();
  joining_since_ = act_at_ = never;
  trouble_.clear();
}

void ClusterKeeper::on_view(const Moment& moment) {
  if (!is_leading_) return;
  const registry::Group& cluster = moment.registry.cluster();
  cut_.set_members(cluster, moment.now);
  std::erase_if(reported_, [&](const auto& entry) { return cluster.find(entry.first) == nullptr; });
}

void ClusterKeeper::on_picture(const ClusterPicture& picture, const Moment& moment) {
  if (!is_leading_) return;
  hear(picture, moment.now);
  note_joining(picture, moment);
  act(picture, moment);
}

void ClusterKeeper::hear(const ClusterPicture& picture, Instant now) {
  heard_ = now;
  for (const std::string& name : picture.alive()) cut_.on_heard(name, now);
  for (const ClusterPicture::Named& one : picture.failed()) cut_.on_silent(one.name);
}

/// Whose life was removed is not asked in again: it is told, and comes as another.
void ClusterKeeper::note_joining(const ClusterPicture& picture, const Moment& moment) {
  joining_.clear();
  for (const registry::MemberSpec& spec : picture.joining()) {
    if (!moment.registry.is_removed(spec.id, spec.life)) joining_.push_back(spec);
  }
  joining_since_ = joining_.empty() ? never : std::min(joining_since_, moment.now);
  if (joining_.empty()) trouble_.clear();
}

void ClusterKeeper::on_report(const std::string& observer, const CutReport& report,
                              const ClusterPicture& picture, const Moment& moment) {
  if (moment.registry.cluster().find(observer) == nullptr) return;
  if (!is_leading_) return keep_early(observer, report, moment);
  take_up(observer, report, moment.now);
  act(picture, moment);
}

void ClusterKeeper::keep_early(const std::string& observer, const CutReport& report,
                               const Moment& moment) {
  std::erase_if(early_, [&](const auto& entry) {
    return entry.first == observer || moment.now - entry.second.when > report_interval_;
  });
  if (report.failed.empty() || early_.size() >= early_reports_max) return;
  early_.emplace(observer, Early{.report = report, .when = moment.now});
}

void ClusterKeeper::take_up(const std::string& observer, const CutReport& report, Instant now) {
  std::vector<std::string> names;
  for (const CutReport::Failed& one : report.failed) {
    cut_.on_report(observer, one.name, one.life, now);
    names.push_back(one.name);
  }
  std::ranges::sort(names);
  const auto last = reported_.find(observer);
  if (last != reported_.end()) {
    for (const std::string& name : last->second) {
      if (!std::ranges::binary_search(names, name)) cut_.on_withdrawn(observer, name);
    }
    reported_.erase(last);
  }
  if (!names.empty()) reported_.emplace(observer, std::move(names));
}

void ClusterKeeper::act(const ClusterPicture& picture, const Moment& moment) {
  act_at_ = never;
  if (under_way_) return;
  if (moment.now < not_before_) {
    act_at_ = not_before_;
    return;
  }
  // Only when a cut is near, it matters who has a voice.
  if (cut_.next_deadline() != never && moment.now - heard_ >= voices_age_max) {
    hear(picture, moment.now);
  }
  registry::ChangeCluster change = next_change(picture, moment);
  if (!change.removed.empty() || !change.joined.empty()) {
    return propose(std::move(change), moment);
  }
  act_at_ = cut_.next_deadline();
  if (joining_since_ != never) {
    act_at_ = std::min(act_at_, std::max(joining_since_ + join_settle_, joins_not_before_));
  }
}

registry::ChangeCluster ClusterKeeper::next_change(const ClusterPicture& picture,
                                                   const Moment& moment) {
  registry::ChangeCluster change;
  Room room;
  for (const ClusterPicture::Named& one : picture.left()) {
    if (!room.take(entry_bytes + one.name.size())) break;
    change.removed.push_back({one.name, one.life, registry::Cause::left});
  }
  for (registry::ClusterRemoval& one : cut_.take_cut(moment.now)) {
    const auto is_same = [&](const auto& other) { return other.name == one.id; };
    if (std::ranges::any_of(picture.left(), is_same)) continue;
    if (!room.take(entry_bytes + one.id.size())) break;
    change.removed.push_back(std::move(one));
  }
  const bool is_settled = joining_since_ != never && moment.now >= joins_not_before_ &&
                          moment.now - joining_since_ >= join_settle_;
  if (!is_settled && (change.removed.empty() || moment.now < joins_not_before_)) return change;
  for (const registry::MemberSpec& spec : joining_) {
    if (!room.take(bytes_of(spec))) break;
    change.joined.push_back(spec);
  }
  return change;
}

void ClusterKeeper::propose(registry::ChangeCluster change, const Moment& moment) {
  UnderWay next;
  next.token = proposal_token(++last_attempt_, ProposalOwner::cluster);
  next.joined = change.joined;
  next.again = moment.now + silence_;
  next.command = registry::encode({.request = {}, .action = std::move(change)});
  moment.effects.emplace_back(
      ProposeToLog{.token = next.token, .command = next.command, .term = moment.leadership.term});
  under_way_ = std::move(next);
  act_at_ = never;
}

void ClusterKeeper::on_committed(Bytes command, const ClusterPicture& picture,
                                 const Moment& moment) {
  if (!under_way_ || !std::ranges::equal(command, under_way_->command)) return;
  trouble_.clear();
  if (const auto* const refused = first_refused(under_way_->joined, joining_)) {
    trouble_ = "Member '" + refused->id + "' cannot join the agreed view: a limit is reached.";
    joins_not_before_ = moment.now + report_interval_;
  }
  retry_ = {};
  give_up(moment.now);
  act(picture, moment);
}

void ClusterKeeper::give_up(Instant again) {
  under_way_.reset();
  cut_.on_cut_refused();
  not_before_ = again;
}

void ClusterKeeper::on_refused(const ProposalRefused& refused, const Moment& moment) {
  if (!under_way_ || under_way_->token != refused.token) return;
  retry_ = next_retry(retry_);
  give_up(moment.now + retry_);
  act_at_ = not_before_;
}

void ClusterKeeper::on_deadline(const ClusterPicture& picture, const Moment& moment) {
  if (under_way_ && under_way_->again <= moment.now) {
    give_up(moment.now);
    act_at_ = moment.now;
  }
  if (act_at_ <= moment.now) act(picture, moment);
}

Instant ClusterKeeper::next_deadline() const {
  return under_way_ ? under_way_->again : act_at_;
}

void ClusterKeeper::check_invariants() const {
  ROLLCALL_CHECK(is_leading_ || (!under_way_ && act_at_ == never && reported_.empty()));
  ROLLCALL_CHECK((joining_since_ == never) == joining_.empty());
  ROLLCALL_CHECK(early_.size() <= early_reports_max && (!is_leading_ || early_.empty()));
}

}  // namespace rollcall::consensus
