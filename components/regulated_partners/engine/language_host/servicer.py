"""`pulumirpc.LanguageRuntime`, answered.

Packing and templates are UNIMPLEMENTED on the wire, which the engine takes as an older host that does not know them.
"""
# ruff: noqa: ARG002, N802 - the service names its methods and their arguments

from __future__ import annotations

import base64
import importlib.metadata
import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from regulated_partners.engine.language_host.children import Children, stream_child
from regulated_partners.engine.language_host.generating import (
    GenerationError,
    generate_package,
    link_packages,
    linked,
)
from regulated_partners.engine.language_host.interpreter import (
    Installation,
    InstalledPackage,
    InterpreterError,
    RuntimeOptions,
    installation,
    program_interpreter,
)
from regulated_partners.engine.language_host.programs import install_commands, run_program, start_plugin


class LanguageRuntime(language_pb2_grpc.LanguageRuntimeServicer):
    """The service.

    Args:
        engine: the engine's address, host:port.
        tracing: an endpoint, empty for none.
        executor: path of `pulumi-language-python-exec`.
        children: where the processes it starts are registered.
    """

    def __init__(self, *, engine: str, tracing: str, executor: Path, children: Children) -> None:
        self._engine = engine
        self._tracing = tracing
        self._executor = executor
        self._children = children

    def Handshake(
        self, request: language_pb2.LanguageHandshakeRequest, context: grpc.ServicerContext
    ) -> language_pb2.LanguageHandshakeResponse:
        self._engine = request.engine_address or self._engine
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=importlib.metadata.version("pulumi"))

    def About(self, request: language_pb2.AboutRequest, context: grpc.ServicerContext) -> language_pb2.AboutResponse:
        executable, found = self._installation(request.info, context)
        return language_pb2.AboutResponse(executable=executable, version=found.python_version)

    def GetRequiredPackages(
        self, request: language_pb2.GetRequiredPackagesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPackagesResponse:
        _, found = self._installation(request.info, context)
        return language_pb2.GetRequiredPackagesResponse(packages=required_packages(found.packages))

    def GetRequiredPlugins(
        self, request: language_pb2.GetRequiredPluginsRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPluginsResponse:
        _, found = self._installation(request.info, context)
        return language_pb2.GetRequiredPluginsResponse(
            plugins=[
                plugin_pb2.PluginDependency(name=p.name, kind=p.kind, version=p.version, server=p.server)
                for p in required_packages(found.packages)
            ]
        )

    def GetProgramDependencies(
        self, request: language_pb2.GetProgramDependenciesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetProgramDependenciesResponse:
        _, found = self._installation(request.info, context)
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[
                language_pb2.DependencyInfo(name=package.name, version=package.version)
                for package in found.packages
                if request.transitiveDependencies or not package.required
            ]
        )

    def Run(self, request: language_pb2.RunRequest, context: grpc.ServicerContext) -> language_pb2.RunResponse:
        return run_program(
            request, executor=self._executor, engine=self._engine, tracing=self._tracing, children=self._children
        )

    def RunPlugin(
        self, request: language_pb2.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.RunPluginResponse]:
        try:
            child = start_plugin(request, self._children)
        except (InterpreterError, OSError) as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        for stream, data in stream_child(child, self._children, context.is_active):
            if stream == "stdout":
                yield language_pb2.RunPluginResponse(stdout=data)
            else:
                yield language_pb2.RunPluginResponse(stderr=data)
        yield language_pb2.RunPluginResponse(exitcode=child.returncode)

    def InstallDependencies(
        self, request: language_pb2.InstallDependenciesRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        try:
            commands = install_commands(
                RuntimeOptions.of(request.info), Path(request.info.program_directory or request.directory)
            )
        except InterpreterError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        for command in commands:
            child = self._children.start(command, cwd=None, env=os.environ, piped=True)
            for stream, data in stream_child(child, self._children, context.is_active):
                yield language_pb2.InstallDependenciesResponse(**{stream: data})
            if child.returncode != 0:
                context.abort(
                    grpc.StatusCode.INTERNAL, f"`{' '.join(command)}` failed with exit code {child.returncode}."
                )

    def GeneratePackage(
        self, request: language_pb2.GeneratePackageRequest, context: grpc.ServicerContext
    ) -> language_pb2.GeneratePackageResponse:
        try:
            generate_package(request.directory, request.schema, dict(request.extra_files), request.loader_target)
        except GenerationError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        return language_pb2.GeneratePackageResponse()

    def Link(self, request: language_pb2.LinkRequest, context: grpc.ServicerContext) -> language_pb2.LinkResponse:
        root = Path(request.info.program_directory or request.info.root_directory)
        instructions = link_packages(root, linked(request))
        return language_pb2.LinkResponse(import_instructions=instructions)

    def GenerateProgram(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Refused: the code of programs is generated from Pulumi's own language for them."""
        context.abort(
            grpc.StatusCode.FAILED_PRECONDITION,
            "The code of Python programs cannot be generated here: this Pulumi CLI was built from source, with a small "
            "language host of its own. `pulumi import` works with --generate-code=false; for its code, and for "
            "`pulumi convert`, install the official CLI as https://www.pulumi.com/docs/install/ says.",
        )

    GenerateProject = GenerateProgram

    def _installation(self, info: language_pb2.ProgramInfo, context: grpc.ServicerContext) -> tuple[str, Installation]:
        try:
            interpreter = program_interpreter(RuntimeOptions.of(info))
            environment = interpreter.environment(os.environ)
            return interpreter.executable, installation(interpreter, environment, self._executor.parent / "installed")
        except InterpreterError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
            raise

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        self._children.stop_all()
        return empty_pb2.Empty()


def required_packages(packages: Iterable[InstalledPackage]) -> list[plugin_pb2.PackageDependency]:
    """One dependency for each package that says it comes with a resource plugin. An unreadable file is left out:
    the engine then finds the plugin when the program first uses it, or says that it is missing."""
    found = []
    for package in packages:
        try:
            plugin = json.loads(package.plugin or "null")
        except ValueError:
            continue
        if isinstance(plugin, dict) and plugin.get("resource"):
            found.append(_dependency(package, plugin))
    return found


def _dependency(package: InstalledPackage, plugin: dict[str, object]) -> plugin_pb2.PackageDependency:
    name = str(plugin.get("name") or re.sub(r"[-_.]+", "-", package.name).lower().removeprefix("pulumi-"))
    version = "v" + str(plugin.get("version") or package.version).removeprefix("v")
    server = str(plugin.get("server") or "")
    dependency = plugin_pb2.PackageDependency(name=name, kind="resource", version=version, server=server)
    parameterization = plugin.get("parameterization")
    if isinstance(parameterization, dict):
        dependency.parameterization.CopyFrom(
            plugin_pb2.PackageParameterization(
                name=str(parameterization.get("name", "")),
                version=str(parameterization.get("version", "")),
                value=base64.b64decode(str(parameterization.get("value", ""))),
            )
        )
    return dependency
