// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/frame_stream.hpp"

namespace rollcall::runtime {

std::string_view to_text(StreamFailure failure) {
  switch (failure) {
    case StreamFailure::refused:
      return "refused";
    case StreamFailure::reset:
      return "reset";
    case StreamFailure::end_of_stream:
      return "end of stream";
    case StreamFailure::timeout:
      return "timeout";
    case StreamFailure::unreachable:
      return "unreachable";
    case StreamFailure::malformed:
      return "malformed frame";
    case StreamFailure::wrong_version:
      return "frame of another version";
    case StreamFailure::too_long:
      return "frame too long";
    case StreamFailure::overloaded:
      return "overloaded";
    case StreamFailure::other:
      return "other";
  }
  return "?";
}

core::ExchangeError exchange_error(StreamFailure failure) {
  switch (failure) {
    case StreamFailure::refused:
      return core::ExchangeError::refused;
    case StreamFailure::reset:
    case StreamFailure::end_of_stream:
      return core::ExchangeError::reset;
    case StreamFailure::timeout:
      return core::ExchangeError::timeout;
    case StreamFailure::malformed:
    case StreamFailure::wrong_version:
    case StreamFailure::too_long:
      return core::ExchangeError::malformed;
    case StreamFailure::unreachable:
    case StreamFailure::overloaded:
    case StreamFailure::other:
      return core::ExchangeError::unreachable;
  }
  return core::ExchangeError::unreachable;
}

core::CloseReason close_reason(StreamFailure failure) {
  switch (failure) {
    case StreamFailure::refused:
      return core::CloseReason::refused;
    case StreamFailure::reset:
      return core::CloseReason::reset;
    case StreamFailure::end_of_stream:
      return core::CloseReason::end_of_stream;
    case StreamFailure::timeout:
      return core::CloseReason::timeout;
    case StreamFailure::unreachable:
    case StreamFailure::malformed:
    case StreamFailure::wrong_version:
    case StreamFailure::too_long:
    case StreamFailure::overloaded:
    case StreamFailure::other:
      return core::CloseReason::other;
  }
  return core::CloseReason::other;
}

}  // namespace rollcall::runtime
