"""Times the check against what a person would run instead: bench.py FOLDER URL URL_2 WHAT ROWS ROUNDS

FOLDER is where things may be installed and written. WHAT is
    table     the two tables of ROWS rows: each mode clean, with few, many and only differences
    shapes    wide and awkward tables between two databases, against draining them
    memory    peak memory of each mode at ROWS rows; nothing is timed
    planning  a table with a thousand million rows, as its statistics say
    costs     processor time of a row in digest and in stream, by shape: what src/check/cost.c guesses by
Each round runs every command once, in turn; the table shows medians of the rounds, and ratios of medians.

Nobody writes while it runs, so a difference between two databases is looked at again at once: --settle 20ms.
"""
import json
import os
import re
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TWOFOLD = os.path.join(ROOT, "build-bench", "twofold")
DRAIN = os.path.join(ROOT, "build-bench", "drain")
COLUMNS = "id, customer, amount, status, created_at, note"
CREATE = """create table {name} (id bigint primary key, customer int not null, amount numeric(12,2) not null,
    status text not null, created_at timestamptz not null, note text)"""
FILL = """insert into {name} select g, (g::bigint * 7919) % 100003 + ({changed})::int, (g % 1000000)::numeric / 100,
    (array['new', 'paid', 'sent', 'done'])[g % 4 + 1], timestamptz '2025-01-01' + g * interval '1 second',
    case when g % 10 = 0 then null else 'note of order ' || g end from generate_series(1, {rows}) g"""
FULL_JOIN = """select count(*) from old_t o full join new_t n using (id) where o.id is null or n.id is null
    or (o.customer, o.amount, o.status, o.created_at, o.note)
       is distinct from (n.customer, n.amount, n.status, n.created_at, n.note)"""
# With counts of its own the planner takes the wider rows by a merge, and compiles it, which is faster than that.
COUNTING_JOIN = """select count(*) filter (where n.id is null), count(*) filter (where o.id is null), count(*) filter (where
    (o.customer, o.amount, o.status, o.created_at, o.note)
       is distinct from (n.customer, n.amount, n.status, n.created_at, n.note))
    from old_t o full join new_t n on o.id = n.id"""
FAULTS = {"few_t": "g % ({rows} / 50) = 7", "many_t": "g % 100 = 7", "empty_t": None}
FAULT_WORDS = {"few_t": "50 rows differ", "many_t": "1% of the rows differ", "empty_t": "one side empty"}
MODES = ["join", "digest", "stream"]
PSQL_RANGES = 50


def psql(url, *statements):
    command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url]
    for statement in statements:
        command += ["-c", statement]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def load(url, name, rows, changed="false"):
    psql(url, "set client_min_messages = warning", f"drop table if exists {name}", CREATE.format(name=name))
    if changed is not None:
        psql(url, FILL.format(name=name, rows=rows, changed=changed.format(rows=rows)))
    psql(url, f"vacuum (analyze, freeze) {name}")


