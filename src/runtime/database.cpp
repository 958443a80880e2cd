// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/database.hpp"

#include <utility>

namespace rollcall::runtime {
namespace {

/// Synchronous FULL, so that a commit survives the loss of power. Exclusive, because one agent has
/// the file to itself; then the log's index needs no shared memory.
constexpr const char* setup =
    "PRAGMA locking_mode = EXCLUSIVE;"
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA cache_size = -64;"
    "PRAGMA wal_autocheckpoint = 64;";
static_assert(Database::cache_kilobytes == 64, "as in the setup above");

}  // namespace

Statement& Statement::bind(int place, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), place, text.data(), text.size(), SQLITE_TRANSIENT,
                      SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind(int place, std::int64_t number) {
  sqlite3_bind_int64(statement_.get(), place, number);
  return *this;
}

Statement& Statement::bind(int place, Bytes bytes) {
  if (bytes.empty()) {  // without an address it would be no value at all
    sqlite3_bind_zeroblob(statement_.get(), place, 0);
  } else {
    sqlite3_bind_blob64(statement_.get(), place, bytes.data(), bytes.size(), SQLITE_STATIC);
  }
  return *this;
}

std::expected<bool, DatabaseError> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return std::unexpected(DatabaseError{code, sqlite3_errmsg(sqlite3_db_handle(statement_.get()))});
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
}

std::string Statement::text(int column) const {
  const unsigned char* const bytes = sqlite3_column_text(statement_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return bytes == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(bytes), size);
}

std::int64_t Statement::number(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

Bytes Statement::bytes(int column) const {
  const void* const data = sqlite3_column_blob(statement_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return {static_cast<const std::byte*>(data), size};
}

std::expected<Database, DatabaseError> Database::open(const std::filesystem::path& path) {
  sqlite3* raw = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &raw,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXRESCODE, nullptr);
  Database database(raw);
  if (code != SQLITE_OK) return std::unexpected(database.last_error());
  if (auto done = database.run(setup); !done) return std::unexpected(done.error());
  return database;
}

std::expected<void, DatabaseError> Database::run(const char* sql) {
  if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return std::unexpected(last_error());
  }
  return {};
}

std::expected<Statement, DatabaseError> Database::prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int code =
      sqlite3_prepare_v2(database_.get(), sql.data(), static_cast<int>(sql.size()), &raw, nullptr);
  if (code != SQLITE_OK) return std::unexpected(last_error());
  return Statement(raw);
}

DatabaseError Database::last_error() const {
  if (!database_) return {SQLITE_NOMEM, "out of memory"};
  return {sqlite3_extended_errcode(database_.get()), sqlite3_errmsg(database_.get())};
}

}  // namespace rollcall::runtime
