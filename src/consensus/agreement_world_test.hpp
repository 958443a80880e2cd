// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/prng.hpp"
#include "consensus/agreement.hpp"
#include "registry/test_commands.hpp"

/// Several Agreements upon one scripted log, which loses, refuses, doubles and delays what it is
/// told to, and whose leadership is handed over by the test.
namespace rollcall::consensus {

using namespace std::chrono_literals;
using registry::client;
using registry::life;
using registry::Status;

inline constexpr LifeId world_cluster = {7, 7};

inline Peer peer_of(std::string name, std::uint64_t boot = 1) {
  Peer peer;
  peer.name = std::move(name);
  peer.life = life(boot);
  peer.address = "10.0.0.1:7420";
  return peer;
}

struct WorldOptions {
  std::size_t members = 3;
  std::uint64_t seed = 1;
  Duration delay_min = 1ms;
  Duration delay_max = 2ms;
  double lost = 0;     // proposals, and frames
  double doubled = 0;  // proposals
  double refused = 0;
  std::function<void(AgreementConfig&)> configure = [](AgreementConfig&) {};
};

class AgreementWorld {
 public:
  explicit AgreementWorld(WorldOptions options = {}) : options_(options), prng_(options.seed) {
    for (std::size_t i = 0; i < options.members; ++i) {
      peers[name(i)] = peer_of(name(i));
    }
    for (const auto& [name, peer] : peers) start(name);
    tell_peers();
  }

  static std::string name(std::size_t i) {
    return std::string(i < 10 ? "m0" : "m") + std::to_string(i);
  }

  struct Host {
    std::unique_ptr<Agreement> agreement;
    std::deque<LogEvent> log;  // not given up yet
    bool is_cut_off = false;   // from the log: nothing comes out, nothing gets in
    bool is_asleep = false;
    std::vector<std::function<void()>> unread;  // frames that came meanwhile
    std::vector<std::string> views;             // of the cluster: "1 joined: m0 m1"
    std::vector<std::string> checks;            // "+jobs/a", "-jobs/a"
    std::map<std::string, std::uint64_t> checking;
    std::size_t new_lives = 0;
    std::size_t resets = 0;
    std::size_t news = 0;
    std::map<std::string, std::uint64_t> numbers;  // of each group's latest view
  };

