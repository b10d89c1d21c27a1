#!/usr/bin/python3 -B
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Definitions through a real libvirt: what it stores of a rewritten one is a fixed point, undoing gives back what it had."""

import collections
import itertools
import os
import re
import sys
import time

import libvirt
from lxml import etree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "corpus"))
# pylint: disable=wrong-import-position
from common import PROFILES, Program, Tally, arguments, difference, documents, ended  # noqa: E402

OWN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "domains")
EMULATOR = "/usr/bin/qemu-system-x86_64"
AT_LEAST = 40
DUMP = libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE
REMOVE = libvirt.VIR_DOMAIN_UNDEFINE_NVRAM | libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE


class Definitions:
    """One connection; definitions come and go."""

    def __init__(self):
        libvirt.registerErrorHandler(lambda *_: None, None)
        self.connection = libvirt.open("qemu:///system")
        # Guests of KVM are only defined, never started: it is enough that libvirt can tell what they would have.
        self.kinds = ["qemu", "kvm"] if "<domain type='kvm'" in self.connection.getCapabilities() else ["qemu"]

    def define(self, text):
        """Returns the domain and what libvirt stores of it."""
        domain = self.connection.defineXMLFlags(text, libvirt.VIR_DOMAIN_DEFINE_VALIDATE)
        return domain, domain.XMLDesc(DUMP)

    def settled(self, text):
        """What libvirt stores once it has read its own words; some of them change on the second reading."""
        domain, stored = self.define(text)
        for _ in range(3):
            before = stored
            domain, stored = self.define(before)
            if stored == before:
                return domain, stored
        domain.undefineFlags(REMOVE)
        return None, None


def here(path, kind):
    """A document for this machine: this kind of guest, the installed emulator. None for another architecture."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    root = etree.fromstring(text.encode())
    system = root.find("os/type")
    if root.get("type") not in ("qemu", "kvm") or system is None or system.get("arch", "x86_64") not in ("x86_64", "i686"):
        return None
    text = re.sub(r"(<domain\b[^>]*\btype=)(['\"])(kvm|qemu)\2", rf"\1\2{kind}\2", text, count=1)
    return re.sub(r"<emulator>[^<]*</emulator>", f"<emulator>{EMULATOR}</emulator>", text)


def call(problems, program, words, text):
    """A filter's output, or None with the problem noted."""
    status, out, err = program.run(*words, data=text.encode())
    if status == 0:
        return out.decode()
    problems.append((f"{words[0]}: {ended(status)}", f"{program.shown(*words)}\n{err.decode(errors='replace')[-800:]}"))
    return None


def define(problems, definitions, what, text):
    """What libvirt stores, or None with the problem noted."""
    try:
        return definitions.define(text)[1]
    except libvirt.libvirtError as error:
        problems.append((f"libvirt refuses the {what} definition", str(error)))
        return None


def round_trip(definitions, program, stored, profile):
    """Rewrite, store, rewrite again, undo, store; what went wrong."""
    problems = []
    rewritten = call(problems, program, ("rewrite", "--profile", profile, "-"), stored)
    tuned = rewritten and define(problems, definitions, "rewritten", rewritten)
    if not tuned:
        return problems
    if f'name="{profile}"' not in tuned and f"name='{profile}'" not in tuned:
        problems.append(("the stored definition has no tag", tuned[:400]))
    again = call(problems, program, ("rewrite", "-"), tuned)
    if again is not None and again != tuned:
        problems.append(("what libvirt stores is no fixed point", difference(tuned.encode(), again.encode())))
    undone = call(problems, program, ("revert", "-"), tuned)
    back = undone and define(problems, definitions, "reverted", undone)
    if back and back != stored:
        problems.append(("undoing does not give back what libvirt had", difference(stored.encode(), back.encode())))
    return problems


def change(definitions, program, stored, first, second):
    """One profile, then another, then none, each stored by libvirt; what went wrong."""
    problems = []
    text = stored
    for profile in (first, second):
        text = call(problems, program, ("rewrite", "--profile", profile, "-"), text)
        text = text and define(problems, definitions, f"rewritten ({profile} of {first}, {second})", text)
        if not text:
            return problems
    again = call(problems, program, ("rewrite", "-"), text)
    if again is not None and again != text:
        problems.append(("a changed profile is no fixed point", difference(text.encode(), again.encode())))
    undone = call(problems, program, ("revert", "-"), text)
    back = undone and define(problems, definitions, "reverted", undone)
    if back and back != stored:
        problems.append(("undoing two profiles does not give back what libvirt had",
                         difference(stored.encode(), back.encode())))
    return problems


def kinds_of(stored):
    """What makes this domain different from others, for the summary."""
    root = etree.fromstring(stored)
    found = {f"disk {node.get('bus')}" for node in root.iterfind("devices/disk/target")}
    found |= {f"nic {node.get('type')}" for node in root.iterfind("devices/interface")}
    found |= {f"graphics {node.get('type')}" for node in root.iterfind("devices/graphics")}
    found.add("type " + root.get("type"))
    found.add("machine " + re.sub(r"-[0-9.]+$", "", root.find("os/type").get("machine")))
    for path in ("cpu/numa", "cputune", "memoryBacking/hugepages", "features/hyperv", "devices/sound", "devices/hostdev",
                 "memtune", "numatune", "iothreads", "devices/disk/iotune", "metadata"):
        if root.find(path) is not None:
            found.add(path)
    return found


def main():
    """Returns the exit status."""
    options = arguments(__doc__)
    program = Program(options)
    definitions = Definitions()
    tally = Tally(options.show)
    start = time.monotonic()
    kinds, refused, unsettled, trips = collections.Counter(), 0, 0, 0
    own = [os.path.join(OWN, name) for name in sorted(os.listdir(OWN))]
    todo = [(path, kind) for path in own for kind in definitions.kinds]
    todo += [(path, definitions.kinds[i % len(definitions.kinds)]) for i, path in enumerate(documents(options))]
    for path, kind in todo:
        name = f"{os.path.basename(path)} {kind}"
        text = here(path, kind)
        if text is None:
            continue
        try:
            domain, stored = definitions.settled(text)
        except libvirt.libvirtError as error:
            refused += 1
            if path in own:
                tally.add(name, [("libvirt refuses a definition of ours", str(error))])
            continue
        if domain is None:
            unsettled += 1
            continue
        kinds.update(kinds_of(stored))
        trips += len(PROFILES)
        for profile in PROFILES:
            tally.add(f"{name} {profile}", round_trip(definitions, program, stored, profile))
            definitions.define(stored)
        for first, second in itertools.permutations(PROFILES, 2) if path in own else ():
            tally.add(f"{name} {first}, then {second}", change(definitions, program, stored, first, second))
            definitions.define(stored)
        domain.undefineFlags(REMOVE)
        if trips % 300 < len(PROFILES):
            print(f"# {trips} round trips, {time.monotonic() - start:.0f} s", flush=True)
    count = trips // len(PROFILES)
    print(f"# {count} domains that libvirt accepts here, {refused} that it refuses, {unsettled} that it changes each time")
    print("# kinds: " + ", ".join(f"{kind} {number}" for kind, number in sorted(kinds.items())))
    if count < AT_LEAST:
        tally.add("domains", [("too few domains", f"{count}, at least {AT_LEAST}")])
    return tally.end()


if __name__ == "__main__":
    sys.exit(main())
