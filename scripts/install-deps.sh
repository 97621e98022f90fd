#!/usr/bin/env bash
#
# Installs what sockade needs from Debian 12's own packages, and nothing else.
# Quick and offline when everything is there already.
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: scripts/install-deps.sh [--engine] [--test] [--fuzz] [--differential] [--bench]

Installs the packages to build sockade on Debian 12. Needs root: as another user it starts
itself by sudo.

  --engine   also Docker's engine and client and a static busybox, for a private
             engine (scripts/lib/engine.sh); kept if Docker is installed already
  --test     also what scripts/test.sh needs (includes all the others)
  --fuzz     also clang with its runtime, for the fuzz harnesses
  --differential
             also Go and the source of Docker's engine, for scripts/differential.sh
  --bench    also what bench/run.sh compares with and needs (includes --engine)
  --help     this text

Exit status: 0 everything is installed, 1 something is missing, 2 wrong usage.
TEXT
}

# shellcheck source-path=SCRIPTDIR source=lib/root.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/root.sh"

# gcc only recommends libc6-dev, and recommendations are not installed here.
build_packages=(gcc libc6-dev cmake ninja-build pkg-config libuv1-dev libcjson-dev libyaml-dev libnghttp2-dev node-llhttp)
engine_packages=(docker.io busybox-static iproute2 util-linux)
fuzz_packages=(clang libclang-rt-dev)
differential_packages=(golang-go golang-github-docker-distribution-dev golang-github-docker-docker-dev golang-github-docker-go-connections-dev golang-github-gorilla-mux-dev
    golang-github-moby-sys-dev golang-github-opencontainers-runc-dev golang-gopkg-yaml.v3-dev libcriterion-dev
    golang-github-gogo-protobuf-dev golang-github-golang-protobuf-1-3-dev protobuf-compiler)
bench_packages=(haproxy nginx python3)
# Ansible's collection comes from scripts/fetch-tools.sh; what runs it is installed.
test_packages=(libcriterion-dev clang-format clang-tidy shellcheck python3 ansible-core python3-docker python3-requests)
# Clients that sockade is tried with; those for Node come from npm (scripts/test.sh).
client_packages=(curl docker-compose python3-docker nodejs npm golang-github-fsouza-go-dockerclient-dev)
# Today's clients and engine are in a tree of Debian 13 (scripts/lib/debian13.sh).
tree_packages=(debootstrap wget)

# is_installed PACKAGE: by dpkg; Docker and Node may also have come from their own packages.
is_installed() {
    case $1 in
    docker.io)
        command -v dockerd >/dev/null && command -v docker >/dev/null && return 0
        ;;
    nodejs | npm)
        command -v node >/dev/null && command -v npm >/dev/null && return 0
        ;;
    esac
    # One word for each architecture: installed, not-installed, config-files, …
    [[ " $(dpkg-query -W -f '${db:Status-Status} ' "$1" 2>/dev/null) " == *" installed "* ]]
}

is_debian() {
    [[ -r /etc/os-release ]] && grep -Eq '^ID(_LIKE)?=.*debian' /etc/os-release &&
        command -v apt-get >/dev/null && command -v dpkg-query >/dev/null
}

# Installing docker.io starts a dockerd in the host's network namespace, which
# rewrites the packet filter and adds a bridge; installing nginx serves port 80.
# Nobody asked for that, and in a container or on a CI machine it must not happen,
# so the start (only of these, only during this installation) is refused in
# Debian's own way.
policy_guard=/usr/sbin/policy-rc.d
remove_guard() {
    rm -f "$policy_guard"
}
place_guard() {
    [[ ! -e $policy_guard ]] || return 0
    trap remove_guard EXIT
    cat >"$policy_guard" <<'GUARD'
#!/bin/sh
# Placed by sockade's scripts/install-deps.sh while it installs; removed afterwards.
for word; do
    case $word in
    docker | docker.* | containerd | containerd.* | nginx | nginx.* | haproxy | haproxy.*) exit 101 ;;
    esac
done
exit 0
GUARD
    chmod 0755 "$policy_guard"
}

main() {
    local options=("$@") wanted=("${build_packages[@]}") engine='' fuzz='' differential='' bench='' test=''
    while (($#)); do
        case $1 in
        --engine) engine=1 ;;
        --fuzz) fuzz=1 ;;
        --differential) differential=1 ;;
        --bench) engine=1 bench=1 ;;
        --test) engine=1 fuzz=1 differential=1 test=1 ;;
        -h | --help) usage && return 0 ;;
        *)
            echo "install-deps.sh: unknown argument: $1 (see --help)" >&2
            return 2
            ;;
        esac
        shift
    done
    [[ -z $engine ]] || wanted+=("${engine_packages[@]}")
    [[ -z $fuzz ]] || wanted+=("${fuzz_packages[@]}")
    [[ -z $differential ]] || wanted+=("${differential_packages[@]}")
    [[ -z $bench ]] || wanted+=("${bench_packages[@]}")
    [[ -z $test ]] || wanted+=("${test_packages[@]}" "${client_packages[@]}" "${tree_packages[@]}")

    if ! is_debian; then
        echo "install-deps.sh: this is not a Debian system. Install the equivalents of these Debian 12 packages:" >&2
        echo "  ${wanted[*]}" >&2
        return 1
    fi

    local missing=() package
    for package in "${wanted[@]}"; do
        is_installed "$package" || missing+=("$package")
    done
    if ((${#missing[@]} == 0)); then
        echo "install-deps.sh: all ${#wanted[@]} packages are installed"
        return 0
    fi
    become_root "${options[@]}" || {
        echo "install-deps.sh: missing: ${missing[*]}" >&2
        return 1
    }

    echo "install-deps.sh: installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    local apt=(apt-get -q -o DPkg::Lock::Timeout=300)
    # An old package list may still do; if not, the installation says what is missing.
    "${apt[@]}" update || echo "install-deps.sh: apt-get update failed; trying with the lists that are here" >&2
    case " ${missing[*]} " in
    *" docker.io "* | *" nginx "* | *" haproxy "*) place_guard ;;
    esac
    "${apt[@]}" install -y --no-install-recommends "${missing[@]}"
}

main "$@"
