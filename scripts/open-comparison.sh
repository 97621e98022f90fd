#!/usr/bin/env bash
#
# Open means open: what the Engine API's descriptions know, generated (tests/generated), straight to a real engine and through
# sockade with the base `open`. The stage `generated` of scripts/test.sh takes a sample; this takes everything, which lasts hours.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=lib/engine.sh
source "$root/scripts/lib/engine.sh"
cd "$root"

usage() {
    cat <<TEXT
Usage: scripts/open-comparison.sh [OPTION…]

Builds sockade, starts a private engine (needs root), and compares. Options are those of tests/generated/compare.py:

  --seconds N       stop after that long (0, when all is compared)
  --every-version   everything in every version of the API, not only in the engine's
  --only PATTERN    of what is compared: 'POST /networks/create: 1.41'
  --seed N          another order

Environment: SOCKADE_API  a folder with the API's descriptions (v1.25.yaml and so on): tests/generated/api.json is made anew
             SOCKADE_BIN  the program (build/release/sockade, built if not given)
Exit status: 0 no difference that docs/engines.md does not list, 1 differences, 2 wrong usage.
TEXT
}

main() {
    case ${1-} in
    -h | --help) usage && return 0 ;;
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
    # Not below build/: the engine's socket paths would get too long.
    engine_dir=$(mktemp -d /var/tmp/sockade-open.XXXXXX)
    trap 'engine_stop "$engine_dir"; rm -rf "$engine_dir"' EXIT
    engine_start "$engine_dir"
    engine_make_image "$engine_dir/docker.sock" bb:latest
    tests/generated/compare.py --engine "$engine_dir/docker.sock" --image bb:latest "$@"
}

main "$@"
