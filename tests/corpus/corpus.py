#!/usr/bin/python3 -B
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every document through every profile: still valid, idempotent, undone without residue; untagged ones untouched."""

import multiprocessing
import os
import sys
import time

from lxml import etree

from common import PROFILES, SCHEMA, Program, Tally, arguments, canonical, difference, documents, ended, parse

STATE = {}


def worker_start(options):
    """Once in each worker."""
    STATE["program"] = Program(options)
    STATE["schema"] = etree.RelaxNG(etree.parse(SCHEMA))


def invalid(data):
    """Why the schema refuses it, or None."""
    try:
        root = parse(data)
    except etree.XMLSyntaxError as error:
        return f"not XML: {error}"
    schema = STATE["schema"]
    if schema.validate(root):
        return None
    return "\n".join(f"line {entry.line}: {entry.message}" for entry in list(schema.error_log)[:4])


def run(problems, kind, path, words, **how):
    """A call that must succeed and say nothing it should not; its output, or None."""
    program = STATE["program"]
    status, out, err = program.run(*words, **how)
    if status == 0:
        return out
    problems.append((f"{kind}: {ended(status)}", f"{program.shown(*words)} < {path}\n{err.decode(errors='replace')[-1500:]}"))
    return None


def check_untagged(path, original):
    """Without a tag and without --profile: byte for byte."""
    problems = []
    out = run(problems, "rewrite untagged", path, ("rewrite", path))
    if out is not None and out != original:
        problems.append(("untagged document changed", difference(original, out)))
    return problems


def check_profile(path, original, profile, valid):
    """Rewriting with one profile, again, and undoing it."""
    problems = []
    once = run(problems, "rewrite", path, ("rewrite", "--profile", profile, path))
    if once is None:
        return problems
    why = invalid(once) if valid else None
    if why:
        problems.append(("no longer valid", f"{why}\n{difference(original, once)}"))
    for words in (("rewrite", "-"), ("rewrite", "--profile", profile, "-")):
        again = run(problems, "rewrite again", path, words, data=once)
        if again is not None and again != once:
            problems.append(("not idempotent" + (" with --profile" if len(words) > 2 else ""), difference(once, again)))
    back = run(problems, "revert", path, ("revert", "-"), data=once)
    if back is not None and canonical(back) != canonical(original):
        problems.append(("revert leaves a residue", difference(original, back)))
    return problems


def check_document(path):
    """All cases of one document: [(name, problems)], and whether the schema accepts it."""
    with open(path, "rb") as file:
        original = file.read()
    name = os.path.basename(path)
    valid = invalid(original) is None
    results = [(f"{name} untagged", check_untagged(path, original))]
    for profile in PROFILES:
        results.append((f"{name} {profile}", check_profile(path, original, profile, valid)))
    return results, valid


def main():
    """Returns the exit status."""
    options = arguments(__doc__)
    paths = documents(options)
    tally = Tally(options.show)
    start = time.monotonic()
    valid = 0
    with multiprocessing.Pool(options.jobs, worker_start, (options,)) as pool:
        for done, (results, is_valid) in enumerate(pool.imap(check_document, paths, chunksize=4), 1):
            valid += is_valid
            for name, problems in results:
                tally.add(name, problems)
            if done % 100 == 0:
                print(f"# {done} of {len(paths)} documents, {time.monotonic() - start:.0f} s", flush=True)
    print(f"# {len(paths)} documents, {valid} valid under {SCHEMA}, {len(PROFILES)} profiles, "
          f"{time.monotonic() - start:.0f} s")
    if valid < len(paths) // 2:
        tally.add("corpus", [("too few valid documents", f"{valid} of {len(paths)}")])
    return tally.end()


if __name__ == "__main__":
    sys.exit(main())
