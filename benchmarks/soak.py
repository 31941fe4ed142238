"""Break long commands on purpose, again and again, and see that the next run goes on, heals or says what to do.

    python benchmarks/soak.py --minutes 10

Each round takes a command and a disturbance: kill -9 at a random moment, a disk that is full, damaged files in caches and work
folders, two runs at once in one folder. Then the command is given again, undisturbed. It must end with exit code 0 and with
the bytes of a run that nobody disturbed, leave nothing unfinished behind, and never show a traceback. Rounds are numbered and
their luck follows the number; what is done is written down in the folder, so that an interrupted soak goes on. Exit code 1 if
any round failed. A full disk is a small tmpfs where this process may mount one, else a limit on the size of files.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
STUDY = """method = "sobol"
size = 64
seed = 1
outputs = ["y"]
rows_per_shard = 16
[model]
kind = "ishigami"
settings = { seconds = 0.02 }
[parameters]
all = true
"""
START = """
import os, sys
if "LIMIT" in os.environ:
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(os.environ["LIMIT"]),) * 2)
import simulator.questions.calibrate.posterior as posterior
posterior.SMOKE = posterior.Effort(256, 200, 200, 200, 400, 400, 200, 60, 100, 200, 2_000, 20_000)
from simulator.cli.app import main
if sys.argv[1] == "explore":
    import signal, threading, time, urllib.request
    import simulator.explorer as explorer
    listening = explorer.listening
    def asked_once(*words):
        running = listening(*words)
        def ask():
            for _ in range(600):
                try:
                    with urllib.request.urlopen(running.url, timeout=300) as answer:
                        found = str(answer.read().count(b"<script"))
                    break
                except OSError:
                    time.sleep(0.2)
            try:
                open("out/page.txt", "w").write(found)
            except OSError:
                pass
            os.kill(os.getpid(), signal.SIGINT)
        threading.Thread(target=ask, daemon=True).start()
        return running
    explorer.listening = asked_once
