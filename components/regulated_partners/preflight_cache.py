"""What the pre-flight saw, kept for a while: previews are repeated, and others' servers not to be bothered."""

from __future__ import annotations

import contextlib
import hashlib
import json
import tempfile
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import ValidationError

from regulated_partners.preflight_settings import PreflightSettings
from regulated_partners.probing.collect import Questions
from regulated_partners.probing.seen import DnsProblem, Probe, ServerOutcome

#: Below the project's directory; it is in .gitignore.
FOLDER = Path(".state") / "preflight"


class PreflightCache:
    """One file for each set of questions.

    Args:
        directory: of the project.
        questions: what is probed.
        settings: how; another way may see something else.
    """

    def __init__(self, directory: Path, questions: Questions, settings: PreflightSettings) -> None:
        asked = json.dumps([asdict(questions), settings.model_dump(exclude={"seconds", "cache_minutes"})])
        self._path = directory / FOLDER / f"{hashlib.sha256(asked.encode()).hexdigest()[:32]}.json"
        self._age = timedelta(minutes=settings.cache_minutes)

    def read(self, now: datetime) -> Probe | None:
        """What was seen not too long ago; None where there is nothing that counts."""
        try:
            probe = Probe.model_validate_json(self._path.read_bytes())
        except (OSError, ValidationError):
            return None
        return probe if timedelta(0) <= now - probe.started < self._age else None

    def write(self, probe: Probe) -> None:
        """Keeps a probe, unless the time was too short for it. A cache that cannot be written is no failure."""
        if not self._age or not _is_whole(probe):
            return
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self._path.parent, delete=False) as new:
                new.write(probe.model_dump_json())
            Path(new.name).replace(self._path)


def _is_whole(probe: Probe) -> bool:
    unasked = any(domain.mx.problem is DnsProblem.NO_ANSWER for domain in probe.domains)
    return not unasked and all(server.outcome is not ServerOutcome.NOT_TRIED for server in probe.servers)
