// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>

#include "process/agreement_cluster.hpp"

/// The program loads OpenSSL when its registry is behind TLS, and else not at all.
namespace rollcall::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// The files that the agent has in its memory.
std::string mapped_by(const AgentProcess& agent) {
  return read_file("/proc/" + std::to_string(agent.pid()) + "/maps");
}

/// What a compiler that leaves more calls in makes of the program: openssl_on_demand.cpp may lack
/// one.
bool is_linked_with_openssl() {
  return read_file(ROLLCALL_BINARY).contains("libssl.so.3");
}

class OwnVotersTest : public AgreementTest {};

TEST_F(OwnVotersTest, DoNotLoadOpenSsl) {
  if (is_linked_with_openssl()) GTEST_SKIP() << "this build links OpenSSL the ordinary way";
  const Agents agents = start_voters(1);

  EXPECT_THAT(mapped_by(*agents[0]), HasSubstr("libc."));
  EXPECT_THAT(mapped_by(*agents[0]), Not(HasSubstr("libssl")));
  EXPECT_THAT(mapped_by(*agents[0]), Not(HasSubstr("libcrypto")));
}

class EtcdBehindTlsTest : public AgreementTest {
 protected:
  [[nodiscard]] std::vector<std::string> engine_flags() const override {
    const TestCertificates& files = etcd_.certificates();
    return {"--registry",          etcd_.registry(),         "--registry-ca-file",
            files.ca.string(),     "--registry-cert-file",   files.client.string(),
            "--registry-key-file", files.client_key.string()};
  }
  EtcdCluster etcd_{1, EtcdCluster::Tls::on};
};

TEST_F(EtcdBehindTlsTest, KeepsGroupsThroughTheOpenSslThatIsLoadedThen) {
  const Agents agents = start_voters(2);

  ASSERT_TRUE(is_done(join(*agents[1], "g", "a")));

  EXPECT_TRUE(eventually([&] { return ids(group(*agents[0], "g")).size() == 1; }));
  EXPECT_THAT(ids(group(*agents[0], "g", "linearizable")), ElementsAre("a"));
  EXPECT_THAT(mapped_by(*agents[0]), HasSubstr("libssl"));
}

TEST_F(EtcdBehindTlsTest, SaysWhatIsMissingWhereOpenSslCannotBeLoaded) {
  if (is_linked_with_openssl()) GTEST_SKIP() << "this build links OpenSSL the ordinary way";
  // Found before the system's, and no library.
  std::ofstream(directory() / "libssl.so.3") << "none";
  std::vector<std::string> words = {"agent", "--bind", "127.0.0.1:0", "--http", "off"};
  std::ranges::copy(engine_flags(), std::back_inserter(words));

  const RunResult result = rollcall(words, {"LD_LIBRARY_PATH=" + directory().string()});

  EXPECT_NE(result.status, 0);
  EXPECT_THAT(result.err, HasSubstr("libssl.so.3 cannot be loaded"));
  EXPECT_THAT(result.err, HasSubstr("install OpenSSL 3"));
}

}  // namespace
}  // namespace rollcall::test
