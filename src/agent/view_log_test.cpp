// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/view_log.hpp"

#include <gtest/gtest.h>

namespace rollcall::agent {
namespace {

Event view_event(std::uint64_t number, std::vector<std::string> members) {
  Event event;
  event.type = EventType::view;
  View view{.group = "cluster", .number = number};
  view.cause = "joined";
  view.leader = members.front();
  view.members = std::move(members);
  event.view = std::make_shared<const View>(std::move(view));
  return event;
}

Event member_event(EventType type, const std::string& name) {
  Event event;
  event.type = type;
  event.member.name = name;
  return event;
}

TEST(ViewLog, HasARecordForEachView) {
  ViewLog log("b");

  const auto record = log.on_event(view_event(3, {"a", "b"}));

  ASSERT_TRUE(record);
  EXPECT_EQ(record->dump(),
            R"({"peer":"b","view":3,"leader":"a","members":["a","b"],"cause":"joined"})");
}

TEST(ViewLog, TellsOnceThatAMemberOfTheViewIsUnreachable) {
  ViewLog log("b");
  EXPECT_FALSE(log.on_event(member_event(EventType::member_suspect, "a")));  // of no view yet
  log.on_event(view_event(3, {"a", "b", "c"}));

  const auto leader = log.on_event(member_event(EventType::member_suspect, "a"));
  const auto other = log.on_event(member_event(EventType::member_failed, "c"));

  ASSERT_TRUE(leader && other);
  EXPECT_EQ(leader->dump(),
            R"({"peer":"b","view":3,"leader":"a","message":"peer a (leader) unreachable"})");
  EXPECT_EQ((*other)["message"], "peer c unreachable");
  EXPECT_FALSE(log.on_event(member_event(EventType::member_failed, "a")));
  EXPECT_FALSE(log.on_event(member_event(EventType::member_failed, "stranger")));

  log.on_event(member_event(EventType::member_alive, "a"));
  EXPECT_TRUE(log.on_event(member_event(EventType::member_suspect, "a")));
}

}  // namespace
}  // namespace rollcall::agent
