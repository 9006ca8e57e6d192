"""The language host, over gRPC, with real processes: what the engine asks of it."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shlex
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import language_pb2

from tests.regulated_partners.engine.hosting import (
    RunningHost,
    alive,
    assembled,
    eventually,
    program_info,
    running_host,
)

EXECUTOR = """
import json, os, subprocess, sys, time
program = os.path.join(sys.argv[sys.argv.index("--pwd") + 1], "behaviour.py")
exec(open(program).read())
"""


@pytest.fixture
def cli(tmp_path: Path) -> Path:
    return assembled(tmp_path, EXECUTOR)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    directory = tmp_path / "program"
    directory.mkdir()
    return directory


@pytest.fixture
def host(cli: Path, program: Path) -> Iterator[RunningHost]:
    with running_host(cli, cwd=program, environment={"PULUMI_PYTHON_CMD": sys.executable}) as running:
        yield running


def run(host: RunningHost, program: Path, behaviour: str, **fields: Any) -> language_pb2.RunResponse:
    (program / "behaviour.py").write_text(behaviour, encoding="utf-8")
    request = language_pb2.RunRequest(
        info=program_info(program), pwd=str(program), stack="dev", project="p", monitor_address="127.0.0.1:2",
        organization="organization", parallel=8, **fields,
    )  # fmt: skip
    response = host.client.Run(request, timeout=30)
    assert isinstance(response, language_pb2.RunResponse)
    return response


def test_program_gets_what_the_engine_said(host: RunningHost, program: Path) -> None:
    """Failing means that a program runs with the wrong stack, config or dry-run flag: a preview that applies."""
    behaviour = "json.dump([sys.argv[1:], dict(os.environ)], open('seen.json', 'w'))"
    (program / "behaviour.py").write_text(behaviour, encoding="utf-8")
    response = run(
        host, program, f"os.chdir({str(program)!r}); {behaviour}", dryRun=True,
        config={"p:cloud": "local", "p:token": "t"}, configSecretKeys=["p:token"],
    )  # fmt: skip
    arguments, environment = json.loads((program / "seen.json").read_text(encoding="utf-8"))
    named = dict(zip(arguments[:-1:2], arguments[1:-1:2], strict=True))
    assert (response.error, response.bail) == ("", False)
    assert named == {
        "--monitor": "127.0.0.1:2", "--engine": host.engine_address, "--project": "p", "--stack": "dev",
        "--pwd": str(program),
        "--root_directory": str(program), "--dry_run": "true", "--parallel": "8", "--organization": "organization",
    }  # fmt: skip
    assert arguments[-1] == "."
    assert json.loads(environment["PULUMI_CONFIG"]) == {"p:cloud": "local", "p:token": "t"}
    assert json.loads(environment["PULUMI_CONFIG_SECRET_KEYS"]) == ["p:token"]
    assert environment["no_grpc_proxy"].endswith("127.0.0.1,localhost"), "a proxy must not stand before the engine"


@pytest.mark.parametrize(
    ("behaviour", "error", "bail"),
    [
        ("sys.exit(0)", "", False),
        ("sys.exit(1)", "program exited with non-zero exit code: 1", False),
        ("sys.exit(32)", "", True),
        ("os.kill(os.getpid(), 9)", "program was ended by signal 9", False),
    ],
)
def test_exit_code_decides_the_answer(host: RunningHost, program: Path, behaviour: str, error: str, bail: bool) -> None:
    """Failing means that a failed program counts as a success, or that an error is shown twice or not at all."""
    response = run(host, program, behaviour)
    assert (response.error, response.bail) == (error, bail)


def test_a_configuration_that_linux_does_not_hand_on_is_a_sentence(host: RunningHost, program: Path) -> None:
    """Failing means that a stack of two thousand partners ends in an errno instead of what to do."""
    answer = run(host, program, "", config={"p:partners": "x" * 140_000})
    assert "the stack's configuration is too long" in answer.error
    assert "partnersFile" in answer.error
    assert "Errno" not in answer.error


def test_output_is_forwarded_while_the_program_runs(host: RunningHost, program: Path) -> None:
    """Failing means that the user sees nothing of a long program until it has ended."""
    (program / "behaviour.py").write_text("print('first'); time.sleep(600)", encoding="utf-8")
    request = language_pb2.RunRequest(info=program_info(program), pwd=str(program))
    call = host.client.Run.future(request)
    assert host.process.stdout is not None
    assert host.process.stdout.readline() == "first\n"
    assert not call.done()


def test_virtualenv_option_chooses_the_interpreter(host: RunningHost, program: Path) -> None:
    """Failing means that a project's own environment is ignored and its program runs with other packages."""
    environment = program / "env"
    (environment / "bin").mkdir(parents=True)
    python = environment / "bin" / "python"
    python.write_text(f'#!/bin/sh\necho "$VIRTUAL_ENV" "$PATH" > chosen\nexec {shlex.quote(sys.executable)} "$@"\n')
    python.chmod(0o755)
    (program / "behaviour.py").write_text("", encoding="utf-8")
    info = program_info(program, virtualenv="env")
    response = host.client.Run(language_pb2.RunRequest(info=info, pwd=str(program)), timeout=30)
    assert response.error == ""
    activated, path = (program / "chosen").read_text(encoding="utf-8").split(maxsplit=1)
    assert activated == str(environment)
    assert path.startswith(f"{environment / 'bin'}{os.pathsep}")


