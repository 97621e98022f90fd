#!/usr/bin/env bash
#
# sockade in front of other engines than this system's: Debian 13's dockerd and Podman's
# Docker-compatible service, in a tree of Debian 13. The matrix of the docker CLI
# (tests/e2e/test_cli.py: each command straight and through) and the open corpus on each.
# Today's clients on that dockerd are the stage "modern" of scripts/test.sh.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=lib/engine.sh
source "$root/scripts/lib/engine.sh"
# shellcheck source-path=SCRIPTDIR source=lib/debian13.sh
source "$root/scripts/lib/debian13.sh"

tree=$root/build/debian13
corpus=${SOCKADE_CORPUS:-$root/../shared/corpus}
program=$root/build/release/sockade
out=$root/build/compat
engines=(dockerd podman)

usage() {
    cat <<TEXT
Usage: scripts/compat.sh [--tree DIR] [--matrix TESTS] [dockerd|podman]…

Makes the tree if it is not there, from the mirror that apt is set up with, and tries
sockade in front of each engine in it.

  --tree DIR     where the tree is or will be (build/debian13)
  --matrix TESTS what to run of tests/e2e (test_cli)
  --help         this text

Environment: SOCKADE_CORPUS folder with replay.py and open.jsonl (../shared/corpus)
Results are below build/compat, a table at the end. Needs root.
Exit status: 0 all as expected (docs/engines.md), 1 something differs, 2 wrong usage.
TEXT
}

# A tree that somebody else made is kept as it is.
make_tree() {
    if [[ -x $tree/usr/sbin/dockerd && -x $tree/usr/bin/podman ]]; then
        return
    fi
    command -v debootstrap >/dev/null || apt-get install --yes --quiet debootstrap
    debian13_make "$tree"
}

in_tree() {
    debian13_start "$tree" "$folder" "$@" >"$out/$engine.log" 2>&1 </dev/null
}

start_dockerd() {
    in_tree dockerd --host unix:///engine/dockerd.sock --group root --data-root /engine/dockerd \
        --exec-root /engine/exec --pidfile /engine/dockerd.pid --storage-driver=overlay2
}

start_podman() {
    in_tree podman --root /engine/podman --runroot /run/podman --runtime runc --cgroup-manager=cgroupfs \
        --events-backend=file system service --time=0 unix:///engine/podman.sock
}

wait_for_engine() {
    for _ in {1..300}; do
        engine_answers "$1" && return 0
        kill -0 "$debian13_pid" 2>/dev/null || break
        sleep 0.2
    done
    echo "compat.sh: $engine does not answer; the end of $out/$engine.log:" >&2
    tail -n 20 "$out/$engine.log" >&2
    return 1
}

# What unittest says at its end: "OK" or "FAILED (failures=2)", and which tests.
try_matrix() {
    SOCKADE_BIN=$program SOCKADE_E2E_ENGINE=$1 PYTHONDONTWRITEBYTECODE=1 \
        python3 -m unittest discover --start-directory "$root/tests/e2e" --pattern "$matrix.py" \
        >"$out/$engine-matrix.log" 2>&1 || true
    note "$(sed -n 's/^Ran \([0-9]*\) tests.*/\1 tests/p' "$out/$engine-matrix.log")" \
        "$(tail -n 1 "$out/$engine-matrix.log")"
    sed -n 's/^\(FAIL\|ERROR\): \([a-z_0-9]*\).*/          \1 \2/p' "$out/$engine-matrix.log" | sort -u >>"$out/table"
}

try_corpus() {
    local profile pid
    for profile in strict limits extended; do
        "$program" serve --config "$root/tests/corpus/$profile.yaml" --listen "unix:$folder/proxy.sock" \
            --upstream "unix:$folder/upstream.sock" --audit /dev/null --log-level error &
        pid=$!
        for _ in {1..100}; do
            [[ -S $folder/proxy.sock ]] && break
            sleep 0.1
        done
        PYTHONDONTWRITEBYTECODE=1 python3 "$corpus/replay.py" "$folder/proxy.sock" "$corpus/open.jsonl" "$profile" \
            --record "$folder/upstream.sock" --daemon "$1" --quiet >"$out/$engine-corpus-$profile.log" 2>&1 || true
        note "corpus $profile" "$(sed -n 's/^score //p' "$out/$engine-corpus-$profile.log")"
        kill -TERM "$pid"
        wait "$pid" || note "sockade" "did not end well"
    done
}

# note WHAT RESULT: a row of the table.
note() {
    printf '%-8s  %-16s %s\n' "$engine" "$1" "$2" | tee -a "$out/table"
}

try_engine() {
    local socket=$folder/$engine.sock
    "start_$engine"
    wait_for_engine "$socket"
    note version "$(engine_cli "$socket" version --format '{{.Server.Version}}, API {{.Server.APIVersion}}')"
    engine_make_image "$socket" bb:latest
    try_matrix "$socket"
    if [[ -r $corpus/replay.py ]]; then
        try_corpus "$socket"
    fi
    debian13_stop
}

main() {
    local wanted=()
    matrix=test_cli
    while (($#)); do
        case $1 in
        --tree) tree=${2-} && shift ;;
        --matrix) matrix=${2-} && shift ;;
        -h | --help) usage && return 0 ;;
        dockerd | podman) wanted+=("$1") ;;
        *)
            echo "compat.sh: unknown argument: $1 (see --help)" >&2
            return 2
            ;;
        esac
        shift
    done
    if [[ $(id -u) != 0 ]]; then
        echo "compat.sh: needs root" >&2
        return 1
    fi
    mkdir -p "$out"
    : >"$out/table"
    make_tree
    [[ -x $program ]] || { cmake --preset release && cmake --build --preset release; }
    # Not below build/: the engine's socket paths would get too long.
    folder=$(mktemp -d /var/tmp/sockade-compat.XXXXXX)
    trap 'debian13_stop; rm -rf "$folder"' EXIT
    for engine in "${wanted[@]:-${engines[@]}}"; do
        try_engine
    done
    echo
    cat "$out/table"
    ! grep -qE 'FAIL|ERROR|did not end well' "$out/table"
}

cd "$root"
main "$@"
