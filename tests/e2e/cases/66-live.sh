#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# WIP
. "$GUEST_LIB/case.sh"
P=/etc/virt-profile/profiles
mkdir -p $P
cat >$P/lively.profile <<'X'
[profile]
extends = sql-db
[memory]
hugepages = no
hard-limit = 2G
[disk]
total-iops = 500
[cpu]
shares = 300
quota = 90000
emulator-quota = 80000
X
sed 's|<vcpu>2</vcpu>|<vcpu>1</vcpu>|' "$TEMPLATES/server.xml" >"$SANDBOX/one.xml"
guest_define vp-l "$SANDBOX/one.xml"
virt-profile assign vp-l lively
time virt-profile start vp-l -v
time virt-profile verify vp-l
echo $?
virt-profile status
virt-profile status --all
virt-profile status vp-l
echo == breaks
cg=/sys/fs/cgroup
pid=$(guest_pid vp-l)
cat /proc/$pid/cgroup
v() { virt-profile verify vp-l | grep -v '	ok	' | sed "s/^/   $1: /"; }
v start
vsh blkdeviotune vp-l vda --total-iops-sec 444; v iotune; virt-profile apply vp-l --live; v after
vsh schedinfo vp-l --set cpu_shares=777 >/dev/null;  v shares; virt-profile apply vp-l --live; v after
vsh schedinfo vp-l --set vcpu_quota=70000 >/dev/null;  v quota; virt-profile apply vp-l --live; v after
vsh schedinfo vp-l --set emulator_quota=70000 >/dev/null;  v emuquota; virt-profile apply vp-l --live; v after
vsh memtune vp-l --hard-limit 3000000 >/dev/null;  v mem; virt-profile apply vp-l --live; v after
vsh vcpupin vp-l 0 0;  v vcpupin; virt-profile apply vp-l --live; v after
vsh emulatorpin vp-l 1;  v emupin; virt-profile apply vp-l --live; v after
vsh iothreadpin vp-l 1 1;  v iopin; virt-profile apply vp-l --live; v after
echo 30 >/proc/sys/vm/swappiness; v swap; echo 10 >/proc/sys/vm/swappiness; v after
vsh qemu-monitor-command vp-l '{"execute":"block_set_io_throttle","arguments":{"id":"/machine/peripheral/virtio-disk0/virtio-backend","bps":0,"bps_rd":0,"bps_wr":0,"iops":300,"iops_rd":0,"iops_wr":0}}'; v qmp
virt-profile status
ls -d $cg/*/machine* ; find $cg/cpu/machine $cg/cpuset/machine $cg/memory/machine -maxdepth 2 | head -40
vsh domiftune vp-l vnet0 --inbound 4000; echo "in $?"
vsh domiftune vp-l vnet0 --outbound 4000; echo "out $?"
virt-profile assign vp-l lively --set disk.boot-time=600 --set disk.boot-total-iops=900
virt-profile apply vp-l --live -v; vsh blkdeviotune vp-l vda | grep total_iops
virt-profile assign vp-l lively --set disk.cache=writeback
virt-profile status; virt-profile status vp-l | grep -E 'state|pending'
truncate -s 64M $(guest_dir vp-l)/extra.raw
vsh attach-disk vp-l $(guest_dir vp-l)/extra.raw vdb --live --targetbus virtio --driver qemu --subdriver raw
echo "<interface type='ethernet'><target dev='vpx0'/><model type='virtio'/><mac address='52:54:00:11:22:33'/></interface>" >$SANDBOX/nic.xml
vsh attach-device vp-l $SANDBOX/nic.xml --live
virt-profile apply vp-l --live -v; vsh blkdeviotune vp-l vdb | grep total_iops
v hotplug
tail $SYSLOG_FILE
ok done
done_testing
