# SPDX-FileCopyrightText: The rollcall authors
# SPDX-License-Identifier: Apache-2.0
#
# What the scripts share. Source it: . "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck shell=bash
set -euo pipefail

rollcall_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
rollcall_jobs=${ROLLCALL_JOBS:-$(nproc)}

say() { printf '== %s\n' "$*"; }

die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# packages_in SECTION…: the names listed under these headings of packages.txt.
packages_in() {
  local section
  for section in "$@"; do
    awk -v wanted="[$section]" \
      '/^\[/ { inside = ($1 == wanted); next } inside && NF && !/^#/ { print $1 }' \
      "$rollcall_root/scripts/packages.txt"
  done
}

# missing_of NAME…: those that are not installed. One question to dpkg, so it is quick.
missing_of() {
  # dpkg-query fails when a name is unknown to it; that name is then simply missing.
  local installed
  installed=$(dpkg-query --show --showformat='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
    sed -n 's/^installed //p') || true
  comm -23 <(printf '%s\n' "$@" | sort -u) <(printf '%s\n' "$installed" | sort -u)
}

# as_root COMMAND…: directly when we are root, else through sudo.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "installing packages needs root, and there is no sudo; run as root: $*"
  fi
}

# install_packages SECTION…: installs what is missing; does nothing, offline too, when all is there.
install_packages() {
  command -v dpkg-query >/dev/null ||
    die "this is not a Debian system; install what scripts/packages.txt lists, by hand"
  local missing
  mapfile -t missing < <(missing_of $(packages_in "$@"))
  [ "${#missing[@]}" -gt 0 ] || return 0
  say "installing ${missing[*]}"
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0)
  as_root "${apt[@]}" update </dev/null ||
    die "cannot reach the package server; install by hand: ${missing[*]}"
  # --no-remove: another Boost on this machine is its owner's to give up, not ours to take.
  as_root "${apt[@]}" install -y --no-install-recommends --no-remove "${missing[@]}" </dev/null ||
    die "cannot install ${missing[*]}; libboost1.81-dev cannot stand beside another libboost-dev"
}

# build_preset PRESET [TARGET…]: configures and builds one preset of CMakePresets.json.
build_preset() {
  local preset=$1 targets=()
  shift
  [ $# -eq 0 ] || targets=(--target "$@")
  (
    cd "$rollcall_root"
    local log=build/$preset.configure.log
    mkdir -p build
    cmake --preset "$preset" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
    # Quiet while all is well: the lines that count are the compiler's.
    cmake --build --preset "$preset" -j "$rollcall_jobs" "${targets[@]}" -- --quiet
  )
}
