// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/fault_rules.hpp"

#include <limits>

#include "runtime/held_datagrams.hpp"
#include "runtime/test_support.hpp"

namespace rollcall::runtime {
namespace {

const Address one = loopback(1);
const Address two = loopback(2);
const Instant begin{1000s};

MemberList members() {
  Member member;
  member.name = "two";
  member.address = to_text(two);
  auto storage = std::make_shared<MemberList::Storage>();
  storage->push_back(std::make_shared<const Member>(member));
  return {"two", std::move(storage)};
}

std::string refusal(const Fault& fault) {
  const auto checked = check_faults({.faults = {{.drop = 0.5}, fault}}, members());
  return checked ? "" : checked.error().field + ": " + checked.error().message;
}

TEST(FaultRules, FindsThePeerByNameOrAddress) {
  const auto checked = check_faults({.faults = {{.peer = "two", .cut = true},
                                                {.peer = "127.0.0.1:1", .cut = true},
                                                {.peer = "*", .cut = true}}},
                                    members());

  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(checked->faults[0].peer, two);
  EXPECT_EQ(checked->faults[1].peer, one);
  EXPECT_EQ(checked->faults[2].peer, std::nullopt);
}

TEST(FaultRules, RefusesWhatIsOutOfRangeAndNamesIt) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(refusal({.drop = 1.5}), "faults[1].drop: found 1.5; allowed: a share from 0 to 1");
  EXPECT_EQ(refusal({.drop = nan}), "faults[1].drop: found nan; allowed: a share from 0 to 1");
  EXPECT_EQ(refusal({.duplicate = -0.1}),
            "faults[1].duplicate: found -0.1; allowed: a share from 0 to 1");
  EXPECT_EQ(refusal({.reorder = 2}), "faults[1].reorder: found 2; allowed: a share from 0 to 1");
  EXPECT_EQ(refusal({.delay = 61s}),
            "faults[1].delay: found 61s; allowed: a duration from 0s to 1m");
  EXPECT_EQ(refusal({.delay = 1s, .jitter = 2min}),
            "faults[1].jitter: found 2m; allowed: a duration from 0s to 1m");
  EXPECT_EQ(refusal({.cut = true, .lasts = 0s}),
            "faults[1].for: found 0s; allowed: a duration above 0s, up to 24h");
  EXPECT_EQ(refusal({.peer = "three", .cut = true}),
            "faults[1].peer: found 'three'; allowed: the name of a known member, its IP:PORT, or "
            "* for all");
  EXPECT_EQ(refusal({.peer = "127.0.0.1:0", .cut = true}).substr(0, 14), "faults[1].peer");
  EXPECT_EQ(refusal({}).substr(0, 28), "faults[1]: says nothing that");

  const auto frozen = check_faults({.freeze = Freeze{2h}}, members());
  ASSERT_FALSE(frozen);
  EXPECT_EQ(frozen.error().field, "freeze");
  EXPECT_NE(frozen.error().message.find("up to 1h"), std::string::npos) << frozen.error().message;

