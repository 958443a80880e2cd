// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "node_script.hpp"

#include <algorithm>
#include <array>
#include <sstream>
#include <utility>
#include <variant>

#include "base/text.hpp"
#include "sim/message_text.hpp"
#include "wire/datagram.hpp"

namespace rollcall::scenario {
namespace {

constexpr std::string_view indent = "  ";

/// What follows the first colon with a space: what a peer says.
std::string_view speech(std::string_view line) {
  const std::size_t colon = line.find(": ");
  if (colon == std::string_view::npos) throw ScriptError("': ' and what is said are missing");
  return line.substr(colon + 2);
}

std::string speaker(Words& words) {
  std::string name = words.take("who says it");
  if (name.ends_with(':')) name.pop_back();
  return name;
}

core::ExchangeError exchange_error_of(const std::string& word) {
  static constexpr std::array all = {core::ExchangeError::refused, core::ExchangeError::reset,
                                     core::ExchangeError::timeout, core::ExchangeError::unreachable,
                                     core::ExchangeError::malformed};
  static constexpr std::array<std::string_view, all.size()> words = {"refused", "reset", "timeout",
                                                                     "unreachable", "malformed"};
  const auto at = std::ranges::find(words, word);
  if (at == words.end()) throw ScriptError("'" + word + "' is no way to fail");
  return all[static_cast<std::size_t>(at - words.begin())];
}

}  // namespace

std::string NodeScript::run(std::string_view script) {
  NodeScript self;
  std::istringstream lines{std::string(script)};
  for (std::string text; std::getline(lines, text);) {
    if (text.starts_with(indent)) continue;  // an effect of an earlier run
    self.out_ += text + "\n";
    if (!text.empty() && text.front() != '#') self.line(text);
  }
  return std::move(self.out_);
}

void NodeScript::line(const std::string& text) {
  line_began_ = now_;
  Words words(text);
  try {
    command(words, text);
    if (!words.empty()) throw ScriptError("'" + words.peek() + "' is too much");
  } catch (const ScriptError& error) {
    write(std::string("error: ") + error.what());
  }
}

void NodeScript::command(Words& words, std::string_view text) {
  const std::string verb = words.take("a command");
  const bool is_known = setup_command(verb, words) || network_command(verb, words, text) ||
                        stream_command(verb, words, text) || user_command(verb, words);
  if (!is_known) throw ScriptError("'" + verb + "' is no command");
}

// --- Commands --------------------------------------------------------------------------------

bool NodeScript::setup_command(const std::string& verb, Words& words) {
  if (verb == "node") {
    make_node(words);
  } else if (verb == "peer") {
    const std::string alias = words.take("the name");
    Peer peer{.name = alias, .address = {}, .life = {.boot = 1, .id = {}}};
    if (words.take_if("named")) peer.name = words.take("the name");
    if (!words.take_if("at")) throw ScriptError("'at' is missing");
    peer.address = address_of(words.take("the address"));
    if (const auto boot = words.take_after("boot=")) peer.life.boot = number_of(*boot);
    peer.life.id = {hash_bytes(alias), peer.life.boot};
    cast_.add(alias, std::move(peer));
  } else if (verb == "homes") {
    std::vector<HostPort> seeds;
    while (!words.empty() && words.peek() != "saved") {
      seeds.push_back(host_port_of(words.take("a seed")));
    }
    std::vector<Address> saved;
    if (words.take_if("saved")) {
      for (const std::string& word : words.take_all()) saved.push_back(cast_.address(word));
    }
    node().set_homes(std::move(seeds), std::move(saved));
  } else if (verb == "start") {
    give([](core::Node& node, Instant now, core::Effects& effects) { node.start(now, effects); });
  } else if (verb == "wait") {
    wait(duration_of(words.take("how long")));
  } else if (verb == "pause") {
    const Duration length = duration_of(words.take("how long"));
    if (words.take_if("unread")) {
      now_ += length;
    } else {
      pause(length);
    }
  } else if (verb == "members") {
    list_members();
  } else if (verb == "stage") {
    write(std::string(core::to_text(node().phase())) + ", " +
          std::string(core::to_text(node().join_stage())));
  } else {
    return false;
  }
  return true;
}

bool NodeScript::network_command(const std::string& verb, Words& words, std::string_view text) {
  if (verb == "from") {
    const Peer from = cast_.find(speaker(words));
    const ByteVector bytes = cast_.datagram(from, speech(text));
    words.take_all();
    give([&](core::Node& node, Instant now, core::Effects& effects) {
      node.on_datagram(from.address, bytes, now, effects);
    });
  } else if (verb == "unreachable") {
    const Address to = cast_.address(words.take("whom"));
    give([&](core::Node& node, Instant now, core::Effects& effects) {
      node.on_unreachable(to, core::Unreachable::port, now, effects);
    });
  } else if (verb == "hosts") {
    std::vector<HostPort> hosts;
    for (const std::string& word : words.take_all()) hosts.push_back(host_port_of(word));
    give([&](core::Node& node, Instant now, core::Effects& effects) {
      node.on_hosts(hosts, now, effects);
    });
  } else if (verb == "resolved") {
    const core::ResolveId id{id_of(words.take("R1"), 'R')};
    std::vector<Address> addresses;
    for (const std::string& word : words.take_all()) addresses.push_back(cast_.address(word));
    const auto error = addresses.empty() ? core::ResolveError::not_found : core::ResolveError::none;
    give([&](core::Node& node, Instant now, core::Effects& effects) {
      node.on_resolved(id, addresses, error, now, effects);
    });
  } else {
    return false;
  }
  return true;
}

bool NodeScript::stream_command(const std::string& verb, Words& words, std::string_view text) {
  if (verb == "request" || verb == "answer" || verb == "opened") {
    const std::string id = words.take("which stream");
    if (!words.take_if("from")) throw ScriptError("'from' is missing");
    const Peer from = cast_.find(speaker(words));
    const std::string_view said = verb == "opened" ? "watch-ack" : speech(text);
    const ByteVector frame = cast_.frame(from, said);
    words.take_all();
    give([&](core::Node& node, Instant now, core::Effects& effects) {
      if (verb == "request") {
        node.on_request(core::StreamId{id_of(id, 'S')}, from.address, frame, now, effects);
      } else if (verb == "answer") {
        node.on_exchange_reply(core::ExchangeId{id_of(id, 'X')}, frame, now, effects);
      } else {
        node.on_watch_opened(core::WatchId{id_of(id, 'W')}, frame, now, effects);
      }
    });
  } else if (verb == "fail") {
    const core::ExchangeId id{id_of(words.take("which exchange"), 'X')};
    const core::ExchangeError error = exchange_error_of(words.take("how"));
    give([&](core::Node& node, Instant now, core::Effects& effects) {
      node.on_exchange_failed(id, error, now, effects);
    });
  } else if (verb == "ended") {
    const core::WatchId id{id_of(words.take("which watch"), 'W')};
    give([&](core::Node& node, Instant now, core::Effects& effects) {
      node.on_watch_closed(id, core::CloseReason::end_of_stream, now, effects);
    });
  } else if (verb == "close") {
    const core::StreamId id{id_of(words.take("which stream"), 'S')};
    give([&](core::Node& node, Instant now, core::Effects& effects) {
      node.on_stream_closed(id, core::CloseReason::end_of_stream, now, effects);
    });
  } else {
    return false;
  }
  return true;
}

bool NodeScript::user_command(const std::string& verb, Words& words) {
  core::Command asked;
  if (verb == "join") {
    core::JoinCommand join;
    for (const std::string& word : words.take_all()) join.seeds.push_back(host_port_of(word));
    asked = std::move(join);
  } else if (verb == "leave") {
    asked = core::LeaveCommand{};
  } else if (verb == "cancel-join") {
    asked = core::CancelJoinCommand{};
  } else if (verb == "switch") {
    core::ChangeSettingsCommand change;
    const bool is_gossip = words.take("the detector") == "gossip";
    change.change.detector = is_gossip ? core::DetectorKind::gossip : core::DetectorKind::pingack;
    if (words.take_if("local")) change.scope = core::SettingsScope::local;
    asked = std::move(change);
  } else if (verb == "force-leave") {
    asked = core::ForceLeaveCommand{words.take("whom")};
  } else {
    return false;
  }
  give([&](core::Node& node, Instant now, core::Effects& effects) {
    node.on_command(core::CommandId{++commands_}, asked, now, effects);
  });
  return true;
}

// --- The node --------------------------------------------------------------------------------

void NodeScript::make_node(Words& words) {
  config_ = {};
  config_.name = words.take("the name");
  if (!words.take_if("at")) throw ScriptError("'at' is missing");
  config_.advertise = address_of(words.take("the address"));
  std::uint64_t boot = 1;
  std::uint64_t seed = 1;
  for (const std::string& setting : words.take_all()) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos) throw ScriptError("'" + setting + "' is not KEY=VALUE");
    const std::string key = setting.substr(0, equals);
    const std::string value = setting.substr(equals + 1);
    if (key == "boot") {
      boot = number_of(value);
    } else if (key == "seed") {
      seed = number_of(value);
    } else {
      configure(config_, key, value);
    }
  }
  for (const core::ConfigProblem& problem : core::validate(config_)) {
    throw ScriptError(problem.field + ": " + problem.message);
  }
  node_ = std::make_unique<core::Node>(config_, boot, seed, now_);
}

