// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/scenario_yaml.hpp"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/scenario_faults.hpp"
#include "lab/scenario_settings.hpp"
#include "lab/swarm.hpp"

namespace rollcall::lab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// What is wrong with the text, a line each.
std::vector<std::string> problems_of(const std::string& text) {
  const auto scenario = parse_scenario(text);
  if (scenario) return {};
  std::vector<std::string> lines;
  for (const ScenarioProblem& problem : scenario.error()) {
    lines.push_back(to_text(problem, "a.yaml"));
  }
  return lines;
}

TEST(ScenarioTest, ReadsAllOfTheLanguage) {
  const auto read = parse_scenario(R"(
name: everything
summary: one of each
cluster:
  members: 20
  profile: swim
  start: cold
  start-gap: 1s
  seeds: 2
  detector: {probe-interval: 2s, probe-timeout: 400ms, suspicion-time: auto, suspicion: disabled}
network: {zones: [n0..n9, [n10, n12..n19]], between-zones: {delay: 30ms, loss: 1%},
          delay: 1ms..3ms, delay-shape: pareto, delay-mean: 1500us, loss: 5%, duplicate: 0.01, reorder: 0.02, reorder-by: 9ms}
duration: 200s
faults:
  - crash: n3
    at: 1s
    for: 2s
    disk: lost
    address: new
  - power-off: [n4, n6..n7]
    at: 5s
    for: 3s
  - restart: in turn
    at: 10s
    every: 2s
    until: 48s
    down: 100ms
  - freeze: 25%
    for: 1500ms
  - hold-input: 2 at random
  - partition: [n0..n4, n5..n9, 3 at random]
    for: 10s
  - cut: n0..n1 <-> n5
    for: 1s
  - mend: n0 -> n5
  - link: {loss: 0.5, delay: 1ms}
    for: 1s
  - host-loss: n1
    in: 0.2
    scope: datagrams
  - join: 5 new
    at: 100s
  - bandwidth: n1
    in: 10000
    queue: 3000
  - drift: n1
    ppm: -300
  - jump-clock: n1
    by: 3s
  - step-clock: n1
    by: -1h
  - peace: all
    at: 120s
measure: [detection, traffic]
checks: off
expect: {converged-within: 30s, false-failures: 0, bytes-per-second: 250, detection-p99: 4s}
)");

  ASSERT_TRUE(read) << to_text(read.error().front(), "a.yaml");
  EXPECT_EQ(read->cluster.members, 20U);
  EXPECT_EQ(read->cluster.start, Start::cold);
  EXPECT_EQ(read->cluster.config.profile, core::Profile::swim);
  EXPECT_FALSE(read->cluster.config.suspicion_enabled);
  EXPECT_EQ(read->cluster.config.probe_timeout, 400ms);
  EXPECT_EQ(read->network.loss, 0.05);
  EXPECT_EQ(read->network.delay_max, 3ms);
  ASSERT_EQ(read->faults.size(), 16U);
  EXPECT_EQ(read->faults[0].disk, sim::Disk::lost);
  EXPECT_EQ(read->faults[0].move, Move::new_address);
  EXPECT_THAT(read->faults[1].targets.ranges, ElementsAre(IndexRange{4, 4}, IndexRange{6, 7}));
  EXPECT_EQ(occurrences(read->faults[2]), 20U);
  EXPECT_EQ(read->faults[3].targets.share, 0.25);
  EXPECT_EQ(read->faults[5].groups.size(), 3U);
  EXPECT_EQ(read->faults[6].ways, Ways::both);
  EXPECT_EQ(changed(read->network, read->faults[8].link).delay_max, 1ms);
  EXPECT_EQ(changed(read->network, read->faults[8].link).reorder_by, 9ms);
  EXPECT_EQ(read->faults[9].loss.scope, sim::LossScope::datagrams);
  EXPECT_EQ(read->faults[11].bandwidth.queue_bytes, 3000U);
  EXPECT_EQ(read->faults[12].drift_ppm, -300);
  EXPECT_EQ(read->faults[14].clock_by, -1h);
  EXPECT_EQ(read->network.shape, sim::DelayShape::pareto);
  EXPECT_EQ(read->zones.size(), 2U);
  EXPECT_EQ(changed(read->network, *read->between_zones).delay_mean, 30ms);
  EXPECT_EQ(fresh_members(*read), 5U);
  EXPECT_EQ(last_change(*read), 123s);
  EXPECT_THAT(read->measure, ElementsAre(Measure::detection, Measure::traffic));
  EXPECT_EQ(read->checks, Checks::off);
  EXPECT_EQ(read->expect.detection_p99, 4s);
  EXPECT_EQ(to_yaml(*parse_scenario(to_yaml(*read))), to_yaml(*read));
}

