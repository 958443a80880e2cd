// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/hosts_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <istream>
#include <string_view>
#include <system_error>
#include <utility>

#include <boost/asio/post.hpp>

#include "base/peer_address.hpp"
#include "runtime/checked_options.hpp"
#include "runtime/os_error.hpp"

namespace rollcall::runtime {
namespace {

std::string trimmed(std::string line) {
  line.erase(std::min(line.find('#'), line.size()));
  line.erase(0, line.find_first_not_of(" \t\r"));
  line.erase(line.find_last_not_of(" \t\r") + 1);
  return line;
}

std::unexpected<HostsProblem> unreadable() {
  return std::unexpected(HostsProblem{
      .line = 0,
      .message =
          "cannot be read: " + os_text(errno) + "; name a file with one HOST or HOST:PORT a line"});
}

/// A name in DNS has no more.
constexpr std::size_t host_bytes_max = 253;

/// For a terminal or a log: cut where it is long, and without what would command them.
std::string shown(std::string_view line) {
  constexpr std::size_t shown_max = 60;
  std::string text;
  for (const char c : line.substr(0, shown_max)) {
    const bool is_plain = c >= ' ' && c <= '~';
    std::array<char, 5> escaped{};
    std::snprintf(escaped.data(), escaped.size(), "\\x%02x", static_cast<unsigned char>(c));
    text += is_plain ? std::string(1, c) : std::string(escaped.data());
  }
  return line.size() > shown_max ? text + "…" : text;
}

/// One line, or as much of it as shows that it is too long. False at the end.
bool read_line(std::istream& stream, std::string& line) {
  line.clear();
  for (int c = stream.get(); c != std::istream::traits_type::eof(); c = stream.get()) {
    if (c == '\n') return true;
    line += static_cast<char>(c);
    if (line.size() > hosts_line_max) return true;
  }
  return !line.empty();
}

std::expected<HostPort, std::string> read_host(const std::string& line, const std::string& host) {
  if (line.size() > hosts_line_max) {
    return std::unexpected("more than " + std::to_string(hosts_line_max) +
                           " bytes; allowed: one HOST or HOST:PORT a line");
  }
  auto address = parse_peer_address(host, default_port);
  if (address && address->host.size() <= host_bytes_max) return *std::move(address);
  return std::unexpected("found '" + shown(host) + "'; allowed: one HOST or HOST:PORT a line");
}

}  // namespace

std::string to_text(const HostsProblem& problem, const std::string& path) {
  return path + (problem.line > 0 ? ":" + std::to_string(problem.line) : "") + ": " +
         problem.message;
}

std::expected<std::vector<HostPort>, HostsProblem> read_hosts_file(const std::string& path) {
  errno = 0;
  // What is no file could keep its reader waiting, or never end.
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    return std::unexpected(HostsProblem{
        .line = 0, .message = "is no file; name a file with one HOST or HOST:PORT a line"});
  }
  errno = 0;
  std::ifstream stream(path);
  if (!stream) return unreadable();
  std::vector<HostPort> hosts;
  int number = 0;
  for (std::string line; read_line(stream, line);) {
    ++number;
    const std::string host = trimmed(line);
    if (host.empty() && line.size() <= hosts_line_max) continue;
    const auto address = read_host(line, host);
    if (!address) return std::unexpected(HostsProblem{number, address.error()});
    if (hosts.size() >= hosts_max) {
      return std::unexpected(HostsProblem{
          number, "more than " + std::to_string(hosts_max) + " lines; allowed: fewer"});
    }
    hosts.push_back(*address);
  }
  if (stream.bad()) return unreadable();
  return hosts;
}

HostsFile::HostsFile(std::string path, std::vector<HostPort> as_read)
    : path_(std::move(path)),
      kept_(std::make_shared<Kept>(Kept{.hosts = std::move(as_read), .trouble = {}})) {}

void HostsFile::read(Worker& disk, boost::asio::io_context& io, const Done& done) {
  const bool has_room = disk.post([path = path_, kept = kept_, &io, done] {
    auto found = read_hosts_file(path);
    boost::asio::post(io, [path, kept, done, found = std::move(found)]() mutable {
      take(*kept, path, std::move(found), done);
    });
  });
  if (has_room) return;
  boost::asio::post(io, [kept = kept_, done] { done(kept->hosts, {}); });
}

void HostsFile::take(Kept& kept, const std::string& path,
                     std::expected<std::vector<HostPort>, HostsProblem> found, const Done& done) {
  std::string trouble;
  if (found) {
    kept.hosts = std::move(*found);
  } else {
    trouble = to_text(found.error(), path);
  }
  const bool is_news = !trouble.empty() && trouble != kept.trouble;
  kept.trouble = trouble;
  done(kept.hosts, is_news ? "the hosts file cannot be used, so the hosts that it named before are "
                             "still asked: " +
                                 trouble
                           : std::string());
}

}  // namespace rollcall::runtime