def test_missing_virtualenv_is_a_sentence(host: RunningHost, program: Path) -> None:
    """Failing means that someone who has not run the set-up gets a traceback instead of the way out."""
    info = program_info(program, virtualenv=".venv")
    response = host.client.Run(language_pb2.RunRequest(info=info, pwd=str(program)), timeout=30)
    assert f"there is no virtual environment there: create it with `python3 -m venv {program}/.venv`" in response.error
    with pytest.raises(grpc.RpcError) as caught:
        host.client.About(language_pb2.AboutRequest(info=info), timeout=30)
    assert "no virtual environment" in str(caught.value)


def start_endless(host: RunningHost, program: Path) -> tuple[object, int, int]:
    (program / "behaviour.py").write_text(
        "child = subprocess.Popen(['sleep', '600'])\n"
        f"open({str(program / 'pids')!r} + '.new', 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        f"os.rename({str(program / 'pids')!r} + '.new', {str(program / 'pids')!r})\n"
        "time.sleep(600)",
        encoding="utf-8",
    )
    call = host.client.Run.future(language_pb2.RunRequest(info=program_info(program), pwd=str(program)))
    assert eventually((program / "pids").exists)
    own, child = map(int, (program / "pids").read_text(encoding="utf-8").split())
    return call, own, child


def test_cancel_ends_the_program_with_everything_it_started(host: RunningHost, program: Path) -> None:
    """Failing means that Ctrl-C leaves processes behind, or that the operation never ends."""
    call, own, child = start_endless(host, program)
    host.client.Cancel(empty_pb2.Empty(), timeout=10)
    assert call.result(timeout=10).error == "program was ended by signal 15"  # type: ignore[attr-defined]
    assert eventually(lambda: not alive(own) and not alive(child))


def test_interrupt_is_quiet_and_leaves_nothing_behind(host: RunningHost, program: Path) -> None:
    """Failing means that a traceback of KeyboardInterrupt lands in the user's log, or orphans keep running."""
    _, own, child = start_endless(host, program)
    code, stdout, stderr = host.interrupt()
    assert (code, stdout, stderr) == (0, "", "")
    assert not alive(own)
    assert not alive(child)


def test_host_ends_with_a_killed_engine(host: RunningHost, program: Path) -> None:
    """Failing means that a pipeline which is killed hard leaves a language host and its program on the runner."""
    _, own, child = start_endless(host, program)
    host.engine.close()
    assert eventually(lambda: host.process.poll() is not None, seconds=20)
    assert eventually(lambda: not alive(own) and not alive(child))


def plugin_request(program: Path, **fields: Any) -> language_pb2.RunPluginRequest:
    environment = [f"PATH={os.environ['PATH']}", "ONLY=this"]
    return language_pb2.RunPluginRequest(info=program_info(program), pwd=str(program), env=environment, **fields)


def collect(responses: Iterator[language_pb2.RunPluginResponse]) -> tuple[bytes, bytes, list[int]]:
    kinds: dict[str, list[language_pb2.RunPluginResponse]] = {"stdout": [], "stderr": [], "exitcode": []}
    for response in responses:
        kinds[str(response.WhichOneof("output"))].append(response)
    return (
        b"".join(response.stdout for response in kinds["stdout"]),
        b"".join(response.stderr for response in kinds["stderr"]),
        [response.exitcode for response in kinds["exitcode"]],
    )


def test_plugin_output_environment_and_exit_code(host: RunningHost, program: Path) -> None:
    """Failing means that a component plugin does not start, or that the engine never learns its port or its end."""
    (program / "__main__.py").write_text(
        "import os, sys\n"
        "print(sys.argv[1:], os.environ['ONLY'], 'HOME' in os.environ, flush=True)\n"
        "print('trouble', file=sys.stderr)\n"
        "sys.exit(3)\n",
        encoding="utf-8",
    )
    answer = collect(
        host.client.RunPlugin(plugin_request(program, kind="resource", args=[host.engine_address]), timeout=30)
    )
    assert answer == (f"['{host.engine_address}'] this False\n".encode(), b"trouble\n", [3])


