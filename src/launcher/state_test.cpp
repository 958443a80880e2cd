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
  return {.base_port = 1,
          .base_http = 2,
          .extra = {"--tag", "a=\"b\""},
          .nodes = {{.name = "node1",
                     .bind = "127.0.0.1:1",
                     .http = "127.0.0.1:2",
                     .process = {.pid = 42, .start_ticks = 1ULL << 40U, .boot_id = "b"}}}};
}

TEST_F(LauncherStateTest, IsReadBackAsItWasWritten) {
  ClusterDirectory directory(path_ / "deep" / "down");
  ASSERT_TRUE(directory.lock().has_value());

  ASSERT_TRUE(directory.save(some_state()).has_value());
  const auto loaded = directory.load();

  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(*loaded, some_state());
}

TEST_F(LauncherStateTest, IsNothingWhereNoClusterWas) {
  const ClusterDirectory directory(path_);

  const auto loaded = directory.load();

  ASSERT_TRUE(loaded.has_value());
  EXPECT_FALSE(loaded->has_value());
}

TEST_F(LauncherStateTest, RefusesAFileThatIsNoState) {
  for (const std::string text : {"", "[]", "{\"format\":1}", "{\"format\":2,\"nodes\":[]}"}) {
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
