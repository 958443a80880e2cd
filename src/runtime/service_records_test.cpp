// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/service_records.hpp"

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <thread>

#include "runtime/test_support.hpp"

namespace rollcall::runtime {
namespace {

using core::ResolveError;

/// Writes DNS messages (RFC 1035, section 4).
class MessageWriter {
 public:
  void u16(unsigned value) {
    bytes_.push_back(static_cast<std::byte>(value >> 8U));
    bytes_.push_back(static_cast<std::byte>(value));
  }
  void name(std::string_view text) {
    while (!text.empty() && text != ".") {
      const std::size_t dot = std::min(text.find('.'), text.size());
      bytes_.push_back(static_cast<std::byte>(dot));
      for (const char c : text.substr(0, dot)) bytes_.push_back(static_cast<std::byte>(c));
      text.remove_prefix(std::min(dot + 1, text.size()));
    }
    bytes_.push_back(std::byte{0});
  }
  void head(unsigned id, unsigned code, unsigned answers) {
    u16(id);
    u16(0x8180U | code);
    for (const unsigned count : {1U, answers, 0U, 0U}) u16(count);
    name(asked);
    u16(33);  // SRV
    u16(1);   // IN
  }
  void record_head(unsigned type, std::size_t size) {
    u16(0xC00C);  // the name asked for, at byte 12
    u16(type);
    u16(1);
    u16(0);
    u16(60);  // seconds to live
    u16(static_cast<unsigned>(size));
  }
  void service(const ServiceRecord& record) {
    MessageWriter target;
    target.name(record.target);
    record_head(33, 6 + target.bytes_.size());
    for (const unsigned number : {record.priority, record.weight, record.port}) u16(number);
    bytes_.insert(bytes_.end(), target.bytes_.begin(), target.bytes_.end());
  }
  [[nodiscard]] const ByteVector& bytes() const { return bytes_; }

  static constexpr std::string_view asked = "_rollcall._udp.example.org";

 private:
  ByteVector bytes_;
};

ByteVector answer_of(const std::vector<ServiceRecord>& records, unsigned id = 1) {
  MessageWriter writer;
  writer.head(id, 0, static_cast<unsigned>(records.size()));
  for (const ServiceRecord& record : records) writer.service(record);
  return writer.bytes();
}

ByteVector failure_of(unsigned code, unsigned id = 1) {
  MessageWriter writer;
  writer.head(id, code, 0);
  return writer.bytes();
}

const std::vector<ServiceRecord> two = {{10, 5, 7420, "db1.example.org"},
                                        {20, 0, 7430, "db2.example.org"}};

TEST(ServiceRecordsTest, ReadsPriorityWeightPortAndTarget) {
  EXPECT_EQ(parse_service_answer(answer_of(two)), two);
}

TEST(ServiceRecordsTest, PassesOverOtherRecords) {
  MessageWriter writer;
  writer.head(1, 0, 2);
  MessageWriter alias;
  alias.name("other.example.org");
  writer.record_head(5, alias.bytes().size());  // CNAME
  writer.name("other.example.org");
  writer.service(two[0]);

  EXPECT_EQ(parse_service_answer(writer.bytes()), std::vector{two[0]});
}

TEST(ServiceRecordsTest, SaysWhyThereAreNone) {
  constexpr unsigned server_failure = 2;
  constexpr unsigned no_such_name = 3;
  const auto error_of = [](const ByteVector& message) {
    return parse_service_answer(message).error();
  };
  EXPECT_EQ(error_of(failure_of(no_such_name)), ResolveError::not_found);
  EXPECT_EQ(error_of(failure_of(server_failure)), ResolveError::failed);
  EXPECT_EQ(error_of(answer_of({})), ResolveError::not_found);
  EXPECT_EQ(error_of(answer_of({{0, 0, 7420, "."}})), ResolveError::not_found);
  EXPECT_EQ(error_of({}), ResolveError::failed);
}

TEST(ServiceRecordsTest, RefusesEveryCutMessage) {
  const ByteVector whole = answer_of(two);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(parse_service_answer(Bytes(whole).first(size))) << size;
  }
}

TEST(ServiceRecordsTest, SurvivesAnyByteOfAMessageBeingAnother) {
  ByteVector message = answer_of(two);
  for (std::byte& byte : message) {
    const std::byte good = byte;
    for (unsigned value = 0; value < 256; ++value) {
      byte = static_cast<std::byte>(value);
      const auto records = parse_service_answer(message);
      EXPECT_LE(records ? records->size() : 0, two.size());
    }
    byte = good;
  }
}

TEST(ServiceRecordsTest, OrdersByPriorityAndThenByWeight) {
  Prng prng(1);
  std::map<std::string, int> first;
  constexpr int rounds = 2000;
  for (int round = 0; round < rounds; ++round) {
    std::vector<ServiceRecord> records = {
        {20, 100, 1, "last"}, {10, 0, 1, "never"}, {10, 9, 1, "seldom"}, {10, 89, 1, "often"}};
    order_services(records, prng);
    ++first[records.front().target];
    EXPECT_EQ(records.back().target, "last");
  }

  EXPECT_NEAR(first["often"], rounds * 0.9, rounds * 0.05);
  EXPECT_NEAR(first["seldom"], rounds * 0.1, rounds * 0.05);
  EXPECT_GT(first["never"], 0) << "one without weight has its turn, too";
}

/// A name server on loopback that gives the same answer to everybody.
class NameServer {
 public:
  explicit NameServer(std::function<ByteVector(unsigned id)> answer)
      : answer_(std::move(answer)),
        thread_([this] { serve(); }) {}
  ~NameServer() {
    is_ending_ = true;
    thread_.join();
  }
  NameServer(const NameServer&) = delete;
  NameServer& operator=(const NameServer&) = delete;

  [[nodiscard]] const Address& address() const { return sockets_.address; }

 private:
  void serve() {
    while (!is_ending_) {
      pollfd waiting{.fd = sockets_.udp.get(), .events = POLLIN, .revents = 0};
      if (::poll(&waiting, 1, 20) != 1) continue;
      std::array<std::byte, 512> question{};
      RawAddress from;
      const ssize_t size = ::recvfrom(sockets_.udp.get(), question.data(), question.size(), 0,
                                      from.data(), &from.size);
      if (size < 2) continue;
      const unsigned id =
          std::to_integer<unsigned>(question[0]) << 8U | std::to_integer<unsigned>(question[1]);
      const ByteVector answer = answer_(id);
      ::sendto(sockets_.udp.get(), answer.data(), answer.size(), 0, from.data(), from.size);
    }
  }

  BoundSockets sockets_ = bound();
  std::function<ByteVector(unsigned)> answer_;
  std::atomic<bool> is_ending_ = false;
  std::thread thread_;
};

TEST(ServiceRecordsTest, AsksANameServer) {
  const NameServer server([](unsigned id) { return answer_of(two, id); });

  EXPECT_EQ(look_up_services(std::string(MessageWriter::asked) + ".", server.address()), two);
}

TEST(ServiceRecordsTest, TellsThatTheNameServerKnowsNoSuchName) {
  const NameServer server([](unsigned id) { return failure_of(3, id); });

  const auto records = look_up_services(std::string(MessageWriter::asked) + ".", server.address());

  ASSERT_FALSE(records);
  EXPECT_EQ(records.error(), ResolveError::not_found);
}

}  // namespace
}  // namespace rollcall::runtime
