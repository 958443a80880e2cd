// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/stats.hpp"

#include <cmath>

#include "base/time.hpp"

namespace rollcall::agent {
namespace {

double rounded(double value) {
  return std::round(value * 10) / 10;
}

double rate(std::uint64_t count, double seconds) {
  return seconds <= 0 ? 0 : rounded(static_cast<double>(count) / seconds);
}

}  // namespace

LogFields Stats::next(const Sample& sample) {
  const Status& now = sample.status;
  const double seconds = to_seconds(now.uptime - last_.uptime);
  LogFields fields = {{"members", sample.members.size()}};
  for (const MemberState state :
       {MemberState::alive, MemberState::suspect, MemberState::failed, MemberState::left}) {
    fields[std::string(to_text(state))] = sample.members.count(state);
  }
  const ClusterSettings& settings = sample.settings->settings;
  fields["detector"] = to_text(settings.detector);
  fields["suspicion"] = settings.suspicion ? "enabled" : "disabled";
  fields["phase"] = to_text(now.phase);
  fields["join_stage"] = to_text(now.join_stage);
  fields["health"] = now.health;
  if (now.faults > 0) fields["faults"] = now.faults;
  fields["messages_per_s"] = rate(
      now.datagrams_sent - last_.datagrams_sent + now.datagrams_received - last_.datagrams_received,
      seconds);
  fields["bytes_per_s"] =
      rate(now.bytes_sent - last_.bytes_sent + now.bytes_received - last_.bytes_received, seconds);
  last_ = now;
  return fields;
}

}  // namespace rollcall::agent
