"""Laws of everything that runs in a container, and kubectl's own opinion of the manifests where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from guideway.contracts.jobs import JOBS, UPKEEP
from guideway.settings import Settings

INFRA = Path(__file__).resolve().parents[3] / "infra"
COMMANDS = {"pipeline", "doctor", *(job.command for job in (*JOBS, *UPKEEP))}


def manifests() -> list[dict[str, Any]]:
    kustomization = yaml.safe_load((INFRA / "kubernetes" / "kustomization.yaml").read_text())
    files = [INFRA / "kubernetes" / name for name in kustomization["resources"]]
    assert {file.name for file in files} == {p.name for p in (INFRA / "kubernetes").glob("*.yaml")} - {
        "kustomization.yaml"
    }
    return [document for file in files for document in yaml.safe_load_all(file.read_text())]


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    for document in manifests():
        spec = document.get("spec", {})
        template = spec.get("jobTemplate", {}).get("spec", spec).get("template")
        if template:
            yield document["metadata"]["name"], template["spec"]


def test_every_pod_is_locked_down_and_asks_for_what_it_needs() -> None:
    found = dict(pods())
    assert set(found) == {"pipeline", "maintain", "connect"}
    for name, pod in found.items():
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["automountServiceAccountToken"] is False, name
        for container in pod["containers"]:
            locked = container["securityContext"]
            assert (locked["allowPrivilegeEscalation"], locked["readOnlyRootFilesystem"]) == (False, True), name
            assert locked["capabilities"] == {"drop": ["ALL"]}, name
            assert set(container["resources"]) == {"requests", "limits"}, name
            assert container["image"] == "guideway", "the tag is stated once, in the kustomization"
            assert not any("value" in variable for variable in container.get("env", [])), "no secret in a manifest"
            mounts = {mount["name"] for mount in container["volumeMounts"]}
            assert mounts == {volume["name"] for volume in pod["volumes"]}, name


def test_one_run_of_a_job_at_a_time_and_commands_that_exist() -> None:
    crons = [document for document in manifests() if document["kind"] == "CronJob"]
    for cron in crons:
        assert cron["spec"]["concurrencyPolicy"] == "Forbid"
        (container,) = cron["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
        assert container["command"][:3] == ["tini", "--", "guideway"]
        assert container["command"][3] in COMMANDS


def test_settings_are_settings_of_guideway() -> None:
    kustomization = yaml.safe_load((INFRA / "kubernetes" / "kustomization.yaml").read_text())
    literals = [
        text.split("=")[0] for generator in kustomization["configMapGenerator"] for text in generator["literals"]
    ]
    assert {name.removeprefix("GUIDEWAY_").lower() for name in literals} <= set(Settings.model_fields)


def test_containers_of_the_compose_file_publish_on_the_loopback_address_only() -> None:
    compose = yaml.safe_load((INFRA / "compose" / "compose.yaml").read_text())
    for name, service in compose["services"].items():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
        assert (service["read_only"], service["cap_drop"], service["user"]) == (True, ["ALL"], "10001"), name
        assert set(service.get("secrets", [])) <= set(compose["secrets"]), name
        assert "environment" not in service, "secrets come from files, settings from the image"
        if service["command"][0] == "guideway":
            assert service["command"][1] in COMMANDS


@pytest.mark.skipif(not shutil.which("kubectl"), reason="kubectl is not installed")
def test_kubectl_builds_the_manifests() -> None:
    built = subprocess.run(
        ["kubectl", "kustomize", str(INFRA / "kubernetes")], capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    documents = list(yaml.safe_load_all(built.stdout))
    settings = next(d["metadata"]["name"] for d in documents if d["kind"] == "ConfigMap")
    assert built.stdout.count(f"name: {settings}") == 4, "three containers take the settings that are generated"
    assert "image: guideway:0.1.0" in built.stdout
