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

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/wait.h>
#include <unistd.h>

// Debian 12's header (glibc 2.36) forgets to say that these are C functions.
extern "C" {
#include <sys/pidfd.h>
}

#include "launcher/system.hpp"

namespace rollcall::launcher {
namespace {

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

void reset_signals() {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGCHLD}) std::signal(signal, SIG_DFL);
}

/// A pipe whose ends no program inherits.
struct Pipe {
  static std::optional<Pipe> create() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
    return std::optional<Pipe>(std::in_place, ends[0], ends[1]);
  }
  Pipe(int read, int write) : read_end(read), write_end(write) {}

  Descriptor read_end;
  Descriptor write_end;
};

/// What the child needs, as memory that it need not allocate.
struct ChildPlan {
  const char* program;
  char* const* arguments;
  char* const* environment;
  int log;
};

/// In the child, between fork and exec: only calls that are safe there. Waits for the word to go
/// on, which does not come if the parent ends. Tells the parent what failed through the other
/// pipe, which a successful exec closes.
[[noreturn]] void become(const ChildPlan& plan, Pipe& release, const Pipe& report) {
  release.write_end.close();
  char word = 0;
  if (read(release.read_end.get(), &word, sizeof word) != sizeof word) _exit(127);
  setsid();
  reset_signals();
  const int null = ::open("/dev/null", O_RDONLY);
  if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(plan.log, STDOUT_FILENO) >= 0 &&
      dup2(plan.log, STDERR_FILENO) >= 0) {
    close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    execve(plan.program, plan.arguments, plan.environment);
  }
  const int error = errno;
  (void)!write(report.write_end.get(), &error, sizeof error);
  _exit(127);
}

/// Lets the child go on, and learns how that went: half a sentence if it did not.
std::optional<std::string> let_go(Pipe& release, Pipe& report) {
  report.write_end.close();
  const char word = 1;
  (void)!write(release.write_end.get(), &word, sizeof word);
  int error = 0;
  if (read(report.read_end.get(), &error, sizeof error) <= 0) return std::nullopt;
  return error_text(error);
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

bool kill_if(int pid, const std::function<bool()>& condition) {
  const Descriptor pin(pidfd_open(pid, 0));
  return pin.valid() && condition() && pidfd_send_signal(pin.get(), SIGKILL, nullptr, 0) == 0;
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
  auto release = Pipe::create();
  auto report = Pipe::create();
  if (!release || !report) return std::unexpected("no pipe: " + error_text(errno));
  const std::vector<char*> arguments = pointers(plan.arguments);
  const std::vector<char*> environment = pointers(plan.environment);

  const pid_t pid = fork();
  if (pid < 0) return std::unexpected("cannot start a process: " + error_text(errno));
  if (pid == 0) {
    become({.program = plan.program.c_str(),
            .arguments = arguments.data(),
            .environment = environment.data(),
            .log = log.get()},
           *release, *report);
  }
  const std::optional<ProcStat> stat = read_stat(pid);
  const ProcessIdentity process{
      .pid = pid, .start_ticks = stat ? stat->start_ticks : 0, .boot_id = boot_id()};
  std::optional<std::string> failure;
  if (!stat) {
    failure = "ended before it was recorded";
  } else if (plan.record) {
    failure = plan.record(process);
  }
  if (failure) {
    release->write_end.close();
  } else if (const auto error = let_go(*release, *report)) {
    failure = "cannot run " + plan.program.string() + ": " + *error;
  }
  if (!failure) return process;
  waitpid(pid, nullptr, 0);
  return std::unexpected(*failure);
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
