// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/network_faults.hpp"

/// What a cluster in network namespaces is called and made of: names, addresses, and the commands
/// and rules that make it so. Nothing here runs anything.
///
///      rollcall-1a2b3c4d-node1          rollcall-1a2b3c4d-switch          rollcall-1a2b3c4d-node2
///     +------------------------+    +-----------------------------+    +------------------------+
///     | agent  10.77.0.1 eth0 =======node1      br0         node2 =======eth0 10.77.0.2   agent |
///     +------------------------+    |   nft table bridge rollcall |    +------------------------+
///                                   +-----------------------------+
///
/// The bridge has a namespace of its own. So the machine's own namespace gets no interface, no
/// address, no route and no rule; its firewall and its sysctls (bridge-nf-call-iptables, which
/// with many a container runtime drops bridged packets) do not reach the cluster; and the
/// addresses cannot clash with the machine's, nor with another cluster's. Who removes the
/// namespaces has removed everything.
namespace rollcall::launcher {

/// An argument vector; the first is the program.
using Command = std::vector<std::string>;

/// Where ip(8) keeps named namespaces.
inline constexpr std::string_view namespace_directory = "/run/netns";

/// "rollcall-1a2b3c4d": what the names of a cluster's namespaces begin with, from the place of
/// its directory. The same place gives the same prefix.
std::string prefix_of(const std::filesystem::path& directory);

/// "rollcall-1a2b3c4d-node1".
std::string namespace_name(const std::string& prefix, std::string_view host);
std::string switch_name(const std::string& prefix);
/// The file that stands for the node's network.
std::filesystem::path namespace_path(const std::string& prefix, std::string_view host);

/// "10.77.0.1" for index 0.
std::string host_address(std::size_t index);
/// "02:00:0a:4d:00:01" for index 0: of an address that everybody knows, nobody need ask.
std::string hardware_address(std::size_t index);

/// Makes the namespace of the switch, and its bridge. When the last one has run, all is there.
std::vector<Command> switch_commands(const std::string& prefix);
/// Makes a node's namespace, with a cable to the switch that is not plugged in yet. The index is
/// the node's among all.
std::vector<Command> host_commands(const std::string& prefix, const std::string& node,
                                   std::size_t index);
/// Plugs a new node in: what is plugged in is whole.
Command plug_command(const std::string& prefix, const std::string& node);

/// Tells hosts the hardware addresses of so many nodes, in the language of `ip -batch`. The
/// kernel's memory of addresses that it asked for holds 1024 on the whole machine, which are the
/// pairs of 32 hosts; what it was told does not count.
std::string neighbour_lines(std::size_t nodes);
Command neighbour_command(const std::string& prefix, const std::string& node,
                          const std::filesystem::path& lines);
/// Takes a node's cable away, both ends at once.
Command unwire_command(const std::string& prefix, const std::string& node);
/// Takes a namespace and all interfaces in it away.
Command remove_command(const std::string& name);
/// Plugs the node in or out, at the switch: the node's own configuration stays.
Command link_command(const std::string& prefix, const std::string& node, Link link);
/// Lists what is plugged in, as JSON.
Command ports_command(const std::string& prefix);
struct Port {
  std::string name;
  Link link = Link::down;

  bool operator==(const Port&) const = default;
};
/// The ports in that list; none if the text is no such list.
std::vector<Port> parse_ports(std::string_view json);

/// The nft rules that bring about the faults but for links_down, in place of all earlier ones.
std::string fault_rules(const NetworkFaults& faults);

}  // namespace rollcall::launcher
