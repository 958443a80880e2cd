// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <boost/system/error_code.hpp>

#include "http/message.hpp"
#include "http/server.hpp"

namespace rollcall::http {

/// 400, for what has not the form of a request.
Problem malformed(std::string message);

/// How an error of the parser is answered.
Problem unreadable(const boost::system::error_code& error, const Limits& limits);

/// 408, for a request that took too long to arrive.
Problem too_slow(const Limits& limits);

}  // namespace rollcall::http
