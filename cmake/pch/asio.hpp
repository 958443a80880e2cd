// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0

/// The standard headers and Asio, for the rooms that do I/O.
#pragma once

#include <boost/asio.hpp>

#include "standard.hpp"
