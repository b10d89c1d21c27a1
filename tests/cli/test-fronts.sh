#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Other systems that start guests: called as KubeVirt's sidecar-shim and VDSM call, and what they get when something is wrong.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

fake_machine "$root" ''
xml=$(cat "$work/plain.xml")
vmi() { # annotations
    printf '{"apiVersion":"kubevirt.io/v1","metadata":{"name":"vm","annotations":{"other/x":"1"%s}},"spec":{"running":true}}' "$1"
}
# As the shim does: a program of that name, the texts as arguments.
ln -s "$program" "$work/onDefineDomain"
shim() { # VMI, XML
    STATUS=0
    OUT=$("$work/onDefineDomain" --root "$root" --profiles /profiles --vmi "$1" --domain "$2" 2>"$work/stderr") || STATUS=$?
    ERR=$(cat "$work/stderr")
}
same() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "$(diff <(echo "$2") <(echo "$3"))"; fi; }

# KubeVirt
shim "$(vmi '')" "$xml"
same 'a VMI without annotations: as it came' "$STATUS:$OUT$ERR" "0:$xml"
shim "$(vmi ',"virt-profile/profile":"sql-db"')" "$xml"
is 'a VMI with a profile' "$STATUS:$ERR" 0:
has 'its settings are in' "$OUT" "cache='none'.* io='native'"
has 'and its name' "$OUT" "<vp:profile .*name='sql-db'"
hasnt 'CPUs are the pod'"'"'s' "$OUT" '<(vcpupin|emulatorpin|numatune)'
hasnt 'and so are huge pages' "$OUT" '<hugepages'
first=$OUT
shim "$(vmi ',"virt-profile/profile":"sql-db"')" "$OUT"
same 'called twice it changes nothing more' "$OUT" "$first"
shim "$(vmi ',"virt-profile/profile":"sql-db","virt-profile/set.disk.cache":"writeback","virt-profile/set.memory.hugepages":"2M"')" "$xml"
has 'an override' "$OUT" "cache='writeback'"
has 'one of what is left out else' "$OUT" "<vp:set knob='memory.hugepages'>2M<"
tagged=${xml/<memory>/"<metadata><vp:profile xmlns:vp='urn:virt-profile:domain:1' name='nfv'/></metadata><memory>"}
shim "$(vmi '')" "$tagged"
has 'a tag in the definition does as well' "$OUT" "<vp:profile .*name='nfv'"
has 'and brings its settings' "$OUT" 'rx_queue_size|<vp:(was|made)'
run_here kubevirt --vmi "$(vmi ',"virt-profile/profile":"sql-db"')" --domain "$xml"
same 'the command does the same' "$OUT" "$first"
limited='[profile]
summary = With limits
[cpu]
shares = 2048
[memory]
hard-limit = 4G
[disk]
cache = none'
echo "$limited" >"$root/profiles/limited.profile"
shim "$(vmi ',"virt-profile/profile":"limited"')" "$xml"
hasnt 'no limits that libvirt in a pod cannot set' "$OUT" '<(cputune|memtune|shares|hard_limit)'
has 'but the rest' "$OUT" "cache='none'"

knobs=$("$program" knobs | cut -f 1)
is 'what is left out are knobs' \
    "$(sed -n '/decided\[\]/,/};/p' "$srcdir/src/cli/cmd-kubevirt.c" | grep -oE '"[a-z.-]+"' | tr -d '"' | grep -vxF "$knobs")" ''

