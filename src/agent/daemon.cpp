// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rollcall::agent {
namespace {

constexpr int failed = 1;

/// Waits for one byte, the exit code; a pipe that ends without one is a process that ended.
int wait_for_report(int fd) {
  std::uint8_t code = failed;
  ssize_t received = 0;
  do {
    received = ::read(fd, &code, sizeof code);
  } while (received < 0 && errno == EINTR);
  if (received == sizeof code) return code;
  static_cast<void>(
      std::fputs("rollcall: agent: the daemon ended before it was up; its log says why\n", stderr));
  return failed;
}

int fork_failed() {
  static_cast<void>(std::fprintf(stderr,
                                 "rollcall: agent: cannot detach: %s; run it without --daemon\n",
                                 std::strerror(errno)));
  return failed;
}

void redirect_to_null() {
  const runtime::UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null.is_open()) return;  // a host without it has what is written go where it went before
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    ::dup2(null.get(), standard);
  }
}

std::string error_text() {
  return std::strerror(errno);
}

std::string holder_text(int file) {
  std::array<char, 32> text{};
  const ssize_t size = ::pread(file, text.data(), text.size() - 1, 0);
  const long pid = size > 0 ? std::strtol(text.data(), nullptr, 10) : 0;
  return pid > 0 ? "process " + std::to_string(pid) : "another process";
}

}  // namespace

std::expected<Daemon, int> Daemon::detach() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::unexpected(fork_failed());
  const runtime::UniqueFd reader(ends[0]);
  runtime::UniqueFd writer(ends[1]);

  const pid_t child = ::fork();
  if (child < 0) return std::unexpected(fork_failed());
  if (child > 0) {
    writer.reset();
    ::waitpid(child, nullptr, 0);
    return std::unexpected(wait_for_report(reader.get()));
  }
  // A session of its own, and no leader of it: no terminal can come back.
  ::setsid();
  const pid_t grandchild = ::fork();
  if (grandchild != 0) ::_exit(grandchild < 0 ? failed : 0);
  // A file system that somebody wants to unmount is not kept busy.
  static_cast<void>(::chdir("/"));
  return Daemon(std::move(writer));
}

void Daemon::report_up() {
  redirect_to_null();
  report_failure(0);
}

void Daemon::report_failure(int exit_code) {
  if (!starter_.is_open()) return;
  const auto code = static_cast<std::uint8_t>(exit_code);
  // A starter that is gone already has nobody to tell.
  static_cast<void>(::write(starter_.get(), &code, sizeof code));
  starter_.reset();
}

std::expected<PidFile, std::string> PidFile::create(const std::string& path) {
  runtime::UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!file.is_open()) {
    return std::unexpected("cannot open " + path + ": " + error_text() +
                           "; choose another --pid-file");
  }
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    return std::unexpected(path + " belongs to " + holder_text(file.get()) +
                           ", which runs; stop that, or choose another --pid-file");
  }
  const std::string text = std::to_string(::getpid()) + "\n";
  const bool is_written =
      ::ftruncate(file.get(), 0) == 0 &&
      ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (!is_written) {
    return std::unexpected("cannot write " + path + ": " + error_text() +
                           "; choose another --pid-file");
  }
  return PidFile(path, std::move(file));
}

PidFile::~PidFile() {
  if (file_.is_open()) ::unlink(path_.c_str());
}

void notify_service_manager(const std::string& state) {
  const char* const path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  if (path == nullptr || (path[0] != '/' && path[0] != '@')) return;
  const std::size_t length = std::strlen(path);
  if (length < 2 || length >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path, length);
  if (path[0] == '@') address.sun_path[0] = '\0';

  const runtime::UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  const void* const where = &address;
  // A manager that does not listen is none of the agent's business.
  static_cast<void>(::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL,
                             static_cast<const sockaddr*>(where), size));
}

}  // namespace rollcall::agent
