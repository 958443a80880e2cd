// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "consensus/raft/codec.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/hex_test.hpp"
#include "consensus/raft/text.hpp"

namespace rollcall::consensus::raft {
namespace {

ByteVector encoded(const Message& message) {
  ByteVector out;
  encode(message, out);
  return out;
}

ByteVector bytes_of(std::string_view text) {
  return {as_bytes(text).begin(), as_bytes(text).end()};
}

constexpr Position at(std::uint64_t index, std::uint64_t term) {
  return {.term = Term{term}, .index = Index{index}};
}

Membership members() {
  return {.voters = {VoterId{1}, VoterId{2}, VoterId{3}}, .learners = {VoterId{4}}};
}

Append some_append() {
  return {.term = Term{3},
          .previous = at(4, 2),
          .commit = Index{4},
          .round = 9,
          .entries = {{.index = Index{5}, .term = Term{3}, .kind = EntryKind::no_op, .payload = {}},
                      {.index = Index{6},
                       .term = Term{3},
                       .kind = EntryKind::command,
                       .payload = bytes_of("join")}}};
}

/// One of each kind, under the names of the fuzzer's seeds.
std::vector<std::pair<std::string, Message>> samples() {
  Append membership = some_append();
  membership.entries = {{.index = Index{5},
                         .term = Term{3},
                         .kind = EntryKind::membership,
                         .payload = encode(members())}};
  Append heartbeat = some_append();
  heartbeat.entries.clear();
  return {
      {"vote-request", VoteRequest{.term = Term{3},
                                   .kind = VoteKind::vote,
                                   .cause = CampaignCause::transfer,
                                   .last = at(4, 2)}},
      {"vote-reply", VoteReply{.term = Term{3}, .kind = VoteKind::pre_vote, .vote = Vote::granted}},
      {"append", some_append()},
      {"append-membership", membership},
      {"append-heartbeat", heartbeat},
      {"append-reply", AppendReply{.term = Term{3},
                                   .result = AppendResult::mismatch,
                                   .match = Index{2},
                                   .match_term = Term{1},
                                   .refused = Index{4},
                                   .round = 9}},
      {"install-chunk",
       InstallChunk{.term = Term{3},
                    .snapshot = {.last = at(4, 2), .membership = members(), .size = 5},
                    .offset = 1,
                    .round = 9,
                    .data = bytes_of("tate")}},
      {"install-reply", InstallReply{.term = Term{3},
                                     .result = InstallResult::installed,
                                     .snapshot = at(4, 2),
                                     .next_offset = 5,
                                     .round = 9}},
      {"timeout-now", TimeoutNow{Term{3}}},
      {"not-member", NotMember{Term{3}}},
  };
}

// --- The bytes ---------------------------------------------------------------------------------
TEST(RaftCodecGolden, EveryMessage) {
  const std::string four_two = " 04 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00";
  const std::string nine = " 09 00 00 00 00 00 00 00";
  const std::string term = " 03 00 00 00 00 00 00 00";
  const std::vector<std::string> expected = {
      "01" + term + " 01 01" + four_two,
      "02" + term + " 00 01",
      "03" + term + four_two + " 04 00 00 00 00 00 00 00" + nine + " 02 00" +  //
          term + " 01 00 00 00 00" +                                           //
          term + " 02 04 00 00 00 6a 6f 69 6e",
      "03" + term + four_two + " 04 00 00 00 00 00 00 00" + nine + " 01 00" + term +
          " 03 25 00 00 00 01 03 00 01 00"
          " 01 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00"
          " 03 00 00 00 00 00 00 00 04 00 00 00 00 00 00 00",
      "03" + term + four_two + " 04 00 00 00 00 00 00 00" + nine + " 00 00",
      "04" + term + " 01 02 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 04 00 00 00 00 00 00 00" +
          nine,
      "05" + term + four_two + " 05 00 00 00 00 00 00 00" +
          " 25 00 01 03 00 01 00"
          " 01 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00"
          " 03 00 00 00 00 00 00 00 04 00 00 00 00 00 00 00"
          " 01 00 00 00 00 00 00 00" +
          nine + " 04 00 00 00 74 61 74 65",
      "06" + term + " 01" + four_two + " 05 00 00 00 00 00 00 00" + nine,
      "07" + term,
      "08" + term,
  };
  const auto all = samples();
  ASSERT_EQ(all.size(), expected.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(hex(encoded(all[i].second), " "), expected[i]) << all[i].first;
  }
}

/// The inputs that the fuzzer starts from; ROLLCALL_REWRITE=1 in the environment writes them anew.
TEST(RaftCodecGolden, SeedsOfTheFuzzer) {
  const auto folder =
      std::filesystem::path(ROLLCALL_SOURCE_DIR) / "tests/fuzz/corpus/raft_message_fuzz";
  for (const auto& [name, message] : samples()) {
    const auto file = folder / ("seed-" + name);
    const ByteVector bytes = encoded(message);
    if (std::getenv("ROLLCALL_REWRITE") != nullptr) {
      std::filesystem::create_directories(folder);
      std::ofstream stream(file, std::ios::binary);
      stream.write(as_text(bytes).data(), static_cast<std::streamsize>(bytes.size()));
    }
    std::ifstream stream(file, std::ios::binary);
    const std::string found{std::istreambuf_iterator<char>(stream), {}};
    EXPECT_EQ(found, as_text(bytes)) << file;
  }
}

// --- There and back ----------------------------------------------------------------------------
TEST(RaftCodec, GivesBackEveryMessage) {
  for (const auto& [name, message] : samples()) {
    const auto back = decode_message(encoded(message));
    ASSERT_TRUE(back.has_value()) << name << ": " << to_text(back.error());
    EXPECT_TRUE(*back == message) << name << ": " << to_text(*back);
  }
}

TEST(RaftCodec, AppendsToWhatIsThere) {
  ByteVector out = bytes_of("head");
  encode(TimeoutNow{Term{3}}, out);
  EXPECT_EQ(hex(out, " "), "68 65 61 64 07 03 00 00 00 00 00 00 00");
}

TEST(RaftCodec, TheLongestMessagesFit) {
  Append append = some_append();
  append.entries = {{.index = Index{5},
                     .term = Term{3},
                     .kind = EntryKind::command,
                     .payload = ByteVector(Config::payload_bytes_max)}};
  EXPECT_LE(encoded(append).size(), message_bytes_max);
  EXPECT_TRUE(decode_message(encoded(append)) == Message{append});

  // As many entries as there can be, as large together as there can be.
  constexpr std::size_t each = Config::payload_bytes_max / Config::entries_max - 32;
  append.entries.clear();
  for (std::uint64_t i = 0; i < Config::entries_max; ++i) {
    append.entries.push_back({.index = Index{5 + i},
                              .term = Term{3},
                              .kind = EntryKind::command,
                              .payload = ByteVector(each)});
  }
  EXPECT_LE(encoded(append).size(), message_bytes_max);
  EXPECT_TRUE(decode_message(encoded(append)) == Message{append});

  InstallChunk chunk{.term = Term{3},
                     .snapshot = {.last = at(4, 2), .membership = {}, .size = 1U << 30U},
                     .offset = 0,
                     .round = 0,
                     .data = ByteVector(Config::payload_bytes_max)};
  for (std::uint64_t id = 1; id <= Membership::members_max; ++id) {
    chunk.snapshot.membership.voters.push_back(VoterId{id});
  }
  EXPECT_LE(encoded(chunk).size(), message_bytes_max);
  EXPECT_TRUE(decode_message(encoded(chunk)) == Message{chunk});
}

RC_GTEST_PROP(RaftCodecProperty, AnyAppendComesBack, ()) {
  Append append{.term = Term{*rc::gen::inRange<std::uint64_t>(0, 1U << 30U)},
                .previous = at(*rc::gen::inRange<std::uint64_t>(0, 1U << 30U),
                               *rc::gen::inRange<std::uint64_t>(0, 1U << 30U)),
                .commit = Index{*rc::gen::inRange<std::uint64_t>(0, 1U << 30U)},
                .round = *rc::gen::inRange<std::uint64_t>(0, 1U << 30U),
                .entries = {}};
  const auto payloads = *rc::gen::arbitrary<std::vector<std::string>>();
  for (const std::string& payload : payloads) {
    append.entries.push_back(
        {.index = advanced(append.previous.index, append.entries.size() + 1),
         .term = Term{*rc::gen::inRange<std::uint64_t>(0, 99)},
         .kind = *rc::gen::element(EntryKind::no_op, EntryKind::command, EntryKind::membership),
         .payload = bytes_of(payload)});
  }
  const auto back = decode_message(encoded(append));
  RC_ASSERT(back.has_value());
  RC_ASSERT(std::get<Append>(*back) == append);
}

/// Any bytes at all, and messages with a byte or two of them changed.
void any_bytes_are_read_or_refused(const ByteVector& bytes) {
  const auto message = decode_message(bytes);
  if (!message) return;
  RC_ASSERT(encoded(*message) == bytes);
}

RC_GTEST_PROP(RaftCodecProperty, WhatIsReadIsWrittenBack, (const std::string& text)) {
  any_bytes_are_read_or_refused(bytes_of(text));
}

RC_GTEST_PROP(RaftCodecProperty, WhatIsReadOfADamagedMessageIsWrittenBack, ()) {
  ByteVector bytes = encoded((*rc::gen::elementOf(samples())).second);
  for (int changes = *rc::gen::inRange(1, 4); changes > 0; --changes) {
    bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] =
        static_cast<std::byte>(*rc::gen::arbitrary<std::uint8_t>());
  }
  any_bytes_are_read_or_refused(bytes);
}

// --- What is refused ---------------------------------------------------------------------------
TEST(RaftCodecRefusal, EveryMessageThatIsCutOffOrGoesOn) {
  for (const auto& [name, message] : samples()) {
    ByteVector bytes = encoded(message);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(decode_message(Bytes(bytes).first(size)).has_value()) << name << " at " << size;
    }
    bytes.push_back({});
    EXPECT_EQ(decode_message(bytes).error(), DecodeError::too_long) << name;
  }
}