class Bench:
    """Commands by name, each with what it is compared to; and their runs."""

    def __init__(self, folder):
        self.folder, self.commands, self.against, self.runs, self.skipped = folder, {}, {}, {}, {}
        self.processor = None  # or by name: seconds of client and server, a run each

    def add(self, name, command, against=None, at_most=None, statuses=(0,)):
        """A command is a list of words, or a list of such lists: those run at the same time."""
        self.commands[name] = (command if isinstance(command[0], list) else [command], statuses)
        self.against[name] = (against, at_most)
        self.runs[name] = []

    def spec(self, name, old, new, old_table="old_t", new_table="new_t"):
        path = os.path.join(self.folder, name + ".json")
        with open(path, "w") as file:
            json.dump({"check": name, "old": {"source": old, "table": old_table},
                       "new": {"source": new, "table": new_table}}, file)
        return path

    def check(self, name, mode, *sides):
        return [TWOFOLD, "check", self.spec(name, *sides), "--mode", mode, "--progress", "never", "--settle", "20ms",
                "--ledger", "sqlite:" + os.path.join(self.folder, name + ".db")]

    def measure(self, name):
        """Wall seconds and peak KiB of one run, which are kept. A ledger keeps findings: each run gets a new one."""
        commands, statuses = self.commands[name]
        for command in commands:
            if command[0] == TWOFOLD and os.path.exists(command[-1].removeprefix("sqlite:")):
                os.unlink(command[-1].removeprefix("sqlite:"))
        start = time.monotonic()
        processes = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for command in commands]
        peak = 0
        for process in processes:
            _, status, usage = os.wait4(process.pid, 0)
            peak = max(peak, usage.ru_maxrss)
            if os.waitstatus_to_exitcode(status) not in statuses:
                sys.exit(f"{name}: {commands[0][0]} ended with {os.waitstatus_to_exitcode(status)}")
        self.runs[name].append((time.monotonic() - start, peak))
        return self.runs[name][-1]

    def run(self, rounds):
        for round_ in range(rounds + 1):  # the first warms up
            for name in self.commands:
                if self.processor is not None:
                    self.processor.setdefault(name, []).append(sum(processor_seconds(self, name, self.url)))
                else:
                    self.measure(name)
                print(f"round {round_}: {name}: {self.runs[name][-1][0]:.2f} s", file=sys.stderr)

    def seconds(self, name):
        return statistics.median(run[0] for run in self.runs[name][1:])

    def worked(self, name):
        """Processor time, the least of the runs, and its ratio: what a busy machine does not change much."""
        if self.processor is None:
            return ""
        least, against = min(self.processor[name]), self.against[name][0]
        return f"{least:.2f} | " + (f"{least / min(self.processor[against]):.2f}" if against else "") + " | "

    def print(self, title):
        more = ("processor s | ratio | ", "--:|--:|") if self.processor is not None else ("", "")
        print(f"{title}, {os.cpu_count()} cores, PostgreSQL {psql(self.url, 'show server_version').split()[0]} with"
              f" shared_buffers of {psql(self.url, 'show shared_buffers').strip()}\n")
        print(f"| | seconds | against | ratio | at most | {more[0]}peak MiB |")
        print(f"|---|--:|---|--:|--:|{more[1]}--:|")
        for name in self.commands:
            against, at_most = self.against[name]
            ratio = f"{self.seconds(name) / self.seconds(against):.2f}" if against else ""
            peak = f"{max(run[1] for run in self.runs[name]) / 1024:.0f}" if self.commands[name][0][0][0] == TWOFOLD else ""
            limit = f"{at_most:.2f}" if at_most else ""
            print(f"| {name} | {self.seconds(name):.2f} | {against or ''} | {ratio} | {limit} | {self.worked(name)}{peak} |")
        for name, why in self.skipped.items():
            print(f"\n{name}: skipped: {why}")


def runs_as(spec, mode):
    """Whether the mode that was asked for is the one that these tables get: without a digest it is `stream`."""
    shown = subprocess.run([TWOFOLD, "plan", spec, "--mode", mode], check=True, stdout=subprocess.PIPE, text=True).stdout
    return re.search(rf"^mode +{mode}:", shown, re.MULTILINE) is not None


def range_statements(bench, one, rows):
    """The statement of a range as `twofold plan` shows it, for PSQL_RANGES even ranges, over as many connections."""
    shown = subprocess.run([TWOFOLD, "plan", bench.spec("plan", one, one), "--mode", "join"], check=True,
                           stdout=subprocess.PIPE, text=True).stdout
    statement = next(line for line in shown.splitlines() if line.startswith("SELECT "))
    bound = re.compile(r"\"id\" < '\d+'::int8")
    if not bound.search(statement):
        sys.exit(f"the statement of a range has no bound that the bench knows:\n{statement}")
    files = [os.path.join(bench.folder, f"ranges-{i}.sql") for i in range(os.cpu_count())]
    for i, path in enumerate(files):
        with open(path, "w") as file:
            for at in range(i, PSQL_RANGES, len(files)):
                low, high = at * rows // PSQL_RANGES, (at + 1) * rows // PSQL_RANGES
                file.write("begin isolation level repeatable read read only;\n")
                file.write(bound.sub(f"\"id\" >= '{low + 1}'::int8 AND \"id\" < '{high + 1}'::int8", statement) + ";\n")
                file.write("commit;\n")
    return [["psql", "-X", "-q", "-d", one, "-f", path] for path in files]


