// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace rollcall::http {

enum class Access : std::uint8_t { reads, changes };

/// Keeps web pages that a user happens to visit from using the API through the user's browser.
///
/// A server bound to a loopback address answers only to loopback names, so that a foreign name
/// which was made to point there (DNS rebinding) gets nothing. What changes something is refused
/// to pages of another origin, wherever the server is bound. Programs other than browsers send
/// neither header and are not affected.
///
/// Threads: any; it is constant.
/// Source:  RFC 6454; W3C Fetch Metadata Request Headers.
class Guard {
 public:
  /// The address that the server is bound to, "127.0.0.1:7480".
  explicit Guard(std::string_view bound_address);

  /// Why the request is refused; nothing when it is not.
  [[nodiscard]] std::optional<Problem> objection(const Request& request, Access access) const;

 private:
  [[nodiscard]] bool is_own_host(std::string_view host_header) const;

  std::string bound_host_;
  bool is_loopback_ = false;
};

}  // namespace rollcall::http
