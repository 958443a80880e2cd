// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "core/effects.hpp"
#include "sim/names.hpp"
#include "wire/messages.hpp"

/// What members say and ask for, in words: one line each, for transcripts and scenarios.
namespace rollcall::sim {

/// "suspect c/1 i3 by b": state, name/boot, incarnation, witness.
std::string update_text(const wire::Update& update, const Names& names);
std::string message_text(const wire::Message& message, const Names& names);
std::string stream_message_text(const wire::StreamMessage& message, const Names& names);

/// All messages of a datagram, "; " between; what does not decode is told as its refusal.
std::string datagram_text(Bytes datagram, std::uint32_t cluster, const Names& names);
/// The message of a whole frame, head and body.
std::string frame_text(Bytes frame, const Names& names);

/// An effect of the member called self; the bytes are those of the effects it is part of.
std::string effect_text(const core::Effect& effect, const core::Effects& effects,
                        std::string_view self, std::uint32_t cluster, const Names& names);
std::string event_text(const core::Publish& event);

/// Seconds of virtual time to the microsecond: "12.000345".
std::string moment_text(Instant instant);

}  // namespace rollcall::sim
