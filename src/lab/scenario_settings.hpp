// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <variant>

#include "lab/scenario.hpp"

/// The tables that both the reader and the writer of scenarios go by.
namespace rollcall::lab {

/// A key of `cluster.detector`, with the name that an agent's configuration gives it.
struct Setting {
  std::string_view key;
  std::variant<Duration core::Config::*, std::size_t core::Config::*, double core::Config::*> at;
  /// The word for zero; empty if there is none.
  std::string_view zero_word = {};
};
std::span<const Setting> detector_settings();

/// A key of `expect`.
struct Bound {
  std::string_view key;
  std::variant<std::optional<Duration> Expectations::*, std::optional<std::size_t> Expectations::*,
               std::optional<double> Expectations::*>
      at;
};
std::span<const Bound> bounds();

inline constexpr std::string_view start_words[] = {"joined", "cold", "formed"};
inline constexpr std::string_view profile_words[] = {"rollcall", "swim"};
inline constexpr std::string_view detector_words[] = {"pingack", "gossip"};
inline constexpr std::string_view cast_words[] = {"unicast", "broadcast"};
inline constexpr std::string_view lan_words[] = {"off", "on"};
inline constexpr std::string_view suspicion_words[] = {"enabled", "disabled"};
inline constexpr std::string_view shape_words[] = {"uniform", "constant", "normal", "exponential",
                                                   "pareto"};
inline constexpr std::string_view checks_words[] = {"on", "off"};
inline constexpr std::string_view measure_words[] = {"detection", "accuracy", "convergence",
                                                     "traffic"};

}  // namespace rollcall::lab
