# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The steps of `./run test`: a table. A step is a function that leaves "P passed, F failed, S skipped"
# as the last such line of its output; `step_script PATH` makes one of a script.

# name | title | command
STEPS=(
    'gcc      | build with gcc, unit tests                 | step_build gcc gcc check CC=gcc --enable-werror'
    'clang    | build with clang, unit tests               | step_build clang clang check-programs CC=clang --enable-werror'
    'sanitize | build with sanitizers, unit tests          | step_build asan gcc check CC=gcc --enable-sanitizers'
    'dist     | make distcheck                             | step_dist'
    'lint     | make lint                                  | step_lint'
    'corpus   | libvirt documents through every profile    | step_corpus'
    'leaks    | the same, sampled, with sanitizers         | step_corpus_asan'
    'inputs   | properties and bad input                   | step_inputs'
    'machines | the planner of placements on many machines | step_machines'
    'e2e      | real libvirt, real guests                  | step_e2e'
    'bench    | speed and memory                           | step_bench'
    'packages | DEB, RPM, policies, make install           | step_packages'
    'lab      | virtual hosts: NUMA, systemd, SR-IOV       | step_script tests/lab/run'
)

# step_read ROW: sets STEP_NAME, STEP_TITLE and the array STEP_COMMAND.
step_read() {
    local name text command
    IFS='|' read -r name text command <<<"$1"
    read -r STEP_NAME <<<"$name"
    read -r STEP_TITLE <<<"$text"
    read -ra STEP_COMMAND <<<"$command"
}

steps_list() {
    local row
    for row in "${STEPS[@]}"; do
        step_read "$row"
        printf '%-10s %s\n' "$STEP_NAME" "$STEP_TITLE"
    done
}

counted() { printf '%d passed, %d failed, %d skipped\n' "$1" "$2" "$3"; }

# The counts of automake's test logs: Check's own where a test prints them, else one for the program.
count_check() { # build folder
    local trs log line passed=0 failed=0 skipped=0 checks bad
    while IFS= read -r -d '' trs; do
        log=${trs%.trs}.log
        if grep -q '^:test-result: SKIP' "$trs"; then
            skipped=$((skipped + 1))
        elif line=$(grep -E '^[0-9]+%: Checks: [0-9]+, Failures: [0-9]+, Errors: [0-9]+' "$log"); then
            read -r checks bad <<<"$(awk -F '[:,] *' '{ c += $3; b += $5 + $7 } END { print c, b }' <<<"$line")"
            passed=$((passed + checks - bad))
            failed=$((failed + bad))
            [ "$bad" = 0 ] && grep -q '^:test-result: FAIL' "$trs" && failed=$((failed + 1))
        elif grep -q '^:test-result: PASS' "$trs"; then
            passed=$((passed + 1))
        else
            failed=$((failed + 1))
        fi
    done < <(find "$1" -name '*.trs' -print0)
    counted "$passed" "$failed" "$skipped"
    [ $((passed + failed + skipped)) -gt 0 ]
}

step_build() { # build folder's name, compiler, target, options…
    local name=$1 target=$3 rc=0
    shift 3
    build_all "$name" "$@" || return 1
    build_make "$name" "$target" || rc=1
    count_check "$WORK/build-$name" || rc=1
    return "$rc"
}

step_dist() {
    local rc=0
    build_all gcc CC=gcc --enable-werror || return 1
    build_make gcc distcheck || rc=1
    counted $((1 - rc)) "$rc" 0
    return "$rc"
}

# The checkout itself, not the copy, which holds what autoconf made.
step_lint() {
    local rc=0 out=$WORK/lint.out
    CC=gcc "$TOP/tests/lint/run" >"$out" 2>&1 || rc=1
    cat "$out"
    counted "$(grep -cE '^[a-z]+ +passed ' "$out")" "$(grep -cE '^[a-z]+ +FAILED ' "$out")" \
        "$(grep -cE '^[a-z]+ +skipped ' "$out")"
    return "$rc"
}

# A script of the checkout that counts by itself, in a line that may have a name before the counts. It finds what
# `make install` puts on a host in $VP_STAGE.
step_script() { # script, arguments…
    local rc=0 out=$WORK/script.out script=$TOP/$1
    shift
    step_stage || return 1
    VP_STAGE=$WORK/stage VP_PACKAGES=$WORK/packages/deb VP_WORK=$WORK "$script" "$@" 2>&1 | tee "$out" || rc=1
    grep -oE '[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$out" | tail -n 1
    return "$rc"
}

# Programs installed in a folder, so that tests use what a user gets.
step_stage() { build_all gcc CC=gcc --enable-werror && build_stage gcc; }

corpus_env() {
    PROFILES=$WORK/stage/usr/share/virt-profile/profiles
    "$TOP/tests/corpus/fetch" "$WORK/libvirt-tests"
}

