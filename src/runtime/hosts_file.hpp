// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "base/address.hpp"
#include "runtime/worker.hpp"

namespace rollcall::runtime {

/// What is wrong with a hosts file.
struct HostsProblem {
  /// 0: the file as a whole.
  int line = 0;
  /// What was found and what is allowed.
  std::string message;
};
/// "/etc/rollcall/hosts:3: found 'a b'; allowed: …"
std::string to_text(const HostsProblem& problem, const std::string& path);

/// Reads a file of members, one HOST or HOST:PORT a line; '#' begins a comment. Waits for the
/// disk.
///
/// Errors: it cannot be read or is no file (one that never ends, or waits for a writer), a line is
///         something else or above hosts_line_max bytes, there are more than hosts_max.
inline constexpr std::size_t hosts_line_max = 1024;
inline constexpr std::size_t hosts_max = 10'000;
std::expected<std::vector<HostPort>, HostsProblem> read_hosts_file(const std::string& path);

/// The same file, read again and again without holding up the loop.
///
/// Errors:  when it cannot be read any more, the list before stays, and the trouble is told once.
/// Threads: the loop's thread, where the callback runs, too, later, exactly once for each read().
class HostsFile {
 public:
  using Done = std::function<void(const std::vector<HostPort>& hosts, std::string warning)>;

  HostsFile(std::string path, std::vector<HostPort> as_read);

  /// The worker and the io_context must outlive what is posted to them.
  void read(Worker& disk, boost::asio::io_context& io, const Done& done);

 private:
  /// What the last read found, shared with the one that is under way.
  struct Kept {
    std::vector<HostPort> hosts;
    std::string trouble;
  };
  static void take(Kept& kept, const std::string& path,
                   std::expected<std::vector<HostPort>, HostsProblem> found, const Done& done);

  std::string path_;
  std::shared_ptr<Kept> kept_;
};

}  // namespace rollcall::runtime
