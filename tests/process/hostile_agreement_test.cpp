// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <deque>
#include <filesystem>

#include <gmock/gmock.h>
#include <sys/resource.h>

#include "base/prng.hpp"
#include "consensus/frames.hpp"
#include "process/agreement_cluster.hpp"
#include "process/raw_stream.hpp"
#include "registry/commands.hpp"
#include "wire/datagram.hpp"
#include "wire/stream.hpp"

/// A member that says, where members agree, what no member would: it is refused or hung up on, and
/// the others are served all the while.
namespace rollcall::test {
namespace {

constexpr std::size_t length_bytes = 4;
constexpr std::uint64_t kilobytes_more_max = 256 << 10U;

LifeId parse_id(const std::string& text) {
  LifeId id{};
  (void)std::from_chars(text.data(), text.data() + 16, id.high, 16);
  (void)std::from_chars(text.data() + 16, text.data() + text.size(), id.low, 16);
  return id;
}

/// After its length, as on a stream.
ByteVector with_length(const ByteVector& frame, std::size_t said) {
  ByteVector bytes;
  for (std::size_t i = 0; i < length_bytes; ++i) {
    bytes.push_back(static_cast<std::byte>(said >> (8 * i)));
  }
  bytes.insert(bytes.end(), frame.begin(), frame.end());
  return bytes;
}
ByteVector with_length(const ByteVector& frame) {
  return with_length(frame, frame.size());
}
ByteVector encoded(const consensus::Frame& frame) {
  ByteVector bytes;
  consensus::encode_frame(frame, bytes);
  return bytes;
}

ByteVector join_of(const std::string& id) {
  registry::Join join{.group = "g", .member = {}};
  join.member.id = id;
  join.member.address = "127.0.0.1:1";
  return registry::encode(
      {.request = {.client = {.high = 6, .low = 6}, .sequence = 1, .answered_below = 1},
       .action = std::move(join)});
}

/// One agent that leads a log of its own, and a member of its cluster that takes no part in what is
/// agreed, in whose name the test speaks.
class HostileAgreementTest : public AgreementTest {
 protected:
  void SetUp() override {
    agent_ = &start({.name = "n1"});
    AgentProcess& evil =
        start({.name = "evil", .join = {agent_->bind()}, .flags = {"--agreement", "off"}});
    ASSERT_TRUE(eventually([&] {
      return agent_->state_of("evil") == "alive" && evil.state_of("n1") == "alive" &&
             agreement(*agent_).value("role", "") == "leader";
    })) << agreement(*agent_);
    life_ = parse_id(agent_->id_of("evil"));
    log_ = parse_id(agreement(*agent_)["log"]);
    expect_serves("before");
  }

  /// A stream that was welcomed.
  std::unique_ptr<RawStream> open() const {
    auto stream = std::make_unique<RawStream>(agent_->port());
    ByteVector hello;
    wire::encode_frame({.cluster = wire::cluster_hash("default"), .sender = life_, .health = 0},
                       wire::AgreementHello{"evil"}, hello);
    stream->send(hello);
    const std::string head = stream->read(wire::frame_head_bytes);
    const auto welcome =
        wire::decode_frame_head(std::as_bytes(std::span(head.data(), head.size())));
    EXPECT_TRUE(welcome) << head.size() << " bytes came back";
    if (welcome) (void)stream->read(welcome->body_bytes);
    return stream;
  }
  /// The next frame that comes back.
  static std::optional<consensus::Frame> next_frame(RawStream& stream) {
    const std::string head = stream.read(length_bytes);
    if (head.size() < length_bytes) return std::nullopt;
    std::size_t length = 0;
    for (std::size_t i = 0; i < length_bytes; ++i) {
      length |= static_cast<std::size_t>(static_cast<unsigned char>(head[i])) << (8 * i);
    }
    const std::string body = stream.read(length);
    const auto frame = consensus::decode_frame(std::as_bytes(std::span(body)));
    if (!frame) return std::nullopt;
    return *frame;
  }
  /// What comes back to a proposal; nothing: it was taken, or the stream has ended.
  std::optional<consensus::LogRefusal> refusal_of(const consensus::ProposeFrame& frame) const {
    const auto stream = open();
    stream->send(with_length(encoded(frame)));
    stream->end_of_sending();
    const auto reply = next_frame(*stream);
    const auto* const refused = reply ? std::get_if<consensus::ProposeRefused>(&*reply) : nullptr;
    if (refused == nullptr) return std::nullopt;
    EXPECT_EQ(refused->token, frame.token);
    return refused->why;
  }
  /// Whether the agent ends a stream on which that was said, without a word.
  bool is_hung_up_on(const ByteVector& bytes) const {
    const auto stream = open();
    stream->send(bytes);
    return stream->answer().empty() && stream->is_ended();
  }