void NodeScript::configure(core::Config& config, const std::string& key, const std::string& value) {
  if (key == "profile") {
    config.profile = value == "swim" ? core::Profile::swim : core::Profile::rollcall;
  } else if (key == "suspicion") {
    config.suspicion_enabled = value != "off";
  } else if (key == "suspicion-time") {
    config.suspicion_time = duration_of(value);
  } else if (key == "probe-interval") {
    config.probe_interval = duration_of(value);
  } else if (key == "probe-timeout") {
    config.probe_timeout = duration_of(value);
  } else if (key == "indirect-probes") {
    config.indirect_probes = number_of(value);
  } else if (key == "cleanup-time") {
    config.cleanup_time = duration_of(value);
  } else if (key == "detector") {
    config.detector = value == "gossip" ? core::DetectorKind::gossip : core::DetectorKind::pingack;
  } else if (key == "broadcast") {
    config.broadcast = value != "off";
  } else if (key == "hosts") {
    config.reads_hosts = value != "off";
  } else if (key == "anti-entropy") {
    config.anti_entropy_interval = duration_of(value);
  } else {
    throw ScriptError("'" + key + "' is no setting");
  }
}

core::Node& NodeScript::node() {
  if (!node_) throw ScriptError("there is no node yet");
  return *node_;
}

