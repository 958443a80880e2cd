// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
//
// A program of which several run, and one works: it works only while it leads a group.
//
//   rollcall_example_lead NAME DIRECTORY BIND [SEED...]
//   rollcall_example_lead a /var/tmp/a 127.0.0.1:7420
//   rollcall_example_lead b /var/tmp/b 127.0.0.1:7421 127.0.0.1:7420
//   rollcall_example_lead c /var/tmp/c 127.0.0.1:7422 127.0.0.1:7420
//
// The first one begins the agreed log; of three, any one may crash. End the input to leave: the
// next one takes over.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>

#include <rollcall/rollcall.hpp>

namespace {

using namespace std::chrono_literals;

constexpr auto lease = 3s;

using Clock = std::chrono::steady_clock;

/// Keeps this process in a group by a lease, and knows whether it leads there.
class Candidate {
 public:
  Candidate(rollcall::Groups& groups, std::string group, std::string id)
      : groups_(groups),
        group_(std::move(group)),
        spec_({.id = std::move(id), .ttl = lease}),
        watch_(groups.on_change([this](const auto& change) {
          if (change == nullptr || change->view.group != group_) return;
          note(change->view.number, change->view.leader == spec_.id);
        })),
        renewals_([this] { renew(); }) {}

  ~Candidate() {
    {
      const std::lock_guard lock(mutex_);
      is_ending_ = true;
    }
    wake_.notify_all();
    renewals_.join();
    watch_ = {};
    static_cast<void>(groups_.leave(group_, spec_.id));
  }

  /// Who has not renewed his lease in time must not work: another may lead by now.
  [[nodiscard]] bool is_leading() const {
    const std::lock_guard lock(mutex_);
    return leads_ && Clock::now() < leased_until_;
  }

 private:
  /// Of two views the later one counts, whichever is heard of first.
  void note(std::uint64_t view, bool leads) {
    const std::lock_guard lock(mutex_);
    if (view < view_) return;
    view_ = view;
    leads_ = leads;
  }

  /// Joining again renews the lease, and brings back a member whose lease has run out.
  void renew() {
    std::unique_lock lock(mutex_);
    while (!is_ending_) {
      lock.unlock();
      const auto asked = Clock::now();
      const auto joined = groups_.join(group_, spec_, lease / 3);
      if (joined) note(joined->view, joined->leads);
      if (!joined) std::cerr << "not renewed: " << joined.error().message << "\n";
      lock.lock();
      if (joined) leased_until_ = asked + lease * 2 / 3;
      wake_.wait_for(lock, lease / 3, [this] { return is_ending_; });
    }
  }

  rollcall::Groups& groups_;
  std::string group_;
  rollcall::GroupMemberSpec spec_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::uint64_t view_ = 0;
  bool leads_ = false;
  Clock::time_point leased_until_;
  bool is_ending_ = false;
  rollcall::Subscription watch_;
  std::thread renewals_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::cerr << "usage: " << argv[0] << " NAME DIRECTORY BIND [SEED...]\n";
    return 2;
  }

  rollcall::Options options;
  options.name = argv[1];
  options.data_dir = argv[2];
  options.bind = argv[3];
  options.seeds = {argv + 4, argv + argc};
  options.agreement.enabled = true;
  options.agreement.is_introducer = options.seeds.empty();

  auto agent = rollcall::Agent::create(options);
  if (!agent) {
    std::cerr << "cannot start: " << agent.error().message << "\n";
    return 1;
  }

  std::atomic<bool> is_ending = false;
  {
    const Candidate candidate(*agent->groups(), "workers", options.name);
    std::thread work([&] {
      for (std::uint64_t job = 1; !is_ending; std::this_thread::sleep_for(500ms)) {
        if (candidate.is_leading()) std::cout << "does job " << job++ << std::endl;
      }
    });
    for (std::string line; std::getline(std::cin, line);) {
    }
    is_ending = true;
    work.join();
  }

  const auto left = agent->leave();
  if (!left) std::cerr << "cannot leave: " << left.error().message << "\n";
  return left ? 0 : 1;
}
