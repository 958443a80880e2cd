// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include "base/prng.hpp"
#include "process/etcd_cluster.hpp"
#include "registry/registry.hpp"
#include "runtime/etcd/etcd_log.hpp"
#include "runtime/log_engine.hpp"

/// Members of one cluster in one thread, each with its engine upon a real etcd.
namespace rollcall::runtime::etcd {

inline constexpr LifeId test_cluster{.high = 7, .low = 7};

class EtcdMembers;

/// What one engine tells.
class EtcdMember final : public LogHost {
 public:
  EtcdMember(EtcdMembers& members, std::string name) : members_(members), name_(std::move(name)) {}

  void on_log(consensus::LogEvent event) override;
  void send(const std::string& to, consensus::Frame frame) override;
  void warn(std::string message) override { warnings.push_back(std::move(message)); }

  void propose(const ByteVector& command) {
    engine->propose(consensus::ProposalToken{++tokens_}, command);
  }
  consensus::ReadToken read() {
    const consensus::ReadToken token{++tokens_};
    engine->read(token);
    return token;
  }
  [[nodiscard]] bool is_read(consensus::ReadToken token) const { return reads.contains(token); }
  [[nodiscard]] const std::string& name() const { return name_; }

  std::unique_ptr<LogEngine> engine;
  std::vector<consensus::Committed> committed;
  std::vector<consensus::Restored> restored;
  std::vector<consensus::Leadership> leaderships;
  /// The read, and up to which index this member had applied then; failures are not in it.
  std::map<consensus::ReadToken, std::uint64_t> reads;
  std::vector<consensus::LogRefusal> read_failures;
  std::vector<consensus::LogRefusal> refusals;
  std::vector<std::string> warnings;
  registry::Registry registry{test_cluster};
  bool leads = false;

 private:
  EtcdMembers& members_;
  std::string name_;
  std::uint64_t tokens_ = 0;
};

class EtcdMembers : public testing::Test {
 protected:
  explicit EtcdMembers(std::size_t servers = 3,
                       test::EtcdCluster::Tls tls = test::EtcdCluster::Tls::off)
      : etcd(servers, tls) {}
  ~EtcdMembers() override;

  /// What read_options() makes of it, and short times.
  [[nodiscard]] EtcdConfig config_of(const AgreementOptions& options) const;
  [[nodiscard]] EtcdConfig config() const {
    AgreementOptions options;
    options.registry = etcd.registry();
    return config_of(options);
  }
  EtcdMember& add(const std::string& name, const EtcdConfig& config);
  EtcdMember& add(const std::string& name) { return add(name, config()); }
  /// Its engine ends without a word, as with its process.
  void end(EtcdMember& member);
  /// All are told what all detectors know: who is gone has this state.
  void tell_peers(consensus::Peer::State of_the_gone = consensus::Peer::State::failed);
  /// Runs everything until the condition holds; false when it did not in time.
  bool until(const std::function<bool()>& condition,
             std::chrono::milliseconds limit = test::patience);
  EtcdMember* leader();
  EtcdMember& some_follower();
  /// Proposes until it is committed there, as whoever asks does.
  bool commit(EtcdMember& by, const std::string& text);
  static ByteVector bytes_of(const std::string& text);
  static std::vector<std::string> texts_of(const EtcdMember& member);

  friend class EtcdMember;
  test::EtcdCluster etcd;
  boost::asio::io_context io{1};
  std::map<std::string, std::unique_ptr<EtcdMember>> members;
  std::uint64_t seed = 1;
};

}  // namespace rollcall::runtime::etcd
