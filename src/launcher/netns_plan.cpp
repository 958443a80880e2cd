// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "launcher/netns_plan.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <system_error>

#include <nlohmann/json.hpp>

namespace rollcall::launcher {
namespace {

constexpr const char* bridge = "br0";
constexpr const char* host_interface = "eth0";
constexpr std::size_t octet = 256;

/// FNV-1a, 32 bits (Fowler, Noll, Vo): the same text gives the same number in every build.
std::uint32_t hash_of(std::string_view text) {
  std::uint32_t hash = 2'166'136'261U;
  for (const char letter : text) {
    hash ^= static_cast<unsigned char>(letter);
    hash *= 16'777'619U;
  }
  return hash;
}

/// { "node1", "node2" }
std::string set_of(const Names& ports) {
  std::string text;
  for (const std::string& port : ports) text += (text.empty() ? "\"" : ", \"") + port + "\"";
  return "{ " + text + " }";
}

/// nft refuses a comparison that is always true, so all of it is a rule without chance.
std::string loss_rule(const char* side, const std::string& port, unsigned thousandths) {
  if (thousandths == 0) return "";
  const std::string chance =
      thousandths >= 1000 ? "" : "numgen random mod 1000 < " + std::to_string(thousandths) + " ";
  return "    " + std::string(side) + " \"" + port + "\" " + chance + "drop\n";
}

}  // namespace

std::string prefix_of(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::path place = std::filesystem::weakly_canonical(directory, error);
  if (error) place = directory.lexically_normal();
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%08x", hash_of(place.string()));
  return std::string("rollcall-") + text.data();
}

std::string namespace_name(const std::string& prefix, std::string_view host) {
  return prefix + "-" + std::string(host);
}

std::string switch_name(const std::string& prefix) {
  return namespace_name(prefix, "switch");
}

std::filesystem::path namespace_path(const std::string& prefix, std::string_view host) {
  return std::filesystem::path(namespace_directory) / namespace_name(prefix, host);
}

std::string host_address(std::size_t index) {
  const std::size_t host = index + 1;
  return "10.77." + std::to_string(host / octet) + "." + std::to_string(host % octet);
}

std::string hardware_address(std::size_t index) {
  const std::size_t host = index + 1;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "02:00:0a:4d:%02zx:%02zx", host / octet, host % octet);
  return text.data();
}

std::vector<Command> switch_commands(const std::string& prefix) {
  const std::string name = switch_name(prefix);
  return {{"ip", "netns", "add", name},
          {"ip", "-n", name, "link", "add", bridge, "up", "type", "bridge", "forward_delay", "0",
           "stp_state", "0", "mcast_snooping", "0"}};
}

std::vector<Command> host_commands(const std::string& prefix, const std::string& node,
                                   std::size_t index) {
  const std::string host = namespace_name(prefix, node);
  const std::string address = host_address(index) + "/16";
  // The pair is made with each end where it belongs: the machine's own namespace never sees one.
  return {{"ip", "netns", "add", host},
          {"ip", "-n", host, "link", "add", host_interface, "address", hardware_address(index),
           "type", "veth", "peer", "name", node, "netns", switch_name(prefix)},
          {"ip", "-n", host, "address", "add", address, "broadcast", "+", "dev", host_interface},
          {"ip", "-n", host, "link", "set", "lo", "up"},
          {"ip", "-n", host, "link", "set", host_interface, "up"}};
}

Command plug_command(const std::string& prefix, const std::string& node) {
  return {"ip", "-n", switch_name(prefix), "link", "set", node, "master", bridge, "up"};
}

std::string neighbour_lines(std::size_t nodes) {
  std::string text;
  for (std::size_t index = 0; index < nodes; ++index) {
    text += "neighbour replace " + host_address(index) + " lladdr " + hardware_address(index) +
            " nud permanent dev " + host_interface + "\n";
  }
  return text;
}

Command neighbour_command(const std::string& prefix, const std::string& node,
                          const std::filesystem::path& lines) {
  return {"ip", "-n", namespace_name(prefix, node), "-batch", lines.string()};
}

Command unwire_command(const std::string& prefix, const std::string& node) {
  return {"ip", "-n", switch_name(prefix), "link", "delete", node};
}

Command remove_command(const std::string& name) {
  return {"ip", "netns", "delete", name};
}

Command link_command(const std::string& prefix, const std::string& node, Link link) {
  return {"ip", "-n", switch_name(prefix), "link", "set", node, link == Link::up ? "up" : "down"};
}

Command ports_command(const std::string& prefix) {
  return {"ip", "-j", "-n", switch_name(prefix), "link", "show", "master", bridge};
}

std::vector<Port> parse_ports(std::string_view json) {
  std::vector<Port> ports;
  const auto list = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!list.is_array()) return ports;
  for (const auto& link : list) {
    if (!link.is_object() || !link.contains("ifname") || !link.contains("flags")) continue;
    const auto& flags = link["flags"];
    const bool is_up = std::find(flags.begin(), flags.end(), "UP") != flags.end();
    ports.push_back({.name = link["ifname"], .link = is_up ? Link::up : Link::down});
  }
  return ports;
}

std::string fault_rules(const NetworkFaults& faults) {
  // To name the table before deleting it makes the deletion right whether it was there or not;
  // the whole file is one transaction, so no packet meets a half of the rules.
  std::string text =
      "table bridge rollcall\n"
      "delete table bridge rollcall\n"
      "table bridge rollcall {\n"
      "  chain forward {\n"
      "    type filter hook forward priority 0; policy accept;\n";
  // Should a host ask for an address all the same: without answers a cut of one direction would
  // soon cut the other one too, and a mended network would go on failing for a while.
  if (faults.any()) text += "    ether type arp accept\n";
  for (const Names& group : faults.groups) {
    const std::string ports = set_of(group);
    text += "    iifname " + ports + " oifname != " + ports + " drop\n";
    text += "    iifname != " + ports + " oifname " + ports + " drop\n";
  }
  for (const Cut& cut : faults.cuts) {
    text += "    iifname \"" + cut.from + "\" oifname \"" + cut.to + "\" drop\n";
  }
  for (const Loss& loss : faults.losses) {
    text += loss_rule("iifname", loss.node, loss.out);
    text += loss_rule("oifname", loss.node, loss.in);
  }
  return text + "  }\n}\n";
}

}  // namespace rollcall::launcher