/// Decodes a sample with one byte changed.
DecodeError error_with(const Message& message, std::size_t place, unsigned value) {
  ByteVector bytes = encoded(message);
  bytes.at(place) = static_cast<std::byte>(value);
  const auto back = decode_message(bytes);
  EXPECT_FALSE(back.has_value()) << "byte " << place;
  return back ? DecodeError::too_short : back.error();
}

TEST(RaftCodecRefusal, KindsAndChoicesThatThereAreNot) {
  const Message request = VoteRequest{.term = Term{3}, .kind = {}, .cause = {}, .last = at(4, 2)};
  EXPECT_EQ(error_with(request, 0, 0), DecodeError::unknown_kind);
  EXPECT_EQ(error_with(request, 0, 9), DecodeError::unknown_kind);
  EXPECT_EQ(error_with(request, 9, 2), DecodeError::bad_value);
  EXPECT_EQ(error_with(request, 10, 2), DecodeError::bad_value);
  EXPECT_EQ(error_with(VoteReply{}, 10, 2), DecodeError::bad_value);
  EXPECT_EQ(error_with(AppendReply{}, 9, 2), DecodeError::bad_value);
  EXPECT_EQ(error_with(InstallReply{}, 9, 2), DecodeError::bad_value);
  constexpr std::size_t kind_of_first_entry = 1 + 8 + 16 + 8 + 8 + 2 + 8;
  EXPECT_EQ(error_with(some_append(), kind_of_first_entry, 0), DecodeError::bad_value);
  EXPECT_EQ(error_with(some_append(), kind_of_first_entry, 4), DecodeError::bad_value);
}

