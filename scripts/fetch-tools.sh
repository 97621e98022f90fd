#!/usr/bin/env bash
#
# Tools that the presets are tried with, from Debian's packages: unpacked, not
# installed, because these packages start services, make users and register with
# servers when they are installed.
set -euo pipefail

usage() {
    cat <<TEXT
Usage: scripts/fetch-tools.sh FOLDER

Unpacks crowdsec, zabbix-agent2 and Ansible's collection for Docker into FOLDER,
unless they are there. Needs Debian, and a package list (apt-get update).
Exit status: 0 everything is there, 1 something is missing, 2 wrong usage.
TEXT
}

# unpack PACKAGE PATH…: these paths of the package, as far as FOLDER hasn't the first of them.
unpack() {
    local package=$1 files
    shift
    [[ ! -e $folder/$1 ]] || return 0
    (cd "$work" && apt-get -q download "$package")
    files=("$work/$package"_*.deb)
    # At once and whole, so that a run that was ended leaves nothing that looks complete.
    mkdir -p "$work/$package"
    dpkg-deb --fsys-tarfile "${files[0]}" | tar -x -C "$work/$package" "${@/#/./}"
    cp -a "$work/$package/." "$folder"
}

if [[ $# != 1 || $1 == -* ]]; then
    usage >&2
    exit 2
fi
for tool in apt-get dpkg-deb tar; do
    if ! command -v "$tool" >/dev/null; then
        echo "fetch-tools.sh: $tool is not installed" >&2
        exit 1
    fi
done
mkdir -p "$1"
folder=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unpack zabbix-agent2 usr/sbin/zabbix_agent2
unpack ansible usr/lib/python3/dist-packages/ansible_collections/community/docker
unpack crowdsec usr/bin/crowdsec usr/bin/cscli
