"""One command with every output it has, as bytes, so that a leak is a search for a word."""

import glob
import json
import os
import subprocess
import tempfile
import time

import harness


class Run:
    """status, and texts by name: stdout, stderr, result.json, all.ndjson, m.prom, ledger.db, spec errors and all."""

    def __init__(self, spec, command, *words, environment=None, state=None, ledger=None,
                 kill_when=None):
        """spec: a dictionary, the text of a spec, or None where the command takes none; kill_when: asked again and
        again while it runs."""
        with tempfile.TemporaryDirectory() as scratch:
            outputs = []
            if spec is not None:
                path = os.path.join(scratch, "spec.yaml")
                with open(path, "w") as file:
                    file.write(spec if isinstance(spec, str) else json.dumps(spec))
                words = (path, *words)
            if command == "check":
                for option, name in (("--json", "result.json"), ("--findings", "all.ndjson"), ("--metrics", "m.prom"),
                                     ("--html", "page.html")):
                    outputs += [option, os.path.join(scratch, name)]
                outputs += ["--ledger", "sqlite:" + (ledger or os.path.join(scratch, "ledger.db")),
                            "--sample", "1000"]
            program = subprocess.Popen([harness.PROGRAM, command, *words, *outputs], stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, umask=0,
                                       env={**os.environ, "XDG_STATE_HOME": state or scratch, **(environment or {})})
            while kill_when and program.poll() is None:
                if kill_when():
                    program.kill()
                    break
                time.sleep(0.01)
            try:
                stdout, stderr = program.communicate(timeout=120)
            except subprocess.TimeoutExpired:
                program.kill()
                stdout, stderr = program.communicate()
            self.status = program.returncode
            self.texts = {"stdout": stdout, "stderr": stderr}
            self.modes = {}
            for path in glob.glob(os.path.join(scratch, "*")) + glob.glob((ledger or "/nowhere") + "*"):
                if os.path.isfile(path) and not path.endswith("spec.yaml"):
                    with open(path, "rb") as file:
                        self.texts[os.path.basename(path)] = file.read()
                    self.modes[os.path.basename(path)] = oct(os.stat(path).st_mode & 0o777)

    def said(self):
        return (self.texts["stdout"] + self.texts["stderr"]).decode()

    def leaks(self, word):
        """Sentences."""
        found = []
        for name, text in self.texts.items():
            at = text.lower().find(word.lower().encode())
            if at >= 0:
                found.append(f"{name} holds {word}: {text[max(0, at - 60):at + 60]!r}")
        return found

    def findings(self):
        """By the first part of the key."""
        return {row["key"][0]: row for row in map(json.loads, self.texts["all.ndjson"].splitlines()) if "key" in row}

    def sample(self):
        return json.loads(self.texts["result.json"])["findings"]