TEST(RaftCodecRefusal, NumbersThatCouldWrap) {
  EXPECT_EQ(error_with(TimeoutNow{Term{3}}, 8, 0x40), DecodeError::bad_value);
  EXPECT_EQ(error_with(TimeoutNow{Term{3}}, 8, 0xFF), DecodeError::bad_value);
  EXPECT_EQ(error_with(some_append(), 16, 0x7F), DecodeError::bad_value);
}

TEST(RaftCodecRefusal, MoreThanTheLimits) {
  constexpr std::size_t count = 1 + 8 + 16 + 8 + 8;
  EXPECT_EQ(error_with(some_append(), count + 1, 0xFF), DecodeError::too_many);
  EXPECT_EQ(error_with(some_append(), count + 1, 0x03), DecodeError::too_short);
  constexpr std::size_t first_payload = count + 2 + 8 + 1;
  EXPECT_EQ(error_with(some_append(), first_payload + 3, 0xFF), DecodeError::too_large);
  EXPECT_EQ(decode_message(ByteVector(message_bytes_max + 1)).error(), DecodeError::too_long);
}

TEST(RaftCodecRefusal, SnapshotsOfNoMembership) {
  const Message chunk =
      InstallChunk{.term = Term{3},
                   .snapshot = {.last = at(4, 2), .membership = members(), .size = 0},
                   .offset = 0,
                   .round = 0,
                   .data = {}};
  constexpr std::size_t membership = 1 + 8 + 16 + 8 + 2;
  EXPECT_EQ(error_with(chunk, membership, 2), DecodeError::bad_value);       // its version
  EXPECT_EQ(error_with(chunk, membership + 5, 9), DecodeError::bad_value);   // out of order
  EXPECT_EQ(error_with(chunk, membership + 1, 0), DecodeError::bad_value);   // another count
  EXPECT_EQ(error_with(chunk, membership - 2, 36), DecodeError::bad_value);  // another size
}

}  // namespace
}  // namespace rollcall::consensus::raft
