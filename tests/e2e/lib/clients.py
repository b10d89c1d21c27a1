# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients of libvirt for the cases about the daemon: clients.py COMMAND ARGUMENT...

  define-start FILE            define and start over one connection
  storm FILE DOMAINS EVENTS    define, change, tag and undefine domains as fast as libvirt goes; prints how often
                               each was done
  many FILE DOMAINS            define as many
  count SECONDS                print how many events of definitions and metadata come in that time
  latency FILE ROUNDS          define it over and over: prints the median of the milliseconds until it was stored
                               once more
"""
import random
import re
import sys
import threading
import time
import uuid

import libvirt

URI = "qemu:///system"
TAG = "urn:virt-profile:domain:1"


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def named(xml, name):
    number = uuid.uuid5(uuid.NAMESPACE_OID, name)
    xml = re.sub(r"\s*<uuid>[^<]*</uuid>", "", xml)
    return re.sub(r"<name>[^<]*</name>", f"<name>{name}</name><uuid>{number}</uuid>", xml)


def define_start(path):
    conn = libvirt.open(URI)
    conn.defineXML(read(path)).createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)


def storm(path, domains, events):
    conn = libvirt.open(URI)
    xml = read(path)
    chance = random.Random(1)
    done = dict.fromkeys(("define", "describe", "tag", "undefine"), 0)
    for turn in range(int(events)):
        name = f"storm-{chance.randrange(int(domains))}"
        what = chance.choice(("define", "define", "describe", "tag", "undefine"))
        try:
            if what == "define":
                conn.defineXML(named(xml, name))
            elif what == "undefine":
                conn.lookupByName(name).undefine()
            elif what == "describe":
                conn.lookupByName(name).setMetadata(libvirt.VIR_DOMAIN_METADATA_DESCRIPTION, f"turn {turn}", None,
                                                    None, libvirt.VIR_DOMAIN_AFFECT_CONFIG)
            else:
                conn.lookupByName(name).setMetadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, "<profile name='small'/>",
                                                    "vp", TAG, libvirt.VIR_DOMAIN_AFFECT_CONFIG)
            done[what] += 1
        except libvirt.libvirtError as error:
            if error.get_error_code() != libvirt.VIR_ERR_NO_DOMAIN:
                raise
    for index in range(int(domains)):
        conn.defineXML(named(xml, f"storm-{index}"))
        done["define"] += 1
    print(" ".join(f"{what}={n}" for what, n in done.items()))


def many(path, domains):
    conn = libvirt.open(URI)
    xml = read(path)
    for index in range(int(domains)):
        conn.defineXML(named(xml, f"many-{index:04}"))


class Listener:
    def __init__(self):
        libvirt.virEventRegisterDefaultImpl()
        self.times = []
        threading.Thread(target=self.run, daemon=True).start()
        self.conn = libvirt.open(URI)
        self.conn.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, self.lifecycle, None)
        self.conn.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_METADATA_CHANGE, self.metadata, None)

    @staticmethod
    def run():
        while True:
            libvirt.virEventRunDefaultImpl()

    def lifecycle(self, _conn, _domain, event, _detail, _opaque):
        if event == libvirt.VIR_DOMAIN_EVENT_DEFINED:
            self.times.append(time.monotonic())

    def metadata(self, _conn, _domain, _kind, _uri, _opaque):
        self.times.append(time.monotonic())


def count(seconds):
    listener = Listener()
    time.sleep(float(seconds))
    print(len(listener.times))


def latency(path, rounds):
    listener = Listener()
    conn = libvirt.open(URI)
    xml = read(path)
    took = []
    for _ in range(int(rounds)):
        del listener.times[:]
        conn.defineXML(xml)
        start = time.monotonic()
        while len(listener.times) < 2 and time.monotonic() < start + 5:
            time.sleep(0.0002)
        took.append((listener.times[1] - start) * 1000 if len(listener.times) > 1 else 5000)
        time.sleep(0.2)
    print(f"{sorted(took)[len(took) // 2]:.1f}")


COMMANDS = {"define-start": define_start, "storm": storm, "many": many, "count": count, "latency": latency}
libvirt.registerErrorHandler(lambda _context, _error: None, None)
COMMANDS[sys.argv[1]](*sys.argv[2:])
