// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/store.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>

#include "runtime/kept_settings.hpp"
#include "runtime/os_error.hpp"

namespace rollcall::runtime {
namespace {

constexpr const char* database_name = "rollcall.db";
constexpr const char* lock_name = "rollcall.lock";
constexpr std::string_view schema_version = "1";

constexpr const char* schema =
    "CREATE TABLE IF NOT EXISTS fact (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS peer (address TEXT PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value BLOB NOT NULL)"
    " WITHOUT ROWID;";

Error storage_error(std::string message) {
  return {ErrorCode::storage, std::move(message), "data-dir"};
}

/// What a database error means to whoever runs the agent.
Error database_error(const std::filesystem::path& directory, const DatabaseError& error) {
  const std::string file = (directory / database_name).string();
  switch (error.code & 0xFF) {  // the primary code; the rest is detail
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return storage_error(file + " is damaged (" + error.message +
                           "); move it away to start with an empty one");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return storage_error(file + " is in use by another program; close that first");
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return storage_error("cannot write " + file + " (" + error.message +
                           "); make it writable or choose another --data-dir");
    case SQLITE_FULL:
      return storage_error("no room left on the disk for " + file + "; make room there");
    default:
      return storage_error("cannot use " + file + " (" + error.message +
                           "); if that stays so, move it away to start with an empty one");
  }
}

std::expected<void, Error> make_directory(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (!error) return {};
  return std::unexpected(storage_error("cannot make the data directory " + directory.string() +
                                       ": " + os_text(error.value()) +
                                       "; choose another --data-dir"));
}

/// Who holds the lock, as he wrote into it; a guess if he is just starting.
std::string holder_text(int fd) {
  std::array<char, 32> text{};
  const auto size = ::pread(fd, text.data(), text.size() - 1, 0);
  const std::string_view pid(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  return pid.empty() ? std::string("another agent")
                     : "another agent (process " + std::string(pid) + ")";
}

std::expected<UniqueFd, Error> lock_directory(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / lock_name;
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
  if (!fd.is_open()) {
    return std::unexpected(storage_error("cannot write in the data directory " +
                                         directory.string() + ": " + os_text(errno) +
                                         "; make it writable or choose another --data-dir"));
  }
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    return std::unexpected(storage_error("the data directory " + directory.string() +
                                         " is in use by " + holder_text(fd.get()) +
                                         "; stop it or choose another --data-dir"));
  }
  const std::string pid = std::to_string(::getpid());
  // Only for the message above: the lock itself is what counts.
  static_cast<void>(::ftruncate(fd.get(), 0) == 0 &&
                    ::pwrite(fd.get(), pid.data(), pid.size(), 0) > 0);
  return fd;
}

std::uint64_t parse_boot(std::string_view text) {
  std::uint64_t boot = 0;
  std::from_chars(text.data(), text.data() + text.size(), boot);
  return boot;
}

}  // namespace

std::expected<Store, Error> Store::open(const std::filesystem::path& directory,
                                        const Owner& owner) {
  if (auto made = make_directory(directory); !made) return std::unexpected(made.error());
  auto lock = lock_directory(directory);
  if (!lock) return std::unexpected(lock.error());
  auto database = Database::open(directory / database_name);
  if (!database) return std::unexpected(database_error(directory, database.error()));
  Store store(directory, std::move(*lock), std::move(*database));
  if (auto ready = store.prepare(owner); !ready) return std::unexpected(ready.error());
  return store;
}

Store::Store(std::filesystem::path directory, UniqueFd lock, Database database)
    : directory_(std::move(directory)),
      lock_(std::move(lock)),
      database_(std::move(database)) {}

Error Store::to_error(const DatabaseError& error) const {
  return database_error(directory_, error);
}

std::expected<void, Error> Store::prepare(const Owner& owner) {
  if (auto done = database_.run(schema); !done) return std::unexpected(to_error(done.error()));
  if (auto done = check_owner(owner); !done) return done;
  if (auto done = load(); !done) return std::unexpected(to_error(done.error()));
  if (auto done = load_settings(); !done) return std::unexpected(to_error(done.error()));
  return {};
}

/// The first to open the directory owns it from then on.
std::expected<void, Error> Store::check_owner(const Owner& owner) {
  const std::array<std::pair<std::string_view, std::string_view>, 3> expected = {
      {{"schema", schema_version}, {"cluster", owner.cluster}, {"name", owner.name}}};
  for (const auto& [key, value] : expected) {
    const auto found = read_fact(key);
    if (!found) return std::unexpected(to_error(found.error()));
    if (found->empty()) {
      if (auto done = write_fact(key, value); !done) {
        return std::unexpected(to_error(done.error()));
      }
    } else if (*found != value) {
      return std::unexpected(storage_error("the data directory " + directory_.string() +
                                           " belongs to " + std::string(key) + " '" + *found +
                                           "', not '" + std::string(value) +
                                           "'; give each member a --data-dir of its own"));
    }
  }
  return {};
}

std::expected<void, DatabaseError> Store::load() {
  const auto boot = read_fact("boot");
  if (!boot) return std::unexpected(boot.error());
  boot_ = parse_boot(*boot);
  const auto log = read_fact("log");
  if (!log) return std::unexpected(log.error());
  log_ = parse_life_id(*log).value_or(consensus::LogId{});
  auto rows = database_.prepare("SELECT address FROM peer ORDER BY address");
  if (!rows) return std::unexpected(rows.error());
  for (;;) {
    const auto has_row = rows->step();
    if (!has_row) return std::unexpected(has_row.error());
    if (!*has_row) return {};
    if (const auto address = parse_address(rows->text(0))) peers_.push_back(*address);
  }
}

std::expected<void, Error> Store::save_boot(std::uint64_t boot) {
  if (auto done = write_fact("boot", std::to_string(boot)); !done) {
    return std::unexpected(to_error(done.error()));
  }
  boot_ = boot;
  return {};
}

std::expected<void, Error> Store::save_log(const consensus::LogId& log) {
  if (log == log_) return {};
  if (auto done = write_fact("log", to_text(log)); !done) {
    return std::unexpected(to_error(done.error()));
  }
  log_ = log;
  return {};
}

/// Settings that cannot be understood stand in nobody's way: whoever has newer ones tells them.
std::expected<void, DatabaseError> Store::load_settings() {
  auto statement = database_.prepare("SELECT name, value FROM setting");
  if (!statement) return std::unexpected(statement.error());
  SettingRows rows;
  for (;;) {
    const auto has_row = statement->step();
    if (!has_row) return std::unexpected(has_row.error());
    if (!*has_row) break;
    rows.emplace(statement->text(0), statement->text(1));
  }
  if (rows.empty()) return {};
  if (auto settings = from_rows(std::move(rows))) {
    settings_ = std::move(*settings);
  } else {
    settings_trouble_ = settings.error();
  }
  return {};
}

template <class Write>
std::expected<void, Error> Store::in_one_piece(Write write) {
  auto done = database_.run("BEGIN IMMEDIATE");
  if (done) done = write();
  if (done) done = database_.run("COMMIT");
  if (done) return {};
  static_cast<void>(database_.run("ROLLBACK"));
  return std::unexpected(to_error(done.error()));
}

std::expected<void, Error> Store::save_peers(const std::vector<Address>& peers) {
  return in_one_piece([&] { return write_peers(peers); });
}

std::expected<void, Error> Store::save_settings(const core::VersionedSettings& settings) {
  return in_one_piece([&] { return write_settings(settings); });
}

std::expected<void, DatabaseError> Store::write_settings(const core::VersionedSettings& settings) {
  if (auto done = database_.run("DELETE FROM setting"); !done) return done;
  auto insert = database_.prepare("INSERT INTO setting (name, value) VALUES (?, ?)");
  if (!insert) return std::unexpected(insert.error());
  for (const auto& [name, value] : to_rows(settings)) {
    insert->bind(1, name).bind(2, value);
    if (auto done = insert->step(); !done) return std::unexpected(done.error());
    insert->reset();
  }
  return {};
}

std::expected<void, DatabaseError> Store::write_peers(const std::vector<Address>& peers) {
  if (auto done = database_.run("DELETE FROM peer"); !done) return done;
  auto insert = database_.prepare("INSERT OR IGNORE INTO peer (address) VALUES (?)");
  if (!insert) return std::unexpected(insert.error());
  std::size_t count = 0;
  for (const Address& peer : peers) {
    if (++count > peers_max) break;
    insert->bind(1, to_text(peer));
    if (auto done = insert->step(); !done) return std::unexpected(done.error());
    insert->reset();
  }
  return {};
}

/// Empty if there is none.
std::expected<std::string, DatabaseError> Store::read_fact(std::string_view key) {
  auto statement = database_.prepare("SELECT value FROM fact WHERE key = ?");
  if (!statement) return std::unexpected(statement.error());
  const auto has_row = statement->bind(1, key).step();
  if (!has_row) return std::unexpected(has_row.error());
  return *has_row ? statement->text(0) : std::string();
}

std::expected<void, DatabaseError> Store::write_fact(std::string_view key, std::string_view value) {
  auto statement = database_.prepare("INSERT OR REPLACE INTO fact (key, value) VALUES (?, ?)");
  if (!statement) return std::unexpected(statement.error());
  const auto done = statement->bind(1, key).bind(2, value).step();
  if (!done) return std::unexpected(done.error());
  return {};
}

}  // namespace rollcall::runtime
