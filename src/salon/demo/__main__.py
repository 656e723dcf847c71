"""`python -m salon.demo`: two throw-away servers, a live move between them, and a report."""

import argparse
import signal
import sys
from pathlib import Path

from rich.console import Console

from changeover import ChangeoverError
from salon.demo.conclusion import BREAKS, Options
from salon.demo.hold import hold
from salon.demo.journey import Journey
from salon.demo.page import page
from salon.demo.process import Clock
from salon.demo.report import Report
from salon.demo.scene import Place, build
from salon.demo.terminal import Voice

EXIT_ERROR = 1
EXIT_INTERRUPTED = 130
PHASES = 23
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Return the flags."""
    plain = Options()
    parser = argparse.ArgumentParser(
        prog="python -m salon.demo",
        description="Move the salon between two throw-away servers while it is being written to.",
        epilog="Exit codes: 0 every promise held, 1 error, 2 usage, 3 something was lost, differs, "
        "was refused or could not be measured, 130 interrupted.",
    )
    parser.add_argument("--output", type=Path, default=Path("var/demo"), help="where files go")
    parser.add_argument(
        "--break", dest="broken", choices=sorted(BREAKS), help="break a promise on purpose"
    )
    parser.add_argument(
        "--hold", action="store_true", help="set the scene, let writers write, and wait for Ctrl-C"
    )
    parser.add_argument("--writers", type=int, default=plain.writers, help="writer processes")
    parser.add_argument(
        "--rate", type=float, default=plain.rate_per_s, help="writes a second, of all together"
    )
    parser.add_argument(
        "--calls",
        type=float,
        default=plain.calls_per_s,
        help="calls of the application a second, of all its processes together",
    )
    parser.add_argument("--scale", type=float, default=plain.scale, help="factor on the sample")
    parser.add_argument(
        "--seconds-scale",
        type=float,
        default=plain.seconds_scale,
        help="factor on the time that is spent only writing",
    )
    parser.add_argument(
        "--seconds-max", type=float, default=plain.seconds_max, help="longest run, set-up apart"
    )
    return parser.parse_args(arguments)


def run(flags: argparse.Namespace) -> int:
    """Set the scene; make the journey and write the report, or hold the scene for a person.

    Returns:
        The exit code.
    """
    options = Options(
        writers=flags.writers,
        rate_per_s=flags.rate,
        calls_per_s=flags.calls,
        scale=flags.scale,
        seconds_scale=flags.seconds_scale,
        seconds_max=flags.seconds_max,
        broken=flags.broken,
    )
    place = Place.prepare(flags.output)
    with Voice(PHASES) as voice:
        with build(place, scale=options.scale, writers=options.writers, say=voice.say) as scene:
            voice.say(f"{scene.rows} rows on the source, {options.writers} writers")
            if flags.hold:
                return hold(scene, options, voice)
            report = Journey(scene, options, voice, Clock(options.seconds_max)).run()
        voice.summarise(report, _write(report, place))
    return report.exit_code


def _write(report: Report, place: Place) -> list[str]:
    document, shown = place.directory / "report.json", place.directory / "report.html"
    report.write(document)
    shown.write_text(page(report), encoding="utf-8")
    return [str(document), str(shown)]


def _interrupt(_number: int, _frame: object) -> None:
    """End in order whatever was started; an impatient second signal does not cut that short."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main(arguments: list[str] | None = None) -> int:
    """Run the demonstration.

    Returns:
        The exit code of the process.
    """
    flags = parse(arguments)
    for number in ENDING:
        signal.signal(number, _interrupt)
    try:
        return run(flags)
    except KeyboardInterrupt:
        Console(stderr=True).print("interrupted; everything that was started has been ended")
        return EXIT_INTERRUPTED
    except ChangeoverError as error:
        told = f"error {error.code}: {error.message}"
        Console(stderr=True, markup=False, highlight=False).print(told, soft_wrap=True)
        return EXIT_ERROR


if __name__ == "__main__":
    sys.exit(main())
