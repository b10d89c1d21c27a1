#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shape: numa2
# limit: 300
# A virtual function of the NVMe controller goes to a guest, whose driver asks for interrupts long after the
# start: they show up on the host, take an affinity and arrive where it says. Those of the host's own NVMe
# queues are managed and refuse one.
. /lab/tests/lib.sh

functions=$(nvme_functions 4)
is "virtual functions" "$(wc -w <<<"$functions")" 4
function=${functions%%$'\n'*}
is "its node" "$(cat "/sys/bus/pci/devices/$function/numa_node")" 1

guest_define passed vcpus=2 "devices=$(hostdev_xml "$function")"
passes "start it paused" virsh -q start --paused passed
is "driver of $function on the host" "$(pci_driver "$function")" vfio-pci
is "its interrupts before the guest runs" "$(irqs_named "vfio-msi.*$function" | wc -l)" 0
virsh -q resume passed
guest_up passed 90
passes "it reads the disk behind it" wait_for 20 guest_said passed 'read /dev/nvme'
irqs=$(irqs_named "vfio-msi.*$function")
is "its interrupts now (${irqs//$'\n'/ })" "$(wc -w <<<"$irqs")" 3

for irq in $irqs; do
    echo 5 >"/proc/irq/$irq/smp_affinity_list"
    is "affinity of $irq" "$(irq_affinity "$irq") $(irq_effective "$irq")" "5 5"
done
counted=$(irq_count "$irqs" 5)
sleep 4
more "interrupts on CPU 5" "$(irq_count "$irqs" 5)" "$counted"

managed=$(irqs_named 'nvme0q1$')
like "a managed one, $managed" "$( (echo 5 >"/proc/irq/$managed/smp_affinity_list") 2>&1)" 'Input/output error'
nic=$(nic_of e1000e)
ip link set "$nic" up
irq=$(irqs_named " $nic" | head -n 1)
echo 6 >"/proc/irq/$irq/smp_affinity_list"
is "affinity of $irq of the network card $nic" "$(irq_affinity "$irq")" 6

virsh -q destroy passed
is "interrupts after the guest" "$(irqs_named "vfio-msi.*$function" | wc -l)" 0
passes "irqbalance starts" systemctl start irqbalance
passes "its socket is there" wait_for 10 compgen -G '/run/irqbalance/irqbalance*.sock'
systemctl stop irqbalance
