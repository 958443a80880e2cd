// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "consensus/frames.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/hex_test.hpp"
#include "consensus/raft/config.hpp"

namespace rollcall::consensus {
namespace {

ByteVector encoded(const Frame& frame) {
  ByteVector out;
  encode_frame(frame, out);
  return out;
}

ByteVector bytes_of(std::string_view text) {
  return {as_bytes(text).begin(), as_bytes(text).end()};
}

constexpr LogId log{.high = 0x11, .low = 0x22};

FetchReply some_reply() {
  return {.log = log,
          .token = 7,
          .term = raft::Term{3},
          .leader = "n1",
          .voters = {"n1", "n2"},
          .stale_ms = 5,
          .what = FetchElsewhere{}};
}
FetchReply with_entries() {
  FetchReply reply = some_reply();
  reply.what = FetchedEntries{
      .entries = {{.index = raft::Index{8}, .term = raft::Term{3}, .payload = bytes_of("join")},
                  {.index = raft::Index{10}, .term = raft::Term{3}, .payload = {}}},
      .upto = raft::Index{11},
      .applied = raft::Index{12}};
  return reply;
}
FetchReply with_piece() {
  FetchReply reply = some_reply();
  reply.leader.clear();
  reply.voters.clear();
  reply.what = FetchedPiece{.snapshot = {.term = raft::Term{2}, .index = raft::Index{6}},
                            .size = 9,
                            .offset = 4,
                            .data = bytes_of("piece")};
  return reply;
}

/// One of each kind, under the names of the fuzzer's seeds.
std::vector<std::pair<std::string, Frame>> samples() {
  const raft::AppendReply reply{.term = raft::Term{3},
                                .result = raft::AppendResult::accepted,
                                .match = raft::Index{2},
                                .match_term = {},
                                .refused = {},
                                .round = 1};
  return {
      {"raft",
       RaftFrame{.log = log, .from = raft::VoterId{1}, .to = raft::VoterId{2}, .message = reply}},
      {"begin-ask", BeginAsk{.from = raft::VoterId{1}, .token = 4}},
      {"begin-reply", BeginReply{.granted = false, .log = log, .token = 4}},
      {"propose",
       ProposeFrame{.log = log, .token = ProposalToken{5}, .command = bytes_of("command")}},
      {"propose-refused", ProposeRefused{.token = ProposalToken{5}, .why = LogRefusal::overloaded}},
      {"read", ReadFrame{.log = log, .token = ReadToken{6}}},
      {"read-reply", ReadReply{.token = ReadToken{6}, .confirmed = true, .index = raft::Index{9}}},
      {"fetch", Fetch{.log = log,
                      .token = 7,
                      .after = raft::Index{7},
                      .patience_ms = 500,
                      .snapshot = {.term = raft::Term{2}, .index = raft::Index{6}},
                      .offset = 4}},
      {"fetched-entries", with_entries()},
      {"fetched-piece", with_piece()},
      {"fetch-elsewhere", some_reply()},
      {"renew", Renew{.token = 8, .group = "web", .id = "w1"}},
      {"renew-reply", RenewReply{.token = 8, .outcome = registry::Heartbeat::no_such_lease}},
      {"cut-report",
       CutReport{.failed = {{.name = "n3", .life = {.boot = 2, .id = {.high = 3, .low = 4}}}}}},
      {"check-failed", CheckFailed{.lease = {.group = "web", .id = "w1", .granted = 10}}},
  };
}

// --- the bytes -----------------------------------------------------------------------------------
TEST(FramesGolden, EveryKind) {
  const std::string log_hex = "11000000000000002200000000000000";
  const std::string head = "09" + log_hex + "07000000000000000300000000000000";
  const std::string names = "02006e31020002006e3102006e3205000000";
  const std::vector<std::string> expected = {
      "01" + log_hex + "01000000000000000200000000000000" +
          "0403000000000000000002000000000000000000000000000000000000000000000001"
          "00000000000000",
      "0201000000000000000400000000000000",
      "0300" + log_hex + "0400000000000000",
      "04" + log_hex + "050000000000000007000000636f6d6d616e64",
      "05050000000000000001",
      "06" + log_hex + "0600000000000000",
      "070600000000000000010900000000000000",
      "08" + log_hex + "07000000000000000700000000000000f4010000" +
          "060000000000000002000000000000000400000000000000",
      head + names + "010b000000000000000c000000000000000200" +
          "08000000000000000300000000000000040000006a6f696e" +
          "0a00000000000000030000000000000000000000",
      head + "0000" + "0000" + "05000000" + "02" + "06000000000000000200000000000000" +
          "09000000000000000400000000000000" + "050000007069656365",
      head + names + "03",
      "0a080000000000000003007765620200" + hex(bytes_of("w1")),
      "0b080000000000000002",
      "0c0100" + std::string("02006e33") + "0200000000000000" + "03000000000000000400000000000000",
      "0d030077656202007731" + std::string("0a00000000000000"),
  };
  const auto all = samples();
  ASSERT_EQ(all.size(), expected.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(hex(encoded(all[i].second)), expected[i]) << all[i].first;
  }
}

/// The inputs that the fuzzer starts from; ROLLCALL_REWRITE=1 in the environment writes them anew.
TEST(FramesGolden, SeedsOfTheFuzzer) {
  const auto folder =
      std::filesystem::path(ROLLCALL_SOURCE_DIR) / "tests/fuzz/corpus/agreement_frame_fuzz";
  for (const auto& [name, frame] : samples()) {
    const auto file = folder / ("seed-" + name);
    const ByteVector bytes = encoded(frame);
    if (std::getenv("ROLLCALL_REWRITE") != nullptr) {
      std::filesystem::create_directories(folder);
      std::ofstream stream(file, std::ios::binary);
      stream.write(as_text(bytes).data(), static_cast<std::streamsize>(bytes.size()));
    }
    std::ifstream stream(file, std::ios::binary);
    const std::string kept((std::istreambuf_iterator<char>(stream)),
                           std::istreambuf_iterator<char>());
    EXPECT_EQ(kept, as_text(bytes)) << file;
  }
}

// --- any bytes -----------------------------------------------------------------------------------
TEST(Frames, ComeBackAsTheyWere) {
  for (const auto& [name, frame] : samples()) {
    const auto decoded = decode_frame(encoded(frame));
    ASSERT_TRUE(decoded.has_value()) << name;
    EXPECT_EQ(*decoded, frame) << name;
  }
}

TEST(Frames, CutOffOrTooLongAreRefused) {
  for (const auto& [name, frame] : samples()) {
    ByteVector bytes = encoded(frame);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(decode_frame(Bytes(bytes).first(size)).has_value()) << name << " " << size;
    }
    bytes.push_back(std::byte{0});
    EXPECT_FALSE(decode_frame(bytes).has_value()) << name;
  }
}

TEST(Frames, OfALaterVersionAreTold) {
  for (const unsigned kind : {0U, 14U, 255U}) {
    EXPECT_EQ(decode_frame(ByteVector{std::byte(kind)}).error(), FrameError::unknown_kind);
  }
  EXPECT_EQ(decode_frame({}).error(), FrameError::malformed);
}

TEST(Frames, ChangedBytesAreRefusedOrComeBack) {
  for (const auto& [name, frame] : samples()) {
    const ByteVector bytes = encoded(frame);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      for (const unsigned value : {0U, 1U, 2U, 0x7FU, 0x80U, 0xFFU}) {
        ByteVector changed = bytes;
        changed[i] = std::byte(value);
        const auto decoded = decode_frame(changed);
        if (!decoded) continue;
        EXPECT_EQ(encoded(*decoded), changed) << name << " at " << i;
      }
    }
  }
}

