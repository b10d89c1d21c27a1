#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Many domains: apply --all brings every one up to date, shows how far it is on a terminal only, and cleans up behind itself.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

fake=$builddir/tests/cli/libvirt.so.0
[ -r "$fake" ] || skip_all "there is no $fake"
mkdir -p "$work/lib" "$work/domains"
cp "$fake" "$work/lib/"
export FAKE_LIBVIRT=$work/domains LD_LIBRARY_PATH=$work/lib
many=150
tag="<metadata><vp:profile xmlns:vp='urn:virt-profile:domain:1' name='desktop-vdi'/></metadata>"
domain() { # name, number, tag
    sed "s|<name>plain|<name>$1|; s|-0000000000aa<|-$(printf %012d "$2")<|; s|<memory>|$3&|" "$work/plain.xml" >"$FAKE_LIBVIRT/$1.xml"
}
for ((i = 1; i <= many; i++)); do domain "vdi-$i" "$i" "$tag"; done
domain bare 1000 ''
applied() { grep -l "at='" "$FAKE_LIBVIRT"/*.xml | wc -l; }

run_here apply --all --host "$host"
is 'all of many are brought up to date, quietly' "$STATUS:$OUT$ERR" 0:
is 'each of them' "$(applied)" "$many"
hasnt 'one without a profile stays as it is' "$(cat "$FAKE_LIBVIRT/bare.xml")" 'virt-profile'
: >"$FAKE_LIBVIRT/log"
run_here apply --all --json --host "$host"
is 'the second time nothing changes' "$STATUS:$(grep -c '"changed": false' <<<"$OUT")" "0:$many"
is 'and nothing is stored' "$(grep -c define "$FAKE_LIBVIRT/log")" 0
is 'each is in the array once' "$(grep -o '"name": "vdi-[0-9]*"' <<<"$OUT" | sort -u | wc -l)" "$many"

if command -v script >/dev/null; then
    echo 'no space left' >"$FAKE_LIBVIRT/vdi-7.refuse"
    for ((i = 1; i <= many; i++)); do domain "vdi-$i" "$i" "$tag"; done
    STATUS=0
    script -qec "'$program' --root '$root' --profiles /profiles apply --all --host '$host'" /dev/null </dev/null >"$work/tty" 2>&1 || STATUS=$?
    is 'one that fails is the only one' "$STATUS:$(applied)" "1:$((many - 1))"
    has 'on a terminal it says how far it is' "$(tr '\r' '\n' <"$work/tty")" "\\[$many/$many\\] vdi-"
    is 'from the first' "$(tr '\r' '\n' <"$work/tty" | grep -o '\[[0-9]*/[0-9]*\]' | head -n 1)" "[1/$many]"
    is 'once for each' "$(tr '\r' '\n' <"$work/tty" | grep -c "/$many\\]")" "$many"
    has 'a failure is a line of its own' "$(cat "$work/tty")" $'\e\\[Kvirt-profile: .*vdi-7.*no space left'
    is 'and the line is taken away at the end' "$(tr '\r' '\n' <"$work/tty" | tail -n 1 | tr -d '\n')" $'\e[K'
fi
done_testing
