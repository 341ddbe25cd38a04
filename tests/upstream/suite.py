"""Gets the referee from Debian, by package name and through apt as this machine has it set up: the Tcl suite out of the
source package, and server and clients out of the binary ones, which run through their own loader and libraries beside
whatever the machine has. It keeps them in a cache folder and knows nothing of how tests are run."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SOURCE = "valkey"
BINARIES = ("valkey-server", "valkey-tools")
PROGRAMS = ("server", "cli", "benchmark", "check-aof", "check-rdb")
RELEASE = "trixie"
NEEDED = {"tclsh": "tcl", "dpkg-source": "dpkg-dev"}  # program: the package that brings it


def fail(text):
    sys.exit(f"tests/upstream: {text}")


def run(command, **options):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, **options)
    if done.returncode != 0:
        fail(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def install_tools():
    """Installs what is missing of Tcl and Debian's own clients; says what to do where it may not."""
    missing = sorted({package for program, package in NEEDED.items() if not shutil.which(program)})
    if not os.path.isdir("/usr/lib/tcltk") or not list(pathlib.Path("/usr/lib").glob("**/tcltls*")):
        missing.append("tcl-tls")
    if not missing:
        return
    if os.geteuid() != 0:
        fail(f"needs the Debian packages {' '.join(missing)}: install them, or run as root")
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
    if subprocess.run(install, env=env, stdin=subprocess.DEVNULL, capture_output=True).returncode != 0:
        run(["apt-get", "update", "-qq"], env=env)
        run(install, env=env)


def mirror():
    """The address of Debian itself, not of its security archive, in this machine's apt settings."""
    form = "$(ORIGIN)|$(LABEL)|$(REPO_URI)"
    for attempt in range(2):
        rows = [row.split("|") for row in run(["apt-get", "indextargets", "--format", form]).splitlines()]
        found = [row[2] for row in rows if row[:2] == ["Debian", "Debian"]]
        if found:
            return found[0]
        if attempt == 0 and os.geteuid() == 0:
            run(["apt-get", "update", "-qq"])
    fail("apt on this machine has no source of Debian: set one up")


def apt_for_release(work):
    """An apt of its own in the folder `work` that sees RELEASE and nothing of this machine's packages, with apt's
    signatures checked as always. Returns the options that select it."""
    for sub in ("lists/partial", "cache/archives/partial", "source"):
        os.makedirs(os.path.join(work, sub))
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    signed = f"[signed-by={keyring}] " if os.path.exists(keyring) else ""
    with open(os.path.join(work, "sources.list"), "w") as sources:
        for kind in ("deb", "deb-src"):
            sources.write(f"{kind} {signed}{mirror()} {RELEASE} main\n")
    pathlib.Path(work, "status").touch()
    options = []
    for key, value in {
        "Dir::Etc::SourceList": f"{work}/sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State::Lists": f"{work}/lists",
        "Dir::State::status": f"{work}/status",
        "Dir::Cache": f"{work}/cache",
        "APT::Sandbox::User": "root",
        "APT::Install-Recommends": "false",
    }.items():
        options += ["-o", f"{key}={value}"]
    run(["apt-get", *options, "update", "-qq"])
    return options


def fetch_suite(work, options, into):
    run(["apt-get", *options, "source", "-qq", SOURCE], cwd=os.path.join(work, "source"))
    unpacked = [d for d in pathlib.Path(work, "source").iterdir() if d.is_dir()]
    if len(unpacked) != 1:
        fail(f"the source package of {SOURCE} did not unpack into one folder")
    (into / "version").write_text(unpacked[0].name + "\n")
    shutil.move(unpacked[0], into / "suite")


def fetch_programs(work, options, into, place):
    """Unpacks the binary packages with all they link to into `into/system`, and starters for them into `into/bin`;
    `place` is where `into` will end up."""
    run(["apt-get", *options, "install", "-qq", "-y", "--download-only", *BINARIES])
    system = into / "system"
    for package in sorted(pathlib.Path(work, "cache/archives").glob("*.deb")):
        run(["dpkg-deb", "-x", str(package), str(system)])
    loaders = sorted(p for p in system.glob("usr/lib/*/ld-linux*") if p.is_file())
    if not loaders:
        fail(f"no loader among the packages of {BINARIES}")
    loader = place / loaders[0].relative_to(into)
    (into / "bin").mkdir()
    for program in PROGRAMS:
        starter = into / "bin" / f"valkey-{program}"
        starter.write_text(
            f"#!/bin/sh\nexec {loader} --library-path {loader.parent} --argv0 valkey-{program} "
            f'{place}/system/usr/bin/valkey-{program} "$@"\n'
        )
        starter.chmod(0o755)


def get():
    """The folder with `suite/`, `bin/` and `version`; fetched the first time."""
    install_tools()
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "spinel-upstream"
    place = cache / f"{SOURCE}-{RELEASE}"
    if not (place / "version").exists():
        cache.mkdir(parents=True, exist_ok=True)
        into = cache / f"{place.name}.{os.getpid()}"
        into.mkdir()
        with tempfile.TemporaryDirectory(prefix="spinel-suite-") as work:
            options = apt_for_release(work)
            fetch_programs(work, options, into, place)
            fetch_suite(work, options, into)
        shutil.rmtree(place, ignore_errors=True)
        into.rename(place)
    return place


if __name__ == "__main__":
    print(get())
