"""The services of docker/compose.yml as containers of util-linux: their images, commands, users and mounts as it says.

All share one network that has loopback only, where each service has an address of its own.
"""

import ctypes
import fcntl
import os
import re
import shlex
import shutil
import socket
import struct
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import yaml

from pressmark.system.child_process import Program
from tests.conftest import ROOT
from tests.docker.images import Image

DOCKER = ROOT / "docker"
SCRIPT = Path(__file__).with_name("container.sh")
UNSHARE = ("unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child", str(SCRIPT))
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NEW_NETWORK, SET_FLAGS, UP = 0x40000000, 0x8914, 1
"""Linux's CLONE_NEWNET, SIOCSIFFLAGS, IFF_UP."""


@contextmanager
def loopback_only() -> Iterator[None]:
    """Give this thread, and what it starts, a network of its own: every port is free, and nothing else is reachable."""
    linux = ctypes.CDLL(None, use_errno=True)
    with Path("/proc/thread-self/ns/net").open() as before:
        if linux.unshare(NEW_NETWORK):
            raise OSError(ctypes.get_errno(), "no network of its own")
        try:
            with socket.socket() as any_socket:
                fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sh", b"lo", UP))
            yield
        finally:
            linux.setns(before.fileno(), NEW_NETWORK)


def read_compose(settings: Mapping[str, str]) -> dict[str, Any]:
    """Return the services of docker/compose.yml with the settings of .env.example and, before those, these."""
    lines = (DOCKER / ".env.example").read_text().splitlines()
    values = dict(line.split("=", 1) for line in lines if re.match("[A-Z]", line)) | settings
    services: dict[str, Any] = _fill(yaml.safe_load((DOCKER / "compose.yml").read_text())["services"], values)
    return services


def _fill(node: Any, values: Mapping[str, str]) -> Any:
    """Return a part of the compose file with its variables filled in."""
    match node:
        case dict():
            return {key: _fill(each, values) for key, each in node.items()}
        case list():
            return [_fill(each, values) for each in node]
        case str():
            return re.sub(r"\$\$|\$\{(\w+)\}", lambda found: values[found[1]] if found[1] else "$", node)
    return node


@attrs.frozen
class Containers:
    """The services, with their secrets and volumes in a folder."""

    folder: Path
    services: Mapping[str, Any]
    images: Mapping[str, Image]

    def make_secrets(self, **given: str) -> None:
        """Run docker/new-secrets, with some of its files there already."""
        (self.folder / "secrets").mkdir(mode=0o700)
        for name, text in given.items():
            (self.folder / "secrets" / name).write_text(text)
        shutil.copy(DOCKER / "new-secrets", self.folder)
        subprocess.run([self.folder / "new-secrets"], check=True, capture_output=True)
        # Names are distinct addresses, so that a service finds its own name by its address; PostgreSQL is outside.
        hosts = enumerate(["localhost postgres", *(name for name in self.services if name != "postgres")], start=1)
        (self.folder / "hosts").write_text("".join(f"127.0.0.{number} {name}\n" for number, name in hosts))

    def secret(self, name: str) -> str:
        """Return what a secret file holds."""
        return (self.folder / "secrets" / name).read_text().strip()

    @contextmanager
    def running(self, name: str, command: Sequence[str] = (), mounts: Sequence[str] = ()) -> Iterator[Program]:
        """Run a service until the block ends; a command in place of its own, mounts beside its own."""
        program = self._program(name, self._arguments(name, command or self._command(name), mounts))
        program.start()
        try:
            yield program
        finally:
            program.kill()  # With the first process, all of the container's end.
            program.stop()

    def run(self, name: str, command: Sequence[str] = ()) -> tuple[int, str]:
        """Run a service, or a command in a container like its own, to its end; return its exit code and output."""
        done = subprocess.run(
            self._arguments(name, command or self._command(name), ()),
            env=self._environment(name),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    def is_healthy(self, name: str) -> bool:
        """Run the health check of a service: of the compose file, or of the image."""
        service = self.services[name]
        kind, *command = service["healthcheck"]["test"] if "healthcheck" in service else self._image(name).health_check
        assert kind in {"CMD", "CMD-SHELL"}, f"{name} has no health check"
        code, _ = self.run(name, command if kind == "CMD" else ["/bin/sh", "-c", *command])
        return code == 0

    def _program(self, name: str, arguments: list[str]) -> Program:
        return Program(name, arguments, self._environment(name), self.folder, self.folder / f"{name}.log")

    def _image(self, name: str) -> Image:
        build = self.services[name].get("build")
        return self.images[Path(build["dockerfile"]).parent.name if build else "base"]

    def _command(self, name: str) -> list[str]:
        service, config = self.services[name], self._image(name).config
        if "entrypoint" in service:
            return [*service["entrypoint"], *_words(service.get("command", []))]
        return [*(config["Entrypoint"] or ()), *_words(service.get("command", config["Cmd"] or []))]

    def _environment(self, name: str) -> dict[str, str]:
        given = {key: str(value) for key, value in self.services[name].get("environment", {}).items()}
        image = self._image(name)
        _, home = _account(image, self._user(name)[0])
        return {"PATH": PATH, "HOME": home, "HOSTNAME": name, **image.environment, **given}

    def _user(self, name: str) -> tuple[str, str]:
        """Return user and group of a service; the group may be left to the image."""
        user, _, group = str(self.services[name].get("user", self._image(name).config["User"] or "0")).partition(":")
        return user, group

    def _arguments(self, name: str, command: Sequence[str], mounts: Sequence[str]) -> list[str]:
        service, image = self.services[name], self._image(name)
        user, group = self._user(name)
        mode = "ro" if service.get("read_only") else "rw"
        all_mounts = [
            f"ro:{self.folder}/hosts:/etc/hosts",
            *(f"tmpfs:{each}" for each in service.get("tmpfs", ())),
            *(f"ro:{self.folder}/secrets/{each}:/run/secrets/{each}" for each in service.get("secrets", ())),
            *(self._volume(image, each) for each in service.get("volumes", ())),
            *mounts,
        ]
        folder = image.config["WorkingDir"] or "/"
        whose = [name, user, group or _account(image, user)[0]]
        return [*UNSHARE, str(image.root), *whose, folder, mode, *all_mounts, "--", *command]

    def _volume(self, image: Image, volume: str) -> str:
        source, target, *mode = volume.split(":")
        if not source.startswith(
            "/"
        ):  # A named one: an engine makes it, of the owner that its folder has in the image.
            path = self.folder / "volumes" / source
            if not path.exists():
                path.mkdir(parents=True)
                owner = (image.root / target.lstrip("/")).stat()
                os.chown(path, owner.st_uid, owner.st_gid)
            source = str(path)
        return f"{mode[0] if mode else 'rw'}:{source}:{target}"


def _words(command: str | list[str]) -> list[str]:
    return shlex.split(command) if isinstance(command, str) else command


def _account(image: Image, user: str) -> tuple[str, str]:
    """Return the group and the home folder of a user as the image has them."""
    lines = [line.split(":") for line in (image.root / "etc/passwd").read_text().splitlines()]
    return next(((line[3], line[5]) for line in lines if user == line[2]), ("0", "/"))
