// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/config.hpp"

#include <cstdio>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace rollcall::agent {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

using Variables = std::map<std::string, std::string>;

Environment from(Variables variables) {
  return [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

/// The text of all problems, a line each; the empty text if there is none.
std::string problems_of(const std::expected<Config, ConfigProblems>& config) {
  std::string text;
  if (config) return text;
  for (const ConfigProblem& problem : config.error()) text += to_text(problem) + "\n";
  return text;
}

std::expected<Config, ConfigProblems> from_yaml(const std::string& yaml) {
  return resolve({parse_config_text(yaml, "agent.yaml")});
}
std::expected<Config, ConfigProblems> from_flags(const std::vector<std::string>& arguments) {
  return resolve({parse_flags(arguments).raw});
}
std::expected<Config, ConfigProblems> from_variables(Variables variables) {
  return resolve({read_environment(from(std::move(variables)))});
}

TEST(ConfigTest, HasTheDefaultsOfTheEmbeddingApi) {
  const auto config = resolve({});
  ASSERT_TRUE(config.has_value());

  const Options given;
  const Options made = to_options(config->settings, {});
  EXPECT_EQ(made.cluster, given.cluster);
  EXPECT_EQ(made.bind, given.bind);
  EXPECT_EQ(made.probe_interval, given.probe_interval);
  EXPECT_EQ(made.probe_timeout, given.probe_timeout);
  EXPECT_EQ(made.indirect_probes, given.indirect_probes);
  EXPECT_EQ(made.suspicion, given.suspicion);
  EXPECT_EQ(made.suspicion_time, given.suspicion_time);
  EXPECT_EQ(made.gossip_interval, given.gossip_interval);
  EXPECT_EQ(made.gossip_fanout, given.gossip_fanout);
  EXPECT_EQ(made.cleanup_time, given.cleanup_time);
  EXPECT_EQ(made.leave_timeout, given.leave_timeout);
  EXPECT_EQ(made.events_kept, given.events_kept);
  EXPECT_EQ(made.profile, given.profile);
  EXPECT_EQ(made.detector, given.detector);
  EXPECT_EQ(made.fail_time, given.fail_time);
  EXPECT_EQ(made.accrual_threshold, given.accrual_threshold);
  EXPECT_EQ(made.heartbeat_cast, given.heartbeat_cast);
  EXPECT_EQ(made.drop_rate, given.drop_rate);
}

TEST(ConfigTest, ReadsTheGossipDetector) {
  const auto config = from_yaml(
      "detector: heartbeat\nfail-time: 3s\naccrual-threshold: 8\nheartbeat-cast: broadcast\n");

  ASSERT_TRUE(config.has_value()) << problems_of(config);
  EXPECT_EQ(config->settings.detector, "gossip");
  const Options options = to_options(config->settings, {});
  EXPECT_EQ(options.detector, Detector::gossip);
  EXPECT_EQ(options.fail_time, 3s);
  EXPECT_EQ(options.accrual_threshold, 8);
  EXPECT_EQ(options.heartbeat_cast, HeartbeatCast::broadcast);
  EXPECT_EQ(config_json(*config)["accrual-threshold"], 8);
  EXPECT_EQ(config_json(*resolve({}))["accrual-threshold"], "off");
}

TEST(ConfigTest, ReadsYaml) {
  const auto config = from_yaml(R"(
name: a
cluster: "test"
join: [db1, "10.0.0.2:9000"]
tag: {role: db, zone: eu=1}
suspicion: disabled
suspicion-time: 1.5s
probe_interval: 2s
indirect-probes: 5
drop-rate: 0.25
is-introducer: true
http: off
http.allow_get_mutations: true
detector: swim
gossip-fanout: auto
)");

  ASSERT_TRUE(config.has_value()) << problems_of(config);
  const Settings& settings = config->settings;
  EXPECT_EQ(settings.name, "a");
  EXPECT_EQ(settings.cluster, "test");
  EXPECT_EQ(settings.join, (std::vector<std::string>{"db1:7420", "10.0.0.2:9000"}));
  EXPECT_EQ(settings.tags, (Tags{{"role", "db"}, {"zone", "eu=1"}}));
  EXPECT_FALSE(settings.suspicion);
  EXPECT_EQ(settings.suspicion_time, 1500ms);
  EXPECT_EQ(settings.probe_interval, 2s);
  EXPECT_EQ(settings.indirect_probes, 5U);
  EXPECT_EQ(settings.drop_rate, 0.25);
  EXPECT_TRUE(settings.is_introducer);
  EXPECT_EQ(settings.http, "");
  EXPECT_TRUE(settings.http_allow_get_mutations);
  EXPECT_EQ(settings.detector, "pingack");
  EXPECT_EQ(settings.gossip_fanout, 0U);
}

TEST(ConfigTest, ReadsJsonAndNestedMaps) {
  const auto config = from_yaml(
      "{\n\t\"name\": \"a\",\n\t\"http\": {\"address\": \"[::1]\", \"allow_get_mutations\": "
      "true},\n"
      "\t\"join\": \"a:1, b\"\n}\n");

  ASSERT_TRUE(config.has_value()) << problems_of(config);
  EXPECT_EQ(config->settings.http, "[::1]:7480");
  EXPECT_TRUE(config->settings.http_allow_get_mutations);
  EXPECT_EQ(config->settings.join, (std::vector<std::string>{"a:1", "b:7420"}));
}

TEST(ConfigTest, TakesAnEmptyFile) {
  EXPECT_TRUE(from_yaml("").has_value());
  EXPECT_TRUE(from_yaml("# nothing\n").has_value());
}

struct BadYaml {
  std::string name;
  std::string yaml;
  std::string message;
};
class BadYamlTest : public testing::TestWithParam<BadYaml> {};

TEST_P(BadYamlTest, NamesThePlaceTheFindingAndWhatIsAllowed) {
  EXPECT_THAT(problems_of(from_yaml(GetParam().yaml)), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, BadYamlTest,
    testing::ValuesIn(std::vector<BadYaml>{
        {"UnknownKey", "name: a\nprobe-intervall: 1s\n",
         "agent.yaml:2:1: probe-intervall: no such key; did you mean probe-interval?\n"},
        {"UnknownNestedKey", "http:\n  allow_get: true\n",
         "agent.yaml:2:3: http.allow_get: no such key"},
        {"NothingNear", "xyzzy: 1\n", "no such key; all are listed by 'rollcall agent --help'"},
        {"StrayComma", "{},", "agent.yaml:1:3: found a second document; allowed: one\n"},
        {"Latin1", "name: a\ndata-dir: /tmp/\xE9\n",
         "agent.yaml:2:1: data-dir: found bytes that are not UTF-8; allowed: text in UTF-8\n"},
        {"FileInFile", "config: x\n",
         "agent.yaml:1:1: config: a file cannot name a further one; remove this\n"},
        {"SuspicionZero", "suspicion-time: 0s\n",
         "suspicion-time: found '0s'; allowed: a duration above 0s, or auto\n"},
        {"CrashZero", "crash-after: 0ms\n",
         "crash-after: found '0ms'; allowed: a duration above 0s, or never\n"},
        {"StatsZero", "stats-interval: 0s\n",
         "stats-interval: found '0s'; allowed: a duration above 0s, or off\n"},
        {"FanoutZero", "gossip-fanout: 0\n",
         "gossip-fanout: found '0'; allowed: a whole number from 1 on, or auto\n"},
        {"UnspecifiedSeed", "join: ['0.0.0.0:7420']\n",
         "found '0.0.0.0:7420'; allowed: HOST:PORT of a member"},
        {"TagTwice", "tag: [a=1, a=2]\n",
         "tag: found 'a=2', but 'a' is given already; allowed: each key once\n"},
        {"LaterKey", "dns: 127.0.0.1:53\n",
         "agent.yaml:1:1: dns: the DNS service is not available in this version"},
        {"OtherDetector", "detector: raft\n", "found 'raft'; allowed: pingack or gossip\n"},
        {"GossipOfSwim", "detector: gossip\nprofile: swim\n", "agent.yaml:1:1: detector: gossip"},
        {"FailTimeZero", "fail-time: 0s\n",
         "fail-time: found '0s'; allowed: a duration above 0s, or auto\n"},
        {"ShortFailTime", "fail-time: 300ms\n", "agent.yaml:1:1: fail-time: 300ms is below"},
        {"PhiZero", "accrual-threshold: 0\n",
         "accrual-threshold: found '0'; allowed: a number above 0, or off\n"},
        {"PhiTooHigh", "accrual-threshold: 1000\n",
         "agent.yaml:1:1: accrual-threshold: 1000 is out of range; allowed: off, or a phi of 1 to "
         "100\n"},
        {"NotACast", "heartbeat-cast: anycast\n",
         "found 'anycast'; allowed: unicast or broadcast\n"},
        {"NoUnit", "probe-interval: 5\n", "found '5', which has no unit; allowed: a number and"},
        {"WrongUnit", "suspicion-time: 5 parsecs\n",
         "suspicion-time: found '5 parsecs'; allowed: a number and one of the units ns, us, ms, s, "
         "m, h, as in 250ms or 1.5s, or auto\n"},
        {"Negative", "probe-interval: -1s\n", "found '-1s'"},
        {"OutOfRange", "probe-interval: 1ms\nprobe-timeout: 1ms\n",
         "agent.yaml:1:1: probe-interval: 1ms is out of range; allowed: 50ms to 10m"},
        {"Contradiction", "probe-interval: 1s\nprobe-timeout: 2s\n",
         "agent.yaml:2:1: probe-timeout: 2s is above probe-interval (1s)"},
        {"NotASwitch", "is-introducer: maybe\n", "found 'maybe'; allowed: true or false\n"},
        {"NotSuspicion", "suspicion: on\n", "found 'on'; allowed: enabled or disabled\n"},
        {"NotACount", "indirect-probes: three\n", "found 'three'; allowed: a whole number\n"},
        {"NotAShare", "drop-rate: 1.5\n", "found '1.5'; allowed: a number from 0 to 1\n"},
        {"NotAName", "name: a b\n", "found 'a b'; allowed: 1 to 128 letters"},
        {"NotAnAddress", "bind: here:there\n", "found 'here:there'; allowed: HOST:PORT"},
        {"PortTooHigh", "join: [a:70000]\n", "found 'a:70000'; allowed: HOST:PORT"},
        {"ListForWord", "name: [a]\n", "name: found a list; allowed: NAME\n"},
        {"MapForList", "join: {a: b}\n", "no such key"},
        {"NoValue", "name:\n", "agent.yaml:1:1: name: has no value"},
        {"Twice", "name: a\nname: b\n", "agent.yaml:2:1: name: given twice"},
        {"TwiceByAlias", "join: a\nseeds: b\n", "agent.yaml:2:1: seeds: given twice"},
        {"TagWithEquals", "tag: {a=b: c}\n", "found 'a=b'; allowed: a key without '='"},
        {"NoYaml", "name: [a\n", "this is no YAML"},
        {"NoMap", "- a\n- b\n", "agent.yaml:1:1: found no map"},
        {"TwoDocuments", "name: a\n---\nname: b\n", "found a second document"},
        {"DeepMaps", "a: {b: {c: {d: {e: {f: g}}}}}\n", "nested too deeply"},
    }),
    [](const auto& instance) { return instance.param.name; });

TEST(ConfigTest, ReportsAllProblemsAtOnce) {
  EXPECT_EQ(problems_of(from_yaml("probe-interval: x\nnam: a\n")),
            "agent.yaml:1:1: probe-interval: found 'x'; allowed: a number and one of the units ns, "
            "us, ms, s, m, h, as in 250ms or 1.5s\n"
            "agent.yaml:2:1: nam: no such key; did you mean name?\n");
}

TEST(ConfigTest, ReadsFlags) {
  const auto config = from_flags({"--name=a", "--join", "x,y:1", "--introducer", "z", "--tag",
                                  "k=v,w", "--tag", "l=m", "--is-introducer", "--daemon=false",
                                  "--http-allow-get-mutations", "--suspicion-time", "2m"});

  ASSERT_TRUE(config.has_value()) << problems_of(config);
  EXPECT_EQ(config->settings.name, "a");
  EXPECT_EQ(config->settings.join, (std::vector<std::string>{"x:7420", "y:1", "z:7420"}));
  EXPECT_EQ(config->settings.tags, (Tags{{"k", "v,w"}, {"l", "m"}}));
  EXPECT_TRUE(config->settings.is_introducer);
  EXPECT_FALSE(config->settings.daemon);
  EXPECT_TRUE(config->settings.http_allow_get_mutations);
  EXPECT_EQ(config->settings.suspicion_time, 2min);
}

TEST(ConfigTest, RefusesBadFlags) {
  EXPECT_EQ(problems_of(from_flags({"--probe-timout", "1s"})),
            "flag --probe-timout: no such key; did you mean probe-timeout?\n");
  EXPECT_EQ(problems_of(from_flags({"--dns=x"})),
            "flag --dns: the DNS service is not available in this version; remove this\n");
  EXPECT_EQ(problems_of(from_flags({"--name", "a", "--name", "b"})),
            "flag --name: given 2 times; allowed: once\n");
  EXPECT_THAT(problems_of(from_flags({"--probe-timeout", "1"})),
              HasSubstr("flag --probe-timeout: found '1', which has no unit"));
  EXPECT_EQ(problems_of(from_flags({"stray"})),
            "command line: 'stray' is no flag of agent; all are listed by "
            "'rollcall agent --help'\n");
  EXPECT_EQ(problems_of(from_flags({"--tag", "a=1", "--tag", "a=2"})),
            "flag --tag: found 'a=2', but 'a' is given already; allowed: each key once\n");
  EXPECT_EQ(problems_of(from_flags({"--probe-interval", "1ms"})),
            "flag --probe-interval: 1ms is out of range; allowed: 50ms to 10m\n")
      << "the timeout is a default, and follows it";
  EXPECT_THAT(problems_of(from_flags({"--name"})), HasSubstr("--name"));
  for (const char* join : {",", "a:1,,b:2", "a:1,"}) {
    EXPECT_THAT(problems_of(from_flags({"--join", join})),
                HasSubstr("flag --join: found '" + std::string(join) + "'; allowed: HOST:PORT"));
  }
  EXPECT_THAT(problems_of(from_flags({"--probe-interval", "10001h"})),
              HasSubstr("found '10001h'; allowed: 0s to 10000h"));
  EXPECT_THAT(problems_of(from_flags({"--suspicion-time", "-1s"})),
              HasSubstr("found '-1s'; allowed: 0s to 10000h, or auto"));
  EXPECT_THAT(problems_of(from_flags({"--probe-interval", "s"})),
              HasSubstr("found 's'; allowed: a number and one of the units"));
  EXPECT_THAT(problems_of(from_flags({"--service", "web:80"})),
              HasSubstr("the service registry is not available in this version"));
}

TEST(ConfigTest, KnowsHelpAndTheFile) {
  EXPECT_TRUE(parse_flags({"--help"}).help);
  EXPECT_EQ(parse_flags({"--config", "x.yaml"}).config_file, "x.yaml");
  for (const Key& key : all_keys()) {
    EXPECT_THAT(help_text(), HasSubstr(std::string(key.help.substr(0, 12)))) << key.name;
  }
}

TEST(ConfigTest, ReadsTheEnvironment) {
  const auto config = from_variables({{"ROLLCALL_PROBE_INTERVAL", "3s"},
                                      {"ROLLCALL_TAG", "a=1,b=2"},
                                      {"ROLLCALL_HTTP_ALLOW_GET_MUTATIONS", "true"}});

  ASSERT_TRUE(config.has_value()) << problems_of(config);
  EXPECT_EQ(config->settings.probe_interval, 3s);
  EXPECT_EQ(config->settings.tags, (Tags{{"a", "1"}, {"b", "2"}}));
  EXPECT_TRUE(config->settings.http_allow_get_mutations);
  EXPECT_EQ(problems_of(from_variables({{"ROLLCALL_DROP_RATE", "x"}})),
            "environment variable ROLLCALL_DROP_RATE: drop-rate: found 'x'; allowed: a number from "
            "0 to 1\n");
}

TEST(ConfigTest, ReadsTheNamesOfOlderSystems) {
  const Variables older = {{"NODE_ID", "node1"},
                           {"NODE_IP", "10.0.0.1"},
                           {"NODE_PORT", "8001"},
                           {"SEED_NODES", "node2:8002,node3:8003"}};

  const auto config = from_variables(older);
  ASSERT_TRUE(config.has_value()) << problems_of(config);
  EXPECT_EQ(config->settings.name, "node1");
  EXPECT_EQ(config->settings.advertise, "10.0.0.1");
  EXPECT_EQ(config->settings.bind, "0.0.0.0:8001");
  EXPECT_EQ(config->settings.join, (std::vector<std::string>{"node2:8002", "node3:8003"}));

  Variables both = older;
  both["ROLLCALL_NAME"] = "ours";
  both["ROLLCALL_BIND"] = "10.0.0.9:9";
  both["ROLLCALL_ADVERTISE"] = "10.0.0.9";
  both["ROLLCALL_JOIN"] = "node9";
  const auto ours = from_variables(both);
  ASSERT_TRUE(ours.has_value()) << problems_of(ours);
  EXPECT_EQ(ours->settings.name, "ours");
  EXPECT_EQ(ours->settings.bind, "10.0.0.9:9");
  EXPECT_EQ(ours->settings.advertise, "10.0.0.9");
  EXPECT_EQ(ours->settings.join, std::vector<std::string>{"node9:7420"});
}

TEST(ConfigTest, TakesAnOlderPortForTheKindOfTheOlderAddress) {
  const auto config = from_variables({{"NODE_IP", "2001:db8::1"}, {"NODE_PORT", "8001"}});

  ASSERT_TRUE(config.has_value()) << problems_of(config);
  EXPECT_EQ(config->settings.bind, "[::]:8001");
}

TEST(ConfigTest, TakesNamesOfSrvRecordsForSeeds) {
  const auto config = from_yaml("join: [_rollcall._udp.example.org, 'srv:example.com', db1]\n");

  ASSERT_TRUE(config.has_value()) << problems_of(config);
  EXPECT_EQ(config->settings.join,
            (std::vector<std::string>{"_rollcall._udp.example.org", "_rollcall._udp.example.com",
                                      "db1:7420"}));
  EXPECT_THAT(problems_of(from_yaml("join: srv:example.org:7420\n")),
              HasSubstr("found 'srv:example.org:7420'; allowed: HOST:PORT of a member"));
}

TEST(ConfigTest, ReadsHowToFindMembersOnTheLan) {
  const auto config = from_flags({"--broadcast", "--broadcast-port", "7555", "--hosts", "/h"});

  ASSERT_TRUE(config.has_value()) << problems_of(config);
  const Options options = to_options(config->settings, {});
  EXPECT_TRUE(options.broadcast);
  EXPECT_EQ(options.broadcast_port, 7555);
  EXPECT_EQ(options.hosts_file, "/h");
  EXPECT_FALSE(from_flags({})->settings.broadcast);
  EXPECT_EQ(to_options({}, {}).broadcast_port, Options().broadcast_port);
  EXPECT_THAT(problems_of(from_flags({"--broadcast-port", "65536"})),
              HasSubstr("broadcast-port: 65536 is out of range; allowed: 1 to 65535"));
  EXPECT_THAT(problems_of(from_flags({"--broadcast-port", "0"})),
              HasSubstr("0 is out of range; allowed: 1 to 65535"));
}

TEST(ConfigTest, RefusesAPortInTheVariableThatTakesOnlyAHost) {
  EXPECT_EQ(problems_of(from_variables({{"NODE_IP", "10.0.0.1:55"}})),
            "environment variable NODE_IP: advertise: found '10.0.0.1:55'; allowed: a host or IP "
            "address; the port goes in NODE_PORT\n");
  EXPECT_EQ(problems_of(from_variables({{"NODE_IP", "fe80::1"}})), "");
  EXPECT_THAT(problems_of(from_variables({{"SEED_NODES", "0.0.0.0:1"}})),
              HasSubstr("SEED_NODES: join: found '0.0.0.0:1'"));
}

TEST(ConfigTest, WarnsOfVariablesThatItIgnores) {
  EXPECT_EQ(ignored_variables(from({{"SERVICES", "web"}}), {"ROLLCALL_NAME", "ROLLCALL_CONFIG",
                                                            "ROLLCALL_NAM", "ROLLCALL_QQQQ"}),
            (std::vector<std::string>{
                "ROLLCALL_NAM is ignored: no such key; did you mean ROLLCALL_NAME?",
                "ROLLCALL_QQQQ is ignored: no such key",
                "SERVICES is ignored: services are not available in this version"}));
}

TEST(ConfigTest, PutsFlagsOverTheEnvironmentOverTheFile) {
  const RawConfig file =
      parse_config_text("name: file\ncluster: file\ndata-dir: file\ntag: {a: b}\n", "agent.yaml");
  const RawConfig environment =
      read_environment(from({{"ROLLCALL_NAME", "env"}, {"ROLLCALL_CLUSTER", "env"}}));
  const RawConfig flags = parse_flags({"--name", "flag", "--tag", "c=d"}).raw;

  const auto config = resolve({file, environment, flags});

  ASSERT_TRUE(config.has_value());
  EXPECT_EQ(config->settings.name, "flag");
  EXPECT_EQ(config->settings.cluster, "env");
  EXPECT_EQ(config->settings.data_dir, "file");
  EXPECT_EQ(config->settings.tags, (Tags{{"c", "d"}}));
  EXPECT_EQ(to_text(config->origin_of("name")), "flag --name");
  EXPECT_EQ(to_text(config->origin_of("cluster")), "environment variable ROLLCALL_CLUSTER");
  EXPECT_EQ(to_text(config->origin_of("data-dir")), "agent.yaml:3:1");
  EXPECT_EQ(to_text(config->origin_of("bind")), "default");
}

TEST(ConfigTest, ShortensTheDefaultTimeoutWithTheInterval) {
  EXPECT_EQ(from_yaml("probe-interval: 300ms")->settings.probe_timeout, 150ms);
  EXPECT_EQ(from_yaml("probe-interval: 10s")->settings.probe_timeout, 500ms);
}

TEST(ConfigTest, DumpsAFileThatSaysTheSame) {
  const auto good = from_yaml(
      "name: a-1\ncluster: 'null'\njoin: [x, y:1]\ntag: {role: \"a b: #c\", e: '', n: '1'}\n"
      "drop-rate: 0.1\nhttp: off\nsuspicion: disabled\nprofile: swim\ncrash-after: 1h\n"
      "data-dir: /var/lib/with space\nprobe-interval: 123456us\n");
  ASSERT_TRUE(good.has_value()) << problems_of(good);
  const auto again = from_yaml(dump_yaml(*good));

  ASSERT_TRUE(again.has_value()) << problems_of(again) << dump_yaml(*good);
  EXPECT_EQ(again->settings, good->settings) << dump_yaml(*good);
}

TEST(ConfigTest, ShowsDurationsAsTextAndTheRestAsItIs) {
  const auto config = from_yaml("tag: {a: b}\njoin: x\ndrop-rate: 0.5\n");
  const auto json = config_json(*config);

  EXPECT_EQ(json["probe-interval"], "1s");
  EXPECT_EQ(json["suspicion-time"], "auto");
  EXPECT_EQ(json["suspicion"], "enabled");
  EXPECT_EQ(json["is-introducer"], false);
  EXPECT_EQ(json["indirect-probes"], 3);
  EXPECT_EQ(json["drop-rate"], 0.5);
  EXPECT_EQ(json["tag"]["a"], "b");
  EXPECT_EQ(json["join"][0], "x:7420");
  EXPECT_EQ(json.size(), all_keys().size());
  EXPECT_EQ(config_details_json(*config)["join"]["origin"], "agent.yaml:2:1");
}

class FilesTest : public testing::Test {
 protected:
  ~FilesTest() override { std::remove(path_.c_str()); }
  void write(const std::string& text) const { std::ofstream(path_) << text; }
  std::string path_ = testing::TempDir() + "rollcall_config_test." + std::to_string(::getpid());
};

TEST_F(FilesTest, ReadsAHostsFile) {
  write("# the seeds\none\n  two:9000  \n\n[::1]:7 # last\n");
  const auto config = from_flags({"--join", "zero", "--hosts", path_});

  EXPECT_EQ(seeds_of(*config),
            (std::vector<std::string>{"zero:7420", "one:7420", "two:9000", "[::1]:7"}));
}

TEST_F(FilesTest, RefusesABadHostsFile) {
  write("one\ntwo three\n");
  EXPECT_EQ(to_text(seeds_of(*from_flags({"--hosts", path_})).error()),
            path_ + ":2:1: hosts: found 'two three'; allowed: one HOST or HOST:PORT a line");
  EXPECT_THAT(to_text(seeds_of(*from_flags({"--hosts", "/nowhere"})).error()),
              HasSubstr("/nowhere: hosts: cannot be read: no such file or directory; name a file "
                        "with one HOST or HOST:PORT a line"));
  EXPECT_THAT(to_text(seeds_of(*from_flags({"--hosts", "/"})).error()),
              HasSubstr("/: hosts: is no file; "));
}

TEST_F(FilesTest, RefusesFilesThatCannotBeRead) {
  EXPECT_THAT(problems_of(load_config_file("/nowhere.yaml")),
              HasSubstr("/nowhere.yaml: cannot be read: No such file or directory"));
  EXPECT_THAT(problems_of(load_config_file("/")), HasSubstr("/: cannot be read"));
  write(std::string((1U << 20U) + 1, '#'));
  EXPECT_THAT(problems_of(load_config_file(path_)), HasSubstr("is longer than"));
}

TEST_F(FilesTest, TakesTheFileFromTheEnvironment) {
  write("name: from-file\n");
  const auto config = load_config(parse_flags({}), from({{"ROLLCALL_CONFIG", path_}}), {});
  EXPECT_EQ(config->settings.name, "from-file");
}

TEST(ConfigTest, TakesAllAboutAgreement) {
  const auto config = from_flags({"--bootstrap-expect",
                                  "3",
                                  "--voters",
                                  "5",
                                  "--agreement",
                                  "on",
                                  "--voter-replace-after",
                                  "1m",
                                  "--election-timeout",
                                  "1s",
                                  "--registry",
                                  "etcds://10.0.0.1:2379,[::1],etcd.example.org",
                                  "--registry-user",
                                  "u",
                                  "--registry-password-file",
                                  "/p",
                                  "--registry-ca-file",
                                  "/ca",
                                  "--registry-cert-file",
                                  "/c",
                                  "--registry-key-file",
                                  "/k"});
  ASSERT_TRUE(config.has_value()) << problems_of(config);

  const AgreementOptions made = to_options(config->settings, {}).agreement;

  EXPECT_TRUE(made.enabled);
  EXPECT_EQ(made.bootstrap_expect, 3);
  EXPECT_EQ(made.voters, 5U);
  EXPECT_EQ(made.voter_replace_after, 1min);
  EXPECT_EQ(made.election_timeout, 1s);
  EXPECT_EQ(made.registry, "etcds://10.0.0.1:2379,[::1],etcd.example.org");
  EXPECT_EQ(made.registry_user, "u");
  EXPECT_EQ(made.registry_ca_file, "/ca");
  EXPECT_EQ(made.registry_cert_file, "/c");
  EXPECT_EQ(made.registry_key_file, "/k");
  EXPECT_TRUE(resolve({})->settings.agreement);
  EXPECT_FALSE(from_flags({"--agreement", "off"})->settings.agreement);
  EXPECT_TRUE(to_options(from_flags({"--is-introducer"})->settings, {}).agreement.is_introducer);
}

TEST(ConfigTest, RefusesWhatContradictsAboutAgreement) {
  struct Case {
    std::vector<std::string> flags;
    std::string problem;
  };
  const std::vector<Case> cases = {
      {{"--voters", "2"}, "flag --voters: found '2'; allowed: 1, 3 or 5"},
      {{"--agreement", "maybe"}, "flag --agreement: found 'maybe'"},
      {{"--bootstrap-expect", "1001"}, "found '1001'; allowed: 1 to 1000, or off"},
      {{"--bootstrap-expect", "3", "--is-introducer"}, "together with is-introducer"},
      {{"--election-timeout", "1ms"}, "found '1ms'; allowed: 50ms to 1m"},
      {{"--voter-replace-after", "1ms"}, "found '1ms'; allowed: 1s to 24h"},
      {{"--registry", "zk://h:1"}, "found 'zk://h:1'; allowed: etcd://HOST:PORT"},
      {{"--registry", "etcd://h:1,,h:2"}, "flag --registry: found"},
      {{"--registry", "etcd://h:1", "--agreement", "off"}, "together with agreement: off"},
      {{"--registry-user", "u", "--registry-password-file", "/p"}, "only together with registry"},
      {{"--registry", "etcd://h", "--registry-user", "u"},
       "only together with registry-password-file"},
      {{"--registry", "etcd://h", "--registry-ca-file", "/ca"}, "a registry of etcds://"},
      {{"--registry", "etcds://h", "--registry-cert-file", "/c"},
       "only together with registry-key-file"},
  };
  for (const Case& one : cases) {
    EXPECT_THAT(problems_of(from_flags(one.flags)), HasSubstr(one.problem));
  }
}

TEST_F(FilesTest, ReadsThePasswordOfTheRegistryFromItsFile) {
  Config config;
  EXPECT_EQ(registry_password_of(config).value_or("?"), "");

  config.settings.registry_password_file = path_;
  write("secret\nmore\n");
  EXPECT_EQ(registry_password_of(config).value_or("?"), "secret");
  EXPECT_EQ(config_json(config).dump().find("secret"), std::string::npos);

  write("\n");
  EXPECT_EQ(registry_password_of(config).error().key, "registry-password-file");
  config.settings.registry_password_file = "/nowhere";
  EXPECT_THAT(registry_password_of(config).error().message, HasSubstr("cannot be read"));
}

TEST(SchemaTest, GivesEveryKeyItsOwnNames) {
  for (const Key& key : all_keys()) {
    EXPECT_EQ(find_key(key.name), &key);
    for (const std::string_view alias : key.aliases) EXPECT_EQ(find_key(alias), &key);
    EXPECT_EQ(later_feature(key.name), "");
    EXPECT_FALSE(key.help.empty());
  }
}

TEST(SchemaTest, ReadsBackEveryDefault) {
  for (const Key& key : all_keys()) {
    const std::string text = value_text({}, key);
    if (text.empty()) continue;
    Settings settings;
    EXPECT_TRUE(assign(settings, key, {RawValue::Shape::scalar, {text}}).has_value()) << key.name;
    EXPECT_EQ(settings, Settings{}) << key.name;
  }
}

TEST(SchemaTest, IsWhatTheReferenceSays) {
  const std::ifstream file(std::string(ROLLCALL_SOURCE_DIR) + "/docs/configuration.md");
  std::stringstream text;
  text << file.rdbuf();

  EXPECT_THAT(text.str(), HasSubstr(reference_markdown()));
}

}  // namespace
}  // namespace rollcall::agent
