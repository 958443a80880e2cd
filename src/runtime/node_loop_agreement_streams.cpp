// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "runtime/node_loop.hpp"

/// Streams of the agreement: to whom they are given.
namespace rollcall::runtime {

/// Only to members, by the name and life that they have here: whoever has just joined elsewhere
/// asks again until the news is here.
std::expected<Address, wire::RefusalCode> NodeLoop::admit_agreement(const wire::Envelope& envelope,
                                                                    std::string_view name) {
  if (envelope.cluster != this->envelope().cluster) {
    return std::unexpected(wire::RefusalCode::wrong_cluster);
  }
  if (!agreement_.on_stream) return std::unexpected(wire::RefusalCode::no_agreement);
  const core::MemberTable& table = node_.members();
  const auto slot = table.find(envelope.sender);
  if (!slot || table.at(*slot).name != name) {
    return std::unexpected(wire::RefusalCode::not_joined);
  }
  return table.at(*slot).address;
}

void NodeLoop::on_agreement_stream(AgreementStream stream) {
  if (agreement_.on_stream) agreement_.on_stream(std::move(stream));
}

}  // namespace rollcall::runtime
