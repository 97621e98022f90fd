#!/usr/bin/env bash
#
# Open means open: what the Engine API's descriptions know, generated (tests/generated), straight to a real engine and through
# sockade with the base `open`. The stage `generated` of scripts/test.sh takes a sample; this takes everything.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=lib/engine.sh
source "$root/scripts/lib/engine.sh"
# shellcheck source-path=SCRIPTDIR source=lib/debian13.sh
source "$root/scripts/lib/debian13.sh"
cd "$root"

usage() {
    cat <<TEXT
Usage: scripts/open-comparison.sh [--debian13] [OPTION…]

Builds sockade, starts a private engine (needs root), and compares. With --debian13, which comes first, the engine is Debian 13's,
in a tree of it. The other options are those of tests/generated/compare.py:

  --seconds N       stop after that long (0, when all is compared)
  --every-version   everything in every version of the API, not only in the engine's
  --only PATTERN    of what is compared: 'POST /networks/create: 1.41'
  --seed N          another order

Environment: SOCKADE_API  a folder with the API's descriptions (v1.25.yaml and so on): tests/generated/api.json is made anew
             SOCKADE_BIN  the program (build/release/sockade, built if not given)
             SOCKADE_DEBIAN13  the tree for --debian13 (build/debian13, made if missing)
Exit status: 0 all was compared, and no difference that docs/engines.md does not list, 1 differences, or not all was compared,
2 wrong usage.
TEXT
}

# The engine of this system, or Debian 13's, on $engine_dir/docker.sock.
start_engine() {
    local tree=${SOCKADE_DEBIAN13:-$root/build/debian13}
    # Not below build/: the engine's socket paths would get too long.
    engine_dir=$(mktemp -d /var/tmp/sockade-open.XXXXXX)
    if [[ -n $debian13 ]]; then
        trap 'debian13_stop; rm -rf "$engine_dir"' EXIT
        debian13_make "$tree"
        debian13_engine "$tree" "$engine_dir"
    else
        trap 'engine_stop "$engine_dir"; rm -rf "$engine_dir"' EXIT
        engine_start "$engine_dir"
    fi
    engine_make_image "$engine_dir/docker.sock" bb:latest
}

main() {
    local debian13=
    case ${1-} in
    -h | --help) usage && return 0 ;;
    --debian13) debian13=1 && shift ;;
    esac
    if [[ -n ${SOCKADE_API-} ]]; then
        tests/generated/derive.py >tests/generated/api.json.new
        mv tests/generated/api.json.new tests/generated/api.json
    fi
    if [[ -z ${SOCKADE_BIN-} ]]; then
        cmake --preset release >/dev/null
        cmake --build --preset release >/dev/null
        export SOCKADE_BIN=build/release/sockade
    fi
    start_engine
    tests/generated/compare.py --engine "$engine_dir/docker.sock" --image bb:latest "$@"
}

main "$@"
