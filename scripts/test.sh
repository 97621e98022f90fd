#!/usr/bin/env bash
#
# Everything that is tested, in stages: first what needs both cores (checks and
# builds with their unit tests), then four lanes at once: one that computes (clang-tidy,
# fuzzing, comparing with the engine's code), and three that mostly wait (for peers, for an engine,
# for today's engine and clients).
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=lib/engine.sh
source "$root/scripts/lib/engine.sh"
# shellcheck source-path=SCRIPTDIR source=lib/debian13.sh
source "$root/scripts/lib/debian13.sh"
# shellcheck source-path=SCRIPTDIR source=lib/root.sh
source "$root/scripts/lib/root.sh"
cd "$root"

build_stages=(format shell layers debug clang asan ubsan release)
computing_stages=(tidy fuzz differential)
waiting_stages=(systemd examples blackbox blackbox_asan corpus generated soak)
engine_stages=(e2e clients)
modern_stages=(modern)
quick_stages=(format shell layers debug release systemd examples blackbox)
# Real engines have races of their own, which a busy machine shows: what fails with them is tried once more, but
# not late, so that the whole ends in time. What is ours alone has to pass at once.
again_stages=("${engine_stages[@]}" "${modern_stages[@]}" generated)
again_minutes=25

out=$root/build/test
corpus=${SOCKADE_CORPUS:-$root/../shared/corpus}
api=${SOCKADE_API:-$root/../shared/api}
fuzz_seconds=${FUZZ_SECONDS:-60}
soak_minutes=${SOAK_MINUTES:-1}
generated_seconds=${GENERATED_SECONDS:-200}
cores=$(nproc)
preset_lines=25
skipped=77 # a stage's exit status when what it needs is not there

usage() {
    cat <<TEXT
Usage: scripts/test.sh [--quick] [--only STAGE]… [--list] [--no-install]

Installs what the tests need and runs all stages; stops at the first that fails. Needs root: as another user it
starts itself by sudo. Stages with real engines (${again_stages[*]}) may fail once: they are tried again, which is said.

  --only STAGE   run this stage (several: in the order given)
  --quick        only: ${quick_stages[*]}
  --list         the names of the stages
  --no-install   take the installed packages as they are, and do not ask for root
  --help         this text

Environment: FUZZ_SECONDS   for each harness (60)
             DIFFERENTIAL_SECONDS  of comparing with the engine's code (300)
             SOAK_MINUTES   of mixed clients (1)
             GENERATED_SECONDS  of generated requests, straight and through open (200; half of it in Debian 13)
             SOCKADE_API    folder with the API's descriptions, of which tests/generated/api.json is made (../shared/api)
             SOCKADE_CORPUS folder with replay.py and open.jsonl (../shared/corpus)
             SOCKADE_DEBIAN13  the tree for the stage modern (build/debian13, made if missing)
Logs and findings are below build/test.
Exit status: 0 all passed, 1 something failed, 2 wrong usage.
TEXT
}

# ---- helpers of the stages

# Lanes may want the same one.
build() (
    flock 9
    cmake --preset "$1"
    cmake --build --preset "$1"
) 9>>"$root/build/$1.lock"

# count PASSED FAILED: adds to what the running stage has tested.
count() {
    echo "$1 $2" >>"$out/$stage.count"
}

