// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <memory>

#include <boost/asio/io_context.hpp>

#include "rollcall/error.hpp"
#include "runtime/etcd/config.hpp"
#include "runtime/log_engine.hpp"

namespace rollcall::runtime {

/// The replicated log in an etcd cluster (3.4 or later), by the JSON gateway of its servers:
/// docs/registry-etcd.md. Any member may lead; the others send it what they propose, as with voters
/// of our own.
///
/// Errors:  files of the options that cannot be used. Whether etcd can be reached shows later.
/// Threads: those of LogEngine; io must be run by that one thread.
std::expected<std::unique_ptr<LogEngine>, Error> make_etcd_log(const etcd::EtcdConfig& config,
                                                               boost::asio::io_context& io,
                                                               LogHost& host);

}  // namespace rollcall::runtime
