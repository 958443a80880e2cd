// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <sqlite3.h>

#include "base/bytes.hpp"

namespace rollcall::runtime {

/// What SQLite said: its code, and its own words.
struct DatabaseError {
  int code = SQLITE_OK;
  std::string message;
};

/// A prepared statement. Bind, then step(); reset() to use it again.
class Statement {
 public:
  Statement& bind(int place, std::string_view text);
  Statement& bind(int place, std::int64_t number);
  /// Not copied: the bytes must stay until reset().
  Statement& bind(int place, Bytes bytes);
  /// True while there is a row.
  std::expected<bool, DatabaseError> step();
  void reset();
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] std::int64_t number(int column) const;
  /// Valid until the next step() or reset().
  [[nodiscard]] Bytes bytes(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// One SQLite file: write-ahead log, every commit on the disk before it returns.
///
/// Limits:  a page cache of cache_kilobytes.
/// Threads: one at a time.
class Database {
 public:
  static constexpr int cache_kilobytes = 64;

  static std::expected<Database, DatabaseError> open(const std::filesystem::path& path);

  std::expected<void, DatabaseError> run(const char* sql);
  std::expected<Statement, DatabaseError> prepare(std::string_view sql);
  /// How many rows the last INSERT, UPDATE or DELETE touched.
  [[nodiscard]] int changes() const { return sqlite3_changes(database_.get()); }

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  };
  explicit Database(sqlite3* database) : database_(database) {}
  [[nodiscard]] DatabaseError last_error() const;

  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace rollcall::runtime
