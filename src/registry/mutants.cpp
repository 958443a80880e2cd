// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/mutants.hpp"

#ifdef ROLLCALL_MUTANTS

namespace rollcall::registry {
namespace {

Mutant chosen = Mutant::none;

}  // namespace

void choose_mutant(Mutant mutant) {
  chosen = mutant;
}

bool is_mutant(Mutant mutant) {
  return mutant == chosen;
}

}  // namespace rollcall::registry

#endif