TEST(ScenarioTest, ReadsDetectorsAndSwitches) {
  const auto read = parse_scenario(R"(
cluster:
  detector: {kind: gossip, fail-time: 3s, accrual-threshold: 8, heartbeat-cast: broadcast,
             drop-rate: 5%}
network: {lan: on}
faults:
  - switch: n3
    settings: {detector: pingack, suspicion: disabled, fail-time: auto, accrual-threshold: off}
    at: 1s
  - switch: [n1, n2]
    settings: {heartbeat-cast: unicast, drop-rate: 0.1, gossip-fanout: 2, suspicion-time: 3s}
expect: {settings-agreed-within: 1s}
)");

  ASSERT_TRUE(read) << to_text(read.error().front(), "a.yaml");
  const core::Config& config = read->cluster.config;
  EXPECT_EQ(config.detector, core::DetectorKind::gossip);
  EXPECT_EQ(config.fail_time, 3s);
  EXPECT_EQ(config.accrual_threshold, 8);
  EXPECT_EQ(config.heartbeat_cast, core::HeartbeatCast::broadcast);
  EXPECT_EQ(config.drop_rate, 0.05);
  EXPECT_TRUE(config.broadcast);
  ASSERT_EQ(read->faults.size(), 2U);
  const core::ClusterSettings first = apply(read->faults[0].change, config);
  EXPECT_EQ(first.detector, core::DetectorKind::pingack);
  EXPECT_FALSE(first.suspicion_enabled);
  EXPECT_EQ(first.fail_time, 0s);
  EXPECT_EQ(first.accrual_threshold, 0);
  const core::ClusterSettings second = apply(read->faults[1].change, config);
  EXPECT_EQ(second.heartbeat_cast, core::HeartbeatCast::unicast);
  EXPECT_EQ(second.drop_rate, 0.1);
  EXPECT_EQ(second.gossip_fanout, 2U);
  EXPECT_EQ(second.suspicion_time, 3s);
  EXPECT_EQ(read->expect.settings_agreed_within, 1s);
  EXPECT_EQ(to_yaml(*parse_scenario(to_yaml(*read))), to_yaml(*read));
}

TEST(ScenarioTest, AnEmptyMapIsTenMembersAndNoTrouble) {
  const auto read = parse_scenario("{}");

  ASSERT_TRUE(read);
  EXPECT_EQ(read->cluster.members, 10U);
  EXPECT_TRUE(read->faults.empty());
  EXPECT_EQ(length(*read), 30s);
}

TEST(ScenarioTest, WritesWhatReadsBackAsTheSame) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const std::string text = to_yaml(draw_scenario(seed));
    const auto read = parse_scenario(text);
    ASSERT_TRUE(read) << to_text(read.error().front(), "seed " + std::to_string(seed)) << "\n"
                      << text;
    EXPECT_EQ(to_yaml(*read), text);
  }
}

TEST(ScenarioTest, HalvesTheTimeoutWithAShortInterval) {
  const auto read = parse_scenario("cluster: {detector: {probe-interval: 200ms}}");

  ASSERT_TRUE(read);
  EXPECT_EQ(read->cluster.config.probe_timeout, 100ms);
}

struct Misuse {
  std::string text;
  std::string message;
};

class Refusal : public testing::TestWithParam<Misuse> {};

TEST_P(Refusal, NamesLineKeyAndWhatIsAllowed) {
  const auto problems = problems_of(GetParam().text);

  ASSERT_FALSE(problems.empty());
  EXPECT_EQ(problems.front(), GetParam().message);
}

