#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Limits of disks, by QEMU and by the kernel, as guests meet them: requests of 4 KiB past every cache, counted in the
# guest. Each holds within a tenth of the number that was set.
. "$GUEST_LIB/case.sh"

PROFILES=/etc/virt-profile/profiles
mkdir -p "$PROFILES"
printf '[profile]\nsummary = limits only\n[disk]\ncache = none\nio = threads\n' >"$PROFILES/limits.profile"
printf '[disk]\nnr-requests = 64\n' >"$PROFILES/probe.profile"

# The disk below the images, whose node a sandbox has not by itself. The kernel limits whole disks.
image_disk() {
    local name
    for name in /sys/block/*; do
        name=${name##*/}
        virt-profile plan --profile probe "$(guest_dir vp-limit-0)/domain.xml" |
            grep -q "host/block/$name/" && echo "$name" && return
    done
}

# what | knob | value | requests per second | by whom | task of the guest
ROWS=(
    'reads, by QEMU|disk.read-iops|300|300|qemu|vp.io'
    'bytes read, by QEMU|disk.total-bytes|2M|512|qemu|vp.io'
    'writes, by QEMU|disk.total-iops|200|200|qemu|vp.out'
    'reads, by the kernel|disk.cgroup-read-iops|300|300|kernel|vp.io'
    'bytes read, by the kernel|disk.cgroup-read-bytes|2M|512|kernel|vp.io'
    'writes, by the kernel|disk.cgroup-write-iops|200|200|kernel|vp.out'
)

for i in "${!ROWS[@]}"; do
    IFS='|' read -r _ _ _ _ _ task <<<"${ROWS[i]}"
    sed -e 's|<vcpu>2</vcpu>|<vcpu>1</vcpu>|' -e "s|<memory unit='MiB'>[0-9]*|<memory unit='MiB'>128|" \
        -e "s|vp\.io|$task|" "$TEMPLATES/server.xml" >"$SANDBOX/limit.xml"
    guest_define "vp-limit-$i" "$SANDBOX/limit.xml" || not_ok "guest $i is defined"
    # A hole in a file never gets to the disk.
    dd if=/dev/zero of="$(guest_dir "vp-limit-$i")/disk.raw" bs=1M count=16 conv=notrunc,fsync 2>/dev/null
done
node=$(image_disk)
[ -z "$node" ] || mknod "/dev/$node" b "$(cut -d : -f 1 "/sys/block/$node/dev")" "$(cut -d : -f 2 "/sys/block/$node/dev")" || node=''
note "images are on ${node:-a disk of which nothing is known}"

skipped() { # row: limits of the kernel need a disk that it can limit
    [[ ${ROWS[$1]} == *'|kernel|'* ]] && [ -z "$node" ]
}
for i in "${!ROWS[@]}"; do
    IFS='|' read -r what knob value _ _ _ <<<"${ROWS[i]}"
    skipped "$i" && continue
    virt-profile assign "vp-limit-$i" limits --set "$knob=$value" >/dev/null || not_ok "$what: a profile"
    boot_guest "vp-limit-$i" || not_ok "$what: the guest boots"
    vsh destroy "vp-limit-$i"
done
for i in "${!ROWS[@]}"; do
    IFS='|' read -r what knob value want _ task <<<"${ROWS[i]}"
    if skipped "$i"; then
        skip "$what" 'images are on no disk that the kernel could limit'
        continue
    fi
    [ "$task" = vp.io ] && kind=reads || kind=writes
    rate=$(guest_fact "vp-limit-$i" "$kind-per-second")
    text="$what: $knob=$value is $want a second, the guest gets ${rate:-nothing}"
    if [ "${rate:-0}" -ge $((want * 9 / 10)) ] && [ "$rate" -le $((want * 11 / 10)) ]; then ok "$text"; else not_ok "$text"; fi
done
rm -r "$PROFILES"
done_testing
