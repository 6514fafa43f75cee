"""The files of ``deploy/``: they name what exists, and the tools that know their formats accept them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from prismd.settings import Settings

DEPLOY = Path(__file__).parents[2] / "deploy"
SETTINGS = {f"PRISMD_{declared.name.upper()}" for declared in fields(Settings)}
PRISMD = Path(sys.executable).with_name("prismd")


def compose() -> Any:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


@pytest.mark.parametrize("name", ["prismd.service", "Containerfile", "compose.yaml", "nginx.conf"])
def test_every_setting_that_is_named_exists(name: str) -> None:
    named = set(re.findall(r"PRISMD_[A-Z_]+", (DEPLOY / name).read_text()))
    assert named
    assert named <= SETTINGS


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed here")
def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    unit = (DEPLOY / "prismd.service").read_text()
    here = tmp_path / "prismd.service"
    here.write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={PRISMD}", unit, flags=re.MULTILINE))
    verdict = subprocess.run(["systemd-analyze", "verify", str(here)], capture_output=True, text=True, check=False)
    assert (verdict.returncode, verdict.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed here")
def test_systemd_calls_the_unit_well_confined() -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(DEPLOY / "prismd.service")]
    verdict = subprocess.run(command, capture_output=True, text=True, check=False)
    assert verdict.returncode == 0, verdict.stdout[-500:]


def test_the_container_copies_what_there_is() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    copied = [name for line in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE) for name in line.split()]
    assert copied
    assert [name for name in copied if not (DEPLOY.parent / name).exists()] == []


def test_the_container_does_not_run_as_root() -> None:
    stages = (DEPLOY / "Containerfile").read_text().split("\nFROM ")
    [user] = re.findall(r"^USER (\d+):\d+$", stages[-1], re.MULTILINE)
    assert int(user) > 0


def test_compose_publishes_prismd_on_loopback_alone() -> None:
    services = compose()["services"]
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert published == ["127.0.0.1:8400:8400"]


def test_compose_keeps_what_must_last_in_named_volumes() -> None:
    whole = compose()
    mounted = {volume.split(":")[0] for volume in whole["services"]["postgres"]["volumes"]}
    assert {name for name in mounted if not name.startswith("./")} == set(whole["volumes"])
    assert all((DEPLOY / name).is_file() for name in mounted if name.startswith("./"))


def test_compose_builds_the_container_of_this_folder() -> None:
    build = compose()["services"]["prismd"]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).samefile(DEPLOY / "Containerfile")
