"""The recipes to deploy with: tried as far as that goes on this machine, else read for what matters."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import altur_calls
from altur_calls import settings as defaults
from altur_calls.cli import main
from altur_sandbox import Sandbox
from common import COMMAND, KEY
from warehouse import Warehouse

DEPLOY = Path(altur_calls.__file__).with_name("deploy")
ROOT = Path(__file__).parent.parent
PROGRAM = "/opt/altur-calls/bin/altur-calls"
README = (DEPLOY / "README.md").read_text()
CRONTAB = (DEPLOY / "crontab").read_text()
SERVICE = (DEPLOY / "altur-calls.service").read_text()
IMAGE = (DEPLOY / "Dockerfile").read_text()
CRON_JOB, VOLUME = yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text())
WORKFLOW = yaml.safe_load((DEPLOY / "github-actions.yml").read_text())
LOAD = WORKFLOW["jobs"]["load"]

Environment = dict[str, str]


@pytest.fixture
def environment(sandbox: Sandbox, tmp_path: Path) -> Environment:
    """Return all that a process gets of its machine: next to nothing, as from cron, and the settings."""
    return {
        "HOME": str(tmp_path),
        "PATH": f"{COMMAND.parent}:/usr/bin:/bin",
        "SOURCES__ALTUR__API_KEY": KEY,
        "SOURCES__ALTUR__BASE_URL": sandbox.url,
        "SOURCES__ALTUR__CAMPAIGN_IDS": "[1, 2]",
    }


def shell(command: str, environment: Environment, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", "-c", command],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_line_of_the_crontab_runs_as_cron_runs_it(environment: Environment, tmp_path: Path) -> None:
    """By a plain shell with next to nothing in its environment, and without a word that cron would mail."""
    line = CRONTAB.splitlines()[-1]
    *times, command = line.split(maxsplit=5)

    done = shell(moved(command, tmp_path), {**environment, **of_crontab(tmp_path)}, tmp_path)

    assert times == ["*/15", "*", "*", "*", "*"]
    assert "%" not in line, "cron takes it for the end of a line"
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "3 new calls" in (tmp_path / "altur-calls.log").read_text()


def moved(text: str, folder: Path) -> str:
    """Return what is for /var/lib/altur-calls and /opt as it is for a folder and the command of the tests."""
    return text.replace("/var/lib/altur-calls", str(folder)).replace(PROGRAM, str(COMMAND))


def of_crontab(folder: Path) -> Environment:
    """Return the variables that the crontab sets."""
    return dict(re.findall(r"^(\w+)=(.*)$", moved(CRONTAB, folder), re.MULTILINE))


def test_what_cron_did_is_seen_by_hand(environment: Environment, tmp_path: Path) -> None:
    """The lock and the journal are where the line of the README looks."""
    command = CRONTAB.splitlines()[-1].split(maxsplit=5)[-1]
    (by_hand,) = re.findall(r"^sudo -u altur (sh -c .*)$", README, re.MULTILINE)

    shell(moved(command, tmp_path), {**environment, **of_crontab(tmp_path)}, tmp_path)
    asked = shell(moved(by_hand, tmp_path), environment, Path("/"))

    assert (asked.returncode, asked.stderr) == (0, "")
    assert str(tmp_path / "altur_calls.published.duckdb") in asked.stdout
    assert {path.name for path in (tmp_path / "dlt" / "pipelines").glob("altur_calls.*")} >= {
        "altur_calls.lock",
        "altur_calls.runs.jsonl",
    }


def test_what_a_recipe_takes_for_granted_a_step_before_it_makes() -> None:
    """The program, the user, and the folder, unless systemd makes that."""
    cron, service = (section(name) for name in ("cron", "systemd"))

    assert all(
        "useradd --system altur" in part and "venv /opt/altur-calls" in part for part in (cron, service)
    )
    assert re.search(r"install --directory --owner=altur .*/var/lib/altur-calls ", cron)
    assert "StateDirectory=altur-calls" in SERVICE


def test_what_is_asked_by_hand_is_asked_where_the_service_runs() -> None:
    """With its user, settings and folders: else nothing would keep a run of each apart."""
    by_hand = section("systemd")

    assert f"--uid={of_service('User')} " in by_hand
    assert f"--working-directory={of_service('WorkingDirectory')} " in by_hand
    assert f"--property=EnvironmentFile={of_service('EnvironmentFile')} " in by_hand
    assert f"--setenv={of_service('Environment')} " in by_hand


def of_service(name: str) -> str:
    """Return what the service sets a directive to, with systemd's short word for its folder written out."""
    (value,) = re.findall(rf"^{name}=(.*)$", SERVICE, re.MULTILINE)
    return value.replace("%S", "/var/lib")


