// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.hpp"

/// The part of etcd's v3 API that the log needs, and its form as JSON (the server's own gateway:
/// keys and values in base64, 64-bit numbers as text, zeros left out).
///
/// Errors:  the decoders are total: nothing for what is not of the expected form.
/// Source:  etcd 3.4, "rpc.proto", and its page "gRPC gateway".
namespace rollcall::runtime::etcd {

using Revision = std::int64_t;
using LeaseId = std::int64_t;

struct KeyValue {
  std::string key;
  std::string value;
  Revision create_revision = 0;
  Revision mod_revision = 0;
};

/// Without an end, one key. Keys from `key` to before `end`, ascending, else.
struct RangeOp {
  std::string key;
  std::string end = {};
  std::int64_t limit = 0;  // 0: all
  Revision revision = 0;   // 0: the present one
  bool is_last_first = false;
  bool is_keys_only = false;
};
struct PutOp {
  std::string key;
  std::string value;
  LeaseId lease = 0;
};
struct DeleteOp {
  std::string key;
  std::string end = {};
};
using Op = std::variant<RangeOp, PutOp, DeleteOp>;

/// The key was created at this revision; 0: it is not there.
struct CreatedAt {
  std::string key;
  Revision revision = 0;
};

struct Txn {
  std::vector<CreatedAt> conditions = {};
  std::vector<Op> then = {};
  std::vector<Op> otherwise = {};
};

struct OpResult {
  std::vector<KeyValue> found;  // of a range
  bool has_more = false;
};
struct TxnResult {
  Revision revision = 0;
  bool is_met = false;
  std::vector<OpResult> results;  // one an operation
};

struct LeaseGrant {
  LeaseId id = 0;
  Duration ttl{};  // zero: it has ended
};

struct WatchEvent {
  bool is_deleted = false;
  KeyValue what;
};
struct WatchNews {
  bool is_canceled = false;
  Revision compact_revision = 0;  // above zero: what was asked for is forgotten
  std::string reason;
  std::vector<WatchEvent> events;
};

/// What etcd says instead of an answer.
struct Refusal {
  int code = 0;  // gRPC's
  std::string message;
};

std::string base64(std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);

std::string txn_json(const Txn& txn);
std::optional<TxnResult> read_txn(std::string_view json);

/// Keys from `key` to before `end`, each change since that revision, once.
std::string watch_json(std::string_view key, std::string_view end, Revision since);
std::optional<WatchNews> read_watch(std::string_view line);

std::string lease_grant_json(Duration ttl);
std::string lease_json(LeaseId lease);  // to keep alive, and to revoke
std::optional<LeaseGrant> read_lease_grant(std::string_view json);
std::optional<LeaseGrant> read_keep_alive(std::string_view json);

std::string authenticate_json(std::string_view user, std::string_view password);
std::optional<std::string> read_token(std::string_view json);

/// "3.4.23" of /version.
std::optional<std::string> read_version(std::string_view json);
std::optional<Refusal> read_refusal(std::string_view json);

}  // namespace rollcall::runtime::etcd
