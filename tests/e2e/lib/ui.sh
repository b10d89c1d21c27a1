# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Messages, and long commands with their log in a file and their elapsed time on the screen.

UI_TTY=0
[ -t 1 ] && UI_TTY=1

if [ "$UI_TTY" = 1 ] && [ -z "${NO_COLOR:-}" ]; then
    C_BOLD=$'\e[1m' C_DIM=$'\e[2m' C_RED=$'\e[31m' C_GREEN=$'\e[32m' C_CYAN=$'\e[36m' C_OFF=$'\e[0m'
else
    C_BOLD='' C_DIM='' C_RED='' C_GREEN='' C_CYAN='' C_OFF=''
fi

say() { printf '%s\n' "$*"; }
title() { printf '\n%s%s%s\n' "$C_BOLD" "$*" "$C_OFF"; }
warn() { printf '%s%s%s\n' "$C_RED" "$*" "$C_OFF" >&2; }
die() {
    warn "error: $*"
    exit 1
}

# The process group of the command that ui_run waits for, so that an interrupt reaches all of it.
UI_GROUP=''

ui_group_gone() { ! kill -0 -- "-$UI_GROUP" 2>/dev/null; }

# Ends it and waits until it has cleaned up after itself.
ui_interrupt() {
    [ -n "$UI_GROUP" ] || return 0
    kill -TERM -- "-$UI_GROUP" 2>/dev/null || true
    wait_until 30 ui_group_gone || kill -KILL -- "-$UI_GROUP" 2>/dev/null || true
}

# ui_run TITLE LOG COMMAND…: output to LOG; a line with the seconds that passed; the command's exit status.
# With VP_VERBOSE=1 the output is shown as well.
ui_run() {
    local text=$1 log=$2 start=$SECONDS rc=0 shown=-1 now
    shift 2
    if [ "${VP_VERBOSE:-0}" = 1 ]; then
        say "$text …"
        set -m
        { "$@" 2>&1 | tee "$log"; exit "${PIPESTATUS[0]}"; } &
    else
        set -m
        "$@" >"$log" 2>&1 </dev/null &
    fi
    UI_GROUP=$!
    set +m
    while kill -0 "$UI_GROUP" 2>/dev/null; do
        now=$((SECONDS - start))
        if [ "$UI_TTY" = 1 ] && [ "$now" != "$shown" ]; then
            shown=$now
            printf '\r%s[%4d s]%s %s …' "$C_DIM" "$now" "$C_OFF" "$text"
        elif [ "$UI_TTY" = 0 ] && [ $((now - shown)) -ge 20 ]; then
            shown=$now
            printf '[%4d s] %s …\n' "$now" "$text"
        fi
        sleep 0.1
    done
    wait "$UI_GROUP" || rc=$?
    UI_GROUP=''
    [ "$UI_TTY" = 1 ] && printf '\r\e[K'
    UI_SECONDS=$((SECONDS - start))
    return "$rc"
}

# ui_step TITLE LOG COMMAND…: as ui_run, ends the program when the command fails.
ui_step() {
    local text=$1 log=$2
    if ui_run "$@"; then
        printf '%s[%4d s]%s %s\n' "$C_DIM" "$UI_SECONDS" "$C_OFF" "$text"
        return 0
    fi
    tail -n 25 "$log" >&2
    die "$text failed; the whole log is in $log"
}

# wait_until SECONDS COMMAND…: until the command succeeds; 1 when time is up.
wait_until() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.1
    done
}