# what goes wrong
shim '{"broken' "$xml"
same 'a VMI that is no JSON: as it came' "$STATUS:$OUT" "0:$xml"
has 'and it is said' "$ERR" '^virt-profile: what --vmi says is not a JSON object$'
shim '[]' "$xml"
same 'a VMI that is no object' "$STATUS:$OUT" "0:$xml"
shim '{"metadata":{"annotations":["virt-profile/profile"]}}' "$xml"
same 'odd annotations' "$STATUS:$OUT$ERR" "0:$xml"
shim "$(vmi ',"virt-profile/profile":7')" "$xml"
same 'an annotation that is no text' "$STATUS:$OUT$ERR" "0:$xml"
shim "$(vmi ',"virt-profile/profile":"nosuch"')" "$xml"
same 'a profile that is not there: as it came' "$STATUS:$OUT" "0:$xml"
has 'and it is said, too' "$ERR" "no profile 'nosuch'"
shim "$(vmi ',"virt-profile/profile":"nosuch","virt-profile/enforce":"refuse"')" "$xml"
is 'enforce = refuse: no definition, and a failure' "$STATUS:$OUT" 1:
shim "$(vmi ',"virt-profile/profile":"sql-db","virt-profile/set.disk.cache":"quark"')" "$xml"
same 'a value that is wrong' "$STATUS:$OUT" "0:$xml"
printf '[profile]\nenforce = refuse\n[disk]\ncache = none\n' >"$root/profiles/strict.profile"
shim "$(vmi ',"virt-profile/profile":"strict","virt-profile/set.disk.cache":"quark"')" "$xml"
is 'a profile that says refuse' "$STATUS:$OUT" 1:
shim "$(vmi ',"virt-profile/profile":"sql-db"')" '<domain'
same 'XML that is none: as it came' "$STATUS:$OUT" '0:<domain'
shim "$(vmi ',"virt-profile/profile":"../../etc/passwd"')" "$xml"
same 'a name that is a path' "$STATUS:$OUT" "0:$xml"
exits 2 'wants --vmi and --domain' kubevirt --vmi '{}'

# VDSM
vdsm() { # property; the definition is in $work/vdsm.xml
    STATUS=0
    OUT=$(env ${1:+virt_profile="$1"} _hook_domxml="$work/vdsm.xml" vmId=1 "$program" --root "$root" --profiles /profiles \
        vdsm-hook 2>"$work/stderr") || STATUS=$?
    ERR=$(cat "$work/stderr")
}
fresh() { echo "$xml" >"$work/vdsm.xml"; }
now() { cat "$work/vdsm.xml"; }
fresh
inode=$(stat -c %i "$work/vdsm.xml")
vdsm ''
same 'VDSM: without the property it stays as it is' "$STATUS:$OUT$ERR$(now)" "0:$xml"
vdsm 'sql-db'
is 'VDSM: with it, quietly' "$STATUS:$OUT$ERR" 0:
has 'the settings are in' "$(now)" "cache='none'"
has 'and a place' "$(now)" '<vcpupin'
is 'in the same file' "$(stat -c %i "$work/vdsm.xml")" "$inode"
same 'whole' "$(tail -n 1 "$work/vdsm.xml")" '</domain>'
vdsm 'desktop-vdi'
has 'another profile' "$(now)" "name='desktop-vdi'"
fresh
vdsm ' sql-db  disk.cache=writeback enforce=start'
has 'overrides' "$(now)" "cache='writeback'"
has 'and enforce' "$(now)" "enforce='start'"
echo "$first" >"$work/vdsm.xml"
sed -i "s/^<domain/<!-- $(printf '%5000s' x) -->&/" "$work/vdsm.xml"
vdsm 'limited'
same 'a definition that becomes shorter ends where it ends' "$(tail -n 1 "$work/vdsm.xml")" '</domain>'
fresh
vdsm 'nosuch'
same 'a profile that is not there: the definition stays' "$STATUS:$(now)" "0:$xml"
has 'and VDSM logs why' "$ERR" "no profile 'nosuch'"
vdsm 'nosuch enforce=refuse'
same 'enforce = refuse: the start is stopped' "$STATUS:$(now)" "2:$xml"
vdsm 'sql-db nfv'
same 'two profiles' "$STATUS:$(now)" "0:$xml"
has 'are told' "$ERR" "says 'nfv', which is not KNOB=VALUE"
exits 2 'is run by VDSM' vdsm-hook
done_testing
