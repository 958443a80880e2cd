// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "support/process.hpp"

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rollcall::test {
namespace {

/// Below what Linux gives to outgoing connections (32768 and up), so that none of these takes a
/// port between our look and an agent's bind.
constexpr unsigned port_first = 20'000;
constexpr unsigned port_count = 12'000;

bool can_bind(int type, std::uint16_t port) {
  const int fd = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  sockaddr generic{};
  static_assert(sizeof generic == sizeof address);
  std::memcpy(&generic, &address, sizeof generic);
  const bool bound = ::bind(fd, &generic, sizeof generic) == 0;
  ::close(fd);
  return bound;
}

/// Claims a port against the other tests of this machine; the file stays, the lock goes with us.
int claim(std::uint16_t port) {
  const auto directory = std::filesystem::temp_directory_path() / "rollcall-test-ports";
  std::error_code ignored;
  std::filesystem::create_directories(directory, ignored);
  std::filesystem::permissions(directory, std::filesystem::perms::all, ignored);
  const auto file = directory / std::to_string(port);
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0 || ::flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  ::close(fd);
  return -1;
}

void redirect(const std::filesystem::path& file, int to) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  ::dup2(fd, to);
  ::close(fd);
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

/// This program's environment without what would configure an agent, and with the additions.
std::vector<std::string> environment_with(const std::vector<std::string>& additions) {
  std::vector<std::string> list;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    if (!text.starts_with("ROLLCALL_") && !text.starts_with("NOTIFY_SOCKET="))
      list.emplace_back(text);
  }
  list.insert(list.end(), additions.begin(), additions.end());
  return list;
}

}  // namespace

TempDirectory::TempDirectory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "rollcall-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
  path_ = pattern;
}

TempDirectory::~TempDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

FreePort::FreePort() {
  static unsigned next = static_cast<unsigned>(::getpid()) * 97U;
  for (unsigned tried = 0; tried < port_count; ++tried) {
    const auto port = static_cast<std::uint16_t>(port_first + next++ % port_count);
    lock_ = claim(port);
    if (lock_ < 0) continue;
    if (can_bind(SOCK_DGRAM, port) && can_bind(SOCK_STREAM, port)) {
      number_ = port;
      return;
    }
    ::close(lock_);
  }
  throw std::runtime_error("no free port");
}

FreePort::~FreePort() {
  if (lock_ >= 0) ::close(lock_);
}

FreePort::FreePort(FreePort&& other) noexcept
    : number_(other.number_),
      lock_(std::exchange(other.lock_, -1)) {}

std::string FreePort::address() const {
  return "127.0.0.1:" + std::to_string(number_);
}

Child::Child(const ChildPlan& plan) {
  const std::vector<std::string> environment = environment_with(plan.environment);
  const std::vector<char*> arguments = pointers(plan.command);
  const std::vector<char*> variables = pointers(environment);
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("cannot fork");
  if (pid_ > 0) return;
  redirect("/dev/null", STDIN_FILENO);
  redirect(plan.out, STDOUT_FILENO);
  redirect(plan.err, STDERR_FILENO);
  ::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  ::execvpe(arguments[0], arguments.data(), variables.data());
  ::_exit(127);
}

Child::~Child() {
  if (!is_running()) return;
  signal(SIGKILL);
  wait();
}

bool Child::is_running() {
  return !wait(std::chrono::milliseconds(0)).has_value();
}

void Child::signal(int number) {
  if (is_running()) ::kill(pid_, number);
}

std::optional<int> Child::wait(std::chrono::milliseconds limit) {
  eventually(
      [this] {
        int status = 0;
        if (!status_ && ::waitpid(pid_, &status, WNOHANG) == pid_) {
          status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
        return status_.has_value();
      },
      limit);
  return status_;
}

RunResult run(const std::vector<std::string>& command,
              const std::vector<std::string>& environment) {
  const TempDirectory directory;
  const auto out = directory.path() / "out";
  const auto err = directory.path() / "err";
  Child child({.command = command, .out = out, .err = err, .environment = environment});
  const std::optional<int> status = child.wait();
  if (!status) child.signal(SIGKILL);
  return {.status = status.value_or(128 + SIGKILL), .out = read_file(out), .err = read_file(err)};
}

bool has_ended(int pid) {
  const std::string stat = read_file("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= stat.size()) return true;
  return stat[name_end + 2] == 'Z' || stat[name_end + 2] == 'X';
}

std::string read_file(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
    text.replace(at, from.size(), to);
    at += to.size();
  }
  return text;
}

}  // namespace rollcall::test
