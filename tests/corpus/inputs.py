#!/usr/bin/python3 -B
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Properties over a sample of the documents, and input that is wrong: documented exit status, one line, nothing else."""

import itertools
import json
import os
import shutil
import sys
import tempfile
import time

from common import PROFILES, Program, Tally, arguments, canonical, difference, documents, ended, unordered

OK, FAILED, USAGE, INVALID, NOT_FOUND = range(5)
SECRET = "correct-horse-battery"  # in the XML of every bad document: no message may repeat it
TAG = '<vp:profile xmlns:vp="urn:virt-profile:domain:1" name="{}">{}</vp:profile>'
DOMAIN = """<domain type='qemu'><name>d</name><uuid>c7a5fdbd-edaf-9455-926a-d65c16db1809</uuid>
<metadata>{}</metadata><memory>262144</memory><vcpu>2</vcpu><os><type arch='x86_64' machine='q35'>hvm</type></os>
<devices><graphics type='vnc' passwd='correct-horse-battery'/></devices></domain>
"""
BOMB = """<?xml version="1.0"?><!DOCTYPE domain [<!ENTITY a0 "correct-horse-battery">{}]><domain>&a9;</domain>"""
FOREIGN = """<!-- before -->
<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>d</name><!-- a comment --><uuid>c7a5fdbd-edaf-9455-926a-d65c16db1809</uuid>
  <metadata><app:x xmlns:app='urn:example:app'><app:y z='1'>text &amp; more</app:y></app:x></metadata>
  <memory unit='MiB'>256</memory><vcpu>2</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <future what='unknown'><inner/></future>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk' future='yes'><source file='/a'/><target dev='vda' bus='virtio'/><new/></disk>
  </devices>
  <qemu:commandline><qemu:arg value='-foo'/><qemu:env name='A' value='b'/></qemu:commandline>
