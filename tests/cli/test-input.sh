#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Definitions that are wrong, hostile or none: a clear message, exit status 3, no output, no harm.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

tagged() { # profile [inside of the tag]
    sed "s|<memory>|<metadata><vp:profile xmlns:vp='urn:virt-profile:domain:1' name='$1'>${2-}</vp:profile></metadata>&|" "$work/plain.xml"
}
bad() { # what, pattern; the definition is in $work/in.xml
    local command
    for command in rewrite revert plan; do
        run_here "$command" --host "$host" "$work/in.xml"
        [ "$command" = revert ] && run_here revert "$work/in.xml"
        is "$command of $1 ends with 3" "$STATUS" 3
        has "$command of $1 says why" "$ERR" "$2"
        is "$command of $1 prints nothing" "$OUT" ''
    done
}

: >"$work/in.xml"
bad 'nothing' '^virt-profile: '
head -n 8 "$work/plain.xml" >"$work/in.xml"
bad 'a truncated definition' 'in\.xml'
head -c 4096 /dev/urandom >"$work/in.xml"
bad 'random bytes' 'in\.xml'
echo '<network><name>n</name></network>' >"$work/in.xml"
bad 'another document' 'domain'
{
    echo '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
    sed 's/plain/\&c;/' "$work/plain.xml"
} >"$work/in.xml"
bad 'an entity bomb' 'in\.xml'
{
    echo '<!DOCTYPE domain [<!ENTITY secret SYSTEM "file:///etc/passwd">]>'
    sed 's/plain/\&secret;/' "$work/plain.xml"
} >"$work/in.xml"
bad 'an external entity' 'in\.xml'
hasnt 'the file it names is not read' "$OUT$ERR" 'root:'
{
    echo '<domain><description>'
    head -c 20971520 /dev/zero | tr '\0' x
    echo '</description></domain>'
} >"$work/in.xml"
bad '20 MiB' 'in\.xml'
{
    for ((i = 0; i < 20000; i++)); do printf '<a>'; done
} >"$work/in.xml"
bad 'a deep nest' 'in\.xml'

# tags that make no sense
check_tag() { # what, status, pattern; definition on standard input
    cat >"$work/in.xml"
    exits "$2" "$3" rewrite --host "$host" "$work/in.xml"
    exits "$2" "$3" plan --host "$host" "$work/in.xml"
    run_here revert "$work/in.xml"
    is "$1 can be taken out" "$STATUS" 0
    hasnt "$1 is gone then" "$OUT" 'vp:profile'
}
tagged nosuch | check_tag 'a profile that is not there' 4 "no profile 'nosuch'"
tagged ../../etc/passwd | check_tag 'a profile with a path for a name' 3 'not a profile'
tagged sql-db "<vp:set knob='disk.cash'>none</vp:set>" | check_tag 'an override of no knob' 3 "disk.cash"
tagged sql-db "<vp:set knob='disk.cache'>quark</vp:set>" | check_tag 'an override with a bad value' 3 "quark"
tagged "$(printf '%0200d' 0)" | check_tag 'a long name' 3 'not a profile'

# what comes from a definition is shown without its control characters
sed "s|<name>plain|<name>a\xc2\x9b31mb\xe2\x80\xaec|" "$work/plain.xml" >"$work/in.xml"
run_here plan --profile sql-db --color=never --host "$host" "$work/in.xml"
is 'a name with control characters is planned' "$STATUS" 0
has 'and shown escaped' "$OUT" '^domain	a\\xc2\\x9b31mb\\xe2\\x80\\xaec	'
tagged $'no\xc2\x9bsuch' >"$work/in.xml"
run_here rewrite --host "$host" "$work/in.xml"
hasnt 'a message has no control characters' "$ERR" $'\xc2\x9b'

# byte for byte
printf '<domain  type="kvm"  >\r\n\t<name>a</name></domain>\n\n' >"$work/in.xml"
for command in rewrite revert; do
    "$program" --root "$root" "$command" <"$work/in.xml" >"$work/out.xml"
    is "$command of an untagged definition ends with 0" "$?" 0
    if cmp -s "$work/in.xml" "$work/out.xml"; then ok "$command gives it byte for byte"; else not_ok "$command changes it"; fi
    "$program" --root "$root" "$command" - <"$work/in.xml" >"$work/out.xml"
    cmp -s "$work/in.xml" "$work/out.xml"
    is "$command takes - for standard input" "$?" 0
done
run_here plan --host "$host" "$work/in.xml"
is 'plan of an untagged definition is one line' "$OUT" $'untagged\ta'
done_testing
