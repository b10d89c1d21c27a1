#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Exit status and message of everything that goes wrong, and that nothing is printed then.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

profile() { printf '%s\n' "$2" >"$root/profiles/$1.profile"; } # name, text

run --help
is '--help ends with 0' "$STATUS" 0
run --version
is '--version' "$OUT" "virt-profile $(sed -n 's/^AC_INIT(\[virt-profile\], \[\(.*\)\])/\1/p' "$srcdir/configure.ac")"

# the command line
for words in '' 'frobnicate' '--frobnicate' 'list --frobnicate' 'list surplus' 'show' 'show a b' 'validate' \
    'assign one' 'clear' 'apply' 'apply one --all' 'plan --phase=warm' 'plan --enforce=maybe' 'plan --set' \
    'plan --set disk.cache' 'plan --set =none' '--color=perhaps list' 'list --json=yes' 'plan -x' 'revert --profile sql-db'; do
    # shellcheck disable=SC2086 # words
    run $words
    is "'$words' is wrong usage" "$STATUS" 2
    has "'$words' points to --help" "$ERR" "^Try 'virt-profile.* --help'"
    is "'$words' prints nothing to standard output" "$OUT" ''
done
run lsit
has 'a mistyped command is guessed' "$ERR" "did you mean 'list'"
run list --jsno
has 'a mistyped option is guessed' "$ERR" "did you mean '--json'"

# names that are not there
exits 4 "there is no profile 'nosuch'; there are: desktop-vdi, nfv, sql-db" show nosuch
exits 4 "no knob 'disk.cach'; did you mean 'disk.cache'" knobs disk.cach
exits 4 "cannot open '/nonexistent/x.xml'" rewrite /nonexistent/x.xml
exits 4 "no profile 'nosuch'" rewrite --profile nosuch --host "$host" "$work/plain.xml"
exits 4 'nonexistent' plan --profile sql-db --host /nonexistent/host.xml "$work/plain.xml"

# profiles that are wrong
profile bad-key $'[disk]\ncash = none'
profile bad-value $'[disk]\n\ncache = quark'
profile bad-line $'[disk]\ncache'
profile bad-section $'cache = none'
profile twice $'[disk]\ncache = none\ncache = none'
profile loop $'[profile]\nextends = pool'
profile pool $'[profile]\nextends = loop'
profile self $'[profile]\nextends = self'
profile orphan $'[profile]\nextends = nobody'
profile upward $'[profile]\nextends = ../etc/passwd'
head -c 300000 /dev/zero | tr '\0' '#' >"$root/profiles/big.profile"
head -c 1000 /dev/urandom >"$root/profiles/junk.profile"
exits 3 "bad-key.profile:2: .*'disk.cash'; did you mean 'disk.cache'" show bad-key
exits 3 "bad-value.profile:3: 'quark' is not a value of disk.cache, which takes none \|" show bad-value
exits 3 'bad-line.profile:2: ' show bad-line
exits 3 'bad-section.profile:1: ' show bad-section
exits 3 'twice.profile:3: ' show twice
exits 3 'extends itself' show loop
exits 3 'extends itself' show self
exits 4 "orphan.profile:2: .*no profile 'nobody'" show orphan
exits 3 'is not a profile.s name' show upward
exits 3 'big.profile' show big
exits 3 'junk.profile' show junk
exits 3 "is not a profile's name" rewrite --profile ../../etc/passwd --host "$host" "$work/plain.xml"
exits 3 "is not a profile's name" rewrite --profile .hidden --host "$host" "$work/plain.xml"
exits 3 "quark" rewrite --profile sql-db --set disk.cache=quark --host "$host" "$work/plain.xml"
exits 4 "no knob 'disk.cach' to set; did you mean 'disk.cache'" rewrite --profile sql-db --set disk.cach=none --host "$host" "$work/plain.xml"
exits 3 'no profile' rewrite --set disk.cache=none --host "$host" "$work/plain.xml"
exits 3 'extends itself' rewrite --profile loop --host "$host" "$work/plain.xml"

# profiles that validate finds wrong: all of them are named, what is right is said too
run_here validate "$root"/profiles/{bad-key,sql-db,orphan,bad-value}.profile
is 'validate of good and bad files ends with 3' "$STATUS" 3
is 'validate names each bad file' "$(grep -c '\.profile:' <<<"$ERR")" 3
has 'validate names what is right' "$OUT" 'sql-db.profile	valid'
exits 0 '' validate "$root"/profiles/{sql-db,nfv,desktop-vdi}.profile
run_here validate "$root/profiles/absent.profile"
is 'validate of a file that is not there ends with 4' "$STATUS" 4
# a broken profile does not hide the others
run_here list
is 'list with broken profiles tells so' "$STATUS" 3
has 'list shows the good ones' "$OUT" '^sql-db	[0-9]+	'
has 'list shows the broken ones' "$OUT" '^bad-key	broken	.*did you mean'

# nothing to write to
if [ -c /dev/full ]; then
    for words in '--help' 'list' 'knobs' 'show sql-db'; do
        # shellcheck disable=SC2086 # words
        "$program" --root "$root" --profiles /profiles $words >/dev/full 2>"$work/stderr"
        is "'$words' to a full disk" "$?" 1
    done
    "$program" --root "$root" --profiles /profiles rewrite "$work/plain.xml" >/dev/full 2>"$work/stderr"
    is 'rewrite to a full disk' "$?" 1
fi
done_testing
