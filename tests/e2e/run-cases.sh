#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# First process of a sandbox: a libvirt of its own, then every case, or those named in $VP_CASES; counts their results.
set -euo pipefail

for part in ui sandbox guest; do
    # shellcheck source=/dev/null
    . "$GUEST_LIB/$part.sh"
done
CASES=$(dirname "$GUEST_LIB")/cases
CASE_PID=''
PASSED=0 FAILED=0 SKIPPED=0

finish() {
    trap '' INT TERM
    [ -z "$CASE_PID" ] || kill -TERM "$CASE_PID" 2>/dev/null || true
    libvirt_down
    machine_unlock
}

# The kernel of a machine is one for all its sandboxes: cases of several runs take turns.
machine_lock() {
    flock -w 900 8 || die 'another run has had this machine for 15 minutes'
    hugepages_reserve 512
}

machine_unlock() {
    hugepages_restore
    HUGEPAGES_BEFORE=''
    flock -u 8
}

# Every case starts with libvirt running, no domain, and the profiles and hooks as installed.
between_cases() {
    local dom
    libvirt_answers >/dev/null 2>&1 || libvirtd_start
    for dom in $(vsh list --name); do vsh destroy "$dom" || true; done
    for dom in $(vsh list --all --name); do vsh undefine "$dom" --managed-save --nvram || true; done
    rm -rf "$SANDBOX_WORK/guests" /etc/libvirt/hooks /etc/virt-profile/profiles /run/virt-profile
    cp -a "$SANDBOX_STAGE/etc/libvirt/hooks" /etc/libvirt/hooks
    rm -rf /usr/share/virt-profile
    cp -a "$SANDBOX_STAGE/usr/share/virt-profile" /usr/share/virt-profile
    : >"$SYSLOG_FILE"
}

count_case() { # name, output, exit status
    local p f s line
    p=$(grep -c '^ok ' "$2") || true
    s=$(grep -c '^ok .*# SKIP' "$2") || true
    f=$(grep -c '^not ok ' "$2") || true
    p=$((p - s))
    # A driver with a count of its own.
    if line=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$2" | tail -n 1) && [ -n "$line" ]; then
        read -r p f s <<<"$(tr -dc '0-9 ' <<<"$line")"
    elif ! grep -q '^1\.\.[1-9]' "$2"; then
        printf 'not ok - %s ended before its end, exit status %s\n' "$1" "$3"
        f=$((f + 1))
    fi
    PASSED=$((PASSED + p)) FAILED=$((FAILED + f)) SKIPPED=$((SKIPPED + s))
    printf '# %s: %d passed, %d failed, %d skipped, %d s\n' "$1" "$p" "$f" "$s" "$CASE_SECONDS"
}

run_case() { # file
    local name out rc=0 start tee_pid to
    name=$(basename "$1" .sh) out=$SANDBOX/case.out
    machine_lock
    start=$SECONDS
    between_cases
    printf '# %s\n' "$name"
    exec {to}> >(tee "$out")
    tee_pid=$!
    # Without the descriptor: a daemon that a case starts must not keep tee waiting.
    timeout --kill-after=10 "${VP_CASE_TIMEOUT:-600}" bash "$1" >&"$to" 2>&1 </dev/null {to}>&- &
    CASE_PID=$!
    wait "$CASE_PID" || rc=$?
    CASE_PID=''
    exec {to}>&-
    wait "$tee_pid" || true
    machine_unlock
    CASE_SECONDS=$((SECONDS - start))
    count_case "$name" "$out" "$rc"
    if [ "$rc" != 0 ] && [ -s "$SYSLOG_FILE" ]; then
        printf '# syslog:\n'
        tail -n 20 "$SYSLOG_FILE" | sed 's/^/#   /'
    fi
}

exec 8</sys/kernel/mm
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
sandbox_setup
libvirt_up
for file in "$CASES"/[0-9]*.sh; do
    name=$(basename "$file" .sh)
    [ -z "${VP_CASES:-}" ] || [[ " $VP_CASES " == *" $name "* ]] || [[ " $VP_CASES " == *" ${name%%-*} "* ]] || continue
    run_case "$file"
done
printf '%d passed, %d failed, %d skipped\n' "$PASSED" "$FAILED" "$SKIPPED"
[ "$FAILED" = 0 ] && [ "$PASSED" -gt 0 ]