  // --- the world ---
  void lead(const std::string& leader) {
    ++term;
    leader_ = leader;
    for (auto& [name, host] : hosts) {
      give(name, Leadership{.is_leading = name == leader, .term = term, .leader = leader});
    }
  }
  void lead_nobody() {
    leader_.clear();
    for (auto& [name, host] : hosts) give(name, Leadership{false, term, ""});
  }
  /// The same member leads on without knowing that another has taken over.
  void usurp(const std::string& next) {
    ++term;
    const std::string last = std::exchange(leader_, next);
    hosts.at(last).is_cut_off = true;
    for (auto& [name, host] : hosts) {
      give(name, Leadership{.is_leading = name == next, .term = term, .leader = next});
    }
  }
  void reconnect(const std::string& name) {
    hosts.at(name).is_cut_off = false;
    flush(name);
  }
  void tell_peers() {
    Peers all;
    for (const auto& [name, peer] : peers) all.push_back(peer);
    for (auto& [name, host] : hosts) tell(name, all);
  }
  void tell(const std::string& name, const Peers& all) {
    if (dead.contains(name)) return;
    input(name, [&](Agreement& it, AgreementEffects& out) { it.on_peers(all, now, out); });
  }
  void doze(const std::string& name) { hosts.at(name).is_asleep = true; }
  /// The timer comes first, then the log, and what others have sent last.
  void wake(const std::string& name) {
    Host& host = hosts.at(name);
    host.is_asleep = false;
    input(name, [&](Agreement& it, AgreementEffects& out) { it.on_deadline(now, out); });
    flush(name);
    for (const auto& read : std::exchange(host.unread, {})) read();
  }
  void kill(const std::string& name) {
    dead.insert(name);
    peers.at(name).state = Peer::State::failed;
  }
  void run(Duration time) {
    const Instant end = now + time;
    while (true) {
      Instant next = events_.empty() ? never : events_.begin()->first;
      std::string due;
      for (auto& [name, host] : hosts) {
        if (dead.contains(name) || host.is_asleep) continue;
        if (host.agreement->next_deadline() >= next) continue;
        next = host.agreement->next_deadline();
        due = name;
      }
      if (next > end) break;
      now = std::max(now, next);
      ASSERT_LT(++steps_, 20'000'000U) << "time stands still";
      if (!due.empty()) {
        input(due, [&](Agreement& it, AgreementEffects& out) { it.on_deadline(now, out); });
      } else {
        const auto event = std::move(events_.begin()->second);
        events_.erase(events_.begin());
        event();
      }
    }
    now = end;
  }
  void give(const std::string& name, LogEvent event) {
    hosts.at(name).log.push_back(std::move(event));
    at(delay(), [this, name] { flush(name); });
  }
  /// Replaces what a host has not been given yet by a snapshot of another's registry.
  void restore(const std::string& name, const std::string& from) {
    Host& host = hosts.at(name);
    const registry::Registry& other = hosts.at(from).agreement->registry();
    std::erase_if(host.log, [&](const LogEvent& event) {
      const auto* const committed = std::get_if<Committed>(&event);
      return committed != nullptr && committed->index <= other.index();
    });
    host.log.push_front(
        Restored{.term = other.term(), .index = other.index(), .snapshot = other.snapshot()});
  }

  // --- clients ---
  RequestToken join(const std::string& at, const std::string& group, registry::MemberSpec spec,
                    Duration within = 5s) {
    return ask(at, [&](Agreement& it, RequestToken token, AgreementEffects& out) {
      it.submit(token, registry::Join{group, std::move(spec)}, now + within, now, out);
    });
  }
  RequestToken leave(const std::string& at, const std::string& group, const std::string& id,
                     Duration within = 5s) {
    return ask(at, [&](Agreement& it, RequestToken token, AgreementEffects& out) {
      it.submit(token, registry::Leave{group, id, {}}, now + within, now, out);
    });
  }
  RequestToken remove(const std::string& at, const std::string& group, const std::string& id) {
    return ask(at, [&](Agreement& it, RequestToken token, AgreementEffects& out) {
      it.submit_removal(token, group, id, now + 5s, now, out);
    });
  }
  RequestToken heartbeat(const std::string& at, const std::string& group, const std::string& id,
                         Duration within = 1s) {
    return ask(at, [&](Agreement& it, RequestToken token, AgreementEffects& out) {
      it.heartbeat(token, group, id, now + within, now, out);
    });
  }
  RequestToken read(const std::string& at, Duration within = 1s) {
    return ask(at, [&](Agreement& it, RequestToken token, AgreementEffects& out) {
      it.read(token, now + within, now, out);
    });
  }
  void check_failed(const std::string& at, const registry::LeaseName& lease) {
    input(at, [&](Agreement& it, AgreementEffects& out) { it.on_check_failed(lease, now, out); });
  }

  /// "done", "timeout"; "" while it is not answered.
  [[nodiscard]] std::string answer(RequestToken token) const {
    const auto found = answers.find(token);
    return found == answers.end() ? std::string() : found->second;
  }
  [[nodiscard]] const registry::Registry& registry(const std::string& at) const {
    return hosts.at(at).agreement->registry();
  }
  [[nodiscard]] bool holds(const std::string& at, const std::string& group,
                           const std::string& id) const {
    const registry::Group* const found = registry(at).find(group);
    return found != nullptr && found->find(id) != nullptr;
  }
  void check() const {
    for (const auto& [name, host] : hosts) host.agreement->check_invariants();
  }

