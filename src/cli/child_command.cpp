// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/child_command.hpp"

#include <cerrno>
#include <cstring>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rollcall::cli {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> list;
  for (const std::string& word : words) list.push_back(const_cast<char*>(word.c_str()));
  list.push_back(nullptr);
  return list;
}

/// Gives the terminal to a group. Who is not in the group that has it is stopped for that, unless
/// the signal is blocked.
void give_terminal(pid_t group) {
  sigset_t stop;
  sigset_t before;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTTOU);
  pthread_sigmask(SIG_BLOCK, &stop, &before);
  tcsetpgrp(STDIN_FILENO, group);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

/// In the child: only what may be called between fork and exec.
[[noreturn]] void become(const std::vector<char*>& words, const std::vector<char*>& variables,
                         const sigset_t& mask, bool has_terminal, pid_t parent) {
  setpgid(0, 0);
  if (has_terminal) give_terminal(getpid());
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // it has gone already
  sigprocmask(SIG_SETMASK, &mask, nullptr);
  environ = const_cast<char**>(variables.data());
  execvp(words[0], words.data());
  const int error = errno;
  const char* const why = error == ENOENT ? ": no such command\n" : ": cannot be run\n";
  (void)!write(STDERR_FILENO, words[0], std::strlen(words[0]));
  (void)!write(STDERR_FILENO, why, std::strlen(why));
  _exit(error == ENOENT ? 127 : 126);
}

}  // namespace

std::expected<ChildCommand, std::string> ChildCommand::start(
    const std::vector<std::string>& command, const std::vector<std::string>& environment,
    const sigset_t& mask) {
  const std::vector<char*> words = pointers(command);
  const std::vector<char*> variables = pointers(environment);
  const bool has_terminal = isatty(STDIN_FILENO) == 1 && tcgetpgrp(STDIN_FILENO) == getpgrp();
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0)
    return std::unexpected(std::string("cannot start a process: ") + std::strerror(errno));
  if (pid == 0) become(words, variables, mask, has_terminal, parent);
  // Here too: whoever is first, it is done before either goes on.
  setpgid(pid, pid);
  return ChildCommand(pid, has_terminal);
}

std::optional<int> ChildCommand::ended() {
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  take_terminal_back();
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void ChildCommand::signal(int number) const {
  kill(-pid_, number);
}

void ChildCommand::take_terminal_back() const {
  if (has_terminal_) give_terminal(getpgrp());
}

}  // namespace rollcall::cli
