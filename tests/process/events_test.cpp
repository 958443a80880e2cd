// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <memory>
#include <sstream>

#include <gmock/gmock.h>

#include "process/agents.hpp"

/// The ordered stream of events, read through breaks.
namespace rollcall::test {
namespace {

using testing::HasSubstr;

std::vector<Json> lines_of(const std::string& text) {
  std::vector<Json> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    Json json = Json::parse(line, nullptr, false);
    if (json.is_object()) lines.push_back(std::move(json));
  }
  return lines;
}

/// "1 2 3 …" without a hole, beginning where it should.
void expect_consecutive(const std::vector<Json>& events, std::uint64_t first) {
  for (const Json& event : events) EXPECT_EQ(event["index"], first++) << event.dump();
}

class EventsTest : public ProcessTest {
 protected:
  /// `rollcall events` in the background; what it printed so far is in out().
  Child& follow(const AgentProcess& agent) {
    child_ = std::make_unique<Child>(
        ChildPlan{.command = {ROLLCALL_BINARY, "events", "--json", "--http", agent.http()},
                  .out = directory() / "out",
                  .err = directory() / "err"});
    return *child_;
  }
  [[nodiscard]] std::string out() const { return read_file(directory() / "out"); }
  [[nodiscard]] std::string err() const { return read_file(directory() / "err"); }
  [[nodiscard]] bool has_printed(const std::string& type, const std::string& member) const {
    for (const Json& event : lines_of(out())) {
      const Json& who = event["member"];
      if (event["type"] == type && (who.is_string() ? who == member : who["name"] == member))
        return true;
    }
    return false;
  }

 private:
  std::unique_ptr<Child> child_;
};

TEST_F(EventsTest, AreNumberedFromOneAndReadFromAnyIndex) {
  const auto cluster = start_cluster(3);

  const std::vector<Json> all = cluster[0]->events();
  ASSERT_GE(all.size(), 2U);
  expect_consecutive(all, 1);

  const RunResult rest =
      rollcall({"events", "--no-follow", "--since", "1", "--json", "--http", cluster[0]->http()});
  EXPECT_EQ(rest.status, 0) << rest.err;
  const std::vector<Json> later = lines_of(rest.out);
  ASSERT_GE(later.size(), all.size() - 1);
  expect_consecutive(later, 2);

  // An index from the future is one from before a restart.
  const RunResult from_before = rollcall(
      {"events", "--no-follow", "--since", "1000000", "--json", "--http", cluster[0]->http()});
  EXPECT_EQ(from_before.status, 0) << from_before.err;
  EXPECT_THAT(from_before.err, HasSubstr("restarted"));
  expect_consecutive(lines_of(from_before.out), 1);
  EXPECT_GE(lines_of(from_before.out).size(), all.size());
}

TEST_F(EventsTest, AreFollowedAsTheyHappen) {
  const auto cluster = start_cluster(3);
  Child& follower = follow(*cluster[0]);
  ASSERT_TRUE(eventually([&] { return has_printed("member-join", "n3"); })) << out() << err();

  cluster[2]->kill();

  EXPECT_TRUE(eventually([&] { return has_printed("member-failed", "n3"); })) << out() << err();
  expect_consecutive(lines_of(out()), 1);
  EXPECT_TRUE(follower.is_running());
}

TEST_F(EventsTest, AreReadFromTheBeginningWhenTheAgentWasRestarted) {
  const auto cluster = start_cluster(2);
  Child& follower = follow(*cluster[0]);
  ASSERT_TRUE(eventually([&] { return has_printed("member-join", "n2"); })) << out() << err();

  cluster[0]->kill();
  cluster[0]->start();
  ASSERT_TRUE(eventually([&] { return all_see_all(cluster); }));
  cluster[1]->signal(SIGTERM);

  EXPECT_TRUE(eventually([&] { return has_printed("member-leave", "n2"); })) << out() << err();
  EXPECT_TRUE(follower.is_running());
  EXPECT_THAT(err(), HasSubstr("restarted"));
}

TEST_F(EventsTest, EndWhenTheAgentDoesNotComeBack) {
  AgentProcess& agent = *start_cluster(2)[0];
  Child follower(
      {.command = {ROLLCALL_BINARY, "events", "--retry", "200ms", "--http", agent.http()},
       .out = directory() / "out",
       .err = directory() / "err"});
  ASSERT_TRUE(eventually([&] { return !out().empty(); })) << err();

  agent.kill();

  EXPECT_EQ(follower.wait(), 3);
  EXPECT_THAT(err(), HasSubstr("no agent answers"));
}

TEST_F(EventsTest, DoNotStopTheAgentWhenAReaderTakesNothing) {
  const auto cluster = start_cluster(2);
  Child& reader = follow(*cluster[0]);
  ASSERT_TRUE(eventually([&] { return !out().empty(); })) << err();
  reader.signal(SIGSTOP);

  cluster[1]->kill();

  EXPECT_TRUE(eventually([&] { return cluster[0]->state_of("n2") == "failed"; }));
  EXPECT_EQ(cluster[0]->status_of("/healthz"), 200U);
}

}  // namespace
}  // namespace rollcall::test
