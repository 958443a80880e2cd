// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/watch_hub.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "agent/fake_agent_test.hpp"
#include "http/client_events.hpp"

namespace rollcall::agent {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;
using Tell = FakeGroups::Tell;

class WatchTest : public testing::Test {
 protected:
  using Watcher = std::shared_ptr<http::RecordedAnswer>;

  Watcher watch(http::Pairs query = {}, http::Pairs headers = {}) {
    return api_.ask("GET", "/v1/groups/web/watch", std::move(query), {}, std::move(headers));
  }
  /// "view 3" for each event that the watcher can read now, "closed" and so on for the others.
  std::vector<std::string> read(const Watcher& watcher) {
    std::string text;
    http::StreamState state = http::StreamState::more;
    while (state == http::StreamState::more) {
      std::string piece;
      state = watcher->stream->fill(piece, /*bytes=*/64);
      text += piece;
    }
    has_ended_ = state == http::StreamState::ended;
    http::EventParser parser;
    parser.feed(text);
    std::vector<std::string> events;
    while (const auto event = parser.next()) {
      last_ = json::parse(event->data);
      events.push_back(event->type + (event->id.empty() ? "" : " " + event->id));
    }
    return events;
  }
  void add(int count, Tell tell = Tell::all) {
    for (int i = 0; i < count; ++i) {
      groups().add("web", "w" + std::to_string(++members_), tell);
    }
  }
  FakeGroups& groups() { return api_.groups; }

