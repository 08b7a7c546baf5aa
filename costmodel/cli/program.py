"""The program: one way in, and one way out for everything that goes wrong."""

import errno
import inspect
import signal
import sys
import traceback
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer
from typer.core import TyperGroup

from costmodel.cli.options import tell
from costmodel.errors import InputError
from costmodel.scenario.load import HEADLINE, Refused
from costmodel.version import engine

OUR_FAULT, WRONG_INPUT, INTERRUPTED = 1, 2, 130
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Faults of what the output goes to."""
DEBUG, JSON = "--debug", "--json"
UsageError: Any = typer.BadParameter.__base__


ELSEWHERE = {
    "--draws-from": "Draws from a file are taken by run, psa, voi, beyond, incremental, report and draws. The other "
    "commands move or draw inputs themselves, from the distributions that the scenario declares."
}
"""What to say of options that one command has and a reader tries on another."""


class Left(Exception):
    """A command stopped before its end, with an exit code and what is to be said."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code


class Commands(TyperGroup):
    """The commands, with one way out for everything that goes wrong."""

    def main(self, args: Sequence[str] | None = None, *unused: Any, **extra: Any) -> Any:
        """Run a command and leave with its exit code. `--debug` is understood anywhere."""
        given = list(sys.argv[1:] if args is None else args)
        debug = DEBUG in given
        extra["standalone_mode"] = False
        try:
            code = super().main([word for word in given if word != DEBUG], **extra)
            sys.stdout.flush()
        except Refused as refusal:
            code = _refuse_to_answer(refusal, JSON in given)
        except InputError as error:
            code = _refuse(*map(str, error.problems))
        except UsageError as error:
            code = _refuse(error.format_message(), *(ELSEWHERE[at] for at in ELSEWHERE if at in given))
        except Left as left:
            _say(str(left))
            sys.exit(left.code)
        except KeyboardInterrupt:
            code = INTERRUPTED
        except Exception as error:
            full = isinstance(error, OSError) and error.errno in FULL
            code = _not_written(error) if full else _our_fault(error, debug)
        if code == INTERRUPTED:
            _say("Interrupted. Nothing was written.")
        sys.exit(code if isinstance(code, int) else 0)


def _say(*lines: str) -> None:
    """Lines to stderr, exactly as they are."""
    for line in lines:
        print(line, file=sys.stderr)


def _refuse(*lines: str) -> int:
    _say(*lines)
    return WRONG_INPUT


def _refuse_to_answer(refusal: Refused, as_json: bool) -> int:
    """The refusal of a locked scenario on stdout, where the answer would stand, and a line for it on stderr."""
    from costmodel.report.contents import locked_page

    tell(as_json, locked_page(refusal.locked))
    return _refuse(*map(str, refusal.asked), f"{refusal.locked.path.name}: {HEADLINE}")


def _not_written(error: Exception) -> int:
    """Say that the output found no room, and let go of what is left of it."""
    with suppress(OSError, ValueError):
        sys.stdout.close()
    reason = getattr(error, "strerror", None) or str(error)
    return _refuse(
        f"The output cannot be written ({reason}): what is there is not whole. Make room, or write elsewhere."
    )


def _our_fault(error: Exception, debug: bool) -> int:
    """Say that the program failed, with a code that is the same for the same fault."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    reference = zlib.crc32(f"{type(error).__name__} {Path(last.filename).name} {last.name}".encode())
    written = " ".join(getattr(error, "__notes__", ())) or "Nothing was written."
    _say(
        f"Something went wrong inside costmodel, not in your input (reference E-{reference:08x}).",
        f"{written} Run the command again with {DEBUG} to see the details, and send them on.",
    )
    if debug:
        traceback.print_exception(error, file=sys.stderr)
    return OUR_FAULT


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Does a talking therapy pay for itself? For whom, by when, how surely.",
)


def command(name: str | None = None) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a function a command. A parameter whose type is a group of options becomes the options of its fields."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        kinds = get_type_hints(function, include_extras=True)
        groups = {key: kind for key, kind in kinds.items() if is_dataclass(kind)}

        def called(**given: Any) -> None:
            for key, kind in groups.items():
                given[key] = kind(**{field.name: given.pop(field.name) for field in fields(kind)})  # type: ignore[operator]
            function(**given)

        signature: list[inspect.Parameter] = []
        for key, parameter in inspect.signature(function).parameters.items():
            options = [(field.name, field.default) for field in fields(groups[key])] if key in groups else []
            of = get_type_hints(groups[key], include_extras=True) if key in groups else kinds
            for option, default in options or [(key, parameter.default)]:
                fallback = parameter.empty if default is MISSING else default
                signature.append(
                    inspect.Parameter(option, parameter.KEYWORD_ONLY, default=fallback, annotation=of[option])
                )
        called.__signature__ = inspect.Signature(signature)  # type: ignore[attr-defined]
        called.__doc__ = function.__doc__
        app.command(name or function.__name__)(called)
        return function

    return register


def main() -> None:
    """The entry point of the `costmodel` command."""
    if getattr(signal.getsignal(signal.SIGINT), "__name__", "") == "_stop_quietly":
        signal.signal(signal.SIGINT, signal.default_int_handler)  # started: from here on a command says what it left
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    app()


def _version(wanted: bool) -> None:
    if wanted:
        print(engine())
        raise typer.Exit()


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option(DEBUG, help="Print details of a failure of the program.")] = False,
) -> None:
    """Does a talking therapy pay for itself? For whom, by when, how surely."""
