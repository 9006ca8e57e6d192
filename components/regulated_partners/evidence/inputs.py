"""The files that a report is made from: the JSON of `verify`, `drift`, `inventory`, `review` and of the history.

Others wrote them. What is read is bounded, and what is none of these is said in a sentence.
"""

from __future__ import annotations

import codecs
import datetime
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from regulated_partners.errors import CannotRunError
from regulated_partners.evidence.records import KINDS, LONGEST, Run, VerifyRun, clean
from regulated_partners.evidence.report import COMMAND, Input, Report
from regulated_partners.run_record import FORMAT, TOOL
from regulated_partners.verify.bounded import TooMuchError, read_json

#: Bytes of one file, and of all; files; quotation marks and brackets of one: Python needs 60 bytes and more for each.
_LARGEST, _MOST_BYTES, _MOST_FILES = 64 * 1024 * 1024, 512 * 1024 * 1024, 5_000
_MOST_QUOTES, _MOST_BRACKETS = 8_000_000, 2_000_000
#: How far a clock may be ahead.
_AHEAD = datetime.timedelta(minutes=10)
_ADVICE = "Run the command that wrote it again, with this version."


@dataclass(frozen=True)
class Source:
    """One input, and what it holds.

    Attributes:
        input: for the report's list.
        run: None where it counts for nothing.
        ahead: whether it is dated in the future: a wrong clock must prove nothing.
    """

    input: Input
    run: Run | None = None
    ahead: bool = False

    @property
    def number(self) -> int:
        return self.input.number


def read_inputs(paths: Sequence[Path], now: datetime.datetime, made_here: Iterable[Path] = ()) -> tuple[Source, ...]:
    """Reads files, and of folders all files of JSON.

    Args:
        now: UTC.
        made_here: files whose absence was said already.

    Raises:
        CannotRunError: where there is no such file or folder, or there are too many.
    """
    sources: list[Source] = []
    known: dict[str, int] = {}
    runs: dict[tuple[object, ...], VerifyRun] = {}
    left = _MOST_BYTES
    for number, (path, meant) in enumerate(_files([*paths, *made_here]), 1):
        source = _read(number, path, meant, now, left)
        left -= source.input.size
        first = known.setdefault(source.input.sha256, number) if source.input.sha256 else number
        if first != number:
            sources.append(_left_out(source, f"The same file as input {first}; it counts once."))
            continue
        if isinstance(source.run, VerifyRun):
            source = _once(source, source.run, runs)
        sources.append(source)
    return tuple(sources)


def _left_out(source: Source, remark: str) -> Source:
    return Source(source.input.model_copy(update={"remark": remark}))


def _once(source: Source, run: VerifyRun, runs: dict[tuple[object, ...], VerifyRun]) -> Source:
    """One run may stand in the JSON of stdout and in a file of --evidence, which has no counts of traffic."""
    judged = hashlib.sha256(run.model_dump_json(include={"judgements"}).encode("utf-8", "replace")).hexdigest()
    identity = (run.command, run.started, run.who, run.stack, judged)
    first = runs.setdefault(identity, run)
    if first is run:
        return source
    remark = "The same run is another input too; it counts once."
    if run.traffic and not first.traffic:
        listed = source.input.model_copy(update={"remark": f"{remark} Its counts are taken from here."})
        runs[identity] = run
        return Source(listed, run.model_copy(update={"judgements": ()}), source.ahead)
    return _left_out(source, remark)


def _files(paths: Iterable[Path]) -> Iterator[tuple[Path, bool]]:
    count = 0
    for path in paths:
        if path.is_dir():
            found = sorted(one for one in path.rglob("*.json") if one.is_file() and not one.name.startswith("."))
        elif path.is_file():
            found = [path]
        else:
            raise CannotRunError(f"{path} does not exist, so no report was made. Name files of JSON, or their folder.")
        count += len(found)
        if count > _MOST_FILES:
            raise CannotRunError(f"There are more than {_MOST_FILES} files to read at {path}: name those that count.")
        for one in found:
            yield one, not path.is_dir()