main()
"""
"""The command, with files of at most LIMIT bytes, a smoke calibration of half a minute, and an explorer that is asked for its
page and then stopped."""
COMMANDS = {
    "sensitivity": ("sensitivity", "study.toml"),
    "sensitivity, two workers": ("sensitivity", "study.toml", "--workers", "2"),
    "merge": ("merge", "parts/1", "parts/2"),
    "economics": ("economics", "--draws", "60", "--patients", "30"),
    "cea": ("cea", "results.csv", "--workbook"),
    "trial": ("trial", "rct", "--trials", "3000", "--quick"),
    "validate": ("validate", "--study", "bali", "--draws", "300", "--patients", "60"),
    "forecast": ("forecast", "ikem", "--draws", "40", "--patients", "40"),
    "calibrate": ("calibrate", "--smoke", "--cohorts", "0", "--patients", "2000"),
    "compare": ("compare", "--patients", "20000", "--no-reliance"),
    "trace": ("trace", "--patient", "3"),
    "patients": ("patients", "ours.csv"),
    "verify": ("verify", "--patients", "200"),
    "evidence": ("evidence", "--all"),
    "boundaries": ("boundaries", "--looks", "3"),
    "samplesize": ("samplesize", "single-arm", "--p0", "0.5", "--p1", "0.7"),
    "schema": ("schema",),
    "new": ("new", "registry", "ours"),
    "explore": ("explore", "--no-browser"),
}
"""Every command of the program, and what it is given beside `--out`."""
PLACES = {"new": "out/ours.csv"}
"""What `--out` is where it is no folder."""
SERVES = "explore"
"""The command that writes nothing: what it was asked for is its result."""
LONGEST = 900.0
KEPT = {"manifest.json", "study.json", "shards"}
"""What may lie in an output folder and is no result."""


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    code: int
    said: str
    seconds: float


class Fault(Exception):
    """What a round found."""


@dataclass(frozen=True)
class Place:
    """Where a round happens: an output folder and a cache of its own."""

    root: Path

    @property
    def out(self) -> Path:
        """The output folder."""
        return self.root / "out"

    def start(self, command: str, limit: int | None = None) -> subprocess.Popen[str]:
        """A run in a process group of its own, with files of at most `limit` bytes."""
        where = () if command == SERVES else ("--out", PLACES.get(command, "out"))
        if command in (SERVES, *PLACES):
            self.out.mkdir(exist_ok=True)
        env = {**os.environ, "CLTI_CACHE": str(self.root / "cache"), "PYTHONPATH": str(ROOT)}
        # Results carry the command, which is therefore the same everywhere.
        return subprocess.Popen(
            [sys.executable, "-c", START, *COMMANDS[command], *where],
            cwd=self.root,
            env=env if limit is None else env | {"LIMIT": str(limit)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, command: str, limit: int | None = None) -> Ended:
        """A run to its end."""
        return ended(self.start(command, limit))

    def again(self, command: str) -> Ended:
        """The command given once more, unless it has written what it refuses to replace."""
        if command in PLACES and (self.root / PLACES[command]).exists():
            return Ended(0, "", 0.0)
        return self.run(command)

    def killed(self, command: str, after: float) -> Ended:
        """A run that is killed, with its workers, unless it ends before."""
        process = self.start(command)
        try:
            return ended(process, after)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return ended(process)


def ended(process: subprocess.Popen[str], timeout: float = LONGEST) -> Ended:
    """Wait for a run."""
    start = time.monotonic()
    said = process.communicate(timeout=timeout)[1]
    return Ended(process.returncode, said, time.monotonic() - start)


def refused(command: str, done: Ended) -> bool:
    """Whether a command did not replace what another run of it has written."""
    return command in PLACES and done.code == 2 and "nothing is overwritten" in done.said


def results(out: Path) -> dict[str, str]:
    """Hash of every result in an output folder; what is unfinished or foreign counts as a result too."""
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else "a folder"
        for file in sorted(out.iterdir())
        if file.name not in KEPT
    }


def kill(place: Place, command: str, seconds: float, luck: random.Random) -> None:
    """kill -9 at one to three random moments."""
    for _ in range(luck.randint(1, 3)):
        done = place.killed(command, luck.uniform(0.0, seconds))
        if done.code not in {0, -signal.SIGKILL} and not refused(command, done):
            raise Fault(f"killed, it ended with {done.code}: {done.said[-2000:]}")


def damage(place: Place, command: str, seconds: float, luck: random.Random) -> None:
    """Up to ten files of work folders and caches of a killed run are cut, emptied, altered or exchanged."""
    place.killed(command, luck.uniform(0.3, 1.0) * seconds)
    work = [file for kept in (place.out, place.root / "cache") for file in kept.rglob("*.npz")]
    compiled = [file for file in (place.root / "cache").rglob("*") if file.suffix in {".nbi", ".nbc"}]
    for files in (work, compiled):
        for file in luck.sample(files, min(len(files), luck.randint(1, 10))):
            content = bytearray(file.read_bytes() or b"x")
            way = luck.choice(("cut", "empty", "alter", "exchange"))
            if way == "cut":
                file.write_bytes(content[: luck.randrange(len(content))])
            elif way == "empty":
                file.write_bytes(b"")
            elif way == "alter":
                content[luck.randrange(len(content))] ^= 1 << luck.randrange(8)
                file.write_bytes(content)
            else:
                file.write_bytes(luck.choice(files).read_bytes())


def two_writers(place: Place, command: str, seconds: float, luck: random.Random) -> None:
    """Two runs at once in one folder, the second a moment later."""
    first = place.start(command)
    time.sleep(luck.uniform(0.0, 0.5) * seconds)
    for done in (place.run(command), ended(first)):
        if done.code != 0 and not refused(command, done):
            raise Fault(f"beside another run it ended with {done.code}: {done.said[-2000:]}")


def full_disk(place: Place, command: str, seconds: float, luck: random.Random) -> None:
    """A disk with little room, or a limit on the size of files."""
    del seconds
    if os.path.ismount(place.root):
        now = os.statvfs(place.root)
        resize(place.root, (now.f_blocks - now.f_bfree) * now.f_frsize + luck.randint(4_096, 600_000))
        done = place.run(command)
        resize(place.root, None)
    else:
        done = place.run(command, int(10 ** luck.uniform(2.0, 5.5)))
    if "Traceback" in done.said or (done.code != 0 and (done.code != 1 or "No room left" not in done.said)):
        raise Fault(f"on a full disk it ended with {done.code}: {done.said[-2000:]}")


DISTURBANCES = {"kill": kill, "damage": damage, "two writers": two_writers, "full disk": full_disk}


def resize(mount: Path, size: int | None) -> None:
    """Give a tmpfs another size, by default plenty."""
    options = f"remount,size={-(-(size or 2_000_000_000) // 4096) * 4}k"
    subprocess.run(["mount", "-o", options, str(mount)], check=True, capture_output=True)


def clear(folder: Path) -> None:
    """Remove a folder, which a soak that was killed may have left mounted."""
    if os.path.ismount(folder):
        subprocess.run(["umount", str(folder)], check=True)
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def place_for(folder: Path, warm: Path, inputs: Path, disturbance: str, luck: random.Random) -> Iterator[Place]:
    """A fresh place, for full disks a tmpfs if that may be mounted, whose compiled code is there unless luck is against it."""
    folder.mkdir(parents=True)
    mounted = disturbance == "full disk" and (
        subprocess.run(["mount", "-t", "tmpfs", "soak", str(folder)], capture_output=True, check=False).returncode == 0
    )
    try:
        if luck.random() < 0.9:
            shutil.copytree(warm, folder / "cache")
        shutil.copytree(inputs, folder, dirs_exist_ok=True)
        yield Place(folder)
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=False)


def round_of(number: int, folder: Path, sound: dict[str, dict[str, str]], seconds: dict[str, float]) -> dict[str, str]:
    """One round: what was done and, if anything was wrong, what."""
    luck = random.Random(number)
    # Every command meets every disturbance in turn, in an order that mixes both.
    pairs = [(command, disturbance) for disturbance in DISTURBANCES for command in sound]
    random.Random(len(pairs)).shuffle(pairs)
    command, disturbance = pairs[number % len(pairs)]
    here = folder / f"round-{number}"
    clear(here)
    found = {"round": str(number), "command": command, "disturbance": disturbance, "fault": ""}
    with place_for(here, folder / "warm", folder / "inputs", disturbance, luck) as place:
        try:
            DISTURBANCES[disturbance](place, command, seconds[command], luck)
            done = place.again(command)
            if done.code != 0 or "Traceback" in done.said:
                raise Fault(f"given again it ended with {done.code}: {done.said[-2000:]}")
            now = results(place.out)
            different = sorted(
                name for name in now.keys() | sound[command].keys() if now.get(name) != sound[command].get(name)
            )
            if different:
                raise Fault(f"other results than undisturbed: {different}; said: {done.said[-1000:]}")
            if left := [str(each) for each in here.rglob(".clti-*")]:
                raise Fault(f"left unfinished: {left}")
        except (Fault, subprocess.TimeoutExpired) as fault:
            found["fault"] = str(fault)
    if not found["fault"]:
        clear(here)
    return found


def make_inputs(folder: Path) -> None:
    """The files that commands read: a study and its parts, results of somebody's model, and a registry's export."""
    from made_up_exports import SHAPES, made_up

    folder.mkdir(parents=True)
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    for part in ("1", "2"):
        words = ("sensitivity", "study.toml", "--shard", f"{part}/2", "--out", f"parts/{part}")
        subprocess.run([sys.executable, "-c", START, *words], cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)},
                       check=True, capture_output=True)  # fmt: skip
    luck = random.Random(1)
    rows = [f"{draw},{option},{luck.gauss(900 + 500 * more, 90)},{luck.gauss(2 + 0.03 * more, 0.1)}"
            for draw in range(100) for more, option in enumerate(("usual", "new", "newest"))]  # fmt: skip
    (folder / "results.csv").write_text("\n".join(["draw,option,cost,effect", *rows]) + "\n", encoding="utf-8")
    # A date of "amputation" alone leaves open whether the limb was lost; this heading says it.
    export = SHAPES["german"](made_up(240, seed=7)).decode("cp1252").replace("Amputationsdatum", "Majoramputation am")
    (folder / "ours.csv").write_bytes(export.encode("cp1252"))


def undisturbed(folder: Path, commands: list[str]) -> tuple[dict[str, dict[str, str]], dict[str, float]]:
    """Results and seconds of every command when nobody disturbs it, with code that is compiled."""
    sound, seconds = {}, {}
    for command in commands:
        place = Place(folder / "sound")
        shutil.copytree(folder / "inputs", folder / "sound", dirs_exist_ok=True)
        for _ in range(2):
            shutil.rmtree(place.out, ignore_errors=True)
            # Shards of the first run would make the second too fast.
            for kept in ("ledgers", "predictions"):
                shutil.rmtree(place.root / "cache" / "clti-simulator" / kept, ignore_errors=True)
            done = place.run(command)
            if done.code != 0:
                raise SystemExit(f"{command} fails undisturbed: {done.said}")
        sound[command], seconds[command] = results(place.out), done.seconds
        print(f"{command}: {done.seconds:.0f} s undisturbed", flush=True)
    for kept in ("ledgers", "predictions"):
        shutil.rmtree(folder / "sound" / "cache" / "clti-simulator" / kept, ignore_errors=True)
    (folder / "sound" / "cache").mkdir(exist_ok=True)
    (folder / "sound" / "cache").rename(folder / "warm")
    return sound, seconds


def main() -> int:
    """Soak for some minutes, print the counts, and say whether anything failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0, help="for how long rounds are begun")
    parser.add_argument("--folder", type=Path, default=Path("clti-out/soak"), help="what is done, and what failed")
    parser.add_argument("--only", choices=COMMANDS, action="append", help="only this command; repeat for several")
    parser.add_argument("--afresh", action="store_true", help="forget earlier rounds, as after a change of the program")
    asked = parser.parse_args()
    folder: Path = asked.folder.resolve()
    if asked.afresh:
        for each in (*folder.glob("round-*"), folder):
            clear(each)
    folder.mkdir(parents=True, exist_ok=True)
    known, log = folder / "sound.json", folder / "rounds.jsonl"
    if known.exists():
        sound, seconds = json.loads(known.read_text())
    else:
        for old in ("sound", "warm", "inputs"):
            shutil.rmtree(folder / old, ignore_errors=True)
        make_inputs(folder / "inputs")
        sound, seconds = undisturbed(folder, asked.only or list(COMMANDS))
        known.write_text(json.dumps([sound, seconds]))
    rounds = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    until = time.monotonic() + 60.0 * asked.minutes
    while time.monotonic() < until:
        found = round_of(len(rounds), folder, sound, seconds)
        rounds.append(found)
        with log.open("a") as stream:
            stream.write(json.dumps(found) + "\n")
        print(f"{found['round']:>4} {found['command']}, {found['disturbance']}: {found['fault'] or 'ok'}", flush=True)
    counts = Counter((each["disturbance"], bool(each["fault"])) for each in rounds)
    for disturbance in DISTURBANCES:
        good, bad = counts[disturbance, False], counts[disturbance, True]
        print(f"{disturbance}: {good + bad} rounds, {bad} failed")
    return int(any(each["fault"] for each in rounds))


if __name__ == "__main__":
    sys.exit(main())
