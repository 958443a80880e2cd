// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "launcher/state.hpp"

#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>

namespace rollcall::launcher {
namespace {

class LauncherStateTest : public testing::Test {
 protected:
  LauncherStateTest() {
    std::string pattern = testing::TempDir() + "rollcall-state-XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  ~LauncherStateTest() override { std::filesystem::remove_all(path_); }

  std::filesystem::path path_;
};

ClusterState some_state() {
  return {.driver = DriverKind::netns,
          .prefix = "rollcall-0",
          .base_port = 1,
          .base_http = 2,
          .extra = {"--tag", "a=\"b\""},
          .allow_faults = true,
          .nodes = {{.name = "node1",
                     .bind = "127.0.0.1:1",
                     .http = "127.0.0.1:2",
                     .network = "/run/netns/rollcall-0-node1",
                     .process = {.pid = 42, .start_ticks = 1ULL << 40U, .boot_id = "b"}}},
          .faults = {.groups = {{"node1"}, {"node2", "node3"}},
                     .cuts = {{.from = "node1", .to = "node2"}},
                     .losses = {{.node = "node1", .in = 200, .out = 1000}},
                     .links_down = {"node1"}}};
}

TEST_F(LauncherStateTest, IsReadBackAsItWasWritten) {
  ClusterDirectory directory(path_ / "deep" / "down");
  ASSERT_TRUE(directory.lock().has_value());

  ASSERT_TRUE(directory.save(some_state()).has_value());
  const auto loaded = directory.load();

  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(*loaded, some_state());
}

TEST_F(LauncherStateTest, ReadsWhatWasWrittenBeforeThereWereDrivers) {
  const auto state = parse_state(
      R"({"format":1,"base_port":7420,"base_http":7480,"extra":[],"nodes":[{"name":"node1",
          "bind":"127.0.0.1:7420","http":"127.0.0.1:7480","pid":7,"start_ticks":8,
          "boot_id":"b"}]})");

  ASSERT_TRUE(state.has_value()) << state.error();
  EXPECT_EQ(state->driver, DriverKind::local);
  EXPECT_EQ(state->nodes.at(0).process.pid, 7);
  EXPECT_FALSE(state->faults.any());
}

TEST_F(LauncherStateTest, IsNothingWhereNoClusterWas) {
  const ClusterDirectory directory(path_);

  const auto loaded = directory.load();

  ASSERT_TRUE(loaded.has_value());
  EXPECT_FALSE(loaded->has_value());
}

TEST_F(LauncherStateTest, RefusesAFileThatIsNoState) {
  for (const std::string text :
       {"", "[]", "{\"format\":1}", "{\"format\":2,\"nodes\":[]}", "{\"format\":3,\"nodes\":[]}"}) {
    std::ofstream(path_ / "cluster.json") << text;
    const auto loaded = ClusterDirectory(path_).load();
    ASSERT_FALSE(loaded.has_value()) << text;
    EXPECT_NE(loaded.error().why.find("cluster.json"), std::string::npos);
  }
}

TEST_F(LauncherStateTest, SaysWhichDirectoryCannotBeMade) {
  std::ofstream(path_ / "file") << "in the way";

  const auto locked = ClusterDirectory(path_ / "file" / "below").lock();

  ASSERT_FALSE(locked.has_value());
  EXPECT_NE(locked.error().why.find("file/below"), std::string::npos);
}

}  // namespace
}  // namespace rollcall::launcher
