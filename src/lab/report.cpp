// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/report.hpp"

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <system_error>

namespace rollcall::lab {
namespace {

std::string field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char letter : text) {
    if (letter == '"') quoted += '"';
    quoted += letter;
  }
  return quoted + '"';
}

std::string exact(double value) {
  std::string text(32, '\0');
  const int length = std::snprintf(text.data(), text.size(), "%.9g", value);
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::string anchor_fields(const Row& row) {
  if (!row.anchor) return ",,,,";
  const Anchor& anchor = *row.anchor;
  const std::optional<bool> within = row.is_within();
  const std::string tolerance = anchor.rule == Rule::about ? exact(anchor.tolerance) : "";
  const char* const verdict = !within ? "" : *within ? "yes" : "no";
  return exact(anchor.value) + "," + std::string(rule_word(anchor.rule)) + "," + tolerance + "," +
         field(anchor.source) + "," + verdict;
}

std::expected<void, std::string> write_file(const std::filesystem::path& path,
                                            const std::string& text) {
  errno = 0;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (file) return {};
  const std::error_code why(errno, std::generic_category());
  return std::unexpected(path.string() + ": " + (why ? why.message() : "could not be written"));
}

}  // namespace

std::string rows_csv(const Experiment& experiment, const Findings& findings) {
  std::string text =
      "experiment,configuration,members,metric,unit,value,anchor,rule,tolerance,source,within\n";
  for (const Row& row : findings.rows) {
    text += std::string(experiment.id) + "," + field(row.configuration) + "," +
            std::to_string(row.members) + "," + field(row.metric) + "," + field(row.unit) + "," +
            exact(row.value) + "," + anchor_fields(row) + "\n";
  }
  return text;
}

std::string points_csv(const Findings& findings) {
  std::string text = "plot,series,x,median,low,high\n";
  for (const Plot& plot : findings.plots) {
    for (const Series& series : plot.series) {
      for (const Point& point : series.points) {
        text += field(plot.id) + "," + field(series.name) + "," + exact(point.x) + "," +
                exact(point.median) + "," + exact(point.low) + "," + exact(point.high) + "\n";
      }
    }
  }
  return text;
}

std::expected<std::vector<std::filesystem::path>, std::string> write_report(
    const std::filesystem::path& directory, const Experiment& experiment, const Findings& findings,
    const RunRecord& run) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return std::unexpected(directory.string() + ": " + error.message());
  const std::string id(experiment.id);
  const std::vector<std::pair<std::filesystem::path, std::string>> files = {
      {directory / (id + ".csv"), rows_csv(experiment, findings)},
      {directory / (id + "-points.csv"), points_csv(findings)},
      {directory / (id + ".html"), report_html(experiment, findings, run)}};
  std::vector<std::filesystem::path> written;
  for (const auto& [path, text] : files) {
    if (const auto done = write_file(path, text); !done) return std::unexpected(done.error());
    written.push_back(path);
  }
  return written;
}

}  // namespace rollcall::lab
