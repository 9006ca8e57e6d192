"""Packs the plugin with its Python for this machine's system: `make plugin-archive`.

    dist/pulumi-resource-exchange-online-v<version>-<system>-<machine>.tar.gz

The name and the place of the executable, at the archive's root, are those that the Pulumi CLI looks for; it holds no
PulumiPlugin.yaml, at which the CLI would install dependencies. Whoever takes it needs no Python, no pip and no language
host. The tool is PyInstaller: its licence, GPL 2, excepts what it packs, the bootloader in it included, from its terms;
shiv and pex are under permissive ones, and need a Python where they run. It packs for the system it runs on.

Source: Pulumi's docs, plugin archives; PyInstaller, COPYING.txt.
"""

from __future__ import annotations

import gzip
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from regulated_partners.plugin.version import version

ROOT = Path(__file__).resolve().parents[1]
NAME = "pulumi-resource-exchange-online"

#: As Go names them, and so the CLI.
_SYSTEMS = {"Linux": "linux", "Darwin": "darwin", "Windows": "windows"}
_MACHINES = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64", "arm64": "arm64"}

#: Found at run time by their names; and what no plugin needs.
_HIDDEN = ("pulumi.provider.server", "exchange_online.lifecycle", "exchange_online.admin_api")
_WITHOUT = ("debugpy", "pip", "setuptools", "tkinter", "pytest", "mypy", "hypothesis", "regulated_partners.cli")

#: Where a distribution was installed from. Source: PyPA, Recording the Direct URL Origin of installed distributions.
_WHERE_FROM = ".dist-info/direct_url.json"


def archive_name() -> str:
    """Of the archive for this machine."""
    system, machine = _SYSTEMS[platform.system()], _MACHINES[platform.machine()]
    return f"{NAME}-v{version()}-{system}-{machine}.tar.gz"


def build(into: Path) -> Path:
    """Builds the archive in a directory, and tells where it is.

    Raises:
        CalledProcessError: where PyInstaller fails; its own words are on stderr.
    """
    into.mkdir(parents=True, exist_ok=True)
    target = into / archive_name()
    with tempfile.TemporaryDirectory(prefix="plugin-archive-") as temporary:
        folder = Path(temporary)
        start = folder / f"{NAME}.py"
        start.write_text("import sys\nfrom regulated_partners.plugin.main import main\nsys.exit(main())\n", "utf-8")
        packed = [f"--{option}={name}" for option, names in _options().items() for name in names]
        command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level=WARN", "--onedir", *packed]
        places = [f"--{name}={folder / name}" for name in ("distpath", "workpath", "specpath")]
        paths = [f"--paths={ROOT / name}" for name in ("providers", "components")]
        subprocess.run([*command, *places, *paths, f"--name={NAME}", str(start)], check=True)
        _pack(folder / "distpath" / NAME, target)
    return target


def _options() -> dict[str, tuple[str, ...]]:
    return {
        "hidden-import": _HIDDEN,
        "exclude-module": _WITHOUT,
        # The versions of both are asked for at run time.
        "copy-metadata": ("regulated-partners", "pulumi"),
        "collect-submodules": ("exchange_online", "regulated_partners.plugin", "regulated_partners.partners"),
        "collect-data": ("certifi",),
    }


def _pack(folder: Path, target: Path) -> None:
    """The same content gives the same archive: no times, no owners, and not the folder that it was built in."""

    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        if member.name.endswith(_WHERE_FROM):
            return None
        member.uid = member.gid = member.mtime = 0
        member.uname = member.gname = ""
        return member

    with (
        tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as new,
        gzip.GzipFile(fileobj=new, mode="wb", compresslevel=6, mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w") as tar,
    ):
        for path in sorted(folder.iterdir()):
            tar.add(path, arcname=path.name, filter=plain)
    shutil.move(new.name, target)
    target.chmod(0o644)


def main() -> int:
    """The command."""
    print(build(ROOT / "dist"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
