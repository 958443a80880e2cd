// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/simulate_text.hpp"
#include "cli/test_run.hpp"

namespace rollcall::cli {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

Result simulate(const std::vector<std::string>& words) {
  return run_command("simulate", words);
}

/// A scenario in a file of its own, for as long as the test runs.
class SimulateTest : public testing::Test {
 protected:
  std::string write(const std::string& text) {
    std::ofstream(path_) << text;
    return path_;
  }
  void TearDown() override { std::remove(path_.c_str()); }

 private:
  std::string path_ = testing::TempDir() + "simulate_" +
                      testing::UnitTest::GetInstance()->current_test_info()->name() + ".yaml";
};

TEST_F(SimulateTest, TellsWhatItMeasuredAndThatAllHolds) {
  const std::string file = write(
      "name: one-crash\ncluster: {members: 5}\nfaults: [{crash: n3, at: 5s}]\n"
      "expect: {crash-known-within: 1s, converged-within: 5s}\n");

  const Result result = simulate({file, "--seed", "7"});

  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, StartsWith("one-crash: 5 members, 35.0s of virtual time, seed 7\n"));
  EXPECT_THAT(result.out, HasSubstr("deaths known to all survivors    1 of 1"));
  EXPECT_THAT(result.out, HasSubstr("\nholds\n"));
  EXPECT_EQ(simulate({file, "--seed", "7"}).out, result.out);
  EXPECT_NE(simulate({file, "--seed", "8"}).out, result.out);
}

TEST_F(SimulateTest, SaysWhatDoesNotHoldAndHowToSeeItAgain) {
  const std::string file = write(
      "cluster: {members: 5}\nfaults: [{power-off: n3, at: 5s}]\n"
      "expect: {silence-known-within: 10ms}\n");

  const Result result = simulate({file, "--repetitions", "2", "--seed", "4"});

  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, IsEmpty());
  EXPECT_THAT(result.out, HasSubstr("\ndoes not hold\n  expect.silence-known-within: found "));
  EXPECT_THAT(result.out, HasSubstr("replay: rollcall simulate " + file + " --seed 4\n"));
}

TEST_F(SimulateTest, PrintsJson) {
  const std::string file = write(
      "cluster: {members: 5}\nduration: 20s\nfaults: [{crash: n3, at: 5s}]\n"
      "measure: [detection]\n");

  const Result result = simulate({file, "--repetitions", "3", "--json"});

  const auto json = nlohmann::json::parse(result.out);
  EXPECT_EQ(json.at("holds"), true);
  EXPECT_EQ(json.at("runs").size(), 3U);
  EXPECT_EQ(json.at("detection").at("count"), 3);
  EXPECT_EQ(json.at("runs")[1].at("seed"), 2);
  EXPECT_FALSE(json.at("runs")[0].at("measured").contains("bytes_per_second"));
}

TEST_F(SimulateTest, WritesATranscript) {
  const std::string file = write("{cluster: {members: 3}, duration: 2s}");
  const std::string transcript = file + ".txt";

  EXPECT_EQ(simulate({file, "--transcript", transcript}).status, 0);

  std::ifstream stream(transcript);
  std::string line;
  std::getline(stream, line);
  EXPECT_EQ(line, "0.000000  n0 starts");
  std::remove(transcript.c_str());
}

TEST_F(SimulateTest, RefusesABadScenarioWithAllThatIsWrongWithIt) {
  const std::string file = write("cluster:\n  members: 3\nfaults:\n  - crash: n7\n  - thaw: n3\n");

  const Result result = simulate({file});

  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(result.err, StartsWith("rollcall: simulate: " + file +
                                     ":4:5: faults[0].crash: found n7, who does not exist; "
                                     "allowed: n0 to n2"));
  EXPECT_THAT(result.err, HasSubstr("also " + file + ":5:5: faults[1].thaw: found n3"));
}

TEST_F(SimulateTest, RefusesWhatDoesNotFitInMemoryBeforeItStarts) {
  const Result result = simulate({write("{cluster: {members: 200000}, duration: 1s}")});

  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("a cluster of 200000 members needs about 23849."));
}

TEST_F(SimulateTest, ExplainsMisuse) {
  struct Case {
    std::vector<std::string> words;
    std::string why;
  };
  const std::vector<Case> cases = {
      {{"/nowhere.yaml"}, "/nowhere.yaml: cannot be read: No such file or directory"},
      {{"a.yaml", "--swarm", "3"}, "found a scenario and --swarm; give one of the two"},
      {{"--swarm", "3", "--repetitions", "2"}, "--swarm takes neither"},
      {{"--swarm", "0"}, "--swarm: '0' is not a whole number from 1 to"},
      {{"a.yaml", "--seed", "-1"}, "--seed: '-1' is not a whole number from 0 to"},
  };
  for (const Case& misuse : cases) {
    const Result result = simulate(misuse.words);
    EXPECT_EQ(result.status, 2) << misuse.why;
    EXPECT_THAT(result.err, HasSubstr(misuse.why));
    EXPECT_THAT(result.out, IsEmpty());
  }
}

TEST(SimulateSwarmTest, TellsHowManyHold) {
  const Result result = simulate({"--swarm", "3"});

  EXPECT_EQ(result.status, 0) << result.out;
  EXPECT_THAT(result.out, StartsWith("3 clusters, "));
  EXPECT_THAT(result.out, HasSubstr(" of virtual time, seeds 1 to 3: all hold\n"));
  EXPECT_EQ(nlohmann::json::parse(simulate({"--swarm", "3", "--json"}).out).at("clusters"), 3);
}

TEST(SimulateTextTest, ShowsAboutThreeDigits) {
  EXPECT_EQ(to_text_short(Duration::zero()), "0s");
  EXPECT_EQ(to_text_short(850us), "850us");
  EXPECT_EQ(to_text_short(12'345us), "12.3ms");
  EXPECT_EQ(to_text_short(4'567ms), "4.57s");
  EXPECT_EQ(to_text_short(200s), "3m20s");
  EXPECT_EQ(to_text_short(5h), "5h0m");
  EXPECT_EQ(spread_text({}), "none");
  EXPECT_EQ(spread_text({1ms}), "1.00ms");
  EXPECT_EQ(spread_text({3ms, 1ms, 2ms}), "median 2.00ms, p99 3.00ms, max 3.00ms (3)");
}

TEST(SimulateTextTest, QuotesWhatAShellWouldSplit) {
  EXPECT_EQ(shell_word("a/b-1.yaml"), "a/b-1.yaml");
  EXPECT_EQ(shell_word("it's a.yaml"), "'it'\\''s a.yaml'");
  EXPECT_EQ(shell_word(""), "''");
}

}  // namespace
}  // namespace rollcall::cli
