// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "launcher/tools.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/process.hpp"
#include "launcher/system.hpp"

namespace rollcall::launcher {
namespace {

constexpr std::string_view system_directories = "/usr/sbin:/sbin:/usr/bin:/bin";

/// What the child has instead of this program's descriptors, freed at the end.
class FileActions {
 public:
  FileActions() { posix_spawn_file_actions_init(&actions_); }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;

  void open_null(int as) {
    posix_spawn_file_actions_addopen(&actions_, as, "/dev/null", O_RDONLY, 0);
  }
  /// A descriptor that is handed on as itself loses its close-on-exec flag.
  void hand_on(int from, int as) { posix_spawn_file_actions_adddup2(&actions_, from, as); }
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

std::string read_all(int from) {
  std::string text;
  std::array<char, 4096> buffer{};
  while (true) {
    const ssize_t count = ::read(from, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

int wait_for(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

/// Where ip and nft say what went wrong; further lines of nft show the place.
std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

std::string words_of(const std::vector<std::string>& command) {
  std::string text;
  for (const std::string& word : command) text += (text.empty() ? "" : " ") + word;
  return text;
}

/// What programs say is read by this one, so it must not be translated.
std::vector<std::string> tool_environment() {
  std::vector<std::string> environment = current_environment();
  std::erase_if(environment, [](const std::string& text) { return text.starts_with("LC_ALL="); });
  environment.emplace_back("LC_ALL=C");
  return environment;
}

}  // namespace

std::optional<std::filesystem::path> find_program(std::string_view name) {
  const char* const path = std::getenv("PATH");
  const std::string places =
      (path == nullptr ? "" : std::string(path) + ":") + std::string(system_directories);
  for (std::size_t begin = 0; begin < places.size();) {
    const std::size_t end = std::min(places.find(':', begin), places.size());
    const std::filesystem::path file =
        std::filesystem::path(places.substr(begin, end - begin)) / name;
    if (file.is_absolute() && ::access(file.c_str(), X_OK) == 0) return file;
    begin = end + 1;
  }
  return std::nullopt;
}

std::expected<std::string, std::string> Tools::run(const std::vector<std::string>& command) const {
  const auto program = find_program(command.front());
  if (!program) return std::unexpected("there is no program '" + command.front() + "'");
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return std::unexpected("no pipe: " + error_text(errno));
  const Descriptor read_end(ends[0]);
  Descriptor write_end(ends[1]);

  FileActions files;
  files.open_null(STDIN_FILENO);
  files.hand_on(write_end.get(), STDOUT_FILENO);
  files.hand_on(write_end.get(), STDERR_FILENO);
  if (lock_ >= 0) files.hand_on(lock_, lock_);
  const std::vector<std::string> environment = tool_environment();
  pid_t pid = 0;
  const int error = posix_spawn(&pid, program->c_str(), files.get(), nullptr,
                                pointers(command).data(), pointers(environment).data());
  if (error != 0) {
    return std::unexpected("cannot run " + program->string() + ": " + error_text(error));
  }
  write_end.close();
  const std::string output = read_all(read_end.get());
  const int status = wait_for(pid);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return output;
  return std::unexpected("'" + words_of(command) + "' failed: " + first_line(output));
}

}  // namespace rollcall::launcher
