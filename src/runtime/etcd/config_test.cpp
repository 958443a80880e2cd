// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/etcd/config.hpp"

#include <gtest/gtest.h>

namespace rollcall::runtime::etcd {
namespace {

TEST(EtcdConfigTest, ReadsServersWithAndWithoutTls) {
  AgreementOptions options;
  options.registry = "etcd://10.0.0.1:2379,etcd.example,[fe80::1]:99";
  const auto plain = read_options(options);
  ASSERT_TRUE(plain);
  EXPECT_FALSE(plain->has_tls);
  EXPECT_EQ((std::vector<HostPort>{{"10.0.0.1", 2379}, {"etcd.example", 2379}, {"fe80::1", 99}}),
            plain->servers);

  options.registry = "etcds://etcd.example:443/";
  options.registry_ca_file = "ca.pem";
  const auto secure = read_options(options);
  ASSERT_TRUE(secure);
  EXPECT_TRUE(secure->has_tls);
}

TEST(EtcdConfigTest, SaysWhatIsWrong) {
  const auto refusal = [](const AgreementOptions& options) {
    const auto config = read_options(options);
    return config ? std::string("none") : config.error().field + ": " + config.error().message;
  };
  AgreementOptions options;
  options.registry = "http://10.0.0.1:2379";
  EXPECT_EQ(
      "registry: \"http://10.0.0.1:2379\" is no registry; allowed are "
      "etcd://HOST:PORT[,HOST:PORT...] and, with TLS, etcds://HOST:PORT[,HOST:PORT...]",
      refusal(options));
  options.registry = "etcd://10.0.0.1:2379,,";
  EXPECT_EQ("registry: \"\" is no server of etcd; allowed is HOST:PORT", refusal(options));
  options.registry = "etcd://a:2379";
  options.registry_password = "p";
  EXPECT_TRUE(refusal(options).starts_with("registry-user:"));
  options.registry_user = "u";
  options.registry_ca_file = "ca.pem";
  EXPECT_TRUE(refusal(options).starts_with("registry: there are certificates"));
  options.registry = "etcds://a:2379";
  options.registry_cert_file = "c.pem";
  EXPECT_TRUE(refusal(options).starts_with("registry-key-file:"));
}

}  // namespace
}  // namespace rollcall::runtime::etcd
