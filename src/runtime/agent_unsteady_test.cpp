// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
//
// Agents whose peer comes and goes.
#include <optional>

#include "rollcall/agent.hpp"
#include "runtime/test_support.hpp"

namespace rollcall::runtime {
namespace {

Options options_of(const std::string& name) {
  Options options;
  options.name = name;
  options.cluster = "test";
  options.bind = "127.0.0.1:0";
  return options;
}

TEST(UnsteadyTest, NamesAPeerThatFailedAndCameBack) {
  const auto a = Agent::create(options_of("a"));
  ASSERT_TRUE(a);
  Options of_helper = options_of("c");
  of_helper.seeds = {a->address()};
  const auto c = Agent::create(of_helper);
  ASSERT_TRUE(c);
  ASSERT_TRUE(eventually([&] { return a->members().size() == 2; }));
  Options options = options_of("b");
  options.seeds = {a->address()};
  const auto knows = [&a](const Agent& b) {
    const MemberList members = a->members();
    const Member* const known = members.find("b");
    return known != nullptr && known->id == b.members().self().id;
  };
  std::optional<Agent> b;
  for (int life = 0; life < 3; ++life) {
    b.reset();  // without leaving
    auto next = Agent::create(options);
    ASSERT_TRUE(next) << next.error().message;
    b.emplace(std::move(*next));
    ASSERT_TRUE(eventually([&] { return knows(*b); }));
  }

  const auto unsteady = a->unsteady();

  ASSERT_TRUE(unsteady);
  ASSERT_EQ(unsteady->size(), 1U);
  EXPECT_EQ(unsteady->front().member.name, "b");
  EXPECT_EQ(unsteady->front().flaps, 2U);
  EXPECT_GT(unsteady->front().penalty, 1);
  EXPECT_GT(unsteady->front().time_allowed, 2s);
}

TEST(UnsteadyTest, SaysThatAClosedAgentKnowsNobody) {
  auto a = Agent::create(options_of("a"));
  ASSERT_TRUE(a);
  EXPECT_EQ(a->unsteady()->size(), 0U);

  a->close();

  EXPECT_EQ(a->unsteady().error().code, ErrorCode::closed);
}

}  // namespace
}  // namespace rollcall::runtime
