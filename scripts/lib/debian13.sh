# shellcheck shell=bash
#
# A tree of Debian 13, to be sourced: today's engines and clients, which Debian 12 does not
# have. Programs are started in it in namespaces of their own, so this system's packet
# filter, mounts and processes stay as they are. Needs root, debootstrap and unshare, and
# scripts/lib/engine.sh.
#
#   debian13_mirror                 print the mirror that apt is set up with here
#   debian13_make TREE              make the tree, or keep it if it has all packages of below;
#                                   status 77 if the archive cannot be reached
#   debian13_start TREE FOLDER COMMAND…  start COMMAND in the tree: $debian13_pid
#   debian13_engine TREE FOLDER     start dockerd in the tree, on FOLDER/docker.sock
#   debian13_run COMMAND…           COMMAND beside what was started
#   debian13_stop                   end it, and all that it started
#
# In the tree, /sockade is this repository (read only) and /engine is FOLDER.

# What the engines are and need. procps: `docker top` runs ps. runc beside crun: crun refuses cgroups of
# both versions at once.
debian13_engines=(docker.io runc podman crun conmon netavark aardvark-dns catatonit nftables iproute2 iptables procps ca-certificates)
# Clients, what an image is made of, a registry to push to, and the libraries of Debian 12's build of sockade.
debian13_clients=(docker-cli docker-buildx docker-compose skopeo python3-docker curl nodejs ruby-docker-api ruby-multi-json prometheus
    ansible-core docker-registry busybox-static libuv1t64 libcjson1 libyaml-0-2 libasan8 libubsan1)
debian13_repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
debian13_pid=

debian13_mirror() {
    # shellcheck disable=SC2016 # apt's variable
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1
}

debian13_make() {
    local tree=$1 mirror packages="${debian13_engines[*]} ${debian13_clients[*]}"
    # Written when all was done.
    if [[ -r $tree/sockade.packages && $(cat "$tree/sockade.packages") == "$packages" ]]; then
        return 0
    fi
    if [[ -e $tree && ! -e $tree/sockade.packages ]]; then
        echo "$tree was not made by this script, and is not replaced"
        return 1
    fi
    mirror=$(debian13_mirror)
    if [[ -z $mirror ]] || ! wget --quiet --timeout=30 --tries=2 --output-document=/dev/null "${mirror%/}/dists/trixie/InRelease"; then
        echo "Debian's archive cannot be reached (${mirror:-apt has no list of packages: apt-get update})"
        return 77
    fi
    rm -rf "$tree" "$tree.part"
    mkdir -p "$(dirname "$tree")"
    debootstrap --variant=minbase --include=ca-certificates trixie "$tree.part" "$mirror"
    debian13_install "$tree.part" "${debian13_engines[@]}" "${debian13_clients[@]}"
    echo "$packages" >"$tree.part/sockade.packages"
    mv "$tree.part" "$tree"
}

# debian13_install TREE PACKAGE…
debian13_install() {
    local tree=$1
    shift
    # Nothing is started by being installed, and nothing needs to survive a loss of power.
    printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d"
    chmod 0755 "$tree/usr/sbin/policy-rc.d"
    echo force-unsafe-io >"$tree/etc/dpkg/dpkg.cfg.d/unsafe-io"
    # shellcheck disable=SC2016 # the inner shell's variables
    DEBIAN_FRONTEND=noninteractive chroot "$tree" sh -euc '
        apt-get -q update
        apt-get -q install -y --no-install-recommends "$@"
        # One collection of all that Ansible has.
        cd /tmp
        apt-get -q download ansible
        dpkg-deb --fsys-tarfile ansible_*.deb |
            tar -x -C / ./usr/lib/python3/dist-packages/ansible_collections/community/docker \
                ./usr/lib/python3/dist-packages/ansible_collections/community/library_inventory_filtering_v1
        rm ansible_*.deb
        apt-get clean' install "$@"
}

debian13_start() {
    local tree=$1 folder=$2
    shift 2
    mkdir -p "$tree/engine" "$tree/sockade" "$folder"
    # shellcheck disable=SC2016 # the inner shell's variables
    setsid unshare --net --mount --pid --fork --kill-child sh -euc '
        tree=$1 folder=$2 repository=$3
        shift 3
        ip link set lo up
        mount --bind "$tree" "$tree"
        mount -t proc proc "$tree/proc"
        mount --rbind /sys "$tree/sys"
        mount --rbind /dev "$tree/dev"
        mount -t tmpfs tmpfs "$tree/run"
        mount -t tmpfs tmpfs "$tree/tmp"
        mount --bind "$folder" "$tree/engine"
        mount --bind "$repository" "$tree/sockade"
        mount -o remount,bind,ro "$tree/sockade"
        # Not chroot: who joins the namespace of a container later (docker exec) would find
        # himself in the root of the namespace, which were that of this system.
        mkdir -p "$tree/old"
        cd "$tree"
        pivot_root . old
        umount -l /old
        if [ -z "$(ls -A /sys/fs/cgroup)" ]; then
            mount -t cgroup2 cgroup2 /sys/fs/cgroup
        fi
        exec "$@"' in_tree "$tree" "$folder" "$debian13_repository" "$@" &
    debian13_pid=$!
}

debian13_engine() {
    # shellcheck disable=SC2016 # the inner shell's variables
    debian13_start "$1" "$2" bash -c '
        source /sockade/scripts/lib/engine.sh
        trap "engine_stop /engine; exit" TERM
        engine_start /engine
        sleep infinity &
        wait' engine
    for _ in {1..300}; do
        engine_answers "$2/docker.sock" && return 0
        kill -0 "$debian13_pid" 2>/dev/null || break
        sleep 0.2
    done
    echo "the engine of the tree does not answer"
    debian13_stop
    return 1
}

# The first process of the namespaces.
debian13_first() {
    cat "/proc/$debian13_pid/task/$debian13_pid/children"
}

debian13_run() {
    local first
    first=$(debian13_first)
    # shellcheck disable=SC2016 # the inner shell's variable
    nsenter --target "${first% }" --mount --pid --net --root -- sh -c 'cd /sockade && exec "$@"' in_tree "$@"
}

# The first process of the namespace ends by itself when asked, or is ended; the others go with it.
debian13_stop() {
    local first
    [[ -n $debian13_pid ]] || return 0
    first=$(debian13_first 2>/dev/null || true)
    # shellcheck disable=SC2086 # at most one process
    [[ -z $first ]] || kill -TERM $first 2>/dev/null || true
    for _ in {1..100}; do
        kill -0 "$debian13_pid" 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL "$debian13_pid" 2>/dev/null || true
    wait "$debian13_pid" 2>/dev/null || true
    debian13_pid=
}
