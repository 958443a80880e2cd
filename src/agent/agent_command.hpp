// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace rollcall::agent {

/// `rollcall agent`: runs one member until a signal ends it. argv[0] is passed over; the rest are
/// the flags (help_text() in config_sources.hpp).
///
/// Gives the exit code: 0 after a leave on SIGTERM or SIGINT (or --help), 1 when it could not
/// start, 2 for flags or a configuration that are wrong. Exceptions end here.
int run_agent(int argc, const char* const* argv);

}  // namespace rollcall::agent
