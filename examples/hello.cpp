// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <iostream>
#include <thread>

#include <rollcall/rollcall.hpp>

int main() {
  // Two members in one process; in life, each is in a process of its own.
  auto first = rollcall::Agent::create({.name = "first", .bind = "127.0.0.1:0"});
  auto second = rollcall::Agent::create({.name = "second", .bind = "127.0.0.1:0"});
  if (!first || !second) return 1;

  const auto watch = first->subscribe([](const rollcall::Event& event) {
    std::cout << to_text(event.type) << " " << event.member.name << std::endl;
  });
  if (const auto joined = second->join({first->address()}); !joined) {
    std::cerr << joined.error().message << "\n";
    return 1;
  }
  for (const rollcall::Member& member : second->members()) {
    std::cout << member.name << " at " << member.address << " is " << to_text(member.state) << "\n";
  }
  if (!second->leave()) return 1;
  while (first->members().count(rollcall::MemberState::left) == 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}
