// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "core/effects.hpp"
#include "core/node.hpp"
#include "script_cast.hpp"
#include "script_words.hpp"

namespace rollcall::scenario {

/// Runs one node through a script: a line is an input; indented lines are the effects it had.
///
/// Lines with '#' in front and empty ones are for the reader. The commands:
///
///   node NAME at ADDRESS [boot=N] [seed=N] [KEY=VALUE…]   KEYs: see configure()
///   peer NAME [named NAME] at ADDRESS [boot=N]   somebody else; again for a later life
///   homes HOST:PORT…                        seeds; saved peers after the word "saved"
///   start
///   from PEER: MESSAGE; …                   a datagram (Cast::datagram)
///   unreachable PEER|ADDRESS                nothing listens there
///   request S1 from PEER: FRAME             on a stream that the peer opened (Cast::frame)
///   close S1
///   answer X1 from PEER: FRAME   fail X1 refused|reset|timeout|unreachable|malformed
///   opened W1 from PEER          ended W1
///   resolved R1 [ADDRESS…]                  without an address: no such host
///   join HOST:PORT… | leave | cancel-join | force-leave NAME
///   switch gossip|pingack [local]           changes the cluster's settings, or this node's
///   wait DURATION                           time passes; timers fire when due
///   pause DURATION                          time passes, but the node does not run
///   pause DURATION unread                   as above; what waited for it follows, up to a wait
///   members                                 lists what the node knows
class NodeScript {
 public:
  /// The script with the effects as they are now.
  static std::string run(std::string_view script);

 private:
  void line(const std::string& text);
  void command(Words& words, std::string_view text);
  bool setup_command(const std::string& verb, Words& words);
  bool network_command(const std::string& verb, Words& words, std::string_view text);
  bool stream_command(const std::string& verb, Words& words, std::string_view text);
  bool user_command(const std::string& verb, Words& words);

  void make_node(Words& words);
  static void configure(core::Config& config, const std::string& key, const std::string& value);
  void wait(Duration duration);
  void pause(Duration duration);
  void list_members();
  core::Node& node();

  template <class Input>
  void give(Input input);
  void write_effects();
  void write(const std::string& text);

  Instant now_{std::chrono::seconds(1000)};
  Instant line_began_{};
  std::unique_ptr<core::Node> node_;
  core::Config config_;
  Cast cast_{"default"};
  core::Effects effects_;
  std::uint64_t commands_ = 0;
  std::string out_;
};

}  // namespace rollcall::scenario