step_corpus() {
    step_stage && corpus_env || return 1
    "$TOP/tests/corpus/corpus.py" --program "$WORK/build-gcc/virt-profile" --profiles "$PROFILES" \
        "$WORK/libvirt-tests/qemuxml2argvdata"
}

step_corpus_asan() {
    step_stage && corpus_env && build_all asan CC=gcc --enable-sanitizers || return 1
    "$TOP/tests/corpus/corpus.py" --program "$WORK/build-asan/virt-profile" --profiles "$PROFILES" --every 8 \
        "$WORK/libvirt-tests/qemuxml2argvdata"
}

step_inputs() {
    step_stage && corpus_env && build_all asan CC=gcc --enable-sanitizers || return 1
    "$TOP/tests/corpus/inputs.py" --program "$WORK/build-asan/virt-profile" --profiles "$PROFILES" \
        "$WORK/libvirt-tests/qemuxml2argvdata"
}

step_machines() {
    build_all gcc CC=gcc --enable-werror || return 1
    build_make gcc tests/machines/machines tests/machines/packing || return 1
    "$TOP/tests/machines/run" "$WORK/build-gcc" "$WORK/hwloc-tests"
}

step_e2e() {
    step_stage && corpus_env && guest_build "$WORK" || return 1
    (sandbox_enter "$WORK/stage" "$WORK" "$TOP/tests/e2e/run-cases.sh")
}

step_bench() {
    build_all gcc CC=gcc --enable-werror || return 1
    build_make gcc bench-ledger && build_make gcc bench
}

step_packages() {
    build_all gcc CC=gcc --enable-werror && "$TOP/tests/packaging/run" "$WORK"
}

# step_count LOG STATUS: the counts that a step ended with, into STEP_P, STEP_F and STEP_S. A step that fails or counts
# nothing has one failure at least.
step_count() {
    local line
    STEP_P=0 STEP_F=0 STEP_S=0
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$1" | tail -n 1) || true
    [ -z "$line" ] || read -r STEP_P STEP_F STEP_S <<<"$(tr -dc '0-9 ' <<<"$line")"
    if [ "$STEP_F" = 0 ] && { [ "$2" != 0 ] || [ $((STEP_P + STEP_S)) = 0 ]; }; then STEP_F=1; fi
}

# One step: run, count, one line; what went wrong below it.
step_do() {
    local log=$LOGS/$STEP_NAME.log rc=0 word=ok colour=$C_GREEN
    ui_run "$STEP_NAME: $STEP_TITLE" "$log" "${STEP_COMMAND[@]}" || rc=$?
    step_count "$log" "$rc"
    if [ "$STEP_F" -gt 0 ] || { [ "${VP_MUST_RUN:-0}" = 1 ] && [ "$STEP_S" -gt 0 ]; }; then
        word=FAILED colour=$C_RED
    fi
    printf '%s[%4d s]%s %s%-6s%s %-9s %s: %d passed, %d failed, %d skipped\n' "$C_DIM" "$UI_SECONDS" "$C_OFF" \
        "$colour" "$word" "$C_OFF" "$STEP_NAME" "$STEP_TITLE" "$STEP_P" "$STEP_F" "$STEP_S"
    [ "$word" = FAILED ] || return 0
    grep -E '^(not ok|FAIL:|SKIP:|ERROR:|[^ ]+ error:|[^ ]+:[0-9]+:[FE]:|make[^ ]*: \*\*\* )|^ok .*# SKIP' "$log" |
        head -n 15 | cut -c 1-300 | sed 's/^/         /' || true
    say "         the whole log is in $log"
    return 1
}

step_known() {
    local row
    for row in "${STEPS[@]}"; do
        step_read "$row"
        [ "$STEP_NAME" = "$1" ] && return 0
    done
    return 1
}

steps_main() { # steps, or none for all
    local row name passed=0 failed=0 skipped=0 bad=() start=$SECONDS
    for name in "$@"; do
        step_known "$name" || die "there is no step '$name'; ./run steps lists them"
    done
    packages_need "$LOGS/packages.log" "${PKG_BUILD[@]}" "${PKG_SANDBOX[@]}" "${PKG_TEST[@]}" "${PKG_LINT[@]}" \
        "${PKG_PACKAGES[@]}"
    for row in "${STEPS[@]}"; do
        step_read "$row"
        [ $# -eq 0 ] || [[ " $* " == *" $STEP_NAME "* ]] || continue
        step_do || bad+=("$STEP_NAME")
        passed=$((passed + STEP_P)) failed=$((failed + STEP_F)) skipped=$((skipped + STEP_S))
    done
    say "$((SECONDS - start)) s${bad[*]:+; failed: ${bad[*]}}"
    counted "$passed" "$failed" "$skipped"
    [ ${#bad[@]} -eq 0 ]
}
