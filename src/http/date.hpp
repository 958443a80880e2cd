// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace rollcall::http {

/// Now, as "Sun, 06 Nov 1994 08:49:37 GMT"; valid until the thread's next call.
///
/// Source: RFC 9110, section 5.6.7.
const std::string& http_date();

}  // namespace rollcall::http
