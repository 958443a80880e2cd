// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
//
// RaftStore on disks that are full, refuse, or can only be read.
#include <array>
#include <csignal>
#include <fstream>

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "runtime/raft_store_test_support.hpp"
#include "runtime/test_support.hpp"

namespace rollcall::runtime {
namespace {

class RaftStoreDiskTest : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path path() const { return scratch_.path() / "member"; }
  [[nodiscard]] std::filesystem::path file() const { return path() / RaftStore::file_name; }
  /// The message of the error that opening ends in.
  [[nodiscard]] std::string refusal() const {
    const auto store = RaftStore::open(path(), raft_owner);
    return store ? "opened" : store.error().message;
  }

  ScratchDirectory scratch_;
};

/// What a child process, which may change what its process can do, has to say: one line.
template <class Body>
std::string told_by_child(Body body) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe(ends.data()), 0);
  const UniqueFd reader(ends[0]);
  const UniqueFd writer(ends[1]);
  ChildProcess child([&] {
    const std::string line = body() + "\n";
    static_cast<void>(::write(writer.get(), line.data(), line.size()));
  });
  std::string told;
  pollfd wait{reader.get(), POLLIN, 0};
  char letter = 0;
  while (::poll(&wait, 1, 30'000) == 1 && ::read(reader.get(), &letter, 1) == 1) {
    if (letter == '\n') return told;
    told += letter;
  }
  return told + " (and then nothing more)";
}

constexpr std::string_view cannot_mount =
    "this test mounts a small disk, which takes root or a user namespace; here is neither";

/// A small disk of the process's own at the directory.
bool mount_disk(const std::filesystem::path& directory, const char* size) {
  std::filesystem::create_directories(directory);
  if (::unshare(CLONE_NEWNS) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("tmpfs", directory.c_str(), "tmpfs", 0, size) == 0;
}

/// Writes until the disk refuses; `model` is what was confirmed then.
std::string fill(RaftStore& store, RaftDiskModel& model, Prng& prng) {
  for (int i = 0; i < 100'000; ++i) {
    const RaftWrite write = i < 30 ? model.next(prng) : model.next_growth(prng);
    if (const auto written = write_one(store, write); !written) return written.error().message;
    model.apply(write);
  }
  return "never full";
}

/// Fills the disk, finds what was confirmed, makes room, and goes on.
template <class MakeRoom>
std::string fill_and_go_on(const std::filesystem::path& directory, std::string_view expected,
                           MakeRoom make_room) {
  Prng prng(3);
  RaftDiskModel model;
  auto store = ready_store(directory);
  if (!store) return store.error().message;
  for (int tries = 0; tries < 20; ++tries) {
    const std::string refused = fill(*store, model, prng);
    if (refused.find(expected) == std::string::npos) return "refused with: " + refused;
  }
  make_room();
  for (int i = 0; i < 20; ++i) {
    const RaftWrite write = model.next(prng);
    if (const auto written = write_one(*store, write); !written) {
      return "after making room: " + written.error().message;
    }
    model.apply(write);
  }
  store = std::unexpected(Error());
  auto again = RaftStore::open(directory, raft_owner);
  if (!again) return "opened again: " + again.error().message;
  const auto kept = kept_by(*again);
  if (!kept) return "loaded again: " + kept.error().message;
  return *kept == model.kept() ? "as confirmed" : "not what was confirmed";
}

TEST_F(RaftStoreDiskTest, KeepsWhatItConfirmedOnAFullDisk) {
  const std::string told = told_by_child([this]() -> std::string {
    if (!mount_disk(path(), "size=3m")) return "cannot mount";
    const std::filesystem::path filler = path() / "filler";
    write_file(filler, std::string(1'000'000, 'x'));
    return fill_and_go_on(path(), "no room left on the disk",
                          [&] { std::filesystem::remove(filler); });
  });

  if (told == "cannot mount") GTEST_SKIP() << cannot_mount;
  EXPECT_EQ(told, "as confirmed");
}

TEST_F(RaftStoreDiskTest, SaysAtTheStartThatTheDiskIsFull) {
  const std::string told = told_by_child([this]() -> std::string {
    if (!mount_disk(path(), "size=1m")) return "cannot mount";
    std::ofstream filler(path() / "filler");
    filler << std::string(2'000'000, 'x');
    filler.close();
    return refusal();
  });

  if (told == "cannot mount") GTEST_SKIP() << cannot_mount;
  EXPECT_EQ(told, "no room left on the disk for " + file().string() + "; make room there");
}

TEST_F(RaftStoreDiskTest, KeepsWhatItConfirmedWhenTheSystemRefusesToWrite) {
  const std::string told = told_by_child([this] {
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    const rlim_t soft = std::exchange(limit.rlim_cur, 700'000);
    ::setrlimit(RLIMIT_FSIZE, &limit);
    return fill_and_go_on(path(), "cannot use", [&] {
      limit.rlim_cur = soft;
      ::setrlimit(RLIMIT_FSIZE, &limit);
    });
  });

  EXPECT_EQ(told, "as confirmed");
}

TEST_F(RaftStoreDiskTest, RefusesADiskThatCanOnlyBeRead) {
  const std::string told = told_by_child([this]() -> std::string {
    if (!mount_disk(path(), "size=3m")) return "cannot mount";
    {
      if (!ready_store(path())) return "cannot make it";
    }
    if (::mount(nullptr, path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, "size=3m") != 0) {
      return "cannot mount";
    }
    return refusal();
  });

  if (told == "cannot mount") GTEST_SKIP() << cannot_mount;
  EXPECT_NE(told.find("cannot write " + file().string()), std::string::npos) << told;
  EXPECT_NE(told.find("choose another --data-dir"), std::string::npos) << told;
}

}  // namespace
}  // namespace rollcall::runtime
