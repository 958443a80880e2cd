// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "documents/documents.hpp"

#include <fstream>

#include <gtest/gtest.h>

namespace rollcall::documents {
namespace {

TEST(SecondDocumentTest, IsFoundWhereItBegins) {
  EXPECT_FALSE(second_document("a: 1\n").has_value());
  EXPECT_FALSE(second_document("").has_value());
  const auto second = second_document("a: 1\n---\nb: 2\n");
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->line, 1);
}

TEST(SecondDocumentTest, AStrayCommaIsOneAndNotThousands) {
  EXPECT_TRUE(second_document("{},").has_value());
}

class ReadTextTest : public testing::Test {
 protected:
  ~ReadTextTest() override { std::filesystem::remove(file_); }
  std::filesystem::path file_ =
      std::filesystem::path(testing::TempDir()) /
      ("read-text-" + std::to_string(::testing::UnitTest::GetInstance()->random_seed()) +
       testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(ReadTextTest, GivesTheWholeFile) {
  std::ofstream(file_) << "four";

  EXPECT_EQ(read_text(file_, 4), "four");
}

TEST_F(ReadTextTest, RefusesOneByteMore) {
  std::ofstream(file_) << "five!";

  EXPECT_EQ(read_text(file_, 4).error(), "is longer than 4 bytes");
}

TEST_F(ReadTextTest, SaysWhyAFileCannotBeRead) {
  EXPECT_EQ(read_text(file_, 4).error(), "cannot be read: No such file or directory");
  EXPECT_EQ(read_text(testing::TempDir(), 4).error(), "cannot be read: Is a directory");
}

}  // namespace
}  // namespace rollcall::documents
