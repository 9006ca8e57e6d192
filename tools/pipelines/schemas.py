"""Checks GitLab, Azure and Kubernetes files against their schemas.

schemas/gitlab-ci.json and schemas/azure-pipelines.json are the services' own, without prose (reduce.py);
schemas/kubernetes.json has the parts of the custom resources that are used here, from their API references.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft7Validator, Draft202012Validator
from jsonschema.exceptions import best_match
from jsonschema.protocols import Validator

HERE = Path(__file__).resolve().parent / "schemas"

#: Which definition of Azure's schema a template is; the pipeline itself is the whole schema.
_AZURE_TEMPLATES = {"stages": "stagesTemplate", "jobs": "jobsTemplate", "steps": "stepsTemplate"}


def check_files(directory: Path) -> Iterator[str]:
    """One line for each thing that is wrong below a directory with gitlab/, azure-devops/ and kubernetes/."""
    gitlab = Draft7Validator(_schema("gitlab-ci"))
    for file, document in _documents([directory / "gitlab" / ".gitlab-ci.yml"], yaml.SafeLoader):
        yield from _findings(file, _shown(document), gitlab)
    # To Azure every value is a text.
    for file, document in _documents(sorted((directory / "azure-devops").glob("*.yml")), yaml.BaseLoader):
        yield from _findings(file, _expanded(document), _azure(document))
    kubernetes = Draft202012Validator(_schema("kubernetes"))
    for file, document in _documents(sorted((directory / "kubernetes").rglob("*.yaml")), yaml.SafeLoader):
        yield from _findings(file, document, kubernetes)


def _schema(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
    return schema


def _azure(document: Any) -> Validator:
    schema = _schema("azure-pipelines")
    if isinstance(document, dict) and "trigger" not in document:
        kind = next((_AZURE_TEMPLATES[key] for key in _AZURE_TEMPLATES if key in document), None)
        if kind is not None:
            schema = {"$ref": f"#/definitions/{kind}", "definitions": schema["definitions"]}
    return Draft7Validator(schema)


def _documents(files: Sequence[Path], loader: type[yaml.SafeLoader | yaml.BaseLoader]) -> Iterator[tuple[Path, Any]]:
    """The documents of each file; an unreadable one is its complaint, which no schema accepts."""
    for file in files or [Path("(none)")]:
        try:
            text = file.read_text(encoding="utf-8")
            for document in yaml.load_all(text, Loader=loader):
                yield file, document
        except (OSError, yaml.YAMLError) as unreadable:
            yield file, f"cannot be read: {' '.join(str(unreadable).split())}"


def _findings(file: Path, document: Any, validator: Validator) -> Iterator[str]:
    error = best_match(validator.iter_errors(document))
    if error is not None:
        yield f"{file}: {error.json_path}: {error.message[:300]}"


def _shown(document: Any) -> Any:
    """GitLab's schema takes anything for a hidden job; one with a script is judged as what extends it is."""
    if not isinstance(document, dict):
        return document
    hides = {
        name for name, job in document.items() if name.startswith(".") and isinstance(job, dict) and "script" in job
    }
    return {f"hidden {name[1:]}" if name in hides else name: job for name, job in document.items()}


def _expanded(value: Any) -> Any:
    """As if Azure had replaced its expressions, which it does before it looks at what the values are."""
    if isinstance(value, str):
        return re.sub(r"\$\{\{.*?\}\}", "x", value)
    if isinstance(value, list):
        kept = [(each, _expanded(each)) for each in value]
        return [after for before, after in kept if after != {} or before == {}]
    if isinstance(value, dict):
        return {key: _expanded(each) for key, each in value.items() if not key.startswith("${{")}
    return value
