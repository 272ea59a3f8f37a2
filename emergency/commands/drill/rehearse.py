"""The commands about rehearsing: `emergency drill run`, `emergency drill list`. No notifier is made here."""

from __future__ import annotations

import contextlib
import json
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click

from emergency.commands.base import NOT_NOW, Command, Misused, Session, json_option, pass_session, show

if TYPE_CHECKING:
    from emergency.app import App
    from emergency.drills.rehearsals.play import Setting
    from emergency.drills.rehearsals.rehearsal import Rehearsal
    from emergency.store.drills import DrillRow


def _app(session: Session) -> App:
    """The installation without any notifier: nothing that is played here could reach a telephone."""
    from emergency.app import App

    return App(session.settings, [])


@click.command("run", cls=Command)
@click.argument("what")
@click.option("--seed", type=click.IntRange(min=0), metavar="N", help="Of the dice. 随机种子。")
@click.option("--at", metavar="PLACE", help="Another place than the scenario's. 地点。")
@click.option("--begins", metavar="TIME", help="When it is played at, site time; 19:30 or 2026-11-21T19:30. 时刻。")
@click.option("--until", metavar="LENGTH", help="Stop after so long, such as 50m. 推演多久。")
@click.option("--speed", type=click.FloatRange(0, 100_000), default=0, help="1: real time; 0: at once (usual). 速度。")
@click.option("--no-keep", is_flag=True, help="Do not keep it. 不保存。")
@click.option("--tabletop", is_flag=True, help="At a table: you play the people; as `drill table`. 桌面推演。")
@json_option
@pass_session
def run(
    session: Session, /, what: str, seed: int | None, at: str | None, begins: str | None, until: str | None,
    speed: float, no_keep: bool, tabletop: bool, as_json: bool,
) -> None:  # fmt: skip
    """Rehearse a scenario or a plan with played people; no telephone is reached. 推演情景或预案。

    WHAT is a scenario (its id, or a file) or a plan. People are drawn from the model; the same seed gives the same
    log. It is kept under a code (RH3), and `emergency log RH3` shows it again.

    \b
    emergency drill run saturday_food_court
    emergency drill run fire --at "B1 food court" --begins 03:00 --seed 7
    emergency drill run my_scenario.yaml --speed 10
    """
    if tabletop:
        _at_a_table(session, what, as_json, bool(seed is not None or at or begins or until or speed or no_keep))
        return
    from emergency.drills.rehearsals.kept import end_what_was_left, furnish, rehearsals
    from emergency.drills.rehearsals.play import document, play, prepare, real_incident

    real = real_incident(session.settings.database_file) if speed else None
    if real:
        _frozen(session, real)
    app = _app(session)
    for code in end_what_was_left(session.settings):
        session.say("rehearsal_left", code=code)
    setting = prepare(app, what, at=at, begins=begins, until=until, seed=seed)
    with contextlib.closing(rehearsals(session.settings)) if not no_keep else contextlib.nullcontext() as store:
        if store is not None:
            furnish(app, store)
        if speed:
            rehearsal, row, real = _paced(session, setting, speed, store, aloud=not as_json)
        else:
            rehearsal, row = play(setting, store)
            real = None
    if as_json:
        click.echo(json.dumps(document(rehearsal, setting, row), ensure_ascii=False, indent=2))
    else:
        _tell(session, setting, rehearsal, row, told=bool(speed))
    if real:
        _frozen(session, real)


def _at_a_table(session: Session, what: str, as_json: bool, more: bool) -> None:
    from emergency.commands.drill.conduct import play_table

    if more:
        raise Misused(
            "--tabletop takes the scenario as it stands; no other option but --json goes with it",
            "--tabletop 按情景原样推演;除 --json 外不能加别的选项",
        )
    play_table(session, what, as_json)


def _frozen(session: Session, real: str) -> NoReturn:
    session.say("rehearsal_frozen", real=real)
    sys.exit(NOT_NOW)


