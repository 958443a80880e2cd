// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
//
// RaftStore: opening the file, and reading what it kept.
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

#include <unistd.h>

#include "base/check.hpp"
#include "runtime/os_error.hpp"
#include "runtime/raft_store.hpp"
#include "runtime/raft_store_parts.hpp"

namespace rollcall::runtime {
namespace {

constexpr std::string_view schema_version = "1";
/// Of the text of a log's id.
constexpr std::size_t half_digits = 16;

/// Small checkpoints: each holds up one commit for as long as it takes.
constexpr const char* tuning =
    "PRAGMA cache_size = -1024;"
    "PRAGMA wal_autocheckpoint = 256;"
    "PRAGMA journal_size_limit = 4194304;";

/// A transaction that settle() ends.
constexpr const char* schema =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS fact (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS state (id INTEGER PRIMARY KEY CHECK (id = 1),"
    " term INTEGER NOT NULL, vote INTEGER NOT NULL, keep_from INTEGER NOT NULL,"
    " snapshot INTEGER NOT NULL, hash INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS entry (place INTEGER PRIMARY KEY, term INTEGER NOT NULL,"
    " kind INTEGER NOT NULL, payload BLOB NOT NULL, hash INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS snapshot (id INTEGER PRIMARY KEY CHECK (id = 1),"
    " number INTEGER NOT NULL, place INTEGER NOT NULL,"
    " term INTEGER NOT NULL, membership BLOB NOT NULL, size INTEGER NOT NULL,"
    " hash INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS piece (key INTEGER PRIMARY KEY, data BLOB NOT NULL,"
    " hash INTEGER NOT NULL);";

Error storage_error(std::string message) {
  return {ErrorCode::storage, std::move(message), "data-dir"};
}

Error damage(const std::filesystem::path& path, const std::string& what) {
  return storage_error(path.string() + " is damaged (" + what +
                       "); move it away: the member comes back as a new voter and gets everything "
                       "from the others. Do not move away those of most voters");
}

/// What a database error means to whoever runs the agent.
Error database_error(const std::filesystem::path& path, const DatabaseError& error) {
  const std::string file = path.string();
  switch (error.code & 0xFF) {  // the primary code; the rest is detail
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return damage(path, error.message);
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
      return storage_error("cannot use " + file + ": " + error.message +
                           "; see to the disk or choose another --data-dir");
  }
}

/// SQLite would open such a file all the same, and fail later with less to say.
std::expected<void, Error> check_writable(const std::filesystem::path& file) {
  if (::access(file.c_str(), W_OK) == 0 || errno == ENOENT) return {};
  return std::unexpected(storage_error("cannot write " + file.string() + " (" + os_text(errno) +
                                       "); make it writable or choose another --data-dir"));
}

/// The statements, or the first error.
class Preparer {
 public:
  explicit Preparer(Database& database) : database_(database) {}

  std::optional<Statement> operator()(std::string_view sql) {
    auto statement = database_.prepare(sql);
    if (statement) return std::move(*statement);
    if (!error_) error_ = statement.error();
    return std::nullopt;
  }
  [[nodiscard]] const std::optional<DatabaseError>& error() const { return error_; }

 private:
  Database& database_;
  std::optional<DatabaseError> error_;
};

raft::Index index_of(std::int64_t number) {
  return raft::Index{from_row(number)};
}
raft::Term term_of(std::int64_t number) {
  return raft::Term{from_row(number)};
}

}  // namespace

Error RaftStore::to_error(const DatabaseError& error) const {
  return database_error(file_, error);
}

Error RaftStore::damaged(const std::string& what) const {
  return damage(file_, what);
}

Error RaftStore::damage_of(const std::filesystem::path& directory, std::string_view what) {
  return damage(directory / file_name, std::string(what));
}

std::expected<RaftStore, Error> RaftStore::open(const std::filesystem::path& directory,
                                                const Owner& owner) {
  ROLLCALL_CHECK(owner.voter_if_new != raft::VoterId::nobody);
  std::error_code ignored;
  std::filesystem::create_directories(directory, ignored);  // opening says what is wrong with it
  if (auto may = check_writable(directory / file_name); !may) return std::unexpected(may.error());
  return open_file(directory / file_name, owner);
}

std::expected<RaftStore, Error> RaftStore::open_in_memory(const Owner& owner) {
  ROLLCALL_CHECK(owner.voter_if_new != raft::VoterId::nobody);
  return open_file(":memory:", owner);
}

std::expected<RaftStore, Error> RaftStore::open_file(const std::filesystem::path& file,
                                                     const Owner& owner) {
  auto database = Database::open(file);
  if (!database) return std::unexpected(database_error(file, database.error()));
  RaftStore store(file, std::move(*database));
  if (auto ready = store.prepare(owner); !ready) return std::unexpected(ready.error());
  return store;
}

std::expected<void, Error> RaftStore::prepare(const Owner& owner) {
  if (auto done = database_.run(tuning); !done) return std::unexpected(to_error(done.error()));
  if (auto done = database_.run(schema); !done) return std::unexpected(to_error(done.error()));
  if (auto done = check_owner(owner); !done) return done;  // closing the file undoes the rest
  if (auto done = settle(); !done) return std::unexpected(to_error(done.error()));

  Preparer prepare(database_);
  auto begin = prepare("BEGIN IMMEDIATE");
  auto commit = prepare("COMMIT");
  auto write_row = prepare("INSERT OR REPLACE INTO state VALUES (1, ?, ?, ?, ?, ?)");
  auto add_entry = prepare("INSERT INTO entry VALUES (?, ?, ?, ?, ?)");
  auto cut_entries = prepare("DELETE FROM entry WHERE place >= ?");
  auto add_snapshot = prepare("INSERT OR REPLACE INTO snapshot VALUES (1, ?, ?, ?, ?, ?, ?)");
  auto add_piece = prepare("INSERT INTO piece VALUES (?, ?, ?)");
  auto sweep_entries = prepare(
      "DELETE FROM entry WHERE place IN"
      " (SELECT place FROM entry WHERE place < ? ORDER BY place LIMIT ?)");
  auto sweep_pieces = prepare(
      "DELETE FROM piece WHERE key IN (SELECT key FROM piece WHERE key >> 32 NOT IN (?, ?, ?)"
      " ORDER BY key LIMIT ?)");
  auto keep_log = prepare(
      "INSERT INTO fact VALUES ('log', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value");
  if (prepare.error()) return std::unexpected(to_error(*prepare.error()));
  statements_ = std::make_unique<Statements>(Statements{
      std::move(*begin), std::move(*commit), std::move(*write_row), std::move(*add_entry),
      std::move(*cut_entries), std::move(*add_snapshot), std::move(*add_piece),
      std::move(*sweep_entries), std::move(*sweep_pieces), std::move(*keep_log)});
  return {};
}

/// Ends what prepare() began. After a kill the file's log may hold commits that the system has but
/// the disk has not: they look stored, and the next loss of power takes them back, votes included.
/// So all of it is written out before anybody builds on it. This write also shows whether one can
/// write at all.
RaftStore::Done RaftStore::settle() {
  if (Done done = database_.run("INSERT INTO fact VALUES ('opened', '1') ON CONFLICT (key)"
                                " DO UPDATE SET value = CAST(value AS INTEGER) + 1; COMMIT");
      !done) {
    return done;
  }
  return database_.run("PRAGMA wal_checkpoint(TRUNCATE)");
}

/// The value kept, which is the given one if there was none.
std::expected<std::string, DatabaseError> RaftStore::fact(std::string_view key,
                                                          const std::string& if_new) {
  auto insert = database_.prepare("INSERT OR IGNORE INTO fact VALUES (?, ?)");
  if (!insert) return std::unexpected(insert.error());
  if (const auto done = insert->bind(1, key).bind(2, if_new).step(); !done) {
    return std::unexpected(done.error());
  }
  auto select = database_.prepare("SELECT value FROM fact WHERE key = ?");
  if (!select) return std::unexpected(select.error());
  if (const auto has_row = select->bind(1, key).step(); !has_row) {
    return std::unexpected(has_row.error());
  }
  return select->text(0);
}

/// The first to open the file owns it from then on.
std::expected<void, Error> RaftStore::check_owner(const Owner& owner) {
  const std::array<std::pair<std::string_view, std::string>, 3> expected = {
      {{"schema", std::string(schema_version)}, {"cluster", owner.cluster}, {"name", owner.name}}};
  for (const auto& [key, value] : expected) {
    const auto found = fact(key, value);
    if (!found) return std::unexpected(to_error(found.error()));
    if (*found != value) {
      Error foreign =
          storage_error(file_.string() + " belongs to " + std::string(key) + " '" + *found +
                        "', not '" + value + "'; give each member a --data-dir of its own");
      foreign.code = ErrorCode::not_allowed;
      return std::unexpected(std::move(foreign));
    }
  }
  const auto voter = fact("voter", std::to_string(static_cast<std::uint64_t>(owner.voter_if_new)));
  if (!voter) return std::unexpected(to_error(voter.error()));
  std::uint64_t number = 0;
  std::from_chars(voter->data(), voter->data() + voter->size(), number);
  voter_ = raft::VoterId{number};
  if (voter_ == raft::VoterId::nobody) return std::unexpected(damaged("no voter id"));
  return {};
}

std::expected<raft::Stored, Error> RaftStore::load() {
  now_ = {};
  raft::Stored stored;
  if (auto done = read_log(); !done) return std::unexpected(done.error());
  if (auto done = read_row(stored); !done) return std::unexpected(done.error());
  if (auto done = read_meta(stored); !done) return std::unexpected(done.error());
  if (auto done = check_pieces(); !done) return std::unexpected(done.error());
  if (auto done = read_entries(stored); !done) return std::unexpected(done.error());
  if (auto done = look_for_garbage(); !done) return std::unexpected(to_error(done.error()));
  is_loaded_ = true;
  return stored;
}

std::expected<void, Error> RaftStore::read_log() {
  auto row = database_.prepare("SELECT value FROM fact WHERE key = 'log'");
  if (!row) return std::unexpected(to_error(row.error()));
  const auto has_row = row->step();
  if (!has_row) return std::unexpected(to_error(has_row.error()));
  if (!*has_row) return {};
  const std::string text = row->text(0);
  const auto half = [&text](std::size_t begin) {
    std::uint64_t number = 0;
    std::from_chars(text.data() + begin, text.data() + begin + half_digits, number, 16);
    return number;
  };
  if (text.size() == 2 * half_digits) now_.log = {half(0), half(half_digits)};
  if (now_.log.is_nobody() || to_text(now_.log) != text) {
    return std::unexpected(damaged("which log this is cannot be read"));
  }
  return {};
}

std::expected<void, Error> RaftStore::read_row(raft::Stored& stored) {
  auto row = database_.prepare("SELECT term, vote, keep_from, snapshot, hash FROM state");
  if (!row) return std::unexpected(to_error(row.error()));
  const auto has_row = row->step();
  if (!has_row) return std::unexpected(to_error(has_row.error()));
  if (!*has_row) return {};
  now_.hard = {.term = term_of(row->number(0)),
               .voted_for = raft::VoterId{from_row(row->number(1))}};
  now_.keep_from = index_of(row->number(2));
  now_.snapshot.number = from_row(row->number(3));
  if (from_row(row->number(4)) != row_hash(now_.hard, now_.keep_from, now_.snapshot.number)) {
    return std::unexpected(damaged("term and vote are not as they were stored"));
  }
  stored.hard = now_.hard;
  return {};
}

std::expected<void, Error> RaftStore::read_meta(raft::Stored& stored) {
  if (now_.snapshot.number == 0) return {};
  auto row = database_.prepare(
      "SELECT place, term, size, hash, membership FROM snapshot WHERE number = ?");
  if (!row) return std::unexpected(to_error(row.error()));
  const auto has_row = row->bind(1, to_row(now_.snapshot.number)).step();
  if (!has_row) return std::unexpected(to_error(has_row.error()));
  if (!*has_row) return std::unexpected(damaged("the snapshot is missing"));
  const raft::Position last = {.term = term_of(row->number(1)), .index = index_of(row->number(0))};
  const std::uint64_t size = from_row(row->number(2));
  auto membership = raft::decode_membership(row->bytes(4));
  if (!membership || from_row(row->number(3)) != meta_hash(last, size, row->bytes(4))) {
    return std::unexpected(damaged("the snapshot is not as it was stored"));
  }
  now_.snapshot.last = last;
  now_.snapshot.size = size;
  now_.last = last.index;
  stored.snapshot = {.last = last, .membership = std::move(*membership), .size = size};
  return {};
}

std::expected<void, Error> RaftStore::check_pieces() {
  auto row = database_.prepare(
      "SELECT key, data, hash FROM piece WHERE key >= ? AND key < ? ORDER BY key");
  if (!row) return std::unexpected(to_error(row.error()));
  row->bind(1, to_row(piece_key(now_.snapshot.number, 0)))
      .bind(2, to_row(piece_key(now_.snapshot.number + 1, 0)));
  std::uint64_t size = 0;
  while (now_.snapshot.number != 0) {
    const auto has_row = row->step();
    if (!has_row) return std::unexpected(to_error(has_row.error()));
    if (!*has_row) break;
    const std::uint64_t key = from_row(row->number(0));
    const Bytes data = row->bytes(1);
    if (key != piece_key(now_.snapshot.number, size) ||
        from_row(row->number(2)) != piece_hash(key, data)) {
      return std::unexpected(
          damaged("the snapshot is not as it was stored, from byte " + std::to_string(size)));
    }
    size += data.size();
  }
  if (size == now_.snapshot.size) return {};
  return std::unexpected(damaged("of the snapshot's " + std::to_string(now_.snapshot.size) +
                                 " bytes there are " + std::to_string(size)));
}

std::expected<void, Error> RaftStore::read_entries(raft::Stored& stored) {
  auto row = database_.prepare(
      "SELECT place, term, kind, payload, hash FROM entry WHERE place >= ? ORDER BY place");
  if (!row) return std::unexpected(to_error(row.error()));
  row->bind(1, to_row(raft::number(now_.keep_from)));
  for (;;) {
    const auto has_row = row->step();
    if (!has_row) return std::unexpected(to_error(has_row.error()));
    if (!*has_row) break;
    const Bytes payload = row->bytes(3);
    raft::Entry entry{.index = index_of(row->number(0)),
                      .term = term_of(row->number(1)),
                      .kind = static_cast<raft::EntryKind>(row->number(2)),
                      .payload = ByteVector(payload.begin(), payload.end())};
    const std::string name = "log entry " + std::to_string(raft::number(entry.index));
    if (from_row(row->number(4)) != entry_hash(entry)) {
      return std::unexpected(damaged(name + " is not as it was stored"));
    }
    if (!stored.entries.empty() && entry.index != raft::next(stored.entries.back().index)) {
      return std::unexpected(damaged(name + " does not follow the one before"));
    }
    stored.entries.push_back(std::move(entry));
  }
  if (!stored.entries.empty()) now_.last = std::max(now_.last, stored.entries.back().index);
  return {};
}

/// Also of pieces that a snapshot never came of: it must begin anew.
RaftStore::Done RaftStore::look_for_garbage() {
  auto row = database_.prepare(
      "SELECT (SELECT max(key) FROM piece), (SELECT max(number) FROM snapshot),"
      " (SELECT count(*) FROM piece WHERE key >> 32 <> ?1) +"
      " (SELECT count(*) FROM entry WHERE place < ?2)");
  if (!row) return std::unexpected(row.error());
  row->bind(1, to_row(now_.snapshot.number)).bind(2, to_row(raft::number(now_.keep_from)));
  if (const auto has_row = row->step(); !has_row) return std::unexpected(has_row.error());
  now_.newest_number = std::max(from_row(row->number(0)) >> 32U, from_row(row->number(1)));
  now_.has_garbage = row->number(2) > 0;
  return {};
}

std::expected<ByteVector, Error> RaftStore::read_snapshot(raft::Position last, std::uint64_t offset,
                                                          std::uint64_t size) {
  ByteVector found;
  if (now_.snapshot.number == 0 || now_.snapshot.last != last || offset >= now_.snapshot.size) {
    return found;
  }
  const std::uint64_t begin = piece_key(now_.snapshot.number, offset);
  auto row = database_.prepare(
      "SELECT key, data FROM piece WHERE key < ?2 AND key >="
      " (SELECT max(key) FROM piece WHERE key <= ?1) ORDER BY key");
  if (!row) return std::unexpected(to_error(row.error()));
  const std::uint64_t end = std::min(offset + size, now_.snapshot.size);
  row->bind(1, to_row(begin)).bind(2, to_row(piece_key(now_.snapshot.number, end)));
  while (found.size() < end - offset) {
    const auto has_row = row->step();
    if (!has_row) return std::unexpected(to_error(has_row.error()));
    if (!*has_row) return std::unexpected(damaged("a piece of the snapshot is missing"));
    const std::uint64_t start = from_row(row->number(0)) - piece_key(now_.snapshot.number, 0);
    const Bytes piece =
        row->bytes(1).subspan(static_cast<std::size_t>(offset + found.size() - start));
    const std::size_t wanted = static_cast<std::size_t>(end - offset) - found.size();
    const Bytes part = piece.first(std::min(wanted, piece.size()));
    found.insert(found.end(), part.begin(), part.end());
  }
  return found;
}

}  // namespace rollcall::runtime