  FaultPlan many;
  many.faults.assign(faults_max + 1, {.cut = true});
  const auto crowded = check_faults(many, members());
  ASSERT_FALSE(crowded);
  EXPECT_EQ(crowded.error().message, "found 1025 faults; allowed: at most 1024");
}

TEST(FaultRules, AddsUpForEachLine) {
  FaultRules rules;
  rules.set({{{.direction = FaultDirection::in, .drop = 0.5, .delay = 10ms}, {}},
             {{.direction = FaultDirection::in, .drop = 0.5, .delay = 5ms}, two},
             {{.direction = FaultDirection::out, .cut = true}, two}},
            begin);

  EXPECT_DOUBLE_EQ(rules.of(Way::in, one).drop, 0.5);
  EXPECT_DOUBLE_EQ(rules.of(Way::in, two).drop, 0.75);
  EXPECT_EQ(rules.of(Way::in, two).delay, 15ms);
  EXPECT_DOUBLE_EQ(rules.of(Way::in, std::nullopt).drop, 0.5);
  EXPECT_FALSE(rules.of(Way::out, one).any());
  EXPECT_TRUE(rules.of(Way::out, two).is_cut);
  EXPECT_FALSE(rules.of(Way::in, two).is_cut);
}

TEST(FaultRules, EndsWhatHasATimeOnly) {
  FaultRules rules;
  rules.set({{{.drop = 0.5}, {}}, {{.cut = true, .lasts = 5s}, two}}, begin);

  EXPECT_EQ(rules.next_end(), begin + 5s);
  EXPECT_TRUE(rules.end_overdue(begin + 4999ms).empty());
  EXPECT_TRUE(rules.of(Way::in, two).is_cut);
  EXPECT_EQ(rules.end_overdue(begin + 5s).size(), 1U);
  EXPECT_FALSE(rules.of(Way::in, two).is_cut);
  EXPECT_EQ(rules.list().size(), 1U);
  EXPECT_EQ(rules.next_end(), never);
}

TEST(FaultRules, SaysInWordsWhatIsWrong) {
  EXPECT_EQ(describe(Fault{.peer = "two", .cut = true, .lasts = 30s}),
            "cut to and from two for 30s");
  EXPECT_EQ(describe(Fault{.peer = "two", .direction = FaultDirection::out, .cut = true}),
            "cut to two");
  EXPECT_EQ(describe(Fault{.direction = FaultDirection::in,
                           .drop = 0.3,
                           .delay = 50ms,
                           .jitter = 10ms,
                           .duplicate = 0.1,
                           .reorder = 0.05}),
            "drop 30%, delay 50ms, jitter 10ms, duplicate 10%, reorder 5% in from everybody");
  CheckedFaults many;
  many.freeze = Freeze{5s};
  many.faults.assign(7, {{.peer = "two", .cut = true}, two});
  const std::string text = describe(many);
  EXPECT_TRUE(text.starts_with("frozen for 5s; cut to and from two; ")) << text;
  EXPECT_TRUE(text.ends_with("; and 2 more")) << text;
}

TEST(HeldDatagrams, HoldsNoMoreThanItsLimits) {
  HeldDatagrams held;
  const ByteVector large(HeldDatagrams::bytes_max / 2 + 1);
  EXPECT_TRUE(held.hold({Way::in, one, large}, begin));
  EXPECT_FALSE(held.hold({Way::in, one, large}, begin));
  EXPECT_EQ(held.take_due(begin).size(), 1U);

  for (std::size_t i = 0; i < HeldDatagrams::datagrams_max; ++i) {
    ASSERT_TRUE(held.hold({Way::in, one, {}}, begin));
  }
  EXPECT_FALSE(held.hold_to_be_overtaken({Way::in, one, {}}, begin));
  EXPECT_EQ(held.take_due(begin).size(), HeldDatagrams::datagrams_max);
  EXPECT_EQ(held.next_due(), never);
}

TEST(HeldDatagrams, GivesWhatIsOvertakenOnlyOnce) {
  HeldDatagrams held;
  ASSERT_TRUE(held.hold_to_be_overtaken({Way::out, one, {}}, begin));

  EXPECT_FALSE(held.has_overtaken(Way::in, one));
  EXPECT_FALSE(held.has_overtaken(Way::out, two));
  EXPECT_TRUE(held.take_overtaken(Way::out, one));
  EXPECT_FALSE(held.take_overtaken(Way::out, one));
  EXPECT_TRUE(held.take_due(begin).empty());

  ASSERT_TRUE(held.hold_to_be_overtaken({Way::out, one, {}}, begin));
  EXPECT_EQ(held.take_due(begin).size(), 1U);
  EXPECT_FALSE(held.has_overtaken(Way::out, one));
}

}  // namespace
}  // namespace rollcall::runtime
