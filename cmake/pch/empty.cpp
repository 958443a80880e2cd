// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0

// The source that each set of precompiled headers is attached to; it has nothing of its own.
