#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The hook as libvirt runs it, over a folder that stands for a host.
# shellcheck disable=SC2016 # checks are evaluated when they are made
set -u
build=${VP_TOP_BUILDDIR:-.}
hook=$build/hooks/qemu
[ -x "$hook" ] || { echo "$hook is not built"; exit 1; }

work=$(mktemp -d "${TMPDIR:-/tmp}/vp-hook-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
root=$work/root
failed=0
count=0

# Where profiles are is fixed by configure.
# shellcheck disable=SC2034 # used by what is evaluated
prefix=$(sed -n 's/^prefix = //p' "$build/Makefile")
etc=
eval "etc=$(sed -n 's/^sysconfdir = //p' "$build/Makefile")"
profiles=$root$etc/virt-profile/profiles
mkdir -p "$profiles"
printf '[profile]\nsummary = four shares\n[cpu]\nshares = 4000\n' >"$profiles/shares.profile"
printf '[profile]\nenforce = refuse\nextends = shares\n' >"$profiles/strict.profile"
printf '[cpu]\nsahres = 4000\n' >"$profiles/broken.profile"
printf '[xml]\ntitle = seen by the guest\n' >"$profiles/guest.profile"

# Two CPUs and a node.
sys=$root/sys/devices/system
for cpu in 0 1; do
    mkdir -p "$sys/cpu/cpu$cpu/topology"
    echo 0 >"$sys/cpu/cpu$cpu/topology/physical_package_id"
    echo "$cpu" >"$sys/cpu/cpu$cpu/topology/core_id"
    for file in thread_siblings core_cpus; do echo $((1 + cpu)) >"$sys/cpu/cpu$cpu/topology/$file"; done
    for file in core_siblings package_cpus; do echo 3 >"$sys/cpu/cpu$cpu/topology/$file"; done
done
mkdir -p "$sys/node/node0"
for file in online possible present; do echo 0-1 >"$sys/cpu/$file"; done
echo 0 >"$sys/node/online"
echo 3 >"$sys/node/node0/cpumap"
echo 10 >"$sys/node/node0/distance"
echo 'Node 0 MemTotal: 8388608 kB' >"$sys/node/node0/meminfo"
find "$root" -type f | sort >"$work/before"

# domain NAME PROFILE [ENFORCE [INNER]]: a definition; no tag where PROFILE is "-".
domain() {
    printf "<domain type='kvm' id='1'>\n  <name>%s</name>\n  <uuid>6f1c0a0e-0000-4000-8000-000000000001</uuid>\n" "$1"
    enforced=${3:+" enforce='$3'"}
    [ "$2" = - ] || printf "  <metadata>\n    <vp:profile xmlns:vp='%s' name='%s'%s/>\n  </metadata>\n" \
        urn:virt-profile:domain:1 "$2" "$enforced"
    printf "  <memory unit='KiB'>1048576</memory>\n  <vcpu>2</vcpu>\n%s  <devices>\n  </devices>\n</domain>\n" "${4-}"
}

# run ARGUMENT…: the hook with stdin from $work/in; leaves status, out and err.
run() {
    "$hook" "$@" <"$work/in" >"$work/out" 2>"$work/err"
    status=$?
    # It may go on behind.
    [ ! -e "$root/run/virt-profile/host.lock" ] || flock "$root/run/virt-profile/host.lock" true
}

check() {
    count=$((count + 1))
    if ! eval "$2"; then
        failed=$((failed + 1))
        echo "FAILED: $1: $2 (exit $status)"
        sed 's/^/  out: /' "$work/out" | head -n 5
        sed 's/^/  err: /' "$work/err" | head -n 5
    fi
}

quiet='[ $status = 0 ] && [ ! -s "$work/out" ] && [ ! -s "$work/err" ]'
operations='prepare start started stopped release migrate restore reconnect attach from-the-future'

# What libvirt does not read stays empty, and no operation fails.
domain plain - >"$work/in"
for op in $operations; do
    run --root "$root" plain "$op" begin -
    check "untagged, $op" "$quiet"
done
: >"$work/in"
for op in $operations; do
    run --root "$root" plain "$op" begin -
    check "nothing on stdin, $op" "$quiet"
done
for profile in shares strict broken nosuch ../evil '' guest; do
    for enforce in '' start refuse maybe; do
        domain tagged "$profile" "$enforce" >"$work/in"
        for op in started stopped release reconnect attach from-the-future start; do
            run --root "$root" tagged "$op" begin -
            check "profile '$profile', enforce '$enforce', $op" "$quiet"
        done
        for op in migrate restore; do
            run --root "$root" tagged "$op" begin -
            check "profile '$profile', enforce '$enforce', $op" '[ $status = 0 ] && [ ! -s "$work/err" ]'
        done
    done
done

# prepare refuses only where it was asked to.
prepare() {
    domain tagged "$2" "$3" "${5-}" >"$work/in"
    run --root "$root" tagged prepare begin -
    if [ "$4" = 0 ]; then
        check "$1" "$quiet"
        return
    fi
    check "$1" '[ $status = 1 ] && [ ! -s "$work/out" ]'
    check "$1: one line" '[ "$(wc -l <"$work/err")" = 1 ]'
    check "$1: says who, which and what to do" 'grep -q "^virt-profile: .*'"'tagged'"'.*virt-profile [a-z]* tagged" "$work/err"'
}
good='  <cputune>
    <shares>4000</shares>
  </cputune>
'
prepare 'settings are there' strict '' 0 "$good"
prepare 'settings are missing' shares '' 0
prepare 'settings are missing, profile refuses' strict '' 1
prepare 'settings are missing, domain refuses' shares refuse 1
prepare 'settings are missing, domain overrides' strict start 0
prepare 'settings differ, profile refuses' strict '' 1 '  <cputune><shares>5</shares></cputune>'
prepare 'broken profile' broken '' 0
prepare 'broken profile, domain refuses' broken refuse 1
prepare 'no such profile' nosuch '' 0
prepare 'no such profile, domain refuses' nosuch refuse 1
prepare 'it is to have none, whatever else it says' none refuse 0
prepare 'enforce is nonsense' shares maybe 0
domain tagged broken refuse >"$work/in"
run --root "$root" tagged prepare begin -
check 'the refusal names what is wrong' 'grep -q "broken.profile:2: there is no knob .cpu.sahres.; did you mean .cpu.shares." "$work/err"'

# Filters print a whole definition or nothing.
for op in migrate restore; do
    domain tagged shares >"$work/in"
    run --root "$root" tagged "$op" begin -
    check "$op rewrites" '[ $status = 0 ] && grep -q "<shares>4000</shares>" "$work/out" && xmllint --noout "$work/out"'
    cp "$work/out" "$work/in"
    run --root "$root" tagged "$op" begin -
    check "$op, nothing to do" "$quiet"
    domain tagged guest >"$work/in"
    run --root "$root" tagged "$op" begin -
    check "$op leaves alone what the guest sees" '! grep -q "<title>" "$work/out"'
    for text in "<domain>urn:virt-profile:domain:1" "urn:virt-profile:domain:1" "<x>urn:virt-profile:domain:1</x>" \
        "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><domain>urn:virt-profile:domain:1&e;</domain>"; do
        printf '%s' "$text" >"$work/in"
        run --root "$root" tagged "$op" begin -
        check "$op of '$text'" "$quiet"
    done
done
printf '<domain>urn:virt-profile:domain:1' >"$work/in"
run --root "$root" tagged prepare begin -
check 'prepare of half a definition' "$quiet"

# libvirt writes all of stdin; whoever does not read it makes it fail. What comes out goes to a file, the writer's status too.
drained() {
    { cat "$work/big"; echo $? >"$work/wrote"; } 2>/dev/null | "$hook" --root "$root" tagged "$2" begin - >"$work/out" 2>"$work/err"
    status=$?
    check "$1, $2: read to its end" '[ "$(cat "$work/wrote")" = 0 ]'
    check "$1, $2" '[ $status = 0 ] && [ ! -s "$work/err" ]'
}
comment() { head -c "$1" /dev/zero | tr '\0' x | fold -w 100; }
for size in 150000 20971520; do
    for profile in - shares; do
        { domain tagged "$profile" | sed '$d'; echo '<!--'; comment "$size"; echo '--></domain>'; } >"$work/big"
        for op in prepare migrate stopped from-the-future; do
            drained "$size bytes, profile $profile" "$op"
        done
    done
done
head -c 3000000 /dev/urandom >"$work/big"
drained 'noise' prepare
drained 'noise' restore

# Closed and broken descriptors.
domain tagged shares >"$work/in"
for op in $operations; do
    "$hook" --root "$root" tagged "$op" begin - <"$work/in" >&- 2>"$work/err"
    status=$?
    check "closed stdout, $op" '[ $status = 0 ]'
    "$hook" --root "$root" tagged "$op" begin - <&- >"$work/out" 2>"$work/err"
    status=$?
    check "closed stdin, $op" '[ $status = 0 ]'
    "$hook" --root "$root" tagged "$op" begin - <&- >&- 2>&-
    status=$?
    check "all closed, $op" '[ $status = 0 ]'
    "$hook" --root "$root" tagged "$op" begin - <"$work/in" >/dev/full 2>"$work/err"
    status=$?
    check "full disk, $op" '[ $status = 0 ]'
    { sleep 0.2; "$hook" --root "$root" tagged "$op" begin - <"$work/in" 2>"$work/err"; echo $? >"$work/status"; } | true
    while [ ! -s "$work/status" ]; do sleep 0.05; done
    status=$(cat "$work/status")
    rm -f "$work/status"
    check "no one reads stdout, $op" '[ $status = 0 ]'
done
domain tagged strict >"$work/in"
"$hook" --root "$root" tagged prepare begin - <"$work/in" >"$work/out" 2>&-
status=$?
check 'refusal with stderr closed' '[ $status = 1 ]'

# A domain may be called anything.
for name in --help --version --root -h '' 'a b' "$(printf 'a\nb')" '%s%n' '$(touch x)' ../x; do
    domain odd strict >"$work/in"
    run --root "$root" "$name" prepare begin -
    check "domain called '$name', prepare" '[ $status = 1 ] && [ ! -s "$work/out" ]'
    run "$name" stopped end -
    check "domain called '$name', stopped" "$quiet"
done

run --help
check '--help' '[ $status = 0 ] && grep -q "^Usage: qemu DOMAIN OPERATION" "$work/out"'
run --version
check '--version' '[ $status = 0 ] && grep -q "^virt-profile [0-9]" "$work/out"'
run
check 'no arguments' '[ $status = 2 ] && grep -q "^Usage" "$work/err"'
run --root "$work/nowhere" tagged prepare begin -
check 'no such root' '[ $status = 0 ]'

find "$root" -type f ! -path '*/run/virt-profile/*' | sort >"$work/after"
check 'it wrote nothing to the host but its own ledger' 'cmp -s "$work/before" "$work/after"'

echo "$count checks, $failed failed"
[ "$failed" = 0 ]
