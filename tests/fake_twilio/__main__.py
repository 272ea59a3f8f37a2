"""The fake as a process: `python -m tests.fake_twilio --port 8080`.

Prints one line of JSON when it is ready, and runs until it is told to stop.
"""

from __future__ import annotations

import argparse
import json
import signal
import threading

from .fake import FakeTwilio
from .world import ACCOUNT_SID, AUTH_TOKEN


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fake_twilio", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before every answer")
    parser.add_argument("--step", type=float, help="seconds between two states of a message or call")
    parser.add_argument("--account-sid", default=ACCOUNT_SID)
    parser.add_argument("--auth-token", default=AUTH_TOKEN)
    parser.add_argument("--number", action="append", help="a number of the account; may come several times")
    parser.add_argument("--webhook", default="", help="where inbound texts are posted")
    parser.add_argument("--fallback", default="", help="where they are posted when that fails")
    parser.add_argument(
        "--route",
        action="append",
        nargs=2,
        default=[],
        metavar=("PUBLIC", "LOCAL"),
        help="reach URLs that begin with PUBLIC at LOCAL",
    )
    return parser.parse_args()


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    asked = _arguments()
    fake = FakeTwilio(account_sid=asked.account_sid, auth_token=asked.auth_token, numbers=asked.number, port=asked.port)
    fake.settings.latency = asked.latency
    if asked.step is not None:
        fake.settings.step = asked.step
    if asked.number:
        fake.world.services = {sid: list(asked.number) for sid in fake.world.services}
    fake.webhook(asked.webhook, fallback=asked.fallback)
    for public, local in asked.route:
        fake.route(public, local)
    fake.accept_everything()
    told_to_stop = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: told_to_stop.set())
    fake.start()
    ready = {
        "port": fake.port,
        "base_url": fake.base_url,
        "account_sid": fake.account_sid,
        "auth_token": fake.auth_token,
        "numbers": fake.world.numbers,
        "service_sid": fake.service_sid,
    }
    print(json.dumps(ready), flush=True)
    told_to_stop.wait()
    fake.stop()


if __name__ == "__main__":
    main()