# Counts the tests in ctest's log: Criterion's within each program, one for a
# program without a synthesis. A program that failed although each of its tests
# passed (a leak report) is one failure.
count_ctest() {
    local counts
    counts=$(sed 's/\x1b\[[0-9;]*m//g' "build/$1/Testing/Temporary/LastTest.log" | awk '
        /^[0-9]+\/[0-9]+ Test(ing)?: / { tested = passing = 0 }
        /Synthesis: Tested: / {
            n = split($0, part, "|")
            for (i = 1; i <= n; i++) {
                number = part[i]
                gsub(/[^0-9]/, "", number)
                if (part[i] ~ /Tested:/) tested += number
                if (part[i] ~ /Passing:/) passing += number
            }
        }
        /^Test Passed\./ { passed += tested ? passing : 1 }
        /^Test Failed\./ { passed += passing; failed += tested > passing ? tested - passing : 1 }
        END { print passed + 0, failed + 0 }')
    # shellcheck disable=SC2086 # two numbers
    count $counts
}

unit_tests() {
    local status=0
    build "$1"
    ctest --preset "$1" --parallel "$cores" --no-tests=error || status=$?
    count_ctest "$1"
    return "$status"
}

# python_tests FOLDER PRESET [PYTHON…]: every test_*.py of the folder with that build's program.
python_tests() {
    local status=0 ran bad word folder=$1 preset=$2
    shift 2
    (($#)) || set -- python3
    SOCKADE_BIN="build/$preset/sockade" PYTHONDONTWRITEBYTECODE=1 \
        "$@" -m unittest discover --verbose --start-directory "$folder" >"$out/$stage.unittest" 2>&1 ||
        status=$?
    cat "$out/$stage.unittest"
    ran=$(sed -n 's/^Ran \([0-9]*\) tests\? in .*/\1/p' "$out/$stage.unittest" | tail -n 1)
    bad=0
    for word in $(tail -n 1 "$out/$stage.unittest" | grep -oE '(failures|errors)=[0-9]+' || true); do
        bad=$((bad + ${word#*=}))
    done
    if ((${ran:-0} == 0)); then
        echo "no test ran in $folder"
        return 1
    fi
    # An error in a class's set-up counts as an error but not as a test that ran.
    count $((ran > bad ? ran - bad : 0)) "$bad"
    return "$status"
}

sanitizer_options() {
    export ASAN_OPTIONS=abort_on_error=1:detect_leaks=1:allocator_may_return_null=1
    export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
}

# Starts a private engine for the stage: $engine_dir/docker.sock, with bb:latest.
private_engine() {
    # Not below build/: the engine's socket paths would get too long.
    engine_dir=$(mktemp -d /var/tmp/sockade-test.XXXXXX)
    trap 'engine_stop "$engine_dir"; rm -rf "$engine_dir"' EXIT
    engine_start "$engine_dir"
    engine_make_image "$engine_dir/docker.sock" bb:latest
}

can_run_engine() {
    [[ $(id -u) == 0 ]] && command -v dockerd >/dev/null && command -v unshare >/dev/null
}

# ---- the stages

stage_format() {
    local formatter=clang-format
    # Another version formats otherwise.
    command -v clang-format-14 >/dev/null && formatter=clang-format-14
    find src include tests bench -name '*.[ch]' -print0 | xargs -0 "$formatter" --dry-run -Werror
}

stage_shell() {
    local files
    mapfile -t files < <(find scripts tests bench -name '*.sh')
    shellcheck --external-sources .ci/run "${files[@]}"
}

stage_layers() {
    cmake -DROOT="$root" -P tests/check_layers.cmake
}

stage_debug() {
    unit_tests debug
}

stage_clang() {
    unit_tests clang
}

stage_asan() {
    unit_tests asan
}

stage_ubsan() {
    unit_tests ubsan
}

# With what measures it, so that it builds.
stage_release() {
    cmake --preset release -DSOCKADE_BENCH=ON
    build release
}

stage_tidy() {
    local runner=run-clang-tidy
    command -v run-clang-tidy-14 >/dev/null && runner=run-clang-tidy-14
    build clang >/dev/null
    nice "$runner" -quiet -p build/clang -j "$cores" "^$root/src/.*\\.c\$"
}

stage_fuzz() {
    local harnesses name status=0 before
    build fuzz
    mapfile -t harnesses < <(find build/fuzz/tests/fuzz -maxdepth 1 -type f -perm -u+x -name 'fuzz_*' | sort)
    if ((${#harnesses[@]} == 0)); then
        echo 'no harness was built'
        return 1
    fi
    mkdir -p "$out/findings"
    export ASAN_OPTIONS=allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
    export out fuzz_seconds
    before=$(find "$out/findings" -type f | wc -l)
    # Inputs that were found are kept below build/ and are the start of the next run.
    # shellcheck disable=SC2016 # the inner shell's variables
    printf '%s\n' "${harnesses[@]}" | xargs -P "$cores" -I{} bash -c '
        name=$(basename "$1")
        what=${name#fuzz_}
        mkdir -p "build/fuzz/corpus/$what" "tests/fuzz/corpus/$what"
        if nice "$1" -max_total_time="$fuzz_seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
            -artifact_prefix="$out/findings/$what-" "build/fuzz/corpus/$what" "tests/fuzz/corpus/$what" \
            >"$out/$name.log" 2>&1; then
            echo "ok $name: $(sed -n "s/^stat::number_of_executed_units: *//p" "$out/$name.log") runs"
        else
            echo "FAILED $name"
            tail -n 60 "$out/$name.log"
            exit 1
        fi' fuzz {} || status=$?
    for name in "${harnesses[@]##*/}"; do
        if grep -q 'number_of_executed_units' "$out/$name.log" && ! grep -qE 'ERROR: |runtime error:' "$out/$name.log"; then
            count 1 0
        else
            count 0 1
            status=1
        fi
    done
    if [[ $(find "$out/findings" -type f | wc -l) != "$before" ]]; then
        ls -l "$out/findings"
    fi
    return "$status"
}

# Whether sockade and the engine's own code read the same: scripts/differential.sh.
stage_differential() {
    local status=0 counts
    SOCKADE_CORPUS=$corpus nice scripts/differential.sh 2>&1 | tee "$out/differential.out" || status=$?
    counts=$(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$out/differential.out" | tail -n 1)
    # shellcheck disable=SC2086 # two numbers
    [[ -z $counts ]] || count $counts
    return "$status"
}

stage_systemd() {
    local folder=$out/systemd
    if ! command -v systemd-analyze >/dev/null; then
        echo 'systemd-analyze is not installed'
        return "$skipped"
    fi
    build release >/dev/null
    rm -rf "$folder"
    mkdir -p "$folder"
    cp systemd/sockade.socket "$folder"
    # The program need not be installed to judge the unit that starts it.
    sed "s|^ExecStart=sockade |ExecStart=$root/build/release/sockade |" systemd/sockade.service >"$folder/sockade.service"
    systemd-analyze verify --man=no --recursive-errors=no "$folder/sockade.service" "$folder/sockade.socket" 2>&1 |
        tee "$folder/verify"
    # It also complains without failing.
    [[ ! -s $folder/verify ]]
    # Tenths of the exposure level; docs/systemd.md says what the rest is for.
    systemd-analyze security --no-pager --offline=true --threshold=5 "$folder/sockade.service"
    # Applied to an empty root, so the file is read but this machine stays as it is.
    mkdir -p "$folder/root/etc"
    DESTDIR=$folder/root cmake --install build/release --prefix /usr >/dev/null
    systemd-sysusers --root="$folder/root"
    grep '^sockade:' "$folder/root/etc/passwd"
}

# The policies of config/, and those in the documentation: each block of YAML that
# starts with a version is a whole policy and has to be one. Each preset is short enough to be
# read and documented; each rule is documented, and tried on a real engine.
stage_examples() {
    local file status=0 folder=$out/examples
    build release >/dev/null
    rm -rf "$folder"
    mkdir -p "$folder"
    for file in README.md docs/*.md; do
        awk -v prefix="$folder/$(basename "$file" .md)" '
            /^```yaml$/ { inside = 1; first = 1; next }
            /^```$/ { inside = 0; if (name) close(name); name = ""; next }
            inside && first { first = 0; if (/^version: 1/) name = prefix "-" ++n ".yaml" }
            inside && name { print > name }' "$file"
    done
    for file in src/policy/rules/*.c; do
        grep -q '^const struct rule rule_' "$file" || continue
        if ! grep -q "\`$(basename "$file" .c)\`" docs/policy.md; then
            echo "docs/policy.md does not name the rule $(basename "$file" .c)"
            status=1
        fi
        if ! grep -qw "$(basename "$file" .c)" tests/e2e/test_*.py; then
            echo "nobody tries to break out past the rule $(basename "$file" .c) in tests/e2e"
            status=1
        fi
    done
    for file in config/*.yaml; do
        if (($(grep -cvE '^ *(#|$)' "$file") > preset_lines)); then
            echo "$file has more than $preset_lines lines of policy"
            status=1
        fi
        if ! grep -q "\`$(basename "$file" .yaml)\`" docs/presets.md; then
            echo "docs/presets.md does not name the preset $(basename "$file" .yaml)"
            status=1
        fi
    done
    for file in config/*.yaml "$folder"/*.yaml; do
        if build/release/sockade check "$file"; then
            count 1 0
        else
            count 0 1
            status=1
        fi
    done
    return "$status"
}

stage_blackbox() {
    build release >/dev/null
    python_tests tests/blackbox release
}

stage_blackbox_asan() {
    build asan >/dev/null
    sanitizer_options
    python_tests tests/blackbox asan
}

stage_e2e() {
    if ! can_run_engine; then
        echo 'a private engine needs root, dockerd and unshare'
        return "$skipped"
    fi
    build asan >/dev/null
    sanitizer_options
    private_engine
    # Without a network their tests are skipped.
    timeout 300 scripts/fetch-tools.sh build/tools || true
    SOCKADE_E2E_ENGINE="$engine_dir/docker.sock" python_tests tests/e2e asan
}

# The clients that no package of Debian has, below build/clients. Lanes may want them at once.
other_clients() (
    mkdir -p build/clients
    flock 9
    node_clients
    compiled_clients
) 9>>"$root/build/clients.lock"

# What of the clients has to be compiled, and may run on another system than this: without shared libraries.
compiled_clients() {
    cc -O1 -static -o build/clients/reaper tests/clients/reaper.c
    (cd tests/clients/go && GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE="$root/build/clients/go" CGO_ENABLED=0 \
        go build -o "$root/build/clients/go-dockerclient" .)
}

# Clients for Node. What is there is kept while the list of versions stays the same.
node_clients() {
    local from=tests/clients/node to=build/clients
    if cmp -s "$from/package-lock.json" "$to/package-lock.json" && [[ -e $to/installed ]]; then
        return 0
    fi
    rm -f "$to/installed"
    cp "$from/package.json" "$from/package-lock.json" "$to"
    # Nothing of theirs is run to install them.
    if (cd "$to" && timeout 300 npm ci --ignore-scripts --omit=optional --no-audit --no-fund); then
        touch "$to/installed"
    else
        echo 'without a network the tests of clients for Node are skipped'
    fi
}

stage_clients() {
    if ! can_run_engine; then
        echo 'a private engine needs root, dockerd and unshare'
        return "$skipped"
    fi
    build asan >/dev/null
    sanitizer_options
    other_clients
    private_engine
    # Debian's python3-docker is for Debian's Python.
    SOCKADE_E2E_ENGINE="$engine_dir/docker.sock" python_tests tests/clients asan /usr/bin/python3
}

# The same tests and those of today's clients, inside the tree of Debian 13: its engine, its clients, its
# python3-docker. There, a client that is missing fails its tests.
stage_modern() {
    local tree=${SOCKADE_DEBIAN13:-$root/build/debian13}
    if ! can_run_engine; then
        echo 'a private engine needs root, dockerd and unshare'
        return "$skipped"
    fi
    build asan >/dev/null
    sanitizer_options
    other_clients
    debian13_make "$tree"
    engine_dir=$(mktemp -d /var/tmp/sockade-test.XXXXXX)
    trap 'debian13_stop; rm -rf "$engine_dir"' EXIT
    debian13_engine "$tree" "$engine_dir"
    SOCKADE_MODERN=1 SOCKADE_E2E_ENGINE=/engine/docker.sock python_tests tests/clients asan debian13_run python3
    engine_make_image "$engine_dir/docker.sock" bb:latest
    compare_generated /engine/docker.sock "$((generated_seconds / 2))" debian13_run
}

# A sample of what scripts/open-comparison.sh compares.
# compare_generated SOCKET SECONDS [COMMAND…]: the command runs Python beside the engine.
compare_generated() {
    local status=0 counts socket=$1 seconds=$2
    shift 2
    SOCKADE_BIN=build/asan/sockade PYTHONDONTWRITEBYTECODE=1 "$@" python3 tests/generated/compare.py --engine "$socket" \
        --image bb:latest --seconds "$seconds" >"$out/$stage.generated" 2>&1 || status=$?
    cat "$out/$stage.generated"
    counts=$(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$out/$stage.generated" | tail -n 1)
    # shellcheck disable=SC2086 # two numbers
    [[ -z $counts ]] || count $counts
    return "$status"
}

stage_generated() {
    if ! can_run_engine; then
        echo 'a private engine needs root, dockerd and unshare'
        return "$skipped"
    fi
    build asan >/dev/null
    sanitizer_options
    if [[ -r $api/v1.41.yaml ]] && ! SOCKADE_API=$api tests/generated/derive.py | cmp - tests/generated/api.json; then
        echo "tests/generated/api.json is not what tests/generated/derive.py makes of $api"
        return 1
    fi
    private_engine
    compare_generated "$engine_dir/docker.sock" "$generated_seconds"
}

# The short form of bench/soak.py: nothing may grow, and nothing go wrong.
stage_soak() {
    if ! can_run_engine; then
        echo 'a private engine needs root, dockerd and unshare'
        return "$skipped"
    fi
    build release >/dev/null
    private_engine
    bench/soak.py --engine "$engine_dir/docker.sock" --minutes "$soak_minutes" --creates 120 --execs 20 --streams 200
}

# corpus_profile NAME: the requests of one profile through sockade to the engine.
corpus_profile() {
    local profile=$1 folder=$2 status=0 replayed=0 pid
    "$root/build/asan/sockade" serve --config "tests/corpus/$profile.yaml" \
        --listen "unix:$folder/proxy.sock" --upstream "unix:$folder/upstream.sock" \
        --audit "$folder/$profile.audit" >"$folder/$profile.log" 2>&1 &
    pid=$!
    for _ in {1..100}; do
        [[ -S $folder/proxy.sock ]] && break
        sleep 0.1
    done
    PYTHONDONTWRITEBYTECODE=1 python3 "$corpus/replay.py" "$folder/proxy.sock" "$corpus/open.jsonl" "$profile" \
        --record "$folder/upstream.sock" --daemon "$engine_dir/docker.sock" --timeout 30 --quiet --json "$out/corpus-$profile.json" ||
        replayed=$?
    kill -TERM "$pid" 2>/dev/null || true
    # Leaks and undefined behaviour show in the exit status.
    if ! wait "$pid"; then
        echo "sockade did not end well:"
        tail -n 60 "$folder/$profile.log"
        count 0 1
        status=1
    fi
    # shellcheck disable=SC2046 # two numbers
    count $(python3 -c '
import json, sys
superseded = {line.split()[0] for line in open(sys.argv[2]) if line.strip() and line[0] != "#"}
verdicts = [case["verdict"] for case in json.load(open(sys.argv[1])) if case["id"] not in superseded]
passed = verdicts.count("PASS")
print(passed, len(verdicts) - passed - verdicts.count("SKIP") - verdicts.count("UNVERIFIED"))
' "$out/corpus-$profile.json" tests/corpus/superseded.txt | tee "$out/corpus-$profile.count")
    # What the replay itself says counts cases that are superseded, too.
    ((replayed == 0)) || [[ $(<"$out/corpus-$profile.count") == *" 0" ]] || status=1
    return "$status"
}

stage_corpus() {
    local profile status=0
    if [[ ! -r $corpus/replay.py || ! -r $corpus/open.jsonl ]]; then
        echo "needs recorded requests, which are not in the repository: SOCKADE_CORPUS names a folder with replay.py and open.jsonl ($corpus has none)"
        return "$skipped"
    fi
    if ! can_run_engine; then
        echo 'a private engine needs root, dockerd and unshare'
        return "$skipped"
    fi
    build asan >/dev/null
    sanitizer_options
    private_engine
    for profile in strict limits extended; do
        echo "--- $profile"
        corpus_profile "$profile" "$engine_dir" || status=1
    done
    return "$status"
}

# ---- running them

# try_stage: runs $stage into its log. Its status, and what it counted: $status $passed $failed.
try_stage() {
    status=0
    rm -f "$out/$stage.count"
    # In the background, because errexit is off in what a condition waits for.
    ("stage_$stage") >"$out/$stage.log" 2>&1 </dev/null &
    echo $! >"$out/$stage.pid"
    wait $! || status=$?
    rm -f "$out/$stage.pid"
    read -r passed failed < <(awk '{ p += $1; f += $2 } END { print p + 0, f + 0 }' "$out/$stage.count" 2>/dev/null || echo 0 0)
    if ((status == 0 && failed > 0)); then
        status=1
    elif ((status != 0 && status != skipped && failed == 0)); then
        failed=1
    fi
}

# failures LOG: the names of the tests that failed, one a line.
failures() {
    sed -nE -e 's/\x1b\[[0-9;]*m//g' -e 's/^(FAIL|ERROR): +//p' -e 's/^[[:space:]]*[0-9]+ - (.*) \((Failed|Timeout|SEGFAULT|.*abort.*)\)$/\1/p' \
        -e 's/^(FAILED fuzz_.*)/\1/p' "$1" | awk '!seen[$0]++'
}

# Whether a stage that failed is tried once more: not when the whole has failed already.
may_try_again() {
    ((status != 0 && status != skipped && SECONDS < again_minutes * 60)) && [[ ! -e $out/failed ]] &&
        [[ " ${again_stages[*]} " == *" $stage "* ]]
}

# run_stage NAME: runs it, once more if that may be, prints one line, and what failed.
run_stage() {
    local status passed failed word first='' started=$SECONDS
    stage=$1
    try_stage
    if may_try_again; then
        mv "$out/$stage.log" "$out/$stage.first.log"
        first=$(failures "$out/$stage.first.log")
        first=${first:-no test: $(tail -n 1 "$out/$stage.first.log")}
        echo "AGAIN    $stage: failed after $((SECONDS - started)) s, with a real engine it is tried once more"
        printf '         failed: %s\n' "${first//$'\n'/$'\n'         failed: }"
        try_stage
    fi
    word=ok
    if ((status == skipped)); then
        word=skipped
    elif ((status != 0)); then
        word=FAILED
    elif ((passed == 0)); then
        passed=1 # the stage itself
    fi
    echo "$stage $word $passed $failed $((SECONDS - started))" >>"$out/results"
    printf '%-8s %-14s %5d s  %5d passed, %d failed\n' "$word" "$stage" $((SECONDS - started)) "$passed" "$failed"
    case $word in
    ok)
        [[ -z $first ]] || echo "$stage: passed at the second try; first failures: ${first//$'\n'/, }" | tee -a "$out/notes"
        # tests/e2e/live.py compares again what differs through sockade.
        grep -oE '[A-Za-z0-9_.]+[^ ]*: try 1: through [^ ]+' "$out/$stage.log" | sed "s/^/$stage: a difference that did not come back: /" |
            tee -a "$out/notes" || true
        ;;
    skipped) sed 's/^/         /' "$out/$stage.log" ;;
    FAILED)
        failures "$out/$stage.log" | sed 's/^/         failed: /'
        touch "$out/failed"
        ;;
    esac
    if [[ $stage == corpus && -s $out/corpus.log ]]; then
        grep -E '^(---|score)' "$out/corpus.log" | sed 's/^/         /' || true
    fi
}

# Runs the stages one after the other until one fails, here or in the other lane.
run_lane() {
    local name
    for name; do
        [[ ! -e $out/failed ]] || return 0
        run_stage "$name"
    done
}

# A stage that is ended gets to stop its engine. What it runs is ended as well.
end_stages() {
    local file pid children
    trap - INT TERM
    for file in "$out"/*.pid; do
        [[ -e $file ]] || continue
        pid=$(cat "$file")
        children=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null || true)
        # shellcheck disable=SC2086 # several processes
        kill -TERM "$pid" $children 2>/dev/null || true
    done
    exit 1
}

# What there is to know of a stage that failed: its tests, and the first of their messages, or the end of its log.
show_failure() {
    local log=$out/$1.log
    echo "--- $1 failed: $log"
    failures "$log"
    if grep -q '^======' "$log"; then
        sed -n '/^======/,$p' "$log" | head -n 80
    else
        tail -n 40 "$log"
    fi
    echo "---"
}

summary() {
    local line
    echo
    while read -r line; do
        show_failure "$line"
    done < <(awk '$2 == "FAILED" { print $1 }' "$out/results")
    [[ ! -s $out/notes ]] || cat "$out/notes"
    line=$(awk '$2 == "FAILED" { printf "%s ", $1 }' "$out/results")
    [[ -z $line ]] || echo "failed: $line(logs: $out)"
    line=$(awk '$2 == "skipped" { printf "%s ", $1 }' "$out/results")
    [[ -z $line ]] || echo "skipped: $line"
    echo "took $((SECONDS / 60)) min $((SECONDS % 60)) s"
    awk '{ p += $3; f += $4 } END { printf "%d passed, %d failed\n", p, f }' "$out/results"
    [[ ! -e $out/failed ]]
}

main() {
    local arguments=("$@") only=() install=1
    while (($#)); do
        case $1 in
        --only)
            if ! declare -F "stage_${2-}" >/dev/null; then
                echo "test.sh: no such stage: ${2-} (see --list)" >&2
                return 2
            fi
            only+=("$2")
            shift
            ;;
        --quick) only+=("${quick_stages[@]}") ;;
        --list) printf '%s\n' "${build_stages[@]}" "${computing_stages[@]}" "${waiting_stages[@]}" "${engine_stages[@]}" "${modern_stages[@]}" && return 0 ;;
        --no-install) install= ;;
        -h | --help) usage && return 0 ;;
        *)
            echo "test.sh: unknown argument: $1 (see --help)" >&2
            return 2
            ;;
        esac
        shift
    done

    if [[ $install ]]; then
        root_keeps=(FUZZ_SECONDS DIFFERENTIAL_SECONDS SOAK_MINUTES GENERATED_SECONDS SOCKADE_API SOCKADE_CORPUS SOCKADE_DEBIAN13)
        become_root "${arguments[@]}"
        scripts/install-deps.sh --test
    fi
    mkdir -p "$out"
    rm -f "$out/failed" "$out/notes" "$out"/*.pid "$out"/*.first.log
    : >"$out/results"
    trap end_stages INT TERM
    if ((${#only[@]})); then
        run_lane "${only[@]}"
    else
        run_lane "${build_stages[@]}"
        run_lane "${computing_stages[@]}" &
        run_lane "${engine_stages[@]}" &
        run_lane "${modern_stages[@]}" &
        run_lane "${waiting_stages[@]}"
        wait
    fi
    summary
}

main "$@"
