"""Partners that several stacks share: one file, and in each stack what is different there.

    regulated-partners:partnersFile: stacks/partners.yaml
    regulated-partners:partnerOverrides:
      Fabrikam Bank: {enabled: false}
    regulated-partners:leaveOut: [Woodgrove Hospital]

A stack's own `partners` come after those of the file. In an override mappings are merged, lists and values replace,
and null takes the file's value away, so that the default counts.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml

from regulated_partners.partners.findings import DeclarationFinding, about_moment, in_quotation_marks
from regulated_partners.partners.settings import StackSettings
from regulated_partners.partners.yaml_scalars import Moment, go_moment, handed_on
from regulated_partners.partners.yaml_text import load, why_not

#: The settings of a stack.
PARTNERS_FILE, OVERRIDES, LEAVE_OUT = "partnersFile", "partnerOverrides", "leaveOut"

_PLACE = re.compile(r"partners\[(\d+)\]")
_STEP = re.compile(r"[^.\[\]]+")


@dataclass(frozen=True)
class _Source:
    """Where one partner of a stack stands, and what the stack overrides of it."""

    place: str
    name: str = ""
    override: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class CollectedPartners:
    """The partners of a stack, wherever they stand.

    Attributes:
        declared: the value for `regulated_partners.partners.stack.read_partners`.
        findings: what is wrong with the file and the settings around it.
    """

    declared: object
    findings: tuple[DeclarationFinding, ...] = ()
    _sources: tuple[_Source, ...] = ()

    def placed(self, finding: DeclarationFinding) -> DeclarationFinding:
        """A finding about `declared`, with the place where a person finds the value."""
        if not self._sources:
            return finding
        found = _PLACE.match(finding.path)
        path = self._place(int(found[1]), finding.path[found.end() :]) if found else finding.path
        text = _PLACE.sub(lambda match: self._place(int(match[1]), ""), finding.text)
        return replace(finding, path=path, text=text)

    def _place(self, index: int, rest: str) -> str:
        source = self._sources[index]
        if rest and _overridden(source.override, _STEP.findall(rest)):
            return f"{OVERRIDES}.{source.name}{rest}"
        return f"{source.place}{rest}"


def collect_partners(settings: StackSettings, root: Path | None = None) -> CollectedPartners:
    """The partners of a stack: those of the shared file with its overrides, then its own.

    Args:
        settings: of the stack.
        root: the project's directory; unless given that of the Pulumi.yaml nearest to the current directory.
    """
    own, file = settings.partners, settings.partners_file
    if file is None:
        return CollectedPartners(own, tuple(_useless(settings)))
    if not isinstance(file, str) or not file.strip():
        wrong = DeclarationFinding(PARTNERS_FILE, "this is not a path; write one such as stacks/partners.yaml.")
        return CollectedPartners(own, (wrong,))
    shared, problem = _read_file((root or project_root(Path.cwd()) or Path.cwd()) / file)
    findings = [DeclarationFinding(file, problem)] if problem else []
    names = {_name(item).casefold(): _name(item) for item in shared if _name(item)}
    overrides = _overrides(settings.partner_overrides, names, findings, complete=not problem)
    left_out = _left_out(settings.leave_out, names, findings, complete=not problem)
    items: list[object] = []
    sources: list[_Source] = []
    for index, item in enumerate(shared):
        key = _name(item).casefold()
        if key and key in left_out:
            continue
        override = overrides.get(key, {})
        items.append(_merged(item, override) if isinstance(item, dict) else item)
        sources.append(_Source(f"{file}: partners[{index}]", _name(item), override))
    if own is not None and not isinstance(own, list):
        findings.append(DeclarationFinding("partners", "this is not a list; write each partner after '- name: ...'."))
        own = []
    for index, item in enumerate(own or ()):
        items.append(item)
        sources.append(_Source(f"partners[{index}]"))
    return CollectedPartners(items, tuple(findings), tuple(sources))


def _read_file(path: Path) -> tuple[list[object], str]:
    """The items of the one list `partners` in a file, and what is wrong with the file itself, if anything is."""
    try:
        content = load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return [], "there is no such file; partnersFile is a path from the project's directory, where Pulumi.yaml is."
    except UnicodeDecodeError:
        return [], "it is not UTF-8 text; save it as UTF-8."
    except OSError as error:
        return [], f"it cannot be read: {error.strerror or type(error).__name__}."
    except yaml.YAMLError as error:
        return [], f"it is not valid YAML{why_not(error)}."
    # A file that says nothing is an error, not an empty list: it would delete every connector.
    if not isinstance(content, dict):
        problem = "it has no list of partners; write 'partners:', and below it each partner after '- name: ...'."
    elif others := ", ".join(sorted(str(key) for key in content if key != "partners")):
        problem = f"only 'partners' may stand in it, and there is {others}; other settings go into stack files."
    elif not isinstance(content.get("partners"), list):
        problem = "partners is not a list; write each partner after '- name: ...', or [] if there shall be none."
    else:
        return [handed_on(item) for item in content["partners"]], ""
    return [], problem


def project_root(directory: Path) -> Path | None:
    """The directory of the Pulumi.yaml nearest to a directory: its own, or one above it."""
    start = directory.resolve()
    return next((found for found in (start, *start.parents) if (found / "Pulumi.yaml").is_file()), None)


def _useless(settings: StackSettings) -> Iterator[DeclarationFinding]:
    for name, value in ((OVERRIDES, settings.partner_overrides), (LEAVE_OUT, settings.leave_out)):
        if value:
            yield DeclarationFinding(
                name, f"it speaks of the partners of a shared file, and no {PARTNERS_FILE} is set; name the file."
            )


def _overrides(
    value: object, names: Mapping[str, str], findings: list[DeclarationFinding], *, complete: bool
) -> dict[str, Mapping[str, object]]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        findings.append(DeclarationFinding(OVERRIDES, "this is not a mapping; write 'Partner name: {...}' lines."))
        return {}
    overrides: dict[str, Mapping[str, object]] = {}
    for name, override in value.items():
        place = f"{OVERRIDES}.{name}"
        if (moment := go_moment(str(name))) is not None:
            wrong = about_moment(moment)
        elif complete and str(name).casefold() not in names:
            wrong = _unknown(str(name), names)
        elif not isinstance(override, dict):
            wrong = f"this is not a mapping; write what is different here, or list it under {LEAVE_OUT}."
        elif "name" in override:
            place = f"{place}.name"
            wrong = "an override cannot rename; change the name in the file, and keep it as an alias."
        else:
            overrides[str(name).casefold()] = override
            continue
        findings.append(DeclarationFinding(place, wrong))
    return overrides


def _left_out(
    value: object, names: Mapping[str, str], findings: list[DeclarationFinding], *, complete: bool
) -> frozenset[str]:
    if value is None:
        return frozenset()
    if not isinstance(value, list):
        findings.append(DeclarationFinding(LEAVE_OUT, "this is not a list of names; write each after '- '."))
        return frozenset()
    for index, name in enumerate(value):
        if not isinstance(name, str):
            wrong = about_moment(name) if isinstance(name, Moment) else in_quotation_marks(name)
            findings.append(DeclarationFinding(f"{LEAVE_OUT}[{index}]", wrong))
        elif complete and name.casefold() not in names:
            findings.append(DeclarationFinding(f"{LEAVE_OUT}[{index}]", _unknown(name, names)))
    return frozenset(name.casefold() for name in value if isinstance(name, str))


def _unknown(name: str, names: Mapping[str, str]) -> str:
    near = difflib.get_close_matches(name.casefold(), names, n=1)
    hint = f"did you mean {names[near[0]]}?" if near else "write the name of one of its partners."
    return f"the shared file has no partner {name!r}; {hint}"


def _name(item: object) -> str:
    name = item.get("name") if isinstance(item, dict) else None
    return name.strip() if isinstance(name, str) else ""


def _merged(base: Mapping[str, object], override: Mapping[str, object]) -> dict[str, object]:
    merged = dict(base)
    for key, value in override.items():
        below = merged.get(key)
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict) and (isinstance(below, dict) or below is None):
            merged[key] = _merged(below or {}, value)
        else:
            merged[key] = value
    return merged


def _overridden(override: object, steps: list[str]) -> bool:
    """Whether an override gives the value at a path: each step a key, or the index of a list."""
    for step in steps:
        if not isinstance(override, dict):
            return True
        if step not in override:
            return False
        override = override[step]
    return not isinstance(override, dict)
