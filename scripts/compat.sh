#!/usr/bin/env bash
#
# sockade in front of other engines than this system's: Debian 13's dockerd and Podman's
# Docker-compatible service, in a tree that debootstrap makes. The matrix of the docker CLI
# (tests/e2e/test_cli.py: each command straight and through) and the open corpus on each.
# Not part of scripts/test.sh: the tree is 600 MB from Debian's archive.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=lib/engine.sh
source "$root/scripts/lib/engine.sh"

tree=$root/build/compat/debian13
mirror=http://deb.debian.org/debian
corpus=${SOCKADE_CORPUS:-$root/../shared/corpus}
program=$root/build/release/sockade
out=$root/build/compat
engines=(dockerd podman)

usage() {
    cat <<TEXT
Usage: scripts/compat.sh [--tree DIR] [--mirror URL] [--matrix TESTS] [dockerd|podman]…

Makes the tree if it is not there, and tries sockade in front of each engine in it.

  --tree DIR     where the tree is or will be (build/compat/debian13)
  --mirror URL   of Debian's packages ($mirror)
  --matrix TESTS what to run of tests/e2e (test_cli)
  --help         this text

Environment: SOCKADE_CORPUS folder with replay.py and open.jsonl (../shared/corpus)
Results are below build/compat, a table at the end. Needs root.
Exit status: 0 all as expected (docs/engines.md), 1 something differs, 2 wrong usage.
TEXT
}

make_tree() {
    if [[ -x $tree/usr/sbin/dockerd && -x $tree/usr/bin/podman ]]; then
        return
    fi
    command -v debootstrap >/dev/null || apt-get install --yes --quiet debootstrap
    # procps: `docker top` runs ps. runc beside crun: crun refuses cgroups of both versions at once.
    debootstrap --variant=minbase \
        --include=docker.io,runc,podman,crun,conmon,netavark,aardvark-dns,catatonit,nftables,iproute2,iptables,procps,ca-certificates \
        trixie "$tree" "$mirror"
}

# in_tree COMMAND…: in namespaces of its own, with the tree as its root.
in_tree() {
    # shellcheck disable=SC2016 # the inner shell's variables
    setsid unshare --net --mount sh -c '
        tree=$1
        shift
        ip link set lo up
        mount --bind "$tree" "$tree"
        mount -t proc proc "$tree/proc"
        mount --rbind /sys "$tree/sys"
        mount --rbind /dev "$tree/dev"
        mount -t tmpfs tmpfs "$tree/run"
        mount -t tmpfs tmpfs "$tree/tmp"
        # Not chroot: who joins the namespace of a container later (docker exec) would find
        # himself in the root of the namespace, which were that of this system.
        mkdir -p "$tree/old"
        cd "$tree"
        pivot_root . old
        umount -l /old
        exec "$@"' in_tree "$tree" "$@" >"$out/$engine.log" 2>&1 </dev/null &
    engine_process=$!
}

start_dockerd() {
    in_tree dockerd --host unix:///engine/dockerd.sock --group root --data-root /engine/dockerd \
        --exec-root /engine/exec --pidfile /engine/dockerd.pid --storage-driver=overlay2
}

start_podman() {
    in_tree podman --root /engine/podman --runroot /run/podman --runtime runc --cgroup-manager=cgroupfs \
        --events-backend=file system service --time=0 unix:///engine/podman.sock
}

stop_engine() {
    [[ -n ${engine_process-} ]] || return 0
    kill -TERM -- "-$engine_process" 2>/dev/null || true
    wait "$engine_process" 2>/dev/null || true
    engine_process=
    rm -f "$tree/engine/$engine.pid" "$tree/engine/$engine.sock"
}

wait_for_engine() {
    for _ in {1..300}; do
        engine_answers "$1" && return 0
        kill -0 "$engine_process" 2>/dev/null || break
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
    local profile pid folder
    folder=$(mktemp -d /var/tmp/sockade-compat.XXXXXX)
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
    rm -rf "$folder"
}

# note WHAT RESULT: a row of the table.
note() {
    printf '%-8s  %-16s %s\n' "$engine" "$1" "$2" | tee -a "$out/table"
}

try_engine() {
    local socket=$tree/engine/$engine.sock
    mkdir -p "$tree/engine"
    rm -f "$tree/engine/$engine.pid" "$socket"
    "start_$engine"
    wait_for_engine "$socket"
    note version "$(engine_cli "$socket" version --format '{{.Server.Version}}, API {{.Server.APIVersion}}')"
    engine_make_image "$socket" bb:latest
    try_matrix "$socket"
    if [[ -r $corpus/replay.py ]]; then
        try_corpus "$socket"
    fi
    stop_engine
}

main() {
    local wanted=()
    matrix=test_cli
    while (($#)); do
        case $1 in
        --tree) tree=${2-} && shift ;;
        --mirror) mirror=${2-} && shift ;;
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
    trap stop_engine EXIT
    for engine in "${wanted[@]:-${engines[@]}}"; do
        try_engine
    done
    echo
    cat "$out/table"
    ! grep -qE 'FAIL|ERROR|did not end well' "$out/table"
}

cd "$root"
main "$@"
