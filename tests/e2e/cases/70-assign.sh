#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# assign, apply, clear through libvirt: identity and secrets stay, a running guest is left alone, clear gives back.
. "$GUEST_LIB/case.sh"

guest_define vp-a "$TEMPLATES/desktop.xml"
stored vp-a s0.xml
uuid=$(vsh domuuid vp-a)
has 'the definition has a password' "$(cat "$SANDBOX/s0.xml")" "passwd='hunter22'"

exits 'assign' 0 virt-profile assign vp-a sql-db
stored vp-a s1.xml
differs_file 'assign changes the stored definition' "$SANDBOX/s0.xml" "$SANDBOX/s1.xml"
is 'the UUID stays' "$(vsh domuuid vp-a)" "$uuid"
has 'the password stays' "$(cat "$SANDBOX/s1.xml")" "passwd='hunter22'"
has 'the tag is there' "$(cat "$SANDBOX/s1.xml")" "<vp:profile xmlns:vp=['\"]urn:virt-profile:domain:1['\"] name=['\"]sql-db['\"]"
is 'tuned: cache' "$(xml "$SANDBOX/s1.xml" '/domain/devices/disk/driver/@cache')" none

exits 'assign the same again' 0 virt-profile assign vp-a sql-db
stored vp-a s2.xml
same_file 'it changes nothing' "$SANDBOX/s1.xml" "$SANDBOX/s2.xml"

exits 'apply' 0 virt-profile apply vp-a
stored vp-a s2.xml
same_file 'apply changes nothing' "$SANDBOX/s1.xml" "$SANDBOX/s2.xml"

exits 'assign with an override' 0 virt-profile assign vp-a sql-db --set disk.total-iops=5000
stored vp-a s3.xml
is 'the override is in the definition' "$(xml "$SANDBOX/s3.xml" '/domain/devices/disk/iotune/total_iops_sec')" 5000
has 'and in the tag' "$(cat "$SANDBOX/s3.xml")" "<vp:set knob=['\"]disk.total-iops['\"]>5000</vp:set>"

exits 'another profile' 0 virt-profile assign vp-a desktop-vdi
exits 'and one more' 0 virt-profile assign vp-a nfv
stored vp-a s4.xml
has 'the password stays' "$(cat "$SANDBOX/s4.xml")" "passwd='hunter22'"

exits 'clear' 0 virt-profile clear vp-a
stored vp-a s5.xml
same_file 'clear after three profiles gives back the definition' "$SANDBOX/s0.xml" "$SANDBOX/s5.xml"
exits 'clear where there is nothing' 0 virt-profile clear vp-a
stored vp-a s5.xml
same_file 'it changes nothing' "$SANDBOX/s0.xml" "$SANDBOX/s5.xml"

note 'a running guest'
make_guest vp-live server -
boot_guest vp-live || not_ok 'the guest boots'
stored vp-live s0.xml
live vp-live >"$SANDBOX/live0.xml"
exits 'assign while it runs' 0 virt-profile assign vp-live sql-db
has 'it says what takes effect when' "$OUT$ERR" 'next|start'
live vp-live >"$SANDBOX/live1.xml"
same_file 'the live definition' "$SANDBOX/live0.xml" "$SANDBOX/live1.xml"
is 'it runs on' "$(state vp-live)" running
stored vp-live s1.xml
is 'the stored definition is tuned' "$(xml "$SANDBOX/s1.xml" '/domain/devices/disk/driver/@cache')" none
exits 'apply while it runs' 0 virt-profile apply vp-live
exits 'clear while it runs' 0 virt-profile clear vp-live
live vp-live >"$SANDBOX/live1.xml"
same_file 'the live definition' "$SANDBOX/live0.xml" "$SANDBOX/live1.xml"
stored vp-live s1.xml
same_file 'the stored definition is the first again' "$SANDBOX/s0.xml" "$SANDBOX/s1.xml"

note 'apply after the profile changed'
mkdir -p /etc/virt-profile/profiles
printf '[profile]\nsummary = local\nextends = sql-db\n[disk]\ntotal-iops = 700\n' >/etc/virt-profile/profiles/local.profile
exits 'assign a profile of our own' 0 virt-profile assign vp-a local
make_guest vp-b server local
sed -i 's/700/800/' /etc/virt-profile/profiles/local.profile
exits 'apply --all' 0 virt-profile apply --all
for dom in vp-a vp-b; do
    stored "$dom" s.xml
    is "$dom has the new value" "$(xml "$SANDBOX/s.xml" '/domain/devices/disk[1]/iotune/total_iops_sec')" 800
done
stored vp-live s1.xml
same_file 'an untagged domain is left alone' "$SANDBOX/s0.xml" "$SANDBOX/s1.xml"

note 'JSON'
exits 'assign --json' 0 virt-profile assign --json vp-b sql-db
printf '%s\n' "$OUT" >"$SANDBOX/out.json"
exits 'its output is JSON' 0 python3 -m json.tool "$SANDBOX/out.json"
exits 'apply --all --json' 0 virt-profile apply --all --json
printf '%s\n' "$OUT" >"$SANDBOX/out.json"
exits 'its output is JSON' 0 python3 -m json.tool "$SANDBOX/out.json"
exits 'clear --json' 0 virt-profile clear --json vp-b
printf '%s\n' "$OUT" >"$SANDBOX/out.json"
exits 'its output is JSON' 0 python3 -m json.tool "$SANDBOX/out.json"
for words in list 'show sql-db' knobs 'knobs disk.cache'; do
    # shellcheck disable=SC2086 # words
    exits "$words --json" 0 virt-profile $words --json
    printf '%s\n' "$OUT" >"$SANDBOX/out.json"
    exits 'its output is JSON' 0 python3 -m json.tool "$SANDBOX/out.json"
done
for name in sql-db desktop-vdi nfv; do has "list names $name" "$(virt-profile list)" "^.*$name"; done
done_testing
