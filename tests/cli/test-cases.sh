#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Each folder in tests/cases is a case: one definition, what rewriting makes of it, and why.
#   why          the trap that it watches, one sentence
#   host         for --host; a path is below the case's folder
#   profile      the name of a shipped profile, or a profile of its own; without it, the one in the definition's tag
#   options      further options, one word in a line (may be missing)
#   domain.xml   expect.xml   expect.plan
# VP_REGENERATE=1 writes what the program says now to expect.xml and expect.plan.
set -u

srcdir=${VP_TOP_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
program=${VP_TOP_BUILDDIR:-$srcdir}/virt-profile
schema=/usr/share/libvirt/schemas/domain.rng
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
root=$work/root
n=0 failed=0

ok() { n=$((n + 1)) && echo "ok $n - $1"; }
not_ok() { # text [file to show]
    n=$((n + 1)) failed=$((failed + 1))
    echo "not ok $n - $1"
    [ -z "${2-}" ] || sed 's/^/#   /' "$2" | head -n 40
}
check() { # text, command…
    local text=$1
    shift
    if "$@" >"$work/said" 2>&1; then ok "$text"; else not_ok "$text" "$work/said"; fi
}

# Standard input through the program, on a host that has nothing but the profiles.
run() { "$program" --root "$root" --profiles /profiles "$@"; }

canonical() { xmllint --nonet --noblanks "$1" | xmllint --nonet --c14n - | xmllint --nonet --format -; }

# Same document but for white space between elements? Equal bytes are.
same_xml() {
    cmp -s "$1" "$2" && return 0
    command -v xmllint >/dev/null || { echo "the bytes differ, and there is no xmllint to compare the documents"; return 1; }
    diff -u <(canonical "$1") <(canonical "$2")
}

# PCI addresses that two devices have; saved ones in the metadata do not count.
shared_addresses() { sed '/<metadata>/,/<\/metadata>/d' "$1" | grep "<address type='pci'" | sed 's/^ *//' | sort | uniq -d; }
no_shared_addresses() {
    local found
    found=$(shared_addresses "$1")
    [ -z "$found" ] || { echo "$found" && return 1; }
}

valid() { xmllint --nonet --noout --relaxng "$schema" "$1"; }

expect() { # case folder, name of the expectation, what came
    if [ "${VP_REGENERATE-}" = 1 ]; then
        cmp -s "$3" "$1/$2" || cp "$3" "$1/$2"
    fi
    check "${1##*/}: $2" diff -u "$1/$2" "$3"
}

# Sets the array `asked`: the options that ask for the case's profile, host and phase.
read_case() {
    local dir=$1 host word
    host=$(cat "$dir/host")
    case $host in synthetic:*) ;; *) host=$dir/$host ;; esac
    context=(--host "$host")
    asked=()
    if [ -e "$dir/profile" ] && grep -q '^\[' "$dir/profile"; then
        cp "$dir/profile" "$root/profiles/case.profile"
        asked=(--profile case)
    elif [ -e "$dir/profile" ]; then
        asked=(--profile "$(cat "$dir/profile")")
    fi
    phase=cold
    if [ -e "$dir/options" ]; then
        while IFS= read -r word; do
            [ "$word" = cold ] || [ "$word" = migrate ] || [ "$word" = restore ] && phase=$word
            context+=("$word")
        done <"$dir/options"
    fi
    # A tag in the definition names the profile itself.
    [ "$phase" = cold ] || asked=()
}

properties() {
    local name=${1##*/} dir=$1 other
    run rewrite "${context[@]}" <"$work/out.xml" >"$work/again.xml"
    check "$name: rewriting again changes no byte" cmp "$work/out.xml" "$work/again.xml"
    run revert <"$dir/domain.xml" >"$work/original.xml"
    run revert <"$work/out.xml" >"$work/back.xml"
    check "$name: reverting gives the original back" same_xml "$work/original.xml" "$work/back.xml"
    check "$name: no PCI address is given twice" no_shared_addresses "$work/out.xml"
    if [ "$phase" = cold ]; then
        for other in sql-db desktop-vdi nfv; do
            run rewrite "${context[@]:0:2}" --profile "$other" <"$work/original.xml" |
                run rewrite "${asked[@]}" "${context[@]}" >"$work/after.xml"
            check "$name: $other before leaves nothing behind" same_xml "$work/direct.xml" "$work/after.xml"
        done
    fi
    if [ -r "$schema" ] && command -v xmllint >/dev/null && valid "$dir/domain.xml" >/dev/null 2>&1; then
        check "$name: the result is valid for libvirt" valid "$work/out.xml"
    fi
}

one_case() {
    local dir=$1 name=${1##*/}
    [ -s "$dir/why" ] || not_ok "$name: has no why"
    read_case "$dir"
    if ! run rewrite "${asked[@]}" "${context[@]}" <"$dir/domain.xml" >"$work/out.xml" 2>"$work/said"; then
        not_ok "$name: rewrite fails" "$work/said"
        return
    fi
    if ! run plan "${asked[@]}" "${context[@]}" <"$dir/domain.xml" >"$work/out.plan" 2>"$work/said"; then
        not_ok "$name: plan fails" "$work/said"
        return
    fi
    sed -i "s|$dir/||" "$work/out.plan" # the host says where its file is
    run revert <"$dir/domain.xml" | run rewrite "${asked[@]}" "${context[@]}" >"$work/direct.xml"
    expect "$dir" expect.xml "$work/out.xml"
    expect "$dir" expect.plan "$work/out.plan"
    properties "$dir"
}

[ -x "$program" ] || { echo "Bail out! there is no $program"; exit 99; }
mkdir -p "$root/profiles"
cp "$srcdir"/profiles/*.profile "$root/profiles/"
for dir in "$srcdir"/tests/cases/*/; do
    rm -f "$root/profiles/case.profile"
    one_case "${dir%/}"
done
echo "1..$n"
[ "$failed" = 0 ] && [ "$n" -gt 0 ]
