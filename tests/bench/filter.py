#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The hook's job as a script would do it: parse, look up the tag, read the profile, the same kind of edits, serialise."""

import configparser
import os
import sys

from lxml import etree

NAMESPACE = "{urn:virt-profile:domain:1}"


def child(parent, name):
    """The element, made where missing."""
    found = parent.find(name)
    return found if found is not None else etree.SubElement(parent, name)


def text(parent, name, value):
    """An element with this text."""
    child(parent, name).text = value


def settings(folder, name):
    """The profile's values as (section, key): value, those of its parents first."""
    parser = configparser.ConfigParser(delimiters="=", inline_comment_prefixes=(";",), interpolation=None, strict=False)
    with open(os.path.join(folder, name + ".profile"), encoding="utf-8") as file:
        parser.read_file(file)
    values = {}
    parent = parser.get("profile", "extends", fallback=None)
    if parent:
        values.update(settings(folder, parent))
    for section in parser.sections():
        values.update({(section, key): value for key, value in parser.items(section)})
    return values


def tune(domain, values):
    """Edits of every area a profile has: CPU, memory, disks, interfaces, devices."""
    vcpus = int(domain.findtext("vcpu"))
    cputune = child(domain, "cputune")
    text(cputune, "shares", values.get(("cpu", "shares"), "2048"))
    backing = child(domain, "memoryBacking")
    child(backing, "nosharepages")
    devices = domain.find("devices")
    for disk in devices.findall("disk"):
        driver = child(disk, "driver")
        driver.set("cache", values.get(("disk", "cache"), "none"))
        driver.set("io", values.get(("disk", "io"), "native"))
        if disk.find("target").get("bus") == "virtio":
            driver.set("queues", str(vcpus))
        limit = values.get(("disk", "total-iops"))
        if limit:
            text(child(disk, "iotune"), "total_iops_sec", limit)
    text(domain, "iothreads", "1")
    for nic in devices.findall("interface"):
        model = nic.find("model")
        if model is not None and model.get("type") == "virtio":
            child(nic, "driver").set("queues", str(min(vcpus, 4)))
    balloon = devices.find("memballoon")
    if balloon is not None:
        balloon.set("model", "none")
    clock = child(domain, "clock")
    if not clock.xpath("timer[@name='hpet']"):
        etree.SubElement(clock, "timer", name="hpet", present="no")


def main():
    """A filter from standard input to standard output."""
    root = etree.fromstring(sys.stdin.buffer.read())
    tag = root.find(f"metadata/{NAMESPACE}profile")
    if tag is not None:
        values = settings(sys.argv[1], tag.get("name"))
        for override in tag.findall(NAMESPACE + "set"):
            section, _, key = override.get("knob").partition(".")
            values[section, key] = override.text
        tune(root, values)
    sys.stdout.buffer.write(etree.tostring(root))


if __name__ == "__main__":
    main()
