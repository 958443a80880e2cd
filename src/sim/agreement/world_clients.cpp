// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "sim/agreement/world_host.hpp"

/// What clients ask of a member.
namespace rollcall::sim::agreement {

using consensus::RequestToken;

bool AgreementWorld::join(std::size_t member, registry::Join join, Duration timeout,
                          Answer answer) {
  const RequestToken token{++requests_};
  return give(
      member,
      [this, token, join = std::move(join), timeout, answer = std::move(answer)](Host& at) {
        const Instant local = at.clock.local(now());
        at.process->answers.emplace(token, answer);
        consensus::AgreementEffects effects;
        at.process->agreement.submit(token, join, local + timeout, local, effects);
        perform_all(at, effects);
      },
      Source::client);
}

bool AgreementWorld::leave_group(std::size_t member, registry::Leave leave, Duration timeout,
                                 Answer answer) {
  const RequestToken token{++requests_};
  return give(
      member,
      [this, token, leave = std::move(leave), timeout, answer = std::move(answer)](Host& at) {
        const Instant local = at.clock.local(now());
        at.process->answers.emplace(token, answer);
        consensus::AgreementEffects effects;
        at.process->agreement.submit(token, leave, local + timeout, local, effects);
        perform_all(at, effects);
      },
      Source::client);
}

bool AgreementWorld::remove(std::size_t member, std::string group, std::string id, Duration timeout,
                            Answer answer) {
  const RequestToken token{++requests_};
  return give(
      member,
      [this, token, group = std::move(group), id = std::move(id), timeout,
       answer = std::move(answer)](Host& at) {
        const Instant local = at.clock.local(now());
        at.process->answers.emplace(token, answer);
        consensus::AgreementEffects effects;
        at.process->agreement.submit_removal(token, group, id, local + timeout, local, effects);
        perform_all(at, effects);
      },
      Source::client);
}

bool AgreementWorld::read(std::size_t member, Duration timeout, ReadAnswer answer) {
  const RequestToken token{++requests_};
  return give(
      member,
      [this, token, timeout, answer = std::move(answer)](Host& at) {
        const Instant local = at.clock.local(now());
        at.process->read_answers.emplace(token, answer);
        consensus::AgreementEffects effects;
        at.process->agreement.read(token, local + timeout, local, effects);
        perform_all(at, effects);
      },
      Source::client);
}

bool AgreementWorld::heartbeat(std::size_t member, std::string group, std::string id,
                               Duration timeout, HeartbeatAnswer answer) {
  const RequestToken token{++requests_};
  return give(
      member,
      [this, token, group = std::move(group), id = std::move(id), timeout,
       answer = std::move(answer)](Host& at) {
        const Instant local = at.clock.local(now());
        at.process->heartbeat_answers.emplace(token, answer);
        consensus::AgreementEffects effects;
        at.process->agreement.heartbeat(token, group, id, local + timeout, local, effects);
        perform_all(at, effects);
      },
      Source::client);
}

bool AgreementWorld::fail_check(std::size_t member, const registry::LeaseName& lease) {
  return give(
      member,
      [this, lease](Host& at) {
        consensus::AgreementEffects effects;
        at.process->agreement.on_check_failed(lease, at.clock.local(now()), effects);
        perform_all(at, effects);
      },
      Source::client);
}

}  // namespace rollcall::sim::agreement
