// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include <boost/asio/io_context.hpp>

#include "base/time.hpp"
#include "runtime/client_target.hpp"
#include "runtime/resolver.hpp"

namespace rollcall::runtime {

/// One look at a client: a TCP connection that comes about, or an HTTP GET that is answered with a
/// status of 200 to 399.
///
/// Errors:  whatever goes wrong is a miss; but nothing is said of a client by one who was stopped
///          himself meanwhile.
/// Limits:  the timeout, name look-up and all; response_header_bytes_max of the answer are read.
/// Threads: the io_context's. The verdict comes once, later; never after cancel().
class ClientProbe {
 public:
  static constexpr std::size_t response_header_bytes_max = std::size_t{16} << 10U;

  enum class Verdict : std::uint8_t { well, missed, unknown };
  using Done = std::function<void(Verdict)>;

  ClientProbe() = default;
  ClientProbe(const ClientProbe&) = delete;
  ClientProbe& operator=(const ClientProbe&) = delete;
  virtual ~ClientProbe() = default;

  virtual void cancel() = 0;

  static std::shared_ptr<ClientProbe> start(boost::asio::io_context& io, Resolver& resolver,
                                            const ClientTarget& target, Duration timeout,
                                            Done done);
};

}  // namespace rollcall::runtime
