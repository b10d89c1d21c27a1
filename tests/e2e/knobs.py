#!/usr/bin/python3 -B
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every knob that changes a definition, with each of its values, through a real libvirt: libvirt accepts what is planned,
stores it so that nothing is left to change, and gets back what it had. Each knob has to act on one of the guests."""

import json
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
from domains import REMOVE, Definitions, Program, here, round_trip  # noqa: E402
from common import HOST, Tally  # noqa: E402

GUEST = """<domain type='kvm'>
  <name>knobs</name>
  <metadata>{system}</metadata>
  <memory unit='GiB'>2</memory>
  <vcpu current='2'>4</vcpu>
  <iothreads>1</iothreads>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <features><acpi/><apic/></features>
  {clock}
  <devices>
    <emulator>x</emulator>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw'/><source file='/srv/a.raw'/><target dev='vda' bus='virtio'/>
    </disk>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/><source file='/srv/b.qcow2'/><target dev='sda' bus='sata'/>
    </disk>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw'/><source file='/srv/c.raw'/><target dev='sdb' bus='scsi'/>
    </disk>
    <controller type='scsi' index='0' model='{scsi}'/>
    <interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='br0'/><model type='{nic}'/></interface>
    <interface type='direct'>
      <mac address='52:54:00:00:00:02'/><source dev='eth0' mode='vepa'/><model type='virtio'/>
    </interface>
    <interface type='network'><mac address='52:54:00:00:00:03'/><source network='n'/><model type='virtio'/></interface>
    <interface type='vhostuser'>
      <mac address='52:54:00:00:00:04'/><source type='unix' path='/run/s' mode='client'/><model type='virtio'/>
    </interface>
    <graphics type='vnc'/>
    <sound model='ich9'/>
    <video><model type='cirrus'/></video>
  </devices>
