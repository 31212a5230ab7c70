"""A socket that stands between the program and its server, for tests that need the connection to misbehave.

    class Deaf(Between):
        def answers(self, connection):        # what the server says; questions() is what the client says
            while data := connection.server.recv(4096):
                ...
    with Deaf(URL) as deaf:
        Check(... deaf.url ...)

Each connection has a thread for either direction. When one of them ends, both ends of the connection are closed.
"""

import os
import re
import socket
import struct
import tempfile
import threading
from types import SimpleNamespace


class Between:
    """By default it carries everything, both ways. url: leads to the same database through this socket."""

    def __init__(self, url):
        host, port = re.search(r"host=([^&]*)", url).group(1), re.search(r"port=(\d+)", url)
        name = "/.s.PGSQL." + (port.group(1) if port else "5432")
        self.folder = tempfile.mkdtemp(prefix="twofold-between-", dir="/tmp")
        self.target, self.path = host + name, self.folder + name
        self.url = url.replace("host=" + host, "host=" + self.folder)
        self.listener = self.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def listen(self):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.path)
        listener.listen(64)
        return listener

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.listener.close()
        if os.path.exists(self.path):
            os.remove(self.path)
        os.rmdir(self.folder)

    def accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.target)
            connection = SimpleNamespace(client=client, server=server)
            for part in self.questions, self.answers:
                threading.Thread(target=self.run, args=(part, connection), daemon=True).start()

    @staticmethod
    def run(part, connection):
        try:
            part(connection)
        except (OSError, struct.error):
            pass
        for end in connection.client, connection.server:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def questions(self, connection):
        carry(connection.client, connection.server)

    def answers(self, connection):
        carry(connection.server, connection.client)


def carry(start, end):
    while data := start.recv(4096):
        end.sendall(data)


# ---- PostgreSQL's messages --------------------------------------------------------------------------------------------


class Reader:
    """Messages of one direction; the client's first has no kind."""

    def __init__(self, end, first_is_bare=False):
        self.end, self.bare = end, first_is_bare

    def exactly(self, count):
        data = b""
        while len(data) < count:
            more = self.end.recv(count - len(data))
            if not more:
                raise OSError("closed")
            data += more
        return data

    def next(self):
        kind = b"" if self.bare else self.exactly(1)
        self.bare = False
        body = self.exactly(struct.unpack("!i", self.exactly(4))[0] - 4)
        return kind, body


def message(kind, body):
    return kind + struct.pack("!i", len(body) + 4) + body


def error(severity, sqlstate, text):
    fields = ((b"S", severity), (b"V", severity), (b"C", sqlstate), (b"M", text))
    return message(b"E", b"".join(name + value.encode() + b"\0" for name, value in fields) + b"\0")
