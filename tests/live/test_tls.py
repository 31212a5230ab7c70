#!/usr/bin/env python3
"""TLS by libpq's own settings: a test authority, a server with its certificate, and what goes wrong said in a sentence.

Nothing of TLS is twofold's: sslmode and sslrootcert stand in the URL, a service file or the environment.
"""

import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness
from outputs import Run
from private_postgres import PrivatePostgres

TABLES = """
create table t (id int primary key, v text);
create table t_v2 (id int primary key, v text);
insert into t select g, g from generate_series(1, 50) g;
insert into t_v2 select * from t;
create role reader login password 'not asked for';
grant select on t, t_v2 to reader;
"""


def openssl(*words):
    done = subprocess.run(["openssl", *words], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"openssl {words[0]}: {done.stderr}")


def authority(folder, name):
    """A certificate authority: NAME.crt and NAME.key."""
    path = os.path.join(folder, name)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
            f"/CN=twofold test {name}", "-keyout", path + ".key", "-out", path + ".crt")
    return path


def certificate(folder, issuer, name, subject, alternative=None):
    """NAME.crt and NAME.key, signed by the issuer."""
    path = os.path.join(folder, name)
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={subject}",
            "-keyout", path + ".key", "-out", path + ".csr")
    extensions = path + ".ext"
    with open(extensions, "w") as file:
        file.write(f"subjectAltName = {alternative}\n" if alternative else "basicConstraints = CA:FALSE\n")
    openssl("x509", "-req", "-days", "2", "-in", path + ".csr", "-CA", issuer + ".crt", "-CAkey", issuer + ".key",
            "-CAcreateserial", "-extfile", extensions, "-out", path + ".crt")
    return path


def install(server, issued):
    for suffix, name in ((".crt", "server.crt"), (".key", "server.key")):
        with open(issued + suffix) as file:
            server.keep(name, file.read())


def spec_of(url):
    return {"check": "tls", "old": {"source": url, "table": "t"}, "new": {"source": url, "table": "t_v2"}}


def test_good(tally, server, ca):
    """Encrypted: pg_hba.conf has no line for anything else."""
    for name, url, environment in (
            ("in the URL", server.url("reader", sslmode="verify-full", sslrootcert=ca + ".crt"), {}),
            ("in the environment", server.url("reader"), {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": ca + ".crt"}),
            ("by name", server.url("reader", host="localhost", sslmode="verify-full", sslrootcert=ca + ".crt"), {}),
            ("verify-ca", server.url("reader", sslmode="verify-ca", sslrootcert=ca + ".crt"), {}),
            ("require", server.url("reader", sslmode="require"), {})):
        wrong = []
        for words in (["check"], ["check", "--mode", "stream"], ["plan"], ["look", "7"]):
            run = Run(spec_of(url), *words, environment=environment)
            if run.status != 0:
                wrong.append(f"{words}: status {run.status}: {run.said()}")
        tally.note(name, wrong)


def test_bad(tally, name, url, status, *said):
    """One sentence on each command: the server, the cause, and what to do."""
    wrong = []
    for words in (["check"], ["plan"]):
        run = Run(spec_of(url), *words)
        text = " ".join(run.said().split())
        if run.status != status:
            wrong.append(f"{words[0]}: status {run.status}: {text}")
        wrong += [f"{words[0]} does not say \"{part}\": {text}" for part in said if part not in text]
        if text.count("could not") + text.count("cannot") != 1:
            wrong.append(f"{words[0]} says it more than once: {text}")
    tally.note(name, wrong)


def main():
    tally = harness.Tally()
    if shutil.which("openssl") is None:
        tally.skip("TLS", "there is no openssl command")
        tally.finish()
    with PrivatePostgres() as server, tempfile.TemporaryDirectory() as folder:
        harness.psql(server.admin, TABLES)
        ca, other = authority(folder, "ca"), authority(folder, "other")
        right = certificate(folder, ca, "right", "localhost", "DNS:localhost, IP:127.0.0.1")
        elsewhere = certificate(folder, ca, "elsewhere", "db.example.org", "DNS:db.example.org")
        place = f"\"127.0.0.1\", port {server.port}"

        server.allow("hostssl all all 127.0.0.1/32 trust")
        test_bad(tally, "a server without TLS", server.url("reader", sslmode="verify-full", sslrootcert=ca + ".crt"),
                 2, place, "does not support SSL", "sslmode")
        install(server, right)
        harness.psql(server.admin, "alter system set ssl = on; select pg_reload_conf(); select pg_sleep(0.5)")
        test_good(tally, server, ca)
        test_bad(tally, "a wrong authority", server.url("reader", sslmode="verify-full", sslrootcert=other + ".crt"),
                 2, place, "certificate verify failed", "sslrootcert")
        test_bad(tally, "no file of authorities",
                 server.url("reader", sslmode="verify-full", sslrootcert=folder + "/nowhere.crt"),
                 2, place, "nowhere.crt", "sslrootcert")
        server.keep("client_ca.crt", open(ca + ".crt").read())
        server.allow("hostssl all all 127.0.0.1/32 trust clientcert=verify-ca")
        harness.psql(server.admin, f"alter system set ssl_ca_file = 'client_ca.crt'; select pg_reload_conf(); select pg_sleep(0.5)")
        mutual = {"sslmode": "verify-full", "sslrootcert": ca + ".crt"}
        test_bad(tally, "no certificate of its own", server.url("reader", **mutual), 2, place,
                 "valid client certificate", "sslcert")
        own = certificate(folder, ca, "client", "reader")
        os.chmod(own + ".key", 0o600)
        url = server.url("reader", **mutual, sslcert=own + ".crt", sslkey=own + ".key")
        run = Run(spec_of(url), "check")
        tally.note("a certificate of its own", [] if run.status == 0 else [f"status {run.status}: {run.said()}"])
        os.chmod(own + ".key", 0o644)
        test_bad(tally, "a key that others may read", url, 2, place, "private key file", "sslkey")
        server.allow("hostssl all all 127.0.0.1/32 trust")
        test_bad(tally, "plain text where only TLS may", server.url("reader", sslmode="disable"),
                 2, place, "no pg_hba.conf entry", "no encryption")
        install(server, elsewhere)
        server.reload()
        harness.psql(server.admin, "select pg_sleep(0.5)")
        test_bad(tally, "a wrong name", server.url("reader", sslmode="verify-full", sslrootcert=ca + ".crt"),
                 2, place, "db.example.org", "does not match host name \"127.0.0.1\"", "verify-full")
    tally.finish()


main()
