// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "sim/agreement/world_host.hpp"

/// What clients ask of a member.
namespace rollcall::sim::agreement {

using consensus::AgreementEffects;
using consensus::RequestToken;

template <class Ask>
bool AgreementWorld::ask(std::size_t member, Ask asked) {
  return give(
      member,
      [this, asked = std::move(asked)](Host& at) {
        AgreementEffects effects;
        asked(*at.process, at.clock.local(now()), effects);
        perform_all(at, effects);
      },
      Source::client);
}

bool AgreementWorld::join(std::size_t member, registry::Join join, Duration timeout,
                          Answer answer) {
  const RequestToken token{++requests_};
  return ask(member, [token, join = std::move(join), timeout, answer = std::move(answer)](
                         Process& process, Instant local, AgreementEffects& effects) {
    process.answers.emplace(token, answer);
    process.agreement.submit(token, join, local + timeout, local, effects);
  });
}

bool AgreementWorld::leave_group(std::size_t member, registry::Leave leave, Duration timeout,
                                 Answer answer) {
  const RequestToken token{++requests_};
  return ask(member, [token, leave = std::move(leave), timeout, answer = std::move(answer)](
                         Process& process, Instant local, AgreementEffects& effects) {
    process.answers.emplace(token, answer);
    process.agreement.submit(token, leave, local + timeout, local, effects);
  });
}

bool AgreementWorld::remove(std::size_t member, std::string group, std::string id, Duration timeout,
                            Answer answer) {
  const RequestToken token{++requests_};
  return ask(member, [token, group = std::move(group), id = std::move(id), timeout,
                      answer = std::move(answer)](Process& process, Instant local,
                                                  AgreementEffects& effects) {
    process.answers.emplace(token, answer);
    process.agreement.submit_removal(token, group, id, local + timeout, local, effects);
  });
}

bool AgreementWorld::read(std::size_t member, Duration timeout, ReadAnswer answer) {
  const RequestToken token{++requests_};
  return ask(member, [token, timeout, answer = std::move(answer)](Process& process, Instant local,
                                                                  AgreementEffects& effects) {
    process.read_answers.emplace(token, answer);
    process.agreement.read(token, local + timeout, local, effects);
  });
}

bool AgreementWorld::heartbeat(std::size_t member, std::string group, std::string id,
                               Duration timeout, HeartbeatAnswer answer) {
  const RequestToken token{++requests_};
  return ask(member, [token, group = std::move(group), id = std::move(id), timeout,
                      answer = std::move(answer)](Process& process, Instant local,
                                                  AgreementEffects& effects) {
    process.heartbeat_answers.emplace(token, answer);
    process.agreement.heartbeat(token, group, id, local + timeout, local, effects);
  });
}

bool AgreementWorld::fail_check(std::size_t member, const registry::LeaseName& lease) {
  return ask(member, [lease](Process& process, Instant local, AgreementEffects& effects) {
    process.agreement.on_check_failed(lease, local, effects);
  });
}

}  // namespace rollcall::sim::agreement
