// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/hosts_file.hpp"

#include <filesystem>
#include <fstream>

#include <sys/stat.h>

#include "rollcall/agent.hpp"
#include "runtime/test_support.hpp"

namespace rollcall::runtime {
namespace {

class HostsFileTest : public testing::Test {
 protected:
  void write(std::string_view text) const { std::ofstream(path_) << text; }

  testing::AssertionResult read(HostsFile& file) {
    is_read_ = false;
    file.read(disk_, io_, [this](const std::vector<HostPort>& hosts, std::string warning) {
      hosts_ = hosts;
      warning_ = std::move(warning);
      is_read_ = true;
    });
    EXPECT_FALSE(is_read_) << "never from inside the call";
    return run_until(io_, [this] { return is_read_; });
  }

  ScratchDirectory scratch_;
  std::string path_ = (scratch_.path() / "hosts").string();
  boost::asio::io_context io_;
  Worker disk_{"test-disk", 16, Worker::AtEnd::finish};
  std::vector<HostPort> hosts_;
  std::string warning_;
  bool is_read_ = false;
};

TEST_F(HostsFileTest, ReadsHostsPortsCommentsAndServices) {
  write("# ours\n10.0.0.1\n\n  db2:7430  # the second\r\n[::1]:9\n_rollcall._udp.example.org\n");

  const auto hosts = read_hosts_file(path_);

  ASSERT_TRUE(hosts) << hosts.error().message;
  EXPECT_EQ(*hosts,
            (std::vector<HostPort>{
                {"10.0.0.1", 7420}, {"db2", 7430}, {"::1", 9}, {"_rollcall._udp.example.org", 0}}));
}

TEST_F(HostsFileTest, NamesTheLineThatIsNoHost) {
  for (const auto* const line : {"a b", "a:0", "0.0.0.0", "a:70000"}) {
    write("10.0.0.1\n" + std::string(line) + "\n");

    const auto hosts = read_hosts_file(path_);

    ASSERT_FALSE(hosts) << line;
    EXPECT_EQ(to_text(hosts.error(), "hosts"),
              "hosts:2: found '" + std::string(line) + "'; allowed: one HOST or HOST:PORT a line");
  }
}

TEST_F(HostsFileTest, RefusesWhatIsNoFileAndWhatIsTooLong) {
  EXPECT_EQ(read_hosts_file(path_).error().line, 0);
  EXPECT_EQ(read_hosts_file(scratch_.path()).error().line, 0);
  std::string many;
  for (std::size_t i = 0; i <= hosts_max; ++i) many += "h\n";
  write(many);
  EXPECT_EQ(read_hosts_file(path_).error().line, static_cast<int>(hosts_max) + 1);
}

TEST_F(HostsFileTest, RefusesWhatWouldNeverEndAndLinesThatDo) {
  EXPECT_NE(read_hosts_file("/dev/zero").error().message.find("is no file"), std::string::npos);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_NE(read_hosts_file(path_).error().message.find("is no file"), std::string::npos);
  std::filesystem::remove(path_);

  write("a\n#" + std::string(hosts_line_max, 'x') + "\n");
  EXPECT_EQ(to_text(read_hosts_file(path_).error(), "hosts"),
            "hosts:2: more than 1024 bytes; allowed: one HOST or HOST:PORT a line");
  write("#" + std::string(hosts_line_max - 1, 'x') + "\nlast");
  EXPECT_EQ(read_hosts_file(path_)->size(), 1U);
  write(std::string(254, 'h'));
  EXPECT_EQ(read_hosts_file(path_).error().line, 1);
  write(std::string("\xff\0\x1b[2J", 6));
  EXPECT_EQ(read_hosts_file(path_).error().message,
            "found '\\xff\\x00\\x1b[2J'; allowed: one HOST or HOST:PORT a line");
}

TEST_F(HostsFileTest, GivesWhatTheFileSaysNow) {
  HostsFile file(path_, {{"before", 1}});
  write("later:2\n");

  ASSERT_TRUE(read(file));

  EXPECT_EQ(hosts_, (std::vector<HostPort>{{"later", 2}}));
  EXPECT_EQ(warning_, "");
}

TEST_F(HostsFileTest, KeepsTheListBeforeAndSaysOnceWhy) {
  HostsFile file(path_, {{"before", 1}});
  write("good:1\nb a d\n");

  ASSERT_TRUE(read(file));
  EXPECT_EQ(hosts_, (std::vector<HostPort>{{"before", 1}}));
  EXPECT_NE(warning_.find(path_ + ":2: found 'b a d'"), std::string::npos) << warning_;
  ASSERT_TRUE(read(file));
  EXPECT_EQ(warning_, "");

  std::filesystem::remove(path_);
  ASSERT_TRUE(read(file));
  EXPECT_NE(warning_.find("cannot be read"), std::string::npos) << warning_;

  write("good:1\n");
  ASSERT_TRUE(read(file));
  EXPECT_EQ(hosts_, (std::vector<HostPort>{{"good", 1}}));
  write("b a d\n");
  ASSERT_TRUE(read(file));
  EXPECT_NE(warning_, "") << "in between it was good";
}

// --- Members as a whole ------------------------------------------------------------------------

TEST_F(HostsFileTest, AMemberJoinsWhoIsWrittenIntoItsFileLater) {
  write("# nobody yet\n");
  Options options;
  options.name = "late";
  options.bind = "127.0.0.1:0";
  options.hosts_file = path_;
  auto late = Agent::create(options);
  ASSERT_TRUE(late) << late.error().message;
  EXPECT_TRUE(eventually([&] { return late->status().phase == Phase::alone; }));
  EXPECT_TRUE(eventually([&] { return late->status().join_stage == JoinStage::waiting; }));
  options.name = "first";
  options.hosts_file.clear();
  auto first = Agent::create(options);
  ASSERT_TRUE(first);

  write(first->address() + "\n");

  EXPECT_TRUE(eventually([&] { return late->members().size() == 2; }));
  EXPECT_TRUE(eventually([&] { return late->status().join_stage == JoinStage::none; }));
}

TEST_F(HostsFileTest, AMemberDoesNotStartWithABadFile) {
  write("a\nb a d\n");
  Options options;
  options.name = "bad";
  options.bind = "127.0.0.1:0";
  options.hosts_file = path_;

  const auto agent = Agent::create(options);

  ASSERT_FALSE(agent);
  EXPECT_EQ(agent.error().code, ErrorCode::invalid_option);
  EXPECT_EQ(agent.error().field, "hosts");
  EXPECT_NE(agent.error().message.find(path_ + ":2:"), std::string::npos);
}

}  // namespace
}  // namespace rollcall::runtime
