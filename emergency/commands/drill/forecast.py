"""The commands about forecasts: `emergency drill forecast`."""

from __future__ import annotations

import click

from emergency.commands.base import Command, Session, json_option, pass_session, show, to_stderr


@click.command(cls=Command)
@click.argument("playbook")
@click.option("--place", metavar="PLACE", help="Where: a zone, a lift; else the first that fits. 地点。")
@click.option("--at", "at", metavar="TIME", help='When: 04:00, "Sun 04:00", 2026-03-01T04:00; else now. 何时。')
@click.option("--runs", type=int, metavar="N", help="Runs at most; alone: all of them. 推演次数上限。")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same answer. 种子。")
@click.option(
    "--within", default="5m", show_default=True, metavar="LENGTH", help="In which time: 3m, 90s. 多长时间内。"
)
@click.option("--width", type=float, metavar="W", help="Half the interval that is enough; 0.02 if unsaid. 区间半宽。")
@click.option("--cores", type=int, metavar="N", help="Processes; all cores if unsaid. 用几个核。")
@click.option("--severity", metavar="COLOUR", help="The level it opens at. 级别。")
@click.option("--role", "roles", multiple=True, metavar="ROLE", help="Count these roles instead. 只看这些岗位。")
@click.option("--fact", "facts", multiple=True, metavar="FACT=VALUE", help="What is known already. 已知情况。")
@click.option(
    "--answer", "answers", multiple=True, metavar="STEP=ANSWER", help="How a decision is answered. 决定的答复。"
)
@click.option("--without", multiple=True, metavar="PERSON", help="What if this person is asleep? 此人叫不醒时。")
@click.option("--who", is_flag=True, help="What each person's absence would cost. 谁最缺不得。")
@click.option("--what-if", is_flag=True, help="What one change would buy. 改一处能换来什么。")
@click.option("--assumptions", is_flag=True, help="Which assumption moves the answer most. 哪个估计最要紧。")
@click.option("--week", is_flag=True, help="Every hour of the week. 一周各时段。")
@click.option("--html", metavar="FILE", help="Write a page with charts and tables. 写成网页。")
@json_option
@pass_session
def forecast(
    session: Session, /, playbook: str, place: str | None, at: str | None, runs: int | None, seed: int, within: str,
    width: float | None, cores: int | None, severity: str | None, roles: tuple[str, ...], facts: tuple[str, ...],
    answers: tuple[str, ...], without: tuple[str, ...], who: bool, what_if: bool, assumptions: bool, week: bool,
    html: str | None, as_json: bool,
) -> None:  # fmt: skip
    """How soon will everybody have answered? Played a thousand times with virtual people. 多久能叫齐人:推演预测。

    \b
    emergency drill forecast fire --at 04:00
    emergency drill forecast fire --without wang_jun
    emergency drill forecast fire --what-if --who --week
    """
    from emergency.forecast import page
    from emergency.forecast.board import forecast as compute
    from emergency.forecast.pool import cores as all_cores
    from emergency.forecast.pool import ends_on_sigterm
    from emergency.forecast.reading import RUNS, WIDTH, Asked, a_length
    from emergency.forecast.show import lines
    from emergency.forecast.words import word

    asked = Asked(
        playbook=playbook,
        place=place,
        at=at,
        runs=RUNS if runs is None else runs,
        seed=seed,
        within=a_length("--within", within),
        width=WIDTH if width is None and runs is None else width or 0.0,
        cores=all_cores() if cores is None else cores,
        severity=severity,
        roles=roles,
        facts=facts,
        decisions=answers,
        without=without,
        who=who,
        what_if=what_if,
        assumptions=assumptions,
        week=week,
    )
    if html is not None:
        page.check(html)
    with ends_on_sigterm():
        document = compute(session.app(real=False), asked, lambda part: to_stderr(word(f"does_{part}", session.lang)))
    if html is not None:
        page.write(document, session.lang, html)
        to_stderr(word("page_written", session.lang, file=html))
    show(session, document, as_json, lambda: lines(document, session.lang))


COMMANDS: list[click.Command] = [forecast]
