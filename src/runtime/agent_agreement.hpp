// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <memory>

#include "base/address.hpp"
#include "rollcall/error.hpp"
#include "rollcall/options.hpp"
#include "runtime/agreement_loop.hpp"
#include "runtime/node_loop.hpp"

/// The agreed side of one agent: how it is made, and how it hangs together with the node loop.
namespace rollcall::runtime {

/// What is wrong with the options of it, if anything.
std::optional<Error> check_agreement(const AgreementOptions& options);

/// Opens the log that the options ask for. Checked options, names and addresses filled in; `source`
/// is where streams to others come from; `kept_log` is Store::log().
/// Errors: storage, or invalid_option with the field. Nothing was started.
std::expected<std::shared_ptr<AgreementLoop>, Error> open_agreement(
    const Options& options, const consensus::LogId& kept_log, const Address& source);

/// What each is told of the other's matters. A loop may end before the other.
AgreementHooks hooks_to(const std::shared_ptr<AgreementLoop>& agreement);
NodeHooks hooks_to(const std::shared_ptr<NodeLoop>& node_loop);

}  // namespace rollcall::runtime
