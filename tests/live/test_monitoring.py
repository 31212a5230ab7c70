#!/usr/bin/env python3
"""The alerts and the dashboard of examples/ over real figures: checks of every verdict write --metrics, node_exporter's
textfile collector reads them, a Prometheus scrapes that, and each expression is asked what it returns."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

import yaml

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness
from private_postgres import free_port

RULES = os.path.join(harness.ROOT, "examples/prometheus/twofold.rules.yaml")
RULES_TEST = os.path.join(harness.ROOT, "examples/prometheus/twofold.rules.test.yaml")
DASHBOARD = os.path.join(harness.ROOT, "examples/grafana/twofold.json")

TABLES = """
drop table if exists old_t, new_t;
create table old_t (id int primary key, v text, w int);
create table new_t (id int primary key, v text, w int);
insert into old_t select g, 'v' || g, g from generate_series(1, 1000) g;
insert into new_t select * from old_t;
"""
INJURIES = """
delete from new_t where id = 7;
update new_t set v = upper(v), w = -1 where id = 8;
"""
UNDECIDED = "update new_t set w = null where id = 9;"
CHECKS = ["steady", "injured", "undecided", "unreachable", "stopped"]
TWO_DAYS = 2 * 86400


# ---- the checks


def spec_of(check):
    source = "postgresql://nobody@127.0.0.1:1/none" if check == "unreachable" else harness.URL
    return {"check": check, "old": {"source": source, "table": "old_t"}, "new": {"table": "new_t"},
            "equal": ["v"], "invariants": [{"name": "w-is-kept", "holds": "new.w == old.w"}],
            "repair": {"trust": "old", "set": {"w": "old.w"}}}


def run_check(folder, check, status, command=("check",)):
    """Writes FOLDER/metrics/twofold-CHECK.prom; what is wrong, as sentences."""
    path = os.path.join(folder, f"{check}.yaml")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(spec_of(check), file)
    done = subprocess.run([harness.PROGRAM, command[0], path, *command[1:], "--metrics", os.path.join(folder, "metrics/"),
                           "--progress", "never"], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "XDG_STATE_HOME": folder})
    return [] if done.returncode == status else [f"{check} ended with {done.returncode}, not {status}: {done.stderr}"]


def age(folder, check, seconds):
    """The file of a check that has not run for so long: its timestamps are moved into the past."""
    path = os.path.join(folder, "metrics", f"twofold-{check}.prom")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    text = re.sub(r"^(twofold_\w+_timestamp_seconds\{.*\}) (\S+)$",
                  lambda found: f"{found[1]} {float(found[2]) - seconds:.6f}", text, flags=re.M)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def run_checks(folder):
    os.mkdir(os.path.join(folder, "metrics"))
    harness.psql(harness.URL, TABLES)
    wrong = run_check(folder, "steady", 0) + run_check(folder, "stopped", 0)
    age(folder, "stopped", TWO_DAYS)
    harness.psql(harness.URL, UNDECIDED)
    wrong += run_check(folder, "undecided", 2) + run_check(folder, "unreachable", 2)
    harness.psql(harness.URL, TABLES + INJURIES)
    return wrong + run_check(folder, "injured", 1)


# ---- the servers


class Servers:
    """node_exporter over FOLDER/metrics, and a Prometheus that scrapes it every second."""

    def __init__(self, folder):
        exporter, self.port = free_port(), free_port()
        config = os.path.join(folder, "prometheus.yaml")
        with open(config, "w", encoding="utf-8") as file:
            yaml.safe_dump({"global": {"scrape_interval": "1s", "evaluation_interval": "1s"}, "rule_files": [RULES],
                            "scrape_configs": [{"job_name": "node", "static_configs": [
                                {"targets": [f"127.0.0.1:{exporter}"]}]}]}, file)
        self.log = open(os.path.join(folder, "servers.log"), "w", encoding="utf-8")
        self.programs = [
            self.start("prometheus-node-exporter", "--collector.disable-defaults", "--collector.textfile",
                       "--collector.textfile.directory", os.path.join(folder, "metrics"),
                       f"--web.listen-address=127.0.0.1:{exporter}"),
            self.start("prometheus", f"--config.file={config}", f"--web.listen-address=127.0.0.1:{self.port}",
                       f"--storage.tsdb.path={os.path.join(folder, 'tsdb')}")]

    def start(self, *command):
        return subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for program in self.programs:
            program.terminate()
        for program in self.programs:
            program.wait(30)
        self.log.close()

    def get(self, path, **parameters):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]

    def query(self, expression):
        """[(labels, value)]"""
        return [(one["metric"], float(one["value"][1])) for one in self.get("query", query=expression)["result"]]

    def wait_for(self, expression, fits=bool):
        """The answer, once it fits; or what it was after a minute."""
        end, answer = time.monotonic() + 60, []
        while time.monotonic() < end:
            try:
                answer = self.query(expression)
            except OSError:
                pass  # not listening yet
            if fits(answer):
                break
            time.sleep(0.2)
        return answer


# ---- what is asked of them


def asked(expression):
    """A panel's expression as Grafana sends it, with all checks chosen."""
    return expression.replace("$check", ".*")


