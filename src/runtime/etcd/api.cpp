// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/etcd/api.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <utility>

#include <nlohmann/json.hpp>

namespace rollcall::runtime::etcd {
namespace {

using Json = nlohmann::json;

Json parse(std::string_view text) {
  return Json::parse(text, nullptr, /*allow_exceptions=*/false);
}

const Json& member(const Json& object, const char* name) {
  static const Json nothing;
  if (!object.is_object()) return nothing;
  const auto found = object.find(name);
  return found == object.end() ? nothing : *found;
}

/// 64-bit numbers come as text; what is zero is left out.
std::int64_t number(const Json& object, const char* name) {
  const Json& value = member(object, name);
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (!value.is_string()) return 0;
  const auto& text = value.get_ref<const std::string&>();
  std::int64_t result = 0;
  std::from_chars(text.data(), text.data() + text.size(), result);
  return result;
}

std::string text(const Json& object, const char* name) {
  const Json& value = member(object, name);
  return value.is_string() ? value.get<std::string>() : std::string();
}

bool flag(const Json& object, const char* name) {
  const Json& value = member(object, name);
  return value.is_boolean() && value.get<bool>();
}

std::optional<std::string> bytes(const Json& object, const char* name) {
  const Json& value = member(object, name);
  if (value.is_null()) return std::string();
  if (!value.is_string()) return std::nullopt;
  return from_base64(value.get_ref<const std::string&>());
}

std::optional<KeyValue> key_value(const Json& json) {
  auto key = bytes(json, "key");
  auto value = bytes(json, "value");
  if (!key || !value) return std::nullopt;
  return KeyValue{.key = *std::move(key),
                  .value = *std::move(value),
                  .create_revision = number(json, "create_revision"),
                  .mod_revision = number(json, "mod_revision")};
}

Json request_of(const RangeOp& range) {
  Json json = {{"key", base64(range.key)}};
  if (!range.end.empty()) json["range_end"] = base64(range.end);
  if (range.limit != 0) json["limit"] = std::to_string(range.limit);
  if (range.revision != 0) json["revision"] = std::to_string(range.revision);
  if (range.is_keys_only) json["keys_only"] = true;
  json["sort_order"] = range.is_last_first ? "DESCEND" : "ASCEND";
  json["sort_target"] = "KEY";
  return {{"request_range", std::move(json)}};
}

Json request_of(const PutOp& put) {
  Json json = {{"key", base64(put.key)}, {"value", base64(put.value)}};
  if (put.lease != 0) json["lease"] = std::to_string(put.lease);
  return {{"request_put", std::move(json)}};
}

Json request_of(const DeleteOp& erase) {
  Json json = {{"key", base64(erase.key)}};
  if (!erase.end.empty()) json["range_end"] = base64(erase.end);
  return {{"request_delete_range", std::move(json)}};
}

Json requests_of(const std::vector<Op>& ops) {
  Json json = Json::array();
  for (const Op& op : ops) {
    json.push_back(std::visit([](const auto& one) { return request_of(one); }, op));
  }
  return json;
}

std::optional<OpResult> op_result(const Json& json) {
  OpResult result;
  const Json& range = member(json, "response_range");
  result.has_more = flag(range, "more");
  for (const Json& item : member(range, "kvs")) {
    auto found = key_value(item);
    if (!found) return std::nullopt;
    result.found.push_back(*std::move(found));
  }
  return result;
}

}  // namespace

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string result;
  result.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t word = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      const bool is_there = at + i < bytes.size();
      word = word << 8U | (is_there ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    }
    const std::size_t there = std::min<std::size_t>(3, bytes.size() - at);
    for (std::size_t i = 0; i < 4; ++i) {
      result += i <= there ? digits[word >> (18U - 6U * i) & 63U] : '=';
    }
  }
  return result;
}

std::optional<std::string> from_base64(std::string_view text) {
  static constexpr auto values = [] {
    std::array<std::int8_t, 256> table{};
    table.fill(-1);
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t i = 0; i < digits.size(); ++i) {
      table[static_cast<unsigned char>(digits[i])] = static_cast<std::int8_t>(i);
    }
    return table;
  }();
  if (text.size() % 4 != 0) return std::nullopt;
  while (!text.empty() && text.size() % 4 != 2 && text.back() == '=') text.remove_suffix(1);
  std::string result;
  result.reserve(text.size() * 3 / 4);
  std::uint32_t word = 0;
  unsigned bits = 0;
  for (const char symbol : text) {
    const int value = values[static_cast<unsigned char>(symbol)];
    if (value < 0) return std::nullopt;
    word = word << 6U | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    result += static_cast<char>(word >> bits & 0xFFU);
  }
  return result;
}

