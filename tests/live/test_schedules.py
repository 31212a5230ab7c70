#!/usr/bin/env python3
"""What examples/ starts checks with (systemd, cron, Kubernetes, a CI workflow): each file is accepted by the program that
reads it, and the command inside it is run, with its paths in a folder of this test, and ends as the verdict is."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

import yaml

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness
from private_postgres import free_port

EXAMPLES = os.path.join(harness.ROOT, "examples")
CHECK = "orders-currency"
PODS = ["cronjob.yaml", "gate-job.yaml"]
SPEC = {"check": CHECK, "rows": {"source": "${SHOP_URL}", "table": "orders"},
        "invariants": [{"name": "minor", "holds": "total_amount_minor == total_amount * 100"}],
        "gate": {"consistent_runs": 2, "spanning": "0 s"}}
TABLES = """
drop table if exists orders;
create table orders (id int primary key, total_amount numeric, total_amount_minor bigint);
insert into orders select g, g, g * 100 from generate_series(1, 100) g;
"""
BROKEN = TABLES + "update orders set total_amount_minor = 7 where id = 7;"


def text_of(*path):
    with open(os.path.join(EXAMPLES, *path), encoding="utf-8") as file:
        return file.read()


class Machine:
    """A folder with the paths that the examples name, and the program as `twofold`."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("bin", "etc", "metrics", "state", "private", "specs"):
            os.mkdir(os.path.join(folder, name))
        os.symlink(os.path.abspath(harness.PROGRAM), self.path("bin", "twofold"))
        for name in ("etc", "specs"):
            with open(self.path(name, f"{CHECK}.yaml"), "w", encoding="utf-8") as file:
                json.dump(SPEC, file)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def placed(self, text):
        """The text with its paths in this folder."""
        for there, here in (("/etc/twofold", "etc"), ("/var/lib/prometheus/node-exporter", "metrics"),
                            ("/var/lib/twofold", "state"), ("/private", "private"), ("/specs", "specs")):
            text = text.replace(there, self.path(here))
        return text

    def run(self, command, **environment):
        """As an init would: none of this test's own environment."""
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=60, env={
            "PATH": f"{self.path('bin')}:/usr/bin:/bin", "HOME": self.path("state"), "SHOP_URL": harness.URL,
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", ""), **environment})

    def metrics(self):
        path = self.path("metrics", f"twofold-{CHECK}.prom")
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8") as file:
            text = file.read()
        os.remove(path)
        return text


def wrong_with(done, status, text="", wanted=""):
    wrong = [] if done.returncode == status else [f"it ended with {done.returncode}, not {status}: {done.stderr}"]
    if wanted not in text:
        wrong.append(f"no {wanted!r} in {text[-500:]!r}")
    return wrong


def consistent_sample(value):
    return f'twofold_check_consistent{{check="{CHECK}"}} {value}\n'


# ---- systemd


def exec_start(unit, state):
    """The words of ExecStart, for the instance CHECK."""
    line = re.search(r"^ExecStart=(.*?[^\\])$", unit, re.M | re.S).group(1).replace("\\\n", " ")
    return line.replace("%i", CHECK).replace("%S", os.path.dirname(state)).split()


def test_systemd(tally, machine):
    unit = text_of("systemd", "twofold@.service")
    names = {"twofold@.service": unit.replace("ExecStart=twofold", f"ExecStart={machine.path('bin', 'twofold')}"),
             "twofold@.timer": text_of("systemd", "twofold@.timer")}
    for name, text in names.items():
        with open(machine.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", machine.path(name)], capture_output=True,
                              text=True)
        said = done.stdout + done.stderr
        tally.note(f"systemd-analyze verify {name}", [said] if done.returncode or machine.folder in said else [])
    done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold=20",
                           machine.path("twofold@.service")], capture_output=True, text=True)
    tally.note("exposure of twofold@.service is 2.0 at most", [done.stdout[-200:]] if done.returncode else [])
    command = exec_start(machine.placed(unit), machine.path("state/twofold"))
    os.mkdir(machine.path("state", "twofold"))
    for sql, status, value in ((TABLES, 0, 1), (BROKEN, 1, 0)):
        harness.psql(harness.URL, sql)
        tally.note(f"ExecStart ends with {status}", wrong_with(machine.run(command), status, machine.metrics(),
                                                               consistent_sample(value)))


