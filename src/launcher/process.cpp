// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "launcher/process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/wait.h>
#include <unistd.h>

// Debian 12's header (glibc 2.36) forgets to say that these are C functions.
extern "C" {
#include <sys/pidfd.h>
}

namespace rollcall::launcher {
namespace {

std::string error_text(int error) {
  return std::error_code(error, std::generic_category()).message();
}

std::string first_line(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

const std::string& boot_id() {
  static const std::string id = first_line("/proc/sys/kernel/random/boot_id");
  return id;
}

struct ProcStat {
  char state = 'X';
  std::uint64_t start_ticks = 0;
};

/// Reads /proc/PID/stat. The name of the program, in parentheses, may itself hold spaces and
/// parentheses, so counting begins behind the last one.
std::optional<ProcStat> read_stat(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;

  constexpr int fields_between_state_and_start = 18;
  std::istringstream fields(text.substr(name_end + 1));
  ProcStat stat;
  std::string skipped;
  fields >> stat.state;
  for (int i = 0; i < fields_between_state_and_start; ++i) fields >> skipped;
  fields >> stat.start_ticks;
  if (!fields) return std::nullopt;
  return stat;
}

std::optional<ProcStat> stat_of(const ProcessIdentity& process) {
  if (process.pid <= 0 || process.boot_id != boot_id()) return std::nullopt;
  const std::optional<ProcStat> stat = read_stat(process.pid);
  if (!stat || stat->start_ticks != process.start_ticks) return std::nullopt;
  return stat;
}

/// A file descriptor, closed at the end.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  list.reserve(texts.size() + 1);
  for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

void reset_signals() {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGCHLD}) std::signal(signal, SIG_DFL);
}

/// In the child, between fork and exec: only calls that are safe there. Tells the parent what
/// failed through the pipe, which a successful exec closes.
[[noreturn]] void become(const char* program, char* const* arguments, char* const* environment,
                         int log, int report) {
  setsid();
  reset_signals();
  const int null = ::open("/dev/null", O_RDONLY);
  if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(log, STDOUT_FILENO) >= 0 &&
      dup2(log, STDERR_FILENO) >= 0) {
    close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    execve(program, arguments, environment);
  }
  const int error = errno;
  (void)!write(report, &error, sizeof error);
  _exit(127);
}

std::string ending_text(int status) {
  if (WIFEXITED(status)) return "exit status " + std::to_string(WEXITSTATUS(status));
  const int signal = WTERMSIG(status);
  return "signal " + std::to_string(signal) + " (" + strsignal(signal) + ")";
}

}  // namespace

std::string_view to_text(ProcessState state) {
  switch (state) {
    case ProcessState::running:
      return "running";
    case ProcessState::paused:
      return "paused";
    case ProcessState::gone:
      return "not running";
  }
  return "?";
}

ProcessState state_of(const ProcessIdentity& process) {
  const std::optional<ProcStat> stat = stat_of(process);
  // Z and X are what is left of a process whose parent has not yet asked how it ended.
  if (!stat || stat->state == 'Z' || stat->state == 'X') return ProcessState::gone;
  return stat->state == 'T' ? ProcessState::paused : ProcessState::running;
}

SignalResult send_signal(const ProcessIdentity& process, int signal) {
  const Descriptor pin(pidfd_open(process.pid, 0));
  if (state_of(process) == ProcessState::gone) return SignalResult::gone;
  const int result =
      pin.valid() ? pidfd_send_signal(pin.get(), signal, nullptr, 0) : kill(process.pid, signal);
  if (result == 0) return SignalResult::sent;
  return errno == EPERM ? SignalResult::not_permitted : SignalResult::gone;
}

std::optional<std::string> reap(const ProcessIdentity& process) {
  int status = 0;
  if (process.pid <= 0 || waitpid(process.pid, &status, WNOHANG) != process.pid)
    return std::nullopt;
  return ending_text(status);
}

std::expected<ProcessIdentity, std::string> spawn(const SpawnPlan& plan) {
  const Descriptor log(
      ::open(plan.log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!log.valid()) {
    return std::unexpected("cannot write " + plan.log_file.string() + ": " + error_text(errno));
  }
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return std::unexpected("no pipe: " + error_text(errno));
  const Descriptor read_end(ends[0]);
  Descriptor write_end(ends[1]);
  const std::vector<char*> arguments = pointers(plan.arguments);
  const std::vector<char*> environment = pointers(plan.environment);

  const pid_t pid = fork();
  if (pid < 0) return std::unexpected("cannot start a process: " + error_text(errno));
  if (pid == 0) {
    become(plan.program.c_str(), arguments.data(), environment.data(), log.get(), write_end.get());
  }
  write_end.close();
  int error = 0;
  if (read(read_end.get(), &error, sizeof error) > 0) {
    waitpid(pid, nullptr, 0);
    return std::unexpected("cannot run " + plan.program.string() + ": " + error_text(error));
  }
  const std::optional<ProcStat> stat = read_stat(pid);
  if (!stat) return std::unexpected("ended at once");
  return ProcessIdentity{.pid = pid, .start_ticks = stat->start_ticks, .boot_id = boot_id()};
}

std::expected<int, std::string> run(const std::vector<std::string>& command,
                                    const std::vector<std::string>& environment) {
  const std::vector<char*> arguments = pointers(command);
  const std::vector<char*> variables = pointers(environment);
  const pid_t pid = fork();
  if (pid < 0) return std::unexpected("cannot start a process: " + error_text(errno));
  if (pid == 0) {
    environ = const_cast<char**>(variables.data());
    execvp(arguments[0], arguments.data());
    const std::string message = command[0] + ": " + error_text(errno) + "\n";
    (void)!write(STDERR_FILENO, message.data(), message.size());
    _exit(errno == ENOENT ? 127 : 126);
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::vector<std::string> current_environment() {
  std::vector<std::string> list;
  for (char** variable = environ; *variable != nullptr; ++variable) list.emplace_back(*variable);
  return list;
}

std::filesystem::path own_program() {
  std::error_code error;
  std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  // A program whose file was replaced meanwhile can still be started through its own handle.
  if (error || !std::filesystem::exists(program, error)) return "/proc/self/exe";
  return program;
}

}  // namespace rollcall::launcher
