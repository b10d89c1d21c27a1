#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The whole host for one guest: settings, disk queue, huge pages, interrupts, limits of its own and CPUs that nobody else is
# on; and what becomes of it when a file cannot be written. Every file that the program may write is as before afterwards.
. "$GUEST_LIB/case.sh"
. "$GUEST_LIB/snapshot.sh"

PROFILES=/etc/virt-profile/profiles
SWAPPINESS=/proc/sys/vm/swappiness
PAGES=/sys/kernel/mm/ksm/pages_to_scan
POOL=/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages
mkdir -p "$PROFILES"
if [ "$(nproc)" -lt 2 ] || ! [ -w /sys/kernel/mm/ksm/run ] || ! [ -w "$POOL" ]; then
    skip 'the whole host' 'it needs two CPUs, and a kernel whose settings and pool of huge pages can be written'
    done_testing
    exit
fi

cat >"$PROFILES/all.profile" <<'END'
[cpu]
placement = dedicated
cgroup-weight = 300
cgroup-quota = 150
[memory]
hugepages = 2M
hugepages-grow = yes
cgroup-max = 1G
[disk]
scheduler = bfq
nr-requests = 64
read-ahead = 256K
cgroup-read-iops = 3000
[irq]
others = off-dedicated
[ksm]
run = run
pages-to-scan = 1250
sleep = 15
merge-across-nodes = no
[thp]
enabled = madvise
defrag = defer+madvise
khugepaged-defrag = no
[kernel]
numa-balancing = no
swappiness = 10
arp-filter = yes
END
cat >"$PROFILES/other.profile" <<'END'
[cpu]
placement = shared
cgroup-weight = 50
[disk]
scheduler = mq-deadline
nr-requests = 128
read-ahead = 512K
[ksm]
run = stop
pages-to-scan = 50
[kernel]
swappiness = 40
END
printf '[profile]\nextends = all\nenforce = refuse\n' >"$PROFILES/strict.profile"
DEVICES="<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='@DIR@/disk.raw'/><target dev='vda' bus='virtio'/></disk><interface type='ethernet'><model type='virtio'/></interface>"
sed "s|<controller|$DEVICES&|" "$TEMPLATES/tiny.xml" >"$SANDBOX/tiny-devices.xml"
for dom in vp-host-all vp-host-other; do guest_define "$dom" "$SANDBOX/tiny-devices.xml" || not_ok "$dom is defined"; done
guest_define vp-host-plain "$TEMPLATES/tiny.xml" || not_ok 'vp-host-plain is defined'
virt-profile assign vp-host-all all >/dev/null || not_ok 'a profile'
virt-profile assign vp-host-other other >/dev/null || not_ok 'a profile'