std::string txn_json(const Txn& txn) {
  Json compare = Json::array();
  for (const CreatedAt& condition : txn.conditions) {
    compare.push_back({{"key", base64(condition.key)},
                       {"target", "CREATE"},
                       {"result", "EQUAL"},
                       {"create_revision", std::to_string(condition.revision)}});
  }
  return Json{{"compare", std::move(compare)},
              {"success", requests_of(txn.then)},
              {"failure", requests_of(txn.otherwise)}}
      .dump();
}

std::optional<TxnResult> read_txn(std::string_view json) {
  const Json answer = parse(json);
  TxnResult result{.revision = number(member(answer, "header"), "revision"),
                   .is_met = flag(answer, "succeeded"),
                   .results = {}};
  if (result.revision <= 0) return std::nullopt;
  for (const Json& item : member(answer, "responses")) {
    auto one = op_result(item);
    if (!one) return std::nullopt;
    result.results.push_back(*std::move(one));
  }
  return result;
}

std::string watch_json(std::string_view key, std::string_view end, Revision since) {
  return Json{{"create_request",
               {{"key", base64(key)},
                {"range_end", base64(end)},
                {"start_revision", std::to_string(since)},
                {"fragment", true}}}}
      .dump();
}

std::optional<WatchNews> read_watch(std::string_view line) {
  const Json message = parse(line);
  const Json& result = member(message, "result");
  if (!result.is_object()) return std::nullopt;
  WatchNews news{.is_canceled = flag(result, "canceled"),
                 .compact_revision = number(result, "compact_revision"),
                 .reason = text(result, "cancel_reason"),
                 .events = {}};
  for (const Json& item : member(result, "events")) {
    auto what = key_value(member(item, "kv"));
    if (!what) return std::nullopt;
    news.events.push_back({.is_deleted = text(item, "type") == "DELETE", .what = *std::move(what)});
  }
  return news;
}

std::string lease_grant_json(Duration ttl) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(ttl).count();
  return Json{{"TTL", std::to_string(seconds)}}.dump();
}

std::string lease_json(LeaseId lease) {
  return Json{{"ID", std::to_string(lease)}}.dump();
}

std::optional<LeaseGrant> read_lease_grant(std::string_view json) {
  const Json answer = parse(json);
  const LeaseGrant grant{.id = number(answer, "ID"),
                         .ttl = std::chrono::seconds(number(answer, "TTL"))};
  if (grant.id == 0) return std::nullopt;
  return grant;
}

std::optional<LeaseGrant> read_keep_alive(std::string_view json) {
  const Json answer = parse(json);
  const Json& result = member(answer, "result");
  const LeaseGrant grant{.id = number(result, "ID"),
                         .ttl = std::chrono::seconds(number(result, "TTL"))};
  if (grant.id == 0) return std::nullopt;
  return grant;
}

std::string authenticate_json(std::string_view user, std::string_view password) {
  return Json{{"name", user}, {"password", password}}.dump();
}

std::optional<std::string> read_token(std::string_view json) {
  std::string token = text(parse(json), "token");
  if (token.empty()) return std::nullopt;
  return token;
}

std::optional<std::string> read_version(std::string_view json) {
  std::string version = text(parse(json), "etcdserver");
  if (version.empty()) return std::nullopt;
  return version;
}

std::optional<Refusal> read_refusal(std::string_view json) {
  const Json answer = parse(json);
  // A stream wraps its errors, a plain answer does not.
  const Json& wrapped = member(answer, "error");
  const Json& error = wrapped.is_object() ? wrapped : answer;
  Refusal refusal{
      .code = static_cast<int>(number(error, wrapped.is_object() ? "grpc_code" : "code")),
      .message = text(error, "message")};
  if (refusal.message.empty()) refusal.message = text(error, "error");
  if (refusal.message.empty()) return std::nullopt;
  return refusal;
}

}  // namespace rollcall::runtime::etcd
