# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Assertions for test cases: one line each, "ok N - text" or "not ok N - text", with the values seen.

TAP_N=0 TAP_FAILED=0

ok() {
    TAP_N=$((TAP_N + 1))
    printf 'ok %d - %s\n' "$TAP_N" "$*"
}

not_ok() {
    TAP_N=$((TAP_N + 1))
    TAP_FAILED=$((TAP_FAILED + 1))
    printf 'not ok %d - %s\n' "$TAP_N" "$*"
}

skip() {
    TAP_N=$((TAP_N + 1))
    printf 'ok %d # SKIP %s\n' "$TAP_N" "$*"
}

note() { printf '# %s\n' "$*"; }

# What the kernel of this machine cannot show, whatever is installed: the lab shows it, with a kernel of its own.
cannot() { note "not with this kernel: $1: $2"; } # what, why

is() { # what, seen, expected
    if [ "$2" = "$3" ]; then ok "$1: '$2'"; else not_ok "$1: saw '$2', expected '$3'"; fi
}

isnt() { # what, seen, unwanted
    if [ "$2" != "$3" ]; then ok "$1: '$2'"; else not_ok "$1: saw '$2', which it must not be"; fi
}

has() { # what, text, pattern (extended regular expression)
    local line
    if line=$(grep -m 1 -E -- "$3" <<<"$2"); then
        ok "$1: ${line#"${line%%[![:space:]]*}"}"
    else
        not_ok "$1: nothing matches '$3' in:"
        head -n 20 <<<"$2" | sed 's/^/#   /'
    fi
}

hasnt() { # what, text, pattern
    local line
    if line=$(grep -m 1 -E -- "$3" <<<"$2"); then
        not_ok "$1: found '$line'"
    else
        ok "$1: nothing matches '$3'"
    fi
}

# exits WHAT STATUS COMMAND…: sets OUT and ERR.
exits() {
    local what=$1 want=$2 rc=0
    shift 2
    OUT=$("$@" 2>"$SANDBOX/stderr") || rc=$?
    ERR=$(cat "$SANDBOX/stderr")
    if [ "$rc" = "$want" ]; then
        ok "$what: exit status $rc${ERR:+, says: $(head -n 1 <<<"$ERR")}"
    else
        not_ok "$what: exit status $rc, expected $want; says: $ERR"
    fi
}

same_file() { # what, a, b
    if cmp -s "$2" "$3"; then
        ok "$1: identical ($(wc -c <"$2") bytes)"
    else
        not_ok "$1: they differ:"
        diff -u "$2" "$3" | head -n 30 | sed 's/^/#   /'
    fi
}

differs_file() { # what, a, b
    if cmp -s "$2" "$3"; then not_ok "$1: identical"; else ok "$1: they differ, as they should"; fi
}

done_testing() {
    printf '1..%d\n' "$TAP_N"
    [ "$TAP_FAILED" = 0 ]
}
