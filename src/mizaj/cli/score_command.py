"""`mizaj score`, and what shows how one text is read: `mizaj explain`, `mizaj language`."""

from __future__ import annotations

from typing import Annotated

import typer

from mizaj.cli import options as given
from mizaj.cli import scoring
from mizaj.cli.scoring import ModelChoice


# A command's parameters are its options, so here the usual limit of five does not hold.
def score(
    sources: Annotated[
        list[str] | None,
        typer.Argument(metavar="SOURCE|TEXT", help="Files, folders, patterns, URLs, '-'; a text."),
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="OUT", help="The folder to write.")
    ] = None,
    text: given.Text = "text",
    format: given.Format = None,
    query: given.Query = None,
    model: given.ModelName = "default",
    lexicon: given.Lexicons = None,
    rules: given.Rules = "default",
    domain: given.Domain = None,
    accuracy_loss: Annotated[
        float | None,
        typer.Option("--accuracy-loss", metavar="LOSS", help="Of a cascade: lose at most that."),
    ] = None,
    posts_per_second: Annotated[
        float | None,
        typer.Option("--posts-per-second", metavar="N", help="Of a cascade: be as fast."),
    ] = None,
    tier: Annotated[
        str | None, typer.Option("--tier", metavar="NAME", help="Of a cascade: ask it alone.")
    ] = None,
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
    """Score posts into the folder OUT, or one text onto the screen.

    Every post gets: sentiment, score, confidence, tier, language, cmi. Rows that cannot be scored
    go to OUT/rejects with the reason, the counts to OUT/manifest.json.

    \b
    mizaj score "so good ki main so gaya"
    mizaj score posts.parquet -o scored/
    mizaj score 'posts/*.csv.gz' --text body -o scored/ --to jsonl
    mizaj score big.parquet -o scored/ --resume
    mizaj score /shared/posts/ -o /shared/scored/ --on ray --address auto
    """
    asked = {
        "accuracy_loss": accuracy_loss,
        "posts_per_second": posts_per_second,
        "tier": tier,
    }
    wishes = {name: wish for name, wish in asked.items() if wish is not None}
    chosen = ModelChoice(model, tuple(lexicon or ()), rules=rules, domain=domain, wishes=wishes)
    if output is None:
        return scoring.score_words(sources or [], chosen, as_json=as_json)
    job = scoring.ScoreJob(
        tuple(sources or ()),
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
    return scoring.score_posts(job, chosen, is_strict=strict, is_quiet=quiet, as_json=as_json)


def explain(
    words: given.Words,
    model: given.ModelName = "default",
    lexicon: given.Lexicons = None,
    rules: given.Rules = "default",
    domain: given.Domain = None,
    as_json: given.AsJson = False,
) -> int:
    """Show the words, languages, entries and rules behind an answer.

    \b
    mizaj explain "Yeh movie accha nahi hai"
    mizaj explain "so good ki main so gaya" --json
    """
    chosen = ModelChoice(model, tuple(lexicon or ()), rules=rules, domain=domain)
    return scoring.explain_words(words, chosen, as_json=as_json)


def language(words: given.Words, as_json: given.AsJson = False) -> int:
    """Show the language of a text and of each of its words.

    \b
    mizaj language "Yeh movie ekdum bakwas thi yaar"
    """
    return scoring.show_language(words, as_json=as_json)
