// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

/// Real processes for tests: directories, ports and children that are gone when the test is.
namespace rollcall::test {

/// The longest that a condition is waited for. Far above what it takes: two busy cores and a
/// sanitizer must not make a test fail.
inline constexpr std::chrono::seconds patience{90};

/// Looks again and again until the condition holds; false when it did not in time.
template <class Condition>
bool eventually(Condition condition, std::chrono::milliseconds limit = patience) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

/// A directory of the test's own, removed at the end.
class TempDirectory {
 public:
  TempDirectory();
  ~TempDirectory();
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// A port of the loopback addresses that was free for UDP and TCP, and that no other test takes
/// while this object lives.
class FreePort {
 public:
  FreePort();
  ~FreePort();
  FreePort(FreePort&& other) noexcept;
  FreePort& operator=(FreePort&&) = delete;
  [[nodiscard]] std::uint16_t number() const { return number_; }
  /// "127.0.0.1:20001".
  [[nodiscard]] std::string address() const;

 private:
  std::uint16_t number_ = 0;
  int lock_ = -1;
};

struct ChildPlan {
  /// The first is the program, found through PATH.
  std::vector<std::string> command;
  /// What stdout and stderr are appended to.
  std::filesystem::path out;
  std::filesystem::path err;
  /// Added to this program's environment.
  std::vector<std::string> environment = {};
};

/// A process that ends with this object, at the latest.
class Child {
 public:
  explicit Child(const ChildPlan& plan);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  [[nodiscard]] int pid() const { return pid_; }
  /// False once it has ended.
  bool is_running();
  /// Only a child that has not been waited for can be signalled, so the number is still its own.
  void signal(int number);
  /// The exit status, or 128 plus the signal that ended it; nothing if it runs on.
  std::optional<int> wait(std::chrono::milliseconds limit = patience);

 private:
  int pid_ = -1;
  std::optional<int> status_;
};

struct RunResult {
  int status = -1;
  std::string out;
  std::string err;
};
/// Runs a command to its end; one that does not end in time is killed and has status 137.
RunResult run(const std::vector<std::string>& command,
              const std::vector<std::string>& environment = {});

/// Whether no process of that number runs; one that nobody has waited for yet has ended too.
bool has_ended(int pid);

/// What is in a file; empty if there is none.
std::string read_file(const std::filesystem::path& path);

/// The text with every occurrence replaced.
std::string replaced(std::string text, std::string_view from, std::string_view to);

}  // namespace rollcall::test
