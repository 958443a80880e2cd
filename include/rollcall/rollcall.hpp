// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Everything that a program needs to be a member of a cluster.
#include "rollcall/agent.hpp"
#include "rollcall/error.hpp"
#include "rollcall/event.hpp"
#include "rollcall/faults.hpp"
#include "rollcall/groups.hpp"
#include "rollcall/member.hpp"
#include "rollcall/options.hpp"
#include "rollcall/settings.hpp"
#include "rollcall/steadiness.hpp"
