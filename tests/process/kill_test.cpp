// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include <gmock/gmock.h>

#include "base/prng.hpp"
#include "process/agreement_cluster.hpp"

/// Clients come and go while the voters are killed and started again, one after the other and
/// together: what was answered is so in the end, and every watch tells the same views, each once.
namespace rollcall::test {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;

constexpr auto request_timeout = 4s;
constexpr const char* group_name = "kept";

/// What clients were answered. Ids are used once: joined by one client, and perhaps left by it.
class Ledger {
 public:
  void joined(const std::string& id, std::uint64_t view) {
    const std::scoped_lock lock(mutex_);
    joined_[id] = view;
    present_.insert(id);
    ++answers_;
  }
  /// From now on nobody knows whether it is there.
  void leaves(const std::string& id) {
    const std::scoped_lock lock(mutex_);
    present_.erase(id);
  }
  void left(const std::string& id) {
    const std::scoped_lock lock(mutex_);
    absent_.insert(id);
    ++answers_;
  }
  [[nodiscard]] std::size_t answers() const { return answers_; }

  // --- when all clients have ended
  [[nodiscard]] const std::set<std::string>& present() const { return present_; }
  [[nodiscard]] const std::set<std::string>& absent() const { return absent_; }
  /// The view that each join was said to have made.
  [[nodiscard]] const std::map<std::string, std::uint64_t>& joined() const { return joined_; }

 private:
  std::mutex mutex_;
  std::map<std::string, std::uint64_t> joined_;
  std::set<std::string> present_;
  std::set<std::string> absent_;
  std::atomic<std::size_t> answers_ = 0;
};

/// Follows the group at one agent, across its crashes, from the first view to whichever is last.
class Watcher {
 public:
  explicit Watcher(const AgentProcess& agent) : agent_(agent), thread_([this] { run(); }) {}
  ~Watcher() { stop(); }
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  [[nodiscard]] std::uint64_t last() const { return last_; }
  void stop() {
    is_stopped_ = true;
    if (thread_.joinable()) thread_.join();
  }

  // --- when it has stopped
  [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }
  /// By number; without those that a reset has skipped.
  [[nodiscard]] const std::map<std::uint64_t, Json>& views() const { return views_; }

 private:
  void run() {
    while (!is_stopped_) {
      (void)http::follow({"127.0.0.1", agent_.http_port()},
                         {.target = "/v1/groups/" + std::string(group_name) +
                                    "/watch?since=" + std::to_string(last_)},
                         {.open = 2s, .silence = 1s},
                         {.opened = {}, .event = [this](const http::StreamEvent& event) {
                            return on_event(event);
                          }});
      std::this_thread::sleep_for(20ms);
    }
  }
  http::Flow on_event(const http::StreamEvent& event) {
    Json json = Json::parse(event.data, nullptr, false);
    if (!json.is_object() || !json.contains("view")) return http::Flow::go_on;
    const std::uint64_t number = json["view"];
    const bool is_reset = event.type == "reset";
    const bool is_next = is_reset ? number >= last_ : number == last_ + 1;
    if (!is_next) {
      violations_.push_back(agent_.name() + " told view " + std::to_string(number) + " after " +
                            std::to_string(last_));
    }
    last_ = number;
    json.erase("members");  // which are left out of old ones
    if (!is_reset) views_.emplace(number, std::move(json));
    return is_stopped_ ? http::Flow::stop : http::Flow::go_on;
  }