  std::map<std::string, Peer> peers;  // the truth, as far as the failure detectors know it
  std::map<std::string, Host> hosts;
  std::set<std::string> dead;
  std::vector<Committed> log;
  Instant now{1h};
  std::uint64_t term = 0;
  std::map<RequestToken, std::string> answers;
  std::map<RequestToken, registry::Result> results;
  std::size_t proposals = 0;
  std::size_t reads = 0;
  std::vector<LogRefusal> refuse_next;
  std::size_t lose_next = 0;
  bool is_deaf = false;  // every proposal is lost
  bool is_read_held = false;
  std::vector<std::function<void()>> held_reads;
  std::function<void(Bytes command)> on_append;
  std::function<void(const HeartbeatAnswered&)> on_heartbeat;
  std::function<bool(const std::string& from, const std::string& to, const Frame&)> drops;

 private:
  template <class Call>
  RequestToken ask(const std::string& at, Call call) {
    const RequestToken token{++last_token_};
    input(at, [&](Agreement& it, AgreementEffects& out) { call(it, token, out); });
    return token;
  }

  void start(const std::string& name) {
    AgreementConfig config;
    config.self = name;
    config.cluster = world_cluster;
    config.session = prng_.life_id();
    options_.configure(config);
    hosts[name].agreement = std::make_unique<Agreement>(config, now);
  }
  Duration delay() { return prng_.between(options_.delay_min, options_.delay_max); }
  void at(Duration after, std::function<void()> event) {
    events_.emplace(now + after, std::move(event));
  }
  template <class Call>
  void input(const std::string& name, Call call) {
    AgreementEffects effects;
    call(*hosts.at(name).agreement, effects);
    for (AgreementEffect& effect : effects) {
      std::visit([&](auto& one) { perform(name, one); }, effect);
    }
  }
  void flush(const std::string& name) {
    Host& host = hosts.at(name);
    while (!host.log.empty() && !host.is_cut_off && !host.is_asleep && !dead.contains(name)) {
      LogEvent event = std::move(host.log.front());
      host.log.pop_front();
      input(name,
            [&](Agreement& it, AgreementEffects& out) { it.on_log(std::move(event), now, out); });
    }
  }

