"""Lists of test names by file, as expected/*.txt, known-missing.txt and not-run.txt hold them: `== file ==` opens the
part of a file, then one name a line; an indented line is the reason of the name above it; `#` at a line's start
comments."""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent


def read(path):
    """{file: {name: reason}} of one list."""
    out, names, last = {}, None, None
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = raw.strip()
        if not line or raw.startswith("#"):
            continue
        if line.startswith("== ") and line.endswith(" =="):
            names = out.setdefault(line[3:-3], {})
        elif names is None:
            sys.exit(f"{path}:{number}: a name before the first `== file ==`")
        elif raw[0].isspace():
            if last is None:
                sys.exit(f"{path}:{number}: a reason without a name above it")
            names[last] = f"{names[last]} {line}".strip()
        else:
            last = line
            names[last] = ""
    return out


def expected():
    """What the stages up to now must pass: {file: {name, ...}} of all lists together."""
    out = {}
    for path in sorted((HERE / "expected").glob("*.txt")):
        for file, names in read(path).items():
            out.setdefault(file, set()).update(names)
    return out


def known_missing(wanted):
    """{file: {name: reason}} of what is let through; a name without a reason, or one nobody expects, ends the run."""
    known = read(HERE / "known-missing.txt")
    for file, names in known.items():
        for name, reason in names.items():
            if not reason:
                sys.exit(f"known-missing.txt: `{name}` ({file}) has no reason below it")
            if name not in wanted.get(file, set()):
                sys.exit(f"known-missing.txt: `{name}` ({file}) is expected by no list: take it out")
    return known


def not_run():
    """{file: {name: reason}} of the tests that are left out, of whatever list."""
    return read(HERE / "not-run.txt")


def alone():
    """{file: reason} of the files that run by themselves at the end."""
    out = {}
    for file, reasons in read(HERE / "alone.txt").items():
        out[file] = " ".join(reasons)
    return out