void NodeScript::wait(Duration duration) {
  const Instant end = now_ + duration;
  while (node().next_deadline() <= end) {
    now_ = std::max(now_, node().next_deadline());
    give([](core::Node& node, Instant now, core::Effects& effects) {
      node.on_deadline(now, effects);
    });
  }
  now_ = end;
}

void NodeScript::pause(Duration duration) {
  now_ += duration;
  give([](core::Node& node, Instant now, core::Effects& effects) {
    node.on_deadline(now, effects);
  });
}

void NodeScript::list_members() {
  const core::MemberTable& table = node().members();
  std::vector<std::string> lines;
  for (const core::Slot slot : table.slots()) {
    lines.push_back(sim::update_text(core::to_update(table.at(slot)), cast_.names()));
  }
  std::ranges::sort(lines);
  for (const std::string& text : lines) write(text);
}

template <class Input>
void NodeScript::give(Input input) {
  core::Node& target = node();
  effects_.clear();
  input(target, now_, effects_);
  cast_.set_node({config_.name, config_.advertise, target.life()}, target.members().digest());
  write_effects();
}

void NodeScript::write_effects() {
  const std::uint32_t cluster = wire::cluster_hash(config_.cluster);
  for (const core::Effect& effect : effects_.list()) {
    if (const auto* send = std::get_if<core::SendDatagram>(&effect)) {
      auto reader = wire::DatagramReader::create(effects_.bytes(send->payload), cluster);
      while (reader && !reader->at_end()) {
        const auto message = reader->next();
        if (!message) break;
        cast_.note_question(send->to, *message);
      }
    }
    write(sim::effect_text(effect, effects_, config_.name, cluster, cast_.names()));
  }
}

void NodeScript::write(const std::string& text) {
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(now_ - line_began_);
  const std::string when = since.count() == 0 ? "" : "+" + duration_text(since) + "  ";
  out_ += std::string(indent) + when + text + "\n";
}

}  // namespace rollcall::scenario
