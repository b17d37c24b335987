"""Personal data replaced, as a step of a pipeline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mizaj.batch import MASKED, REJECTED, TEXT, TEXT_TYPES, as_text, text_type
from mizaj.clean.kept import plain_texts
from mizaj.clean.personal.candidates import has_handle, mask_handles, may_hold
from mizaj.clean.personal.finder import Finder
from mizaj.clean.personal.found import HANDLE, KINDS, PHONE, Found
from mizaj.clean.personal.telephones import check_region
from mizaj.clean.personal.ways import (
    DROP,
    HASH,
    MASK,
    WAYS,
    check_key,
    cut,
    hash_of,
    key_print,
    mask_of,
    replaced,
)
from mizaj.clean.personal.whole import hide_lines, rewrite_whole
from mizaj.errors import SettingError, SourceError


@dataclass(frozen=True)
class MaskPersonal:
    """Reads a text column, replaces personal data in every row, adds `masked`, the kinds found in order of the text.

    `kinds` are some of `KINDS`. `how` is `mask` (`<email>`; `@user` for handles), `hash` (`<email:` and a pseudonym of
    16 letters, the same for the same person and `key`) or `drop` (cut out). `region` is the country of telephone
    numbers without one. `spaced_handles` reads `@ name` as a handle too. `columns` (an author) are replaced whole,
    and so is the text of a row that `rejected` tells to be a raw line of the input, which holds them too (`<line>`). A
    null text stays null, its `masked` is empty. Raises `SettingError` when made with something else, `ExtraMissing`
    without the libraries that the kinds need.

    >>> batch = pa.record_batch({"text": ["Call 98765 43210 ya @ravi", "accha", None]})
    >>> out = MaskPersonal()(batch)
    >>> out.column("text").to_pylist(), out.column("masked").to_pylist()
    (['Call <phone> ya @user', 'accha', None], [['phone', 'handle'], [], []])
    """

    kinds: tuple[str, ...] = KINDS
    how: str = MASK
    key: str = field(default="", repr=False)
    region: str = "IN"
    spaced_handles: bool = False
    columns: tuple[str, ...] = ()
    text: str = TEXT.name

    def __post_init__(self) -> None:
        _check(self)
        if self.how == HASH:
            check_key(self.key)
        if PHONE in self.kinds:
            check_region(self.region)
        Finder(self.kinds, self.region)(
            ""
        )  # so a library that is missing is named before any row is read

    @property
    def reads(self) -> tuple[str, ...]:
        """The text column and those replaced whole."""
        return (self.text, *self.columns)

    @property
    def rewrites(self) -> tuple[str, ...]:
        """All columns it reads."""
        return self.reads

    @property
    def adds(self) -> pa.Schema:
        """The column `masked`."""
        return pa.schema([MASKED])

    @property
    def content_hash(self) -> str | None:
        """What tells keys apart in a fingerprint, which does not show them; None where nothing is hashed."""
        return key_print(self.key) if self.how == HASH else None

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with personal data replaced, and `masked` appended."""
        for name in self.columns:
            batch = _with(batch, name, rewrite_whole(batch.column(name), name, self.how, self.key))
        column = batch.column(self.text)
        if self.columns and REJECTED.name in batch.schema.names:
            column = hide_lines(column, batch.column(REJECTED.name), self.how)
        texts, masked = self._read(column)
        return _with(batch, self.text, texts).append_column(MASKED, masked)

    def _read(self, column: pa.Array) -> tuple[pa.Array, pa.Array]:
        if pa.types.is_dictionary(column.type):
            values, masked = self._read(column.dictionary)
            texts = pa.DictionaryArray.from_arrays(
                column.indices, values, ordered=column.type.ordered
            )
            return texts, _no_nulls(masked.take(column.indices))
        if column.null_count == len(column):
            return column, _Masked(len(column)).column()
        if text_type(column.type) is None:
            message = f"column '{self.text}' is {column.type}; a text column is {TEXT_TYPES}"
            raise SourceError(message)
        texts, masked = self._mask(as_text(column))
        return (texts if texts.type.equals(column.type) else texts.cast(column.type)), masked

    def _mask(self, texts: pa.Array) -> tuple[pa.Array, pa.Array]:
        masked = _Masked(len(texts))
        if not self.kinds:
            return texts, masked.column()
        is_read = may_hold(texts, self.kinds)
        texts = self._find(texts, is_read, self.kinds, masked)
        if HANDLE not in self.kinds:
            return texts, masked.column()
        has_only_handles = pc.and_not(has_handle(texts), is_read)
        if self.how == MASK and not self.spaced_handles:
            texts = _mask_handles(texts, has_only_handles, masked)
        else:
            texts = self._find(texts, has_only_handles, (HANDLE,), masked)
        return texts, masked.column()

    def _find(
        self, texts: pa.Array, where: pa.Array, kinds: tuple[str, ...], masked: _Masked
    ) -> pa.Array:
        """The texts with those `where` says written anew, as far as something is found in them."""
        finder = Finder(kinds, self.region, self.spaced_handles)
        # what is left must not read as another kind either
        every = Finder(self.kinds, self.region, self.spaced_handles)
        write = _writer(self.how, self.key, every)
        places = np.flatnonzero(where.to_numpy(zero_copy_only=False)).tolist()
        rows, written = [], []
        # A loop over rows: what is found depends on checks that no kernel knows; few rows come here.
        for row, text in zip(places, plain_texts(texts.filter(where)), strict=True):
            if found := finder(text):
                rows.append(row)
                written.append(write(text, found))
                masked.put(row, [KINDS.index(each.kind) for each in found])
        if not rows:
            return texts
        is_written = np.zeros(len(texts), bool)
        is_written[rows] = True
        return pc.replace_with_mask(texts, pa.array(is_written), pa.array(written, texts.type))


