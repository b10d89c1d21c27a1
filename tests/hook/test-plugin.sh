#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The program that libvirt runs, with a plugin that cannot do its work: guests start all the same, but for those that ask
# not to be started untuned.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../cli/lib.sh"

# A sanitizer does not report what is to crash.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}handle_sigbus=0:handle_segv=0:handle_abort=0

hook=$work/qemu
plugin=$work/virt-profile-hook.so
version=$(sed -n 's/^VERSION = //p' "$builddir/Makefile")
cc=$(sed -n 's/^CC = \([^ ]*\).*/\1/p' "$builddir/Makefile")
root=$work/host # with nothing in it
mkdir "$root"
cp "$builddir/hooks/qemu" "$hook"

definition() { # [ENFORCE]: as libvirt writes it, with a tag
    printf "<domain type='kvm' id='7'>\n  <name>g</name>\n  <uuid>6f1c0a0e-0000-4000-8000-000000000001</uuid>\n  <metadata>\n"
    printf '    <vp:profile xmlns:vp="urn:virt-profile:domain:1" name="sql-db"%s/>\n' "${1:+ enforce=\"$1\"}"
    printf "  </metadata>\n  <memory unit='KiB'>524288</memory>\n  <vcpu>1</vcpu>\n</domain>\n"
}
call() { # OPERATION <definition
    STATUS=0
    OUT=$("$hook" --root "$root" g "$1" begin - 2>"$work/stderr") || STATUS=$?
    ERR=$(cat "$work/stderr")
}
# What is to come of each operation, whatever is wrong with the plugin.
goes_on() { # what is wrong
    local operation
    for operation in prepare start started stopped release reconnect migrate restore attach; do
        call $operation < <(definition)
        is "$1: $operation" "$STATUS,$OUT,$ERR" '0,,'
    done
    call prepare < <(definition refuse)
    is "$1: a guest that is not to start untuned" "$STATUS,$OUT" '1,'
    has "$1: it is told why" "$ERR" '^virt-profile: the profile could not be checked, .*enforce=refuse'
    for operation in start started release reconnect migrate; do
        call $operation < <(definition refuse)
        is "$1: $operation of it" "$STATUS,$OUT,$ERR" '0,,'
    done
    is "$1: nothing is written but a lock" "$(find "$root" -type f ! -name host.lock)" ''
}
compiled() { # <source
    "$cc" -shared -fPIC -o "$plugin" -x c - 2>"$work/cc.log" || not_ok 'it compiles' "$(cat "$work/cc.log")"
}
echo 'no library' >"$plugin"
goes_on 'a file of text'
: >"$plugin"
goes_on 'an empty file'
head -c 20000 "$builddir/hooks/virt-profile-hook.so" >"$plugin"
goes_on 'half of it'
compiled <<<'int other;'
goes_on 'another library'
compiled <<<'#include <stdlib.h>
__attribute__((constructor)) static void crash(void) { abort(); }'
goes_on 'one that crashes when it is loaded'
compiled <<<'extern int what_nobody_has(void); int (*vp_hook_plugin)(void) = what_nobody_has;'
goes_on 'a name is missing'
# A struct that begins like that of any version: its name.
compiled <<<"#include <stdlib.h>
static int run(void) { abort(); }
struct { const char *version; size_t sizes[2]; int (*run)(void); } vp_hook_plugin = {\"$version.1\", {0}, run};"
goes_on 'one of another version'
compiled <<<"#include <stdlib.h>
static int run(void) { abort(); }
struct { const char *version; size_t sizes[2]; int (*run)(void); } vp_hook_plugin = {\"$version\", {0}, run};"
goes_on 'one of another build'

cp "$builddir/hooks/virt-profile-hook.so" "$plugin"
call prepare < <(definition refuse)
is 'the right one: it is asked for the profile' "$STATUS,$OUT" '1,'
has 'and says that there is none' "$ERR" "profile 'sql-db'"
done_testing
