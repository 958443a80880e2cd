// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "agent/settings.hpp"
#include "rollcall/options.hpp"

namespace rollcall::agent {

/// What is wrong with a key, by its name.
struct KeyProblem {
  std::string key;
  std::string message;
};

/// All that is wrong with the keys of agreement: out of range, or contradicting one another.
std::vector<KeyProblem> problems_of_agreement(const Settings& settings);

/// The password is not among them: it is in a file.
AgreementOptions agreement_options(const Settings& settings);

}  // namespace rollcall::agent
