// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

/// Deliberate mistakes, one of which can be switched on: the checkers of the simulations are
/// believed because they object to every one of them (tests/simulation/known_bad). A room lists its
/// own in an enum, `none` first, and makes them where an implementer would:
/// `if (is_mutant(Mutant::vote_forgotten)) return;`.
///
/// In the library that everybody links, is_mutant() is false at compile time: a hook costs nothing
/// and there is no state. Only the libraries rollcall_<room>_mutable, made of the same sources with
/// ROLLCALL_MUTANTS defined, can be told to be wrong.
///
/// Limits: hooks are in sources and in headers that a room keeps to itself, never in a header that
///         other rooms include: those rooms are compiled once, for both libraries.
/// Threads: a mutant is chosen while nothing else runs.
namespace rollcall {

template <class Enum>
concept MutantList = std::is_enum_v<Enum> && requires { Enum::none; };

#ifdef ROLLCALL_MUTANTS

template <MutantList Mutant>
inline Mutant chosen_mutant = Mutant::none;

/// The mistake of this list that everybody in this process makes from now on.
template <MutantList Mutant>
void choose_mutant(Mutant mutant) {
  chosen_mutant<Mutant> = mutant;
}

template <MutantList Mutant>
[[nodiscard]] bool is_mutant(Mutant mutant) {
  return mutant == chosen_mutant<Mutant>;
}

#else

/// Leaves no function behind that a linker could take for the other one.
template <MutantList Mutant>
[[nodiscard]] consteval bool is_mutant(Mutant) {
  return false;
}

#endif

/// The name of an enumerator, so that no list is written twice; empty where there is none.
template <auto value>
consteval std::string_view enumerator_name() {
  // "... [with auto value = rollcall::Mutant::none; ...", or "= (rollcall::Mutant)33".
  constexpr std::string_view before = "value = ";
  const std::string_view text = __PRETTY_FUNCTION__;
  const std::size_t begin = text.find(before) + before.size();
  const std::string_view spelled = text.substr(begin, text.find_first_of(";]", begin) - begin);
  return spelled.starts_with('(') ? "" : spelled.substr(spelled.rfind(':') + 1);
}

inline constexpr std::size_t mutants_max = 64;

template <MutantList Mutant>
inline constexpr auto mutant_names = []<std::size_t... i>(std::index_sequence<i...>) {
  return std::array{enumerator_name<static_cast<Mutant>(i)>()...};
}(std::make_index_sequence<mutants_max>());

/// How many mistakes a list has; `none` is not one.
template <MutantList Mutant>
inline constexpr std::size_t mutant_count = [] {
  static_assert(mutant_names<Mutant>.front() == "none" && mutant_names<Mutant>.back().empty());
  return mutants_max - 1 -
         static_cast<std::size_t>(std::ranges::count(mutant_names<Mutant>, std::string_view()));
}();

template <MutantList Mutant>
constexpr std::string_view name_of_mutant(Mutant mutant) {
  return mutant_names<Mutant>[static_cast<std::size_t>(mutant)];
}

}  // namespace rollcall
