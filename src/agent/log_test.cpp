// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/log.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "agent/stats.hpp"

namespace rollcall::agent {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class LogTest : public testing::Test {
 protected:
  LogTest() { settings_.log_file = path_; }
  ~LogTest() override {
    std::remove(path_.c_str());
    std::remove((path_ + ".1").c_str());
  }
  static std::string read(const std::string& path) {
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  [[nodiscard]] std::string written() const { return read(path_); }

  std::string path_ = testing::TempDir() + "rollcall_log_test." + std::to_string(::getpid());
  Settings settings_;
};

TEST_F(LogTest, WritesTextLines) {
  const auto log = Log::open(settings_);

  log->write(LogLevel::warn, "member-failed", {{"member", "b"}, {"why", "two words"}, {"n", 3}});

  EXPECT_THAT(written(), testing::MatchesRegex("[0-9T:.+-]+ warn  member-failed member=b "
                                               "why=\"two words\" n=3\n"));
}

TEST_F(LogTest, WritesRecordsAsJsonAloneInEitherFormat) {
  for (const std::string format : {"text", "json"}) {
    std::remove(path_.c_str());
    settings_.log_format = format;
    const auto log = Log::open(settings_);

    log->record(LogLevel::info, {{"peer", "a"}, {"view", 3}});
    log->write(LogLevel::info, "after", {});

    const std::string text = written();
    const auto record = nlohmann::json::parse(text.substr(0, text.find('\n')));
    EXPECT_TRUE(text.starts_with("{\"peer\":\"a\",\"view\":3,\"time\":")) << text;
    EXPECT_EQ(record.size(), 3U);
    EXPECT_EQ(std::ranges::count(text, '\n'), 2);
  }
}

TEST_F(LogTest, WritesJsonLines) {
  settings_.log_format = "json";
  const auto log = Log::open(settings_);

  log->write(LogLevel::info, "STATS", {{"alive", 5}});

  const auto line = nlohmann::json::parse(written());
  EXPECT_EQ(line["level"], "info");
  EXPECT_EQ(line["message"], "STATS");
  EXPECT_EQ(line["alive"], 5);
  EXPECT_THAT(line["time"].get<std::string>(), testing::EndsWith("Z"));
}

TEST_F(LogTest, KeepsEveryMessageOnOneLine) {
  const auto log = Log::open(settings_);

  log->write(LogLevel::info, "a\nforged line", {{"tag", "x\ny=\"z\"\xff"}});

  const std::string text = written();
  EXPECT_EQ(std::ranges::count(text, '\n'), 1) << text;
  EXPECT_THAT(text, HasSubstr("tag=\"x\\ny=\\\"z\\\"\uFFFD\""));
}

TEST_F(LogTest, HeedsTheLevel) {
  settings_.log_level = "warn";
  auto log = Log::open(settings_);
  log->write(LogLevel::info, "quiet");
  log->set_level("debug");
  log->write(LogLevel::debug, "loud");

  EXPECT_THAT(written(), testing::Not(HasSubstr("quiet")));
  EXPECT_THAT(written(), HasSubstr("loud"));
}

TEST_F(LogTest, OpensAFileThatWasMovedAwayAnew) {
  auto log = Log::open(settings_);
  log->write(LogLevel::info, "before");
  std::filesystem::rename(path_, path_ + ".1");

  ASSERT_TRUE(log->reopen().has_value());
  log->write(LogLevel::info, "after");

  EXPECT_THAT(read(path_ + ".1"), HasSubstr("before"));
  EXPECT_THAT(written(), HasSubstr("after"));
  EXPECT_THAT(written(), testing::Not(HasSubstr("before")));
}

TEST_F(LogTest, SaysWhyAFileCannotBeOpened) {
  settings_.log_file = "/proc/nothing/here";
  const auto log = Log::open(settings_);
  ASSERT_FALSE(log.has_value());
  EXPECT_THAT(log.error(), HasSubstr("/proc/nothing"));
}

TEST(StatsTest, CountsMembersAndGivesRatesSinceTheLineBefore) {
  auto members = std::make_shared<MemberList::Storage>();
  for (const MemberState state : {MemberState::alive, MemberState::alive, MemberState::failed}) {
    Member member;
    member.name = std::string(1, static_cast<char>('a' + members->size()));
    member.state = state;
    members->push_back(std::make_shared<const Member>(member));
  }
  const MemberList list("a", members);
  Stats stats;
  Status status;
  status.uptime = 10s;
  status.datagrams_sent = 20;
  status.bytes_received = 1000;

  const auto settings = std::make_shared<const SettingsInForce>();

  const LogFields first = stats.next({status, list, settings});
  EXPECT_EQ(first["members"], 3);
  EXPECT_EQ(first["alive"], 2);
  EXPECT_EQ(first["failed"], 1);
  EXPECT_EQ(first["detector"], "pingack");
  EXPECT_EQ(first["messages_per_s"], 2.0);
  EXPECT_EQ(first["bytes_per_s"], 100.0);

  status.uptime = 14s;
  status.datagrams_received = 6;
  EXPECT_EQ(stats.next({status, list, settings})["messages_per_s"], 1.5);
  EXPECT_EQ(stats.next({status, list, settings})["messages_per_s"], 0);

  SettingsInForce changed;
  changed.settings.detector = Detector::gossip;
  changed.settings.suspicion = false;
  const LogFields last =
      stats.next({status, list, std::make_shared<const SettingsInForce>(changed)});
  EXPECT_EQ(last["detector"], "gossip");
  EXPECT_EQ(last["suspicion"], "disabled");
}

}  // namespace
}  // namespace rollcall::agent
