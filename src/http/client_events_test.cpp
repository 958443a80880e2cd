// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "http/client_events.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace rollcall::http {
namespace {

std::vector<std::string> texts(EventParser& parser) {
  std::vector<std::string> all;
  while (const auto event = parser.next()) {
    all.push_back(event->id + "/" + event->type + "/" + event->data);
  }
  return all;
}

TEST(EventParser, GivesTheSameEventsHoweverTheTextIsCut) {
  const std::string text = ": note\r\nid: 7\r\nevent: e\r\ndata: a\r\ndata: b\r\n\r\ndata:c\n\n";
  const std::vector<std::string> whole{"7/e/a\nb", "//c"};

  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    EventParser parser;
    parser.feed(text.substr(0, cut));
    std::vector<std::string> seen = texts(parser);
    parser.feed(text.substr(cut));
    for (const std::string& event : texts(parser)) seen.push_back(event);
    EXPECT_EQ(seen, whole) << "cut at " << cut;
  }
}

TEST(EventParser, PassesOverBlocksWithoutData) {
  EventParser parser;

  parser.feed("retry: 10\n\nid: 1\n\n:\n\n\n");

  EXPECT_TRUE(texts(parser).empty());
}

TEST(EventParser, DropsAnEventThatIsTooLongAndGoesOn) {
  EventParser parser;

  parser.feed("data: " + std::string(EventParser::event_bytes_max + 1, 'x'));
  parser.feed("x\n\ndata: next\n\n");

  EXPECT_EQ(texts(parser), std::vector<std::string>{"//next"});
  EXPECT_EQ(parser.dropped(), 1U);
}

TEST(EventParser, DropsTheWholeEventWhenItsLongLineIsCutAtItsEnd) {
  EventParser parser;

  parser.feed("data: " + std::string(EventParser::event_bytes_max + 1, 'x'));
  parser.feed("\nid: 5\ndata: its last line\n\ndata: next\n\n");

  EXPECT_EQ(texts(parser), std::vector<std::string>{"//next"});
  EXPECT_EQ(parser.dropped(), 1U);
}

TEST(EventParser, DropsAnEventOfTooManyLines) {
  EventParser parser;
  const std::string line = "data: " + std::string(1000, 'x') + "\n";

  for (std::size_t sent = 0; sent <= EventParser::event_bytes_max; sent += 1000) parser.feed(line);
  parser.feed("\ndata: next\n\n");

  EXPECT_EQ(texts(parser), std::vector<std::string>{"//next"});
  EXPECT_EQ(parser.dropped(), 1U);
}

}  // namespace
}  // namespace rollcall::http
