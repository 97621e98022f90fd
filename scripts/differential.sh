#!/usr/bin/env bash
#
# Proves that sockade and the engine read requests alike: sockade decides hostile requests,
# and the engine's own Go code (Debian's package of its source) reads what was sent and
# what sockade would forward. tests/differential/referee/main.go says what is compared.
# Then the same of protobuf messages and Go's two decoders: tests/differential/protobuf/main.go.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

source_path=${DIFFERENTIAL_SOURCE:-/usr/share/gocode}
seconds=${DIFFERENTIAL_SECONDS:-300}
seed=${DIFFERENTIAL_SEED:-1}
messages=300000
only_protobuf=
corpus=${SOCKADE_CORPUS:-$root/../shared/corpus}
api=${SOCKADE_API:-$root/../shared/api}
folder=$root/build/differential

usage() {
    cat <<TEXT
Usage: scripts/differential.sh [--seconds N] [--seed N] [--protobuf N]

Builds both halves below build/differential and compares for N seconds (300), on every
core, then 300,000 protobuf messages. Disagreements are shown with the smallest request that
still shows them. Installs nothing: scripts/install-deps.sh --differential does.

  --protobuf N   compare only protobuf messages, and N of them

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
    for name in cmake ninja go protoc; do
        command -v "$name" >/dev/null || missing+=("$name")
    done
    for name in docker/docker docker/go-connections gorilla/mux moby/sys opencontainers/runc gogo/protobuf golang/protobuf; do
        [[ -d $source_path/src/github.com/$name ]] || missing+=("github.com/$name")
    done
    [[ -d $source_path/src/gopkg.in/yaml.v3 ]] || missing+=(gopkg.in/yaml.v3)
    if ((${#missing[@]})); then
        echo "differential.sh: missing: ${missing[*]}; scripts/install-deps.sh --differential installs them"
        exit 77
    fi
}

# build_c TARGET...
build_c() {
    if ! { cmake -S . -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo &&
        cmake --build "$folder" --target "$@"; } >"$folder/build.log" 2>&1; then
        cat "$folder/build.log"
        exit 2
    fi
}

# in_go GOPATH COMMAND...: without modules Go asks nobody: what it needs is in the path or missing.
in_go() {
    GO111MODULE=off GOPATH=$1 GOFLAGS='' CGO_ENABLED=0 GOCACHE=$folder/go-cache "${@:2}" || exit 2
}

compare_requests() {
    build_c differential_judge fields_dump
    (cd tests/differential/referee && in_go "$source_path" go vet . && in_go "$source_path" go build -o "$folder/referee" .) || exit 2
    echo "seed $seed, $seconds seconds"
    "$folder/referee" -judge "$folder/tests/differential/differential_judge" -tables "$folder/tests/differential/fields_dump" \
        -policies tests/differential/policies.yaml -source "$source_path" -corpus "$corpus/open.jsonl" -api "$api" \
        -seconds "$seconds" -seed "$seed"
}

# The decoders are made from what the message tables say.
compare_messages() {
    local tables=$folder/gopath/src/sockade/tables path=$folder/gopath:$source_path
    build_c protobuf_judge protobuf_dump
    rm -rf "$tables"
    mkdir -p "$tables/gogo" "$tables/golang"
    "$folder/tests/differential/protobuf_dump" --fields >"$folder/protobuf.fields"
    "$folder/tests/differential/protobuf_dump" --proto >"$folder/tables.proto"
    in_go "$source_path" go build -o "$folder/protoc-gen-gogofast" github.com/gogo/protobuf/protoc-gen-gogofast
    in_go "$source_path" go build -o "$folder/protoc-gen-go" github.com/golang/protobuf/protoc-gen-go
    protoc -I "$folder" --plugin="$folder/protoc-gen-gogofast" --gogofast_out="$tables/gogo" "$folder/tables.proto"
    protoc -I "$folder" --plugin="$folder/protoc-gen-go" --go_out="$tables/golang" "$folder/tables.proto"
    (cd tests/differential/protobuf && in_go "$path" go vet . && in_go "$path" go build -o "$folder/protobuf-referee" .) || exit 2
    "$folder/protobuf-referee" -judge "$folder/tests/differential/protobuf_judge" -fields "$folder/protobuf.fields" \
        -cases "$messages" -seed "$seed" -workers "$(nproc)"
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
        --protobuf)
            messages=$(number "$1" "${2-}")
            only_protobuf=1
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
    if [[ -z $only_protobuf ]]; then
        compare_requests
    fi
    compare_messages
}

main "$@"
