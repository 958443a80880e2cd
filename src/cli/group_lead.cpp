// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/group_lead.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <iostream>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "cli/child_command.hpp"
#include "cli/text.hpp"
#include "cli/view_follower.hpp"
#include "http/client.hpp"

namespace rollcall::cli {
namespace {

using namespace std::chrono_literals;
using Clock = GroupLease::Clock;

/// Two clocks that run apart by that share of a lease do no harm yet.
constexpr int drift_share = 20;
/// Between two looks whether the id is free.
constexpr auto claim_pause = 250ms;
/// Between two looks at the clock while the command runs: signals wait by a clock that stands still
/// while the host sleeps.
constexpr auto look_pause = 500ms;
/// The watcher goes on for as long as the lease does, and that is decided elsewhere.
constexpr auto watch_retry = std::chrono::hours(24 * 365);

constexpr std::array forwarded = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};

/// To this program's own main thread: look anew.
void nudge() {
  kill(getpid(), SIGRTMIN);
}

/// Signals as values, for the life of this object.
class Signals {
 public:
  Signals() {
    // A nudge may still come when nobody waits for it any more.
    std::signal(SIGRTMIN, [](int) {});
    sigemptyset(&set_);
    for (const int number : forwarded) sigaddset(&set_, number);
    sigaddset(&set_, SIGCHLD);
    sigaddset(&set_, SIGRTMIN);
    pthread_sigmask(SIG_BLOCK, &set_, &before_);
  }
  ~Signals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// The next one; nothing when the moment has come.
  [[nodiscard]] std::optional<int> wait(Clock::time_point until) const {
    const auto left = std::clamp<Clock::duration>(until - Clock::now(), 0ns, 1h);
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    const timespec time{.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
    const int number = sigtimedwait(&set_, nullptr, &time);
    return number > 0 ? std::optional(number) : std::nullopt;
  }
  [[nodiscard]] const sigset_t& before() const { return before_; }

  static bool is_forwarded(int number) {
    return std::ranges::find(forwarded, number) != forwarded.end();
  }

 private:
  sigset_t set_{};
  sigset_t before_{};
};

/// Whether this client leads, by the newest view that was heard of.
class Standing {
 public:
  /// This client joined with that view.
  void join(std::uint64_t view, bool leads) {
    const std::lock_guard lock(mutex_);
    joined_ = view;
    if (view <= seen_) return;
    seen_ = view;
    since_ = leads ? view : 0;
  }
  /// `joined`: the view that the member of this client's id joined with, where that is told.
  void see(std::uint64_t view, bool leads, std::optional<std::uint64_t> joined) {
    const std::lock_guard lock(mutex_);
    if (view <= seen_) return;
    // Of views that were left out nothing is known: another of this id may have come since.
    if (view != seen_ + 1 && joined != joined_) since_ = 0;
    seen_ = view;
    if (leads && since_ == 0) since_ = view;
    if (!leads) since_ = 0;
  }
  /// The number of the first view that it leads since, as far as was seen; 0: it does not.
  [[nodiscard]] std::uint64_t leads_since() const {
    const std::lock_guard lock(mutex_);
    return since_;
  }
  /// Whoever was removed leads nothing, whatever was heard.
  void forget() {
    const std::lock_guard lock(mutex_);
    since_ = 0;
  }

 private:
  mutable std::mutex mutex_;
  std::uint64_t seen_ = 0;
  std::uint64_t joined_ = 0;
  std::uint64_t since_ = 0;
};

/// The view that the member of this id joined with, where the answer tells of members one by one.
std::optional<std::uint64_t> joined_with(const Json& group, const std::string& id) {
  for (const Json& member : group.value("members", Json::array())) {
    if (member.is_object() && field_text(member, "id") == id) {
      return member.value("since", std::uint64_t{0});
    }
  }
  return std::nullopt;
}

/// Follows the group on a thread that ends with the program: it may be waiting for the agent.
void watch(const LeadPlan& plan, std::uint64_t since, const std::shared_ptr<Standing>& standing) {
  const std::string target = "/v1/groups/" + http::percent_encoded(plan.place.group) + "/watch";
  std::thread([agent = plan.agent, what = plan.place.what, id = plan.place.id, target, since,
               standing] {
    const auto see = [id, standing](const std::string&, const Json& view) {
      standing->see(view.value("view", std::uint64_t{0}), field_text(view, "leader") == id,
                    joined_with(view, id));
      nudge();
      return http::Flow::go_on;
    };
    static_cast<void>(
        ViewFollower(agent, {.what = what, .target = target, .since = since, .retry = watch_retry},
                     {.view = see})
            .run());
  }).detach();
}

bool is_passing(const Failure& failure) {
  return failure.agent_code == "no-quorum" || failure.agent_code == "overloaded" ||
         failure.agent_code == "timeout" || failure.agent_code == "not-ready";
}

class Leading {
 public:
  explicit Leading(const LeadPlan& plan)
      : plan_(plan),
        margin_(plan.place.ttl / drift_share),
        give_up_at_(plan.wait ? Clock::now() + *plan.wait : Clock::time_point::max()),
        lease_(plan.agent, plan.place, nudge) {}

