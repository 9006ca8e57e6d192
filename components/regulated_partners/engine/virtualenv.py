"""The virtual environment that a project's Pulumi.yaml names, where set-up has not made one."""

from __future__ import annotations

import site
import threading
import venv
from pathlib import Path

from regulated_partners.errors import CannotRunError

#: What it is called in every project of ours, and in `runtime.options.virtualenv` of its Pulumi.yaml.
FOLDER = ".venv"
_PATHS = "regulated_partners_of_the_command.pth"

#: Several stacks of a project are previewed at the same time.
_MAKING = threading.Lock()


def ensure_virtualenv(project: Path) -> None:
    """Makes a project's .venv over the environment that this command runs in: nothing is installed twice or fetched.

    One that is there is left as it is. `pulumi install`, or pip, may install into it what the project needs besides.

    Raises:
        CannotRunError: where it cannot be made.
    """
    folder = project / FOLDER
    with _MAKING:
        # One that is half made is made whole.
        if (folder / "bin" / "python").exists():
            return
        try:
            _make(folder)
        except OSError as error:
            raise CannotRunError(
                f"{folder}, which Pulumi.yaml names, is not there and cannot be made ({error.strerror}): make the "
                "project's directory writable, or make the environment beforehand."
            ) from None


def _make(folder: Path) -> None:
    venv.create(folder, symlinks=True)
    ours = [*site.getsitepackages(), *([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])]
    # addsitedir, because a path file's plain line would leave out what is editable there.
    lines = "".join(f"import site; site.addsitedir({directory!r})\n" for directory in ours)
    for directory in folder.glob("lib/python*/site-packages"):
        (directory / _PATHS).write_text(lines, encoding="utf-8")
