// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "process/etcd_members.hpp"
#include "runtime/etcd/api.hpp"

/// etcd with users, and with TLS.
namespace rollcall::runtime::etcd {
namespace {

using namespace std::chrono_literals;

/// One server that lets nobody in but "root" and "rollcall", who may touch /rollcall/ alone.
class EtcdUsersTest : public EtcdMembers {
 protected:
  EtcdUsersTest() : EtcdMembers(1) {
    etcd.post("/v3/auth/user/add", R"({"name":"root","password":"all"})");
    etcd.post("/v3/auth/role/add", R"({"name":"root"})");
    etcd.post("/v3/auth/user/grant", R"({"user":"root","role":"root"})");
    etcd.post("/v3/auth/user/add", R"({"name":"rollcall","password":"some"})");
    etcd.post("/v3/auth/role/add", R"({"name":"registry"})");
    etcd.post("/v3/auth/role/grant",
              R"({"name":"registry","perm":{"permType":"READWRITE","key":")" +
                  base64("/rollcall/") + R"(","range_end":")" + base64("/rollcall0") + R"("}})");
    etcd.post("/v3/auth/user/grant", R"({"user":"rollcall","role":"registry"})");
    etcd.post("/v3/auth/enable", "{}");
  }
  [[nodiscard]] EtcdConfig config_with(const std::string& user, const std::string& password) const {
    AgreementOptions options;
    options.registry = etcd.registry();
    options.registry_user = user;
    options.registry_password = password;
    return config_of(options);
  }
};

TEST_F(EtcdUsersTest, LetsAUserInWhoMayTouchTheKeysOfRollcallAlone) {
  EtcdMember& member = add("a", config_with("rollcall", "some"));
  ASSERT_TRUE(commit(member, "one"));

  // The tokens that etcd gave out end with its process.
  etcd.kill(0);
  etcd.start(0);

  EXPECT_TRUE(commit(member, "two"));
}

TEST_F(EtcdUsersTest, SaysThatThePasswordIsWrong) {
  EtcdMember& member = add("a", config_with("rollcall", "other"));

  ASSERT_TRUE(until([&] {
    return member.engine->status().trouble.find("refuses the user \"rollcall\"") !=
           std::string::npos;
  })) << member.engine->status().trouble;
  member.propose(bytes_of("one"));
  EXPECT_TRUE(until([&] { return !member.refusals.empty(); }));
}

TEST_F(EtcdUsersTest, SaysThatAUserIsNeeded) {
  EtcdMember& member = add("a");

  EXPECT_TRUE(until([&] {
    return member.engine->status().trouble.find("user name is empty") != std::string::npos;
  })) << member.engine->status().trouble;
}

/// One server that speaks TLS alone, and only with those who show a certificate of its authority.
class EtcdTlsTest : public EtcdMembers {
 protected:
  EtcdTlsTest() : EtcdMembers(1, test::EtcdCluster::Tls::on) {}
  [[nodiscard]] AgreementOptions options() const {
    AgreementOptions options;
    options.registry = etcd.registry();
    options.registry_ca_file = etcd.certificates().ca;
    options.registry_cert_file = etcd.certificates().client;
    options.registry_key_file = etcd.certificates().client_key;
    return options;
  }
};

TEST_F(EtcdTlsTest, CommitsWithCertificatesOnBothSides) {
  EtcdMember& member = add("a", config_of(options()));
  EtcdMember& other = add("b", config_of(options()));

  ASSERT_TRUE(commit(member, "one"));
  ASSERT_TRUE(commit(other, "two"));

  AgreementOptions by_name = options();
  by_name.registry.replace(by_name.registry.find("127.0.0.1"), 9, "localhost");
  EtcdMember& third = add("c", config_of(by_name));
  EXPECT_TRUE(commit(third, "three"));
}

TEST_F(EtcdTlsTest, TrustsNoServerThatAnotherAuthorityHasSigned) {
  AgreementOptions wrong = options();
  wrong.registry_ca_file = etcd.certificates().other_ca;
  EtcdMember& member = add("a", config_of(wrong));

  EXPECT_TRUE(until([&] {
    return member.engine->status().trouble.find("certificate verify failed") != std::string::npos;
  })) << member.engine->status().trouble;
}

TEST_F(EtcdTlsTest, RefusesFilesThatAreNoCertificates) {
  AgreementOptions wrong = options();
  wrong.registry_ca_file = etcd.certificates().client_key;
  EtcdMember host(*this, "a");

  const auto engine = make_etcd_log(config_of(wrong), io, host);

  ASSERT_FALSE(engine);
  EXPECT_EQ("registry-ca-file", engine.error().field);
  EXPECT_NE(std::string::npos, engine.error().message.find("client.key")) << engine.error().message;
}

}  // namespace
}  // namespace rollcall::runtime::etcd