def _read(number: int, path: Path, meant: bool, now: datetime.datetime, left: int) -> Source:
    listed = Input(number=number, name=clean(str(path)), meant=meant)
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        return Source(listed.model_copy(update={"problem": f"It cannot be read: {error.strerror}."}))
    if len(data) > min(_LARGEST, left):
        problem = f"It is larger than the {_LARGEST // 1024 // 1024} MB of a file, or all are too large together."
        return Source(listed.model_copy(update={"problem": problem}))
    listed = listed.model_copy(update={"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)})
    try:
        return _recognised(listed, read_json(_utf8(data), _MOST_QUOTES, _MOST_BRACKETS), now)
    except TooMuchError as error:
        return Source(listed.model_copy(update={"problem": f"It is {error}."}))


def _utf8(data: bytes) -> bytes:
    """PowerShell's `>` writes UTF-16."""
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if data.startswith(mark):
            return data[2:].decode(encoding, errors="replace").encode("utf-8", errors="replace")
    return data


def _recognised(listed: Input, document: Any, now: datetime.datetime) -> Source:
    kind, problem = _kind(document)
    if kind is None:
        # What lies in a folder beside the records, such as a plan or a baseline, is no fault.
        is_record = isinstance(document, dict) and document.get("tool") == TOOL
        return Source(listed.model_copy(update={"problem": problem, "meant": listed.meant or is_record}))
    listed = listed.model_copy(update={"meant": True, "command": clean(str(document.get("command", ""))[:LONGEST])})
    try:
        run = kind.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])[:200] or "its beginning"
        problem = f"It is damaged, or another version wrote it: at {where}: {first['msg'][:200]}. {_ADVICE}"
        return Source(listed.model_copy(update={"problem": problem}))
    ahead = run.started > now + _AHEAD
    remark = "It is dated in the future, so a clock is wrong: it proves nothing." if ahead else ""
    heading = {"stack": run.stack or "", "who": run.who, "version": run.version, "made": run.started, "remark": remark}
    return Source(listed.model_copy(update=heading), run, ahead)


def _kind(document: Any) -> tuple[type[Run] | None, str]:
    """The form of a document, or why it has none."""
    if not isinstance(document, dict):
        return None, f"It is no record of this tool. {_ADVICE}"
    if document.get("tool") != TOOL:
        if "stack" in document and {"drift", "connectors", "partners"} & document.keys():
            return None, f"It does not say when it was made: an earlier version wrote it. {_ADVICE}"
        return None, "It is no record of this tool: another tool's JSON, a plan, a probe or a baseline."
    if document.get("format") != FORMAT:
        return (
            None,
            f"It is in format {clean(str(document.get('format'))[:20])}; this version knows {FORMAT}. {_ADVICE}",
        )
    command = str(document.get("command"))
    kind = VerifyRun if command.startswith("verify ") else KINDS.get(command)
    if kind is None and command == COMMAND:
        return None, "It is an earlier report, which proves nothing by itself: name it with --compare."
    return kind, "" if kind else f"It is of a command that a report is not made from. {_ADVICE}"


def read_earlier(path: Path) -> tuple[Report, str]:
    """An earlier report, as `report --json` wrote it, and its SHA-256. Raises CannotRunError."""
    advice = "Name what `regulated-partners report --json` wrote."
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
        document = read_json(_utf8(data), _MOST_QUOTES, _MOST_BRACKETS) if len(data) <= _LARGEST else None
    except OSError as error:
        raise CannotRunError(f"The earlier report {path} cannot be read: {error.strerror}. {advice}") from None
    except TooMuchError as error:
        raise CannotRunError(f"The earlier report {path} is {error}. {advice}") from None
    if not isinstance(document, dict) or document.get("tool") != TOOL or document.get("command") != COMMAND:
        raise CannotRunError(f"{path} is no report of this tool. {advice}")
    if document.get("format") != FORMAT:
        raise CannotRunError(f"{path} is a report in another format than {FORMAT}, which this version knows. {advice}")
    try:
        return Report.model_validate(document), hashlib.sha256(data).hexdigest()
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"])[:200]
        raise CannotRunError(f"The earlier report {path} is damaged at {where}. {advice}") from None