def section(name: str) -> str:
    """Return what the README says of a way to run it."""
    return README.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not on this machine")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    """Not a word of warning, once the program is where they say."""
    (tmp_path / "altur-calls.service").write_text(SERVICE.replace(PROGRAM, str(COMMAND)))
    shutil.copy(DEPLOY / "altur-calls.timer", tmp_path)

    done = subprocess.run(
        ["systemd-analyze", "verify", *tmp_path.glob("altur-calls.*")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_a_service_that_is_stopped_has_not_failed() -> None:
    """Nor one that finds another run under way; all other exit codes are failures for systemd too."""
    assert "SuccessExitStatus=75 143" in SERVICE
    assert "User=altur" in SERVICE


def test_the_dockerfile_passes_a_linter() -> None:
    """Without exceptions to its rules."""
    linter = Path(sys.executable).with_name("hadolint")

    done = subprocess.run(
        [linter, "--no-color", DEPLOY / "Dockerfile"], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (0, "")
    assert "hadolint ignore" not in IMAGE


def test_the_image_holds_the_program_and_no_secret() -> None:
    """What is copied exists and is let through; what is not named is left out. It runs as a plain user."""
    let_through = {
        line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().split() if line[0] == "!"
    }
    copied = {
        word for line in re.findall(r"^COPY (?!--)(.*) \S+$", IMAGE, re.MULTILINE) for word in line.split()
    }

    assert copied == let_through
    assert all((ROOT / name).exists() for name in copied)
    assert re.findall(r"^USER (.+)$", IMAGE, re.MULTILINE) == ["10001"]
    assert not re.search(r"^(ARG|ENV).*(KEY|SECRET|TOKEN|URL)", IMAGE, re.MULTILINE)


def test_the_image_is_healthy_while_runs_are_complete() -> None:
    """As the command itself tells it."""
    assert 'CMD ["altur-calls", "status", "--check", "--max-age", "2h"]' in IMAGE


def test_a_container_is_there_again_after_the_machine_was_off() -> None:
    """Unless somebody stopped it; and it goes by the name that it is asked by."""
    started = [text[text.index("docker run ") :] for text in (README, IMAGE)]

    assert all(re.match(r"docker run .*--name altur-calls --restart unless-stopped ", run) for run in started)
    assert "`docker exec altur-calls altur-calls status`" in README


def has_engine() -> bool:
    """Tell if containers can be built and run here."""
    docker = shutil.which("docker")
    return bool(docker) and subprocess.run([docker, "info"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not has_engine(), reason="no container engine runs on this machine")
def test_the_image_can_be_built() -> None:
    """And what it is made for starts in it."""
    tag = "altur-calls:tests"
    subprocess.run(["docker", "build", "-q", "-t", tag, "-f", DEPLOY / "Dockerfile", ROOT], check=True)

    told = subprocess.check_output(["docker", "run", "--rm", tag, "--version"], text=True)

    assert "altur-calls" in told


def test_kubernetes_never_runs_two_and_waits_for_what_was_read() -> None:
    """A missed start is left out; a pod has longer to end than a load package takes to close."""
    spec = CRON_JOB["spec"]
    pod = spec["jobTemplate"]["spec"]["template"]["spec"]

    assert (CRON_JOB["apiVersion"], CRON_JOB["kind"]) == ("batch/v1", "CronJob")
    assert spec["concurrencyPolicy"] == "Forbid"
    assert spec["jobTemplate"]["spec"]["backoffLimit"] == 0
    assert pod["terminationGracePeriodSeconds"] > 3 * defaults.CHUNK_SECONDS


def test_kubernetes_keeps_the_warehouse_and_the_secret() -> None:
    """On a volume that readers may mount too; by a reference, not in the file. Nothing runs as root."""
    pod = CRON_JOB["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    claims = [volume["persistentVolumeClaim"]["claimName"] for volume in pod["volumes"][:1]]

    assert claims == [VOLUME["metadata"]["name"]]
    assert VOLUME["spec"]["accessModes"] == ["ReadWriteOnce"]
    assert "env" not in container
    assert container["envFrom"] == [{"secretRef": {"name": "altur-calls"}}]
    assert pod["securityContext"]["runAsUser"] == 10001
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["volumeMounts"][0] == {"name": "data", "mountPath": "/data"}


def test_github_runs_one_at_a_time_and_cancels_none() -> None:
    """A load that is cancelled half way is a load that is made twice."""
    assert WORKFLOW["concurrency"] == {"group": "altur-calls", "cancel-in-progress": False}
    assert WORKFLOW["permissions"] == {"contents": "read"}


def test_github_gets_secrets_by_reference() -> None:
    """And no other way."""
    secrets = {name for name in LOAD["env"] if name.endswith(("_KEY", "_URL"))}

    assert all(LOAD["env"][name].startswith("${{ secrets.") for name in secrets)


def test_what_github_keeps_is_enough_to_carry_on(environment: Environment, tmp_path: Path) -> None:
    """A machine that knows nothing but the files of the cache reads no old call again."""
    restore, save = (step["with"] for step in LOAD["steps"] if "cache" in step.get("uses", ""))
    (run,) = (step["run"] for step in LOAD["steps"] if "altur-calls" in step.get("run", ""))
    first, second = tmp_path / "first", tmp_path / "second"

    before = _on_a_machine(first, run, environment)
    for name in filter(lambda name: (first / name).exists(), save["path"].split()):
        (second / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(first / name, second / name)
    after = _on_a_machine(second, run, environment)

    assert restore["path"] == save["path"]
    assert save["key"].startswith(restore["restore-keys"])
    assert "3 new calls" in before
    assert "0 new calls, 0 read again; 3 in the warehouse" in after
    assert Warehouse(second / "altur_calls.duckdb").value("SELECT count(*) FROM altur.campaign_calls") == 3


def _on_a_machine(folder: Path, command: str, environment: Environment) -> str:
    """Return what a command says on a machine that is known by its folder."""
    folder.mkdir(exist_ok=True)
    return shell(command, {**environment, "DLT_DATA_DIR": str(folder / "dlt")}, folder).stdout


def command_lines() -> list[list[str]]:
    """Return each use of the command in the recipes."""
    (start,) = re.findall(r"^ExecStart=\S+ (.*)$", SERVICE, re.MULTILINE)
    (by_default,) = re.findall(r"^CMD \[(.*)\]$", IMAGE, re.MULTILINE)
    (health,) = re.findall(r'^HEALTHCHECK .* CMD \["altur-calls", (.*)\]$', IMAGE, re.MULTILINE)
    (container,) = CRON_JOB["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    readme = re.findall(r"^altur-calls (.*)$", README, re.MULTILINE)
    return [
        start.split(),
        *(shlex.split(words.replace(",", " ")) for words in (by_default, health)),
        container["args"],
        *map(str.split, readme),
    ]


@pytest.mark.parametrize("words", command_lines(), ids=" ".join)
def test_every_command_of_a_recipe_can_be_understood(words: list[str]) -> None:
    """By the command line of today."""
    name, *arguments = words

    parsed: Any = main.commands[name].make_context(name, arguments)

    assert parsed.args == []


def test_every_recipe_is_in_the_readme() -> None:
    """And no file is there that is not."""
    names = {path.name for path in DEPLOY.iterdir()} - {"README.md", "Dockerfile.dockerignore"}

    assert {name for name in names if f"[{name}]({name})" not in README} == set()
