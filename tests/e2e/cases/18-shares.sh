#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Shares of caches and of memory bandwidth, for a made-up host that gives them out: libvirt stores what is planned, and
# what it stores is a fixed point.
. "$GUEST_LIB/case.sh"

HOST=$SANDBOX/host
PROFILES=/etc/virt-profile/profiles
file() { mkdir -p "$HOST${1%/*}" && printf '%s\n' "$2" >"$HOST$1"; }
for cpu in 0 1 2 3; do
    at=/sys/devices/system/cpu/cpu$cpu
    file $at/topology/physical_package_id 0
    file $at/topology/core_id $cpu
    for name in core_cpus thread_siblings; do file $at/topology/$name "$((1 << cpu))"; done
    for index in 0 1 2; do file $at/cache/index$index/level 1; done
    file $at/cache/index3/level 3
    file $at/cache/index3/type Unified
    file $at/cache/index3/id $((cpu / 2))
    file $at/cache/index3/size 27648K
    file $at/cache/index3/shared_cpu_list "$((cpu / 2 * 2))-$((cpu / 2 * 2 + 1))"
    file $at/cache/index3/shared_cpu_map "$((cpu < 2 ? 3 : 0))"
done
for cpu in 2 3; do file /sys/devices/system/cpu/cpu$cpu/cache/index3/shared_cpu_map c; done
for name in online possible; do file /sys/devices/system/cpu/$name 0-3; done
file /sys/devices/system/node/online 0
file /sys/devices/system/node/node0/cpumap f
file /sys/devices/system/node/node0/meminfo 'Node 0 MemTotal: 16777216 kB'
file /sys/fs/resctrl/info/L3/cbm_mask fff
file /sys/fs/resctrl/info/L3/min_cbm_bits 1
file /sys/fs/resctrl/info/MB/bandwidth_gran 10
file /sys/fs/resctrl/info/MB/min_bandwidth 10
file /sys/fs/resctrl/schemata "    L3:0=00f;1=00f
    MB:0=100;1=100"

mkdir -p "$PROFILES"
printf '[cpu]\nplacement = dedicated\ncache-size = 5M\nmemory-bandwidth = 35\n' >"$PROFILES/share.profile"
sed 's|<vcpu>1</vcpu>|<vcpu>3</vcpu>|' "$TEMPLATES/tiny.xml" >"$SANDBOX/three.xml"
if ! vsh domcapabilities --virttype kvm >/dev/null 2>&1; then
    skip 'shares of caches' 'this libvirt has no KVM guests, and gives shares to no others'
    done_testing
    exit
fi
sed -i "s|type='qemu'|type='kvm'|" "$SANDBOX/three.xml"
guest_define vp-share "$SANDBOX/three.xml" || not_ok 'a guest'
stored vp-share before.xml
tune() { virt-profile rewrite --host "$HOST" "$@"; }
tune --profile share "$SANDBOX/before.xml" >"$SANDBOX/tuned.xml" || not_ok 'it is rewritten'
exits 'libvirt takes it' 0 vsh define --validate "$SANDBOX/tuned.xml"
stored vp-share stored.xml
is 'a part of each cache below it, in whole ways' \
    "$(xmllint --xpath '//cachetune/@vcpus | //cachetune/cache/@*' "$SANDBOX/stored.xml" | xargs)" \
    "vcpus=0-2 id=0 level=3 type=both size=6912 unit=KiB id=1 level=3 type=both size=6912 unit=KiB"
is 'and of the bandwidth behind it' "$(xmllint --xpath '//memorytune/@vcpus | //memorytune/node/@*' "$SANDBOX/stored.xml" | xargs)" \
    "vcpus=0-2 id=0 bandwidth=40 id=1 bandwidth=40"
tune "$SANDBOX/stored.xml" >"$SANDBOX/again.xml"
same_file 'what libvirt stored is a fixed point' "$SANDBOX/stored.xml" "$SANDBOX/again.xml"
virt-profile revert "$SANDBOX/stored.xml" >"$SANDBOX/back.xml"
exits 'undone' 0 vsh define "$SANDBOX/back.xml"
stored vp-share after.xml
same_file 'it is as before' "$SANDBOX/before.xml" "$SANDBOX/after.xml"
rm -r "$PROFILES"
done_testing
