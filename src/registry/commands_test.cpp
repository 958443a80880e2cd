// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/commands.hpp"

#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/hex_test.hpp"
#include "base/text.hpp"
#include "registry/limits.hpp"
#include "registry/member_codec.hpp"
#include "registry/rules.hpp"
#include "registry/test_commands.hpp"

namespace rollcall::registry {
namespace {

CommandError error_of(Bytes bytes) {
  const auto command = decode_command(bytes);
  EXPECT_FALSE(command.has_value());
  return command ? CommandError::malformed : command.error();
}

RC_GTEST_PROP(CommandsTest, ReadsBackWhatItWrote, ()) {
  const Command command = *any_command();
  const auto back = decode_command(encode(command));
  RC_ASSERT(back.has_value());
  RC_ASSERT(*back == command);
}

RC_GTEST_PROP(CommandsTest, HasOneFormForEachCommand, ()) {
  // Damaged bytes are refused, or are exactly what their command is written as.
  ByteVector bytes = encode(*any_command());
  const auto place = *rc::gen::inRange<std::size_t>(0, bytes.size());
  bytes[place] = static_cast<std::byte>(*rc::gen::arbitrary<std::uint8_t>());
  const auto command = decode_command(bytes);
  if (command) RC_ASSERT(encode(*command) == bytes);
}

RC_GTEST_PROP(CommandsTest, AnswersForAnyBytes, (const std::vector<std::uint8_t>& raw)) {
  ByteVector bytes = {std::byte{command_version}};
  for (const std::uint8_t byte : raw) bytes.push_back(std::byte{byte});
  const auto command = decode_command(bytes);
  if (command) RC_ASSERT(encode(*command) == bytes);
}

TEST(CommandsTest, RefusesEveryPrefixAndEverySuffix) {
  ByteVector bytes = encode({.request = {}, .action = Join{"jobs", whole_spec()}});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(error_of(Bytes(bytes).first(size)), CommandError::malformed) << size;
  }
  bytes.push_back(std::byte{0});
  EXPECT_EQ(error_of(bytes), CommandError::malformed);
}

TEST(CommandsTest, TellsALaterVersionFromNonsense) {
  ByteVector bytes = encode({.request = {}, .action = Leave{"jobs", "worker-1", {}}});
  bytes[0] = std::byte{command_version + 1};
  EXPECT_EQ(error_of(bytes), CommandError::too_new);
  bytes[0] = std::byte{0};
  EXPECT_EQ(error_of(bytes), CommandError::malformed);
}

TEST(CommandsTest, RefusesWhatIsTooLarge) {
  ByteVector bytes(command_bytes_max + 1, std::byte{0});
  bytes[0] = std::byte{command_version};
  EXPECT_EQ(error_of(bytes), CommandError::too_large);
}

TEST(CommandsTest, BelievesNoCountThatTheBytesCannotHold) {
  ByteVector bytes;
  Writer out(bytes);
  out.word(command_version);
  out.word(std::uint8_t{2});  // evict
  for (int i = 0; i < 4; ++i) out.word(std::uint64_t{0});
  out.word(std::uint8_t{4});  // expired
  out.count(16'000);
  EXPECT_EQ(error_of(bytes), CommandError::malformed);
}

/// What a client could ask for and the decoder must refuse, with the field that is to blame.
struct BadSpec {
  std::string field;
  void (*spoil)(MemberSpec&);
};
class BadSpecTest : public testing::TestWithParam<BadSpec> {};

TEST_P(BadSpecTest, IsRefusedAndNamed) {
  MemberSpec spec = whole_spec();
  EXPECT_FALSE(problem_with(spec).has_value());
  GetParam().spoil(spec);
  const auto problem = problem_with(spec);
  ASSERT_TRUE(problem.has_value());
  EXPECT_EQ(problem->field.substr(0, GetParam().field.size()), GetParam().field);
  EXPECT_FALSE(problem->allowed.empty());

  ByteVector bytes;
  Writer out(bytes);
  out.word(command_version);
  out.word(std::uint8_t{0});  // join
  for (int i = 0; i < 4; ++i) out.word(std::uint64_t{0});
  out.text("jobs");
  write(out, spec);
  EXPECT_EQ(error_of(bytes), CommandError::malformed);
}

INSTANTIATE_TEST_SUITE_P(
    Fields, BadSpecTest,
    testing::Values(BadSpec{"id", [](MemberSpec& s) { s.id = ""; }},
                    BadSpec{"id", [](MemberSpec& s) { s.id = "../etc"; }},
                    BadSpec{"id", [](MemberSpec& s) { s.id.assign(129, 'a'); }},
                    BadSpec{"life", [](MemberSpec& s) { s.life.id = {}; }},
                    BadSpec{"address", [](MemberSpec& s) { s.address.assign(257, 'a'); }},
                    BadSpec{"address", [](MemberSpec& s) { s.address = "a\nb"; }},
                    BadSpec{"address", [](MemberSpec& s) { s.address = "\xff"; }},
                    BadSpec{"ttl", [](MemberSpec& s) { s.ttl = 1ms; }},
                    BadSpec{"ttl", [](MemberSpec& s) { s.ttl = 25h; }},
                    BadSpec{"meta", [](MemberSpec& s) { s.meta = {{"b", ""}, {"a", ""}}; }},
                    BadSpec{"meta", [](MemberSpec& s) { s.meta = {{"a", ""}, {"a", ""}}; }},
                    BadSpec{"meta", [](MemberSpec& s) { s.meta = {{"", "x"}}; }},
                    BadSpec{"meta",
                            [](MemberSpec& s) { s.meta = {{"a", std::string(1025, 'x')}}; }},
                    BadSpec{"meta",
                            [](MemberSpec& s) {
                              s.meta.clear();
                              for (char c = 'a'; c < 'f'; ++c) {
                                s.meta.push_back({std::string(1, c), std::string(1000, 'x')});
                              }
                            }},
                    BadSpec{"check", [](MemberSpec& s) { s.check.target = ""; }},
                    BadSpec{"check", [](MemberSpec& s) { s.check.interval = 1ms; }},
                    BadSpec{"check", [](MemberSpec& s) { s.check.timeout = 2s; }},
                    BadSpec{"check", [](MemberSpec& s) { s.check.timeout = 0s; }},
                    BadSpec{"check", [](MemberSpec& s) { s.check.misses = 0; }},
                    BadSpec{"check", [](MemberSpec& s) { s.check.misses = 101; }}));

/// The decoder must refuse what encode() would check: so these bytes are made by hand.
ByteVector spoiled(const Command& command, std::string_view from, std::string_view to) {
  const ByteVector bytes = encode(command);
  std::string text(as_text(bytes));
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos);
  text.replace(at, from.size(), to);
  return {as_bytes(text).begin(), as_bytes(text).end()};
}

TEST(CommandsTest, NamesWhatAGroupMayBeCalled) {
  EXPECT_FALSE(problem_with_group_name("jobs").has_value());
  EXPECT_FALSE(problem_with_group_name("auto").has_value());
  EXPECT_EQ(problem_with_group_name("no blanks")->allowed, name_rule);
  EXPECT_NE(problem_with_group_name("cluster")->allowed.find("agents"), std::string_view::npos);
}

RC_GTEST_PROP(CommandsPropertyTest, PeeksTheRequestThatTheDecoderReads, ()) {
  const Command command = *any_command();
  const ByteVector bytes = encode(command);
  RC_ASSERT(peek_request(bytes) == command.request);
}

TEST(CommandsTest, PeeksAtNothingThatHasNoHead) {
  const ByteVector bytes =
      encode({.request = {{1, 2}, 3, 1}, .action = Leave{"jobs", "worker-1", {}}});
  for (std::size_t size = 0; size < 34; ++size) {
    EXPECT_FALSE(peek_request(Bytes(bytes).first(size)).has_value()) << size;
  }
  EXPECT_TRUE(peek_request(Bytes(bytes).first(34)).has_value());
}

/// PROTOCOL.md, "Commands of the registry", shows these bytes.
TEST(CommandsTest, HasTheBytesThatTheProtocolShows) {
  const ByteVector bytes = encode({.request = {{1, 2}, 4, 1}, .action = Leave{"jobs", "a", {}}});
  EXPECT_EQ(hex(bytes),
            "0101"
            "00000000000000010000000000000002"
            "00000000000000040000000000000001"
            "00046a6f6273000161"
            "000000000000000000000000000000000000000000000000");
}

TEST(CommandsTest, KeepsClientsOutOfTheGroupCluster) {
  const Command join{.request = {}, .action = Join{"clusteR", whole_spec()}};
  EXPECT_EQ(error_of(spoiled(join, "clusteR", "cluster")), CommandError::malformed);
  const Command leave{.request = {}, .action = Leave{"clusteR", "a", {}}};
  EXPECT_EQ(error_of(spoiled(leave, "clusteR", "cluster")), CommandError::malformed);
  const Command evict{.request = {}, .action = Evict{Cause::expired, {{"clusteR", "a", 1}}}};
  EXPECT_EQ(error_of(spoiled(evict, "clusteR", "cluster")), CommandError::malformed);
}

TEST(CommandsTest, RefusesAMemberThatIsSaidTwiceInOneView) {
  ChangeCluster change;
  change.removed = {{"one", life(1), Cause::failed}, {"two", life(1), Cause::failed}};
  change.joined = {server("three", 1), server("four1", 1)};
  const Command command{.request = {}, .action = change};
  EXPECT_EQ(error_of(spoiled(command, "two", "one")), CommandError::malformed);
  EXPECT_EQ(error_of(spoiled(command, "four1", "three")), CommandError::malformed);
}

}  // namespace
}  // namespace rollcall::registry
