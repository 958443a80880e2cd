// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "base/byte_cursor.hpp"

#include <array>

#include <gtest/gtest.h>

namespace rollcall {
namespace {

using Reader = ByteReader<std::endian::little>;
using Writer = ByteWriter<std::endian::little>;

enum class Colour : std::uint8_t { red, green, blue };

ByteVector bytes_of(std::initializer_list<int> values) {
  ByteVector bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

TEST(ByteCursorTest, WritesNumbersInItsOrder) {
  ByteVector little;
  ByteVector big;

  ByteWriter<std::endian::little>(little).word(std::uint32_t{0x01020304});
  ByteWriter<std::endian::big>(big).word(std::uint32_t{0x01020304});

  EXPECT_EQ(little, bytes_of({4, 3, 2, 1}));
  EXPECT_EQ(big, bytes_of({1, 2, 3, 4}));
  EXPECT_EQ(ByteReader<std::endian::little>(little).word<std::uint32_t>(), 0x01020304U);
  EXPECT_EQ(ByteReader<std::endian::big>(big).word<std::uint32_t>(), 0x01020304U);
}

TEST(ByteCursorTest, ReadsWhatItWrote) {
  const Life life{.boot = 7, .id = {.high = 1, .low = 2}};
  ByteVector bytes;
  Writer out(bytes);
  out.choice(Colour::green);
  out.flag(true);
  out.life(life);
  out.text("name");
  out.count<std::uint16_t>(2);
  out.bytes(bytes_of({8, 9}));

  Reader in(bytes);
  EXPECT_EQ(in.choice(Colour::blue), Colour::green);
  EXPECT_TRUE(in.flag());
  EXPECT_EQ(in.life(), life);
  EXPECT_EQ(in.text(4), "name");
  EXPECT_EQ(in.count<std::uint16_t>(2, 1), 2);
  EXPECT_EQ(in.bytes(2).size(), 2);
  EXPECT_TRUE(in.is_whole());
}

TEST(ByteCursorTest, ReadsZeroAfterACutFieldAndKeepsTheFirstTrouble) {
  const ByteVector bytes = bytes_of({1, 2, 3});
  Reader in(bytes);

  EXPECT_EQ(in.word<std::uint32_t>(), 0U);
  EXPECT_EQ(in.word<std::uint8_t>(), 0U) << "what was left is not read after a field that was cut";
  in.refuse();

  EXPECT_EQ(in.trouble(), ByteTrouble::cut_short);
  EXPECT_FALSE(in.is_whole());
}

TEST(ByteCursorTest, RefusesAnEnumeratorOutsideItsRange) {
  const ByteVector bytes = bytes_of({3, 1});
  Reader in(bytes);

  EXPECT_EQ(in.choice(Colour::green, Colour::blue), Colour::green);
  EXPECT_EQ(in.trouble(), ByteTrouble::refused);
  EXPECT_EQ(in.left(), 0);
}

TEST(ByteCursorTest, BelievesACountOnlyUpToWhatTheRestCanHold) {
  const ByteVector bytes = bytes_of({2, 0, 1, 1, 1});

  Reader enough(bytes);
  EXPECT_EQ(enough.count<std::uint16_t>(2, 1), 2);
  Reader too_short(bytes);
  EXPECT_EQ(too_short.count<std::uint16_t>(2, 2), 0);
  EXPECT_EQ(too_short.trouble(), ByteTrouble::cut_short);
  Reader too_many(bytes);
  EXPECT_EQ(too_many.count<std::uint16_t>(1, 1), 0);
  EXPECT_EQ(too_many.trouble(), ByteTrouble::refused);
}

TEST(ByteCursorTest, RefusesATextAboveItsLimit) {
  ByteVector bytes;
  Writer(bytes).text("four");

  EXPECT_EQ(Reader(bytes).text(4), "four");
  Reader in(bytes);
  EXPECT_EQ(in.text(3), "");
  EXPECT_EQ(in.trouble(), ByteTrouble::refused);
}

TEST(ByteCursorTest, IsNotWholeWhileSomethingIsLeft) {
  const ByteVector bytes = bytes_of({1, 2});
  Reader in(bytes);

  in.word<std::uint8_t>();
  EXPECT_FALSE(in.is_whole());
  EXPECT_EQ(in.rest().size(), 1);
  EXPECT_TRUE(in.is_whole());
}

}  // namespace
}  // namespace rollcall