const Misuse misuses[] = {
    {"", "a.yaml: is empty"},
    {"- a",
     "a.yaml:1:1: found a list; allowed: a map with the keys name, summary, cluster, "
     "network, duration, faults, measure, checks and expect"},
    {"a: b: c", "a.yaml:1:5: this is no YAML: illegal map value"},
    {"clustr: {}", "a.yaml:1:1: clustr: unknown key; did you mean cluster?"},
    {"name: a\nname: b", "a.yaml:2:1: name: given twice; allowed: once"},
    {"cluster:\n  members: 0",
     "a.yaml:2:12: cluster.members: found '0'; allowed: a whole number from 1 to 200000"},
    {"cluster:\n  detector:\n    probe-interval: 1",
     "a.yaml:3:21: cluster.detector.probe-interval: found '1'; allowed: a duration from 0 to "
     "8760h, as in 250ms or 1.5s"},
    {"cluster:\n  detector:\n    probe-timeout: 3s",
     "a.yaml:3:5: cluster.detector.probe-timeout: 3s is above probe-interval (1s); allowed: at "
     "most the interval, so that one probe ends before the next"},
    {"cluster: {profile: swimm}",
     "a.yaml:1:20: cluster.profile: found 'swimm'; did you mean swim? allowed: rollcall and swim"},
    {"network: {loss: 1.5}",
     "a.yaml:1:17: network.loss: found '1.5'; allowed: a share from 0 to 1, or from 0% to 100%"},
    {"network: {delay: 3ms..1ms}",
     "a.yaml:1:18: network.delay: found '3ms..1ms'; the second is below the first; allowed: "
     "MIN..MAX"},
    {"faults:\n  - crash: n3\n    at: -5s",
     "a.yaml:3:9: faults[0].at: found '-5s'; a time cannot be negative; allowed: a duration from "
     "0 to 168h, as in 250ms or 1.5s"},
    {"faults:\n  - crash: n10",
     "a.yaml:2:5: faults[0].crash: found n10, who does not exist; allowed: n0 to n9"},
    {"faults:\n  - crash: someone",
     "a.yaml:2:12: faults[0].crash: found 'someone'; allowed: a member (n3), several (n3..n7, or a "
     "list), '2 at random', '25%', 'in turn', 'all', or with join '5 new'"},
    {"faults:\n  - crash: 11 at random",
     "a.yaml:2:5: faults[0].crash: found 11 of 10 members; allowed: up to 10"},
    {"faults:\n  - crash: 3 at random\n    at: 5s\n    every: 5s\n    until: 30s",
     "a.yaml:2:5: faults[0].crash: at 20s: found 3 more when 9 of 10 members are down already; "
     "allowed: at most 1, or give the faults an end (for)"},
    {"faults:\n  - crash: n3\n    at: 1s\n  - power-off: n3\n    at: 2s",
     "a.yaml:4:5: faults[1].power-off: at 2s: found n3, who is down already (line 2); allowed: "
     "somebody who runs"},
    {"faults:\n  - crash: n3\n    freeze: n4",
     "a.yaml:3:5: faults[0].freeze: found crash and freeze in one entry; allowed: one of them"},
    {"faults:\n  - freeze: n3\n    disk: lost",
     "a.yaml:3:5: faults[0].disk: does not belong to freeze; allowed with crash, power-off and "
     "restart"},
    {"faults:\n  - freeze: n3\n    every: 1s",
     "a.yaml:3:5: faults[0].every: stands alone; allowed: every and until together"},
    {"faults:\n  - freeze: n3\n    at: 5s\n    every: 1s\n    until: 2s",
     "a.yaml:5:5: faults[0].until: found 2s, before at (5s); allowed: at or later"},
    {"faults:\n  - freeze: 2 new",
     "a.yaml:2:13: faults[0].freeze: found '2 new'; new members can only join; allowed: those who "
     "are there"},
    {"faults:\n  - partition: [n0..n3, n3..n5]",
     "a.yaml:2:5: faults[0].partition: n3 is in two groups; allowed: one"},
    {"faults:\n  - cut: n0, n1",
     "a.yaml:2:10: faults[0].cut: found 'n0, n1'; allowed: two sides, each a member or a range: n0 "
     "-> n1, or both ways n0 <-> n1..n3"},
    {"faults:\n  - host-loss: n1",
     "a.yaml:2:5: faults[0].host-loss: says not what is lost; allowed: in, out or both, each a "
     "share"},
    {"network: {delay: 1ms..2ms, delay-mean: 3ms}",
     "a.yaml:1:1: network: found a delay-mean of 3ms; allowed: within delay, 1ms..2ms"},
    {"network: {zones: [n0..n3, n3]}",
     "a.yaml:1:1: network.zones: n3 is in two zones; allowed: one"},
    {"faults:\n  - jump-clock: n1\n    by: -1s",
     "a.yaml:3:9: faults[0].by: found '-1s'; a time cannot be negative; allowed: a duration from 0 "
     "to 168h, as in 250ms or 1.5s"},
    {"faults:\n  - drift: n1",
     "a.yaml:2:5: faults[0].drift: says not by how much; allowed: ppm, millionths of a second each "
     "second"},
    {"faults:\n  - switch: n1",
     "a.yaml:2:5: faults[0].switch: says not what changes; allowed: settings, as in {detector: "
     "gossip}"},
    {"faults:\n  - switch: n1\n    settings: {detector: gosip}",
     "a.yaml:3:26: faults[0].settings.detector: found 'gosip'; did you mean gossip? allowed: "
     "pingack and gossip"},
    {"faults:\n  - switch: n1\n    settings: {drop-rate: 200%}",
     "a.yaml:3:27: faults[0].settings.drop-rate: found '200%'; allowed: a share from 0 to 1, or "
     "from "
     "0% to 100%"},
    {"faults:\n  - switch: n1\n    settings: {probe-timeout: 3s}",
     "a.yaml:2:5: faults[0].switch: probe-timeout 3s is above probe-interval (1s); allowed: at "
     "most "
     "the interval, so that one probe ends before the next"},
    {"faults:\n  - crash: n1\n    settings: {detector: gossip}",
     "a.yaml:3:5: faults[0].settings: does not belong to crash; allowed with switch"},
    {"expect: {settings-agreed-within: 1s}",
     "a.yaml:1:1: expect.settings-agreed-within: nobody changes settings in this scenario; allowed "
     "with switch"},
    {"duration: 10s\nfaults:\n  - crash: n1\n    at: 20s",
     "a.yaml:3:5: faults[0].crash: happens at 20s, but the scenario ends at 10s; allowed: before "
     "that"},
    {"duration: 10s\nexpect: {converged-within: 20s}",
     "a.yaml:1:1: duration: found 10s; allowed: from 20s, so that the last fault ends and "
     "everybody has the time of expect.converged-within"},
    {"expect: {crash-known-within: 1s}",
     "a.yaml:1:1: expect.crash-known-within: no process crashes in this scenario; allowed with "
     "crash or restart"},
    {"expect: {false-failure: 0}",
     "a.yaml:1:10: expect.false-failure: unknown key; did you mean false-failures?"},
    {"measure: [speed]",
     "a.yaml:1:10: measure: found 'speed'; allowed: detection, accuracy, convergence and traffic"},
};