  Outcome<ExitCode> run() {
    if (auto ended = claim()) return *ended;
    if (auto ended = await_leadership()) {
      static_cast<void>(lease_.leave());
      return *ended;
    }
    return run_command();
  }

 private:
  using Ended = std::optional<Outcome<ExitCode>>;

  /// Becomes a member of the group. An id that is there already is another process's, or that of an
  /// earlier life, whose lease must end first: two processes of one id would both lead.
  Ended claim() {
    for (bool is_first = true;; is_first = false) {
      const Outcome<bool> has = try_claim();
      if (has && *has) return std::nullopt;
      if (!has && !is_passing(has.error()) &&
          (is_first || has.error().code != ExitCode::no_agent)) {
        return std::unexpected(has.error());
      }
      if (is_first) {
        remark(has ? plan_.place.id + " is in " + plan_.place.group +
                         " already; waiting until its lease has ended"
                   : has.error().why + "; trying again");
      }
      if (auto ended = pause(Clock::now() + claim_pause)) return ended;
    }
  }

  Outcome<bool> try_claim() {
    const auto before = member_since();
    if (!before) return std::unexpected(before.error());
    if (*before) return false;
    const auto joined = lease_.join();
    if (!joined) return std::unexpected(joined.error());
    const auto view = joined->value("view", std::uint64_t{0});
    const auto since = member_since();
    // Who came at the same moment has made of the member what it is, or we of his.
    if (!joined->value("changed", false) || !since || *since != view) {
      lease_.stop();
      if (!since) return std::unexpected(since.error());
      return false;
    }
    standing_->join(view, joined->value("leads", false));
    if (!std::exchange(is_watching_, true)) watch(plan_, view, standing_);
    return true;
  }

  /// The view that a member of this id joined with; nothing: there is none.
  Outcome<std::optional<std::uint64_t>> member_since() {
    const auto group =
        ask(plan_.agent, {.what = plan_.place.what,
                          .target = "/v1/groups/" + http::percent_encoded(plan_.place.group) +
                                    "?consistency=linearizable"});
    if (!group && group.error().agent_code == "unknown-group") return std::nullopt;
    if (!group) return std::unexpected(group.error());
    return joined_with(*group, plan_.place.id);
  }

  Ended await_leadership() {
    while ((token_ = token_now()) == 0) {
      if (!holds()) {
        remark("the lease has ended; joining again");
        lease_.stop();
        standing_->forget();
        if (auto ended = claim()) return ended;
        continue;
      }
      if (auto ended = pause(Clock::now() + 1s)) return ended;
    }
    return std::nullopt;
  }

  /// Until the moment or any news; how to end, where a signal or the patience says so.
  Ended pause(Clock::time_point until) {
    const auto signal = signals_.wait(std::min(until, give_up_at_));
    if (signal && Signals::is_forwarded(*signal)) return code(128 + *signal);
    if (Clock::now() < give_up_at_) return std::nullopt;
    return std::unexpected(
        Failure{.what = plan_.place.what,
                .why = plan_.place.id + " has not become the leader of " + plan_.place.group +
                       " in the time to wait",
                .todo = "'rollcall group members " + plan_.place.group + "' tells who is"});
  }

