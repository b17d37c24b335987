"""The command `clean`: what spoils a stream of posts set aside, with a reason for each row."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from mizaj.cli import options as given

Kinds = Annotated[
    str | None,
    typer.Option("--mask", metavar="KINDS", help="Mask personal data: 'all', or email,phone,..."),
]


# A command's parameters are its options, so here the usual limit of five does not hold.
def clean(
    sources: given.Sources,
    output: given.Output,
    text: given.Text = "text",
    format: given.Format = None,
    query: given.Query = None,
    repair: Annotated[
        bool, typer.Option("--repair/--no-repair", help="Mend mojibake and escapes first.")
    ] = True,
    languages: Annotated[
        str,
        typer.Option("--languages", metavar="A,B", help="Languages to keep, or 'all'."),
    ] = "en,hi,hi-Latn,hi-en",
    min_words: Annotated[int, typer.Option("--min-words", min=0, metavar="N")] = 0,
    max_words: Annotated[int | None, typer.Option("--max-words", min=1, metavar="N")] = None,
    min_characters: Annotated[int, typer.Option("--min-characters", min=0, metavar="N")] = 0,
    max_characters: Annotated[
        int | None, typer.Option("--max-characters", min=1, metavar="N")
    ] = None,
    wordless: Annotated[
        Literal["reject", "keep-emoji", "keep"],
        typer.Option("--wordless", help="Posts of nothing but links, handles and emoji."),
    ] = "keep-emoji",
    spam: Annotated[
        bool, typer.Option("--spam/--no-spam", help="Reject spam and advertisements.")
    ] = True,
    about: Annotated[
        str | None,
        typer.Option("--about", metavar="A,B", help="Keep posts about this: film,movie,cinema."),
    ] = None,
    similar: Annotated[
        bool, typer.Option("--similar", help="With --about: keep posts in like company too.")
    ] = False,
    bots: Annotated[
        bool, typer.Option("--bots", help="Reject authors who repeat themselves.")
    ] = False,
    author: Annotated[
        str | None, typer.Option("--author", metavar="COLUMN", help="The column with the author.")
    ] = None,
    copies: Annotated[
        Literal["near", "exact", "recent", "keep"],
        typer.Option("--copies", help="Which copies are rejected; 'recent': in one pass."),
    ] = "near",
    mask: Kinds = None,
    mask_how: Annotated[
        Literal["mask", "hash", "drop"], typer.Option("--mask-how", help="What stands instead.")
    ] = "mask",
    mask_key_file: Annotated[
        str | None,
        typer.Option("--mask-key-file", metavar="FILE", help="The secret key for 'hash'."),
    ] = None,
    mask_columns: Annotated[
        str | None,
        typer.Option("--mask-columns", metavar="A,B", help="Columns to replace whole."),
    ] = None,
    score: Annotated[
        bool, typer.Option("--score", help="Score what is kept as well, in the same run.")
    ] = False,
    model: given.ModelName = "default",
    to: given.To = "parquet",
    on: given.On = "local",
    address: given.Address = None,
    workers: given.Workers = None,
    shard_rows: given.ShardRows = None,
    resume: given.Resume = False,
    overwrite: given.Overwrite = False,
    strict: given.Strict = False,
    quiet: given.Quiet = False,
    as_json: given.AsJson = False,
) -> int:
    """Set aside what spoils a stream of posts, with a reason for each row.

    Broken text is mended or rejected; so are empty posts, other languages, spam and copies, of which the first is
    kept. Kept posts go to OUT, rejected ones to OUT/rejects, the counts of every stage to OUT/manifest.json.

    \b
    mizaj clean posts.parquet -o cleaned/
    mizaj clean posts/ -o cleaned/ --about film,movie,cinema --bots
    mizaj clean posts.csv -o cleaned/ --mask all --score
    mizaj clean - --format jsonl -o cleaned/ --copies recent < stream.jsonl
    """
    # Opened here: it brings numpy and pyarrow.
    from mizaj.cli import cleaning
    from mizaj.cli.scoring import ScoreJob

    job = ScoreJob(
        tuple(sources),
        output,
        text=text,
        format=format,
        query=query,
        to=to,
        on=on,
        address=address,
        workers=workers,
        shard_rows=shard_rows,
        resume=resume,
        overwrite=overwrite,
    )
    filters = cleaning.Filters(
        repair=repair,
        languages=languages,
        words=(min_words, max_words),
        characters=(min_characters, max_characters),
        wordless=wordless,
        is_spam_rejected=spam,
        about=about,
        is_similar_kept=similar,
    )
    asked = cleaning.Asked(
        filters,
        copies,
        is_bot_rejected=bots,
        author=author,
        mask=cleaning.Masking(mask, mask_how, mask_key_file, mask_columns),
        model=cleaning.scorer(model, is_asked=score),
    )
    return cleaning.clean_posts(job, asked, is_strict=strict, is_quiet=quiet, as_json=as_json)
