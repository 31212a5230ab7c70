#!/usr/bin/env python3
"""README.md is true: its commands print what it says, and its files are the files of this repository.

    ```console            "$ command" (and "> " for its further lines), then what it prints; run from top to bottom in
                          one shell, over the tables of examples/quickstart and examples/readme; those of the tutorial
                          are test_tutorial.py's
    ```yaml FILE          is FILE, byte for byte; so for every language
    other fences          are not looked at

What changes from run to run (times, durations, the server's name, masks) is compared as the golden cases do.

    tests/live/test_readme.py --record      writes what the commands print into README.md, for `git diff` to judge
"""

import difflib
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import textwrap

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness

README = os.path.join(harness.ROOT, "README.md")
FENCE = re.compile(r"^( *)```(\w+)(?: +(\S+))?\n(.*?)^\1```$", re.M | re.S)
TUTORIAL = re.compile(r"^## Tutorial.*?(?=^## )", re.M | re.S)
MARK = "---- output of command"


def golden_rules():
    where = importlib.util.spec_from_file_location("cli_run", os.path.join(harness.ROOT, "tests/cli/run.py"))
    module = importlib.util.module_from_spec(where)
    where.loader.exec_module(module)
    return module.CHANGING


CHANGING = [
    (r"\S+ on \S+:\d+", "PLACE"),
    (r"postgresql://\S+", "URL"),
    (r"masked:[0-9a-f]+", "masked:HASH"),
    (r"\b\d+ ranges\b", "N ranges"),
    (r"\b\d+/\d+\b", "N/N"),
    (r"\b\d+ kinds of statements, \d+ of", "N kinds of statements, N of"),
    (r"icu (\S+) [0-9.]+", r"icu \1"),
    *golden_rules(),
    (r" +", " "),
]


def normalised(text):
    for pattern, name in CHANGING:
        text = re.sub(pattern, name, text)
    return text


def steps_of(block):
    """[(command, output)] of a console block."""
    steps = []
    for line in block.splitlines():
        if line.startswith("$ "):
            steps.append([line[2:], ""])
        elif line.startswith("> ") and steps and not steps[-1][1]:
            steps[-1][0] += "\n" + line[2:]
        elif steps:
            steps[-1][1] += line + "\n"
    return steps


def run_all(commands, **urls):
    """What each command prints, all of them in one shell."""
    script = "".join(f"status=$?; printf '%s\\n' '{MARK} {i}'; (exit $status)\n{command}\n"
                     for i, command in enumerate(commands))
    with tempfile.TemporaryDirectory() as scratch:
        folder = os.path.join(scratch, "bin")
        os.mkdir(folder)
        os.symlink(os.path.abspath(harness.PROGRAM), os.path.join(folder, "twofold"))
        os.symlink(os.path.join(harness.ROOT, "examples"), os.path.join(scratch, "examples"))
        environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "HOME": scratch, "TZ": "UTC",
                       "XDG_STATE_HOME": os.path.join(scratch, "state"), "LC_ALL": "C.UTF-8",
                       "TWOFOLD_INVARIANTS": os.path.join(harness.ROOT, "invariants"), "TWOFOLD_MASK_KEY": "0" * 32,
                       **urls}
        done = subprocess.run(["bash", "-c", script], cwd=scratch, env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=300)
    return re.split(rf"{MARK} \d+\n", done.stdout)[1:]


def set_up():
    for url in (harness.URL, harness.URL_2):
        harness.psql(url, "drop schema public cascade; create schema public;")
    harness.psql(harness.URL, file_text("examples/quickstart/setup.sql") + file_text("examples/readme/setup.sql"))
    harness.psql(harness.URL_2, file_text("examples/readme/new_shop.sql"))


def named(output):
    """The server and its databases under names that a reader would have."""
    output = re.sub(r"\S+ on \S+:\d+", "shop on localhost:5432", output)
    output = re.sub(r"postgresql://\S+_2\b", "postgresql://localhost/new_shop", output)
    return re.sub(r"postgresql://(?!localhost)\S+", "postgresql://localhost/shop", output)


def is_between(match, span):
    return span[0] <= match.start() < span[1]


def steps_between(text, *spans):
    """The commands of these parts of README.md, each with the output it has there."""
    return [step for match in FENCE.finditer(text) if match[2] == "console" and any(is_between(match, span)
            for span in spans) for step in steps_of(textwrap.dedent(match[4]))]


def record(text, outputs, *spans):
    """README.md with outputs that differ, and files, in the places of those it has in these parts."""
    left = iter(outputs)

    def block(match):
        if not any(is_between(match, span) for span in spans):
            return match[0]
        indent, language, path, body = match.groups()
        if path:
            body = textwrap.indent(file_text(path), indent)
        elif language == "console":
            body = ""
            for command, old in steps_of(textwrap.dedent(match[4])):
                got = next(left)
                body += "$ " + command.replace("\n", "\n> ") + "\n"
                body += old if normalised(old) == normalised(got) else named(got)
            body = textwrap.indent(body, indent)
        return f"{indent}```{language}{' ' + path if path else ''}\n{body}{indent}```"

    return FENCE.sub(block, text)


def file_text(path):
    with open(os.path.join(harness.ROOT, path), encoding="utf-8") as file:
        return file.read()


def check_files(tally, text):
    for indent, _, path, block in FENCE.findall(text):
        if path:
            wanted = textwrap.indent(file_text(path), indent)
            tally.note(path, list(difflib.unified_diff(wanted.splitlines(), block.splitlines(), path, "README.md",
                                                       lineterm="")))


def check_contents(tally, text):
    """The contents name every section, in its order."""
    prose = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.M | re.S)
    wanted = [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in re.findall("^## (.*)", prose, re.M)]
    contents = prose[prose.index("\nContents:"):prose.index("\n## ")]
    tally.note("contents", list(difflib.unified_diff(wanted, re.findall(r"\(#([^)]*)\)", contents), "sections",
                                                     "contents", lineterm="")))


def test_steps(tally, text, outputs, *spans):
    steps = steps_between(text, *spans)
    tally.note("every command ran", [] if len(outputs) == len(steps) else [f"{len(outputs)} of {len(steps)}"])
    for (command, wanted), got in zip(steps, outputs):
        tally.note(command, list(difflib.unified_diff(normalised(wanted).splitlines(), normalised(got).splitlines(),
                                                      "README.md", "printed", lineterm="")))


def run_or_record(tally, text, *spans, **urls):
    """Runs the commands of these parts of README.md, and judges what they print, or writes it down."""
    outputs = run_all([command for command, _ in steps_between(text, *spans)], **urls)
    if "--record" in sys.argv:
        with open(README, "w", encoding="utf-8") as file:
            file.write(record(text, outputs, *spans))
        sys.exit()
    test_steps(tally, text, outputs, *spans)


def main():
    tally = harness.Tally()
    text = file_text("README.md")
    tutorial = TUTORIAL.search(text).span()
    set_up()
    if "--record" not in sys.argv:
        check_files(tally, text)
        check_contents(tally, text)
    run_or_record(tally, text, (0, tutorial[0]), (tutorial[1], len(text)), SHOP_URL=harness.URL,
                  NEW_SHOP_URL=harness.URL_2, QUICKSTART_URL=harness.URL)
    tally.finish()


if __name__ == "__main__":
    main()
