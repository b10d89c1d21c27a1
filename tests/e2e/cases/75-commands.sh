#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# doctor, diff, metrics and completion beside a real libvirt; the definitions that other front ends get are ones it takes.
. "$GUEST_LIB/case.sh"

row() { awk -F '\t' -v check="$1" '$2 == check { print $1 "\t" $3 "\t" $5 }' <<<"$OUT"; }
doctor() { OUT=$(virt-profile doctor) || true; }

note 'doctor'
# The start of a process is known to the second.
sleep 1.1
libvirtd_stop && libvirtd_start
doctor
has 'the hook is found' "$(row hook)" "^ok	'qemu'"
has 'libvirt and its daemon' "$(row libvirt)" "^ok	libvirt $(vsh version --daemon | sed -n 's/^Running against daemon: //p'), libvirtd runs"
has 'the hook was there first' "$(row hook-loaded)" '^ok	libvirtd \(process [0-9]+\) was started after a hook was there'
# The folder is empty when the daemon starts: it calls no hook until it is reloaded, and only a call tells.
mv "$HOOK" "$SANDBOX/hook"
libvirtd_stop && libvirtd_start
sleep 1.1
mv "$SANDBOX/hook" "$HOOK"
doctor
has 'a hook that came later' "$(row hook-loaded)" '^warning	.*is older than the hook.*systemctl reload libvirtd'
make_guest vp-a tiny desktop-vdi
vsh start vp-a
is 'libvirt did not call it' "$(virt-profile status)" ''
vsh destroy vp-a
kill -HUP "$(cat /run/libvirtd.pid)"
sleep 1.1
vsh start vp-a
has 'behind a reload it does' "$(virt-profile status)" '^vp-a	'
doctor
has 'and doctor sees that' "$(row hook-loaded)" '^ok	it has run'
vsh destroy vp-a
chmod a-x "$HOOK"
exits 'a hook that is not executable is a problem' 1 virt-profile doctor
has 'with a remedy' "$(row hook)" "^problem	.*	chmod 0755 $HOOK"
chmod a+x "$HOOK"

note 'diff'
make_guest vp-b server -
exits 'a domain without a profile' 4 virt-profile diff vp-b
exits 'what a profile would change' 1 virt-profile diff -p sql-db vp-b
stored vp-b s0.xml
vsh dumpxml --inactive vp-b >"$SANDBOX/d.xml"
patch -s "$SANDBOX/d.xml" <<<"$OUT"
exits 'libvirt takes what patch makes of it' 0 virsh -q define --validate "$SANDBOX/d.xml"
exits 'as stored by libvirt nothing differs' 0 virt-profile diff vp-b
exits 'apply has nothing to do' 0 virt-profile apply -v vp-b
has 'it says so' "$OUT" 'up to date already'
sed "s/discard='unmap'/discard='ignore'/" "$SANDBOX/d.xml" >"$SANDBOX/e.xml"
vsh define "$SANDBOX/e.xml"
exits 'an edit behind its back' 1 virt-profile diff vp-b
has 'is what differs' "$OUT" "^-.*discard='ignore'"
virt-profile clear vp-b
stored vp-b s1.xml
same_file 'clear gives back what was there' "$SANDBOX/s0.xml" "$SANDBOX/s1.xml"

note 'metrics'
make_guest vp-c server sql-db "${UNLOCKED[@]}"
boot_guest vp-c || not_ok 'the guest boots'
exits 'metrics' 0 virt-profile metrics -o "$SANDBOX/vp.prom"
has 'the guest runs' "$(cat "$SANDBOX/vp.prom")" '^virt_profile_guests\{profile="sql-db",state="running"\} 1$'
has 'nothing of it is pending' "$(cat "$SANDBOX/vp.prom")" '^virt_profile_guest_pending_settings\{domain="vp-c".*\} 0$'
is 'they are valid' "$(awk -f "$TOP/tests/cli/openmetrics.awk" "$SANDBOX/vp.prom")" ''
vsh destroy vp-c
virt-profile metrics >"$SANDBOX/vp.prom"
hasnt 'it has ended' "$(cat "$SANDBOX/vp.prom")" 'vp-c'

note 'completion'
is 'domains' "$(virt-profile --dump-domains= | paste -sd ' ')" 'vp-a vp-b vp-c'
exits 'another libvirt' 0 virt-profile --dump-domains=test:///default
is 'has others' "$OUT" test
exits 'one that is not there is quiet' 1 virt-profile --dump-domains=no:///such
is 'quite' "$OUT$ERR" ''

note 'other front ends'
vmi='{"metadata":{"annotations":{"virt-profile/profile":"sql-db"}}}'
exits 'KubeVirt' 0 virt-profile kubevirt --vmi "$vmi" --domain "$(cat "$SANDBOX/s0.xml")"
printf '%s\n' "$OUT" >"$SANDBOX/k.xml"
exits 'libvirt takes it' 0 virsh -q define --validate "$SANDBOX/k.xml"
is 'it is tuned' "$(xml "$SANDBOX/k.xml" '/domain/devices/disk/driver/@cache')" none
cp "$SANDBOX/s0.xml" "$SANDBOX/v.xml"
exits 'VDSM' 0 env _hook_domxml="$SANDBOX/v.xml" virt_profile='sql-db disk.total-iops=500' virt-profile vdsm-hook
exits 'libvirt takes it' 0 virsh -q define --validate "$SANDBOX/v.xml"
is 'it is tuned' "$(xml "$SANDBOX/v.xml" '/domain/devices/disk/iotune/total_iops_sec')" 500
done_testing
