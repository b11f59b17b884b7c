"""What the benchmarks of sources share: many files in folders, and one from start to exit."""

import argparse
import dataclasses
import os
import pathlib
import shutil
import statistics
import sys
import tempfile
import typing

from measure import Runner, Sample, ratio_cells, table, verdict

HERE = pathlib.Path(__file__).resolve().parent


def turns(runner, commands, runs, method):
    """A Sample of each command, run in turns; the first turn is not counted."""
    samples = [Sample() for _ in commands]
    for number in range(runs + 1):
        for sample, (argv, codes) in zip(samples, commands):
            result = method(argv)
            if number:
                sample.add(result, codes)
    return samples


@dataclasses.dataclass(frozen=True)
class Sources:
    """A kind of source, and what its files may take."""

    key: str  # of the row of many; that of one is KEY-one
    noun: str
    write: typing.Callable[[int], str]  # the text of a file by its number
    ending: str
    word: str  # what grep looks for beside it
    files: int
    holds: str  # what each has, for the table; may be empty
    seconds: float
    megabytes: int
    one_ms: float
    runs: int

    @property
    def keys(self):
        return [self.key, f"{self.key}-one"]

    def generate(self, directory, files):
        """FILES files below DIRECTORY, 20 to a folder; their size together."""
        size = 0
        for number in range(files):
            folder = directory / f"team-{number // 20}"
            folder.mkdir(parents=True, exist_ok=True)
            text = self.write(number)
            (folder / f"{number}{self.ending}").write_text(text, encoding="utf-8")
            size += len(text)
        return size

    def many_table(self, runner, nonzero, directory, files, size, runs):
        ours, theirs = turns(runner, [([nonzero, "lint", "--no-policy", str(directory)], (1,)),
                                      (["grep", "-rc", self.word, str(directory)], (0, 1))], runs, runner.measure)
        met = verdict(ours.median <= self.seconds) if ours.wrong_exit is None else "not measured"
        return table(
            [f"{self.noun}s", "`nonzero lint DIR`", "target", "met", "peak", "target", "met",
             f"`grep -rc {self.word} DIR`", "ratio", "CPU, both"],
            [[f"{files:,}{self.holds}, {size / 1e6:.1f} MB", ours.time_text(), f"≤ {self.seconds:g} s", met,
              ours.peak_text(), f"≤ {self.megabytes} MB", verdict(ours.peak <= self.megabytes), theirs.time_text(),
              ratio_cells(ours, theirs, None)[0], f"{ours.cpu_text()}, {theirs.cpu_text()}"]])

    def one_table(self, runner, nonzero, path, starts):
        ours, floor = turns(runner, [([nonzero, "lint", "--no-policy", str(path)], (0, 1)), (["/bin/true"], (0,))],
                            starts, runner.spawn)
        if ours.wrong_exit is not None:
            return f"One {self.noun} could not be judged: exit {ours.wrong_exit}."
        quantile = statistics.quantiles(ours.times, n=20)[-1]
        return table(
            [f"start to exit of one {self.noun}", "median", "95th percentile", "target", "met", "`/bin/true`"],
            [[f"{len(ours.times)} runs", f"{ours.median * 1000:.2f} ms", f"{quantile * 1000:.2f} ms",
              f"≤ {self.one_ms} ms", verdict(ours.median * 1000 <= self.one_ms), f"{floor.median * 1000:.2f} ms"]])

    def report(self, runner, nonzero, options):
        """The tables, for bench/run.py."""
        many, one = self.keys
        wanted = [key for key in self.keys if not options.only or key in options.only]
        if not wanted:
            return []
        directory = pathlib.Path(runner.directory) / self.key
        shutil.rmtree(directory, ignore_errors=True)
        files = getattr(options, "files", self.files)
        size = self.generate(directory, files)
        parts = []
        if many in wanted:
            parts.append(self.many_table(runner, nonzero, directory, files, size, options.runs))
        if one in wanted:
            parts.append(self.one_table(runner, nonzero, directory / "team-0" / f"0{self.ending}", options.starts))
        shutil.rmtree(directory)
        return parts

    def main(self, description):
        parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawTextHelpFormatter)
        parser.add_argument("--nonzero", default=os.environ.get("NONZERO", HERE.parent / "build" / "nonzero"))
        parser.add_argument("--files", type=int, default=self.files, help=f"how many {self.noun}s ({self.files})")
        parser.add_argument("--runs", type=int, default=self.runs, help=f"counted runs of each program ({self.runs})")
        parser.add_argument("--starts", type=int, default=300, help=f"runs of the one {self.noun} (300)")
        parser.add_argument("--only", action="append", choices=self.keys)
        parser.add_argument("--keep", metavar="DIR", type=pathlib.Path, help=f"write the {self.noun}s there, and end")
        options = parser.parse_args()
        if options.keep:
            print(f"{self.generate(options.keep, options.files)} bytes in {options.keep}")
            return
        nonzero = os.path.abspath(options.nonzero)
        if not os.access(nonzero, os.X_OK):
            sys.exit(f"{nonzero}: no such program; build it, or name it with --nonzero")
        with tempfile.TemporaryDirectory(prefix="nonzero-bench-") as directory:
            os.chdir(directory)
            print("\n\n".join(self.report(Runner(directory), nonzero, options)))
            os.chdir("/")
