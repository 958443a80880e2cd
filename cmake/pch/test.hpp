// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0

/// The standard headers and GoogleTest, for the tests.
#pragma once

#include <gtest/gtest.h>

#include "standard.hpp"