def _mask_handles(texts: pa.Array, where: pa.Array, masked: _Masked) -> pa.Array:
    """The texts with handles masked by kernels where nothing else can be."""
    if not pc.any(where).as_py():
        return texts
    written, counts = mask_handles(texts.filter(where))
    masked.repeat(where, KINDS.index(HANDLE), counts)
    return pc.replace_with_mask(texts, where, written)


class _Masked:
    """The column `masked` while it is made: how many kinds each row has, and which."""

    def __init__(self, n_rows: int) -> None:
        self.counts = np.zeros(n_rows, np.int32)
        self.put_rows: dict[int, list[int]] = {}
        self.repeated = 0

    def put(self, row: int, kinds: list[int]) -> None:
        """The kinds of one row, as places in `KINDS`."""
        self.counts[row] = len(kinds)
        self.put_rows[row] = kinds

    def repeat(self, where: pa.Array, kind: int, counts: pa.Array) -> None:
        """One kind, so many times in each of these rows."""
        self.counts[where.to_numpy(zero_copy_only=False)] = counts.to_numpy()
        self.repeated = kind

    def column(self) -> pa.Array:
        """The lists of kinds."""
        offsets = np.zeros(len(self.counts) + 1, np.int32)
        np.cumsum(self.counts, out=offsets[1:])
        places = np.full(offsets[-1], self.repeated, np.int8)
        for row, kinds in self.put_rows.items():
            places[offsets[row] : offsets[row + 1]] = kinds
        kinds = pa.array(KINDS, MASKED.type.value_type).take(pa.array(places))
        return pa.ListArray.from_arrays(pa.array(offsets), kinds)


def _writer(how: str, key: str, finder: Finder) -> Callable[[str, list[Found]], str]:
    if how == DROP:
        return lambda text, found: cut(text, found, finder)
    written = mask_of if how == MASK else (lambda found: hash_of(found, key))
    return lambda text, found: replaced(text, found, written)


def _no_nulls(masked: pa.Array) -> pa.Array:
    """Empty lists where a null text gave none."""
    return masked if not masked.null_count else masked.fill_null([])


def _with(batch: pa.RecordBatch, name: str, column: pa.Array) -> pa.RecordBatch:
    place = batch.schema.get_field_index(name)
    return batch.set_column(place, batch.schema.field(place), column)


def _check(step: MaskPersonal) -> None:
    kinds: object = step.kinds  # from a command line or a file it may be anything
    names: object = step.columns
    if step.how not in WAYS:
        message = f"how is {step.how!r}; allowed: {', '.join(WAYS)}"
        raise SettingError(message)
    if not isinstance(kinds, tuple) or not set(kinds) <= set(KINDS):
        message = f"kinds is {step.kinds!r}; allowed: a tuple of {', '.join(KINDS)}"
        raise SettingError(message)
    own = {step.text, REJECTED.name, MASKED.name}
    if not isinstance(names, tuple) or not own.isdisjoint(names):
        message = (
            f"columns is {step.columns!r}; allowed: a tuple of columns that are replaced whole; "
            f"the text '{step.text}' is masked by kind, and '{REJECTED.name}' and '{MASKED.name}' are of mizaj"
        )
        raise SettingError(message)
    if not step.kinds and not step.columns:
        message = f"nothing to mask: name kinds ({', '.join(KINDS)}) or columns"
        raise SettingError(message)
    if step.key and step.how != HASH:
        message = f"a key is given, but how is {step.how!r}; a key is for how='{HASH}' alone"
        raise SettingError(message)
