# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the corpus tests share: running virt-profile, canonical XML, the count at the end."""

import argparse
import difflib
import os
import signal
import subprocess
import sys

from lxml import etree

PROFILES = ("sql-db", "desktop-vdi", "nfv")
SCHEMA = "/usr/share/libvirt/schemas/domain.rng"
# Two nodes with room for most documents, so that placement acts.
HOST = "synthetic:pack:2 [numa(memory=64GiB)] l3:1 core:16 pu:2"
# A program that a sanitizer stops ends with this status, which no command of ours uses.
ENVIRONMENT = dict(
    os.environ,
    LC_ALL="C",
    ASAN_OPTIONS="exitcode=99:detect_leaks=1:abort_on_error=0",
    UBSAN_OPTIONS="halt_on_error=1:exitcode=99:print_stacktrace=1",
)


def arguments(description):
    """The command line all of these tests have."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--program", default="virt-profile", help="the virt-profile to test")
    parser.add_argument("--profiles", help="folder with the profiles, before the installed ones")
    parser.add_argument("--host", default=HOST, help="host to plan for")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--every", type=int, default=1, help="only each Nth document")
    parser.add_argument("--show", type=int, default=10, help="failures to show in full")
    parser.add_argument("documents", help="folder with domain XML files")
    return parser.parse_args()


class Program:
    """virt-profile with the options that every call gets."""

    def __init__(self, options):
        self.path = options.program
        self.profiles = ["--profiles", options.profiles] if options.profiles else []
        self.host = ["--host", options.host]

    def run(self, command, *words, data=None, host=None, timeout=60):
        """Returns status, standard output and standard error. A signal is a negative status."""
        argv = [self.path, command, *self.profiles]
        if command in ("rewrite", "plan"):
            argv += self.host if host is None else ["--host", host]
        done = subprocess.run(argv + list(words), input=data, stdin=None if data is not None else subprocess.DEVNULL,
                              capture_output=True, timeout=timeout, env=ENVIRONMENT, check=False)
        return done.returncode, done.stdout, done.stderr

    def shown(self, command, *words):
        """The call as a person would type it."""
        host = ["--host", f"'{self.host[1]}'"] if command in ("rewrite", "plan") else []
        return " ".join([self.path, command, *self.profiles, *host, *words])


def ended(status):
    """A status in words."""
    if status < 0:
        return f"killed by {signal.Signals(-status).name}"
    return "stopped by a sanitizer" if status == 99 else f"exit status {status}"


def parse(data):
    """XML as lxml reads it; never network, DTD or entities."""
    parser = etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False, huge_tree=True)
    return etree.fromstring(data, parser)


def strip_blanks(node):
    """Remove white space that is only layout: in elements that hold elements, or nothing but the end of a line."""
    if len(node) == 0:
        if "\n" in (node.text or "") and not node.text.strip():
            node.text = None
        return
    if not (node.text or "").strip():
        node.text = None
    for child in node:
        if not (child.tail or "").strip():
            child.tail = None
        if isinstance(child.tag, str):
            strip_blanks(child)


def canonical(data):
    """Canonical XML without layout."""
    root = parse(data)
    strip_blanks(root)
    return etree.tostring(root, method="c14n", with_comments=True)


def unordered(data):
    """A text that is the same for documents that differ in layout and in the order of siblings only."""
    def key(node):
        if not isinstance(node.tag, str):
            return etree.tostring(node, with_tail=False).decode()
        children = sorted(key(child) for child in node)
        return f"<{node.tag} {sorted(node.attrib.items())}>{node.text or ''}{''.join(children)}</>"
    root = parse(data)
    strip_blanks(root)
    return key(root)


def difference(before, after, limit=24):
    """A short unified diff of two documents."""
    def lines(data):
        root = parse(data)
        strip_blanks(root)
        etree.indent(root)
        return etree.tostring(root, encoding="unicode").splitlines()
    try:
        diff = list(difflib.unified_diff(lines(before), lines(after), "expected", "seen", lineterm="", n=2))
    except etree.XMLSyntaxError as error:
        return f"not XML: {error}"
    return "\n".join(diff[:limit] + (["…"] if len(diff) > limit else []))


class Tally:
    """Counts, and the first failures in full."""

    def __init__(self, show):
        self.passed = self.failed = self.skipped = 0
        self.show = show
        self.kinds = {}

    def add(self, name, problems):
        """One case: its name and a list of (kind, text) of what went wrong."""
        if not problems:
            self.passed += 1
            return
        self.failed += 1
        for kind, text in problems:
            self.kinds[kind] = self.kinds.get(kind, 0) + 1
            if self.kinds[kind] <= max(1, self.show // 4) and sum(self.kinds.values()) <= 10 * self.show:
                print(f"not ok - {name}: {kind}")
                print("\n".join("    " + line for line in text.splitlines()), flush=True)

    def end(self):
        """Prints the sums; the exit status."""
        for kind, count in sorted(self.kinds.items(), key=lambda item: -item[1]):
            print(f"# {count:5d} x {kind}")
        print(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped")
        return 1 if self.failed or not self.passed else 0


def documents(options):
    """The files to go through, in order."""
    names = sorted(name for name in os.listdir(options.documents) if name.endswith(".xml"))
    if not names:
        sys.exit(f"no XML file in '{options.documents}'")
    return [os.path.join(options.documents, name) for name in names[:: options.every]]
