"""The command tree: what each command is called, which options it takes and what its help says."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from mizaj import __version__
from mizaj.cli import options as given
from mizaj.cli import scoring
from mizaj.cli.behaviour_command import behaviour
from mizaj.cli.calibrate_command import calibrate
from mizaj.cli.cascade_command import cascade
from mizaj.cli.cross_domain_command import cross_domain
from mizaj.cli.dictionaries import lexicon_app
from mizaj.cli.distil_command import distil
from mizaj.cli.ensemble_command import ensemble
from mizaj.cli.export_command import export
from mizaj.cli.leakage_command import leakage
from mizaj.cli.scoring import ModelChoice
from mizaj.cli.show import show, warn
from mizaj.cli.train_command import train
from mizaj.cli.tune_command import tune

WRONG_USAGE = 2
STOPPED = 130

# Plain help and plain tracebacks: the pretty ones load rich before a word is scored.
app = typer.Typer(
    name="mizaj",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)
app.add_typer(lexicon_app, name="lexicon")


def run_app(words: list[str]) -> int:
    """The exit status of a command line; a mistake in it becomes one line on standard error."""
    try:
        status = app(args=words or ["--help"], prog_name="mizaj", standalone_mode=False)
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "mizaj"
        message = " ".join(error.format_message().replace("Value error, ", "").split())
        warn(f"{message.rstrip('.')}. See: {command} --help")
        return WRONG_USAGE
    if status == STOPPED:  # typer has caught Ctrl-C
        warn("stopped")
    return status if isinstance(status, int) else 0


def _show_version(is_asked: bool) -> None:
    if is_asked:
        show(f"mizaj {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Sentiment of social posts in English, Hinglish and Hindi: one, or a billion.

    \b
    mizaj score "Yeh movie accha nahi hai"      one text
    mizaj score posts.parquet -o scored/        files, folders, patterns, URLs
    mizaj report scored/ -o report.html         a page to look at
    mizaj explain "Yeh movie accha nahi hai"    why it was answered so
    """


# A command's parameters are its options, so here the usual limit of five does not hold.
@app.command()
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
    to: Annotated[
        Literal["parquet", "jsonl", "csv"], typer.Option("--to", help="Output format.")
    ] = "parquet",
    on: Annotated[
        Literal["local", "ray", "spark"], typer.Option("--on", help="Where it runs.")
    ] = "local",
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, metavar="N", help="Threads; all cores if not given."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a stopped run.")] = False,
    overwrite: given.Overwrite = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 if rows are rejected.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no counts.")] = False,
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
        workers=workers,
        resume=resume,
        overwrite=overwrite,
    )
    return scoring.score_posts(job, chosen, is_strict=strict, is_quiet=quiet, as_json=as_json)


@app.command()
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


@app.command()
def language(words: given.Words, as_json: given.AsJson = False) -> int:
    """Show the language of a text and of each of its words.

    \b
    mizaj language "Yeh movie ekdum bakwas thi yaar"
    """
    return scoring.show_language(words, as_json=as_json)


@app.command()
def evaluate(
    words: Annotated[
        list[str],
        typer.Argument(metavar="MODEL|DATA", help="Models, then files with labelled posts."),
    ],
    by: Annotated[
        list[str] | None, typer.Option("--by", metavar="COLUMN", help="Group by it; repeatable.")
    ] = None,
    text: given.Text = "text",
    label: given.Label = "label",
    label_map: given.LabelMap = None,
    lexicon: given.Lexicons = None,
    rules: given.Rules = "default",
    domain: given.Domain = None,
    robustness: Annotated[
        bool, typer.Option("--robustness", help="Ask again on noisy copies of the posts.")
    ] = False,
    html: given.Html = None,
    as_json: given.AsJson = False,
) -> int:
    """Compare the answers of models with labels: accuracy, F1, confusion, 95 % intervals.

    \b
    mizaj evaluate lexicon posts.jsonl
    mizaj evaluate lexicon my-model/ test.parquet --by source --json
    """
    # Opened here: it brings numpy and pyarrow.
    from mizaj.cli import evaluating

    job = evaluating.EvaluateJob(
        tuple(words),
        by=tuple(by) if by else None,
        text=text,
        label=label,
        label_map=tuple(label_map or ()),
        html=html,
        is_robustness_asked=robustness,
    )
    chosen = ModelChoice(lexicons=tuple(lexicon or ()), rules=rules, domain=domain)
    return evaluating.evaluate_words(job, chosen, as_json=as_json)


@app.command()
def report(
    scored: Annotated[str, typer.Argument(metavar="SCORED", help="A folder that `score` wrote.")],
    output: given.Output = "report.html",
    title: Annotated[
        str | None,
        typer.Option("--title", metavar="TEXT", help="Its title; else the folder's name."),
    ] = None,
    text: given.Text = "text",
) -> int:
    """Draw a folder of scored posts as one HTML page that works offline.

    \b
    mizaj report scored/ -o report.html
    """
    return scoring.report_on(scored, output, text=text, title=title)


# What learns and judges, in the order in which it is used.
app.command()(train)
app.command()(tune)
app.command()(calibrate)
app.command()(distil)
app.command()(ensemble)
app.command()(cascade)
app.command()(export)
app.command()(behaviour)
app.command()(leakage)
app.command("cross-domain")(cross_domain)
