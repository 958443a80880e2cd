// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lab/experiments/findings.hpp"

namespace rollcall::lab {

/// Where values lie along a picture's edge, and which of them are written there.
///
/// A logarithmic axis has no place for zero and below: has_place() says so.
class AxisScale {
 public:
  /// From the least to the greatest value that is to be shown; widened to round numbers.
  AxisScale(Scale scale, double least, double greatest, double step_min = 0);

  [[nodiscard]] bool has_place(double value) const;
  /// 0 at the lower end of the axis, 1 at the upper; clamped.
  [[nodiscard]] double share(double value) const;
  [[nodiscard]] const std::vector<double>& ticks() const { return ticks_; }

 private:
  void make_linear(double least, double greatest, double step_min);
  void make_logarithmic(double least, double greatest);

  Scale scale_;
  double low_ = 0;
  double high_ = 1;
  std::vector<double> ticks_;
};

/// "10,000", "0.05", "1e-06".
std::string tick_text(double value);

}  // namespace rollcall::lab
