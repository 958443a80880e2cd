// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/agreement/linearizability.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <utility>

#include "base/check.hpp"
#include "base/ids.hpp"
#include "sim/agreement/group_model.hpp"

namespace rollcall::sim::agreement {
namespace {

/// Which operations have been put in order.
class OperationSet {
 public:
  explicit OperationSet(std::size_t size) : words_((size + word_bits - 1) / word_bits) {}

  void flip(std::size_t number) { words_[number / word_bits] ^= bit(number); }
  [[nodiscard]] std::uint64_t hash() const {
    std::uint64_t hash = 0;
    for (const std::uint64_t word : words_) hash = hash_combine(hash, word);
    return hash;
  }
  [[nodiscard]] bool contains(std::size_t number) const {
    return (words_[number / word_bits] & bit(number)) != 0;
  }
  bool operator==(const OperationSet&) const = default;

 private:
  static constexpr std::size_t word_bits = 64;
  static std::uint64_t bit(std::size_t number) { return std::uint64_t{1} << (number % word_bits); }

  std::vector<std::uint64_t> words_;
};

/// The search for an order of one group's operations: by depth, with a way back.
class Search {
 public:
  explicit Search(std::span<const Operation> operations)
      : operations_(operations),
        calls_(operations.size()),
        returns_(operations.size()),
        done_(operations.size()) {
    link();
    pair_twins();
    for (const Operation& operation : operations_) {
      if (const auto number = number_told(operation)) numbers_left_.insert(*number);
    }
  }

  Linearizability run(std::size_t steps_max);

 private:
  /// An operation's call or answer, in a list by moment.
  struct Event {
    std::size_t operation = 0;
    bool is_call = true;
    Event* previous = nullptr;
    Event* next = nullptr;
  };
  /// A choice that was made, and what was so before.
  struct Choice {
    Event* call = nullptr;
    GroupModel before;
  };
  struct Seen {
    OperationSet done;
    GroupModel model;
  };

  /// The view's number at the moment at which the operation happened, if its client knows it.
  static std::optional<std::uint64_t> number_told(const Operation& operation) {
    if (!operation.outcome) return std::nullopt;
    if (std::holds_alternative<HeartbeatOperation>(operation.what)) return std::nullopt;
    return operation.outcome->number;
  }

  void link();
  void pair_twins();
  static void unlink(Event& event) {
    event.previous->next = event.next;
    if (event.next != nullptr) event.next->previous = event.previous;
  }
  static void relink(Event& event) {
    event.previous->next = &event;
    if (event.next != nullptr) event.next->previous = &event;
  }
  /// True if the operation can come now; then it has.
  bool choose(Event& call);
  bool is_new(const GroupModel& model);
  void put_in_order(Event& call, GroupModel next);
  /// Takes the last choice back; what to try instead, which is null at the list's end. Nothing:
  /// there was no choice.
  std::optional<Event*> take_back();
  /// For why(): whose answer did not fit, and to what.
  void remember(std::size_t depth, const GroupModel& model, std::size_t operation);
  [[nodiscard]] std::size_t told_number(std::uint64_t number) const;
  [[nodiscard]] std::string why() const;

  std::span<const Operation> operations_;
  std::vector<Event> calls_;
  std::vector<Event> returns_;
  /// The one before of those that asked for the same and were told nothing.
  std::vector<std::optional<std::size_t>> twins_;
  Event head_;
  std::size_t answers_left_ = 0;
  OperationSet done_;
  GroupModel model_;
  std::multiset<std::uint64_t> numbers_left_;
  std::vector<Choice> choices_;
  std::unordered_map<std::uint64_t, std::vector<Seen>> seen_;