def test_accounts(tally, machine):
    """The user and the folders, made below another root."""
    root = machine.path("root")
    os.makedirs(os.path.join(root, "etc"))
    users = subprocess.run(["systemd-sysusers", f"--root={root}", os.path.join(EXAMPLES, "systemd/twofold.sysusers")],
                           capture_output=True, text=True)
    folders = subprocess.run(["systemd-tmpfiles", f"--root={root}", "--create",
                              os.path.join(EXAMPLES, "systemd/twofold.tmpfiles")], capture_output=True, text=True)
    wrong = [users.stderr] if users.returncode else []
    if not os.path.isdir(os.path.join(root, "etc/twofold")):
        wrong.append(f"no /etc/twofold: {folders.stderr}")
    tally.note("sysusers and tmpfiles", wrong)


# ---- cron


def test_cron(tally, machine):
    lines = [line for line in text_of("cron", "twofold").splitlines() if line and not line.startswith("#")]
    settings = dict(line.split("=", 1) for line in lines[:-1])
    fields = lines[-1].split(None, 6)
    command, wrong = fields[6], []
    if fields[5] != "twofold" or "%" in command.replace("\\%", "") or not text_of("cron", "twofold").endswith("\n"):
        wrong.append(f"not a line of cron.d: {fields}")
    tally.note("cron: fields, user, no bare %", wrong)
    metrics = machine.placed(settings["METRICS"])
    for sql, value, said in ((TABLES, 1, ""), (BROKEN, 0, "INCONSISTENT")):
        harness.psql(harness.URL, sql)
        done = machine.run([settings["SHELL"], "-c", machine.placed(command)], METRICS=metrics)
        wrong = wrong_with(done, 0, machine.metrics(), consistent_sample(value))
        if done.stderr or (said not in done.stdout if said else done.stdout):
            wrong.append(f"the mail would be {done.stdout + done.stderr!r}")
        tally.note(f"cron: {'mail' if said else 'no mail'}", wrong)


# ---- Kubernetes