RC_GTEST_PROP(FramesProperty, AnyBytesAreRefusedOrComeBack, ()) {
  const auto kind = *rc::gen::inRange(0, 16);
  const auto rest = *rc::gen::arbitrary<std::vector<std::uint8_t>>();
  ByteVector bytes{std::byte(static_cast<unsigned>(kind))};
  for (const std::uint8_t byte : rest) bytes.push_back(std::byte{byte});
  const auto decoded = decode_frame(bytes);
  if (decoded) RC_ASSERT(encoded(*decoded) == bytes);
}

void expect_refused(const Frame& frame, std::string_view what) {
  const auto decoded = decode_frame(encoded(frame));
  ASSERT_FALSE(decoded.has_value()) << what;
  EXPECT_EQ(decoded.error(), FrameError::malformed) << what;
}

TEST(Frames, WithValuesThatNoRuleAllowsAreRefused) {
  FetchReply reply = with_entries();
  std::get<FetchedEntries>(reply.what).entries[1].index = raft::Index{8};
  expect_refused(reply, "entries that do not ascend");

  reply = with_entries();
  std::get<FetchedEntries>(reply.what).upto = raft::Index{9};
  expect_refused(reply, "an entry beyond what it says");

  reply = with_piece();
  std::get<FetchedPiece>(reply.what).offset = 5;
  expect_refused(reply, "a piece beyond the snapshot");

  reply = with_piece();
  std::get<FetchedPiece>(reply.what).size = std::uint64_t{1} << 40U;
  expect_refused(reply, "a snapshot that none of us made");

  reply = some_reply();
  reply.leader = "\xff";
  expect_refused(reply, "a leader that is no member");

  expect_refused(BeginReply{.granted = true, .log = log, .token = 1}, "a yes of who has a log");
  expect_refused(BeginAsk{}, "nobody who asks");
  expect_refused(ReadReply{.confirmed = true, .index = raft::Index{UINT64_MAX}}, "an index");
}

TEST(Frames, TheLargestOfEachKindFits) {
  FetchReply reply = some_reply();
  reply.what = FetchedEntries{.entries = {{.index = raft::Index{1},
                                           .payload = ByteVector(raft::Config::payload_bytes_max)}},
                              .upto = raft::Index{1}};
  EXPECT_EQ(decode_frame(encoded(reply)), Frame(reply));
  CutReport report;
  for (std::size_t i = 0; i < cut_reports_max; ++i) {
    report.failed.push_back({.name = std::string(128, 'n'), .life = {}});
  }
  const ByteVector bytes = encoded(report);
  EXPECT_LE(bytes.size(), frame_bytes_max);
  EXPECT_EQ(decode_frame(bytes), Frame(report));
  const ProposeFrame propose{
      .log = log, .token = {}, .command = ByteVector(raft::Config::payload_bytes_max)};
  EXPECT_EQ(decode_frame(encoded(propose)), Frame(propose));
}

}  // namespace
}  // namespace rollcall::consensus