  std::size_t deepest_ = 0;
  GroupModel deepest_model_;
  std::optional<std::size_t> deepest_answer_;
};

void Search::link() {
  // Of one moment, calls first: both orders could have been seen.
  std::multimap<std::pair<Moment, bool>, Event*> events;
  for (std::size_t i = 0; i < operations_.size(); ++i) {
    calls_[i].operation = i;
    events.emplace(std::pair(operations_[i].invoked, false), &calls_[i]);
    if (!operations_[i].outcome) continue;
    returns_[i].operation = i;
    returns_[i].is_call = false;
    events.emplace(std::pair(operations_[i].returned, true), &returns_[i]);
    ++answers_left_;
  }
  Event* last = &head_;
  for (const auto& [moment, event] : events) {
    last->next = event;
    event->previous = last;
    last = event;
  }
}

/// Of several that asked for the same and never heard of it, any may be taken for any other: the
/// one that was asked first comes first, else every order of them would be tried.
void Search::pair_twins() {
  twins_.resize(operations_.size());
  for (std::size_t i = 0; i < operations_.size(); ++i) {
    for (std::size_t before = i; before > 0 && !operations_[i].outcome && !twins_[i]; --before) {
      const Operation& other = operations_[before - 1];
      if (!other.outcome && other.what == operations_[i].what) twins_[i] = before - 1;
    }
  }
}

Linearizability Search::run(std::size_t steps_max) {
  Linearizability result;
  Event* event = head_.next;
  while (answers_left_ > 0) {
    if (++result.steps > steps_max) {
      result.verdict = Linearizability::Verdict::undecided;
      result.why = why();
      return result;
    }
    if (event != nullptr && event->is_call) {
      event = choose(*event) ? head_.next : event->next;
      continue;
    }
    // An answer whose operation has not come, or the end: the last choice was wrong.
    if (event != nullptr) remember(choices_.size(), model_, event->operation);
    const std::optional<Event*> instead = take_back();
    if (!instead) {
      result.verdict = Linearizability::Verdict::broken;
      result.why = why();
      return result;
    }
    event = *instead;
  }
  return result;
}

bool Search::choose(Event& call) {
  const Operation& operation = operations_[call.operation];
  const std::optional<std::size_t> twin = twins_[call.operation];
  if (twin && !done_.contains(*twin)) return false;
  std::optional<GroupModel> next = model_.after(operation);
  if (!next) return false;
  // Without an answer and without an effect it explains nothing.
  if (!operation.outcome && *next == model_) return false;
  const auto number = number_told(operation);
  if (number) numbers_left_.erase(numbers_left_.find(*number));
  done_.flip(call.operation);
  // Numbers never go back: an order that has passed what somebody was told leads nowhere.
  const bool is_past = !numbers_left_.empty() && *numbers_left_.begin() < next->number;
  if (is_past && choices_.size() + 1 > deepest_) {
    remember(choices_.size() + 1, *next, told_number(*numbers_left_.begin()));
  }
  if (is_past || !is_new(*next)) {
    done_.flip(call.operation);
    if (number) numbers_left_.insert(*number);
    return false;
  }
  put_in_order(call, std::move(*next));
  return true;
}

void Search::put_in_order(Event& call, GroupModel next) {
  choices_.push_back({.call = &call, .before = std::exchange(model_, std::move(next))});
  unlink(call);
  if (!operations_[call.operation].outcome) return;
  unlink(returns_[call.operation]);
  --answers_left_;
}

bool Search::is_new(const GroupModel& model) {
  std::vector<Seen>& alike = seen_[hash_combine(done_.hash(), model.hash())];
  const bool is_known = std::ranges::any_of(
      alike, [&](const Seen& seen) { return seen.done == done_ && seen.model == model; });
  if (!is_known) alike.push_back({.done = done_, .model = model});
  return !is_known;
}

std::optional<Search::Event*> Search::take_back() {
  if (choices_.empty()) return std::nullopt;
  Event& call = *choices_.back().call;
  model_ = std::move(choices_.back().before);
  choices_.pop_back();
  const Operation& operation = operations_[call.operation];
  if (operation.outcome) {
    relink(returns_[call.operation]);
    ++answers_left_;
  }
  relink(call);
  done_.flip(call.operation);
  if (const auto number = number_told(operation)) numbers_left_.insert(*number);
  return call.next;
}

void Search::remember(std::size_t depth, const GroupModel& model, std::size_t operation) {
  if (deepest_answer_ && depth <= deepest_) return;
  deepest_ = depth;
  deepest_model_ = model;
  deepest_answer_ = operation;
}

std::size_t Search::told_number(std::uint64_t number) const {
  std::size_t at = 0;
  while (done_.contains(at) || number_told(operations_[at]) != number) ++at;
  return at;
}

std::string Search::why() const {
  if (!deepest_answer_) return "nothing could be put in order";
  const Operation& stuck = operations_[*deepest_answer_];
  return "group " + stuck.group + ": after " + std::to_string(deepest_) + " of " +
         std::to_string(operations_.size()) + " operations, at " + deepest_model_.text() +
         ", this cannot have been: " + to_text(stuck) + " (moments " +
         std::to_string(stuck.invoked) + " to " + std::to_string(stuck.returned) + ")";
}

}  // namespace

Linearizability check_linearizability(const std::vector<Operation>& operations,
                                      std::size_t steps_max) {
  Linearizability all;
  const std::span<const Operation> rest(operations);
  for (std::size_t begin = 0; begin < rest.size();) {
    std::size_t end = begin;
    while (end < rest.size() && rest[end].group == rest[begin].group) ++end;
    const Linearizability one = Search(rest.subspan(begin, end - begin)).run(steps_max);
    all.steps += one.steps;
    if (one.verdict == Linearizability::Verdict::broken) return one;
    if (one.verdict == Linearizability::Verdict::undecided) {
      all.verdict = one.verdict;
      all.why = one.why;
    }
    begin = end;
  }
  return all;
}

}  // namespace rollcall::sim::agreement