def wrong_with_panel(servers, panel, target):
    """Every check that has such figures is there, with the labels that the legend names and values that the panel can
    show."""
    answer = servers.query(asked(target["expr"]))
    wrong = [] if answer else ["no series"]
    fields = panel["fieldConfig"]["defaults"]
    least, most = fields.get("min", 0), fields.get("max", 1 if fields["unit"] == "percentunit" else float("inf"))
    meanings = [float(value) for mapping in fields.get("mappings", []) for value in mapping["options"]]
    for labels, value in answer:
        missing = [label for label in re.findall(r"{{(\w+)}}", target["legendFormat"]) if label not in labels]
        if missing:
            wrong.append(f"{labels} has no {missing}")
        if not least <= value <= most or (meanings and value not in meanings):
            wrong.append(f"{labels} is {value}")
    if len({tuple(sorted(labels.items())) for labels, _ in answer}) != len(answer):
        wrong.append(f"a series stands twice: {answer}")
    return wrong


EXPECTED = {
    "Verdict": {("steady", 0), ("stopped", 0), ("injured", 1), ("undecided", 2), ("unreachable", 2)},
    "Coverage": {("steady", 1), ("stopped", 1), ("injured", 1), ("undecided", 1), ("unreachable", 0)},
    "Rows that disagree": {("injured", "missing_in_new", 1), ("injured", "different", 1)},
    "Broken invariants": {("injured", "w-is-kept", 1)},
    "Unequal columns": {("injured", "v", 1)},
    "Likely causes": {("injured", "missing", 1), ("injured", "case", 1)},
    "Not decided": {("undecided", 1)},
}


def wrong_with_values(servers, panel):
    """What the panel shows of these checks, zeros left out where it shows counts."""
    expression = asked(panel["targets"][0]["expr"])
    own = [label for label in ("kind", "invariant", "column", "cause") if "{{" + label in
           panel["targets"][0]["legendFormat"]]
    got = {(labels["check"], *[labels[label] for label in own], value) for labels, value in servers.query(expression)}
    wanted = EXPECTED[panel["title"]]
    if own or panel["title"] == "Not decided":
        got = {one for one in got if one[-1]}
    return [] if got == wanted else [f"wanted {sorted(wanted)}", f"got {sorted(got)}"]


def wrong_with_layout(panels):
    """Panels that lie on one another, or beside the page."""
    wrong, taken = [], {}
    for panel in panels:
        place = panel["gridPos"]
        if place["x"] + place["w"] > 24:
            wrong.append(f"{panel['title']} is wider than the page")
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                other = taken.setdefault((x, y), panel["title"])
                if other != panel["title"]:
                    wrong.append(f"{panel['title']} lies on {other}")
    if len({panel["id"] for panel in panels}) != len(panels):
        wrong.append("an id stands twice")
    return sorted(set(wrong))


def test_dashboard(tally, servers):
    with open(DASHBOARD, encoding="utf-8") as file:
        dashboard = json.load(file)
    tally.note("layout of the dashboard", wrong_with_layout(dashboard["panels"]))
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            tally.note(f"panel {panel['title']}, {target['refId']}", wrong_with_panel(servers, panel, target))
        if panel["title"] in EXPECTED:
            tally.note(f"values of panel {panel['title']}", wrong_with_values(servers, panel))
    variable = next(one for one in dashboard["templating"]["list"] if one["name"] == "check")
    metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["definition"]).groups()
    values = servers.get(f"label/{label}/values", **{"match[]": metric})
    tally.note("choice of checks", [] if values == sorted(CHECKS) else [f"it offers {values}"])
    return dashboard


# What Grafana's own types know of a dashboard. A string enum is written as its text; of the plugin for Prometheus the
# types know nothing, so what only it reads is left out.
TYPES = """import type { Dashboard } from '@grafana/schema';
type Plain<T> = T extends string ? `${T}` : T extends number | boolean | null | undefined ? T
  : unknown extends T ? T : {[K in keyof T]: Plain<T[K]>};
export const dashboard: Plain<Dashboard> = """
OF_PROMETHEUS = {"templating": ["definition"], "annotations": ["expr", "step", "titleFormat"]}
GRAFANAS = ["10.4.0", "13.2.0"]


def type_errors(folder, dashboard):
    """"dashboard.ts(65,5): error ..."; none where Grafana knows every member, and each is what it takes."""
    with open(os.path.join(folder, "dashboard.ts"), "w", encoding="utf-8") as file:
        file.write(TYPES + json.dumps(dashboard, indent=1) + ";\n")
    done = subprocess.run(["npx", "--offline", "tsc", "--noEmit", "--strict", "--skipLibCheck", "--target", "es2020",
                           "--moduleResolution", "node", "dashboard.ts"], cwd=folder, capture_output=True, text=True)
    return [] if done.returncode == 0 else (done.stdout + done.stderr).splitlines()[:5]


