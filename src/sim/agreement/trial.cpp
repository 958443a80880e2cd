// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/agreement/trial.hpp"

#include <algorithm>
#include <set>

#include "sim/agreement/linearizability.hpp"

namespace rollcall::sim::agreement {

using namespace std::chrono_literals;

Trial::Trial(const WorldOptions& options, const ClientOptions& clients)
    : world_(options, observers_),
      clients_(world_, checkers_, clients),
      watchers_(world_, checkers_, hash_combine(options.seed, 1)) {
  checkers_.watch(world_, options);
  observers_.add(checkers_);
  observers_.add(watchers_);
  watchers_.add(std::string(registry::cluster_group));
  for (std::size_t group = 0; group < clients.groups; ++group) {
    watchers_.add("g" + std::to_string(group));
    watchers_.add("g" + std::to_string(group));
  }
}

void Trial::begin() {
  for (std::size_t member = 0; member < world_.size(); ++member) {
    world_.start(member);
    world_.run_for(30ms);
  }
  clients_.begin();
  watchers_.begin();
}

void Trial::end(Duration limit) {
  world_.heal();
  clients_.calm_down();
  watchers_.stay();
  // A moment of agreement may be followed by news that were under way: it must last.
  constexpr Duration lasting = 500ms;
  const Instant until = world_.now() + limit;
  bool is_over = false;
  while (!is_over && world_.now() < until) {
    static_cast<void>(world_.run_until([this] { return missing().empty(); }, until - world_.now()));
    world_.run_for(lasting);
    is_over = missing().empty();
  }
  if (!is_over) {
    checkers_.object("liveness", missing() + ", " + std::to_string(to_seconds(limit)) +
                                     " s after everything was healed" + text());
  }
  use_all();
  checkers_.check_no_gaps();
  check_history();
}

std::string Trial::text() const {
  std::string text;
  for (std::size_t member = 0; member < world_.size(); ++member) {
    text += "\n  " + world_.name(member) + ": ";
    if (!world_.is_running(member)) {
      text += "down";
      continue;
    }
    const consensus::LogStatus status = world_.replica(member).status(world_.local(member));
    text += status.role + ", term " + std::to_string(status.term) + ", leader " + status.leader +
            ", commit " + std::to_string(status.commit) + ", applied " +
            std::to_string(status.applied) + ", voters";
    for (const std::string& voter : status.voters) text += " " + voter;
    text += ", learners";
    for (const std::string& learner : status.learners) text += " " + learner;
    text += ", log " + to_text(status.log) + ". " + status.trouble;
  }
  return text;
}

std::string Trial::missing() {
  for (std::size_t member = 0; member < world_.size(); ++member) {
    std::string text = missing_of(member);
    if (!text.empty()) return text;
  }
  std::string text = clients_.missing();
  if (text.empty()) text = watchers_.missing();
  if (text.empty()) text = missing_checks();
  return text;
}

std::string Trial::missing_of(std::size_t member) {
  const std::string& name = world_.name(member);
  if (!world_.is_running(member)) return name + " does not run";
  const registry::Member* const known = checkers_.reference().cluster().find(name);
  if (known == nullptr) return name + " is not in the view";
  if (known->spec.life != world_.life(member)) return name + " is in the view with another life";
  if (world_.registry(member).index() != checkers_.reference().index()) {
    return name + " has applied index " + std::to_string(world_.registry(member).index()) + " of " +
           std::to_string(checkers_.reference().index());
  }
  if (world_.leadership(member).leader.empty()) return name + " knows no leader";
  const consensus::LogId& log = world_.replica(member).log();
  if (log.is_nobody() || log != world_.replica(0).log()) return name + " has another log than n0";
  if (!world_.leader()) return "nobody leads";
  return {};
}

/// Every check is done by the one who is responsible, and by nobody else.
std::string Trial::missing_checks() {
  const registry::Registry& reference = checkers_.reference();
  std::set<std::pair<std::string, registry::LeaseName>> wanted;
  for (const auto& [name, group] : reference.groups()) {
    for (const auto& [standing, member] : group.members()) {
      if (member.spec.check.kind == registry::CheckKind::none) continue;
      wanted.emplace(reference.responsible(name, member.spec.id),
                     registry::LeaseName{name, member.spec.id, member.granted});
    }
  }
  std::set<std::pair<std::string, registry::LeaseName>> done;
  for (std::size_t member = 0; member < world_.size(); ++member) {
    for (const auto& lease : world_.checks(member)) done.emplace(world_.name(member), lease);
  }
  return wanted == done ? "" : "checks are not done by those who are responsible";
}

/// A write and a read through each member.
void Trial::use_all() {
  constexpr Duration soon = 5s;
  const std::size_t asked = 2 * world_.size();
  std::size_t answered = 0;
  for (std::size_t member = 0; member < world_.size(); ++member) {
    registry::MemberSpec spec;
    spec.id = "last-" + std::to_string(member);
    spec.address = "10.0.0.1:1";
    const auto count = [&](const auto& result) { answered += result.has_value() ? 1U : 0U; };
    world_.join(member, {.group = "last", .member = spec}, soon, count);
    world_.read(member, soon, count);
  }
  world_.run_for(soon + 1s);
  if (answered == asked) return;
  checkers_.object("liveness", "of " + std::to_string(asked) +
                                   " writes and reads after everything was healed, " +
                                   std::to_string(asked - answered) + " failed");
}

void Trial::check_history() {
  const Linearizability result = check_linearizability(checkers_.history().operations());
  if (result.verdict == Linearizability::Verdict::broken) {
    checkers_.object("linearizability", result.why);
  }
  if (result.verdict == Linearizability::Verdict::undecided) undecided_ = result.why;
}

}  // namespace rollcall::sim::agreement
