// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <fstream>
#include <ios>
#include <sstream>
#include <string>

#include "base/ids.hpp"
#include "simulation_test.hpp"

/// One busy minute must have the same transcript on every compiler, at every optimisation, today
/// as when its hash was written down: a run that cannot be replayed elsewhere is no bug report.
/// A change of the protocol or of the world changes it, and is then written down anew:
///
///     ROLLCALL_GOLDEN=write rollcall_simulation_tests --gtest_filter='Golden.*'
namespace rollcall::sim {
namespace {

constexpr const char* golden_path = ROLLCALL_SOURCE_DIR "/tests/simulation/golden/busy_minute.txt";

/// Keeps no text, only its hash and length: FNV-1a.
class HashingBuffer final : public std::streambuf {
 public:
  [[nodiscard]] std::string text() const {
    std::ostringstream out;
    out << std::hex << hash_ << std::dec << ' ' << length_ << '\n';
    return out.str();
  }

 protected:
  int_type overflow(int_type character) override {
    if (!traits_type::eq_int_type(character, traits_type::eof())) {
      add(traits_type::to_char_type(character));
    }
    return traits_type::not_eof(character);
  }
  std::streamsize xsputn(const char* text, std::streamsize count) override {
    for (std::streamsize i = 0; i < count; ++i) add(text[i]);
    return count;
  }

 private:
  void add(char character) {
    constexpr std::uint64_t prime = 0x100000001b3U;
    hash_ = (hash_ ^ static_cast<unsigned char>(character)) * prime;
    ++length_;
  }

  std::uint64_t hash_ = 0xcbf29ce484222325U;
  std::uint64_t length_ = 0;
};

/// Every fault and every shape of chance that the world has, in one minute.
void live_through_a_busy_minute(core::Profile profile, std::ostream& transcript) {
  core::Config config;
  config.profile = profile;
  Cluster cluster({.size = 12,
                   .world = {.seed = 2026,
                             .link = {.delay_min = 200us,
                                      .delay_max = 1s,
                                      .shape = DelayShape::exponential,
                                      .delay_mean = 500us,
                                      .loss = 0.05,
                                      .duplicate = 0.05,
                                      .reorder = 0.05},
                             .transcript = &transcript},
                   .config = config});
  World& world = cluster.world();
  for (std::uint32_t i = 8; i < 12; ++i) world.set_zone(HostId{i}, ZoneId{1});
  world.set_zone_link(ZoneId{0}, ZoneId{1},
                      {.delay_min = 10ms,
                       .delay_max = 1s,
                       .shape = DelayShape::pareto,
                       .delay_mean = 12ms,
                       .loss = 0.02});
  world.set_pair_link(HostId{0}, HostId{1},
                      {.delay_min = 1ms, .shape = DelayShape::normal, .delay_mean = 2ms});
  world.set_drift(HostId{2}, 500);
  world.set_drift(HostId{3}, -100'000);
  EXPECT_EQ(cluster.form(), "");
  world.set_bandwidth(HostId{4}, {.out_bytes_per_second = 5000, .in_bytes_per_second = 5000});
  world.crash(HostId{5});
  world.freeze(HostId{6});
  world.run_for(10s);
  world.thaw(HostId{6});
  world.restart(HostId{5}, Disk::lost, {cluster.seed()}, Address::v4(10, 9, 0, 5, 7420));
  world.power_off(HostId{7});
  world.jump_clock(HostId{8}, 5s);
  world.hold_input(HostId{9});
  world.run_for(10s);
  world.release_input(HostId{9});
  world.partition({{HostId{0}, HostId{1}, HostId{2}, HostId{3}}});
  world.cut(HostId{10}, HostId{11});
  world.run_for(20s);
  world.heal();
  world.mend(HostId{10}, HostId{11});
  world.set_loss(HostId{1}, {.in = 0.3, .out = 0.3});
  world.run_for(20s);
}

std::string hash_of_busy_minutes() {
  HashingBuffer buffer;
  std::ostream transcript(&buffer);
  for (const core::Profile profile : {core::Profile::rollcall, core::Profile::swim}) {
    live_through_a_busy_minute(profile, transcript);
  }
  return buffer.text();
}

TEST(Golden, ABusyMinuteIsTheSameOnEveryCompilerAndEveryDay) {
  const std::string found = hash_of_busy_minutes();
  if (const char* mode = std::getenv("ROLLCALL_GOLDEN"); mode != nullptr) {
    ASSERT_STREQ(mode, "write") << "ROLLCALL_GOLDEN may be 'write' or not set";
    std::ofstream(golden_path) << found;
  }

  std::ifstream file(golden_path);
  std::stringstream expected;
  expected << file.rdbuf();

  EXPECT_EQ(found, expected.str())
      << "hash and length of the transcript differ from " << golden_path
      << ".\nIf the protocol or the world was changed on purpose, write it down anew with\n"
         "  ROLLCALL_GOLDEN=write rollcall_simulation_tests --gtest_filter='Golden.*'\n"
         "If nothing was changed, this build does not replay what others have run.";
}

}  // namespace
}  // namespace rollcall::sim