INSTANTIATE_TEST_SUITE_P(ScenarioTest, Refusal, testing::ValuesIn(misuses));

TEST(ScenarioTest, NamesEverythingThatIsWrongInTheOrderOfTheFile) {
  const auto problems = problems_of("network: {loss: 2}\nduration: soon\nfaults: {}\n");

  ASSERT_EQ(problems.size(), 3U);
  EXPECT_THAT(problems[0], HasSubstr("a.yaml:1:17: network.loss"));
  EXPECT_THAT(problems[1], HasSubstr("a.yaml:2:11: duration"));
  EXPECT_THAT(problems[2], HasSubstr("a.yaml:3:9: faults"));
}

TEST(ScenarioTest, IsWhatTheDocumentSays) {
  std::ifstream file(ROLLCALL_SOURCE_DIR "/docs/simulator.md");
  std::stringstream text;
  text << file.rdbuf();
  std::vector<std::string> words;
  for (std::uint8_t kind = 0; kind <= static_cast<std::uint8_t>(FaultKind::peace); ++kind) {
    words.emplace_back(to_text(FaultKind{kind}));
  }
  for (const Setting& setting : detector_settings()) words.emplace_back(setting.key);
  for (const Bound& bound : bounds()) words.emplace_back(bound.key);
  for (const std::string_view key : network_keys()) words.emplace_back(key);

  for (const std::string& word : words) EXPECT_THAT(text.str(), HasSubstr("`" + word + "`"));
}

TEST(ScenarioTest, SaysThatAFileCannotBeRead) {
  const auto read = read_scenario("/nowhere/at/all.yaml");

  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().front().message, "cannot be read: No such file or directory");
}

}  // namespace
}  // namespace rollcall::lab
