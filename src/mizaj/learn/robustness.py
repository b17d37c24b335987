"""What carelessly written posts cost a model: its answers on clean text against those on noisy text, row by row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mizaj.batch import as_text
from mizaj.errors import SettingError
from mizaj.learn import evaluation_tables as tables
from mizaj.learn.augment import NOISES, check_noises, noisy
from mizaj.learn.coding import codes_of
from mizaj.learn.compare import Comparison, Paired, compare_counts
from mizaj.learn.evaluate import DEFAULT, EvaluateSettings, Scorer, score_texts
from mizaj.learn.intervals import bootstrap_intervals
from mizaj.learn.metrics import Counts, Ints
from mizaj.model.score import answer_names


@dataclass(frozen=True)
class NoiseSettings:
    """Which noises, how strong each, and on how many rows at most.

    A strength is the share of words (of a text's emoji) that the noise may change. Raises `SettingError` for a noise
    that is not known, a strength beyond 0 to 1, and fewer rows than 1.
    """

    noises: tuple[str, ...] = tuple(NOISES)
    strengths: tuple[float, ...] = (0.1, 0.3, 1.0)
    most_rows: int = 2000
    seed: int = 0

    def __post_init__(self) -> None:
        for strength in self.strengths:
            check_noises(self.noises, strength)
        if self.most_rows < 1 or not (self.noises and self.strengths):
            message = (
                f"{len(self.noises)} noises at {len(self.strengths)} strengths on {self.most_rows} rows; "
                "give at least one of each"
            )
            raise SettingError(message)


USUAL = NoiseSettings()


@dataclass(frozen=True)
class Noisy:
    """A model's answers under one noise: `paired` has those on noisy text first, on clean text second."""

    noise: str
    strength: float
    n_changed: int
    paired: Paired

    @property
    def counts(self) -> Counts:
        """What was counted on noisy text."""
        return self.paired.first

    def against_clean(self, *, n_resamples: int, seed: int) -> Comparison:
        """Noisy text against clean: macro-F1 gained (lost, if below 0) with its paired interval."""
        names = (f"{self.noise} {self.strength:g}", "clean")
        return compare_counts(self.paired, names=names, n_resamples=n_resamples, seed=seed)


@dataclass(frozen=True)
class Robustness:
    """One model under every noise at every strength, all on the same rows."""

    name: str
    clean: Counts
    noises: tuple[Noisy, ...]
    n_resamples: int = 2000
    seed: int = 0

    def to_dict(self) -> dict[str, object]:
        """The figures for JSON: `model`, `rows`, `clean`, and `noises`, each with its `against_clean`."""
        return {
            "model": self.name,
            "rows": self.clean.n_rows,
            "clean": self._figures(self.clean),
            "noises": [
                {
                    "noise": each.noise,
                    "strength": each.strength,
                    "changed": each.n_changed,
                    **self._figures(each.counts),
                    "against_clean": each.against_clean(**self.draws).to_dict(),
                }
                for each in self.noises
            ],
        }

    @property
    def draws(self) -> dict[str, int]:
        """How intervals are drawn."""
        return {"n_resamples": self.n_resamples, "seed": self.seed}

    def render(self) -> str:
        """The figures as a table of at most 80 columns."""
        head = ("noise", "strength", "changed", "accuracy", "macro-F1", "change", "95 %")
        clean = (
            *("none", "", ""),
            *(f"{value:.3f}" for value in (self.clean.accuracy, self.clean.macro_f1)),
            *("", ""),
        )
        title = f"{self.name} on noisy text: {self.clean.n_rows:,} rows"
        return f"{title}\n\n{tables.table(head, [clean, *map(self._row, self.noises)])}"

    def _row(self, each: Noisy) -> tuple[str, ...]:
        fall = each.against_clean(**self.draws).difference
        return (
            each.noise,
            f"{each.strength:g}",
            f"{each.n_changed / max(self.clean.n_rows, 1):.0%}",
            f"{each.counts.accuracy:.3f}",
            f"{each.counts.macro_f1:.3f}",
            f"{fall.value:+.3f}",
            f"[{fall.low:+.3f}, {fall.high:+.3f}]",
        )

    def _figures(self, counts: Counts) -> dict[str, object]:
        found = bootstrap_intervals(counts, **self.draws)
        return {"accuracy": found.accuracy.to_dict(), "macro_f1": found.macro_f1.to_dict()}


def robustness(
    models: Mapping[str, Scorer],
    batches: Iterable[pa.RecordBatch],
    *,
    noise: NoiseSettings = USUAL,
    settings: EvaluateSettings = DEFAULT,
) -> tuple[Robustness, ...]:
    """How each model answers labelled posts when they are noisy: the same posts and noise for all models.

    At most `noise.most_rows` rows are drawn. A row counts where its label is known and the model answers it clean
    and noisy. Raises `SettingError` when no row has a usable label.
    """
    texts, truth = _drawn(batches, noise, settings)
    answers = {name: _Answers(name, score, settings) for name, score in models.items()}
    clean = {name: ask(texts) for name, ask in answers.items()}
    found: dict[str, list[Noisy]] = {name: [] for name in models}
    for each in noise.noises:
        for strength in noise.strengths:
            changed = noisy(texts, each, strength=strength, seed=noise.seed)
            n_changed = pc.sum(pc.not_equal(changed, texts)).as_py() or 0
            for name, ask in answers.items():
                paired = _pair(truth, ask(changed), clean[name], settings.labels)
                found[name].append(Noisy(each, strength, n_changed, paired))
    return tuple(
        Robustness(
            name,
            clean=_pair(truth, clean[name], clean[name], settings.labels).first,
            noises=tuple(found[name]),
            n_resamples=settings.n_resamples,
            seed=settings.seed,
        )
        for name in models
    )


@dataclass(frozen=True)
class _Answers:
    """Texts to the numbers of a model's answers."""

    name: str
    score: Scorer
    settings: EvaluateSettings

    def __call__(self, texts: pa.Array) -> Ints:
        answer, _ = answer_names(self.settings.task)
        table = score_texts(self.name, self.score, texts, answer)
        return codes_of(pa.chunked_array(table[answer]).combine_chunks(), self.settings.labels, {})


def _drawn(
    batches: Iterable[pa.RecordBatch], noise: NoiseSettings, settings: EvaluateSettings
) -> tuple[pa.Array, Ints]:
    """Texts and label numbers of so many rows that have a label, drawn by the seed, in their order."""
    texts, codes = [], []
    for batch in batches:
        found = codes_of(batch.column(settings.label), settings.labels, settings.label_map)
        known = np.flatnonzero(found >= 0)
        texts.append(as_text(batch.column(settings.text)).take(pa.array(known)).cast(pa.string()))
        codes.append(found[known])
    n_rows = sum(map(len, codes))
    if n_rows == 0:
        message = f"no row of column '{settings.label}' holds one of the labels; name it with --label COLUMN"
        raise SettingError(message)
    rng = np.random.default_rng(noise.seed)
    rows = np.sort(rng.permutation(n_rows)[: noise.most_rows])
    return pa.chunked_array(texts).combine_chunks().take(pa.array(rows)), np.concatenate(codes)[
        rows
    ]


def _pair(truth: Ints, first: Ints, second: Ints, labels: tuple[str, ...]) -> Paired:
    kept = (first >= 0) & (second >= 0)
    return Paired.of(truth[kept], first[kept], second[kept], labels=labels)
