"""The files of deploy/ are what their readers take: Ray, KubeRay, a shell, bgtool's own command line."""

import re
import shlex
import shutil
import subprocess
import tomllib

import pytest
from click.testing import CliRunner
from packaging.requirements import Requirement

from bgtool.cli import main
from tests.support.places import ROOT

yaml = pytest.importorskip("yaml")
jsonschema = pytest.importorskip("jsonschema")

DEPLOY = ROOT / "deploy"


def strict(required=(), **properties):
    return {"type": "object", "required": [*required], "properties": properties, "additionalProperties": False}


TEXT, COUNT = {"type": "string"}, {"type": "integer", "minimum": 0}
AMOUNTS = strict(("cpu", "memory"), cpu=TEXT, memory={"type": "string", "pattern": "^[0-9]+[KMG]i$"})
CONTAINER = strict(
    ("name", "image", "resources"),
    name={"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"},
    image=TEXT,
    envFrom={"type": "array", "items": strict(("secretRef",), secretRef=strict(("name",), name=TEXT))},
    resources=strict(("requests", "limits"), requests=AMOUNTS, limits=AMOUNTS),
)
TEMPLATE = strict(
    ("spec",), spec=strict(("containers",), containers={"type": "array", "minItems": 1, "items": CONTAINER})
)
PARAMETERS = {"type": "object", "additionalProperties": TEXT}
RAY_JOB = strict(
    ("apiVersion", "kind", "metadata", "spec"),
    apiVersion={"const": "ray.io/v1"},
    kind={"const": "RayJob"},
    metadata=strict(("name",), name={"type": "string", "maxLength": 47, "pattern": "^[a-z0-9][-a-z0-9]*$"}),
    spec=strict(
        ("entrypoint", "rayClusterSpec"),
        entrypoint=TEXT,
        shutdownAfterJobFinishes={"type": "boolean"},
        ttlSecondsAfterFinished=COUNT,
        rayClusterSpec=strict(
            ("headGroupSpec", "workerGroupSpecs"),
            rayVersion=TEXT,
            headGroupSpec=strict(("rayStartParams", "template"), rayStartParams=PARAMETERS, template=TEMPLATE),
            workerGroupSpecs={
                "type": "array",
                "items": strict(
                    ("groupName", "replicas", "minReplicas", "maxReplicas", "rayStartParams", "template"),
                    groupName=TEXT,
                    replicas=COUNT,
                    minReplicas=COUNT,
                    maxReplicas=COUNT,
                    rayStartParams=PARAMETERS,
                    template=TEMPLATE,
                ),
            },
        ),
    ),
)
"""The part of KubeRay's definition of a RayJob that the file uses."""


def takes(command):
    """Whether bgtool understands a command line, as far as it goes without files."""
    words = [word for word in shlex.split(command) if word != "&"]
    assert words[0] == "bgtool"
    result = CliRunner().invoke(main, [*words[1:], "--help"])
    assert result.exit_code == 0
    options = {word for word in words if word.startswith("--")}
    return all(option in result.output for option in options)


def job():
    return yaml.safe_load((DEPLOY / "kuberay-job.yaml").read_text())


def test_the_job_of_kuberay_keeps_its_schema():
    jsonschema.validate(job(), RAY_JOB)
    broken = job()
    broken["spec"]["rayClusterSpec"]["workerGroupSpecs"][0]["replica"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, RAY_JOB)


def test_the_job_has_room_for_its_workers():
    spec = job()["spec"]
    assert takes(spec["entrypoint"])
    workers, cores = (int(re.search(rf"--{name} (\d+)", spec["entrypoint"])[1]) for name in ("workers", "worker-cpus"))
    (group,) = spec["rayClusterSpec"]["workerGroupSpecs"]
    offered = int(group["template"]["spec"]["containers"][0]["resources"]["limits"]["cpu"])
    assert group["replicas"] * (offered // cores) >= workers
    assert spec["rayClusterSpec"]["rayVersion"] in (DEPLOY / "Dockerfile").read_text()


def test_the_runtime_environment_is_one_and_brings_what_bgtool_asks_for():
    runtime = pytest.importorskip("ray.runtime_env")
    wanted = yaml.safe_load((DEPLOY / "runtime-env.yaml").read_text())
    runtime.RuntimeEnv(**{name: value for name, value in wanted.items() if name != "py_modules"})
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    asked = {Requirement(text).name for text in [*project["dependencies"], *extras["cpu"], *extras["cloud"]]}
    assert asked <= {Requirement(text).name for text in wanted["pip"]}


def test_the_job_of_slurm_is_a_script_whose_command_bgtool_takes():
    script = (DEPLOY / "slurm.sh").read_text()
    (command,) = re.findall(r"^bgtool .*$", script, re.MULTILINE)
    assert takes(command)
    if bash := shutil.which("bash"):
        assert subprocess.run([bash, "-n", DEPLOY / "slurm.sh"], check=False).returncode == 0
