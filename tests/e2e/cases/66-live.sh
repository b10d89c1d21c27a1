#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# WIP
. "$GUEST_LIB/case.sh"
make_guest vp-l server sql-db --set disk.total-iops=500 --set memory.hugepages=no
vsh start vp-l
live vp-l > "$SANDBOX_WORK/live0.xml"
cat "$SANDBOX_WORK/live0.xml"
virt-profile assign vp-l sql-db --set disk.total-iops=900 --set disk.total-iops-max=1000 --set cpu.shares=200 --set cpu.quota=50000 --set memory.hard-limit=4G --set memory.hugepages=no
time virt-profile apply vp-l --live -v
live vp-l > "$SANDBOX_WORK/live1.xml"
diff "$SANDBOX_WORK/live0.xml" "$SANDBOX_WORK/live1.xml"
vsh blkdeviotune vp-l vda
echo again
virt-profile apply vp-l --live -v
virt-profile assign vp-l sql-db --set memory.hugepages=no
virt-profile apply vp-l --live -v
live vp-l > "$SANDBOX_WORK/live2.xml"
diff "$SANDBOX_WORK/live1.xml" "$SANDBOX_WORK/live2.xml"
echo again
virt-profile apply vp-l --live -v
virt-profile plan --phase live "$SANDBOX_WORK/live2.xml" | cut -c 1-150
ok done
done_testing
