// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "process/etcd_cluster.hpp"

#include <csignal>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "http/client.hpp"
#include "runtime/etcd/api.hpp"

namespace rollcall::test {
namespace {

using Json = nlohmann::json;

void openssl(const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {"openssl"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  const RunResult result = run(command);
  if (result.status != 0) throw std::runtime_error("openssl: " + result.err);
}

void make_authority(const std::filesystem::path& certificate, const std::filesystem::path& key) {
  openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
           "-days", "2", "-subj", "/CN=test authority", "-keyout", key, "-out", certificate});
}

struct Signing {
  std::filesystem::path directory;
  std::filesystem::path ca;
  std::filesystem::path ca_key;
};

void make_signed(const Signing& by, const std::string& name,
                 const std::filesystem::path& certificate, const std::filesystem::path& key) {
  const auto request = by.directory / (name + ".csr");
  openssl({"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
           "/O=test", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key,
           "-out", request});
  openssl({"x509", "-req", "-in", request, "-CA", by.ca, "-CAkey", by.ca_key, "-CAcreateserial",
           "-days", "2", "-copy_extensions", "copyall", "-out", certificate});
}

}  // namespace

TestCertificates::TestCertificates(const std::filesystem::path& directory)
    : ca(directory / "ca.pem"),
      server(directory / "server.pem"),
      server_key(directory / "server.key"),
      client(directory / "client.pem"),
      client_key(directory / "client.key"),
      other_ca(directory / "other.pem") {
  const Signing by{.directory = directory, .ca = ca, .ca_key = directory / "ca.key"};
  make_authority(ca, by.ca_key);
  make_authority(other_ca, directory / "other.key");
  make_signed(by, "server", server, server_key);
  make_signed(by, "client", client, client_key);
}

EtcdCluster::EtcdCluster(std::size_t size, Tls tls) : servers_(size) {
  if (tls == Tls::on) certificates_ = std::make_unique<TestCertificates>(directory_.path());
  start_all();
}

void EtcdCluster::start_all() {
  for (std::size_t server = 0; server < servers_.size(); ++server) start(server);
  if (!certificates_ && !eventually([this] { return is_serving(); })) {
    throw std::runtime_error(
        "etcd does not serve; is Debian's etcd-server installed (scripts/setup)? " +
        read_file(file(0, "log")));
  }
}

void EtcdCluster::start(std::size_t server) {
  servers_[server].child = std::make_unique<Child>(ChildPlan{
      .command = command(server), .out = file(server, "log"), .err = file(server, "log")});
}

void EtcdCluster::kill(std::size_t server) {
  servers_[server].child.reset();
}

void EtcdCluster::kill_all() {
  for (std::size_t server = 0; server < servers_.size(); ++server) kill(server);
}

void EtcdCluster::signal(std::size_t server, int number) {
  servers_[server].child->signal(number);
}

std::vector<std::string> EtcdCluster::command(std::size_t server) const {
  const std::string scheme = certificates_ ? "https://" : "http://";
  const Server& self = servers_[server];
  std::string all;
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    all += (i == 0 ? "e" : ",e") + std::to_string(i) + "=http://" + servers_[i].peer.address();
  }
  std::vector<std::string> command = {"etcd",
                                      "--name=e" + std::to_string(server),
                                      "--data-dir=" + file(server, "data").string(),
                                      "--listen-client-urls=" + scheme + self.client.address(),
                                      "--advertise-client-urls=" + scheme + self.client.address(),
                                      "--listen-peer-urls=http://" + self.peer.address(),
                                      "--initial-advertise-peer-urls=http://" + self.peer.address(),
                                      "--initial-cluster=" + all,
                                      "--heartbeat-interval=50",
                                      "--election-timeout=500"};
  if (certificates_) {
    command.push_back("--cert-file=" + certificates_->server.string());
    command.push_back("--key-file=" + certificates_->server_key.string());
    command.push_back("--trusted-ca-file=" + certificates_->ca.string());
    command.emplace_back("--client-cert-auth");
  }
  return command;
}

std::filesystem::path EtcdCluster::file(std::size_t server, const std::string& name) const {
  return directory_.path() / ("e" + std::to_string(server) + "." + name);
}

std::string EtcdCluster::registry() const {
  std::string text = certificates_ ? "etcds://" : "etcd://";
  for (std::size_t i = 0; i < servers_.size(); ++i) text += (i == 0 ? "" : ",") + address(i);
  return text;
}

std::string EtcdCluster::address(std::size_t server) const {
  return servers_[server].client.address();
}

std::string EtcdCluster::post(const std::string& path, const std::string& body,
                              const std::string& token) const {
  for (std::size_t server = 0; server < servers_.size(); ++server) {
    const auto at = http::parse_server(address(server));
    const auto answer =
        http::fetch(*at, {.method = "POST", .target = path, .body = body, .token = token},
                    std::chrono::seconds(5));
    if (answer) return answer->body;
  }
  return {};
}

std::size_t EtcdCluster::count(const std::string& key, const std::string& end) const {
  const Json request = {{"key", runtime::etcd::base64(key)},
                        {"range_end", runtime::etcd::base64(end)},
                        {"count_only", true}};
  const Json answer = Json::parse(post("/v3/kv/range", request.dump()), nullptr, false);
  if (!answer.is_object() || !answer.contains("count")) return 0;
  return std::stoul(answer["count"].get<std::string>());
}

bool EtcdCluster::is_serving() const {
  const std::string answer = post("/v3/kv/range", R"({"key":"YQ=="})");
  return answer.find("\"header\"") != std::string::npos;
}

}  // namespace rollcall::test