def test_policy_pack_runs_under_the_sdk(host: RunningHost, program: Path) -> None:
    """Failing means that a CrossGuard policy pack cannot be loaded, and `preview --policy-pack` fails."""
    (program / "__main__.py").write_text("import sys\nprint(sys.modules['__main__'].__file__, sys.argv[1:])\n")
    stdout, _, codes = collect(
        host.client.RunPlugin(plugin_request(program, kind="analyzer", args=[host.engine_address]), timeout=30)
    )
    assert str(program).encode() in stdout
    assert len(codes) == 1


def test_plugin_without_anything_to_run_is_a_sentence(host: RunningHost, program: Path) -> None:
    """Failing means that a wrong plugin path shows as a hang or a traceback."""
    with pytest.raises(grpc.RpcError) as caught:
        collect(host.client.RunPlugin(plugin_request(program, kind="resource"), timeout=30))
    assert "neither a __main__.py nor a pyproject.toml" in str(caught.value)


def test_plugin_ends_when_the_engine_hangs_up(host: RunningHost, program: Path) -> None:
    """Failing means that every `pulumi` command with a policy pack leaves a Python process behind."""
    (program / "__main__.py").write_text("import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)\n")
    stream = host.client.RunPlugin(plugin_request(program, kind="resource"), timeout=60)
    pid = int(next(stream).stdout)
    assert alive(pid)
    stream.cancel()
    assert eventually(lambda: not alive(pid))


def test_a_plugin_for_each_of_many_tenants(host: RunningHost, program: Path) -> None:
    """Failing means that a program with a provider for each of fifty tenants waits for ever, without a word."""
    (program / "__main__.py").write_text("import time\nprint(12345, flush=True)\ntime.sleep(600)\n")
    streams = [host.client.RunPlugin(plugin_request(program, kind="resource"), timeout=120) for _ in range(70)]
    try:
        assert {next(stream).stdout[:5] for stream in streams} == {b"12345"}
        assert host.client.GetPluginInfo(empty_pb2.Empty(), timeout=30).version
    finally:
        for stream in streams:
            stream.cancel()


def test_plugin_output_comes_at_once(host: RunningHost, program: Path) -> None:
    """Failing means that the engine waits for a plugin's port until its timeout."""
    (program / "__main__.py").write_text("import time\nprint(12345, flush=True)\ntime.sleep(600)\n")
    started = time.monotonic()
    stream = host.client.RunPlugin(plugin_request(program, kind="resource"), timeout=60)
    said = b""
    while b"\n" not in said:
        said += next(stream).stdout
    assert said == b"12345\n"
    assert time.monotonic() - started < 5
    stream.cancel()


def test_dependencies_are_those_installed(host: RunningHost, program: Path) -> None:
    """Failing means that `pulumi about` misses packages, or lists what is only there for others."""
    request = language_pb2.GetProgramDependenciesRequest(info=program_info(program), transitiveDependencies=True)
    every = {d.name: d.version for d in host.client.GetProgramDependencies(request, timeout=60).dependencies}
    installed = {d.metadata["Name"]: d.version for d in importlib.metadata.distributions()}
    assert every == installed
    request.transitiveDependencies = False
    direct = {d.name for d in host.client.GetProgramDependencies(request, timeout=60).dependencies}
    assert "regulated-partners" in direct
    assert "grpcio" not in direct


def test_what_is_installed_is_asked_once_until_it_changes(cli: Path, program: Path) -> None:
    """Failing means half a second in each run for what nobody has changed, or packages that are not there any more."""
    environment = program / "env"
    venv.create(environment, symlinks=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    install(packages, "one")
    with running_host(cli, cwd=program, environment={"PULUMI_PYTHON_CMD": sys.executable}) as host:
        assert dependencies(host, program, "env") == {"one": "1.0"}
        (remembered,) = (cli / "installed").iterdir()
        remembered.write_text(remembered.read_text(encoding="utf-8").replace('"1.0"', '"2.0"'), encoding="utf-8")
        assert dependencies(host, program, "env") == {"one": "2.0"}, "not asked again"
        install(packages, "two")
        assert dependencies(host, program, "env") == {"one": "1.0", "two": "1.0"}
        for file in (cli / "installed").iterdir():
            file.write_text("cut off", encoding="utf-8")
        assert dependencies(host, program, "env") == {"one": "1.0", "two": "1.0"}


def test_what_else_decides_is_not_remembered(cli: Path, program: Path) -> None:
    """Failing means that a package of the system, or of PYTHONPATH, is taken for installed after it is gone."""
    shared = program / "shared"
    venv.create(shared, symlinks=True, system_site_packages=True)
    more = program / "more"
    more.mkdir()
    install(more, "further")
    own = program / "own"
    venv.create(own, symlinks=True)
    variables = {"PULUMI_PYTHON_CMD": sys.executable}
    with running_host(cli, cwd=program, environment=variables) as host:
        dependencies(host, program, "shared")
    with running_host(cli, cwd=program, environment={**variables, "PYTHONPATH": str(more)}) as host:
        assert dependencies(host, program, "own") == {"further": "1.0"}
    assert not (cli / "installed").exists()


def install(packages: Path, name: str) -> None:
    """A package without files, as pip records it."""
    folder = packages / f"{name}-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")


