// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/membership/record.hpp"

#include "core/mutants.hpp"

namespace rollcall::core {

wire::Update to_update(const Record& record) {
  return {.name = record.name,
          .life = record.life,
          .incarnation = record.incarnation,
          .state = record.state,
          .age = wire::Age::history,
          .unfit = record.unfit && record.state == State::failed,
          .address = record.address,
          .witness = record.witness,
          .has_tags = true,
          .tags = record.tags};
}

std::uint64_t record_hash(const Record& record) {
  std::uint64_t hash = hash_bytes(record.name, record.life.boot);
  hash = hash_combine(hash, record.life.id.high);
  hash = hash_combine(hash, record.life.id.low);
  if (!is_mutant(Mutant::digest_without_tags)) hash = hash_combine(hash, record.incarnation);
  hash = hash_combine(hash, record.address.port);
  hash = hash_combine(hash, hash_bytes({reinterpret_cast<const char*>(record.address.ip.data()),
                                        record.address.ip.size()}));
  if (is_mutant(Mutant::digest_without_tags)) return hash;
  return hash_combine(hash, hash_bytes(as_text(record.tags)));
}

}  // namespace rollcall::core
