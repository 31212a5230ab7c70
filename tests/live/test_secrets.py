#!/usr/bin/env python3
"""A password is nowhere: not in arguments, standard output and error, JSON, NDJSON, metrics, ledger or drafts.

Every way to give a password, every command, with good and bad ends, against a server that asks for one. Then the modes
of what was written, with no umask to help.
"""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness
from outputs import Run
from private_postgres import PrivatePostgres, free_port

WORD = "S3cretPw"
PASSWORD = WORD + "@/:?'\\ &=%#\u00fc"
WRONG = WORD + "Wrong"
TABLES = f"""
set password_encryption = 'scram-sha-256';
create role keeper login password '{PASSWORD.replace("'", "''")}';
create table t (id int primary key, v text);
create table t_v2 (id int primary key, v text);
insert into t select g, g from generate_series(1, 50) g;
insert into t_v2 select * from t;
update t_v2 set v = 'x' where id = 7;
grant select on t, t_v2 to keeper;
"""


def conninfo_quote(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def spellings(server, password, folder):
    """name: (url, environment). Each is a way to give this password."""
    place = f"host=127.0.0.1 port={server.port} dbname=postgres user=keeper"
    bare = server.url("keeper")
    every_byte = "".join(f"%{byte:02X}" for byte in password.encode())
    passfile, service = os.path.join(folder, "passfile"), os.path.join(folder, "services")
    with open(passfile, "w") as file:
        file.write("127.0.0.1:*:*:keeper:" + password.replace("\\", "\\\\").replace(":", "\\:") + "\n")
    os.chmod(passfile, 0o600)
    with open(service, "w") as file:
        file.write(f"[shop]\nhost=127.0.0.1\nport={server.port}\ndbname=postgres\nuser=keeper\npassword={password}\n")
    return {
        "in the URL": (server.url("keeper", password), {}),
        "every byte escaped": (f"postgresql://keeper:{every_byte}@127.0.0.1:{server.port}/postgres", {}),
        "as a parameter": (f"{bare}?password={urllib.parse.quote(password, safe='')}", {}),
        "as a conninfo string": (f"{place} password={conninfo_quote(password)}", {}),
        "with blanks": (f"{place} password =  {conninfo_quote(password)}", {}),
        "PGPASSWORD": (bare, {"PGPASSWORD": password}),
        "PGPASSFILE": (bare, {"PGPASSFILE": passfile}),
        "passfile": (f"{place} passfile={conninfo_quote(passfile)}", {}),
        "a service": ("service=shop", {"PGSERVICEFILE": service}),
        "a service's URL": ("postgresql:///?service=shop", {"PGSERVICEFILE": service}),
    }


def bad_urls(server):
    """name: a URL that opens nothing."""
    port = server.port
    return {
        "unknown host": server.url("keeper", WRONG, host="nowhere.invalid"),
        "closed port": server.url("keeper", WRONG, port=free_port()),
        "no such database": server.url("postgres", WRONG, database="nowhere"),
        "port is a word": f"postgresql://keeper:{WRONG}@127.0.0.1:word/postgres",
        "an @ too many": f"postgresql://keeper:{WORD}@home@127.0.0.1:{port}/postgres",
        "a / in it": f"postgresql://keeper:{WORD}/home@127.0.0.1:{port}/postgres",
        "a number, then a /": f"postgresql://keeper:12/{WORD}@127.0.0.1:{port}/postgres",
        "a ? in it": f"postgresql://keeper:{WORD}?home@127.0.0.1:{port}/postgres",
        "a % in it": f"postgresql://keeper:{WORD}%zz@127.0.0.1:{port}/postgres",
        "a bracket": f"postgresql://keeper:{WORD}@[::1/postgres",
        "no end of quotes": f"host=127.0.0.1 password='{WORD}",
        "no such setting": f"host=127.0.0.1 pass={WORD}",
        "a blank in it": f"host=127.0.0.1 port={port} password=a {WORD}",
        "another engine": f"mysql://keeper:{WORD}@127.0.0.1/shop",
        "no scheme": f"keeper:{WORD}@127.0.0.1/shop",
        "nested": f"host=127.0.0.1 port={port} user=postgres dbname={server.url('keeper', WRONG)}",
        "nested in quotes": f"host='{server.server}' port={port} dbname='postgresql://keeper:{WORD}@127.0.0.1/shop'",
    }


def spec_of(url):
    return {"check": "secrets", "old": {"source": url, "table": "t"}, "new": {"source": url, "table": "t_v2"}}


def commands(url):
    """name: (spec, words, status where everything is well)."""
    return {
        "check": (spec_of(url), ["check"], 1),
        "stream": (spec_of(url), ["check", "--mode", "stream"], 1),
        "plan": (spec_of(url), ["plan"], 0),
        "look": (spec_of(url), ["look", "7"], 1),
        "init": (None, ["init", url, "t", url, "t_v2"], 0),
    }


def leaks(run):
    """The word as it is, or with any of its letters escaped."""
    escaped = re.compile("".join(f"(?:{c}|%{ord(c):02x})" for c in WORD).encode(), re.IGNORECASE)
    return run.leaks(WORD) + [f"{name} holds it escaped" for name, text in run.texts.items()
                              if escaped.search(text) and WORD.encode() not in text]


def test_good(tally, server, folder):
    for name, (url, environment) in spellings(server, PASSWORD, folder).items():
        wrong = []
        for command, (spec, words, status) in commands(url).items():
            run = Run(spec, *words, environment=environment)
            wrong += leaks(run)
            if run.status != status:
                wrong.append(f"{command}: status {run.status}: {run.said()}")
        tally.note(f"password {name}", wrong)


def test_wrong(tally, server, folder):
    for name, (url, environment) in spellings(server, WRONG, folder).items():
        wrong = []
        for command, (spec, words, _) in commands(url).items():
            run = Run(spec, *words, environment=environment)
            wrong += leaks(run)
            if run.status != 2 or "authentication failed" not in run.said():
                wrong.append(f"{command}: status {run.status}: {run.said()}")
        tally.note(f"wrong password {name}", wrong)


def test_bad(tally, server):
    for name, url in bad_urls(server).items():
        wrong = []
        for command, (spec, words, _) in commands(url).items():
            run = Run(spec, *words)
            wrong += leaks(run)
            if run.status not in (2, 3):
                wrong.append(f"{command}: status {run.status}: {run.said()}")
        tally.note(f"URL: {name}", wrong)


def test_spec_errors(tally, server, folder):
    """An error in the line of the source shows that line."""
    for name, url in {**{n: u for n, (u, _) in spellings(server, PASSWORD, folder).items()},
                      **bad_urls(server)}.items():
        quoted = "'" + url.replace("'", "''") + "'"
        run = Run(f"check: secrets\nold: {{source: {quoted}, tabel: t}}\nnew: {{table: t_v2}}\n", "check")
        wrong = leaks(run)
        if run.status != 3 or "tabel" not in run.said():
            wrong.append(f"status {run.status}: {run.said()}")
        tally.note(f"spec error beside: {name}", wrong)


def test_environment(tally, server):
    """${NAME} in a source: neither what it stands for nor the ledger's own URL."""
    with tempfile.TemporaryDirectory() as state:
        environment = {"KEEPER_URL": server.url("keeper", PASSWORD)}
        run = Run(spec_of("${KEEPER_URL}"), "check", environment=environment)
        history = Run(spec_of("${KEEPER_URL}"), "history", environment=environment, state=state)
        ledger = Run(spec_of(server.admin), "check", "--ledger", server.url("keeper", WRONG), state=state)
        tally.note("from the environment", leaks(run) + leaks(history)
                   + ([] if run.status == 1 else [f"status {run.status}: {run.said()}"]))
        tally.note("--ledger URL", leaks(ledger))


def arguments_of(words, needle):
    """What `ps` shows of the program while it waits for a server that never answers."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(5)
        words = [word.replace("PORT", str(deaf.getsockname()[1])) for word in words]
        program = subprocess.Popen([harness.PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            deaf.settimeout(10)
            connection, _ = deaf.accept()
            time.sleep(0.1)
            shown = subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(program.pid)], capture_output=True)
            with open(f"/proc/{program.pid}/cmdline", "rb") as file:
                return shown.stdout + file.read()
        finally:
            program.kill()
            program.communicate()


def test_arguments(tally):
    secret = PASSWORD.encode().hex()
    secret = "".join(f"%{secret[i:i + 2]}" for i in range(0, len(secret), 2))
    for name, url in {
        "URL": f"postgresql://keeper:{WORD}@127.0.0.1:PORT/shop",
        "escaped": f"postgresql://keeper:{WORD}{secret}@127.0.0.1:PORT/shop",
        "parameter": f"postgresql://127.0.0.1:PORT/shop?user=keeper&pass%77ord={WORD}",
        "conninfo": f"host=127.0.0.1 port=PORT user=keeper password = '{WORD}'",
    }.items():
        shown = arguments_of(["init", url, "t", url, "t_v2"], WORD).decode(errors="replace")
        wrong = [f"ps shows it: {shown}"] if WORD.lower() in shown.lower() or "%53%33" in shown else []
        if " t_v2" not in shown:
            wrong.append(f"ps does not show what runs: {shown}")
        tally.note(f"arguments: {name}", wrong)


def test_modes(tally, server):
    run = Run(spec_of(server.admin), "check")
    want = {"result.json": "0o600", "all.ndjson": "0o600", "m.prom": "0o644", "page.html": "0o600",
            "ledger.db": "0o600"}
    got = {name: mode for name, mode in run.modes.items() if name in want}
    tally.note("modes of files", [] if got == want else [f"wanted {want}, got {run.modes}"])


def main():
    tally = harness.Tally()
    with PrivatePostgres() as server, tempfile.TemporaryDirectory() as folder:
        harness.psql(server.admin, TABLES)
        server.allow("host all all 127.0.0.1/32 scram-sha-256")
        test_good(tally, server, folder)
        test_wrong(tally, server, folder)
        test_bad(tally, server)
        test_spec_errors(tally, server, folder)
        test_environment(tally, server)
        test_arguments(tally)
        test_modes(tally, server)
    tally.finish()


main()
