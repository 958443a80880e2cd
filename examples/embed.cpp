// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
//
// The smallest useful member: joins a cluster, says what happens in it, and leaves.
//
//   rollcall_example_embed NAME BIND [SEED...]
//   rollcall_example_embed a 127.0.0.1:7420
//   rollcall_example_embed b 127.0.0.1:7421 127.0.0.1:7420
#include <iostream>
#include <string>

#include <rollcall/rollcall.hpp>

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: " << argv[0] << " NAME BIND [SEED...]\n";
    return 2;
  }

  rollcall::Options options;
  options.name = argv[1];
  options.bind = argv[2];
  options.tags = {{"role", "example"}};

  auto agent = rollcall::Agent::create(options);
  if (!agent) {
    std::cerr << "cannot start: " << agent.error().message << "\n";
    return 1;
  }

  const auto subscription = agent->subscribe([](const rollcall::Event& event) {
    std::cout << event.index << " " << to_text(event.type) << " " << event.member.name << " at "
              << event.member.address << std::endl;
  });

  if (argc > 3) {
    const auto joined = agent->join({argv + 3, argv + argc});
    if (!joined) std::cerr << "cannot join: " << joined.error().message << "\n";
  }

  std::cout << "this is " << agent->members().self().name << " at " << agent->address()
            << "; type a tag as key=value, 'members', or end the input to leave" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    if (line == "members") {
      for (const rollcall::Member& member : agent->members()) {
        std::cout << "  " << member.name << " " << to_text(member.state) << " " << member.address;
        for (const auto& [key, value] : member.tags) std::cout << " " << key << "=" << value;
        std::cout << std::endl;
      }
    } else if (const auto equals = line.find('='); equals != std::string::npos) {
      const auto set = agent->set_tags({{line.substr(0, equals), line.substr(equals + 1)}});
      if (!set) std::cerr << "cannot set the tag: " << set.error().message << "\n";
    }
  }

  const auto left = agent->leave();
  if (!left) std::cerr << "cannot leave: " << left.error().message << "\n";
  return left ? 0 : 1;
}
