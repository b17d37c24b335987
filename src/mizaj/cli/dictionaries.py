"""`mizaj lexicon ...`: look into dictionaries, check them, grow them from posts, build them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mizaj.cli import options as given
from mizaj.cli.scoring import DONE
from mizaj.cli.show import show, show_json
from mizaj.errors import SettingError

if TYPE_CHECKING:
    from mizaj.lexicon.entries import Entry
    from mizaj.lexicon.importers import ImportSettings

PACKED = ".lex"
PLAIN = ".tsv"
_LONGEST_HEADER = 1000

lexicon_app = typer.Typer(
    help="Dictionaries: show, check, grow from posts, build.", rich_markup_mode=None
)

Dictionaries = Annotated[list[str], typer.Argument(metavar="FILE", help="Dictionaries.")]


@lexicon_app.command("show")
def show_words(
    words: Annotated[list[str], typer.Argument(metavar="WORD", help="Words, quoted phrases.")],
    lexicon: given.Lexicons = None,
    domain: given.Domain = None,
    as_json: given.AsJson = False,
) -> int:
    """Show what the dictionary says about words.

    \b
    mizaj lexicon show accha nahi "paisa vasool"
    """
    from mizaj.lexicon.kept import open_lexicon

    known = open_lexicon(tuple(map(Path, lexicon or ())), domain)
    found = {word: known.lookup(word.lower()) for word in words}
    if as_json:
        show_json([_fields(word, entry) for word, entry in found.items()])
        return DONE
    for word, entry in found.items():
        show(f"{word}: {_described(entry) if entry else 'not in the dictionary'}")
    return DONE


@lexicon_app.command()
def check(files: Dictionaries, as_json: given.AsJson = False) -> int:
    """Check that dictionaries (TSV) keep the format, and count what they hold.

    \b
    mizaj lexicon check my-words.tsv
    """
    from mizaj.lexicon.entries import read_entries

    found = {name: _counted(read_entries(Path(name))) for name in files}
    if as_json:
        show_json([{"file": name, **counts} for name, counts in found.items()])
        return DONE
    for name, counts in found.items():
        show(f"{name}: " + ", ".join(f"{count:,} {what}" for what, count in counts.items()))
    return DONE


@lexicon_app.command()
def grow(
    sources: given.Sources,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="OUT", help="The TSV to review.")
    ],
    text: given.Text = "text",
    label: Annotated[
        str | None, typer.Option("--label", metavar="COLUMN", help="Labels, if there are any.")
    ] = None,
    min_count: Annotated[
        int, typer.Option("--min-count", metavar="N", help="Posts that must hold a word.")
    ] = 5,
    most: Annotated[
        int, typer.Option("--most", metavar="N", help="Words to list, most frequent first.")
    ] = 2000,
    lexicon: given.Lexicons = None,
    domain: given.Domain = None,
) -> int:
    """List frequent words that no dictionary knows, with what they may mean, for review.

    Set `keep` to y where a line is right, correct or leave the others, then build.

    \b
    mizaj lexicon grow 'posts/*.parquet' -o review.tsv
    mizaj lexicon build review.tsv -o my.lex
    """
    # Opened here: it brings pyarrow.
    from mizaj.cli.growing import GrowJob, grow_words
    from mizaj.lexicon.grow import GrowSettings

    job = GrowJob(tuple(sources), output, text, label, GrowSettings(min_count=min_count, most=most))
    return grow_words(job, tuple(map(Path, lexicon or ())), domain)


@lexicon_app.command()
def build(
    files: Dictionaries,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="OUT", help="A .lex or .tsv file.")
    ],
    format: Annotated[
        str | None, typer.Option("--format", metavar="NAME", help="Format of others' dictionaries.")
    ] = None,
    notation: Annotated[
        str,
        typer.Option("--notation", metavar="NAME", help="How they write Hindi: wx, itrans, ..."),
    ] = "",
    language: Annotated[
        str, typer.Option("--language", metavar="NAME", help="The language of all their words.")
    ] = "",
) -> int:
    """Merge dictionaries: yours, reviewed ones, WordNets, SentiWordNets, VADER, AFINN, NRC.

    OUT.lex is packed on top of the shipped dictionary, for --lexicon; OUT.tsv holds the entries of
    the files only, to read and correct. A later file wins over an earlier one.

    \b
    mizaj lexicon build review.tsv -o my.lex
    mizaj lexicon build HSWN_WN.txt --notation wx -o hswn.tsv
    """
    from mizaj.lexicon.entries import write_entries
    from mizaj.lexicon.importers import ImportSettings
    from mizaj.lexicon.pack import DATA, merge, pack, read_folder, read_weights
    from mizaj.write import write_whole

    target = Path(output)
    if target.suffix not in {PACKED, PLAIN}:
        message = (
            f"the output is {output}; its name must end in {PACKED} (packed) or {PLAIN} (text)"
        )
        raise SettingError(message)
    settings = ImportSettings(notation=notation, language=language)
    entries = merge([e for name in files for e in _entries(Path(name), format, settings)])
    if target.suffix == PLAIN:
        write_entries(target, entries)
    else:
        everything = merge([*read_folder(DATA), *entries])
        # by rename: a running process may have the old file mapped
        write_whole(target, pack(everything, read_weights(DATA / "weights.json")))
    show(f"wrote {output}: {len(entries):,} entries of {len(files)} files")
    return DONE


def _entries(path: Path, format: str | None, settings: ImportSettings) -> list[Entry]:
    """The entries of a reviewed file, of one of our own, or of one that others made."""
    from mizaj.lexicon.entries import read_entries
    from mizaj.lexicon.grow import merge_reviewed
    from mizaj.lexicon.importers import import_entries

    columns = _columns(path) if format is None else frozenset()
    if "keep" in columns:
        return merge_reviewed(path)
    if {"word", "language"} <= columns:
        return read_entries(path)
    return list(import_entries(path, format, settings=settings))


def _columns(path: Path) -> frozenset[str]:
    """The words of the first line of a file; none for a folder or a file that cannot be read."""
    if not path.is_file():
        return frozenset()
    with path.open(encoding="utf-8", errors="replace") as file:
        return frozenset(file.readline(_LONGEST_HEADER).rstrip().split("\t"))


def _counted(entries: list[Entry]) -> dict[str, int]:
    return {
        "entries": len(entries),
        "with a polarity": sum(entry.polarity != 0 for entry in entries),
        "with a role": sum(bool(entry.role) for entry in entries),
        "spellings of another": sum(bool(entry.form_of) for entry in entries),
    }


def _fields(word: str, entry: Entry | None) -> dict[str, object]:
    return {"word": word, "is_known": entry is not None} | (
        {name: value for name, value in asdict(entry).items() if name != "word"} if entry else {}
    )


def _described(entry: Entry) -> str:
    """What an entry says, in one line without its empty columns."""
    said = [entry.language]
    if entry.polarity:
        said.append(f"polarity {entry.polarity:+g}")
    said += [f"{name} {value}" for name, value in _named(entry) if value]
    return ", ".join(said)


def _named(entry: Entry) -> list[tuple[str, object]]:
    names = ("pos", "role", "weight", "form_of", "source")
    return [(name.replace("_", " "), getattr(entry, name)) for name in names]
