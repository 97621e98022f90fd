#!/usr/bin/env bash
#
# From a checkout to a running, demonstrated sockade: installs, builds, starts it
# in front of the host's Docker (or of a private one) and shows one container that
# may run and one that may not.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=lib/engine.sh
source "$root/scripts/lib/engine.sh"
# shellcheck source-path=SCRIPTDIR source=lib/root.sh
source "$root/scripts/lib/root.sh"

run_dir=/run/sockade
socket=$run_dir/docker.sock
pid_file=$run_dir/quickstart.pid
log=$run_dir/quickstart.log
audit=$run_dir/quickstart.audit
host_socket=/var/run/docker.sock
engine_dir=/var/lib/sockade-quickstart
binary=$root/build/release/sockade
image=bb:latest

usage() {
    cat <<TEXT
Usage: scripts/quickstart.sh [--stop]

Installs what is missing, builds a release, starts sockade on $socket
and shows it at work. The engine behind it is the host's, when one answers on
$host_socket, else a private one below $engine_dir. Needs root: as another user it
starts itself by sudo.

  --stop   stop sockade, and the private engine if there is one
  --help   this text

Exit status: 0 both demonstrations went as they should, 1 not, 2 wrong usage.
TEXT
}

say() {
    printf '\n==> %s\n' "$*"
}

fail() {
    echo "quickstart.sh: $*" >&2
    exit 1
}

# Prints the process of the sockade that an earlier run started, if it still runs.
sockade_pid() {
    local pid
    pid=$(cat "$pid_file" 2>/dev/null) && [[ $pid =~ ^[0-9]+$ ]] || return 1
    [[ $(readlink "/proc/$pid/exe" 2>/dev/null) == */sockade* ]] || return 1
    echo "$pid"
}

stop_sockade() {
    local pid deadline=$((SECONDS + 15))
    if pid=$(sockade_pid); then
        kill -TERM "$pid" 2>/dev/null || true
        while kill -0 "$pid" 2>/dev/null && ((SECONDS < deadline)); do
            sleep 0.1
        done
        kill -KILL "$pid" 2>/dev/null || true
    fi
    rm -f "$pid_file"
}

install_and_build() {
    say 'Installing what is missing'
    "$root/scripts/install-deps.sh"
    if ! engine_answers "$host_socket" || ! command -v busybox >/dev/null; then
        "$root/scripts/install-deps.sh" --engine
    fi
    say 'Building'
    cd "$root"
    cmake --preset release
    cmake --build --preset release
}

# Prints the socket of the engine to filter. Docker that was installed a moment ago
# has not been started: that would change the host's network, which is for the
# user to do, so the demonstration gets an engine in a namespace of its own.
find_engine() {
    if engine_answers "$host_socket"; then
        echo "$host_socket"
        return 0
    fi
    engine_start "$engine_dir" && echo "$engine_dir/docker.sock"
}

start_sockade() {
    local upstream=$1 deadline pid
    stop_sockade
    if engine_answers "$socket"; then
        fail "something else serves $socket already; stop it first"
    fi
    mkdir -p "$run_dir"
    (
        umask 027
        setsid nohup "$binary" serve --listen "unix:$socket" --upstream "unix:$upstream" \
            --audit "$audit" --audit-format text >"$log" 2>&1 </dev/null &
        echo $! >"$pid_file"
    )
    deadline=$((SECONDS + 15))
    until engine_answers "$socket"; do
        if ! pid=$(sockade_pid) || ((SECONDS >= deadline)); then
            cat "$log" >&2
            fail "sockade ${pid:+(process $pid) }does not answer on $socket"
        fi
        sleep 0.1
    done
    # The socket is for root and its group; who called sudo is to use it as well.
    if [[ ${SUDO_GID:-0} != 0 ]]; then
        chgrp "$SUDO_GID" "$socket"
    fi
}

# show ARGUMENT…: docker ARGUMENT… through sockade, as it would be typed.
show() {
    printf '$ docker %s\n' "$*"
    engine_cli "$socket" "$@" 2>&1
}

demonstrate() {
    local answer
    say 'Allowed: an ordinary container'
    show run --rm --user 1000:1000 --network none "$image" id || fail 'the allowed container did not run'

    say 'Refused: a privileged container with the host mounted'
    if answer=$(show run --rm --privileged -v /:/host "$image" id); then
        printf '%s\n' "$answer"
        fail 'the privileged container was not refused'
    fi
    printf '%s\n' "$answer"
    [[ $answer == *privileged:* && $answer == *host_path_mount:* ]] ||
        fail 'it was refused, but not for the reasons it should be'

    say "What the operator sees ($audit)"
    grep -F ' containers.create ' "$audit" | tail -n 2
}

main() {
    local upstream
    case ${1-} in
    '') ;;
    --stop)
        become_root --stop
        stop_sockade
        engine_stop "$engine_dir"
        echo 'quickstart.sh: stopped'
        return 0
        ;;
    -h | --help) usage && return 0 ;;
    *)
        echo "quickstart.sh: unknown argument: $1 (see --help)" >&2
        return 2
        ;;
    esac
    become_root

    install_and_build
    say 'Starting'
    upstream=$(find_engine)
    if ! engine_cli "$upstream" image inspect "$image" >/dev/null 2>&1; then
        engine_make_image "$upstream" "$image"
    fi
    start_sockade "$upstream"
    echo "sockade filters unix:$upstream on unix:$socket (policy: restricted)"
    demonstrate

    say 'It goes on running'
    cat <<TEXT
use:      export DOCKER_HOST=unix://$socket
          docker run --rm --user 1000:1000 $image id
records:  ${SUDO_UID:+sudo }tail -f $audit
log:      $log
stop:     $root/scripts/quickstart.sh --stop
TEXT
}

main "$@"
