// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "wire/messages.hpp"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace rollcall::wire {
namespace {

/// Every value from zero to the last has a text, and no two the same.
template <class Enum>
void expect_distinct_texts(Enum last) {
  std::set<std::string_view> texts;
  const auto count = static_cast<unsigned>(last) + 1;
  for (unsigned value = 0; value < count; ++value) {
    const std::string_view text = to_text(static_cast<Enum>(value));
    EXPECT_NE(text, "unknown") << value;
    texts.insert(text);
  }
  EXPECT_EQ(texts.size(), count);
  EXPECT_EQ(to_text(static_cast<Enum>(count)), "unknown");
}

TEST(MessagesTest, HaveATextForEveryValue) {
  expect_distinct_texts(DecodeError::too_long);
  expect_distinct_texts(State::left);
  expect_distinct_texts(Finding::other_life);
  expect_distinct_texts(RefusalCode::no_agreement);
}

TEST(UpdateTest, IsEqualByValueAndNotByWhereItsBytesAre) {
  const std::string name = "db1";
  const std::string same_name = "db1";
  const Update a{.name = name, .has_tags = true, .tags = as_bytes(name)};
  const Update b{.name = same_name, .has_tags = true, .tags = as_bytes(same_name)};

  EXPECT_EQ(a, b);
}

TEST(UpdateTest, DiffersInEachOfItsFields) {
  const Update a{.name = "db1", .has_tags = true, .tags = as_bytes("t")};
  const auto expect_differs = [&](auto change) {
    Update b = a;
    change(b);
    EXPECT_NE(a, b);
  };

  expect_differs([](Update& update) { update.name = "db2"; });
  expect_differs([](Update& update) { update.life.boot = 1; });
  expect_differs([](Update& update) { update.life.id.low = 1; });
  expect_differs([](Update& update) { update.incarnation = 1; });
  expect_differs([](Update& update) { update.state = State::left; });
  expect_differs([](Update& update) { update.age = Age::history; });
  expect_differs([](Update& update) { update.address.port = 1; });
  expect_differs([](Update& update) { update.witness.high = 1; });
  expect_differs([](Update& update) { update.has_tags = false; });
  expect_differs([](Update& update) { update.tags = as_bytes("u"); });
}

TEST(UpdateTest, HasNoTagsToCompareWhereNoneAreTold) {
  const Update a{.name = "db1", .tags = as_bytes("left over")};
  const Update b{.name = "db1"};

  EXPECT_EQ(a, b);
}

}  // namespace
}  // namespace rollcall::wire
