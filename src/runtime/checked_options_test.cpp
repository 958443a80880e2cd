// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/checked_options.hpp"

#include <cstdlib>
#include <limits>
#include <optional>

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.hpp"
#include "runtime/test_support.hpp"

namespace rollcall::runtime {
namespace {

Options usable() {
  Options options;
  options.name = "a";
  options.bind = "127.0.0.1:0";
  return options;
}

/// The field that is refused after the change; the message must not be empty.
template <class Change>
std::string refused_field(Change change) {
  Options options = usable();
  change(options);
  const auto checked = check_options(options);
  if (checked) return "accepted";
  EXPECT_EQ(checked.error().code, ErrorCode::invalid_option);
  EXPECT_FALSE(checked.error().message.empty());
  return checked.error().field;
}

TEST(CheckedOptionsTest, TakesTheDefaultsOver) {
  const auto checked = check_options(usable());

  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(checked->config.name, "a");
  EXPECT_EQ(checked->config.probe_interval, Options().probe_interval);
  EXPECT_EQ(checked->bind, loopback(0));
}

TEST(CheckedOptionsTest, NamesWhatIsWrong) {
  EXPECT_EQ(refused_field([](Options& o) { o.name = "a b"; }), "name");
  EXPECT_EQ(refused_field([](Options& o) { o.cluster = "?"; }), "cluster");
  EXPECT_EQ(refused_field([](Options& o) { o.bind = "127.0.0.1:99999"; }), "bind");
  EXPECT_EQ(refused_field([](Options& o) { o.bind = ":7420"; }), "bind");
  EXPECT_EQ(refused_field([](Options& o) { o.bind = "no such host:1"; }), "bind");
  EXPECT_EQ(refused_field([](Options& o) { o.advertise = "[::1"; }), "advertise");
  EXPECT_EQ(refused_field([](Options& o) { o.seeds = {"ok:1", "bad:x"}; }), "join");
  EXPECT_EQ(refused_field([](Options& o) { o.seeds = {"host:0"}; }), "join");
  EXPECT_EQ(refused_field([](Options& o) { o.fail_time = 1ms; }), "fail-time");
  EXPECT_EQ(refused_field([](Options& o) { o.accrual_threshold = 1000; }), "accrual-threshold");
  EXPECT_EQ(refused_field([](Options& o) {
              o.profile = Profile::swim;
              o.detector = Detector::gossip;
            }),
            "detector");
  EXPECT_EQ(refused_field([](Options& o) { o.drop_rate = 1.5; }), "drop-rate");
  EXPECT_EQ(refused_field([](Options& o) { o.drop_rate = -0.1; }), "drop-rate");
  EXPECT_EQ(
      refused_field([](Options& o) { o.drop_rate = std::numeric_limits<double>::quiet_NaN(); }),
      "drop-rate");
  EXPECT_EQ(refused_field([](Options& o) { o.events_kept = 0; }), "events-kept");
  EXPECT_EQ(refused_field([](Options& o) { o.probe_timeout = 2s; }), "probe-timeout");
  EXPECT_EQ(refused_field([](Options& o) { o.tags = {{"", "empty"}}; }), "tag");
}

TEST(CheckedOptionsTest, TakesTheHostNameIfThereIsNoOther) {
  Options options = usable();
  options.name = "";

  const auto checked = check_options(options);

  if (!checked) GTEST_SKIP() << "this host's name is no member name: " << checked.error().message;
  EXPECT_EQ(checked->options.name, checked->config.name);
  EXPECT_TRUE(is_valid_name(checked->config.name));
}

TEST(CheckedOptionsTest, ReadsASeedWithoutAPort) {
  const auto seeds = parse_seeds({"db1", "10.0.0.1:99", "[::1]:7"});

  ASSERT_TRUE(seeds);
  EXPECT_EQ(*seeds, (std::vector<HostPort>{{"db1", default_port}, {"10.0.0.1", 99}, {"::1", 7}}));
}

TEST(CheckedOptionsTest, TellsOthersTheBoundAddress) {
  EXPECT_EQ(choose_advertise({}, loopback(99), {}), loopback(99));
}

TEST(CheckedOptionsTest, TellsOthersAnAddressOfThisHostWhenBoundToAll) {
  const auto address = choose_advertise({}, Address::v4(0, 0, 0, 0, 99), {});

  ASSERT_TRUE(address);
  EXPECT_FALSE(address->is_unspecified());
  EXPECT_EQ(address->port, 99);
}

TEST(CheckedOptionsTest, TellsOthersWhatItIsToldTo) {
  const Address wanted = Address::v4(10, 1, 2, 3, 0);

  EXPECT_EQ(choose_advertise(wanted, loopback(99), {}), Address::v4(10, 1, 2, 3, 99));
}

TEST(CheckedOptionsTest, RefusesToTellOthersWhatCannotBeReached) {
  const auto nowhere = choose_advertise(Address::v4(0, 0, 0, 0, 1), loopback(99), {});
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().field, "advertise");

