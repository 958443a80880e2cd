// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "support/process.hpp"

/// A real etcd cluster for tests.
namespace rollcall::test {

/// The files of a certificate authority of the test's own, and of what it has signed, all for
/// "localhost" and 127.0.0.1.
struct TestCertificates {
  explicit TestCertificates(const std::filesystem::path& directory);

  std::filesystem::path ca;
  std::filesystem::path server;
  std::filesystem::path server_key;
  std::filesystem::path client;
  std::filesystem::path client_key;
  /// An authority that has signed nothing here.
  std::filesystem::path other_ca;
};

/// Three servers of etcd (or as many as asked for), one process each, on loopback.
class EtcdCluster {
 public:
  enum class Tls : std::uint8_t { off, on };

  explicit EtcdCluster(std::size_t size = 3, Tls tls = Tls::off);

  void start_all();
  void start(std::size_t server);
  /// As a power failure would.
  void kill(std::size_t server);
  void kill_all();
  void signal(std::size_t server, int number);
  [[nodiscard]] std::size_t size() const { return servers_.size(); }

  /// "etcd://127.0.0.1:20001,…", for AgreementOptions::registry; "etcds://" with TLS.
  [[nodiscard]] std::string registry() const;
  /// "127.0.0.1:20001".
  [[nodiscard]] std::string address(std::size_t server) const;
  [[nodiscard]] const TestCertificates& certificates() const { return *certificates_; }
  /// What the gateway of the first server that answers answers; empty without TLS only.
  std::string post(const std::string& path, const std::string& body,
                   const std::string& token = {}) const;
  /// How many keys lie between the two.
  [[nodiscard]] std::size_t count(const std::string& key, const std::string& end) const;
  /// Waits until a majority answers.
  [[nodiscard]] bool is_serving() const;

 private:
  struct Server {
    FreePort client;
    FreePort peer;
    std::unique_ptr<Child> child = {};
  };
  [[nodiscard]] std::vector<std::string> command(std::size_t server) const;
  [[nodiscard]] std::filesystem::path file(std::size_t server, const std::string& name) const;

  TempDirectory directory_;
  std::unique_ptr<TestCertificates> certificates_;
  std::vector<Server> servers_;
};

}  // namespace rollcall::test
