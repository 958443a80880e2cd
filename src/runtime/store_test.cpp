// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/store.hpp"

#include <fstream>
#include <set>

#include "runtime/test_support.hpp"

namespace rollcall::runtime {
namespace {

class StoreTest : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path path() const { return scratch_.path() / "member"; }
  [[nodiscard]] auto open(const Store::Owner& owner = {"test", "a"}) const {
    return Store::open(path(), owner);
  }
  /// The message of the error that opening ends in.
  [[nodiscard]] std::string refusal(const Store::Owner& owner = {"test", "a"}) const {
    const auto store = open(owner);
    if (store) return "opened";
    EXPECT_EQ(store.error().code, ErrorCode::storage);
    EXPECT_EQ(store.error().field, "data-dir");
    return store.error().message;
  }

  ScratchDirectory scratch_;
};

TEST_F(StoreTest, BeginsWithNothing) {
  const auto store = open();

  ASSERT_TRUE(store) << store.error().message;
  EXPECT_EQ(store->boot(), 0U);
  EXPECT_TRUE(store->peers().empty());
}

TEST_F(StoreTest, KeepsWhatWasSaved) {
  const std::vector<Address> peers = {loopback(1), loopback_v6(2)};
  {
    auto store = open();
    ASSERT_TRUE(store);
    ASSERT_TRUE(store->save_boot(7));
    ASSERT_TRUE(store->save_peers({loopback(9)}));
    ASSERT_TRUE(store->save_peers(peers));
  }

  const auto store = open();

  ASSERT_TRUE(store);
  EXPECT_EQ(store->boot(), 7U);
  EXPECT_EQ(std::set(store->peers().begin(), store->peers().end()),
            std::set(peers.begin(), peers.end()));
}

TEST_F(StoreTest, KeepsWhichLogTheDirectoryHasAPartIn) {
  {
    auto store = open();
    ASSERT_TRUE(store);
    EXPECT_TRUE(store->log().is_nobody());
    ASSERT_TRUE(store->save_log({1, 1}));
    ASSERT_TRUE(store->save_log({1, 2}));
  }

  const auto store = open();

  ASSERT_TRUE(store);
  EXPECT_EQ(store->log(), (consensus::LogId{1, 2}));
}

TEST_F(StoreTest, KeepsTheNewestSettings) {
  core::VersionedSettings settings;
  {
    auto store = open();
    ASSERT_TRUE(store);
    EXPECT_FALSE(store->settings());
    settings.settings.drop_rate = 0.25;
    settings.version = {.number = 3, .origin = {.high = 1, .low = 2}};
    ASSERT_TRUE(store->save_settings(settings));
    settings.settings.detector = core::DetectorKind::gossip;
    settings.version.number = 4;
    settings.by = "b";
    ASSERT_TRUE(store->save_settings(settings));
  }

  const auto store = open();

  ASSERT_TRUE(store && store->settings());
  EXPECT_EQ(store->settings()->settings, settings.settings);
  EXPECT_EQ(store->settings()->version, settings.version);
  EXPECT_EQ(store->settings()->by, "b");
  EXPECT_EQ(store->settings_trouble(), "");
}

TEST_F(StoreTest, SaysWhyKeptSettingsCannotBeUsed) {
  {
    auto store = open();
    ASSERT_TRUE(store);
    ASSERT_TRUE(store->save_settings({}));
  }
  {
    auto database = Database::open(path() / "rollcall.db");
    ASSERT_TRUE(database);
    ASSERT_TRUE(database->run("DELETE FROM setting WHERE name = 'detector'"));
  }

  const auto store = open();

  ASSERT_TRUE(store) << "they stand in nobody's way";
  EXPECT_FALSE(store->settings());
  EXPECT_EQ(store->settings_trouble(), "detector is missing");
}

TEST_F(StoreTest, KeepsNoMorePeersThanItsLimit) {
  std::vector<Address> many;
  for (std::uint16_t port = 1; port <= 2 * Store::peers_max; ++port) many.push_back(loopback(port));
  {
    auto store = open();
    ASSERT_TRUE(store);
    ASSERT_TRUE(store->save_peers(many));
  }

  EXPECT_EQ(open()->peers().size(), Store::peers_max);
}

TEST_F(StoreTest, IsOpenToOneAgentAtATime) {
  {
    const auto first = open();
    ASSERT_TRUE(first);

    EXPECT_EQ(refusal(), "the data directory " + path().string() +
                             " is in use by another agent (process " + std::to_string(::getpid()) +
                             "); stop it or choose another --data-dir");
  }
  EXPECT_EQ(refusal(), "opened") << "as soon as the first has gone";
}

TEST_F(StoreTest, BelongsToOneMemberOfOneCluster) {
  ASSERT_TRUE(open());

  EXPECT_EQ(refusal({"test", "b"}), "the data directory " + path().string() +
                                        " belongs to name 'a', not 'b'; give each member a "
                                        "--data-dir of its own");
  EXPECT_EQ(refusal({"prod", "a"}), "the data directory " + path().string() +
                                        " belongs to cluster 'test', not 'prod'; give each member "
                                        "a --data-dir of its own");
  EXPECT_EQ(refusal(), "opened");
}

TEST_F(StoreTest, RefusesAPathThatIsNoDirectory) {
  std::ofstream(path()) << "a file";

  EXPECT_NE(refusal().find("cannot make the data directory " + path().string()), std::string::npos)
      << refusal();
}

TEST_F(StoreTest, RefusesADirectoryThatCannotBeWritten) {
  // Nobody, not even root, makes files there.
  const auto store = Store::open("/proc/self", {"test", "a"});

  ASSERT_FALSE(store);
  EXPECT_NE(store.error().message.find("cannot write in the data directory /proc/self"),
            std::string::npos)
      << store.error().message;
}

TEST_F(StoreTest, SaysThatTheFileIsDamaged) {
  std::filesystem::create_directories(path());
  std::ofstream(path() / "rollcall.db") << std::string(8192, 'x');

  EXPECT_NE(refusal().find("rollcall.db is damaged"), std::string::npos) << refusal();
  EXPECT_NE(refusal().find("move it away"), std::string::npos) << refusal();
}

TEST_F(StoreTest, SurvivesAKillInTheMiddleOfItsWork) {
  ChildProcess child([this] {
    auto store = open();
    for (std::uint64_t boot = 1; store && boot < 1'000'000; ++boot) {
      static_cast<void>(store->save_boot(boot));
    }
  });
  const auto log = path() / "rollcall.db-wal";
  ASSERT_TRUE(eventually([&] {
    std::error_code ignored;
    const auto size = std::filesystem::file_size(log, ignored);
    return !ignored && size > 100'000;
  }));
  child.kill();

  const auto store = open();

  ASSERT_TRUE(store) << store.error().message;
  EXPECT_GT(store->boot(), 5U);
}

}  // namespace
}  // namespace rollcall::runtime
