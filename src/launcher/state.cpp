// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "launcher/state.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <system_error>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/file.h>
#include <unistd.h>

#include "launcher/system.hpp"

namespace rollcall::launcher {
namespace {

using Json = nlohmann::ordered_json;

constexpr int format = 2;
/// Before there were other drivers than local; read as what it was.
constexpr int format_local_only = 1;

/// What an agent keeps in its data directory: its database, the files beside that, and its lock.
constexpr std::array data_files{"rollcall.db",         "rollcall.db-wal", "rollcall.db-shm",
                                "rollcall.db-journal", "raft.db",         "raft.db-wal",
                                "raft.db-shm",         "raft.db-journal", "rollcall.lock"};

Json json_of(const NodeRecord& node) {
  return {{"name", node.name},
          {"bind", node.bind},
          {"http", node.http},
          {"network", node.network},
          {"pid", node.process.pid},
          {"start_ticks", node.process.start_ticks},
          {"boot_id", node.process.boot_id}};
}

NodeRecord node_of(const Json& json) {
  return {.name = json.at("name"),
          .bind = json.at("bind"),
          .http = json.at("http"),
          .network = json.value("network", ""),
          .process = {.pid = json.at("pid"),
                      .start_ticks = json.at("start_ticks"),
                      .boot_id = json.at("boot_id")}};
}

NetworkFaults faults_of(const Json& json) {
  NetworkFaults faults{.groups = json.at("groups").get<std::vector<Names>>(),
                       .links_down = json.at("links_down").get<Names>()};
  for (const Json& cut : json.at("cuts")) {
    faults.cuts.push_back({.from = cut.at("from"), .to = cut.at("to")});
  }
  for (const Json& loss : json.at("losses")) {
    faults.losses.push_back({.node = loss.at("node"), .in = loss.at("in"), .out = loss.at("out")});
  }
  return faults;
}

std::expected<ClusterState, std::string> state_of(const Json& json) {
  ClusterState state{.base_port = json.at("base_port"),
                     .base_http = json.at("base_http"),
                     .extra = json.at("extra").get<std::vector<std::string>>(),
                     .allow_faults = json.value("allow_faults", false)};
  for (const Json& node : json.at("nodes")) state.nodes.push_back(node_of(node));
  if (json.at("format") == format_local_only) return state;
  const auto driver = parse_driver(json.at("driver").get<std::string>());
  if (!driver) return std::unexpected("unknown driver");
  state.driver = *driver;
  state.prefix = json.at("prefix");
  state.faults = faults_of(json.at("faults"));
  return state;
}

std::unexpected<Problem> cannot(const std::string& what, const std::filesystem::path& path,
                                const std::string& why) {
  return std::unexpected(Problem{.what = "cluster directory",
                                 .why = what + " " + path.string() + ": " + why,
                                 .todo = "choose a writable directory with --dir"});
}

/// Writes and flushes to disk, so that a rename cannot arrive there before the content. Says what
/// went wrong, in errno, if anything did.
bool write_file(const std::filesystem::path& path, const std::string& text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return false;
  const ssize_t written = ::write(file, text.data(), text.size());
  if (written >= 0 && written < static_cast<ssize_t>(text.size())) errno = ENOSPC;
  const bool whole = written == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
  const int error = errno;
  const bool closed = ::close(file) == 0;
  if (!whole) errno = error;
  return closed && whole;
}

}  // namespace

Json json_of(const NetworkFaults& faults) {
  Json json{{"groups", faults.groups},
            {"cuts", Json::array()},
            {"losses", Json::array()},
            {"links_down", faults.links_down}};
  for (const Cut& cut : faults.cuts) json["cuts"].push_back({{"from", cut.from}, {"to", cut.to}});
  for (const Loss& loss : faults.losses) {
    json["losses"].push_back({{"node", loss.node}, {"in", loss.in}, {"out", loss.out}});
  }
  return json;
}

std::string_view to_text(DriverKind driver) {
  switch (driver) {
    case DriverKind::local:
      return "local";
    case DriverKind::netns:
      return "netns";
  }
  return "?";
}

std::optional<DriverKind> parse_driver(std::string_view text) {
  for (const DriverKind driver : {DriverKind::local, DriverKind::netns}) {
    if (text == to_text(driver)) return driver;
  }
  return std::nullopt;
}

Names ClusterState::names() const {
  Names list;
  for (const NodeRecord& node : nodes) list.push_back(node.name);
  return list;
}

NodeRecord* ClusterState::find(std::string_view name) {
  const auto at = std::ranges::find(nodes, name, &NodeRecord::name);
  return at == nodes.end() ? nullptr : &*at;
}

std::string to_json(const ClusterState& state) {
  Json json{{"format", format},
            {"driver", to_text(state.driver)},
            {"prefix", state.prefix},
            {"base_port", state.base_port},
            {"base_http", state.base_http},
            {"extra", state.extra},
            {"allow_faults", state.allow_faults},
            {"nodes", Json::array()},
            {"faults", json_of(state.faults)}};
  for (const NodeRecord& node : state.nodes) json["nodes"].push_back(json_of(node));
  return json.dump(2) + "\n";
}

std::expected<ClusterState, std::string> parse_state(std::string_view text) {
  try {
    const Json json = Json::parse(text);
    if (json.at("format") != format && json.at("format") != format_local_only) {
      return std::unexpected("written by another version");
    }
    return state_of(json);
  } catch (const nlohmann::json::exception& error) {
    return std::unexpected(std::string("not a cluster state: ") + error.what());
  }
}

ClusterDirectory::~ClusterDirectory() {
  if (lock_ >= 0) ::close(lock_);
}

Done ClusterDirectory::lock() {
  std::error_code error;
  std::filesystem::create_directories(path_, error);
  if (error) return cannot("cannot create", path_, error.message());
  lock_ = ::open((path_ / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock_ < 0) return cannot("cannot write in", path_, error_text(errno));
  while (::flock(lock_, LOCK_EX) != 0) {
    if (errno != EINTR) return cannot("cannot lock", path_, error_text(errno));
  }
  return {};
}

std::expected<std::optional<ClusterState>, Problem> ClusterDirectory::load() const {
  std::ifstream file(state_file());
  if (!file) return std::nullopt;
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  auto state = parse_state(text);
  if (state) return *std::move(state);
  return std::unexpected(Problem{.what = "cluster state",
                                 .why = state_file().string() + ": " + state.error(),
                                 .todo = "end its agents by hand and remove the file"});
}

Done ClusterDirectory::save(const ClusterState& state) const {
  const std::filesystem::path next = path_ / "cluster.json.new";
  if (!write_file(next, to_json(state))) return cannot("cannot write", next, error_text(errno));
  std::error_code error;
  std::filesystem::rename(next, state_file(), error);
  if (error) return cannot("cannot write", state_file(), error.message());
  return {};
}

bool ClusterDirectory::purge_node(const std::string& node) const {
  const std::filesystem::path data = node_path(node) / "data";
  const std::filesystem::path log = log_file(node);
  std::vector<std::filesystem::path> ours{log, log.string() + ".old", pid_file(node)};
  for (const char* name : data_files) ours.push_back(data / name);
  bool was_there = false;
  std::error_code ignored;
  // A directory goes only when it is empty.
  for (const auto& path : ours) was_there |= std::filesystem::remove(path, ignored);
  for (const auto& directory : {data, node_path(node)}) {
    if (std::filesystem::is_directory(directory, ignored)) {
      was_there |= std::filesystem::remove(directory, ignored);
    }
  }
  return was_there;
}

void ClusterDirectory::remove() const {
  std::error_code ignored;
  std::filesystem::remove(state_file(), ignored);
  std::filesystem::remove(path_ / "lock", ignored);
  std::filesystem::remove(path_, ignored);
}

std::filesystem::path default_directory() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::filesystem::path(value == nullptr ? "" : value);
  };
  if (const auto state = variable("XDG_STATE_HOME"); state.is_absolute()) {
    return state / "rollcall" / "cluster";
  }
  if (const auto home = variable("HOME"); home.is_absolute()) {
    return home / ".local" / "state" / "rollcall" / "cluster";
  }
  return std::filesystem::absolute(".rollcall-cluster");
}

}  // namespace rollcall::launcher
