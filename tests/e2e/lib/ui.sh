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

# The process group of the command that is waited for, and of one that runs beside it, so that an interrupt reaches all.
UI_GROUP='' UI_BESIDE='' UI_BESIDE_START=0

ui_group_gone() { ! kill -0 -- "-$1" 2>/dev/null; }

# Ends them and waits until they have cleaned up after themselves.
ui_interrupt() {
    local group
    for group in $UI_GROUP $UI_BESIDE; do kill -TERM -- "-$group" 2>/dev/null || true; done
    for group in $UI_GROUP $UI_BESIDE; do
        wait_until 30 ui_group_gone "$group" || kill -KILL -- "-$group" 2>/dev/null || true
    done
}

# With less of the processors than what runs beside it, if anything does.
ui_command() {
    [ -z "$UI_BESIDE" ] || renice -n 5 "$BASHPID" >/dev/null 2>&1 || true
    "$@"
}

# ui_beside LOG COMMAND…: starts a command; ui_join waits for it. One at a time.
ui_beside() {
    local log=$1
    shift
    set -m
    "$@" >"$log" 2>&1 </dev/null &
    UI_BESIDE=$! UI_BESIDE_START=$SECONDS
    set +m
}

# ui_join TITLE: as ui_run, of what was started beside.
ui_join() {
    UI_GROUP=$UI_BESIDE UI_BESIDE=''
    ui_wait "$1" "$UI_BESIDE_START"
}

# ui_run TITLE LOG COMMAND…: output to LOG; a line with the seconds that passed; the command's exit status.
# With VP_VERBOSE=1 the output is shown as well.
ui_run() {
    local text=$1 log=$2
    shift 2
    if [ "${VP_VERBOSE:-0}" = 1 ]; then
        say "$text …"
        set -m
        { ui_command "$@" 2>&1 | tee "$log"; exit "${PIPESTATUS[0]}"; } &
    else
        set -m
        ui_command "$@" >"$log" 2>&1 </dev/null &
    fi
    UI_GROUP=$!
    set +m
    ui_wait "$text" "$SECONDS"
}

ui_wait() { # title, when it began: waits for UI_GROUP
    local text=$1 start=$2 rc=0 shown=-20 now
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
