"""The command tree: what each command is called, which options it takes and what its help says."""

from __future__ import annotations

from typing import Annotated

import typer

from mizaj import __version__
from mizaj.cli.behaviour_command import behaviour
from mizaj.cli.calibrate_command import calibrate
from mizaj.cli.cascade_command import cascade
from mizaj.cli.clean_command import clean
from mizaj.cli.cross_domain_command import cross_domain
from mizaj.cli.dictionaries import lexicon_app
from mizaj.cli.distil_command import distil
from mizaj.cli.ensemble_command import ensemble
from mizaj.cli.evaluate_command import evaluate
from mizaj.cli.export_command import export
from mizaj.cli.leakage_command import leakage
from mizaj.cli.report_command import report
from mizaj.cli.score_command import explain, language, score
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
    mizaj clean posts.parquet -o cleaned/       spam and copies set aside
    mizaj report scored/ -o report.html         a page to look at
    mizaj explain "Yeh movie accha nahi hai"    why it was answered so
    """


# What scores and shows, then what learns and judges, in the order in which it is used.
app.command()(score)
app.command()(explain)
app.command()(language)
app.command()(clean)
app.command()(evaluate)
app.command()(report)
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