def _paced(
    session: Session, setting: Setting, speed: float, store: Any, *, aloud: bool
) -> tuple[Rehearsal, DrillRow | None, str]:
    from emergency.clock import SystemClock
    from emergency.drills.live.brake import Watch
    from emergency.drills.rehearsals.kept import Keeping, under_way
    from emergency.drills.rehearsals.play import Paced, real_incident

    attempt = 0
    while store is not None and store.incident(setting.rehearsal(attempt).id) is not None:
        attempt += 1  # it is played by the clock of life, and may be broken off: a drill of its own
    rehearsal = setting.rehearsal(attempt)
    own, watch = session.settings.database_file, Watch(session.settings.home)

    def real() -> str | None:
        marker = watch.pulled()
        return real_incident(own) or (marker.other or "" if marker is not None else None)

    keeping = Keeping(rehearsal, store) if store is not None else None
    paced = Paced(
        rehearsal, setting, speed, SystemClock().now, real,
        click.echo if aloud else lambda line: None, session.lang, keeping.save if keeping is not None else lambda: None,
    )  # fmt: skip
    with under_way(session.settings):
        paced.run()
        return rehearsal, keeping.end() if keeping is not None else None, paced.real_code


def _tell(session: Session, setting: Setting, rehearsal: Rehearsal, row: DrillRow | None, *, told: bool) -> None:
    from emergency.drills.rehearsals.play import Story, objectives
    from emergency.phrases import phrase

    if not told:
        for line in Story(rehearsal, setting.names, session.lang).more():
            click.echo(line)
    rated = objectives(rehearsal)
    if rated:
        click.echo(f"\n{phrase('objectives_head', session.lang)}")
        for each in rated:
            click.echo(f"  {each['id']}  {each['sentence'][session.lang]}")
    incident = rehearsal.incident
    sent = [d.channel for d in incident.deliveries.values() if d.status not in ("queued", "dropped")]
    minutes = int((rehearsal.clock.now() - rehearsal.stage.begins).total_seconds() // 60)
    session.say(
        "rehearsed", code=row.code if row else incident.code, minutes=minutes, texts=sent.count("sms"),
        calls=sent.count("voice"), people=len(incident.alerted),
    )  # fmt: skip
    if row is None:
        session.say("rehearsal_not_kept")
    else:
        session.say("rehearsal_kept", code=row.code, lines=incident.version)


@click.command("list", cls=Command)
@json_option
@pass_session
def list_(session: Session, /, as_json: bool) -> None:
    """The scenarios there are, and the drills planned and held. 情景和演练清单。

    Times are the site's own; --json has them in UTC.

    \b
    emergency drill list
    """
    from emergency.drills.live.lines import KINDS, local
    from emergency.drills.rehearsals.listing import listing
    from emergency.phrases import phrase
    from emergency.readiness.lines import pad

    app = _app(session)
    document = listing(app)
    lang, timezone = session.lang, _timezone(app)

    def lines() -> list[str]:
        found = [phrase("scenarios_head", lang)]
        found += [f"  {each['id']:<24} {each['playbook']:<20} {each['title'][lang]}" for each in document["scenarios"]]
        found += [f"  !  {text}" for text in document["mistakes"]]
        found.append(phrase("drills_head", lang))
        for each in document["drills"]:
            what = each["scenario"] or each["playbook"]
            at = local(each["begins_at"], timezone) if each["begins_at"] else ""
            kind, state = KINDS[each["kind"]].of(lang), phrase(f"drill_{each['state']}", lang)
            code = f"{each['code']:<6} {each['incident'] or '':<6}"
            found.append(f"  {code} {pad(kind, 12)} {pad(state, 12)} {at}  {what}".rstrip())
        return found if document["drills"] else [*found, f"  {phrase('no_drills', lang)}"]

    show(session, document, as_json, lines)


def _timezone(app: App) -> str:
    engine = app.engine()
    try:
        return app.people.site(engine).timezone
    finally:
        engine.store.close()


COMMANDS: list[click.Command] = [run, list_]
