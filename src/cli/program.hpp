// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace rollcall::cli {

/// The whole program: reads the command line, runs the command, prints what became of it.
/// The exit code is one of ExitCode, except where `cluster exec` hands on a command's own.
int run_program(int argc, const char* const* argv);

}  // namespace rollcall::cli
