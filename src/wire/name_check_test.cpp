// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "wire/name_check.hpp"

#include <string>

#include <gtest/gtest.h>

#include "base/text.hpp"

namespace rollcall::wire {
namespace {

/// The name as it stands in a record: with other bytes before and after, which must not count.
bool is_valid_in_record(const std::string& name, char around) {
  const std::string record = std::string(36, around) + name + std::string(3, around);
  return name_check::is_valid(record.data() + 36, name.size());
}

TEST(NameCheckTest, AgreesWithTheRuleOnEveryByteAtEveryPlaceOfEveryLength) {
  for (std::size_t size = 1; size <= name_bytes_max; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string name(size, 'x');
        name[at] = static_cast<char>(byte);
        const bool expected = is_valid_name(name);
        ASSERT_EQ(is_valid_in_record(name, '\0'), expected) << size << " " << at << " " << byte;
        ASSERT_EQ(is_valid_in_record(name, 'x'), expected) << size << " " << at << " " << byte;
      }
    }
  }
}

TEST(NameCheckTest, RefusesTheEmptyName) {
  EXPECT_FALSE(is_valid_in_record("", 'x'));
}

TEST(NameCheckTest, KnowsTheLimitOfTheRule) {
  EXPECT_TRUE(is_valid_name(std::string(name_bytes_max, 'x')));
  EXPECT_FALSE(is_valid_name(std::string(name_bytes_max + 1, 'x')));
}

}  // namespace
}  // namespace rollcall::wire
