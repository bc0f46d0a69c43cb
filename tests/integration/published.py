"""Without this a sweep could train other than the paper it asks about, and a chain of sweeps break where a run that another
starts from gets another identity."""

import json
import re

import program

SWEEPS = program.SOURCE / "sweeps"
DEVIATIONS = {"constructed": 0.0002, "raw": 0.05}  # of initial weights, by tokens.kind


def cells(text):
    """Of each line of its tables, the headers too."""
    return [re.split(r" ?(?<!\\)\| ?", line)[1:-1] for line in text.splitlines() if line.startswith("|")]


def trainings():
    """(sweep, {key: value}) of each row of the table of src/science.md; None: not a setting of that model."""
    section = (program.SOURCE / "src/science.md").read_text().split("### 2.4")[1].split("\n### ")[0]
    header, _, *rows = cells(section)
    keys = [key.strip("`") for key in header[1:]]
    for sweep, *values in rows:
        yield sweep.strip("`"), {key: None if value == "-" else json_value(value) for key, value in zip(keys, values, strict=True)}


def json_value(text):
    return float(text) if re.fullmatch(r"[0-9.]+", text) else text


class Published(program.Case):
    def setUp(self):
        super().setUp()
        rows = [row for row in cells(self.run_program("keys", "--markdown")) if len(row) == 5]  # key, type, default, unit, meaning
        self.defaults = {row[0].strip("`"): json_value(row[2]) for row in rows}

    def plan(self, sweep):
        """Settings of each run, without those that are the default or that its model does not have."""
        return [json.loads(line) for line in self.run_program("plan", SWEEPS / f"{sweep}.yaml", "--json").splitlines()]

    def setting(self, run, key):
        return run.get(key, self.defaults[key])

    def identities(self, sweep):
        """{identity: settings} of each run."""
        _, *lines, _ = self.run_program("plan", SWEEPS / f"{sweep}.yaml", "--list").splitlines()
        return dict(zip([line.split()[0] for line in lines], self.plan(sweep), strict=True))

    def test_each_training_of_paper_2_is_a_run_of_its_sweep(self):
        rows = list(trainings())
        self.assertEqual(len(rows), 24)
        for sweep, settings in rows:
            with self.subTest(sweep, **settings):
                alike = [run for run in self.plan(sweep)
                         if all(self.setting(run, key) == value for key, value in settings.items() if value is not None)
                         and not any(key in run for key, value in settings.items() if value is None)]
                self.assertTrue(alike)
                for run in alike:
                    gradients = [self.setting(run, f"train.{key}") for key in ("clip_value", "clip_norm", "beta1", "beta2")]
                    self.assertEqual(gradients, [1, 0, 0.9, 0.999])
                    self.assertEqual(self.setting(run, "train.warmup"), 1000 if settings["train.schedule"] == "cosine" else 0)
                    self.assertEqual(self.setting(run, "model.init_deviation"), DEVIATIONS[run["tokens.kind"]])
                    self.assertEqual(run.get("model.position_size"), settings["model.embedding"])

    def test_a_run_that_others_start_from_is_one_of_the_sweep_before(self):
        same = ("model.layers", "model.depth", "model.heads", "model.key_size", "model.embedding", "model.clip")
        for sweep, before in (("paper2-few-shot-tuning", "paper2-few-shot"), ("paper2-few-shot-prefix", "paper2-few-shot-tuning")):
            known = self.identities(before)
            starts = self.plan(sweep)
            self.assertTrue(starts)
            for run in starts:
                with self.subTest(sweep, start=run["start.run"]):
                    self.assertIn(run["start.run"], set(known))
                    for key in same:
                        self.assertEqual(run.get(key), known[run["start.run"]].get(key), key)


program.main()
