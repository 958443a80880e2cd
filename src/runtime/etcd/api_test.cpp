// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/etcd/api.hpp"

#include <gtest/gtest.h>

namespace rollcall::runtime::etcd {
namespace {

TEST(EtcdApiTest, WritesAndReadsBase64) {
  // RFC 4648, section 10.
  for (const auto& [bytes, text] : {std::pair{"", ""},
                                    {"f", "Zg=="},
                                    {"fo", "Zm8="},
                                    {"foo", "Zm9v"},
                                    {"foob", "Zm9vYg=="},
                                    {"fooba", "Zm9vYmE="},
                                    {"foobar", "Zm9vYmFy"}}) {
    EXPECT_EQ(text, base64(bytes));
    EXPECT_EQ(bytes, from_base64(text));
  }
  const std::string all_bytes("\x00\xff\x80\x7f\xfb", 5);
  EXPECT_EQ(all_bytes, from_base64(base64(all_bytes)));
  for (const char* wrong : {"Z", "Zg", "Zg=", "Zm9*", "Z===", "=Zm9"}) {
    EXPECT_FALSE(from_base64(wrong)) << wrong;
  }
}

TEST(EtcdApiTest, WritesTransactions) {
  const Txn txn{.conditions = {{.key = "k", .revision = 7}},
                .then = {PutOp{.key = "k", .value = "v", .lease = 3}},
                .otherwise = {RangeOp{.key = "a", .end = "b", .limit = 1, .is_keys_only = true}}};

  EXPECT_EQ(
      R"({"compare":[{"create_revision":"7","key":"aw==","result":"EQUAL","target":"CREATE"}],)"
      R"("failure":[{"request_range":{"key":"YQ==","keys_only":true,"limit":"1",)"
      R"("range_end":"Yg==","sort_order":"ASCEND","sort_target":"KEY"}}],)"
      R"("success":[{"request_put":{"key":"aw==","lease":"3","value":"dg=="}}]})",
      txn_json(txn));
}

TEST(EtcdApiTest, ReadsTransactions) {
  const auto read =
      read_txn(R"({"header":{"revision":"9"},"succeeded":true,"responses":[{"response_range":{)"
               R"("kvs":[{"key":"aw==","value":"dg==","create_revision":"4","mod_revision":"5"}],)"
               R"("more":true}},{"response_put":{}}]})");

  ASSERT_TRUE(read);
  EXPECT_TRUE(read->is_met);
  EXPECT_EQ(9, read->revision);
  ASSERT_EQ(2U, read->results.size());
  EXPECT_TRUE(read->results[0].has_more);
  EXPECT_EQ("v", read->results[0].found.at(0).value);
  EXPECT_EQ(4, read->results[0].found.at(0).create_revision);
}

TEST(EtcdApiTest, TakesNothingThatIsNotOfTheForm) {
  for (const char* wrong :
       {"", "[]", "null", "{}", "{\"header\":3}", R"({"header":{"revision":"0"}})",
        R"({"header":{"revision":"1"},"responses":[{"response_range":{"kvs":[{"key":"*"}]}}]})",
        R"({"header":{"revision":"1"},"responses":[{"response_range":{"kvs":[{"key":7}]}}]})"}) {
    EXPECT_FALSE(read_txn(wrong)) << wrong;
  }
  EXPECT_FALSE(read_watch("{}"));
  EXPECT_FALSE(read_watch(R"({"error":{"grpc_code":16,"message":"no"}})"));
  EXPECT_FALSE(read_keep_alive("{}"));
  EXPECT_FALSE(read_token(R"({"token":""})"));
}

TEST(EtcdApiTest, ReadsWhatAWatchTells) {
  const auto news = read_watch(
      R"({"result":{"header":{"revision":"3"},"events":[{"kv":{"key":"aw==","value":"dg=="}},)"
      R"({"type":"DELETE","kv":{"key":"aw=="}}]}})");
  ASSERT_TRUE(news);
  ASSERT_EQ(2U, news->events.size());
  EXPECT_FALSE(news->events[0].is_deleted);
  EXPECT_TRUE(news->events[1].is_deleted);
  EXPECT_EQ("k", news->events[1].what.key);

  const auto end = read_watch(R"({"result":{"canceled":true,"compact_revision":"12"}})");
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->is_canceled);
  EXPECT_EQ(12, end->compact_revision);
}

TEST(EtcdApiTest, ReadsRefusals) {
  const auto plain = read_refusal(R"({"error":"etcdserver: no","message":"no","code":9})");
  ASSERT_TRUE(plain);
  EXPECT_EQ(9, plain->code);
  EXPECT_EQ("no", plain->message);
  const auto wrapped = read_refusal(R"({"error":{"grpc_code":16,"message":"no token"}})");
  ASSERT_TRUE(wrapped);
  EXPECT_EQ(16, wrapped->code);
  EXPECT_FALSE(read_refusal("<html>"));
}

}  // namespace
}  // namespace rollcall::runtime::etcd
