// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/report_plot.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <optional>
#include <vector>

#include "lab/report_axis.hpp"

namespace rollcall::lab {
namespace {

// The picture in its own units; the page scales it.
constexpr double picture_width = 860;
constexpr double picture_height = 400;
constexpr double left = 84;
constexpr double right = 212;  // room for the names of the series
constexpr double top = 16;
constexpr double bottom = 52;
constexpr double name_gap = 17;
/// Lines with more points than this are drawn without marks.
constexpr std::size_t marks_max = 30;
constexpr std::size_t colours = 8;

struct Box {
  double x0 = left;
  double x1 = picture_width - right;
  double y0 = picture_height - bottom;  // the lower end
  double y1 = top;
};

std::string number(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f", value);
  return text.data();
}

struct Range {
  double least = 0;
  double greatest = 0;
  bool is_empty = true;
  void take(double value) {
    least = is_empty ? value : std::min(least, value);
    greatest = is_empty ? value : std::max(greatest, value);
    is_empty = false;
  }
};

AxisScale scale_of(const Plot& plot, bool is_x) {
  const Axis& axis = is_x ? plot.x : plot.y;
  const bool is_log = axis.scale == Scale::logarithmic;
  Range range;
  for (const Series& series : plot.series) {
    for (const Point& point : series.points) {
      for (const double value : is_x ? std::array{point.x, point.x, point.x}
                                     : std::array{point.low, point.median, point.high}) {
        if (!is_log || value > 0) range.take(value);
      }
    }
  }
  if (range.is_empty) range = {.least = 1, .greatest = 10};
  // Counts and times are read against zero, unless they lie far from it.
  const bool near_zero = range.least > 0 && range.least < 0.6 * range.greatest;
  if (!is_log && near_zero) range.least = 0;
  return {axis.scale, range.least, range.greatest, axis.step_min};
}

class Drawing {
 public:
  explicit Drawing(const Plot& plot)
      : plot_(plot),
        x_(scale_of(plot, true)),
        y_(scale_of(plot, false)) {
    assign_colours();
  }

  std::string svg() {
    out_ = "<svg viewBox=\"0 0 " + number(picture_width) + " " + number(picture_height) +
           "\" role=\"img\" aria-label=\"" + escaped(plot_.title) + "\">\n";
    draw_axes();
    for (std::size_t i = 0; i < plot_.series.size(); ++i) draw_band(plot_.series[i], classes_[i]);
    for (std::size_t i = 0; i < plot_.series.size(); ++i) draw_line(plot_.series[i], classes_[i]);
    draw_names();
    return out_ + "</svg>\n";
  }

 private:
  void assign_colours() {
    std::size_t next = 1;
    bool own_is_taken = false;
    for (const Series& series : plot_.series) {
      if (series.mark == Mark::reference) {
        classes_.emplace_back("ref");
      } else if (series.name.starts_with("rollcall") && !own_is_taken) {
        own_is_taken = true;
        classes_.emplace_back("c0");
      } else {
        classes_.push_back("c" + std::to_string(next % colours));
        ++next;
      }
    }
  }

  [[nodiscard]] double place_x(double value) const {
    return box_.x0 + x_.share(value) * (box_.x1 - box_.x0);
  }
  [[nodiscard]] double place_y(double value) const {
    return box_.y0 - y_.share(value) * (box_.y0 - box_.y1);
  }
  [[nodiscard]] std::string at(double x, double y) const {
    return number(place_x(x)) + "," + number(place_y(y));
  }
  [[nodiscard]] bool has_place(const Point& point) const {
    return x_.has_place(point.x) && y_.has_place(point.median);
  }

  void line(double x0, double y0, double x1, double y1, const char* style) {
    out_ += "<line class=\"" + std::string(style) + "\" x1=\"" + number(x0) + "\" y1=\"" +
            number(y0) + "\" x2=\"" + number(x1) + "\" y2=\"" + number(y1) + "\"/>\n";
  }
  void text(double x, double y, const std::string& style, const std::string& words) {
    out_ += "<text class=\"" + style + "\" x=\"" + number(x) + "\" y=\"" + number(y) + "\">" +
            escaped(words) + "</text>\n";
  }

