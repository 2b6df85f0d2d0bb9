"""The main process of a local stack: it runs the emulator, the API proxy and the mailbox.

It stops the emulator and its workers when it exits. With `--with-parent` it also exits when its standard input
closes, that is, when its parent process exits.
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
from local.process import Pids, stack_marker

HOST = "127.0.0.1"


def emulator_environment(emulator_port: int, mailbox_port: int, aws_proxy: str | None = None) -> dict[str, str]:
    """The environment of the emulator and of its workers, which run the handlers.

    SES calls go through the mailbox, because the emulator drops attachments. All other calls go to the emulator,
    or to `aws_proxy`.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
    return (
        inherited
        | {
            "GATEWAY_PORT": str(emulator_port),
            "BIND_HOST": HOST,
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "AWS_ENDPOINT_URL_SESV2": f"http://{HOST}:{mailbox_port}",
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "localhost,127.0.0.1",
            "PYTHONUNBUFFERED": "1",
            # Each warm instance of a function is a process of 65 MB: after a burst one per function is enough.
            "LAMBDA_WARM_TTL_SECONDS": "15",
        }
        | ({"AWS_ENDPOINT_URL": aws_proxy} if aws_proxy else {})
    )


def start_emulator(args: argparse.Namespace) -> subprocess.Popen[bytes]:
    # The marker is an -X option, which Python ignores: it identifies the stack of the process.
    state: Path = args.state
    with (state / "emulator.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-X", stack_marker(state), "-m", "ministack"],
            env=emulator_environment(args.emulator, args.mailbox, args.aws_proxy),
            cwd=state,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def stop_process_group(process: subprocess.Popen[bytes]) -> None:
    """Stop the emulator and its workers."""
    for signal_number, seconds in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal_number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


async def serve(app: web.Application, port: int) -> web.AppRunner:
    # Accept longer request lines than AWS, which limits them to 10,240 bytes with the headers.
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
    """Serve until a signal arrives or the emulator exits."""
    loop, stopping = asyncio.get_running_loop(), asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, stopping.set)
    process = start_emulator(args)
    try:
        Pids(os.getpid(), process.pid).write(args.state)
        watch(loop, stopping, process, with_parent=args.with_parent)
        upstream = f"http://{HOST}:{args.emulator}"
        runners = [
            await serve(proxy.app(upstream, args.api_id), args.api),
            await serve(mailbox.app(upstream), args.mailbox),
        ]
        await stopping.wait()
        await asyncio.gather(*(runner.cleanup() for runner in runners))
    finally:
        stop_process_group(process)


def watch(
    loop: asyncio.AbstractEventLoop, stopping: asyncio.Event, process: subprocess.Popen[bytes], *, with_parent: bool
) -> None:
    """Stop when the emulator exits and, with `with_parent`, when the parent process exits."""

    def on_emulator_exit() -> None:
        process.wait()
        loop.call_soon_threadsafe(stopping.set)

    def on_parent_exit() -> None:
        while os.read(0, 1024):
            pass
        loop.call_soon_threadsafe(stopping.set)

    for wait in (on_emulator_exit, on_parent_exit) if with_parent else (on_emulator_exit,):
        threading.Thread(target=wait, daemon=True).start()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--api-id", required=True)
    parser.add_argument("--with-parent", action="store_true")
    parser.add_argument("--aws-proxy")
    for port in ("emulator", "api", "mailbox"):
        parser.add_argument(f"--{port}", type=int, required=True)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