  void expect_serves(const std::string& id) const {
    EXPECT_TRUE(agent_->is_running());
    const Answer answer = join(*agent_, "g", id);
    EXPECT_TRUE(is_done(answer)) << answer.body;
    EXPECT_THAT(ids(group(*agent_, "g", "linearizable")), testing::Contains(id));
    EXPECT_EQ(agreement(*agent_).value("trouble", ""), "");
  }
  [[nodiscard]] std::uint64_t resident_kilobytes() const {
    const std::string status = read_file("/proc/" + std::to_string(agent_->pid()) + "/status");
    const std::size_t at = status.find("VmRSS:");
    return at == std::string::npos ? 0 : std::stoull(status.substr(at + 6));
  }
  [[nodiscard]] std::size_t open_files() const {
    std::size_t count = 0;
    const std::filesystem::path place = "/proc/" + std::to_string(agent_->pid()) + "/fd";
    for ([[maybe_unused]] const auto& one : std::filesystem::directory_iterator(place)) ++count;
    return count;
  }

  AgentProcess* agent_ = nullptr;
  LifeId life_;
  consensus::LogId log_;
};

TEST_F(HostileAgreementTest, HangsUpOnWhatIsNoFrame) {
  const std::uint64_t before = resident_kilobytes();
  EXPECT_TRUE(is_hung_up_on(with_length({}, 0xFFFFFFFF)));
  EXPECT_TRUE(is_hung_up_on(with_length({}, consensus::frame_bytes_max + 1)));
  EXPECT_TRUE(is_hung_up_on(with_length({})));
  Prng prng(3);
  for (int round = 0; round < 50; ++round) {
    ByteVector frame(1 + prng.below(2000));
    for (std::byte& byte : frame) byte = static_cast<std::byte>(prng.below(256));
    frame[0] = static_cast<std::byte>(200 + prng.below(56));  // a kind that is none
    EXPECT_TRUE(is_hung_up_on(with_length(frame)));
  }
  // Counts of what does not follow.
  for (const unsigned kind : {1U, 9U, 12U}) {
    ByteVector frame(64, std::byte{0xFF});
    frame[0] = static_cast<std::byte>(kind);
    EXPECT_TRUE(is_hung_up_on(with_length(frame))) << kind;
  }
  ByteVector report = encoded(consensus::CutReport{{{"n1", Life{1, life_}}}});
  report.pop_back();
  EXPECT_TRUE(is_hung_up_on(with_length(report)));

  expect_serves("after");
  EXPECT_LT(resident_kilobytes(), before + kilobytes_more_max);
}

TEST_F(HostileAgreementTest, TakesNothingFromFramesThatAreCutShort) {
  const ByteVector whole = with_length(
      encoded(consensus::ProposeFrame{log_, consensus::ProposalToken{1}, join_of("x")}));
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    const auto stream = open();
    stream->send(Bytes(whole).first(size));
    stream->end_of_sending();
    EXPECT_EQ(stream->answer(), "") << size;
  }
  expect_serves("after");
  EXPECT_THAT(ids(group(*agent_, "g")), testing::Not(testing::Contains("x")));
}

/// A command that only a later version of rollcall understands would stop every member if it
/// reached the log.
TEST_F(HostileAgreementTest, RefusesCommandsThatItCannotJudge) {
  ByteVector later = join_of("x");
  later[0] = std::byte{0xEE};
  const auto refusal = [&](const consensus::LogId& log, ByteVector command) {
    return refusal_of({log, consensus::ProposalToken{5}, std::move(command)});
  };
  EXPECT_EQ(refusal(log_, later), consensus::LogRefusal::no_leader);
  EXPECT_EQ(refusal(log_, ByteVector(100, std::byte{1})), consensus::LogRefusal::too_large);
  EXPECT_EQ(refusal(log_, {}), consensus::LogRefusal::too_large);
  EXPECT_EQ(refusal({.high = 1, .low = 1}, join_of("x")), consensus::LogRefusal::no_leader);

  expect_serves("after");
  EXPECT_THAT(ids(group(*agent_, "g")), testing::Not(testing::Contains("x")));
}

TEST_F(HostileAgreementTest, DoesOnceWhatIsSaidAgainAndAgain) {
  const std::uint64_t before = group(*agent_, "g", "linearizable")["view"];
  const ByteVector frame = with_length(
      encoded(consensus::ProposeFrame{log_, consensus::ProposalToken{1}, join_of("x")}));
  const auto stream = open();
  for (int i = 0; i < 500; ++i) EXPECT_TRUE(stream->send(frame));

  EXPECT_TRUE(
      eventually([&] { return group(*agent_, "g", "linearizable")["view"] == before + 1; }));
  expect_serves("after");
  EXPECT_EQ(group(*agent_, "g", "linearizable")["view"], before + 2);
}

/// Members of no log, of another one, and voters that nobody knows.
TEST_F(HostileAgreementTest, LeadsOnWhateverStrangersSay) {
  const std::uint64_t term = agreement(*agent_)["term"];
  const auto stream = open();
  Prng prng(5);
  for (std::uint64_t round = 0; round < 2000; ++round) {
    const consensus::raft::VoteRequest request{
        .term = consensus::raft::Term{term + prng.below(3)}, .kind = {}, .cause = {}, .last = {}};
    consensus::LogId log = log_;
    if (round % 2 == 0) log = {.high = round + 1, .low = 3};
    EXPECT_TRUE(stream->send(
        with_length(encoded(consensus::RaftFrame{.log = log,
                                                 .from = consensus::raft::VoterId{100 + round},
                                                 .to = consensus::raft::VoterId{1 + round},
                                                 .message = request}))));
    const consensus::Fetch fetch{
        .log = log,
        .token = round,
        .after = consensus::raft::Index{prng.next() >> (2 + prng.below(60))},
        .patience_ms = 0,
        .snapshot = {},
        .offset = prng.next() >> 2U};
    EXPECT_TRUE(stream->send(with_length(encoded(fetch))));
  }
  stream->end_of_sending();
  (void)stream->answer();

  expect_serves("after");
  EXPECT_EQ(agreement(*agent_)["role"], "leader");
}

TEST_F(HostileAgreementTest, ServesOthersWhileThousandsOfStreamsAreHalfOpen) {
  constexpr std::size_t streams = 2000;
  constexpr std::size_t files_max = 1200;
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlim_t before_limit = std::exchange(limit.rlim_cur, limit.rlim_max);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  const std::uint64_t before = resident_kilobytes();

  std::deque<RawStream> silent;
  for (std::size_t i = 0; i < streams; ++i) {
    RawStream& stream = silent.emplace_back(agent_->port());
    if (i % 2 == 0) stream.send("RC");
  }
  std::deque<std::unique_ptr<RawStream>> welcome;
  // Frames that go on for ever without coming.
  const ByteVector begun = with_length(ByteVector(10, std::byte{9}), consensus::frame_bytes_max);
  expect_serves("meanwhile");
  EXPECT_LT(open_files(), files_max);
  silent.clear();
  for (std::size_t i = 0; i < 200; ++i) {
    welcome.push_back(open());
    welcome.back()->send(begun);
  }
  expect_serves("while-it-waits");

  EXPECT_LT(open_files(), files_max);
  EXPECT_LT(resident_kilobytes(), before + kilobytes_more_max);
  welcome.clear();
  expect_serves("after");
  limit.rlim_cur = before_limit;
  EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
}

}  // namespace
}  // namespace rollcall::test