  GroupsApi api_;
  json last_;
  bool has_ended_ = false;
  int members_ = 0;
};

TEST_F(WatchTest, BeginsWithThePresentViewAndGoesOn) {
  add(2);
  const auto watcher = watch();

  EXPECT_THAT(read(watcher), ElementsAre("view 2"));
  EXPECT_EQ(last_["members"], json::parse(R"(["w1","w2"])"));
  EXPECT_EQ(last_["joined"].size(), 2U);
  EXPECT_THAT(read(watcher), IsEmpty());

  add(2);
  EXPECT_THAT(read(watcher), ElementsAre("view 3", "view 4"));
  EXPECT_EQ(last_["joined"][0]["id"], "w4");
  EXPECT_EQ(last_["cause"], "joined");
  EXPECT_EQ(last_["left"], json::array());
  EXPECT_GT(api_.wakes, 0);
}

TEST_F(WatchTest, GoesOnAfterTheViewThatTheReaderHas) {
  add(4);

  EXPECT_THAT(read(watch({{"since", "2"}})), ElementsAre("view 3", "view 4"));
  EXPECT_THAT(read(watch({{"since", "0"}})), ElementsAre("view 1", "view 2", "view 3", "view 4"));
  EXPECT_THAT(read(watch({{"since", "4"}})), IsEmpty());
  EXPECT_THAT(read(watch({{"since", "0"}}, {{"Last-Event-ID", "3"}})), ElementsAre("view 4"));
}

TEST_F(WatchTest, BeginsAnewWhereTheReadersViewIsNoLongerKept) {
  add(4);
  groups().kept_after = 3;

  EXPECT_THAT(read(watch({{"since", "1"}})), ElementsAre("reset 4"));
  EXPECT_EQ(last_["members"][3]["id"], "w4");
  EXPECT_EQ(last_["members"][3]["address"], "10.0.0.1:80");
}

TEST_F(WatchTest, AReaderFromAnAgentThatIsAheadWaitsForThisOne) {
  add(2);
  const auto answer = watch({{"since", "9"}});

  EXPECT_THAT(groups().asked, ElementsAre("get web", "get web linearizable"));
  EXPECT_THAT(read(answer), ElementsAre("reset 2"));

  groups().read_error = Error{ErrorCode::no_quorum, "nobody decides", {}};
  EXPECT_EQ(watch({{"since", "9"}})->status, 503U);
}

TEST_F(WatchTest, NothingThatHappensWhileTheStreamBeginsIsLostOrTwice) {
  add(3);
  groups().hold();
  const auto watcher = watch({{"since", "1"}});
  add(1);
  groups().release();  // the group, as of view 3; the history is asked for now
  add(1);

  EXPECT_THAT(read(watcher), ElementsAre("view 2", "view 3", "view 4", "view 5"));

  groups().hold();
  const auto second = watch();
  add(2);
  groups().release();
  EXPECT_THAT(read(second), ElementsAre("view 5", "view 6", "view 7"));
}

TEST_F(WatchTest, AsksForViewsThatWereSkipped) {
  add(1);
  const auto watcher = watch();
  const auto second = watch();
  EXPECT_THAT(read(watcher), ElementsAre("view 1"));
  EXPECT_THAT(read(second), ElementsAre("view 1"));
  groups().asked.clear();

  add(3, Tell::nobody);
  groups().tell_of_a_hole();
  add(1);

  EXPECT_THAT(read(watcher), ElementsAre("view 2", "view 3", "view 4", "view 5"));
  EXPECT_THAT(read(second), ElementsAre("view 2", "view 3", "view 4", "view 5"));
  EXPECT_THAT(groups().asked, ElementsAre("changes web 1"));  // once for both
}

TEST_F(WatchTest, NoticesASkippedViewThatItWasNotToldOf) {
  add(1);
  const auto watcher = watch();
  read(watcher);

  add(1, Tell::nobody);
  add(1);

  EXPECT_THAT(read(watcher), ElementsAre("view 2", "view 3"));
}

TEST_F(WatchTest, BeginsAnewWhereSkippedViewsAreNoLongerKept) {
  add(1);
  const auto watcher = watch();
  read(watcher);

  add(3, Tell::nobody);
  groups().kept_after = 3;
  groups().tell_of_a_hole();

  EXPECT_THAT(read(watcher), ElementsAre("reset 4"));
  add(1);
  EXPECT_THAT(read(watcher), ElementsAre("view 5"));
}

TEST_F(WatchTest, AReaderThatIsTooSlowIsToldWhereToComeBack) {
  add(1);
  const auto slow = watch();
  const auto quick = watch();
  read(slow);
  read(quick);

  constexpr std::size_t few = WatchFeed::frames_max / 8;
  for (std::size_t told = 0; told <= WatchFeed::frames_max; told += few) {
    add(static_cast<int>(few));
    EXPECT_EQ(read(quick).size(), few);
  }

  EXPECT_THAT(read(slow), ElementsAre("closed"));
  EXPECT_TRUE(has_ended_);
  EXPECT_EQ(last_["reason"], "too-slow");
  EXPECT_THAT(last_["message"].get<std::string>(), testing::HasSubstr("since=1"));
}

TEST_F(WatchTest, FollowsTheViewsOfTheCluster) {
  groups().add("cluster", "a");
  groups().add("cluster", "b");
  const auto by_parameter = api_.ask("GET", "/v1/views", {{"follow", "true"}, {"since", "1"}});
  const auto by_header = api_.ask("GET", "/v1/views", {}, {}, {{"Accept", "text/event-stream"}});

  EXPECT_THAT(read(by_parameter), ElementsAre("view 2"));
  EXPECT_THAT(read(by_header), ElementsAre("view 2"));
  groups().add("cluster", "c");
  EXPECT_THAT(read(by_parameter), ElementsAre("view 3"));
  EXPECT_THAT(read(by_header), ElementsAre("view 3"));
}

TEST_F(WatchTest, WhoWatchesOneGroupHearsNothingOfOthers) {
  add(1);
  const auto watcher = watch();
  read(watcher);
  const int wakes = api_.wakes;

  groups().add("other", "o1");

  EXPECT_EQ(api_.wakes, wakes);
  EXPECT_THAT(read(watcher), IsEmpty());
}

}  // namespace
}  // namespace rollcall::agent