  const auto deaf = choose_advertise(loopback_v6(1), loopback(99), {});
  ASSERT_FALSE(deaf);
  EXPECT_EQ(deaf.error().field, "advertise");
}

/// Runs a check in a process of its own, on a network of its own that the shell commands make.
/// Nothing: this machine does not let us have one.
template <class Check>
std::optional<bool> holds_on_a_network(const std::string& commands, Check check) {
  constexpr int no_network = 77;
  const pid_t child = ::fork();
  if (child == 0) {
    const bool is_made = ::unshare(CLONE_NEWNET) == 0 &&
                         std::system(("(" + commands + ") >/dev/null 2>&1").c_str()) == 0;
    ::_exit(!is_made ? no_network : check() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == no_network) return std::nullopt;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

Address told_to_others(const std::vector<HostPort>& seeds) {
  return choose_advertise({}, Address::v4(0, 0, 0, 0, 99), seeds).value_or(Address{});
}

TEST(CheckedOptionsTest, WithoutADefaultRouteTellsTheAddressTowardsASeedOrOfAnInterface) {
  const std::string two_networks =
      "ip link set lo up && ip link add v0 type veth peer name v1 && ip link set v1 up && "
      "ip addr add 10.77.0.2/24 dev v0 && ip link set v0 up && "
      "ip addr add 10.88.0.2/24 dev v1 && ip link set v1 up";

  const auto holds = holds_on_a_network(two_networks, [] {
    const Address one = Address::v4(10, 77, 0, 2, 99);
    const Address other = Address::v4(10, 88, 0, 2, 99);
    const auto is_either = [&](const Address& told) { return told == one || told == other; };
    return told_to_others({{"10.77.0.9", 7420}}) == one &&
           told_to_others({{"127.0.0.1", 7420}, {"10.88.0.9", 7420}}) == other &&
           is_either(told_to_others({})) && is_either(told_to_others({{"203.0.113.1", 7420}})) &&
           is_either(told_to_others({{"127.0.0.1", 7420}}));
  });

  if (!holds) GTEST_SKIP() << "no network namespaces here";
  EXPECT_TRUE(*holds);
}

TEST(CheckedOptionsTest, TellsLoopbackWhereThereIsNothingElse) {
  const auto holds = holds_on_a_network(
      "ip link set lo up", [] { return told_to_others({{"10.88.0.9", 7420}}) == loopback(99); });

  if (!holds) GTEST_SKIP() << "no network namespaces here";
  EXPECT_TRUE(*holds);
}

TEST(CheckedOptionsTest, RefusesASeedThatNobodyCanSendTo) {
  for (const auto* const seed : {"0.0.0.0:7420", "[::]:7420", "db1:0"}) {
    const auto seeds = parse_seeds({seed});
    ASSERT_FALSE(seeds) << seed;
    EXPECT_EQ(seeds.error().field, "join");
  }
}

}  // namespace
}  // namespace rollcall::runtime
