// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "launcher/netns_driver.hpp"

#include <algorithm>
#include <fstream>
#include <set>
#include <system_error>
#include <utility>

#include <unistd.h>

#include "launcher/namespaces.hpp"

namespace rollcall::launcher {
namespace {

Problem cannot(std::string why) {
  return {.what = "--driver netns",
          .why = std::move(why),
          .todo =
              "the kernel, or the container this runs in, must allow network namespaces, "
              "bridges and nftables; '--driver local' needs none of them"};
}

bool has(const Names& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

/// The indexes of the nodes that are not plugged in: these hosts are half made at most.
std::vector<std::size_t> without_port(const std::vector<NodeRecord>& nodes,
                                      const std::vector<Port>& ports) {
  std::set<std::string> plugged;
  for (const Port& port : ports) plugged.insert(port.name);
  std::vector<std::size_t> found;
  for (std::size_t index = 0; index < nodes.size(); ++index) {
    if (!plugged.contains(nodes[index].name)) found.push_back(index);
  }
  return found;
}

Done write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path);
  file << text << std::flush;
  if (file) return {};
  return std::unexpected(Problem{.what = "--driver netns",
                                 .why = "cannot write " + path.string(),
                                 .todo = "make room, or choose another directory with --dir"});
}

}  // namespace

NetnsDriver::NetnsDriver(DriverSetup setup) : setup_(std::move(setup)), tools_(setup_.lock) {}

Done NetnsDriver::check() const {
  if (::geteuid() != 0) {
    return std::unexpected(
        Problem{.what = "--driver netns",
                .why = "only root may make network namespaces, and this is user " +
                       std::to_string(::geteuid()),
                .todo = "run it with sudo, or use '--driver local'"});
  }
  for (const auto& [program, package] :
       {std::pair("ip", "iproute2"), std::pair("nft", "nftables")}) {
    if (find_program(program)) continue;
    return std::unexpected(Problem{
        .what = "--driver netns",
        .why = std::string("there is no program '") + program + "' in PATH, /usr/sbin or /sbin",
        .todo = std::string("install ") + package + ", or use '--driver local'"});
  }
  return {};
}

std::expected<Names, Problem> NetnsDriver::make_hosts(const ClusterState& state) {
  if (auto made = make_switch(state.prefix); !made) return std::unexpected(made.error());
  const std::vector<std::size_t> missing = without_port(state.nodes, ports(state.prefix));
  Names names;
  for (const std::size_t index : missing) {
    if (auto made = make_host(state, index); !made) return std::unexpected(made.error());
    names.push_back(state.nodes[index].name);
  }
  if (names.empty()) return names;
  // Plugging in comes last, and so says that everything before was done.
  if (auto known = introduce_all(state); !known) return std::unexpected(known.error());
  for (const std::string& name : names) {
    const auto plugged = run_all({plug_command(state.prefix, name)});
    if (!plugged) return std::unexpected(plugged.error());
  }
  setup_.notice("made " + std::to_string(names.size()) + " network namespaces, " +
                namespace_name(state.prefix, names.front()) +
                (names.size() > 1 ? " to " + names.back() : ""));
  return names;
}

Done NetnsDriver::apply_faults(const ClusterState& state) {
  if (auto loaded = load_rules(state); !loaded) return loaded;
  for (const Port& port : ports(state.prefix)) {
    const Link link = is_link_down(state.faults, port.name) ? Link::down : Link::up;
    if (link == port.link) continue;
    if (auto set = run_all({link_command(state.prefix, port.name, link)}); !set) return set;
  }
  return {};
}

Done NetnsDriver::remove_hosts(const ClusterState& state) {
  const Names names = namespaces_of(state.prefix);
  if (auto removed = remove(names); !removed) return removed;
  if (!names.empty()) {
    setup_.notice("removed " + std::to_string(names.size()) + " network namespaces");
  }
  std::error_code ignored;
  for (const auto& file : {rules_file(), neighbours_file()}) std::filesystem::remove(file, ignored);
  return {};
}

Done NetnsDriver::run_all(const std::vector<Command>& commands) const {
  for (const Command& command : commands) {
    if (const auto done = tools_.run(command); !done) return std::unexpected(cannot(done.error()));
  }
  return {};
}

/// A bridge that cannot be listed is not there, or was not brought up to the end.
Done NetnsDriver::make_switch(const std::string& prefix) const {
  const std::string name = switch_name(prefix);
  const bool is_there = has(namespaces_of(prefix), name);
  if (is_there && tools_.run(ports_command(prefix))) return {};
  if (is_there) {
    if (auto removed = remove({name}); !removed) return removed;
  }
  return run_all(switch_commands(prefix));
}

std::vector<Port> NetnsDriver::ports(const std::string& prefix) const {
  return parse_ports(tools_.run(ports_command(prefix)).value_or(""));
}

Done NetnsDriver::remove(const Names& names) const {
  std::vector<std::filesystem::path> networks;
  for (const std::string& name : names) {
    networks.push_back(std::filesystem::path(namespace_directory) / name);
  }
  if (!end_processes_in(networks)) {
    return std::unexpected(Problem{.what = "--driver netns",
                                   .why = "a process in " + joined(names) + " does not end",
                                   .todo = "run 'rollcall cluster down' again later"});
  }
  for (const std::string& name : names) {
    if (auto removed = run_all({remove_command(name)}); !removed) return removed;
  }
  return {};
}

Done NetnsDriver::make_host(const ClusterState& state, std::size_t index) const {
  const std::string& node = state.nodes[index].name;
  std::error_code ignored;
  if (std::filesystem::exists(namespace_path(state.prefix, node), ignored)) {
    if (auto removed = remove({namespace_name(state.prefix, node)}); !removed) return removed;
  }
  // The kernel clears a namespace away in its own time, and until then the other end of its cable
  // keeps the name that the new one needs. Mostly there is none, which is as well.
  (void)tools_.run(unwire_command(state.prefix, node));
  return run_all(host_commands(state.prefix, node, index));
}

Done NetnsDriver::introduce_all(const ClusterState& state) const {
  const std::string lines = neighbour_lines(state.nodes.size());
  if (auto written = write(neighbours_file(), lines); !written) return written;
  std::vector<Command> commands;
  for (const NodeRecord& node : state.nodes) {
    commands.push_back(neighbour_command(state.prefix, node.name, neighbours_file()));
  }
  return run_all(commands);
}

Done NetnsDriver::load_rules(const ClusterState& state) const {
  if (auto written = write(rules_file(), fault_rules(state.faults)); !written) return written;
  const auto loaded = within(std::filesystem::path(namespace_directory) / switch_name(state.prefix),
                             [&] { return tools_.run({"nft", "-f", rules_file().string()}); });
  if (!loaded) return std::unexpected(cannot(loaded.error()));
  return {};
}

}  // namespace rollcall::launcher
