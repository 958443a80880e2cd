// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/report_axis.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace rollcall::lab {
namespace {

constexpr double ticks_wanted = 6;
/// Above this many decades only the powers of ten are written.
constexpr double decades_with_steps = 2.2;

double nice_step(double rough) {
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough * 0.999) return factor * power;
  }
  return 10 * power;
}

}  // namespace

AxisScale::AxisScale(Scale scale, double least, double greatest, double step_min) : scale_(scale) {
  if (scale_ == Scale::logarithmic && greatest > 0) {
    make_logarithmic(least > 0 ? least : greatest / 10, greatest);
  } else {
    make_linear(least, greatest, step_min);
  }
}

void AxisScale::make_linear(double least, double greatest, double step_min) {
  scale_ = Scale::linear;
  if (greatest <= least) greatest = least + 1;
  const double step = std::max(step_min, nice_step((greatest - least) / ticks_wanted));
  low_ = std::floor(least / step + 1e-9) * step;
  high_ = std::ceil(greatest / step - 1e-9) * step;
  const int count = static_cast<int>(std::round((high_ - low_) / step));
  for (int i = 0; i <= count; ++i) {
    const double value = low_ + step * i;
    ticks_.push_back(std::abs(value) < step * 1e-9 ? 0 : value);
  }
}

void AxisScale::make_logarithmic(double least, double greatest) {
  const auto step_down = [](double value) {
    const double power = std::pow(10.0, std::floor(std::log10(value) + 1e-9));
    for (const double factor : {5.0, 2.0}) {
      if (factor * power <= value * 1.001) return factor * power;
    }
    return power;
  };
  const auto step_up = [](double value) {
    const double power = std::pow(10.0, std::floor(std::log10(value) + 1e-9));
    for (const double factor : {1.0, 2.0, 5.0}) {
      if (factor * power >= value * 0.999) return factor * power;
    }
    return 10 * power;
  };
  low_ = step_down(least);
  high_ = step_up(greatest);
  if (high_ <= low_) high_ = low_ * 10;
  const bool with_steps = std::log10(high_ / low_) <= decades_with_steps;
  for (double power = std::pow(10.0, std::floor(std::log10(low_) + 1e-9)); power <= high_ * 1.001;
       power *= 10) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double value = factor * power;
      const bool is_inside = value >= low_ * 0.999 && value <= high_ * 1.001;
      if (is_inside && (with_steps || factor == 1.0)) ticks_.push_back(value);
    }
  }
}

bool AxisScale::has_place(double value) const {
  return scale_ == Scale::linear || value > 0;
}

double AxisScale::share(double value) const {
  if (scale_ == Scale::linear) return std::clamp((value - low_) / (high_ - low_), 0.0, 1.0);
  if (value <= 0) return 0;
  return std::clamp(std::log(value / low_) / std::log(high_ / low_), 0.0, 1.0);
}

std::string tick_text(double value) {
  std::string text = figure_text(value);
  const bool is_plain = text.find_first_not_of("0123456789") == std::string::npos;
  if (!is_plain) return text;
  for (std::size_t place = text.size(); place > 3; place -= 3) text.insert(place - 3, ",");
  return text;
}

}  // namespace rollcall::lab
