// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/groups_conversion.hpp"

#include <string>

#include <gtest/gtest.h>

namespace rollcall::runtime {
namespace {

using namespace std::chrono_literals;

GroupMemberSpec client(const std::string& id) {
  GroupMemberSpec spec;
  spec.id = id;
  spec.address = "10.0.0.1:80";
  return spec;
}

class GroupsConversionTest : public testing::Test {
 protected:
  registry::Applied apply(const std::string& group, const GroupMemberSpec& member) {
    registry::Command command;
    command.action = *checked_join(group, member);
    const ByteVector bytes = registry::encode(command);
    auto applied = registry_.apply({.term = 1, .index = ++index_, .command = bytes});
    EXPECT_TRUE(applied);
    return std::move(*applied);
  }

  registry::Registry registry_{LifeId{1, 2}};
  std::uint64_t index_ = 0;
};

TEST_F(GroupsConversionTest, AMemberComesOutAsItWentIn) {
  GroupMemberSpec member = client("w1");
  member.ttl = 10s;
  member.meta = {{"b", "2"}, {"a", "1"}};
  member.check = {.type = CheckType::http, .interval = 1s, .timeout = 500ms, .misses = 4};

  apply("workers", member);

  const GroupMember shown = to_public(*registry_.find("workers")->find("w1"), "workers", registry_);
  EXPECT_EQ(shown.spec.id, "w1");
  EXPECT_EQ(shown.spec.address, "10.0.0.1:80");
  EXPECT_EQ(shown.spec.ttl, 10s);
  EXPECT_EQ(shown.spec.meta, member.meta);
  EXPECT_EQ(shown.spec.check.type, CheckType::http);
  EXPECT_EQ(shown.spec.check.target, "http://10.0.0.1:80/") << "of the address";
  EXPECT_EQ(shown.spec.check.interval, 1s);
  EXPECT_EQ(shown.spec.check.timeout, 500ms);
  EXPECT_EQ(shown.spec.check.misses, 4);
  EXPECT_EQ(shown.since, 1U);
}

TEST_F(GroupsConversionTest, AChangeTellsTheMembersOfSmallGroupsOnly) {
  registry::Applied last;
  for (std::size_t i = 0; i < ViewChange::members_told_max; ++i) {
    last = apply("workers", client("w" + std::to_string(i)));
  }
  const auto small = to_public(last.changes.front(), registry_);
  const auto old = to_public(last.changes.front(), registry_, MembersTold::no);
  last = apply("workers", client("one-more"));
  const auto large = to_public(last.changes.front(), registry_);

  EXPECT_EQ(small->view.members.size(), ViewChange::members_told_max);
  EXPECT_TRUE(old->view.members.empty());
  EXPECT_TRUE(large->view.members.empty());
  EXPECT_EQ(large->view.leader, "w0");
  ASSERT_EQ(large->joined.size(), 1U);
  EXPECT_EQ(large->joined.front().spec.id, "one-more");
}

TEST_F(GroupsConversionTest, SaysWhatWasFoundAndWhatIsAllowed) {
  GroupMemberSpec hasty = client("w1");
  hasty.ttl = 5ms;

  const auto join = checked_join("workers", hasty);

  ASSERT_FALSE(join);
  EXPECT_EQ(join.error().field, "ttl");
  EXPECT_EQ(join.error().message, "5ms is not allowed; allowed: 0 (no lease), or 100ms to 24h");
}

TEST_F(GroupsConversionTest, AnOutcomeSaysWhatBecameOfTheRequest) {
  const auto outcome = [](registry::Status status) {
    registry::Result result;
    result.status = status;
    result.number = 7;
    return to_outcome(result, "workers", "w1");
  };
  using registry::Status;

  EXPECT_TRUE(outcome(Status::done)->changed);
  EXPECT_FALSE(outcome(Status::unchanged)->changed);
  EXPECT_EQ(outcome(Status::done)->view, 7U);
  EXPECT_EQ(outcome(Status::no_such_group).error().field, "group");
  EXPECT_EQ(outcome(Status::no_such_member).error().code, ErrorCode::unknown_member);
  EXPECT_EQ(outcome(Status::group_full).error().code, ErrorCode::not_allowed);
  EXPECT_EQ(outcome(Status::too_many_requests).error().code, ErrorCode::overloaded);
  EXPECT_EQ(outcome(Status::unknown_session).error().code, ErrorCode::timeout)
      << "it may have been done";
}

TEST_F(GroupsConversionTest, WhereItCannotBeDoneTheReasonIsGiven) {
  using consensus::RequestFailure;

  const Error refused = to_error(RequestFailure::no_leader, "two of three voters are missing");

  EXPECT_EQ(refused.code, ErrorCode::no_quorum);
  EXPECT_NE(refused.message.find("two of three voters are missing"), std::string::npos);
  EXPECT_EQ(to_error(RequestFailure::timeout, {}).code, ErrorCode::timeout);
  EXPECT_EQ(to_error(RequestFailure::overloaded, {}).code, ErrorCode::overloaded);
  EXPECT_EQ(to_error(RequestFailure::too_large, {}).code, ErrorCode::invalid_option);
}

}  // namespace
}  // namespace rollcall::runtime
