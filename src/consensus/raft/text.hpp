// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "consensus/raft/effects.hpp"
#include "consensus/raft/messages.hpp"

/// Messages and effects in words, one line each, for transcripts and logs.
namespace rollcall::consensus::raft {

std::string to_text(const Position& position);  // "7@3": index 7, term 3
std::string to_text(const Membership& membership);
std::string to_text(const Message& message);
std::string to_text(const Effect& effect);

}  // namespace rollcall::consensus::raft
