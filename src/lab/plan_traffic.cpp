// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/plan_traffic.hpp"

#include <cmath>

#include "base/address.hpp"
#include "base/check.hpp"
#include "wire/datagram.hpp"
#include "wire/messages.hpp"

namespace rollcall::lab {
namespace {

constexpr double datagram_header_bytes = 28;
constexpr const char* usual_name = "web-server-01";

/// A TCP probe: three segments to open, four to close, two that carry a frame and two that only
/// acknowledge it, 40 bytes of header each; and the two frames (36 bytes, kind, body).
constexpr double stream_segments = 11;
constexpr double segment_header_bytes = 40;
constexpr double stream_frame_bytes = (36 + 1 + 16) + (36 + 1 + 8);

template <class Message>
double bytes_of(const Message& message) {
  wire::DatagramWriter writer(wire::Envelope{});
  const auto envelope = static_cast<double>(writer.size());
  const bool fits = writer.add(message);
  ROLLCALL_CHECK(fits);
  return static_cast<double>(writer.size()) - envelope;
}

double envelope_bytes() {
  return static_cast<double>(wire::DatagramWriter(wire::Envelope{}).size());
}

template <class Message>
Traffic one(const Message& message) {
  return {1, datagram_header_bytes + envelope_bytes() + bytes_of(message)};
}

double usual_record_bytes() {
  return bytes_of(wire::Update{
      .name = usual_name, .address = Address::v4(10, 0, 0, 1, 1), .witness = LifeId{1, 1}});
}

}  // namespace

Traffic plain_probe_traffic(double q) {
  return one(wire::Ping{}) + one(wire::Ack{}) * q;
}

Traffic probe_traffic(double q, std::size_t helpers) {
  const Traffic stream{0, stream_segments * segment_header_bytes + stream_frame_bytes};
  Traffic help = one(wire::PingRequest{.address = Address::v4(10, 0, 0, 1, 1)});
  help += (plain_probe_traffic(q) + one(wire::Report{})) * q;
  const Traffic more = help * static_cast<double>(helpers) + plain_probe_traffic(q) + stream;
  return plain_probe_traffic(q) + more * (1 - q * q);
}

Traffic update_traffic(const UpdateLoad& load) {
  return {load.datagrams, load.copies * usual_record_bytes() +
                              load.datagrams * (datagram_header_bytes + envelope_bytes())};
}

double updates_per_datagram() {
  const double room = static_cast<double>(wire::datagram_bytes_max) - envelope_bytes();
  return std::floor(room / usual_record_bytes());
}

}  // namespace rollcall::lab