  void draw_axes() {
    for (const double tick : y_.ticks()) {
      line(box_.x0, place_y(tick), box_.x1, place_y(tick), "grid");
      text(box_.x0 - 8, place_y(tick) + 4, "tick end", tick_text(tick));
    }
    for (const double tick : x_.ticks()) {
      line(place_x(tick), box_.y0, place_x(tick), box_.y0 + 5, "axis");
      text(place_x(tick), box_.y0 + 19, "tick middle", tick_text(tick));
    }
    line(box_.x0, box_.y0, box_.x1, box_.y0, "axis");
    text((box_.x0 + box_.x1) / 2, box_.y0 + 41, "label middle", plot_.x.label);
    const std::string middle = number((box_.y0 + box_.y1) / 2);
    out_ += "<text class=\"label middle\" transform=\"translate(15," + middle + ") rotate(-90)\">" +
            escaped(plot_.y.label) + "</text>\n";
  }

  void draw_band(const Series& series, const std::string& colour) {
    if (series.mark == Mark::reference || series.points.size() < 2) return;
    const bool has_width =
        std::ranges::any_of(series.points, [](const Point& p) { return p.high > p.low; });
    if (!has_width) return;
    std::string outline;
    for (const Point& point : series.points) {
      if (has_place(point)) outline += at(point.x, point.high) + " ";
    }
    for (auto point = series.points.rbegin(); point != series.points.rend(); ++point) {
      if (has_place(*point)) outline += at(point->x, point->low) + " ";
    }
    out_ += "<polygon class=\"band " + colour + "\" points=\"" + outline + "\"/>\n";
  }

  void draw_line(const Series& series, const std::string& colour) {
    std::string points;
    for (const Point& point : series.points) {
      if (has_place(point)) points += at(point.x, point.median) + " ";
    }
    out_ += "<polyline class=\"line " + colour + "\" points=\"" + points + "\"/>\n";
    if (series.points.size() > marks_max || series.mark == Mark::reference) return;
    for (const Point& point : series.points) {
      if (has_place(point)) draw_mark(series, point, colour);
    }
  }

  void draw_mark(const Series& series, const Point& point, const std::string& colour) {
    std::string words =
        series.name + " at " + tick_text(point.x) + ": " + figure_text(point.median);
    if (point.high > point.low) {
      words += " (" + figure_text(point.low) + " to " + figure_text(point.high) + ")";
    }
    out_ += "<circle class=\"mark " + colour + "\" cx=\"" + number(place_x(point.x)) + "\" cy=\"" +
            number(place_y(point.median)) + "\" r=\"4\"><title>" + escaped(words) +
            "</title></circle>\n";
  }

  struct Name {
    double y = 0;
    std::size_t series = 0;
  };

  /// Each name stands at the height where its line ends, as far as the others let it.
  void draw_names() {
    std::vector<Name> names;
    for (std::size_t i = 0; i < plot_.series.size(); ++i) {
      names.push_back({end_of(plot_.series[i]), i});
    }
    std::ranges::stable_sort(names, {}, &Name::y);
    double free_from = box_.y1;
    for (Name& name : names) {
      name.y = std::max(name.y, free_from);
      free_from = name.y + name_gap;
    }
    double free_to = box_.y0;
    for (auto name = names.rbegin(); name != names.rend(); ++name) {
      name->y = std::min(name->y, free_to);
      free_to = name->y - name_gap;
    }
    for (const Name& name : names) draw_name(name);
  }
  [[nodiscard]] double end_of(const Series& series) const {
    for (auto point = series.points.rbegin(); point != series.points.rend(); ++point) {
      if (has_place(*point)) return place_y(point->median);
    }
    return box_.y0;
  }
  void draw_name(const Name& name) {
    const std::string& colour = classes_[name.series];
    const double x = box_.x1 + 12;
    out_ += "<line class=\"line " + colour + "\" x1=\"" + number(x) + "\" y1=\"" + number(name.y) +
            "\" x2=\"" + number(x + 18) + "\" y2=\"" + number(name.y) + "\"/>\n";
    const Series& series = plot_.series[name.series];
    const bool is_nowhere = std::ranges::none_of(
        series.points, [this](const Point& point) { return has_place(point); });
    text(x + 24, name.y + 4, "name", series.name + (is_nowhere ? ": none" : ""));
  }

  const Plot& plot_;
  Box box_;
  AxisScale x_;
  AxisScale y_;
  std::vector<std::string> classes_;
  std::string out_;
};

}  // namespace

std::string escaped(std::string_view text) {
  std::string result;
  for (const char letter : text) {
    switch (letter) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += letter;
    }
  }
  return result;
}

std::string to_svg(const Plot& plot) {
  return Drawing(plot).svg();
}

}  // namespace rollcall::lab