</domain>
<!-- after -->
"""
KEPT = ("<!-- before -->", "<!-- a comment -->", "<!-- after -->", "urn:example:app", "text &amp; more",
        "what='unknown'", "<inner/>", "future='yes'", "<new/>", "value='-foo'", "name='A'")


def bomb():
    """Ten levels of entities that would grow to 10^9 copies."""
    return BOMB.format("".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))).encode()


def bad_documents(folder):
    """Name and bytes of documents that every filter must refuse as invalid."""
    secret = os.path.join(folder, "secret")
    with open(secret, "w", encoding="ascii") as file:
        file.write(SECRET)
    good = DOMAIN.format("").encode()
    return {
        "empty": b"",
        "white space": b" \n\t\n",
        "truncated": good[: len(good) // 2],
        "cut in a tag": good[: good.index(b"passwd") + 10],
        "binary junk": bytes(range(256)) * 64,
        "zero bytes": b"\0" * 4096,
        "bad UTF-8": good.replace(b"<name>d", b"<name>\xff\xfe\x80"),
        "zero byte inside": good.replace(b"<name>d", b"<name>d\0d"),
        "two roots": good + good,
        "another root": good.replace(b"<domain type='qemu'>", b"<network>").replace(b"</domain>", b"</network>"),
        "document type": b"<!DOCTYPE domain>" + good,
        "entity bomb": bomb(),
        "external entity": f"<!DOCTYPE domain [<!ENTITY x SYSTEM 'file://{secret}'>]>".encode()
                           + good.replace(b"<name>d", b"<name>&x;"),
        "external document type": f"<!DOCTYPE domain SYSTEM 'file://{secret}'>".encode() + good,
        "parameter entity": f"<!DOCTYPE domain [<!ENTITY % x SYSTEM 'file://{secret}'> %x;]>".encode() + good,
        "unknown entity": good.replace(b"<name>d", b"<name>&nothing;"),
        "20 MiB": good.replace(b"<metadata>", b"<metadata><!--" + b"x" * (20 << 20) + b"-->"),
        "20 MiB of elements": good.replace(b"<metadata>", b"<metadata>" + b"<a/>" * (5 << 20)),
        "nested 100000 deep": b"<domain>" + b"<a>" * 100000 + b"</a>" * 100000 + b"</domain>",
        "JSON": b'{"domain": {"name": "correct-horse-battery"}}',
    }


def refused(program, words, statuses, data=None, says=None):
    """Problems of a call that must fail in one of the ways, in one line, printing nothing."""
    start = time.monotonic()
    status, out, err = program.run(*words, data=data)
    seconds = time.monotonic() - start
    text = err.decode(errors="replace")
    call = f"{program.shown(*words)}\n{text[-1500:]}"
    problems = []
    if status not in statuses:
        problems.append((f"{ended(status)} where {' or '.join(map(str, statuses))} is documented", call))
    if out and words[0] != "validate":
        problems.append(("output although it failed", f"{call}\n{out[:200]!r}"))
    lines = text.splitlines()
    if status == USAGE and lines[1:] and "--help" in lines[1]:
        del lines[1]
    if len(lines) != 1 or not text.strip():
        problems.append(("the message is not one line", call))
    if SECRET in text:
        problems.append(("a message repeats what is in the document", call))
    if says and says not in text:
        problems.append((f"the message does not say '{says}'", call))
    if seconds > 20:
        problems.append((f"took {seconds:.0f} s", call))
    return problems


def check_bad_documents(program, tally, folder):
    """Every filter refuses every bad document, from a pipe and from a file."""
    for name, data in bad_documents(folder).items():
        path = os.path.join(folder, "bad.xml")
        with open(path, "wb") as file:
            file.write(data)
        for words in (("rewrite", "--profile", "sql-db"), ("rewrite",), ("revert",), ("plan", "--profile", "nfv")):
            if name == "white space" and words == ("rewrite",):
                continue
            text = " ".join(words)
            tally.add(f"{text} < {name}", refused(program, (*words, "-"), (INVALID,), data=data))
            if not name.startswith("20 MiB"):
                tally.add(f"{text} {name}.xml", refused(program, (*words, path), (INVALID,)))


def check_bad_calls(program, tally, folder):
    """Usage, names, values and tags."""
    good = DOMAIN.format("").encode()
    missing = os.path.join(folder, "missing.xml")
    long_name = "x" * 65
    calls = [
        (("rewrite", "--profile", "nothing-of-the-kind", "-"), (NOT_FOUND,), "nothing-of-the-kind"),
        (("rewrite", "--profile", "sql-bd", "-"), (NOT_FOUND,), "sql-db"),
        (("rewrite", "--profile", "../../../etc/passwd", "-"), (INVALID,), None),
        (("rewrite", "--profile", "", "-"), (INVALID,), None),
        (("rewrite", "--profile", long_name, "-"), (INVALID,), None),
        (("rewrite", "--profile", "sql-db", "--set", "disk.cahce=none", "-"), (NOT_FOUND,), "disk.cache"),
        (("rewrite", "--profile", "sql-db", "--set", "disk.cache=fast", "-"), (INVALID,), "disk.cache"),
        (("rewrite", "--profile", "sql-db", "--set", "disk.cache", "-"), (USAGE,), None),
        (("rewrite", "--phase", "lukewarm", "-"), (USAGE,), "lukewarm"),
        (("rewrite", "--no-such-option", "-"), (USAGE,), None),
        (("rewrite", missing), (NOT_FOUND,), missing),
        (("rewrite", folder), (FAILED,), folder),
        (("plan", "--profile", "nothing-of-the-kind", "-"), (NOT_FOUND,), None),
        (("show", "nothing-of-the-kind"), (NOT_FOUND,), None),
        (("show", "../sql-db"), (NOT_FOUND,), None),
        (("knobs", "no.such-knob"), (NOT_FOUND,), None),
        (("validate", missing), (NOT_FOUND,), missing),
        (("frobnicate",), (USAGE,), "frobnicate"),
    ]
    for words, statuses, says in calls:
        tally.add(program.shown(*words), refused(program, words, statuses, data=good, says=says))
    for name, statuses in (("gone", (NOT_FOUND,)), ("../../etc/passwd", (INVALID,)), ("", (INVALID,)), ("a b", (INVALID,))):
        data = DOMAIN.format(TAG.format(name, "")).encode()
        for command in ("rewrite", "plan"):
            tally.add(f"{command} < tagged '{name}'", refused(program, (command, "-"), statuses, data=data))
    for inner, statuses in (
        ('<vp:set knob="disk.cache">fast</vp:set>', (INVALID,)),
        ('<vp:set knob="no.such">1</vp:set>', (INVALID, NOT_FOUND)),
        ("<vp:set>1</vp:set>", (INVALID,)),
    ):
        data = DOMAIN.format(TAG.format("sql-db", inner)).encode()
        tally.add(f"rewrite < tag with {inner}", refused(program, ("rewrite", "-"), statuses, data=data))
    status, _, err = program.run("rewrite", "--profile", "sql-db", "-", data=good, host="synthetic:nonsense:1")
    tally.add("rewrite --host synthetic:nonsense", [] if status in (USAGE, INVALID) and len(err.splitlines()) == 1
              else [(f"{ended(status)} for a bad host", err.decode(errors="replace"))])
    status, _, err = program.run("rewrite", "--profile", "sql-db", "-", data=good, host=missing)
    tally.add("rewrite --host missing", [] if status == NOT_FOUND and len(err.splitlines()) == 1
              else [(f"{ended(status)} for a missing host", err.decode(errors="replace"))])


BAD_PROFILES = {
    "unknown key": ("[profile]\nsummary = x\n[disk]\ncahce = none\n", "4"),
    "unknown section": ("[profile]\nsummary = x\n[dusk]\ncache = none\n", "4"),
    "bad value": ("[profile]\nsummary = x\n[disk]\ncache = fast\n", "4"),
    "no equals sign": ("[profile]\nsummary = x\n[disk]\ncache none\n", "4"),
    "open section": ("[profile\nsummary = x\n", "bad.profile:"),
    "bad enforce": ("[profile]\nsummary = x\nenforce = maybe\n", "3"),
    "unknown parent": ("[profile]\nsummary = x\nextends = nothing\n", "nothing"),
    "parent outside": ("[profile]\nsummary = x\nextends = ../../x\n", None),
    "own parent": ("[profile]\nsummary = x\nextends = bad\n", "bad"),
    "binary": (bytes(range(256)).decode("latin-1"), None),
    "zero bytes": ("[profile]\nsummary = x\n\0\0\0\n", None),
    "300 KiB": ("[profile]\nsummary = x\n" + "; comment\n" * 30000, None),
    "endless line": ("[profile]\nsummary = " + "x" * 100000 + "\n", None),
}


def check_bad_profiles(program, tally, folder):
    """`validate` names file and line; a domain that asks for such a profile is refused."""
    path = os.path.join(folder, "bad.profile")
    for name, (text, says) in BAD_PROFILES.items():
        with open(path, "w", encoding="latin-1") as file:
            file.write(text)
        says = f"{path}:{says}" if says and says.isdigit() else says
        problems = [(kind, f"{name}: {shown}") for kind, shown in refused(program, ("validate", path), (INVALID,), says=says)
                    if kind != "the message is not one line" or name in ("unknown key", "bad value")]
        tally.add(f"validate {name}", problems)


def check_cycle(options, tally, folder):
    """A cycle in `extends` and a broken profile, found by name in a folder of their own."""
    profiles = os.path.join(folder, "profiles")
    shutil.copytree(options.profiles or "/usr/share/virt-profile/profiles", profiles)
    for name, parent in (("ring-a", "ring-b"), ("ring-b", "ring-c"), ("ring-c", "ring-a")):
        with open(os.path.join(profiles, name + ".profile"), "w", encoding="ascii") as file:
            file.write(f"[profile]\nsummary = x\nextends = {parent}\n")
    with open(os.path.join(profiles, "junk.profile"), "wb") as file:
        file.write(bytes(range(255, -1, -1)) * 16)
    program = Program(options)
    program.profiles = ["--profiles", profiles]
    good = DOMAIN.format("").encode()
    for name in ("ring-a", "junk"):
        tally.add(f"rewrite --profile {name}",
                  refused(program, ("rewrite", "--profile", name, "-"), (INVALID,), data=good, says=name))
    status, _, err = program.run("rewrite", "--profile", "sql-db", "-", data=good)
    tally.add("a good profile beside broken ones", [] if status == OK else [(ended(status), err.decode())])


def check_sequences(program, tally, path):
    """Profile A, then B: as B alone, and undone without residue."""
    with open(path, "rb") as file:
        original = file.read()
    name = os.path.basename(path)
    alone = {}
    for profile in PROFILES:
        status, alone[profile], err = program.run("rewrite", "--profile", profile, path)
        if status != OK:
            tally.add(f"{name} {profile}", [(ended(status), err.decode(errors="replace")[-1500:])])
            return
    for first, second in itertools.permutations(PROFILES, 2):
        problems = []
        _, both, _ = program.run("rewrite", "--profile", second, "-", data=alone[first])
        _, back, _ = program.run("revert", "-", data=both)
        if not both or unordered(both) != unordered(alone[second]):
            problems.append(("changing the profile differs from the new profile alone",
                             difference(alone[second], both) if both else "no output"))
        if not back or canonical(back) != canonical(original):
            problems.append(("revert after a change of profile leaves a residue",
                             difference(original, back) if back else "no output"))
        tally.add(f"{name} {first} then {second}", problems)


PLAN_KEYS = {"domain", "profile", "phase", "host", "placement", "unplaced", "actions", "warnings"}
ACTION_KEYS = {"knob", "effect", "kind", "target", "value", "previous", "reason"}


def check_plan(program, tally, path):
    """`plan --json` is one object of the documented shape."""
    for profile in PROFILES:
        problems = []
        status, out, err = program.run("plan", "--json", "--profile", profile, path)
        try:
            plan = json.loads(out)
            if set(plan) != PLAN_KEYS or any(not ACTION_KEYS <= set(action) for action in plan["actions"]):
                problems.append(("plan --json has another shape", out.decode()[:800]))
            elif any(action["effect"] not in ("guest", "launch", "live", "host") for action in plan["actions"]):
                problems.append(("plan --json has an unknown effect", out.decode()[:800]))
        except ValueError as error:
            problems.append((f"plan --json: {ended(status)}", f"{error}\n{err.decode(errors='replace')[-800:]}"))
        tally.add(f"{os.path.basename(path)} plan {profile}", problems)


def check_phases(program, tally, path):
    """On restore and migrate nothing of effect `guest` changes: only what the plan calls launch or live."""
    for profile, phase in itertools.product(PROFILES, ("migrate", "restore")):
        problems = []
        status, out, err = program.run("rewrite", "--phase", phase, "--profile", profile, path)
        if status != OK:
            problems.append((f"rewrite --phase {phase}: {ended(status)}", err.decode(errors="replace")[-1500:]))
        else:
            _, again, _ = program.run("rewrite", "--phase", phase, "-", data=out)
            if again != out:
                problems.append((f"not idempotent in phase {phase}", difference(out, again)))
            _, plan, _ = program.run("plan", "--json", "--phase", phase, "--profile", profile, path)
            changed = {action["effect"] for action in json.loads(plan)["actions"] if not action.get("left_out")}
            if changed & {"guest"}:
                problems.append((f"the plan for {phase} has guest effects", plan.decode()[:800]))
        tally.add(f"{os.path.basename(path)} {profile} {phase}", problems)


def check_foreign(program, tally):
    """What nobody manages survives."""
    for profile in PROFILES:
        problems = []
        status, out, err = program.run("rewrite", "--profile", profile, "-", data=FOREIGN.encode())
        if status != OK:
            problems.append((ended(status), err.decode(errors="replace")))
        else:
            lost = [text for text in KEPT if text not in out.decode()]
            if lost:
                problems.append(("lost what it does not manage", f"{lost}\n{difference(FOREIGN.encode(), out)}"))
        tally.add(f"foreign elements, {profile}", problems)


def main():
    """Returns the exit status."""
    options = arguments(__doc__)
    program = Program(options)
    tally = Tally(options.show)
    with tempfile.TemporaryDirectory() as folder:
        check_bad_documents(program, tally, folder)
        check_bad_calls(program, tally, folder)
        check_bad_profiles(program, tally, folder)
        check_cycle(options, tally, folder)
    check_foreign(program, tally)
    for path in documents(options)[::15]:
        check_sequences(program, tally, path)
        check_plan(program, tally, path)
        check_phases(program, tally, path)
    return tally.end()


if __name__ == "__main__":
    sys.exit(main())
