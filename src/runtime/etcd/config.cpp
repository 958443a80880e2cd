// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/etcd/config.hpp"

#include <optional>
#include <utility>

namespace rollcall::runtime::etcd {
namespace {

constexpr std::string_view plain_scheme = "etcd://";
constexpr std::string_view tls_scheme = "etcds://";

Error refused(std::string field, std::string message) {
  return {
      .code = ErrorCode::invalid_option, .message = std::move(message), .field = std::move(field)};
}

std::expected<std::vector<HostPort>, Error> read_servers(std::string_view list) {
  std::vector<HostPort> servers;
  while (true) {
    const std::size_t comma = list.find(',');
    const std::string_view one = list.substr(0, comma);
    std::optional<HostPort> server = parse_host_port(one, port_default);
    if (!server || server->port == 0) {
      return std::unexpected(refused(
          "registry", "\"" + std::string(one) + "\" is no server of etcd; allowed is HOST:PORT"));
    }
    servers.push_back(*std::move(server));
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  if (servers.size() > servers_max) {
    return std::unexpected(refused("registry", std::to_string(servers.size()) +
                                                   " servers of etcd; at most " +
                                                   std::to_string(servers_max) + " are allowed"));
  }
  return servers;
}

std::optional<Error> problem_beside(const EtcdConfig& config) {
  if (!config.password.empty() && config.user.empty()) {
    return refused("registry-user", "there is a password for etcd, but no user; name the user too");
  }
  if (config.cert_file.empty() != config.key_file.empty()) {
    return refused(config.cert_file.empty() ? "registry-cert-file" : "registry-key-file",
                   "a certificate for etcd and its key belong together; give both or none");
  }
  const bool has_files = !config.ca_file.empty() || !config.cert_file.empty();
  if (has_files && !config.has_tls) {
    return refused("registry",
                   "there are certificates for etcd, but no TLS; write etcds:// in "
                   "place of etcd://");
  }
  return std::nullopt;
}

}  // namespace

std::expected<EtcdConfig, Error> read_options(const AgreementOptions& options) {
  EtcdConfig config;
  std::string_view text = options.registry;
  if (text.starts_with(plain_scheme)) {
    text.remove_prefix(plain_scheme.size());
  } else if (text.starts_with(tls_scheme)) {
    text.remove_prefix(tls_scheme.size());
    config.has_tls = true;
  } else {
    return std::unexpected(
        refused("registry", "\"" + options.registry +
                                "\" is no registry; allowed are etcd://HOST:PORT[,HOST:PORT...] "
                                "and, with TLS, etcds://HOST:PORT[,HOST:PORT...]"));
  }
  if (text.ends_with('/')) text.remove_suffix(1);
  auto servers = read_servers(text);
  if (!servers) return std::unexpected(std::move(servers).error());
  config.servers = *std::move(servers);
  config.user = options.registry_user;
  config.password = options.registry_password;
  config.ca_file = options.registry_ca_file;
  config.cert_file = options.registry_cert_file;
  config.key_file = options.registry_key_file;
  if (auto problem = problem_beside(config)) return std::unexpected(*std::move(problem));
  return config;
}

}  // namespace rollcall::runtime::etcd
