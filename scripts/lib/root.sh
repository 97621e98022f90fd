# shellcheck shell=bash
#
# Scripts that need root and are called by whoever has it or may use sudo. To be sourced.
#
#   become_root ARGUMENT…   go on as root: as it is, or by sudo, which starts the script anew with ARGUMENT…
#                           1 if there is no sudo, or it refuses
#
# sudo drops most of the environment. The variables that $root_keeps lists go along.
root_keeps=()
root_script=$(realpath "$0") # before anybody changes the directory

become_root() {
    local name kept=()
    [[ $(id -u) != 0 ]] || return 0
    if ! command -v sudo >/dev/null; then
        echo "${0##*/}: needs root, and sudo is not installed: run it as root" >&2
        return 1
    fi
    for name in "${root_keeps[@]}"; do
        [[ ! -v $name ]] || kept+=("$name=${!name}")
    done
    exec sudo -- env "${kept[@]}" "$root_script" "$@"
}