affinities() { # domain: every list of CPUs once
    local status
    for status in /proc/"$(guest_pid "$1")"/task/*/status; do awk '/^Cpus_allowed_list/ { print $2 }' "$status"; done | sort -u | xargs
}
limit() { cat /sys/fs/cgroup/"$1"/machine/qemu-*-vp-host-all.libvirt-qemu/"$2" 2>/dev/null; } # controller, file
chosen() { sed 's/.*\[\(.*\)\].*/\1/' "$1"; }
before() { awk -F '\t' -v path="$1" '$1 == path { print $2 }' "$SANDBOX/before"; }
all_as_before() { # what
    nothing_left "$1: nothing is left" vp-host-
    snapshot_same "$1: the host is as before" "$SANDBOX/before"
}

why() { { printf '%s\n' "$2" >"$1"; } 2>&1 | sed 's/.*: //' | tail -n 1; } # file, value: what the kernel says to a shell
pool=$(cat "$POOL") swappiness=$(cat "$SWAPPINESS")
echo 33 >"$SWAPPINESS"
echo 10 >"$POOL"
left_before vp-host-
snapshot "$SANDBOX/before" || not_ok 'a snapshot'
note "$(wc -l <"$SANDBOX/before") files"
# The disk below the images, whose node a sandbox has not by itself.
node=$(awk -F '\t' '/\/queue\/scheduler\t/ { print $1 }' "$SANDBOX/before" | cut -d / -f 4 | while read -r name; do
    virt-profile plan --profile all "$(guest_dir vp-host-all)/domain.xml" | grep -q "host/block/$name/scheduler" && echo "$name" && break
done)
disk=/sys/block/$node
[ -z "$node" ] || mknod "/dev/$node" b "$(cut -d : -f 1 "$disk/dev")" "$(cut -d : -f 2 "$disk/dev")" || node=''
note "images are on ${node:-a disk of which nothing is known}"

# The hook tells of each once.
managed=$(for irq in /proc/irq/[0-9]*; do
    [ -n "$(find "$irq" -mindepth 1 -type d)" ] && [ "$(why "$irq/smp_affinity_list" "$(cat "$irq/smp_affinity_list")")" != '' ] && echo "$irq/smp_affinity_list" && break
done)
note 'everything at once, beside a guest without a profile'
vsh start --paused vp-host-plain
syslog_mark
exits 'the guest starts' 0 vsh start --paused vp-host-all
snapshot "$SANDBOX/during"
note "$(snapshot_differs "$SANDBOX/before" "$SANDBOX/during" | wc -l) files differ while it runs"
is 'settings of the kernel' "$(cat "$SWAPPINESS" "$PAGES" /sys/kernel/mm/ksm/run /sys/kernel/mm/ksm/sleep_millisecs | xargs)" '10 1250 1 15'
is 'transparent huge pages' "$(chosen /sys/kernel/mm/transparent_hugepage/defrag)" 'defer+madvise'
is 'huge pages of its own' "$(cat "$POOL")" 32
is 'the other makes room' "$(affinities vp-host-plain)" 0
is 'limits: weight and quota' "$(limit cpu cpu.shares) $(limit cpu cpu.cfs_quota_us)" '3072 150000'
is 'limits: memory' "$(limit memory memory.limit_in_bytes)" 1073741824
if [ -n "$node" ] && grep -q bfq "$disk/queue/scheduler"; then
    is 'limits: the disk' "$(limit blkio blkio.throttle.read_iops_device | awk '{ print $2 }')" 3000
    is 'the disk below its image' "$(chosen "$disk/queue/scheduler") $(cat "$disk/queue/nr_requests" "$disk/queue/read_ahead_kb" | xargs)" 'bfq 64 256'
fi
others=$(awk -F '\t' '$1 ~ /smp_affinity_list/ { print $2 }' "$SANDBOX/during" | sort | uniq -c | xargs)
note "interrupts, by their CPUs: $others"
has 'new interrupts stay off its CPU' "$(cat /proc/irq/default_smp_affinity)" '^0*1$'
if [ -n "$managed" ]; then
    reason=$(why "$managed" 0)
    has "an interrupt that the kernel manages ($reason) is told" "$(syslog_seen)" "irq/$(cut -d / -f 4 <<<"$managed").*takes no orders"
else
    skip 'an interrupt that the kernel manages' 'this machine has none'
fi
hasnt 'nothing failed' "$(syslog_seen | grep -v 'takes no orders')" 'cannot|fail'
vsh destroy vp-host-all
is 'the other may run everywhere again' "$(affinities vp-host-plain)" 0-1
vsh destroy vp-host-plain
all_as_before 'afterwards'

note 'two that want different things, in any order'
for order in 'all other all other' 'all other other all' 'other all all other' 'other all other all'; do
    read -r a b c d <<<"$order"
    if ! vsh start --paused "vp-host-$a" || ! vsh start --paused "vp-host-$b"; then not_ok "$order: both start"; fi
    is "$order: with both" "$(cat "$SWAPPINESS" "$PAGES" /sys/kernel/mm/ksm/run | xargs)" '10 1250 1'
    vsh destroy "vp-host-$c"
    if [ "$d" = all ]; then want='10 1250 1'; else want='40 50 0'; fi
    is "$order: with one" "$(cat "$SWAPPINESS" "$PAGES" /sys/kernel/mm/ksm/run | xargs)" "$want"
    vsh destroy "vp-host-$d"
    all_as_before "$order"
done

note 'an administrator in between'
vsh start --paused vp-host-all
vsh start --paused vp-host-plain
echo 777 >"$PAGES"
echo 2 >/proc/irq/default_smp_affinity
echo $(($(cat "$POOL") + 3)) >"$POOL"
syslog_mark
vsh destroy vp-host-plain
vsh destroy vp-host-all
is 'what he set stays' "$(cat "$PAGES") $(sed 's/^0*//' /proc/irq/default_smp_affinity) $(cat "$POOL")" '777 2 13'
has 'which the log says' "$(syslog_seen)" 'pages_to_scan = 777: somebody changed it'
# shellcheck disable=SC2094 # two names of one function, not a file
before "$PAGES" >"$PAGES"
# shellcheck disable=SC2094
before /proc/irq/default_smp_affinity >/proc/irq/default_smp_affinity
echo 10 >"$POOL"
all_as_before 'but for his'

note 'files that cannot be written'
mkdir -p "$SANDBOX/fixed"
mount -t tmpfs -o size=4k fixed "$SANDBOX/fixed"
# fixed FILE: the same value, read-only.
fixed() {
    cat "$1" >"$SANDBOX/fixed.${1##*/}"
    mount --bind "$SANDBOX/fixed.${1##*/}" "$1"
    mount -o remount,bind,ro "$1"
}
fixed "$SWAPPINESS"
dd if=/dev/zero of="$SANDBOX/fixed/fill" bs=4k count=1 2>/dev/null
: >"$SANDBOX/fixed/empty" && mount --bind "$SANDBOX/fixed/empty" "$PAGES"
syslog_mark
exits 'the guest starts all the same' 0 vsh start --paused vp-host-all
has 'read-only: the log says file, value and reason' "$(syslog_seen)" "$SWAPPINESS.*'10'.*Read-only file system"
has 'no space: the log says file, value and reason' "$(syslog_seen)" "$PAGES.*'1250'.*No space left"
is 'the rest is done' "$(cat /sys/kernel/mm/ksm/run "$POOL" | xargs)" '1 32'
syslog_mark
vsh destroy vp-host-all
hasnt 'what was not written is not put back' "$(syslog_seen)" "swappiness|pages_to_scan"
umount "$SWAPPINESS" "$PAGES"
all_as_before 'afterwards'

note 'one becomes unwritable while the guest runs'
vsh start --paused vp-host-all
fixed "$SWAPPINESS"
syslog_mark
vsh destroy vp-host-all
has 'the log says that it could not be put back' "$(syslog_seen)" "$SWAPPINESS.*cannot write.*Read-only"
is 'which is still noted' "$(grep -c swappiness /run/virt-profile/host.json)" 1
umount "$SWAPPINESS"
exits 'restore-host does it when it can be' 0 virt-profile restore-host
all_as_before 'afterwards'

if [ -n "$node" ]; then
    note 'a limit that cannot be set'
    mv "/dev/$node" "/dev/$node.away"
    syslog_mark
    exits 'the guest starts all the same' 0 vsh start --paused vp-host-all
    has 'the log says what and why' "$(syslog_seen)" "'vp-host-all' starts without all.*cannot limit disk '/dev/$node': No such file"
    is 'the rest is done' "$(cat "$SWAPPINESS" "$PAGES" "$POOL" | xargs)" '10 1250 32'
    vsh destroy vp-host-all
    all_as_before 'afterwards'
    virt-profile assign vp-host-all strict >/dev/null || not_ok 'a profile'
    exits 'a strict one does not' 1 vsh start --paused vp-host-all
    has 'with the reason' "$ERR" "'vp-host-all' is refused.*cannot limit disk '/dev/$node': No such file"
    mv "/dev/$node.away" "/dev/$node"
    all_as_before 'afterwards'
fi

note 'what a guest cannot do without'
virt-profile assign vp-host-all strict >/dev/null || not_ok 'a profile'
fixed "$POOL"
exits 'without its huge pages a strict guest does not start' 1 vsh start --paused vp-host-all
has 'which it says, with file, value and reason' "$ERR" "'vp-host-all' is refused.*nr_hugepages.*(Read-only|read-only)"
umount "$POOL"
all_as_before 'afterwards'
exits 'with them it does' 0 vsh start --paused vp-host-all
vsh destroy vp-host-all
all_as_before 'and at last'

echo "$pool" >"$POOL"
echo "$swappiness" >"$SWAPPINESS"
rm -r "$PROFILES"
done_testing
