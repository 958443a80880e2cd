// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>

#include <netinet/in.h>

namespace rollcall::test {

/// A UDP socket on a host of a cluster: what gets through between two of them says what the
/// network does, whatever the agents make of it.
class NetnsSocket {
 public:
  /// Bound to the address of the network's eth0. A socket belongs to the network that it was made
  /// in, whoever uses it.
  explicit NetnsSocket(const std::filesystem::path& network);
  ~NetnsSocket();
  NetnsSocket(const NetnsSocket&) = delete;
  NetnsSocket& operator=(const NetnsSocket&) = delete;

  /// Whether a datagram arrives; one that does not is waited for but shortly.
  [[nodiscard]] bool reaches(const NetnsSocket& other) const;
  /// How many of so many datagrams arrive.
  [[nodiscard]] std::size_t deliver(const NetnsSocket& other, std::size_t count) const;

 private:
  std::uint64_t send_to(const NetnsSocket& other) const;
  [[nodiscard]] std::optional<std::uint64_t> receive(int milliseconds) const;

  int fd_ = -1;
  sockaddr_in address_{};
};

}  // namespace rollcall::test
