// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "wire/tags.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/test_messages.hpp"

namespace rollcall::wire {
namespace {

ByteVector bytes_of(const std::string& text) {
  return {as_bytes(text).begin(), as_bytes(text).end()};
}

std::optional<DecodeError> refusal_of(const std::string& text) {
  const ByteVector bytes = bytes_of(text);
  const auto tags = decode_tags(bytes);
  EXPECT_EQ(are_valid_tags(bytes), tags.has_value());
  return tags ? std::nullopt : std::optional(tags.error());
}

RC_GTEST_PROP(TagsTest, ReadsWhatWasWritten, ()) {
  const Tags tags = any_tags();

  const auto bytes = encode_tags(tags);

  RC_ASSERT(bytes.has_value());
  RC_ASSERT(are_valid_tags(*bytes));
  RC_ASSERT((decode_tags(*bytes) == tags));
}

RC_GTEST_PROP(TagsTest, WritesWhatWasReadTheSameWay, (std::vector<std::uint8_t> noise)) {
  // Small numbers, so that some of it is read as lengths that fit.
  for (std::uint8_t& byte : noise) byte %= 4;
  const Bytes bytes = std::as_bytes(std::span(noise));

  const auto tags = decode_tags(bytes);

  RC_ASSERT(are_valid_tags(bytes) == tags.has_value());
  if (tags) RC_ASSERT(std::ranges::equal(encode_tags(*tags).value(), bytes));
}

TEST(TagsTest, IsNothingForNoTags) {
  EXPECT_EQ(encode_tags({}).value().size(), 0U);
  EXPECT_EQ(decode_tags({}), Tags());
}

TEST(TagsTest, HasTheLayoutOfTheDocument) {
  using namespace std::string_literals;

  EXPECT_EQ(encode_tags({{"role", "db"}, {"az", ""}}).value(), bytes_of("\x02"s
                                                                        "az"
                                                                        "\x00\x00"s
                                                                        "\x04"s
                                                                        "role"
                                                                        "\x02\x00"s
                                                                        "db"));
}

TEST(TagsTest, TakesKeysByTheirBytesAndNotByTheirLetters) {
  const Tags tags = {{"\xC3\xA4", "1"}, {"z", "2"}, {"Z", "3"}};

  EXPECT_EQ(decode_tags(encode_tags(tags).value()), tags);
}

TEST(TagsTest, RefusesToWriteWhatIsAboveTheLimits) {
  const std::string longest(tags_bytes_max - 4, 'v');

  EXPECT_TRUE(encode_tags({{"k", longest}}));
  EXPECT_EQ(encode_tags({{"k", longest + "v"}}).error(), DecodeError::too_long);
  EXPECT_EQ(encode_tags({{"k", longest}, {"l", ""}}).error(), DecodeError::too_long);
  EXPECT_TRUE(encode_tags({{std::string(255, 'k'), "v"}}));
  EXPECT_EQ(encode_tags({{std::string(256, 'k'), "v"}}).error(), DecodeError::bad_field);
  EXPECT_EQ(encode_tags({{"", "v"}}).error(), DecodeError::bad_field);
}

TEST(TagsTest, RefusesToReadWhatItWouldNotHaveWritten) {
  using namespace std::string_literals;

  EXPECT_EQ(refusal_of("\x01"s
                       "a"
                       "\x01\x00"s
                       "1"),
            std::nullopt);
  EXPECT_EQ(refusal_of("\x00\x01\x00"s
                       "1"),
            DecodeError::bad_field)
      << "an empty key";
  EXPECT_EQ(refusal_of("\x01"s
                       "b"
                       "\x00\x00\x01"s
                       "a"
                       "\x00\x00"s),
            DecodeError::bad_field)
      << "out of order";
  EXPECT_EQ(refusal_of("\x01"s
                       "a"
                       "\x00\x00\x01"s
                       "a"
                       "\x00\x00"s),
            DecodeError::bad_field)
      << "twice";
  EXPECT_EQ(refusal_of("\x01"s), DecodeError::too_short);
  EXPECT_EQ(refusal_of("\x01"s
                       "a"
                       "\x00"s),
            DecodeError::too_short);
  EXPECT_EQ(refusal_of("\x01"s
                       "a"
                       "\x02\x00"s
                       "1"),
            DecodeError::too_short);
  EXPECT_EQ(refusal_of(std::string(tags_bytes_max + 1, '\x01')), DecodeError::too_long);
}

}  // namespace
}  // namespace rollcall::wire
