// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/etcd/reads.hpp"

#include <algorithm>
#include <utility>

namespace rollcall::runtime::etcd {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr Patience read_patience{.attempt = 1s, .total = 2s};
/// So many pulses without an answer, and this member is called stale.
constexpr int pulses_missed_max = 3;

}  // namespace

Reads::Reads(boost::asio::io_context& io, Client& client, const Keys& keys, Duration pulse,
             ReadsHost& host)
    : client_(client),
      keys_(keys),
      pulse_(pulse),
      host_(host),
      timer_(io) {}

void Reads::start() {
  if (!is_asking_) ask();
  timer_.after(pulse_, [this] { on_pulse(); });
}

void Reads::stop() {
  scope_.reset();
  timer_.cancel();
  next_.clear();
  pending_.clear();
}

void Reads::read(consensus::ReadToken token) {
  if (tokens_ >= tokens_max) {
    return host_.on_read(
        consensus::ReadFailed{.token = token, .why = consensus::LogRefusal::overloaded});
  }
  // The next pulse finds out when somebody answers again.
  if (!client_.trouble().empty()) {
    return host_.on_read(
        consensus::ReadFailed{.token = token, .why = consensus::LogRefusal::no_leader});
  }
  ++tokens_;
  next_.push_back(token);
  if (!is_asking_) ask();
}

void Reads::ask() {
  is_asking_ = true;
  const Txn txn{.then = {RangeOp{.key = keys_.leader(), .is_keys_only = true},
                         RangeOp{.key = keys_.log(0),
                                 .end = keys_.log_end(),
                                 .limit = 1,
                                 .is_last_first = true,
                                 .is_keys_only = true},
                         RangeOp{.key = keys_.manifest()},
                         RangeOp{.key = keys_.meta(), .is_keys_only = true}}};
  const Question question{
      .asked = Clock::now(), .tokens = std::exchange(next_, {}), .followed = host_.followed()};
  client_.txn(txn, read_patience,
              scope_.wrap([this, question](const std::expected<TxnResult, Failure>& answer) {
                is_asking_ = false;
                on_answer(question, answer);
                if (!next_.empty() && !is_asking_) ask();
              }));
}

void Reads::on_answer(const Question& question, const std::expected<TxnResult, Failure>& answer) {
  if (!answer) {
    fail(question.tokens);
    return fail(std::exchange(next_, {}));
  }
  const std::vector<KeyValue>& leader = answer->results[0].found;
  const std::vector<KeyValue>& last = answer->results[1].found;
  const std::vector<KeyValue>& manifest = answer->results[2].found;
  host_.on_term_seen(
      leader.empty() ? 0 : static_cast<std::uint64_t>(leader.front().create_revision),
      static_cast<std::uint64_t>(answer->revision));
  // Entries are applied whole, so the first index of the last one is enough.
  std::uint64_t end = last.empty() ? 0 : keys_.log_index(last.front().key).value_or(0);
  if (const auto read = manifest.empty() ? std::nullopt : decode_manifest(manifest.front().value)) {
    end = std::max(end, read->index);
  }
  const std::vector<KeyValue>& meta = answer->results[3].found;
  const Revision begun_at = meta.empty() ? 0 : meta.front().create_revision;
  const bool is_other = begun_at != question.followed.begun_at;
  if (question.followed.begun_at != 0 && (is_other || end < question.followed.last_entry)) {
    fail(question.tokens);
    return host_.on_other_log();
  }
  host_.on_end_seen(end);
  pending_.push_back({.index = end, .asked = question.asked, .tokens = question.tokens});
  answer_pending();
}

void Reads::on_applied(std::uint64_t applied) {
  applied_ = applied;
  answer_pending();
}

void Reads::answer_pending() {
  // Ends only grow, and so do the answers.
  while (!pending_.empty() && pending_.front().index <= applied_) {
    const Pending done = std::move(pending_.front());
    pending_.pop_front();
    fresh_at_ = done.asked;
    tokens_ -= done.tokens.size();
    for (const consensus::ReadToken token : done.tokens) {
      host_.on_read(consensus::ReadReady{.token = token});
    }
  }
}

void Reads::on_pulse() {
  timer_.after(pulse_, [this] { on_pulse(); });
  const Time now = Clock::now();
  while (!pending_.empty() && now - pending_.front().asked > answer_max) {
    const Pending late = std::move(pending_.front());
    pending_.pop_front();
    fail(late.tokens);
  }
  if (!pending_.empty() && now - pending_.front().asked > catch_up_max) host_.on_behind();
  if (!is_asking_) ask();
}

void Reads::fail(const Tokens& tokens) {
  tokens_ -= tokens.size();
  for (const consensus::ReadToken token : tokens) {
    host_.on_read(consensus::ReadFailed{.token = token, .why = consensus::LogRefusal::no_leader});
  }
}

Duration Reads::stale_for() const {
  if (!fresh_at_) return Duration::max();
  const Duration since = Clock::now() - *fresh_at_;
  return since <= pulse_ * pulses_missed_max ? Duration{} : since;
}

}  // namespace rollcall::runtime::etcd
