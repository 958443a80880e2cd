// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "consensus/log.hpp"
#include "registry/types.hpp"

namespace rollcall::sim::agreement {

/// One process of a member: the nth start.
struct Run {
  std::size_t member = 0;
  std::uint64_t start = 0;

  auto operator<=>(const Run&) const = default;
};

/// Who is told what happens in a world, as it happens.
class Observer {
 public:
  Observer() = default;
  virtual ~Observer() = default;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  virtual void on_start(Run) {}
  virtual void on_end(Run) {}
  /// Before the agreement of that member is given it.
  virtual void on_committed(Run, const consensus::Committed&) {}
  virtual void on_restored(Run, const consensus::Restored&) {}
  virtual void on_leadership(Run, const consensus::Leadership&) {}
  virtual void on_changed(Run, const std::vector<registry::ViewDelta>&) {}
  virtual void on_reset(Run) {}
  /// After each input, when all its effects are done.
  virtual void on_settled(Run) {}
  /// Something that no code may do, whatever happens to it.
  virtual void on_broken(Run, const std::string&) {}
};

/// Tells several, in this order.
class Observers final : public Observer {
 public:
  void add(Observer& observer) { all_.push_back(&observer); }

  void on_start(Run run) override {
    tell([&](Observer& one) { one.on_start(run); });
  }
  void on_end(Run run) override {
    tell([&](Observer& one) { one.on_end(run); });
  }
  void on_committed(Run run, const consensus::Committed& committed) override {
    tell([&](Observer& one) { one.on_committed(run, committed); });
  }
  void on_restored(Run run, const consensus::Restored& restored) override {
    tell([&](Observer& one) { one.on_restored(run, restored); });
  }
  void on_leadership(Run run, const consensus::Leadership& leadership) override {
    tell([&](Observer& one) { one.on_leadership(run, leadership); });
  }
  void on_changed(Run run, const std::vector<registry::ViewDelta>& changes) override {
    tell([&](Observer& one) { one.on_changed(run, changes); });
  }
  void on_reset(Run run) override {
    tell([&](Observer& one) { one.on_reset(run); });
  }
  void on_settled(Run run) override {
    tell([&](Observer& one) { one.on_settled(run); });
  }
  void on_broken(Run run, const std::string& what) override {
    tell([&](Observer& one) { one.on_broken(run, what); });
  }

 private:
  template <class Call>
  void tell(Call call) {
    for (Observer* const one : all_) call(*one);
  }

  std::vector<Observer*> all_;
};

}  // namespace rollcall::sim::agreement
