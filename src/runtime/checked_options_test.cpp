// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/checked_options.hpp"

#include <limits>

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
  EXPECT_EQ(choose_advertise({}, loopback(99)), loopback(99));
}

TEST(CheckedOptionsTest, TellsOthersAnAddressOfThisHostWhenBoundToAll) {
  const auto address = choose_advertise({}, Address::v4(0, 0, 0, 0, 99));

  ASSERT_TRUE(address);
  EXPECT_FALSE(address->is_unspecified());
  EXPECT_EQ(address->port, 99);
}

TEST(CheckedOptionsTest, TellsOthersWhatItIsToldTo) {
  const Address wanted = Address::v4(10, 1, 2, 3, 0);

  EXPECT_EQ(choose_advertise(wanted, loopback(99)), Address::v4(10, 1, 2, 3, 99));
}

TEST(CheckedOptionsTest, RefusesToTellOthersWhatCannotBeReached) {
  const auto nowhere = choose_advertise(Address::v4(0, 0, 0, 0, 1), loopback(99));
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().field, "advertise");

  const auto deaf = choose_advertise(loopback_v6(1), loopback(99));
  ASSERT_FALSE(deaf);
  EXPECT_EQ(deaf.error().field, "advertise");
}

}  // namespace
}  // namespace rollcall::runtime
