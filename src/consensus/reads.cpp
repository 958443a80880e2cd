// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "consensus/reads.hpp"

#include <utility>

#include "base/check.hpp"

namespace rollcall::consensus {

void Reads::read(RequestToken token, Instant until, const Moment& moment) {
  if (open_.size() >= count_max_) {
    moment.effects.emplace_back(
        ReadAnswered{.token = token, .result = std::unexpected(RequestFailure::overloaded)});
    return;
  }
  const Number number = ++last_number_;
  ends_.set(number, until);
  ask(number, open_.emplace(number, Open{.token = token}).first->second, moment);
}

void Reads::ask(Number number, Open& open, const Moment& moment) {
  attempts_.erase(open.attempt);
  open.attempt = ++last_attempt_;
  attempts_.emplace(open.attempt, number);
  retries_.remove(number);
  moment.effects.emplace_back(ReadFromLog{read_token(open.attempt, ReadOwner::reads)});
}

void Reads::finish(Number number, std::expected<void, RequestFailure> result,
                   const Moment& moment) {
  const auto at = open_.find(number);
  ROLLCALL_CHECK(at != open_.end());
  moment.effects.emplace_back(ReadAnswered{.token = at->second.token, .result = result});
  attempts_.erase(at->second.attempt);
  ends_.remove(number);
  retries_.remove(number);
  open_.erase(at);
}

void Reads::on_ready(ReadToken token, const Moment& moment) {
  const auto attempt = attempts_.find(static_cast<std::uint64_t>(token) >> owner_bits);
  if (attempt != attempts_.end()) finish(attempt->second, {}, moment);
}

void Reads::on_failed(ReadToken token, const Moment& moment) {
  const auto attempt = attempts_.find(static_cast<std::uint64_t>(token) >> owner_bits);
  if (attempt == attempts_.end()) return;
  const Number number = attempt->second;
  Open& open = open_.at(number);
  attempts_.erase(attempt);
  open.attempt = 0;
  open.retry = next_retry(open.retry);
  retries_.set(number, moment.now + open.retry);
}

void Reads::ask_all(const Moment& moment) {
  for (auto& [number, open] : open_) {
    open.retry = {};
    ask(number, open, moment);
  }
}

void Reads::on_deadline(const Moment& moment) {
  while (const auto number = ends_.take_due(moment.now)) {
    const auto why = moment.has_leader() ? RequestFailure::timeout : RequestFailure::no_leader;
    finish(*number, std::unexpected(why), moment);
  }
  while (const auto number = retries_.take_due(moment.now)) ask(*number, open_.at(*number), moment);
}

void Reads::check_invariants() const {
  ROLLCALL_CHECK(open_.size() <= count_max_);
  // Each is asked now, or will be.
  ROLLCALL_CHECK(attempts_.size() + retries_.size() == open_.size());
}

}  // namespace rollcall::consensus
