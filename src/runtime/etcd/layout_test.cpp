// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/etcd/layout.hpp"

#include <gtest/gtest.h>

namespace rollcall::runtime::etcd {
namespace {

ByteVector bytes_of(std::string_view text) {
  const Bytes bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

TEST(EtcdLayoutTest, NamesKeysInTheOrderOfTheLog) {
  const Keys keys("prod");

  EXPECT_EQ("/rollcall/prod/log/00000000000000ff", keys.log(255));
  EXPECT_EQ(255U, keys.log_index(keys.log(255)));
  EXPECT_FALSE(keys.log_index(keys.leader()));
  EXPECT_FALSE(keys.log_index("/rollcall/other/log/00000000000000ff"));
  EXPECT_FALSE(keys.log_index("/rollcall/prod/log/00000000000000fx"));
  EXPECT_LT(keys.log(~std::uint64_t{0}), keys.log_end());
  EXPECT_LT(keys.leader(), keys.log(0));
  EXPECT_EQ("/rollcall/prod/snapshot/0000000000000010/00000002", keys.piece(16, 2));
}

TEST(EtcdLayoutTest, ReadsTheEntriesThatItWrites) {
  const Entry entry{.term = 77, .commands = {bytes_of("one"), bytes_of(""), bytes_of("three")}};
  const std::string value = encode_entry(entry);

  const auto read = decode_entry(value);
  ASSERT_TRUE(read);
  EXPECT_EQ(77U, read->term);
  EXPECT_EQ(entry.commands, read->commands);

  for (std::size_t cut = 0; cut < value.size(); ++cut) {
    const auto part = decode_entry(value.substr(0, cut));
    if (part) {
      EXPECT_LT(part->commands.size(), entry.commands.size()) << cut;
    }
  }
  std::string later = value;
  later[0] = 2;
  EXPECT_FALSE(decode_entry(later));
}

TEST(EtcdLayoutTest, ReadsTheObjectsThatItWrites) {
  const Manifest manifest{
      .term = 3, .index = 4, .bytes = chunk_bytes_max + 1, .pieces = 2, .checksum = ~0ULL};
  EXPECT_EQ(manifest, decode_manifest(encode_manifest(manifest)));
  Manifest wrong = manifest;
  wrong.pieces = 1;
  EXPECT_FALSE(decode_manifest(encode_manifest(wrong)));

  const Claim claim{.name = "a\"b", .claim = 9};
  EXPECT_EQ(claim, decode_claim(encode_claim(claim)));

  const auto meta = decode_meta(encode_meta({.format = 1, .log = {.high = 1, .low = 2}}));
  ASSERT_TRUE(meta);
  EXPECT_EQ((consensus::LogId{1, 2}), meta->log);

  for (const char* nonsense : {"", "[]", "{}", "7", R"({"format":"1"})", R"({"log":"00"})"}) {
    EXPECT_FALSE(decode_meta(nonsense)) << nonsense;
    EXPECT_FALSE(decode_claim(nonsense)) << nonsense;
    EXPECT_FALSE(decode_manifest(nonsense)) << nonsense;
  }
}

}  // namespace
}  // namespace rollcall::runtime::etcd
