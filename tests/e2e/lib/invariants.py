#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""invariants.py TAGGED…: what must hold between the ledger and the guests that run, whoever started and ended before.

Reads `virt-profile status --json` from stdin and the threads of each QEMU from /proc. Prints a line for each breach;
exit status 1 if there is any. TAGGED are the guests that have a profile.
"""
import glob
import json
import os
import sys


def cpus(text):
    numbers = set()
    for part in (text or "").split(","):
        if part:
            first, _, last = part.partition("-")
            numbers.update(range(int(first), int(last or first) + 1))
    return numbers


def running():
    """Name and process id of each guest of this libvirt, from its own files."""
    guests = {}
    for path in glob.glob("/run/libvirt/qemu/*.pid"):
        name = os.path.basename(path)[:-4]
        try:
            with open(path) as file:
                pid = int(file.read())
            with open(f"/proc/{pid}/stat") as file:
                if file.read().rsplit(")", 1)[1].split()[0] != "Z":
                    guests[name] = pid
        except (OSError, ValueError):
            pass
    guests.pop("driver", None)
    return guests


def threads(pid):
    """(name, allowed CPUs) of each thread."""
    for folder in glob.glob(f"/proc/{pid}/task/*"):
        try:
            with open(folder + "/status") as file:
                status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
            yield status["Name"], cpus(status["Cpus_allowed_list"])
        except (OSError, KeyError):
            pass


def said(place, thread):
    """The CPUs of a thread by what status says of its guest."""
    if thread.startswith("CPU "):
        return cpus(place["vcpus"][int(thread[4:].split("/")[0])])
    return cpus(place["emulator"]) | set().union(*map(cpus, place["iothreads"] or [""]))


def breaches(entries, tagged, alive):
    owners = {}
    for entry in entries:
        for cpu in cpus((entry["placement"] or {}).get("owned")):
            if cpu in owners:
                yield f"CPU {cpu} is owned by '{owners[cpu]}' and by '{entry['name']}'"
            owners[cpu] = entry["name"]
    known = {entry["name"]: entry for entry in entries}
    for name, pid in alive.items():
        if name in tagged and name not in known:
            yield f"'{name}' runs and has no entry"
        elif name in known and (known[name]["state"], known[name]["pid"]) != ("running", pid):
            yield f"'{name}' runs as {pid}, its entry says {known[name]['state']}, {known[name]['pid']}"
    for entry in entries:
        name, place = entry["name"], entry["placement"]
        if name not in alive:
            yield f"'{name}' has an entry and does not run"
            continue
        others = {cpu for cpu, owner in owners.items() if owner != name}
        for thread, allowed in threads(alive[name]):
            if allowed & others:
                yield f"'{name}': {thread} may run on {sorted(allowed)}, of which {sorted(allowed & others)} are owned"
            # Who floats goes where nobody is: status tells where there was room when it started.
            floats = place and not place["owned"]
            should = said(place, thread) - others if place else set()
            if should and not floats and not allowed <= should:
                yield f"'{name}': {thread} may run on {sorted(allowed)}, but belongs on {sorted(should)}"


def main():
    found = list(breaches(json.load(sys.stdin), set(sys.argv[1:]), running()))
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


sys.exit(main())
