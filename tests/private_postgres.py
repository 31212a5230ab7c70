"""A private PostgreSQL on a port of 127.0.0.1, for tests that change pg_hba.conf, certificates or the server itself."""

import os
import shutil
import socket
import subprocess
import tempfile
import urllib.parse

import harness

SCRIPT = os.path.join(harness.ROOT, "tests", "postgres.sh")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class PrivatePostgres:
    """with PrivatePostgres("setting = value") as server: server.admin is a superuser's URL through the socket."""

    def __init__(self, *settings):
        self.folder = tempfile.mkdtemp(prefix="twofold-pg.")
        os.chmod(self.folder, 0o755)
        self.server = os.path.join(self.folder, "pg")
        self.port = free_port()
        done = subprocess.run([SCRIPT, "start", self.server, f"port = {self.port}", "listen_addresses = '127.0.0.1'",
                               "shared_buffers = 32MB", *settings], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"could not start a server: {done.stderr}{done.stdout}")
        self.admin = f"postgresql://postgres@/postgres?host={self.server}&port={self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run([SCRIPT, "stop", self.server], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, user, password=None, host="127.0.0.1", port=None, database="postgres", **parameters):
        quote = lambda text: urllib.parse.quote(text, safe="")
        secret = "" if password is None else ":" + quote(password)
        query = urllib.parse.urlencode(parameters, quote_via=urllib.parse.quote)
        return (f"postgresql://{quote(user)}{secret}@{host}:{port or self.port}/{database}"
                + ("?" + query if query else ""))

    def path(self, *names):
        return os.path.join(self.server, "data", *names)

    def keep(self, name, text, mode=0o600):
        """A file of the data folder, owned as the folder is."""
        path, owner = self.path(name), os.stat(self.path())
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, mode)
        if os.getuid() == 0:
            os.chown(path, owner.st_uid, owner.st_gid)
        return path

    def allow(self, *lines):
        """The lines of pg_hba.conf for TCP; the socket stays open to everybody."""
        self.keep("pg_hba.conf", "\n".join(["local all all trust", *lines, ""]))
        self.reload()

    def reload(self):
        harness.psql(self.admin, "select pg_reload_conf()")