def test_types(tally, folder, dashboard):
    """The npm registry may be out of reach, and then it is said."""
    for part, members in OF_PROMETHEUS.items():
        for one in dashboard[part]["list"]:
            for member in members:
                one.pop(member, None)
    folder = os.path.join(folder, "types")
    os.mkdir(folder)
    for version in GRAFANAS:
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", f"@grafana/schema@{version}",
                               "typescript@5.6.3"], cwd=folder, capture_output=True, text=True)
        if done.returncode:
            print(f"not validated by Grafana {version}, no npm registry: {done.stderr.strip()[-300:]}")
            return
        tally.note(f"types of Grafana {version}", type_errors(folder, dashboard))
    panel = dashboard["panels"][0]
    for name, value in (("gridPos", {**panel["gridPos"], "w": "6"}), ("targts", []), ("type", None)):
        wrong = {**dashboard, "panels": [{**panel, name: value}, *dashboard["panels"][1:]]}
        tally.note(f"types find {name}", [] if type_errors(folder, wrong) else ["they do not"])


ALERTS = {
    "TwofoldInconsistent": {"injured"},
    "TwofoldCannotTell": {"undecided", "unreachable"},
    "TwofoldCoverage": {"unreachable"},
    "TwofoldStale": {"stopped"},
    "TwofoldNotProvedForADay": {"stopped", "injured", "undecided", "unreachable"},
    "TwofoldMetricsUnreadable": set(),
}


def rules():
    with open(RULES, encoding="utf-8") as file:
        return {rule["alert"]: rule["expr"] for group in yaml.safe_load(file)["groups"] for rule in group["rules"]}


def test_alerts(tally, servers):
    expressions = rules()
    tally.note("every alert is tested", [] if set(expressions) == set(ALERTS) else [f"{set(expressions) ^ set(ALERTS)}"])
    for alert, wanted in ALERTS.items():
        got = {labels.get("check") for labels, _ in servers.query(expressions[alert])}
        tally.note(f"alert {alert}", [] if got == wanted else [f"wanted {wanted}, got {got}"])
    firing = servers.wait_for('ALERTS{alertname="TwofoldInconsistent",alertstate="firing"}')
    tally.note("a mismatch fires", [] if [labels["check"] for labels, _ in firing] == ["injured"] else [str(firing)])


def test_changes(tally, servers, folder, dashboard):
    """A run that breaks, and a file that cannot be read, while Prometheus looks on."""
    wrong = run_check(folder, "steady", 1)
    annotation = asked(dashboard["annotations"]["list"][0]["expr"])
    got = [labels.get("check") for labels, _ in servers.wait_for(annotation)]
    tally.note("annotation of a check that became inconsistent", wrong + ([] if got == ["steady"] else [str(got)]))
    still = servers.query(rules()["TwofoldNotProvedForADay"])
    tally.note("a check that was consistent today is not called late",
               [str(labels) for labels, _ in still if labels["check"] == "steady"])
    wrong = run_check(folder, "injured", 0, ("repair", "--write"))
    panel = next(one for one in dashboard["panels"] if one["title"] == "Repaired rows")
    own = asked(panel["targets"][0]["expr"]) + " > 0"
    got = {(labels["check"], labels["outcome"], value) for labels, value in servers.wait_for(own)}
    tally.note("a repair is shown", wrong + ([] if got == {("injured", "repaired", 2)} else [str(got)]))
    with open(os.path.join(folder, "metrics", "broken.prom"), "w", encoding="utf-8") as file:
        file.write("this is no metric\n")
    got = servers.wait_for(rules()["TwofoldMetricsUnreadable"])
    tally.note("a file that cannot be read", [] if got else ["no series"])


def test_promtool(tally):
    for command in (["check", "rules", RULES], ["test", "rules", RULES_TEST]):
        done = subprocess.run(["promtool", *command], capture_output=True, text=True)
        tally.note("promtool " + " ".join(command[:2]), [done.stdout + done.stderr] if done.returncode else [])


def main():
    tally = harness.Tally()
    missing = [name for name in ("promtool", "prometheus", "prometheus-node-exporter") if not shutil.which(name)]
    if missing:
        tally.skip("monitoring", f"{', '.join(missing)}: not installed")
        tally.finish()
    test_promtool(tally)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        tally.note("checks of every verdict", run_checks(folder))
        with Servers(folder) as servers:
            seen = servers.wait_for("count by (check) (twofold_check_verdict)", lambda all: len(all) == len(CHECKS))
            tally.note("Prometheus sees every check", [] if len(seen) == len(CHECKS) else [f"it sees {seen}"])
            dashboard = test_dashboard(tally, servers)
            test_alerts(tally, servers)
            test_changes(tally, servers, folder, dashboard)
        test_types(tally, folder, dashboard)
    tally.finish()


if __name__ == "__main__":
    main()
