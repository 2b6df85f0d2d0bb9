"""The one process of a local stack: it owns the emulator and serves the API's and the mailbox's port.

When it ends, the emulator and its workers end. With `--with-parent` it also ends when its standard
input closes, that is when the process that started it is gone, however that came about.
"""

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from aiohttp import web

from local import mailbox, proxy
from local.process import Pids, mark

HOST = "127.0.0.1"


def emulator_environment(emulator_port: int, mailbox_port: int, through: str | None = None) -> dict[str, str]:
    """The emulator's environment, which its workers, the handlers, inherit.

    Mail goes through the mailbox, which passes it on: the emulator itself forgets attachments. All other calls of
    the handlers go to the emulator, or `through` what stands before it.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
    return (
        kept
        | {
            "GATEWAY_PORT": str(emulator_port),
            "BIND_HOST": HOST,
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "AWS_ENDPOINT_URL_SESV2": f"http://{HOST}:{mailbox_port}",
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "localhost,127.0.0.1",
            "PYTHONUNBUFFERED": "1",
            # Each waiting instance of a function is a process of 65 MB: after a rush one of each is enough.
            "LAMBDA_WARM_TTL_SECONDS": "15",
        }
        | ({"AWS_ENDPOINT_URL": through} if through else {})
    )


def start_emulator(args: argparse.Namespace) -> subprocess.Popen[bytes]:
    # The mark is an -X option, which Python ignores: it tells whose process this is.
    state: Path = args.state
    with (state / "emulator.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-X", mark(state), "-m", "ministack"],
            env=emulator_environment(args.emulator, args.mailbox, args.through),
            cwd=state,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End the emulator and the workers that it started."""
    for sign, seconds in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


async def serve(app: web.Application, port: int) -> web.AppRunner:
    # A request line may be longer here than AWS takes (10,240 bytes with the headers): it is answered all the same.
    runner = web.AppRunner(
        app,
        access_log=None,
        handler_cancellation=True,
        auto_decompress=False,
        max_line_size=64 * 1024,
        max_field_size=64 * 1024,
    )
    await runner.setup()
    await web.TCPSite(runner, HOST, port).start()
    return runner


async def run(args: argparse.Namespace) -> None:
    """Serve until told to end, or until the emulator has ended by itself."""
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, over.set)
    process = start_emulator(args)
    try:
        Pids(os.getpid(), process.pid).write(args.state)
        watch(loop, over, process, with_parent=args.with_parent)
        upstream = f"http://{HOST}:{args.emulator}"
        runners = [
            await serve(proxy.app(upstream, args.api_id), args.api),
            await serve(mailbox.app(upstream), args.mailbox),
        ]
        await over.wait()
        await asyncio.gather(*(runner.cleanup() for runner in runners))
    finally:
        end_group(process)


def watch(
    loop: asyncio.AbstractEventLoop, over: asyncio.Event, process: subprocess.Popen[bytes], *, with_parent: bool
) -> None:
    """Let the end of the emulator, and if asked the end of our parent, be the end of all."""

    def when_ended() -> None:
        process.wait()
        loop.call_soon_threadsafe(over.set)

    def when_orphaned() -> None:
        while os.read(0, 1024):
            pass
        loop.call_soon_threadsafe(over.set)

    for wait in (when_ended, when_orphaned) if with_parent else (when_ended,):
        threading.Thread(target=wait, daemon=True).start()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--api-id", required=True)
    parser.add_argument("--with-parent", action="store_true")
    parser.add_argument("--through")
    for port in ("emulator", "api", "mailbox"):
        parser.add_argument(f"--{port}", type=int, required=True)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
