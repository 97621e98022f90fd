# shellcheck shell=bash
#
# A private Docker engine, to be sourced: it lives below one folder, in a network
# and a mount namespace of its own, so the host's packet filter, bridges and mounts
# stay as they are. Needs root, dockerd, ip, unshare and a static busybox
# (scripts/install-deps.sh --engine).
#
#   engine_start DIR               start it (or keep it, if it answers) on DIR/docker.sock
#   engine_stop DIR                stop it with all its containers; DIR and its data stay
#   engine_make_image SOCKET NAME  import busybox as an image, users root and app (1000)
#   engine_answers SOCKET          whether an engine answers there

# How long a start or a stop may take.
: "${ENGINE_TIMEOUT_SECONDS:=60}"

engine_cli() {
    local socket=$1
    shift
    # The caller's context and TLS settings are about another engine.
    env -u DOCKER_CONTEXT -u DOCKER_TLS_VERIFY -u DOCKER_TLS -u DOCKER_API_VERSION \
        docker --host "unix://$socket" "$@"
}

engine_answers() {
    [[ -S $1 ]] && engine_cli "$1" version --format '{{.Server.Version}}' >/dev/null 2>&1
}

# engine_pid DIR: prints the process of our dockerd. A pid file that outlived its
# process may name anybody, so the command line has to name our folder too.
engine_pid() {
    local pid
    pid=$(cat "$1/docker.pid" 2>/dev/null) && [[ $pid =~ ^[0-9]+$ ]] || return 1
    grep -qzxF -- "unix://$1/docker.sock" "/proc/$pid/cmdline" 2>/dev/null || return 1
    echo "$pid"
}

# engine_try DIR OPTION…: one attempt. 0 it answers, 1 it gave up, 2 it hangs.
engine_try() {
    local dir=$1 launcher deadline
    shift
    rm -f "$dir/docker.pid"
    # The folder is an argument, not part of the script: it may hold any character.
    # A machine without an init that mounts cgroups gets them in our namespace only.
    # shellcheck disable=SC2016
    setsid nohup unshare --net --mount sh -c '
        ip link set lo up
        if [ -z "$(ls -A /sys/fs/cgroup)" ]; then
            mount -t cgroup2 cgroup2 /sys/fs/cgroup
        fi
        dir=$1
        shift
        exec dockerd --config-file "$dir/daemon.json" --host "unix://$dir/docker.sock" \
            --group root --data-root "$dir/data" --exec-root "$dir/exec" \
            --pidfile "$dir/docker.pid" "$@"
    ' engine "$dir" "$@" >>"$dir/log" 2>&1 </dev/null &
    launcher=$!
    deadline=$((SECONDS + ENGINE_TIMEOUT_SECONDS))
    while ((SECONDS < deadline)); do
        if engine_answers "$dir/docker.sock"; then
            return 0
        fi
        kill -0 "$launcher" 2>/dev/null || return 1
        sleep 0.2
    done
    kill "$launcher" 2>/dev/null || true
    return 2
}

engine_start() {
    local dir=$1 options status
    if engine_answers "$dir/docker.sock"; then
        return 0
    fi
    if [[ $(id -u) != 0 ]]; then
        echo "engine: a private engine needs root" >&2
        return 1
    fi
    local tool
    for tool in dockerd docker ip unshare; do
        if ! command -v "$tool" >/dev/null; then
            echo "engine: $tool is not installed (scripts/install-deps.sh --engine)" >&2
            return 1
        fi
    done
    # What a killed engine left behind would keep the new one from starting.
    engine_stop "$dir"
    mkdir -p "$dir/data" "$dir/exec"
    chmod 0711 "$dir"
    # Without it dockerd reads the host's /etc/docker/daemon.json, which may name other sockets.
    echo '{}' >"$dir/daemon.json"
    : >"$dir/log"
    # From what is usual to what works in a container: overlay on overlay is
    # refused by the kernel, and the packet filter may be out of reach.
    for options in '--storage-driver=overlay2' '--storage-driver=vfs' \
        '--storage-driver=vfs --iptables=false --bridge=none'; do
        echo "--- dockerd $options" >>"$dir/log"
        status=0
        # shellcheck disable=SC2086 # several options
        engine_try "$dir" $options || status=$?
        case $status in
        0) return 0 ;;
        1) continue ;;
        *) break ;;
        esac
    done
    echo "engine: dockerd does not answer; the end of $dir/log:" >&2
    tail -n 40 "$dir/log" >&2
    engine_stop "$dir"
    return 1
}

# engine_processes DIR: prints the processes that were started with our exec root:
# the containerd child and the shims of containers.
engine_processes() {
    local proc
    for proc in /proc/[0-9]*; do
        if grep -qzF -- "$1/exec/" "$proc/cmdline" 2>/dev/null; then
            echo "${proc#/proc/}"
        fi
    done
}

engine_stop() {
    local dir=$1 pid containers deadline
    if pid=$(engine_pid "$dir"); then
        # Containers are killed first: dockerd would give each one ten seconds.
        containers=$(engine_cli "$dir/docker.sock" ps --quiet 2>/dev/null) || containers=''
        if [[ -n $containers ]]; then
            # shellcheck disable=SC2086 # one id a line
            engine_cli "$dir/docker.sock" kill $containers >/dev/null 2>&1 || true
        fi
        kill -TERM "$pid" 2>/dev/null || true
        deadline=$((SECONDS + ENGINE_TIMEOUT_SECONDS))
        while kill -0 "$pid" 2>/dev/null && ((SECONDS < deadline)); do
            sleep 0.1
        done
        kill -KILL "$pid" 2>/dev/null || true
    fi
    # Mounts and the network are gone with the last process of the namespaces.
    for pid in $(engine_processes "$dir"); do
        kill -KILL "$pid" 2>/dev/null || true
    done
    rm -f "$dir/docker.pid" "$dir/docker.sock"
    rm -rf "$dir/exec"
    return 0
}

engine_make_image() {
    local socket=$1 name=$2 root busybox applet status=0
    if ! busybox=$(command -v busybox) || ! "$busybox" --list >/dev/null 2>&1; then
        echo "engine: busybox is not installed (scripts/install-deps.sh --engine)" >&2
        return 1
    fi
    if ldd "$busybox" >/dev/null 2>&1; then
        echo "engine: $busybox needs shared libraries; install busybox-static" >&2
        return 1
    fi
    root=$(mktemp -d) || return 1
    mkdir -p "$root/bin" "$root/etc" "$root/home/app" "$root/proc" "$root/sys" "$root/dev"
    mkdir -m 1777 "$root/tmp"
    cp "$busybox" "$root/bin/busybox"
    for applet in $("$busybox" --list); do
        [[ $applet == busybox ]] || ln -s busybox "$root/bin/$applet"
    done
    printf 'root:x:0:0:root:/:/bin/sh\napp:x:1000:1000:app:/home/app:/bin/sh\n' >"$root/etc/passwd"
    printf 'root:x:0:\napp:x:1000:\n' >"$root/etc/group"
    chmod 0755 "$root"
    tar -C "$root" --owner=0 --group=0 --numeric-owner -c . |
        engine_cli "$socket" import --change 'CMD ["sh"]' - "$name" >/dev/null || status=$?
    rm -rf "$root"
    return "$status"
}