  const AgentProcess& agent_;
  std::atomic<bool> is_stopped_ = false;
  std::atomic<std::uint64_t> last_ = 0;
  std::vector<std::string> violations_;
  std::map<std::uint64_t, Json> views_;
  std::jthread thread_;
};

class KillTest : public AgreementTest {
 protected:
  static Answer ask_once(const AgentProcess& agent, const std::string& method,
                         const std::string& id) {
    const auto answer = http::fetch(
        {"127.0.0.1", agent.http_port()},
        {.method = method, .target = member_path(group_name, id) + "?timeout=3s"}, request_timeout);
    if (!answer) return {};
    return {answer->status, Json::parse(answer->body, nullptr, false)};
  }
  /// Until it is stopped: joins under a new id each time, and leaves every other time.
  static void come_and_go(const Agents& agents, std::size_t number, Ledger& ledger,
                          const std::atomic<bool>& stop) {
    Prng chance(number);
    const auto any = [&]() -> const AgentProcess& { return *agents[chance.below(agents.size())]; };
    for (std::size_t step = 0; !stop; ++step) {
      std::this_thread::sleep_for(10ms);
      const std::string id = "c" + std::to_string(number) + "-" + std::to_string(step);
      const Answer joined = ask_once(any(), "PUT", id);
      if (!is_done(joined)) continue;
      ledger.joined(id, joined.body["view"]);
      if (chance.chance(0.5)) continue;
      ledger.leaves(id);
      if (is_done(ask_once(any(), "DELETE", id))) ledger.left(id);
    }
  }
  /// Kills one at random, now and then two, and starts them again after a moment.
  static void kill_some(const Agents& agents, Prng& chance) {
    Agents victims = {agents[chance.below(agents.size())]};
    if (chance.chance(0.3)) {
      AgentProcess* const other = agents[chance.below(agents.size())];
      if (other != victims.front()) victims.push_back(other);
    }
    for (AgentProcess* victim : victims) victim->kill();
    std::this_thread::sleep_for(std::chrono::milliseconds(chance.below(200)));
    for (AgentProcess* victim : victims) victim->start();
  }
  static void expect_same_views(const std::deque<Watcher>& watchers) {
    std::map<std::uint64_t, Json> all;
    for (const Watcher& watcher : watchers) {
      EXPECT_THAT(watcher.violations(), IsEmpty());
      for (const auto& [number, view] : watcher.views()) {
        EXPECT_EQ(all.try_emplace(number, view).first->second, view);
      }
    }
  }
  static bool has_joined(const Json& view, const std::string& id) {
    return std::ranges::any_of(view["joined"], [&](const Json& one) { return one["id"] == id; });
  }
};

TEST_F(KillTest, NothingThatWasAnsweredIsLostHoweverOftenVotersAreKilled) {
  constexpr int kills = 14;
  constexpr std::size_t clients_max = 3;
  constexpr std::size_t progress = 20;
  const Agents agents = start_voters(3);
  Ledger ledger;
  std::atomic<bool> stop = false;
  std::deque<Watcher> watchers;
  for (const AgentProcess* agent : agents) watchers.emplace_back(*agent);
  std::vector<std::jthread> clients;
  for (std::size_t i = 0; i < clients_max; ++i) {
    clients.emplace_back([&, i] { come_and_go(agents, i, ledger, stop); });
  }

  Prng chance(7);
  bool is_going_on = true;
  for (int round = 0; round < kills && is_going_on; ++round) {
    kill_some(agents, chance);
    if (round % 2 == 0) continue;  // the next one strikes while this one recovers
    const std::size_t before = ledger.answers();
    is_going_on = eventually([&] { return ledger.answers() > before + progress; });
  }
  stop = true;
  clients.clear();
  ASSERT_TRUE(is_going_on) << agreement(*agents[0]) << agreement(*agents[1])
                           << agreement(*agents[2]);

  ASSERT_TRUE(eventually([&] {
    return std::ranges::all_of(agents, [](const AgentProcess* agent) {
      return group(*agent, group_name, "linearizable").contains("view");
    });
  }));
  const Json last = group(*agents[0], group_name, "linearizable");
  const std::uint64_t number = last["view"];
  EXPECT_TRUE(eventually([&] {
    return std::ranges::all_of(watchers, [&](const Watcher& one) { return one.last() == number; });
  })) << number;
  for (Watcher& watcher : watchers) watcher.stop();

  const std::vector<std::string> members = ids(last);
  const std::set<std::string> there(members.begin(), members.end());
  EXPECT_EQ(there.size(), members.size());
  for (const std::string& id : ledger.present()) EXPECT_TRUE(there.contains(id)) << id;
  for (const std::string& id : ledger.absent()) EXPECT_FALSE(there.contains(id)) << id;
  expect_same_views(watchers);
  for (const auto& [id, view] : ledger.joined()) {
    const auto told = watchers.front().views().find(view);
    if (told == watchers.front().views().end()) continue;  // skipped by a reset
    EXPECT_TRUE(has_joined(told->second, id)) << id << " in view " << view;
  }
  EXPECT_GT(ledger.joined().size(), progress * kills / 2);
  RecordProperty("acknowledged", std::to_string(ledger.answers()));
}

}  // namespace
}  // namespace rollcall::test
