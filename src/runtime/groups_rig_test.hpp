// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "rollcall/agent.hpp"
#include "runtime/test_support.hpp"

namespace rollcall::runtime {

using Names = std::vector<std::string>;

/// Real agents in this process, on loopback, that agree upon groups.
class GroupsTest : public testing::Test {
 protected:
  [[nodiscard]] Options options(const std::string& name) const {
    Options options;
    options.name = name;
    options.cluster = "test";
    options.bind = "127.0.0.1:0";
    options.agreement.enabled = true;
    return options;
  }
  [[nodiscard]] std::string directory(const std::string& name) const {
    return (scratch_.path() / name).string();
  }
  [[nodiscard]] Options voter(const std::string& name, const std::string& seed = {}) const {
    Options with_directory = options(name);
    with_directory.data_dir = directory(name);
    if (seed.empty()) with_directory.agreement.is_introducer = true;
    if (!seed.empty()) with_directory.seeds = {seed};
    return with_directory;
  }
  static Agent start(const Options& options) {
    auto agent = Agent::create(options);
    EXPECT_TRUE(agent) << agent.error().message;
    return std::move(*agent);
  }

  static testing::AssertionResult cluster_is(const Agent& agent, std::vector<std::string> names) {
    std::ranges::sort(names);
    std::string seen;
    auto result = eventually([&] {
      const auto group = agent.groups()->get("cluster");
      if (!group) return false;
      std::vector<std::string> members = group->view.members;
      std::ranges::sort(members);
      seen = testing::PrintToString(members);
      return members == names;
    });
    return result ? result : result << "; the last view was " << seen;
  }
  static testing::AssertionResult votes(const Agent& agent, std::size_t count) {
    return eventually([&] { return agent.groups()->status().voters.size() == count; });
  }
  static std::vector<std::string> members(const Agent& agent, const std::string& group,
                                          Consistency consistency = Consistency::linearizable) {
    const auto found = agent.groups()->get(group, consistency);
    if (!found) return {found.error().message};
    return found->view.members;
  }
  static GroupMemberSpec client(const std::string& id, Duration ttl = Duration::zero()) {
    GroupMemberSpec spec;
    spec.id = id;
    spec.address = "127.0.0.1:9";
    spec.ttl = ttl;
    return spec;
  }

 private:
  ScratchDirectory scratch_;
};

}  // namespace rollcall::runtime