def reladiff(bench, one, two):
    """Installed for the occasion; None where that does not work."""
    program = os.path.join(bench.folder, "venv", "bin", "reladiff")
    try:
        subprocess.run([sys.executable, "-m", "venv", os.path.join(bench.folder, "venv")], check=True,
                       stdout=subprocess.DEVNULL)
        subprocess.run([os.path.join(bench.folder, "venv", "bin", "pip"), "install", "-q", "reladiff[postgresql]"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except subprocess.CalledProcessError:
        return None
    columns = [word for column in COLUMNS.split(", ")[1:] for word in ("-c", column)]
    return [program, tcp(one), "old_t", tcp(two), "new_t", "-k", "id", *columns, "--threads", "4", "--stats"]


def tcp(url):
    """reladiff reads a host and a port from its URL, nothing else."""
    port = psql(url, "show port").strip()
    return f"postgresql://postgres:none@127.0.0.1:{port}/{re.search(r'/([a-z0-9_]+)[?]', url).group(1)}"


def bench_table(bench, one, two, rows, rounds):
    load(one, "old_t", rows)
    for url in (one, two):
        load(url, "new_t", rows)
        for name, changed in FAULTS.items():
            load(url, name, rows, changed)
    psql(one, "checkpoint")
    old, new = f"select {COLUMNS} from old_t", f"select {COLUMNS} from new_t"
    bench.add("FULL JOIN in SQL", ["psql", "-X", "-d", one, "-c", FULL_JOIN])
    bench.add("FULL JOIN that counts", ["psql", "-X", "-d", one, "-c", COUNTING_JOIN])
    bench.add("range statements by psql", range_statements(bench, one, rows))
    bench.add("two bare COPY drains", [DRAIN, one, old, two, new])
    bench.add("one bare COPY drain", [DRAIN, one, old])
    compared = {"join": ("FULL JOIN in SQL", 0.25), "digest": ("FULL JOIN in SQL", 0.45),
                "stream": ("two bare COPY drains", 1.15)}
    for mode in MODES:
        other = one if mode == "join" else two
        bench.add(f"{mode}, clean", bench.check(mode, mode, one, other), *compared[mode])
        for table, words in FAULT_WORDS.items():
            against = ("one bare COPY drain", 1.3) if table == "empty_t" else (
                f"{mode}, clean", 1.3 if table == "few_t" else 2.0)
            bench.add(f"{mode}, {words}", bench.check(f"{mode}-{table.removesuffix('_t')}", mode, one, other, "old_t", table),
                      *against, statuses=(1,))
    other = reladiff(bench, one, two)
    if other is None:
        bench.skipped["reladiff hashdiff"] = "pip could not install it"
    else:
        bench.add("reladiff hashdiff", other)
        bench.add("digest, clean, again", bench.commands["digest, clean"][0], "reladiff hashdiff", 0.2)
        bench.add("join, clean, again", bench.commands["join, clean"][0], "range statements by psql", 1.1)
    bench.run(rounds)
    bench.print(f"{rows:,} rows a side, median of {rounds} rounds")


# ---- wide and awkward tables: columns and key, and the rows' expressions; `rows` as a part of ROWS

SHAPES = {
    "100 columns": ("id bigint primary key, " + ", ".join(f"c{i} int" for i in range(99)),
                    "g, " + ", ".join(f"g % {i + 2}" for i in range(99)), 50),
    "text of 4 KB": ("id bigint primary key, t text", "g, repeat(md5(g::text), 128)", 100),
    "jsonb of 4 KB": ("id bigint primary key, d jsonb",
                      "g, (select jsonb_object_agg('k' || i, md5((g + i)::text)) from generate_series(1, 100) i)", 200),
    "rows of 1 MB": ("id bigint primary key, t text", "g, repeat(md5(g::text), 32768)", 25000),
    "key of two columns": ("a int, b bigint, n numeric, t text, primary key (a, b)", "g % 1000, g, g * 0.01, 'row ' || g", 5),
    "uuid key": ("id uuid primary key, n numeric, t text", "md5(g::text)::uuid, g * 0.01, 'row ' || g", 5),
    "text key": ('id text collate "C" primary key, n numeric, t text', "'key ' || md5(g::text), g * 0.01, 'row ' || g", 5),
    "composite type and array": ("id bigint primary key, p bench_pair, n int[], t text[]",
                                 "g, row(g, 'row ' || g, g * 0.01)::bench_pair, array[g, g + 1, g * 2],"
                                 " array['a' || g, null, 'b, ' || g]", 10),
    "sparse key": ("id bigint primary key, n numeric, t text", "g::bigint * g * 1000, g * 0.01, 'row ' || g", 5),
    "skewed key": ("id bigint primary key, n numeric, t text",
                   "case when g % 10 = 0 then g::bigint << 32 else g end, g * 0.01, 'row ' || g", 5),
    "partitioned": ("id bigint primary key, n numeric, t text) partition by range (id", "g, g * 0.01, 'row ' || g", 5),
}


def bench_shapes(bench, one, two, rows, rounds):
    for url in (one, two):
        psql(url, "create type bench_pair as (number int, name text, price numeric)")
    for number, (name, (columns, values, part)) in enumerate(SHAPES.items()):
        table, count = f"shape_{number}", max(rows // part, 10)
        for url in (one, two):
            psql(url, "set client_min_messages = warning", f"drop table if exists {table}", f"create table {table} ({columns})")
            if "partition" in columns:
                for i in range(8):
                    low = "minvalue" if i == 0 else str(i * count // 8)
                    high = "maxvalue" if i == 7 else str((i + 1) * count // 8)
                    psql(url, f"create table {table}_{i} partition of {table} for values from ({low}) to ({high})")
            psql(url, f"insert into {table} select {values} from generate_series(1, {count}) g", f"vacuum (analyze) {table}")
        drain = f"{name}: two drains"
        bench.add(drain, [DRAIN, one, f"select * from {table}", two, f"select * from {table}"])
        for mode in MODES[1:]:
            if runs_as(bench.spec("asked", one, two, table, table), mode):
                bench.add(f"{name}: {mode}", bench.check(f"{table.replace('_', '-')}-{mode}", mode, one, two, table, table),
                          drain)
    bench.processor = {}
    bench.run(rounds)
    bench.print(f"shapes at {rows:,} rows, median of {rounds} rounds")


# ---- processor time: less noisy than seconds, and what a busy server is short of

COSTS = {
    "1 int": ("id bigint primary key, c int not null", "g, g % 1000", 2),
    "the bench's table": (CREATE.split("(", 1)[1].rsplit(")", 1)[0], FILL[FILL.index("select g") + 7:FILL.index(" from gen")]
                          .format(changed="false"), 2),
    **{f"{count} ints": ("id bigint primary key, " + ", ".join(f"c{i} int not null" for i in range(count)),
                         "g, " + ", ".join(f"g % {i + 2}" for i in range(count)), part) for count, part in ((20, 5), (99, 16))},
    "20 numerics": ("id bigint primary key, " + ", ".join(f"c{i} numeric" for i in range(20)),
                    "g, " + ", ".join(f"g / {i + 2}.0" for i in range(20)), 10),
    "20 texts": ("id bigint primary key, " + ", ".join(f"c{i} text" for i in range(20)),
                 "g, " + ", ".join(f"'text ' || g % {i + 2}" for i in range(20)), 5),
    "text of 512 bytes": ("id bigint primary key, t text",
                          "g, (select string_agg(md5((g + i)::text), '') from generate_series(1, 16) i)", 10),
    "text of 4 KB": ("id bigint primary key, t text",
                     "g, (select string_agg(md5((g + i)::text), '') from generate_series(1, 128) i)", 50),
    "jsonb of 4 KB": SHAPES["jsonb of 4 KB"][:2] + (100,),
}


def server_seconds(url):
    """Processor time of the server's processes that have ended."""
    with open(os.path.join(psql(url, "show data_directory").strip(), "postmaster.pid")) as file:
        pid = int(file.readline())
    with open(f"/proc/{pid}/stat") as file:
        words = file.read().rsplit(")", 1)[1].split()
    return (int(words[13]) + int(words[14])) / os.sysconf("SC_CLK_TCK")


def processor_seconds(bench, name, url):
    """Of the client and of the server, in one run."""
    before, here = server_seconds(url), os.times()
    bench.measure(name)
    time.sleep(0.2)  # for backends to end
    then, after = os.times(), server_seconds(url)
    return (then.children_user - here.children_user + then.children_system - here.children_system, after - before)


def bench_costs(bench, one, two, rows, rounds):
    print("| us of a row on both sides | rows | | client | server | together |\n|---|--:|---|--:|--:|--:|")
    for number, (name, (columns, values, part)) in enumerate(COSTS.items()):
        table, count = f"cost_{number}", rows // part
        for url in (one, two):
            psql(url, "set client_min_messages = warning", f"drop table if exists {table}", f"create table {table} ({columns})",
                 f"insert into {table} select {values} from generate_series(1, {count}) g", f"vacuum (analyze) {table}", "checkpoint")
        drain = f"{name}, two drains"
        bench.add(drain, [DRAIN, one, f"select * from {table}", two, f"select * from {table}"])
        for mode in MODES[1:]:
            bench.add(f"{name}, {mode}", bench.check(f"{table.replace('_', '-')}-{mode}", mode, one, two, table, table))
        runs = {what: [] for what in bench.commands if what.startswith(name + ", ")}
        for _ in range(rounds):
            for what, kept in runs.items():
                kept.append(processor_seconds(bench, what, one))
        for what, kept in runs.items():
            client, server = (1e6 * seconds / count for seconds in min(kept, key=sum))
            print(f"| {name} | {count:,} | {what[len(name) + 2:]} | {client:.2f} | {server:.2f} | {client + server:.2f} |", flush=True)


def bench_memory(bench, one, two, rows, _rounds):
    load(one, "old_t", rows)
    load(one, "new_t", rows)
    load(two, "new_t", rows)
    load(two, "empty_t", rows, None)
    print(f"peak memory at {rows:,} rows a side; at most 64 MiB\n\n| | peak MiB |\n|---|--:|")
    for mode in MODES:
        other = one if mode == "join" else two
        bench.add(f"{mode}, clean", bench.check(mode, mode, one, other))
        print(f"| {mode}, clean | {bench.measure(f'{mode}, clean')[1] / 1024:.0f} |", flush=True)
    bench.add("stream, one side empty", bench.check("empty", "stream", one, two, "old_t", "empty_t"), statuses=(1,))
    print(f"| stream, one side empty | {bench.measure('stream, one side empty')[1] / 1024:.0f} |")


def bench_planning(bench, one, _two, _rows, _rounds):
    environment = {**os.environ, "TWOFOLD": TWOFOLD, "TWOFOLD_TEST_URL": one}
    subprocess.run([sys.executable, os.path.join(ROOT, "tests", "live", "test_vast.py")], check=True, env=environment)


def main():
    folder, one, two, what, rows, rounds = *sys.argv[1:5], int(sys.argv[5]), int(sys.argv[6])
    bench = Bench(folder)
    bench.url = one
    {"table": bench_table, "shapes": bench_shapes, "memory": bench_memory, "planning": bench_planning,
     "costs": bench_costs}[what](
        bench, one, two, rows, rounds)


if __name__ == "__main__":
    main()
