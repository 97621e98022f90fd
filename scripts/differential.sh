#!/usr/bin/env bash
#
# Proves that sockade and the engine read requests alike: sockade decides hostile requests,
# and the engine's own Go code (Debian's package of its source) reads what was sent and
# what sockade would forward. tests/differential/referee/main.go says what is compared.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

source_path=${DIFFERENTIAL_SOURCE:-/usr/share/gocode}
seconds=${DIFFERENTIAL_SECONDS:-300}
seed=${DIFFERENTIAL_SEED:-1}
corpus=${SOCKADE_CORPUS:-$root/../shared/corpus}
api=${SOCKADE_API:-$root/../shared/api}
folder=$root/build/differential

usage() {
    cat <<TEXT
Usage: scripts/differential.sh [--seconds N] [--seed N]

Builds both halves below build/differential and compares for N seconds (300), on every
core. Disagreements are shown with the smallest request that still shows them. Installs
nothing: scripts/install-deps.sh --differential does.

Environment: DIFFERENTIAL_SECONDS, DIFFERENTIAL_SEED   the options' defaults
             DIFFERENTIAL_SOURCE   a GOPATH with the engine's source (/usr/share/gocode)
             SOCKADE_CORPUS        folder with open.jsonl, whose bodies are seeds too (../shared/corpus)
             SOCKADE_API           folder with API descriptions v*.yaml (../shared/api)
Exit status: 0 all agree, 1 they don't, 2 wrong usage or something does not run, 77 something is missing.
TEXT
}

# number OPTION VALUE
number() {
    if [[ ! ${2-} =~ ^[0-9]{1,9}$ ]]; then
        echo "differential.sh: $1 takes a number" >&2
        exit 2
    fi
    echo "$2"
}

check_dependencies() {
    local missing=() name
    for name in cmake ninja go; do
        command -v "$name" >/dev/null || missing+=("$name")
    done
    for name in docker/docker docker/go-connections gorilla/mux moby/sys opencontainers/runc; do
        [[ -d $source_path/src/github.com/$name ]] || missing+=("github.com/$name")
    done
    [[ -d $source_path/src/gopkg.in/yaml.v3 ]] || missing+=(gopkg.in/yaml.v3)
    if ((${#missing[@]})); then
        echo "differential.sh: missing: ${missing[*]}; scripts/install-deps.sh --differential installs them"
        exit 77
    fi
}

build_halves() {
    if ! { cmake -S . -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo &&
        cmake --build "$folder" --target differential_judge fields_dump; } >"$folder/build.log" 2>&1; then
        cat "$folder/build.log"
        exit 2
    fi
    # Without modules Go asks nobody: what it needs is in the path or missing.
    (cd tests/differential/referee &&
        GO111MODULE=off GOPATH=$source_path GOFLAGS='' CGO_ENABLED=0 GOCACHE=$folder/go-cache go vet . &&
        GO111MODULE=off GOPATH=$source_path GOFLAGS='' CGO_ENABLED=0 GOCACHE=$folder/go-cache go build -o "$folder/referee" .) ||
        exit 2
}

main() {
    while (($#)); do
        case $1 in
        --seconds)
            seconds=$(number "$1" "${2-}")
            shift
            ;;
        --seed)
            seed=$(number "$1" "${2-}")
            shift
            ;;
        -h | --help) usage && return 0 ;;
        *)
            echo "differential.sh: unknown argument: $1 (see --help)" >&2
            return 2
            ;;
        esac
        shift
    done
    check_dependencies
    mkdir -p "$folder"
    build_halves
    echo "seed $seed, $seconds seconds"
    "$folder/referee" -judge "$folder/tests/differential/differential_judge" -tables "$folder/tests/differential/fields_dump" \
        -policies tests/differential/policies.yaml -source "$source_path" -corpus "$corpus/open.jsonl" -api "$api" \
        -seconds "$seconds" -seed "$seed"
}

main "$@"
