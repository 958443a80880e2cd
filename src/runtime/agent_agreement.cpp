// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/agent_agreement.hpp"

#include <utility>

#include <sys/random.h>

#include "base/check.hpp"
#include "base/prng.hpp"
#include "base/text.hpp"
#include "runtime/agent_tags.hpp"
#include "runtime/etcd/etcd_log.hpp"
#include "runtime/voters_log.hpp"
#include "wire/datagram.hpp"

namespace rollcall::runtime {
namespace {

constexpr std::uint16_t bootstrap_expect_max = 1000;
constexpr Duration election_timeout_min = std::chrono::milliseconds(50);
constexpr Duration election_timeout_max = std::chrono::seconds(60);
constexpr Duration voter_replace_min = std::chrono::seconds(1);
constexpr Duration voter_replace_max = std::chrono::hours(24);

Error invalid(std::string field, std::string message) {
  return {ErrorCode::invalid_option, std::move(message), std::move(field)};
}

std::optional<Error> check_range(Duration value, Duration low, Duration high,
                                 const std::string& field) {
  if (low <= value && value <= high) return std::nullopt;
  return invalid(field, duration_text(value) + " is out of range; allowed: " + duration_text(low) +
                            " to " + duration_text(high));
}

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  ROLLCALL_CHECK(::getrandom(&seed, sizeof seed, 0) == sizeof seed);
  return seed;
}

/// The same on all members of a cluster, and another for another.
LifeId cluster_id(const std::string& cluster) {
  return {hash_bytes(cluster), hash_bytes(cluster, 1)};
}

VotersLogSetup voters_setup(const Options& options, const consensus::LogId& kept_log,
                            std::uint64_t seed) {
  const AgreementOptions& agreement = options.agreement;
  VotersLogSetup setup;
  setup.config.self = options.name;
  setup.config.raft.election_timeout = agreement.election_timeout;
  setup.config.raft.heartbeat_interval = agreement.election_timeout / 5;
  setup.config.begins_alone = agreement.is_introducer;
  setup.config.bootstrap_expect = agreement.bootstrap_expect;
  setup.config.seed = seed;
  setup.config.voters_wanted = agreement.voters;
  setup.config.voter_replace_after = agreement.voter_replace_after;
  setup.cluster = options.cluster;
  setup.cluster_id = cluster_id(options.cluster);
  setup.directory = options.data_dir;
  setup.kept_log = kept_log;
  return setup;
}

AgreementSetup agreement_setup(const Options& options, const Address& source, Prng& prng) {
  AgreementSetup setup;
  setup.config.self = options.name;
  setup.config.cluster = cluster_id(options.cluster);
  setup.config.session = prng.life_id();
  setup.links.cluster = wire::cluster_hash(options.cluster);
  setup.links.self = options.name;
  setup.links.from = source;
  setup.links.seed = prng.next();
  setup.seed = prng.next();
  return setup;
}

using OpenedEngine = std::expected<std::unique_ptr<LogEngine>, Error>;

OpenedEngine open_voters(const Options& options, const consensus::LogId& kept_log,
                         std::uint64_t seed, boost::asio::io_context& io, LogHost& host) {
  auto log = VotersLog::open(io, voters_setup(options, kept_log, seed), host);
  if (!log) return std::unexpected(std::move(log).error());
  return std::unique_ptr<LogEngine>(std::move(*log));
}

OpenedEngine open_etcd(const Options& options, std::uint64_t seed, boost::asio::io_context& io,
                       LogHost& host) {
  auto config = etcd::read_options(options.agreement);
  if (!config) return std::unexpected(std::move(config).error());
  config->self = options.name;
  config->cluster_name = options.cluster;
  config->cluster = cluster_id(options.cluster);
  config->seed = seed;
  return make_etcd_log(*config, io, host);
}

AgreementLoop::OpenEngine engine_of(const Options& options, const consensus::LogId& kept_log,
                                    std::uint64_t seed) {
  return [&options, kept_log, seed](boost::asio::io_context& io, LogHost& host) {
    const bool is_etcd = !options.agreement.registry.empty();
    return is_etcd ? open_etcd(options, seed, io, host)
                   : open_voters(options, kept_log, seed, io, host);
  };
}

}  // namespace

std::optional<Error> check_agreement(const AgreementOptions& options) {
  if (!options.enabled) return std::nullopt;
  if (!options.registry.empty()) {
    const auto config = etcd::read_options(options);
    if (!config) return config.error();
  }
  if (options.voters != 1 && options.voters != 3 && options.voters != 5) {
    return invalid("voters", std::to_string(options.voters) + " cannot be; allowed: 1, 3 or 5");
  }
  if (options.bootstrap_expect > bootstrap_expect_max) {
    return invalid("bootstrap-expect",
                   std::to_string(options.bootstrap_expect) +
                       " is out of range; allowed: 0 (does not begin a log) to " +
                       std::to_string(bootstrap_expect_max));
  }
  if (options.is_introducer && options.bootstrap_expect > 0) {
    return invalid("bootstrap-expect",
                   "a member begins a log alone (is-introducer) or together with others, not both; "
                   "give one of them");
  }
  if (auto error = check_range(options.election_timeout, election_timeout_min, election_timeout_max,
                               "election-timeout")) {
    return error;
  }
  return check_range(options.voter_replace_after, voter_replace_min, voter_replace_max,
                     "voter-replace-after");
}

std::expected<std::shared_ptr<AgreementLoop>, Error> open_agreement(
    const Options& options, const consensus::LogId& kept_log, const Address& source) {
  Prng prng(random_seed());
  auto loop = std::make_shared<AgreementLoop>(agreement_setup(options, source, prng));
  if (auto opened = loop->open(engine_of(options, kept_log, prng.next())); !opened) {
    return std::unexpected(std::move(opened).error());
  }
  return loop;
}

AgreementHooks hooks_to(const std::shared_ptr<AgreementLoop>& agreement) {
  return {
      .on_stream = [agreement](AgreementStream stream) { agreement->on_stream(std::move(stream)); },
      .on_faults = [agreement](StreamFaults faults) { agreement->on_faults(std::move(faults)); },
      .on_peers = [agreement](consensus::Peers peers) { agreement->on_peers(std::move(peers)); }};
}

NodeHooks hooks_to(const std::shared_ptr<NodeLoop>& node_loop) {
  const std::weak_ptr<NodeLoop> weak = node_loop;
  return {.set_standing =
              [weak](const LogEngine::Standing& standing) {
                const auto loop = weak.lock();
                if (!loop) return;
                if (!standing.log.is_nobody()) loop->keep_log(standing.log);
                loop->set_system_tag(std::string(standing_tag), standing_text(standing));
              },
          .begin_life =
              [weak](const LifeId& ended) {
                if (const auto loop = weak.lock()) loop->begin_life(ended);
              },
          .tell =
              [weak](std::vector<AgreementNews> news) {
                if (const auto loop = weak.lock()) loop->tell(std::move(news));
              }};
}

}  // namespace rollcall::runtime
