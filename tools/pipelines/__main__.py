"""`python -m tools.pipelines [DIRECTORY]`: checks pipelines/. Exit codes: 0 fine, 1 findings, 2 could not check.

GitLab's and Azure's files are checked against the services' own schemas, as check-jsonschema keeps them; Kubernetes'
against kubernetes.json, which has the parts of the custom resources that are used here, from their API references.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from check_jsonschema.builtin_schemas import get_builtin_schema
from jsonschema import Draft7Validator, Draft202012Validator
from jsonschema.exceptions import best_match
from jsonschema.protocols import Validator

from regulated_partners.errors import InstallError
from tools.pipelines.workflows import check_workflows

ROOT = Path(__file__).resolve().parents[2]

#: Which definition of Azure's schema a template is; the pipeline itself is the whole schema.
_AZURE_TEMPLATES = {"stages": "stagesTemplate", "jobs": "jobsTemplate", "steps": "stepsTemplate"}


def check_files(directory: Path) -> Iterator[str]:
    """One line for each thing that is wrong below a directory with gitlab/, azure-devops/ and kubernetes/."""
    gitlab = Draft7Validator(get_builtin_schema("vendor.gitlab-ci"))
    for file, document in _documents([directory / "gitlab" / ".gitlab-ci.yml"], yaml.SafeLoader):
        yield from _findings(file, _shown(document), gitlab)
    # To Azure every value is a text.
    azure = _booleans_as_texts(get_builtin_schema("vendor.azure-pipelines"))
    for file, document in _documents(sorted((directory / "azure-devops").glob("*.yml")), yaml.BaseLoader):
        yield from _findings(file, _expanded(document), _azure(azure, document))
    kubernetes = Draft202012Validator(json.loads(Path(__file__).with_name("kubernetes.json").read_text("utf-8")))
    for file, document in _documents(sorted((directory / "kubernetes").rglob("*.yaml")), yaml.SafeLoader):
        yield from _findings(file, document, kubernetes)


def _azure(schema: dict[str, Any], document: Any) -> Validator:
    if isinstance(document, dict) and "trigger" not in document:
        kind = next((kind for key, kind in _AZURE_TEMPLATES.items() if key in document), None)
        if kind is not None:
            schema = {"$ref": f"#/definitions/{kind}", "definitions": schema["definitions"]}
    return Draft7Validator(schema)


def _booleans_as_texts(value: Any) -> Any:
    """Azure's schema says of some values, for editors, that they are booleans."""
    if isinstance(value, list):
        return [_booleans_as_texts(item) for item in value]
    if isinstance(value, dict):
        kept = {key: _booleans_as_texts(item) for key, item in value.items()}
        if kept.get("type") == "boolean":
            del kept["type"]
            kept["enum"] = ["true", "false"]
        return kept
    return value


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
        kept = [(item, _expanded(item)) for item in value]
        return [after for before, after in kept if after != {} or before == {}]
    if isinstance(value, dict):
        return {key: _expanded(item) for key, item in value.items() if not key.startswith("${{")}
    return value


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser("python -m tools.pipelines", description="Checks the pipelines that users copy.")
    parser.add_argument("directory", nargs="?", type=Path, default=ROOT / "pipelines")
    directory: Path = parser.parse_args(arguments).directory
    try:
        findings = [*check_workflows(directory / "github"), *check_files(directory)]
    except InstallError as error:
        print(error, file=sys.stderr)
        return 2
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
