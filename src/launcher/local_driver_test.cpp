// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "launcher/local_driver.hpp"

#include <csignal>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "launcher/process.hpp"

namespace rollcall::launcher {
namespace {

using testing::HasSubstr;

/// Three nodes; the third does not run.
class LocalDriverTest : public testing::Test {
 protected:
  LocalDriverTest() {
    state_.allow_faults = true;
    const auto spawned = spawn({.program = "/bin/sleep",
                                .arguments = {"sleep", "1000"},
                                .environment = {},
                                .log_file = "/dev/null"});
    EXPECT_TRUE(spawned) << spawned.error();
    process_ = spawned.value_or(ProcessIdentity{});
    state_.nodes = {
        {.name = "node1", .bind = "127.0.0.1:1", .http = "127.0.0.1:11", .process = process_},
        {.name = "node2", .bind = "127.0.0.1:2", .http = "127.0.0.1:12", .process = process_},
        {.name = "node3", .bind = "127.0.0.1:3", .http = "127.0.0.1:13"}};
  }

  ~LocalDriverTest() override {
    send_signal(process_, SIGKILL);
    while (state_of(process_) != ProcessState::gone) ::usleep(1000);
    reap(process_);
  }
  LocalDriver driver() {
    return LocalDriver({.directory = {},
                        .lock = -1,
                        .notice = {},
                        .set_faults = [this](const std::string& http, const std::string& document)
                            -> std::expected<void, FaultRefusal> {
                          if (refusal_) return std::unexpected(*refusal_);
                          asked_[http] = document;
                          return {};
                        }});
  }
  [[nodiscard]] std::string document(std::size_t node) const {
    return fault_document(state_, state_.nodes[node]);
  }

  ProcessIdentity process_;
  ClusterState state_;
  std::map<std::string, std::string> asked_;
  std::optional<FaultRefusal> refusal_;
};

TEST_F(LocalDriverTest, BothEndsBreakALineOfAPartition) {
  state_.faults.groups = {{"node1", "node2"}};

  EXPECT_EQ(document(0), R"({"faults":[{"peer":"127.0.0.1:3","cut":true}]})");
  EXPECT_EQ(document(2), R"({"faults":[{"peer":"127.0.0.1:1","cut":true},)"
                         R"({"peer":"127.0.0.1:2","cut":true}]})");
}

TEST_F(LocalDriverTest, ACutIsTheSendersWayOutAndTheReceiversWayIn) {
  state_.faults.cuts = {{.from = "node1", .to = "node2"}};

  EXPECT_EQ(document(0), R"({"faults":[{"peer":"127.0.0.1:2","cut":true,"direction":"out"}]})");
  EXPECT_EQ(document(1), R"({"faults":[{"peer":"127.0.0.1:1","cut":true,"direction":"in"}]})");
  EXPECT_EQ(document(2), "");
}

TEST_F(LocalDriverTest, LossAndALinkThatIsDownConcernEverybody) {
  state_.faults.losses = {{.node = "node1", .in = 250, .out = 1000}};
  state_.faults.links_down = {"node2"};

  EXPECT_EQ(document(0), R"({"faults":[{"peer":"127.0.0.1:2","cut":true},)"
                         R"({"peer":"*","direction":"in","drop":0.25},)"
                         R"({"peer":"*","direction":"out","cut":true}]})");
  EXPECT_EQ(document(1), R"({"faults":[{"peer":"*","cut":true}]})");
}

TEST_F(LocalDriverTest, AsksOnlyWhoRuns) {
  state_.faults.groups = {{"node1"}};

  const Done applied = driver().apply_faults(state_);

  ASSERT_TRUE(applied) << applied.error().why;
  EXPECT_EQ(asked_.size(), 2U);
  EXPECT_THAT(asked_["127.0.0.1:11"], HasSubstr("127.0.0.1:2"));
  EXPECT_THAT(asked_["127.0.0.1:12"], HasSubstr("127.0.0.1:1"));
}

TEST_F(LocalDriverTest, EndsAllWithNothing) {
  ASSERT_TRUE(driver().apply_faults(state_));

  EXPECT_EQ(asked_,
            (std::map<std::string, std::string>{{"127.0.0.1:11", ""}, {"127.0.0.1:12", ""}}));
}

TEST_F(LocalDriverTest, SaysWhichAgentRefuses) {
  state_.faults.groups = {{"node1"}};
  refusal_ = FaultRefusal{.why = "this agent lets nobody set faults", .has_answered = true};

  const Done applied = driver().apply_faults(state_);

  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().what, "node1");
  EXPECT_EQ(applied.error().why, "this agent lets nobody set faults");
  EXPECT_THAT(applied.error().todo, HasSubstr("rollcall cluster kill node1"));
  // Who may have no faults has none to end.
  state_.faults = {};
  EXPECT_TRUE(driver().apply_faults(state_));
}

TEST_F(LocalDriverTest, NeedsPermissionFromTheStart) {
  EXPECT_TRUE(driver().check_faults(state_));
  state_.allow_faults = false;
  EXPECT_FALSE(driver().check_faults(state_));
  EXPECT_TRUE(driver().apply_faults(state_)) << "there is nothing to end";
  EXPECT_TRUE(asked_.empty());
  state_.extra = {"--allow-faults"};
  EXPECT_TRUE(driver().check_faults(state_));
}

}  // namespace
}  // namespace rollcall::launcher
