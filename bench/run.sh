#!/usr/bin/env bash
#
# Everything that docs/performance.md tells, measured anew: installs what it needs, builds the
# release, compares, and writes the tables and the plots into docs/.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usage() {
    cat <<'TEXT'
Usage: sudo bench/run.sh [OPTION of bench/compare.py]...

Installs HAProxy, nginx and what the build needs (Debian 12, as root), builds into build/bench,
runs bench/compare.py with the options given (--help there), and writes docs/bench.svg,
docs/growth.svg and the tables of docs/performance.md. With --quick or --case it writes nothing there.

The machine should have nothing else to do for the 20 minutes or so that it takes.
TEXT
}

publish=(--publish "$root/docs")
for option; do
    case $option in
    -h | --help)
        usage
        exit 0
        ;;
    --quick | --case* | --proxy* | --publish*) publish=() ;;
    esac
done

"$root/scripts/install-deps.sh" --bench
cd "$root"
cmake --preset release -B build/bench -DSOCKADE_BENCH=ON >/dev/null
cmake --build build/bench
bench/compare.py --sockade build/bench/sockade "${publish[@]}" "$@"
