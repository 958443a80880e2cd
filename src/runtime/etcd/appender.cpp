// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/etcd/appender.hpp"

#include <chrono>
#include <optional>
#include <utility>

namespace rollcall::runtime::etcd {
namespace {

using namespace std::chrono_literals;

constexpr Patience append_patience{.attempt = 3s, .total = 10s};

}  // namespace

Appender::Appender(Client& client, const Keys& keys, AppenderHost& host)
    : client_(client),
      keys_(keys),
      host_(host) {}

void Appender::lead(const Mandate& mandate, std::uint64_t next) {
  mandate_ = mandate;
  next_ = next;
}

void Appender::stop_leading() {
  scope_.reset();
  mandate_ = {};
  trouble_.clear();
  value_.clear();
  waiting_bytes_ = 0;
  for (const Proposal& one : std::exchange(under_way_, {})) {
    host_.on_refused(one, consensus::LogRefusal::no_leader);
  }
  for (const Proposal& one : std::exchange(waiting_, {})) {
    host_.on_refused(one, consensus::LogRefusal::no_leader);
  }
}

void Appender::stop() {
  scope_.reset();
  waiting_.clear();
  under_way_.clear();
}

void Appender::propose(Proposal proposal) {
  const std::size_t bytes = entry_bytes(proposal.command);
  if (waiting_.size() >= waiting_max || waiting_bytes_ + bytes > waiting_bytes_max) {
    return host_.on_refused(proposal, consensus::LogRefusal::overloaded);
  }
  waiting_bytes_ += bytes;
  waiting_.push_back(std::move(proposal));
  if (under_way_.empty()) begin_entry();
}

void Appender::begin_entry() {
  std::size_t bytes = 0;
  Entry entry{.term = mandate_.term, .commands = {}};
  while (!waiting_.empty() && under_way_.size() < entry_commands_max) {
    const std::size_t more = entry_bytes(waiting_.front().command);
    if (!under_way_.empty() && bytes + more > entry_bytes_wanted) break;
    bytes += more;
    entry.commands.push_back(waiting_.front().command);
    under_way_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  waiting_bytes_ -= bytes;
  if (under_way_.empty()) return;
  value_ = encode_entry(entry);
  write_entry();
}

void Appender::write_entry() {
  const std::string key = keys_.log(next_);
  const Txn txn{
      .conditions = {{.key = keys_.leader(), .revision = static_cast<Revision>(mandate_.term)},
                     {.key = keys_.meta(), .revision = mandate_.log_begun_at},
                     {.key = key}},
      .then = {PutOp{.key = key, .value = value_}},
      .otherwise = {RangeOp{.key = keys_.leader()}, RangeOp{.key = key}}};
  client_.txn(
      txn, append_patience,
      scope_.wrap([this](const std::expected<TxnResult, Failure>& answer) { on_answer(answer); }));
}

void Appender::on_answer(const std::expected<TxnResult, Failure>& answer) {
  if (!answer && answer.error().is_refused) return refuse_entry(answer.error().message);
  if (!answer) return write_entry();
  if (!answer->is_met) return on_not_met(*answer);
  on_written(value_, under_way_.size());
}

void Appender::on_not_met(const TxnResult& answer) {
  const std::vector<KeyValue>& leader = answer.results[0].found;
  const std::vector<KeyValue>& found = answer.results[1].found;
  const bool is_leading =
      !leader.empty() && leader.front().create_revision == static_cast<Revision>(mandate_.term);
  if (!is_leading || found.empty()) return host_.on_deposed();
  // Ours, by a try whose answer was lost: of this entry, or of one that was refused since.
  const std::string& value = found.front().value;
  const std::optional<Entry> entry = decode_entry(value);
  if (!entry || entry->term != mandate_.term) return host_.on_deposed();
  if (value == value_) return on_written(value, under_way_.size());
  next_ += entry->commands.size();
  host_.on_appended(next_ - entry->commands.size(), value);
  if (mandate_.term != 0) write_entry();
}

void Appender::on_written(const std::string& value, std::size_t commands) {
  trouble_.clear();
  const std::uint64_t first = next_;
  next_ += commands;
  under_way_.clear();
  const std::string written = value;
  begin_entry();  // on its way while this one is given up
  host_.on_appended(first, written);
}

void Appender::refuse_entry(const std::string& message) {
  trouble_ = message;
  const bool is_long = message.find("request is too large") != std::string::npos;
  const auto why = is_long && under_way_.size() == 1 ? consensus::LogRefusal::too_large
                                                     : consensus::LogRefusal::overloaded;
  for (const Proposal& one : std::exchange(under_way_, {})) host_.on_refused(one, why);
  begin_entry();
}

}  // namespace rollcall::runtime::etcd
