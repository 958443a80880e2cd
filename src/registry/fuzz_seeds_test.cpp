// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0

/// The inputs that the fuzzers start from are what the encoders of today write. After a change of
/// the layout, ROLLCALL_REWRITE=1 in the environment writes them anew.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "registry/registry.hpp"
#include "registry/test_commands.hpp"

namespace rollcall::registry {
namespace {

void expect_seed(const std::string& fuzzer, const std::string& name, Bytes bytes) {
  const auto file =
      std::filesystem::path(ROLLCALL_SOURCE_DIR) / "tests/fuzz/corpus" / fuzzer / ("seed-" + name);
  if (std::getenv("ROLLCALL_REWRITE") != nullptr) {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream stream(file, std::ios::binary);
    stream.write(as_text(bytes).data(), static_cast<std::streamsize>(bytes.size()));
  }
  std::ifstream stream(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  EXPECT_EQ(text, as_text(bytes)) << file;
}

std::vector<std::pair<std::string, Command>> commands() {
  const RequestId request{.client = {1, 2}, .sequence = 4, .answered_below = 1};
  ChangeCluster change;
  change.removed = {{"m1", life(1), Cause::failed}, {"m2", life(2), Cause::left}};
  change.joined = {server("m1", 2), server("m3", 1)};
  return {{"join", {request, Join{"jobs", whole_spec()}}},
          {"join-auto", {{}, Join{"auto", client("b")}}},
          {"leave", {request, Leave{"jobs", "a", {}}}},
          {"leave-life", {{}, Leave{"jobs", "worker-1", life(3)}}},
          {"evict", {{}, Evict{Cause::expired, {{"jobs", "a", 1}, {"jobs", "b", 2}}}}},
          {"change-cluster", {{}, change}}};
}

TEST(FuzzSeedsTest, CommandsAreWhatTheEncoderWrites) {
  for (const auto& [name, command] : commands()) {
    expect_seed("registry_command_fuzz", name, encode(command));
  }
}

TEST(FuzzSeedsTest, SnapshotsAreWhatTheRegistryWrites) {
  Registry registry(LifeId{7, 7});
  expect_seed("registry_snapshot_fuzz", "empty", registry.snapshot());
  for (const auto& [name, command] : commands()) {
    const ByteVector bytes = encode(command);
    ASSERT_TRUE(
        registry.apply({.term = 2, .index = registry.index() + 1, .command = bytes}).has_value());
  }
  expect_seed("registry_snapshot_fuzz", "several", registry.snapshot());
}

}  // namespace
}  // namespace rollcall::registry
