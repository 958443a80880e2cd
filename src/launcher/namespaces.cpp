// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "launcher/namespaces.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <optional>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/netns_plan.hpp"
#include "launcher/process.hpp"
#include "launcher/system.hpp"

namespace rollcall::launcher {
namespace {

using namespace std::chrono_literals;

constexpr auto end_patience = 10s;
constexpr auto poll_interval = 5ms;

/// What tells one namespace from all others of this machine.
using NamespaceId = std::pair<dev_t, ino_t>;

std::optional<NamespaceId> id_of(const std::filesystem::path& network) {
  struct stat found{};
  if (::stat(network.c_str(), &found) != 0) return std::nullopt;
  return NamespaceId{found.st_dev, found.st_ino};
}

std::optional<NamespaceId> network_of(int pid) {
  return id_of("/proc/" + std::to_string(pid) + "/ns/net");
}

std::vector<int> all_pids() {
  std::vector<int> pids;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename();
    int pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error == std::errc() && end == name.data() + name.size()) pids.push_back(pid);
  }
  return pids;
}

/// Those in one of the namespaces; each is pinned while it is looked at and killed, so that no
/// other process can have its number meanwhile.
std::size_t kill_all_in(const std::set<NamespaceId>& networks) {
  std::size_t count = 0;
  for (const int pid : all_pids()) {
    const auto is_inside = [&networks, pid] {
      const auto network = network_of(pid);
      return network && networks.contains(*network);
    };
    if (is_inside() && kill_if(pid, is_inside)) ++count;
  }
  return count;
}

}  // namespace

std::expected<void, std::string> in_network(const std::filesystem::path& network,
                                            const std::function<void()>& action) {
  if (network.empty()) {
    action();
    return {};
  }
  int error = 0;
  std::thread([&] {
    const Descriptor file(::open(network.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid() || ::setns(file.get(), CLONE_NEWNET) != 0) error = errno;
    if (error == 0) action();
  }).join();
  if (error == 0) return {};
  return std::unexpected("cannot enter " + network.string() + ": " + error_text(error));
}

Names namespaces_of(const std::string& prefix) {
  Names names;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(namespace_directory, ignored)) {
    const std::string name = entry.path().filename();
    if (name.starts_with(prefix + "-")) names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

bool end_processes_in(const std::vector<std::filesystem::path>& networks) {
  std::set<NamespaceId> ids;
  for (const auto& network : networks) {
    if (const auto id = id_of(network)) ids.insert(*id);
  }
  // Whatever the files say, the network that this program is in is not the cluster's to clear.
  if (const auto own = network_of(::getpid())) ids.erase(*own);
  const auto deadline = std::chrono::steady_clock::now() + end_patience;
  while (kill_all_in(ids) > 0) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(poll_interval);
  }
  return true;
}

}  // namespace rollcall::launcher