  void perform(const std::string& name, ProposeToLog& proposal) {
    ++proposals;
    EXPECT_TRUE(hosts.at(name).agreement->is_current(proposal));
    const ProposalToken token = proposal.token;
    if (!refuse_next.empty() || prng_.chance(options_.refused) || leader_.empty()) {
      const LogRefusal why = refuse_next.empty() ? LogRefusal::no_leader : refuse_next.back();
      if (!refuse_next.empty()) refuse_next.pop_back();
      return give(name, ProposalRefused{token, why});
    }
    const bool is_lost = is_deaf || hosts.at(name).is_cut_off || prng_.chance(options_.lost);
    if (is_lost || lose_next > 0) {
      if (lose_next > 0) --lose_next;
      return;
    }
    const int copies = prng_.chance(options_.doubled) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
      at(delay(), [this, began = proposal.term, command = proposal.command] {
        // A leader's own decision reaches the log under this leader, or never.
        if (began == 0 || began == term) append(command);
      });
    }
  }
  void append(const ByteVector& command) {
    const std::uint64_t index = log.empty() ? 1 : log.back().index + 1 + prng_.below(2);
    log.push_back({.term = term, .index = index, .command = command});
    if (on_append) on_append(command);
    for (auto& [name, host] : hosts) give(name, log.back());
  }
  void perform(const std::string& name, ReadFromLog& read) {
    ++reads;
    const ReadToken token = read.token;
    if (leader_.empty() || hosts.at(name).is_cut_off) {
      at(delay(), [this, name, token] {
        input(name, [&](Agreement& it, AgreementEffects& out) {
          it.on_log(ReadFailed{token, LogRefusal::no_leader}, now, out);
        });
      });
      return;
    }
    // What was committed is before it in the host's queue.
    auto confirm = [this, name, token] { give(name, ReadReady{token}); };
    if (is_read_held) {
      held_reads.emplace_back(confirm);
    } else {
      at(delay(), confirm);
    }
  }
  void perform(const std::string& name, SendToMember& send) {
    if ((drops && drops(name, send.to, send.frame)) || prng_.chance(options_.lost)) return;
    at(delay(), [this, name, to = send.to, frame = send.frame] {
      if (dead.contains(to) || !hosts.contains(to)) return;
      const auto read = [this, name, to, frame] {
        input(to,
              [&](Agreement& it, AgreementEffects& out) { it.on_frame(name, frame, now, out); });
      };
      if (!hosts.at(to).is_asleep) return read();
      hosts.at(to).unread.emplace_back(read);
    });
  }
  void note(RequestToken token, std::string text) {
    EXPECT_TRUE(answers.emplace(token, std::move(text)).second) << "answered twice";
  }
  void perform(const std::string&, Answered& answered) {
    if (answered.result) results[answered.token] = *answered.result;
    note(answered.token, std::string(answered.result ? to_text(answered.result->status)
                                                     : to_text(answered.result.error())));
  }
  void perform(const std::string&, ReadAnswered& answered) {
    note(answered.token, answered.result ? "ready" : std::string(to_text(answered.result.error())));
  }
  void perform(const std::string&, HeartbeatAnswered& answered) {
    if (on_heartbeat) on_heartbeat(answered);
    static constexpr std::array<const char*, 4> words = {"renewed", "not-leading", "no-such-lease",
                                                         "expiring"};
    note(answered.token, answered.result ? words.at(static_cast<std::size_t>(*answered.result))
                                         : std::string(to_text(answered.result.error())));
  }
  void perform(const std::string& name, Changed& changed) {
    Host& host = hosts.at(name);
    for (const registry::ViewDelta& delta : changed.changes) {
      const auto last = host.numbers.find(delta.group);
      if (last != host.numbers.end()) {
        EXPECT_EQ(delta.number, last->second + 1) << delta.group;
      }
      host.numbers[delta.group] = delta.number;
      if (delta.group != registry::cluster_group) continue;
      std::string text = std::to_string(delta.number) + " " + std::string(to_text(delta.cause));
      for (const auto& one : delta.left) text += " -" + one.id;
      for (const auto& one : delta.joined) text += " +" + one.spec.id;
      for (const auto& one : delta.updated) text += " ~" + one.spec.id;
      host.views.push_back(text);
    }
  }
  void perform(const std::string& name, Reset&) {
    Host& host = hosts.at(name);
    ++host.resets;
    host.checking.clear();
    host.numbers.clear();
  }
  void perform(const std::string& name, LeaderNews&) { ++hosts.at(name).news; }
  void perform(const std::string& name, BeginCheck& begin) {
    Host& host = hosts.at(name);
    const std::string key = begin.lease.group + "/" + begin.lease.id;
    EXPECT_TRUE(host.checking.emplace(key, begin.lease.granted).second) << key;
    host.checks.push_back("+" + key);
  }
  void perform(const std::string& name, EndCheck& end) {
    Host& host = hosts.at(name);
    const std::string key = end.lease.group + "/" + end.lease.id;
    EXPECT_EQ(host.checking[key], end.lease.granted);
    host.checking.erase(key);
    host.checks.push_back("-" + key);
  }
  void perform(const std::string& name, BeginNewLife&) { ++hosts.at(name).new_lives; }

  WorldOptions options_;
  Prng prng_;
  std::string leader_;
  std::multimap<Instant, std::function<void()>> events_;
  std::uint64_t last_token_ = 0;
  std::size_t steps_ = 0;
};

}  // namespace rollcall::consensus