class Pushgateway:
    def __init__(self):
        self.url = f"http://127.0.0.1:{free_port()}"
        self.program = subprocess.Popen(["prometheus-pushgateway", "--web.listen-address", self.url[len("http://"):]],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                self.metrics()
                break
            except OSError:
                time.sleep(0.1)
        return self

    def __exit__(self, *_):
        self.program.terminate()
        self.program.wait(30)

    def metrics(self):
        with urllib.request.urlopen(self.url + "/metrics", timeout=10) as answer:
            return answer.read().decode()


def pod_of(document):
    job = document["spec"]["jobTemplate"] if document["kind"] == "CronJob" else document
    return job["spec"]["template"]["spec"]


def wrong_with_pod(document):
    """What the restricted policy of Kubernetes asks, and a little more."""
    pod = pod_of(document)
    wrong = []
    if not pod["securityContext"].get("runAsNonRoot") or \
            pod["securityContext"].get("seccompProfile") != {"type": "RuntimeDefault"}:
        wrong.append("the pod may run as root, or without seccomp")
    if pod.get("automountServiceAccountToken", True) or pod["restartPolicy"] != "Never":
        wrong.append("a token of the cluster in the pod, or restarts")
    volumes = {volume["name"] for volume in pod["volumes"]}
    for container in pod["initContainers"] + pod["containers"]:
        if container["securityContext"] != {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                            "capabilities": {"drop": ["ALL"]}}:
            wrong.append(f"{container['name']} is not locked")
        if "memory" not in container["resources"]["limits"] or "cpu" not in container["resources"]["requests"]:
            wrong.append(f"{container['name']} has no bounds")
        wrong += [f"no volume {mount['name']}" for mount in container["volumeMounts"] if mount["name"] not in volumes]
        wrong += [f"a password in {one['name']}" for one in container.get("env", [])
                  if re.search(r"://[^/@]*:[^/@]*@", one.get("value", "")) or "PASSWORD" in one["name"]]
    return wrong


def test_pods(tally, machine):
    for name in PODS:
        document = yaml.safe_load(text_of("kubernetes", name))
        tally.note(f"{name} is locked", wrong_with_pod(document))
    container = pod_of(yaml.safe_load(text_of("kubernetes", "cronjob.yaml")))["containers"][0]
    command = [machine.placed(word) for word in container["command"] + container["args"]]
    for sql, status, value in ((TABLES, 0, 1), (BROKEN, 1, 0)):
        harness.psql(harness.URL, sql)
        with Pushgateway() as gateway:
            done = machine.run(command, LEDGER_URL=harness.URL_2, PUSHGATEWAY_URL=gateway.url)
            pushed = [line for line in gateway.metrics().splitlines() if line.startswith("twofold_check_consistent")]
        wrong = wrong_with(done, status)
        if len(pushed) != 1 or not pushed[0].endswith(f" {value}") or f'check="{CHECK}"' not in pushed[0]:
            wrong.append(f"pushed: {pushed}, {done.stderr}")
        tally.note(f"container of cronjob.yaml ends with {status}, and pushes", wrong)
    done = machine.run(command, LEDGER_URL=harness.URL_2, PUSHGATEWAY_URL="http://127.0.0.1:1")
    tally.note("container of cronjob.yaml ends with the verdict where the push failed", wrong_with(done, 1))


# ---- the gate, in a Job and in a workflow


def test_gates(tally, machine):
    """Closed after one consistent run, open after the second; then what the workflow's steps leave behind."""
    harness.psql(harness.URL, TABLES)
    pod = pod_of(yaml.safe_load(text_of("kubernetes", "gate-job.yaml")))["containers"][0]
    workflow = yaml.safe_load(text_of("ci", "contract-gate.yaml"))["jobs"]
    steps = {step["name"]: step for step in workflow["gate"]["steps"] if "name" in step}
    os.symlink(machine.path("specs"), machine.path("twofold"))
    for status, answer in ((1, "closed"), (0, "open")):
        machine.run(["twofold", "check", machine.path("specs", f"{CHECK}.yaml"), "--ledger", harness.URL_2])
        done = machine.run(["twofold", *[machine.placed(word).replace("$(LEDGER_URL)", harness.URL_2)
                                         for word in pod["args"]]])
        tally.note(f"container of gate-job.yaml ends with {status}", wrong_with(done, status))
        done = machine.run(["bash", "-e", "-c", steps["May the contract phase begin?"]["run"]], LEDGER_URL=harness.URL_2)
        with open(machine.path("gate.xml"), encoding="utf-8") as file:
            failures = file.read().count("<failure")
        tally.note(f"workflow: the gate is {answer}", wrong_with(done, status) + (
            [] if (failures > 0) == (answer == "closed") else [f"{failures} failures in the JUnit file"]))
    tally.note("workflow: the migration waits for the gate", [] if workflow["migrate"]["needs"] == "gate" else ["no"])
    environment = {"RUNNER_TEMP": machine.folder, "GITHUB_ENV": machine.path("env"), "PGPASS": "*:*:*:*:secret"}
    wrong = wrong_with(machine.run(["bash", "-e", "-c", steps["Passwords"]["run"]], **environment), 0)
    if os.stat(machine.path("pgpass")).st_mode & 0o777 != 0o600:
        wrong.append("others can read the passwords")
    machine.run(["bash", "-e", "-c", steps["Passwords are removed"]["run"]], **environment)
    tally.note("workflow: passwords", wrong + (["they stay"] if os.path.exists(machine.path("pgpass")) else []))


# ---- the schemas of Kubernetes and of GitHub


def test_schemas(tally, machine):
    """By validators that carry the schemas with them; the package index may be out of reach, and then it is said."""
    python = machine.path("venv/bin/python")
    made = subprocess.run([sys.executable, "-m", "venv", machine.path("venv")], capture_output=True, text=True)
    if made.returncode == 0:
        made = subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check",
                               "kubernetes-validate==1.37.0", "check-jsonschema==0.39.0"], capture_output=True,
                              text=True, timeout=300)
    if made.returncode:
        print(f"not validated by schema, no package index: {made.stderr.strip()[-300:]}")
        return
    pods = [os.path.join(EXAMPLES, "kubernetes", name) for name in PODS]
    for what, command in (
            ("Kubernetes 1.27", ["kubernetes-validate", "--strict", "-k", "1.27", *pods]),
            ("Kubernetes 1.37", ["kubernetes-validate", "--strict", "-k", "1.37", *pods]),
            ("GitHub", ["check-jsonschema", "--builtin-schema", "vendor.github-workflows",
                        os.path.join(EXAMPLES, "ci/contract-gate.yaml")])):
        done = subprocess.run([machine.path("venv/bin", command[0]), *command[1:]], capture_output=True, text=True)
        tally.note(f"schema of {what}", [done.stdout + done.stderr] if done.returncode else [])


def main():
    tally = harness.Tally()
    missing = [name for name in ("systemd-analyze", "prometheus-pushgateway", "curl") if not shutil.which(name)]
    if missing:
        tally.skip("schedules", f"{', '.join(missing)}: not installed")
        tally.finish()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        machine = Machine(folder)
        test_systemd(tally, machine)
        test_accounts(tally, machine)
        test_cron(tally, machine)
        test_pods(tally, machine)
        test_gates(tally, machine)
        test_schemas(tally, machine)
    tally.finish()


if __name__ == "__main__":
    main()