  /// Whether the lease is this process's own, as far as is known.
  [[nodiscard]] bool holds() const { return !lease_.is_lost() && !lease_.has_lapsed(); }
  /// What the command may be begun with; 0: it may not.
  [[nodiscard]] std::uint64_t token_now() const {
    return holds() && Clock::now() < term_at() ? standing_->leads_since() : 0;
  }
  /// So that the command has its grace and is gone before the lease could be another's.
  [[nodiscard]] Clock::time_point term_at() const { return kill_at() - plan_.grace; }
  [[nodiscard]] Clock::time_point kill_at() const { return lease_.held_until() - margin_; }

  Outcome<ExitCode> run_command() {
    auto child = ChildCommand::start(plan_.command, environment(), signals_.before());
    if (!child) {
      static_cast<void>(lease_.leave());
      return std::unexpected(Failure{.what = plan_.place.what, .why = child.error()});
    }
    const std::string loss = supervise(*child);
    if (!loss.empty()) {
      child->signal(SIGKILL);  // whatever it started and left behind
      // Without leaving: what is not this process's any more may be another's of the same id, and
      // who could not be asked to renew will not answer now.
      lease_.stop();
      return std::unexpected(Failure{.code = static_cast<ExitCode>(leadership_lost),
                                     .what = plan_.place.what,
                                     .why = loss + ", so the command was ended"});
    }
    static_cast<void>(lease_.leave());
    return code(ended_);
  }

  /// Until the command has ended; why it had to, or nothing.
  std::string supervise(ChildCommand& child) {
    std::string loss;
    Clock::time_point end_by;  // after a loss
    for (;;) {
      if (const auto ended = child.ended()) {
        ended_ = *ended;
        return loss;
      }
      if (loss.empty()) {
        loss = loss_now();
        if (!loss.empty()) {
          child.signal(SIGTERM);
          end_by = std::min(Clock::now() + plan_.grace, kill_at());
        }
      }
      if (!loss.empty() && Clock::now() >= end_by) {
        child.signal(SIGKILL);
        end_by = Clock::time_point::max();
      }
      const auto next = loss.empty() ? term_at() : end_by;
      const auto signal = signals_.wait(std::min(next, Clock::now() + look_pause));
      if (signal && Signals::is_forwarded(*signal)) child.signal(*signal);
    }
  }

  [[nodiscard]] std::string loss_now() const {
    const std::string& group = plan_.place.group;
    if (lease_.is_lost()) return plan_.place.id + " was taken out of " + group;
    if (standing_->leads_since() != token_) return plan_.place.id + " leads " + group + " no more";
    if (lease_.has_lapsed() || Clock::now() >= term_at()) {
      return "the lease of " + plan_.place.id + " in " + group + " could not be renewed in time";
    }
    return {};
  }

  [[nodiscard]] std::vector<std::string> environment() const {
    std::vector<std::string> list;
    const std::array<std::string, 3> own = {"ROLLCALL_GROUP=" + plan_.place.group,
                                            "ROLLCALL_VIEW=" + std::to_string(token_),
                                            "ROLLCALL_ID=" + plan_.place.id};
    for (char** variable = environ; *variable != nullptr; ++variable) {
      const std::string text = *variable;
      const std::string name = text.substr(0, text.find('=') + 1);
      const bool is_own =
          std::ranges::any_of(own, [&](const std::string& one) { return one.starts_with(name); });
      if (!is_own) list.push_back(text);
    }
    list.insert(list.end(), own.begin(), own.end());
    return list;
  }

  static Outcome<ExitCode> code(int status) { return static_cast<ExitCode>(status); }
  void remark(const std::string& text) const {
    std::cerr << "rollcall: " << plan_.place.what << ": " << printable(text) << '\n';
  }

  const LeadPlan& plan_;
  // Before any thread is started, so that all of them leave the signals to the main one.
  Signals signals_;
  std::chrono::nanoseconds margin_;
  Clock::time_point give_up_at_;
  std::shared_ptr<Standing> standing_ = std::make_shared<Standing>();
  GroupLease lease_;
  bool is_watching_ = false;
  std::uint64_t token_ = 0;  // of the leadership that the command runs in
  int ended_ = 0;
};

}  // namespace

Outcome<ExitCode> lead(const LeadPlan& plan) {
  return Leading(plan).run();
}

}  // namespace rollcall::cli
