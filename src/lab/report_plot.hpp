// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "lab/experiments/findings.hpp"

namespace rollcall::lab {

/// Text that may stand in HTML and XML.
std::string escaped(std::string_view text);

/// The plot as an SVG element: axes with units, a line of medians with its band for each series,
/// and the series' names beside their ends. Colours are the classes c0 to c7 and ref, which the
/// page's style defines for light and dark.
///
/// Order: the series named rollcall has the first colour in every plot.
std::string to_svg(const Plot& plot);

}  // namespace rollcall::lab