def dependencies(host: RunningHost, program: Path, virtualenv: str) -> dict[str, str]:
    info = program_info(program, virtualenv=virtualenv)
    request = language_pb2.GetProgramDependenciesRequest(info=info, transitiveDependencies=True)
    return {found.name: found.version for found in host.client.GetProgramDependencies(request, timeout=30).dependencies}


def test_the_host_loads_no_more_of_the_sdk_than_its_messages(cli: Path) -> None:
    """Failing means that each run waits for the SDK to be loaded twice more than it is needed."""
    code = (
        "import sys; from regulated_partners.engine.language_host import leave_out_the_sdk; leave_out_the_sdk(); "
        "import regulated_partners.engine.language_host.serving; "
        "print(*sorted(name for name in sys.modules if name.startswith('pulumi')))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(cli / "python-host")},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = answer.stdout.split()
    assert "pulumi.runtime.proto.language_pb2" in loaded
    assert {name for name in loaded if not name.startswith("pulumi.runtime.proto")} == {"pulumi", "pulumi.runtime"}


def test_code_that_cannot_be_generated_is_a_sentence(host: RunningHost) -> None:
    """Failing means that `pulumi package add` says no more than `Method not implemented!`."""
    with pytest.raises(grpc.RpcError, match="install the official CLI"):
        host.client.GenerateProject(language_pb2.GenerateProjectRequest(), timeout=30)
    with pytest.raises(grpc.RpcError, match="install the official CLI"):
        host.client.GenerateProgram(language_pb2.GenerateProgramRequest(), timeout=30)


def test_required_packages_come_from_plugin_files(cli: Path, program: Path, tmp_path: Path) -> None:
    """Failing means that a program that also uses another provider does not find its plugin, or a wrong version."""
    for name, plugin in [
        ("pulumi-random", {"resource": True, "name": "random", "version": "4.1.0", "server": "https://mirror.invalid"}),
        ("pulumi-derived", {"resource": True}),
        ("pulumi-library", {"resource": False, "name": "library"}),
    ]:
        module = tmp_path / "site" / name.replace("-", "_")
        module.mkdir(parents=True)
        (module / "pulumi-plugin.json").write_text(json.dumps(plugin), encoding="utf-8")
        metadata = tmp_path / "site" / f"{name.replace('-', '_')}-2.0.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.0.0\n", encoding="utf-8")
    environment = {"PULUMI_PYTHON_CMD": sys.executable, "PYTHONPATH": str(tmp_path / "site")}
    with running_host(cli, cwd=program, environment=environment) as host:
        request = language_pb2.GetRequiredPackagesRequest(info=program_info(program))
        packages = host.client.GetRequiredPackages(request, timeout=60).packages
    assert [(p.name, p.kind, p.version, p.server) for p in packages] == [
        ("derived", "resource", "v2.0.0", ""),
        ("random", "resource", "v4.1.0", "https://mirror.invalid"),
    ]


def test_about_names_the_interpreter(host: RunningHost, program: Path) -> None:
    """Failing means that `pulumi about`, the first thing a bug report needs, says something wrong."""
    about = host.client.About(language_pb2.AboutRequest(info=program_info(program)), timeout=60)
    assert about.executable == sys.executable
    assert about.version == ".".join(map(str, sys.version_info[:3]))
    info = host.client.GetPluginInfo(empty_pb2.Empty(), timeout=10)
    assert info.version == importlib.metadata.version("pulumi")


def test_install_says_what_pip_says(host: RunningHost, program: Path) -> None:
    """Failing means that `pulumi install` claims success when pip failed, or shows nothing of what it did."""
    (program / "requirements.txt").write_text("./not-there\n", encoding="utf-8")
    request = language_pb2.InstallDependenciesRequest(info=program_info(program))
    with pytest.raises(grpc.RpcError) as caught:
        list(host.client.InstallDependencies(request, timeout=60))
    assert "failed with exit code 1" in str(caught.value)
    (program / "requirements.txt").write_text("", encoding="utf-8")
    list(host.client.InstallDependencies(request, timeout=60))


def test_unknown_calls_are_unimplemented(host: RunningHost, program: Path) -> None:
    """Failing means that the engine takes this host for one that can generate code, and fails later."""
    with pytest.raises(grpc.RpcError) as caught:
        host.client.Pack(language_pb2.PackRequest(package_directory=str(program)), timeout=10)
    assert "UNIMPLEMENTED" in str(caught.value)