</domain>"""
OSINFO = ("<libosinfo:libosinfo xmlns:libosinfo='http://libosinfo.org/xmlns/libvirt/domain/1.0'>"
          "<libosinfo:os id='{}'/></libosinfo:libosinfo>")
GUESTS = {
    "linux": {"system": OSINFO.format("http://debian.org/debian/12"), "clock": "", "nic": "e1000e", "scsi": "lsilogic"},
    "windows": {"system": OSINFO.format("http://microsoft.com/win/10"), "clock": "<clock offset='localtime'/>",
                "nic": "virtio", "scsi": "virtio-scsi"},
}
TEXTS = {"cpu.features": ["+x2apic, -pcid", "optional:ssse3"], "hyperv.vendor-id": ["KVMKVMKVM"],
         "disk.throttle-group": ["all-disks"]}
LIMITS = [f"{way}-{unit}" for way in ("total", "read", "write") for unit in ("bytes", "iops")]
# What a knob needs of others before it can act.
BESIDE = {
    "cpu.threads": "[cpu]\nplacement = dedicated\n", "cpu.emulator": "[cpu]\nplacement = dedicated\n",
    "cpu.iothreads": "[cpu]\nplacement = dedicated\n", "cpu.hint-dedicated": "[cpu]\nplacement = dedicated\n",
    "cpu.vcpu-priority": "[cpu]\nplacement = dedicated\nvcpu-scheduler = fifo\n",
    "cpu.vcpu-scheduler-first": "[cpu]\nplacement = dedicated\nvcpu-scheduler = fifo\n",
    "cpu.vcpu-scheduler": "[cpu]\nplacement = dedicated\n", "cpu.features": "[cpu]\nmodel = host-model\n",
    "cpu.cache": "[cpu]\nmodel = host-passthrough\n", "memory.numa": "[cpu]\nplacement = dedicated\n",
    "memory.locked": "[memory]\nhard-limit = 8G\n", "memory.access": "[memory]\nsource = memfd\n",
    "hyperv.avic": "[hyperv]\nenlightenments = auto\n", "hyperv.evmcs": "[hyperv]\nenlightenments = auto\n",
    "memory.balloon-autodeflate": "[memory]\nballoon = yes\n",
    "memory.free-page-reporting": "[memory]\nballoon = yes\n",
    "memory.swap-hard-limit": "[memory]\nhard-limit = 4G\n",
    "disk.throttle-group": "[disk]\ntotal-iops = 300\n", "disk.size-iops": "[disk]\ntotal-iops = 300\n",
    **{f"disk.{what}-max": f"[disk]\n{what} = 1000\n" for what in LIMITS},
    **{f"disk.{what}-max-length": f"[disk]\n{what} = 1000\n{what}-max = 1000000\n" for what in LIMITS},
    **{f"network.{way}-{what}": f"[network]\n{way}-average = 1\n" for way in ("inbound", "outbound")
       for what in ("peak", "burst")},
}
# They need a later libvirt or a host that this one does not make up, are not for guests of QEMU, or hold while a guest
# boots and are never in its definition.
SELDOM = {"cpu.vcpu-scheduler-first", "hyperv.evmcs", "memory.hugepages", "memory.min-guarantee",
          "disk.iothread-mapping", "disk.iothread-poll-max", "disk.iothread-poll-grow", "disk.iothread-poll-shrink",
          "cpu.cache-size", "cpu.memory-bandwidth", "memory.cells", "cpu.threads", "cpu.vcpu-priority",
          "disk.boot-time", "disk.boot-total-iops", "disk.boot-total-bytes"}


def values(knob):
    """What to try: each choice, and the ends of a range."""
    if knob["type"] == "bool":
        return ["yes", "no"]
    if knob["type"] == "text":
        return TEXTS[knob["name"]]
    found = list(knob["choices"] or [])
    ends = re.search(r"\b(\d+[A-Z]?) to (\d+[A-Z]?)", knob["accepts"])
    if knob["type"] in ("count", "size"):
        found += [ends[1], ends[2]] if ends else ["4" if knob["type"] == "count" else "4G"]
    return found


def write_profile(folder, knob, value):
    """A profile of the one value, and what it needs."""
    section, key = knob["name"].split(".", 1)
    with open(os.path.join(folder, "one.profile"), "w", encoding="utf-8") as file:
        file.write(f"{BESIDE.get(knob['name'], '')}[{section}]\n{key} = {value}\n")


class Options:  # pylint: disable=too-few-public-methods
    """What Program wants to know."""

    program, host, show = "virt-profile", HOST, 10

    def __init__(self, folder):
        self.profiles = folder


def main():
    """Returns the exit status."""
    tally = Tally(Options.show)
    definitions = Definitions()
    acted, tried = set(), 0
    with tempfile.TemporaryDirectory() as folder:
        program = Program(Options(folder))
        knobs = [knob for knob in json.loads(program.run("knobs", "--json")[1]) if knob["effect"] != "host"]
        for name, words in GUESTS.items():
            path = os.path.join(folder, name + ".xml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(GUEST.format(**words))
            domain, stored = definitions.settled(here(path, definitions.kinds[-1]))
            for knob in knobs:
                for value in values(knob):
                    write_profile(folder, knob, value)
                    problems = round_trip(definitions, program, stored, "one")
                    plan = program.run("plan", "--profile", "one", "-", data=stored.encode())[1].decode()
                    if f"\t{knob['name']}\t" in re.sub("(?m)^(skipped|warning).*", "", plan):
                        acted.add(knob["name"])
                    tally.add(f"{knob['name']} = {value}, {name}", problems)
                    definitions.define(stored)
                    tried += 1
            domain.undefineFlags(REMOVE)
    idle = sorted({knob["name"] for knob in knobs} - acted - SELDOM)
    tally.add("each knob acts", [("knobs that changed nothing", ", ".join(idle))] if idle else [])
    print(f"# {tried} values of {len(knobs)} knobs, {len(acted)} of which act; guests of type {definitions.kinds[-1]}")
    return tally.end()


if __name__ == "__main__":
    sys.exit(main())
