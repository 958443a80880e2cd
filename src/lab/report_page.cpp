// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
/// The page of a report: one HTML file with its style and pictures inside.
#include <string>

#include "lab/report.hpp"
#include "lab/report_axis.hpp"
#include "lab/report_plot.hpp"

namespace rollcall::lab {
namespace {

// Colours: eight hues that people with any kind of colour vision tell apart by hue or lightness,
// in two sets of the same order, each with contrast enough on its ground.
constexpr const char* style = R"(
:root { color-scheme: light dark;
  --ground:#f6f7f9; --card:#ffffff; --ink:#16202b; --soft:#5a6876; --line:#dde3e9; --grid:#e8ecf0;
  --good:#12754a; --good-ground:#e2f4ea; --bad:#a8341b; --bad-ground:#fbe8e2;
  --c0:#0b62c4; --c1:#c2500a; --c2:#0b7f63; --c3:#a8459a; --c4:#8a6a00; --c5:#3f8fb8;
  --c6:#6d5bd0; --c7:#b03a4b; --ref:#76838f; }
@media (prefers-color-scheme: dark) { :root {
  --ground:#0f141a; --card:#182029; --ink:#e8edf2; --soft:#9dabb8; --line:#2b3641; --grid:#243039;
  --good:#5fd39a; --good-ground:#123526; --bad:#ff9a7d; --bad-ground:#43201a;
  --c0:#62a8ff; --c1:#ff9d57; --c2:#45cfa4; --c3:#e690d6; --c4:#e2bf4a; --c5:#8fd0f0;
  --c6:#b3a6ff; --c7:#ff8c9a; --ref:#8b99a6; } }
* { box-sizing: border-box; }
body { margin:0; background:var(--ground); color:var(--ink);
  font:16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 1020px; margin: 0 auto; padding: 40px 20px 72px; }
.kicker { color:var(--c0); font-weight:650; letter-spacing:.04em; font-size:13px;
  text-transform:uppercase; margin:0 0 6px; }
h1 { font-size: 34px; line-height:1.15; margin:0 0 10px; letter-spacing:-.015em; }
h2 { font-size: 20px; margin: 44px 0 12px; letter-spacing:-.01em; }
.question { font-size:19px; color:var(--soft); margin:0 0 26px; max-width:46em; }
.seen { font-size:17px; max-width:46em; }
.tiles { display:flex; flex-wrap:wrap; gap:12px; margin:0 0 26px; }
.tile { background:var(--card); border:1px solid var(--line); border-radius:12px;
  padding:14px 18px; min-width:130px; }
.tile b { display:block; font-size:26px; line-height:1.2; font-weight:650; }
.tile span { color:var(--soft); font-size:13px; }
figure { background:var(--card); border:1px solid var(--line); border-radius:14px; margin:20px 0;
  padding:20px 22px 14px; }
figure h3 { margin:0 0 2px; font-size:17px; }
figcaption { color:var(--soft); font-size:13.5px; margin:0 0 10px; }
svg { width:100%; height:auto; display:block; font:13px system-ui, sans-serif; overflow:visible; }
.grid { stroke:var(--grid); } .axis { stroke:var(--ref); }
.tick { fill:var(--soft); font-size:12px; } .label { fill:var(--soft); font-size:13px; }
.name { fill:var(--ink); font-size:12.5px; }
.end { text-anchor:end; } .middle { text-anchor:middle; }
.line { fill:none; stroke-width:2.25; stroke-linejoin:round; stroke-linecap:round; }
.band { opacity:.16; stroke:none; } .mark { stroke:var(--card); stroke-width:1.5; }
.line.c0 { stroke-width:3.25; }
line.ref, polyline.ref { stroke:var(--ref); stroke-dasharray:5 5; stroke-width:1.75; }
)";

constexpr const char* table_style = R"(
.scroll { overflow-x:auto; background:var(--card); border:1px solid var(--line);
  border-radius:14px; }
table { border-collapse:collapse; width:100%; font-size:14px; }
th, td { text-align:left; padding:8px 14px; vertical-align:top; }
th { color:var(--soft); font-weight:600; font-size:12.5px; border-bottom:1px solid var(--line);
  white-space:nowrap; }
tr + tr td { border-top:1px solid var(--grid); }
tr.group td { background:var(--ground); font-weight:650; padding-top:12px; }
td.figure { text-align:right; font-variant-numeric:tabular-nums; white-space:nowrap; }
th.figure { text-align:right; } td.source { color:var(--soft); font-size:13px; }
.pill { display:inline-block; border-radius:99px; padding:1px 10px; font-size:12.5px;
  font-weight:600; white-space:nowrap; }
.yes { color:var(--good); background:var(--good-ground); }
.no { color:var(--bad); background:var(--bad-ground); }
ul.notes { color:var(--soft); padding-left:20px; max-width:52em; }
pre { background:var(--card); border:1px solid var(--line); border-radius:10px; padding:12px 16px;
  overflow-x:auto; font:13.5px/1.5 ui-monospace, "DejaVu Sans Mono", monospace; }
)";

std::string colour_style() {
  std::string text;
  for (int i = 0; i < 8; ++i) {
    const std::string name = "c" + std::to_string(i);
    const std::string colour = "var(--" + name + ")";
    text += ".line." + name + "{stroke:" + colour + "} .band." + name + ",.mark." + name +
            "{fill:" + colour + "}\n";
  }
  return text;
}

std::string tile(const std::string& value, const std::string& words) {
  return "<div class=\"tile\"><b>" + escaped(value) + "</b><span>" + escaped(words) +
         "</span></div>\n";
}

std::string list_of(const std::vector<std::size_t>& members) {
  std::string text;
  for (const std::size_t count : members) {
    text += (text.empty() ? "" : " · ") + tick_text(static_cast<double>(count));
  }
  return text;
}

std::string tiles(const Findings& findings, const RunRecord& run) {
  const std::string met =
      std::to_string(findings.met()) + " of " + std::to_string(findings.judged());
  return "<div class=\"tiles\">\n" + tile(met, "figures met") +
         tile(list_of(run.members), "members") +
         tile(tick_text(static_cast<double>(run.repetitions)), "repetitions") +
         tile(std::to_string(run.seed), "seed") +
         tile(figure_text(run.seconds) + " s", "of real time, one core") + "</div>\n";
}

std::string picture(const Plot& plot) {
  return "<figure id=\"" + escaped(plot.id) + "\">\n<h3>" + escaped(plot.title) +
         "</h3>\n<figcaption>" + escaped(plot.caption) + "</figcaption>\n" + to_svg(plot) +
         "</figure>\n";
}

std::string verdict(const Row& row) {
  const auto within = row.is_within();
  if (!within) return "";
  return *within ? "<span class=\"pill yes\">✓ met</span>"
                 : "<span class=\"pill no\">✗ not met</span>";
}

std::string table_row(const Row& row) {
  return "<tr><td>" + escaped(row.metric) + "</td><td class=\"figure\">" +
         tick_text(static_cast<double>(row.members)) + "</td><td class=\"figure\"><b>" +
         escaped(tick_text(row.value)) + "</b> " + escaped(row.unit) +
         "</td><td class=\"figure\">" + (row.anchor ? escaped(anchor_text(*row.anchor)) : "") +
         "</td><td>" + verdict(row) + "</td><td class=\"source\">" +
         (row.anchor ? escaped(row.anchor->source) : "") + "</td></tr>\n";
}

std::string table(const Findings& findings) {
  std::string text =
      "<div class=\"scroll\"><table>\n<thead><tr><th>what</th><th class=\"figure\">members</th>"
      "<th class=\"figure\">measured</th><th class=\"figure\">figure</th><th></th>"
      "<th>of</th></tr></thead>\n<tbody>\n";
  std::string group;
  for (const Row& row : findings.rows) {
    if (row.configuration != group) {
      group = row.configuration;
      text += "<tr class=\"group\"><td colspan=\"6\">" + escaped(group) + "</td></tr>\n";
    }
    text += table_row(row);
  }
  return text + "</tbody></table></div>\n";
}

std::string notes(const Findings& findings) {
  std::string text = "<ul class=\"notes\">\n";
  for (const std::string& note : findings.notes) text += "<li>" + escaped(note) + "</li>\n";
  return text + "</ul>\n";
}

}  // namespace

std::string report_html(const Experiment& experiment, const Findings& findings,
                        const RunRecord& run) {
  const std::string title(experiment.title);
  const std::string head =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>" +
      escaped(title) + " · rollcall</title>\n<style>" + style + table_style + colour_style() +
      "</style>\n</head>\n";
  std::string body = "<body><main>\n<p class=\"kicker\">rollcall · experiment " +
                     escaped(experiment.id) + "</p>\n<h1>" + escaped(title) +
                     "</h1>\n<p class=\"question\">" + escaped(experiment.question) + "</p>\n" +
                     tiles(findings, run) + "<p class=\"seen\">" + escaped(findings.seen) +
                     "</p>\n";
  for (const Plot& plot : findings.plots) body += picture(plot);
  body += "<h2>How it was run</h2>\n<p class=\"seen\">" + escaped(experiment.method) +
          " Real nodes in a simulated network, in virtual time; repetitions: " +
          escaped(experiment.repetition_word) + ".</p>\n";
  body += "<h2>Every figure</h2>\n" + table(findings);
  if (!findings.notes.empty()) body += "<h2>To be read with it</h2>\n" + notes(findings);
  body += "<h2>See it again</h2>\n<pre>" + escaped(run.command) + "</pre>\n<p class=\"question\">" +
          escaped(run.program) + "</p>\n</main></body>\n</html>\n";
  return head + body;
}

}  // namespace rollcall::lab
