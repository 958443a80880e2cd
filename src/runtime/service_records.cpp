// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/service_records.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <utility>

#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>

#include "runtime/socket_address.hpp"

namespace rollcall::runtime {
namespace {

using core::ResolveError;

/// The longest message that TCP carries.
constexpr std::size_t answer_bytes_max = 65'535;
/// Two tries of two seconds with each server.
constexpr int retry_seconds = 2;
constexpr int tries = 2;
/// Priority, weight and port, before the target.
constexpr int fixed_bytes = 6;

/// A resolver's state, which the C library wants closed.
class ResolverState {
 public:
  ResolverState() : is_open_(res_ninit(&state_) == 0) {
    state_.retrans = retry_seconds;
    state_.retry = tries;
  }
  ~ResolverState() {
    if (is_open_) res_nclose(&state_);
  }
  ResolverState(const ResolverState&) = delete;
  ResolverState& operator=(const ResolverState&) = delete;

  [[nodiscard]] bool is_open() const { return is_open_; }
  [[nodiscard]] struct __res_state& get() { return state_; }

  /// Asks this server alone; IPv4.
  void ask_only(const Address& server) {
    const RawAddress raw = to_raw(server, Family::v4);
    state_.nscount = 1;
    std::memcpy(&state_.nsaddr_list[0], raw.data(), sizeof state_.nsaddr_list[0]);
  }

 private:
  struct __res_state state_{};
  bool is_open_;
};

ResolveError error_of(int host_error) {
  return host_error == HOST_NOT_FOUND || host_error == NO_DATA ? ResolveError::not_found
                                                               : ResolveError::failed;
}

/// Nothing: the record is malformed.
std::optional<ServiceRecord> read_record(ns_msg& message, const ns_rr& record) {
  const unsigned char* const data = ns_rr_rdata(record);
  if (ns_rr_rdlen(record) <= fixed_bytes) return std::nullopt;
  std::array<char, NS_MAXDNAME> target{};
  if (ns_name_uncompress(ns_msg_base(message), ns_msg_end(message), data + fixed_bytes,
                         target.data(), target.size()) < 0) {
    return std::nullopt;
  }
  return ServiceRecord{.priority = static_cast<std::uint16_t>(ns_get16(data)),
                       .weight = static_cast<std::uint16_t>(ns_get16(data + 2)),
                       .port = static_cast<std::uint16_t>(ns_get16(data + 4)),
                       .target = target.data()};
}

bool is_usable(const ServiceRecord& record) {
  return !record.target.empty() && record.target != "." && record.port != 0;
}

}  // namespace

std::expected<std::vector<ServiceRecord>, ResolveError> parse_service_answer(Bytes message) {
  ns_msg parsed{};
  const auto* const data = reinterpret_cast<const unsigned char*>(message.data());
  if (ns_initparse(data, static_cast<int>(message.size()), &parsed) != 0) {
    return std::unexpected(ResolveError::failed);
  }
  const int code = ns_msg_getflag(parsed, ns_f_rcode);
  if (code == ns_r_nxdomain) return std::unexpected(ResolveError::not_found);
  if (code != ns_r_noerror) return std::unexpected(ResolveError::failed);
  std::vector<ServiceRecord> records;
  const int count = ns_msg_count(parsed, ns_s_an);
  for (int i = 0; i < count && records.size() < service_records_max; ++i) {
    ns_rr record{};
    if (ns_parserr(&parsed, ns_s_an, i, &record) != 0) {
      return std::unexpected(ResolveError::failed);
    }
    if (ns_rr_type(record) != ns_t_srv) continue;
    auto service = read_record(parsed, record);
    if (!service) return std::unexpected(ResolveError::failed);
    if (is_usable(*service)) records.push_back(std::move(*service));
  }
  if (records.empty()) return std::unexpected(ResolveError::not_found);
  return records;
}

void order_services(std::vector<ServiceRecord>& records, Prng& prng) {
  std::ranges::stable_sort(records, {}, &ServiceRecord::priority);
  for (auto first = records.begin(); first != records.end(); ++first) {
    const auto last = std::ranges::find_if(first, records.end(), [&](const ServiceRecord& other) {
      return other.priority != first->priority;
    });
    // One more each, so that those without weight have their turn, too.
    std::size_t total = 0;
    for (auto at = first; at != last; ++at) total += std::size_t{at->weight} + 1;
    std::size_t drawn = prng.below(total);
    auto chosen = first;
    while (drawn > chosen->weight) drawn -= std::size_t{(chosen++)->weight} + 1;
    std::iter_swap(first, chosen);
  }
}

std::expected<std::vector<ServiceRecord>, ResolveError> look_up_services(
    const std::string& name, const std::optional<Address>& server) {
  ResolverState resolver;
  if (!resolver.is_open()) return std::unexpected(ResolveError::failed);
  if (server) resolver.ask_only(*server);
  std::vector<unsigned char> answer(answer_bytes_max);
  const int size = res_nsearch(&resolver.get(), name.c_str(), ns_c_in, ns_t_srv, answer.data(),
                               static_cast<int>(answer.size()));
  if (size < 0) return std::unexpected(error_of(resolver.get().res_h_errno));
  const std::size_t length = std::min(answer.size(), static_cast<std::size_t>(size));
  return parse_service_answer(Bytes(reinterpret_cast<const std::byte*>(answer.data()), length));
}

}  // namespace rollcall::runtime
