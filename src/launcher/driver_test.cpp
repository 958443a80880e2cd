// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "launcher/driver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "launcher/namespaces.hpp"

namespace rollcall::launcher {
namespace {

using testing::HasSubstr;

/// A process without the rights of root, for as long as this lives.
class Nobody {
 public:
  Nobody() {
    if (::geteuid() == 0) (void)!::seteuid(65'534);
  }
  ~Nobody() { (void)!::seteuid(::getuid()); }
  Nobody(const Nobody&) = delete;
  Nobody& operator=(const Nobody&) = delete;
};

TEST(LauncherDriver, NeedsRootForNetworksOfItsOwnAndSaysSo) {
  const auto driver = make_driver(DriverKind::netns, {});
  const Nobody nobody;

  const Done checked = driver->check();

  ASSERT_FALSE(checked.has_value());
  EXPECT_EQ(checked.error().what, "--driver netns");
  EXPECT_THAT(checked.error().why, HasSubstr("only root may make network namespaces"));
  EXPECT_THAT(checked.error().todo, HasSubstr("sudo"));
}

TEST(LauncherDriver, LeavesTheNetworkOfThisMachineAlone) {
  const auto driver = make_driver(DriverKind::local, {});

  EXPECT_TRUE(driver->check().has_value());
  const Done faulty = driver->check_faults({});

  ASSERT_FALSE(faulty.has_value());
  EXPECT_THAT(faulty.error().why, HasSubstr("without permission"));
  EXPECT_THAT(faulty.error().todo, HasSubstr("--allow-faults"));
}

TEST(LauncherDriver, SaysWhichNetworkCannotBeEntered) {
  bool was_called = false;
  const auto entered = in_network("/run/netns/rollcall-none", [&was_called] { was_called = true; });

  ASSERT_FALSE(entered.has_value());
  EXPECT_THAT(entered.error(), HasSubstr("/run/netns/rollcall-none: No such file"));
  EXPECT_FALSE(was_called);
}

TEST(LauncherDriver, DoesThingsInItsOwnNetworkWithoutAPath) {
  const auto result = within("", []() -> std::expected<int, std::string> { return 7; });

  EXPECT_EQ(result, 7);
}

}  // namespace
}  // namespace rollcall::launcher
