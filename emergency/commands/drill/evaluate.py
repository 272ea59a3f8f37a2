"""The commands about evaluating: what was seen, what is answered, rated, said afterwards, and what is to be done."""

from __future__ import annotations

from typing import Any

import click

from emergency.commands.base import READS, Command, Commands, Session, ask, json_option, pass_session, show

Document = dict[str, Any]
drill_argument = click.argument("drill")
by_option = click.option("--by", metavar="NAME", help="Who says so: a roster id, or any name. 谁。")


def _ask(session: Session, verb: str, code: str | None, **args: Any) -> Document:
    """Ask *verb*: of the server or the installation; of the store of rehearsals where the code is of one."""
    if not (code or "").strip().upper().startswith("RH"):
        return ask(session, verb, drill=code, **args)
    return _perform(session, verb, drill=code, **args)


def _perform(session: Session, verb: str, **args: Any) -> Document:
    """Do *verb* over the store of rehearsals; what is written may name whoever is in the roster now."""
    import contextlib

    from emergency.app import App
    from emergency.clock import SystemClock
    from emergency.drills.rehearsals.kept import furnish, rehearsals
    from emergency.engine import Engine
    from emergency.verbs import perform

    clean = {key: value for key, value in args.items() if value is not None and value != ()}
    app = App(session.settings, [])
    with contextlib.closing(rehearsals(session.settings)) as store:
        if verb not in READS:
            furnish(app, store)
        return perform(app.desktop, Engine(store, SystemClock()), verb, clean)


def _written(session: Session, document: Document, as_json: bool) -> None:
    from emergency.phrases import phrase

    numbers = ", ".join(document["written"])
    show(session, document, as_json, lambda: [phrase("in_book", session.lang, code=document["drill"], ref=numbers)])


@click.command(cls=Command)
@drill_argument
@click.argument("text", nargs=-1)
@click.option("--about", metavar="WHAT", help="An inject, a step, a role or an objective. 关于。")
@click.option("--rating", metavar="P|S|M|U", help="How it went. 评级。")
@click.option("--unsafe", is_flag=True, help="An unsafe act: a drill that runs stands still at once. 不安全行为。")
@by_option
@json_option
@pass_session
def observe(session: Session, /, drill: str, text: tuple[str, ...], as_json: bool, **args: Any) -> None:
    """Write down what an observer saw, in a drill or a real incident. 记录观察。

    \b
    emergency drill observe DR3 --by "Feng Yun" "PA could not be heard on 3F" --about I3 --rating S
    emergency drill observe DR3 --unsafe "running on the escalator"
    """
    unsafe = args.pop("unsafe") or None
    document = _ask(session, "drill-observe", drill, text=" ".join(text) or None, unsafe=unsafe, **args)
    _written(session, document, as_json)
    if document["was"] is not None:
        became = "frozen" if document["frozen"] else document["was"]
        session.say(f"observed_{became}", code=document["drill"])


@click.command(cls=Command)
@drill_argument
@click.argument("question")
@click.argument("answer")
@click.argument("text", nargs=-1)
@by_option
@json_option
@pass_session
def answer(
    session: Session, /, drill: str, question: str, answer: str, text: tuple[str, ...], as_json: bool, **args: Any
) -> None:
    """Answer an evaluator's question of the scenario: yes or no. 回答评估问题。

    \b
    emergency drill answer DR3 Q4 yes --by "Feng Yun"
    """
    words = " ".join(text) or None
    _written(
        session, _ask(session, "drill-answer", drill, question=question, answer=answer, text=words, **args), as_json
    )


@click.command(cls=Command)
@drill_argument
@click.argument("objective", required=False)
@click.argument("rating", required=False)
@by_option
@click.option("--reason", metavar="TEXT", help="Why it is not as the log says. 理由。")
@json_option
@pass_session
def rate(
    session: Session, /, drill: str, objective: str | None, rating: str | None, as_json: bool, **args: Any
) -> None:
    """How each objective is rated; or set a rating over the automatic one, with name and reason. 评级。

    \b
    emergency drill rate DR3
    emergency drill rate DR3 O2 S --by "Feng Yun" --reason "the deputy was told by radio before the text"
    """
    if objective is None:
        document = _ask(session, "drill-scores", drill)
    else:
        document = _ask(session, "drill-rate", drill, objective=objective, rating=rating, **args)
    show(session, document, as_json, lambda: _score_lines(document, session.lang))


def _score_lines(document: Document, lang: str) -> list[str]:
    import msgspec

    from emergency.drills.scoring import RATING_WORDS, Score, lines

    plain = [{key: value for key, value in each.items() if key != "rating"} for each in document["objectives"]]
    word = RATING_WORDS[document["rating"] or ""].of(lang)
    return [
        f"{document['drill']}  {document['rating'] or '–'} {word}",
        *lines(msgspec.convert(plain, list[Score]), lang),
    ]


@click.command(cls=Command)
@drill_argument
@by_option
@click.option("--well", multiple=True, metavar="TEXT", help="What went well; may be repeated. 做得好的。")
@click.option("--badly", multiple=True, metavar="TEXT", help="What went badly. 做得不好的。")
@click.option("--change", multiple=True, metavar="TEXT", help="What should change. 应改变的。")
@click.option("--safety", multiple=True, metavar="TEXT", help="What was unsafe. 不安全的。")
@click.option("--form", metavar="FILE.html", help="Write an empty form to print instead. 空白讲评表。")
@json_option
@pass_session
def hotwash(session: Session, /, drill: str, form: str | None, as_json: bool, **args: Any) -> None:
    """Write down what players say right after it; --form makes a sheet to print. 现场讲评。

    \b
    emergency drill hotwash DR3 --by wang_jun --well "119 was called at once" --badly "two sets of radios were flat"
    emergency drill hotwash DR3 --form hotwash.html
    """
    if form is None:
        _written(session, _ask(session, "drill-hotwash", drill, **args), as_json)
        return
    from pathlib import Path

    from emergency.report.form import write

    document = write(_ask(session, "drill-scores", drill), Path(form))
    show(session, document, as_json, lambda: [form])


@click.group(cls=Commands)
def action() -> None:
    """Corrective actions: agreed, carried into the next drill, closed with evidence. 整改措施。"""


@action.command()
@drill_argument
@click.option("--problem", required=True, metavar="TEXT", help="What was wrong. 问题。")
@click.option("--action", required=True, metavar="TEXT", help="What is to be done. 措施。")
@click.option("--owner", required=True, metavar="NAME", help="Who sees to it. 负责人。")
@click.option("--due", required=True, metavar="YYYY-MM-DD", help="By which day. 期限。")
@click.option("--element", metavar="ELEMENT", help="planning, organisation, equipment, training, exercise. 要素。")
@click.option("--objective", metavar="ID", help="The objective it came from. 来自哪个目标。")
@click.option("--repeats", metavar="ACTION", help="An earlier action with the same problem. 重复的问题。")
@click.option("--no-verify", is_flag=True, help="The next drill need not look at it. 下次演练不必验证。")
@by_option
@json_option
@pass_session
def add(session: Session, /, drill: str, as_json: bool, no_verify: bool, **args: Any) -> None:
    """Agree on a corrective action. 新增整改措施。

    \b
    emergency drill action add DR3 --problem "deputy's phone was off" --action "second number in the roster"
        --owner li_wenbin --due 2026-12-31 --element organisation --objective O2
    """
    document = _ask(session, "drill-action-add", drill, no_verify=no_verify or None, **args)
    show(session, document, as_json, lambda: _action_lines(document, session.lang))


@action.command()
@click.argument("id")
@click.option("--evidence", required=True, metavar="TEXT", help="What shows that it is done. 证据。")
@click.option("--verified", metavar="DRILL", help="The later drill that showed it. 经哪次演练验证。")
@by_option
@json_option
@pass_session
def done(session: Session, /, id: str, as_json: bool, **args: Any) -> None:
    """Close an action with its evidence. 完成整改。

    \b
    emergency drill action done DR3.A1 --evidence "roster changed, test message answered" --verified DR4
    """
    verified = args.pop("verified")
    where = id.partition(".")[0]
    if where.upper().startswith("RH"):
        document = _ask(session, "drill-action-done", where, id=id, verified=verified, **args)
    else:
        document = ask(session, "drill-action-done", id=id, verified=verified, **args)
    show(session, document, as_json, lambda: _action_lines(document, session.lang))


@action.command("list")
@click.argument("drill", required=False)
@click.option("--all", "all_", is_flag=True, help="Those that are done, too. 含已完成。")
@json_option
@pass_session
def list_(session: Session, /, drill: str | None, all_: bool, as_json: bool) -> None:
    """The corrective actions that are open. 未完成的整改措施。

    \b
    emergency drill action list
    emergency drill action list DR3 --all
    """
    document = _ask(session, "drill-action-list", drill, all=all_ or None)
    if drill is None:
        document = _with_rehearsals(session, document, all_)
    show(session, document, as_json, lambda: _action_lines(document, session.lang))


def _with_rehearsals(session: Session, document: Document, all_: bool) -> Document:
    """Return *document* with what was agreed after rehearsals: they are kept in a store of their own."""
    from emergency.drills.rehearsals.kept import file_of

    if not file_of(session.settings).exists():
        return document
    theirs = _perform(session, "drill-action-list", all=all_ or None)["actions"]
    return {**document, "actions": sorted([*document["actions"], *theirs], key=lambda each: str(each["due"]))}


def _action_lines(document: Document, lang: str) -> list[str]:
    from emergency.phrases import phrase
    from emergency.report.words import ELEMENTS

    if not document["actions"]:
        return [phrase("no_actions", lang)]
    out = []
    for each in document["actions"]:
        state = "✓" if each["done"] else "!!" if each["overdue"] else "□"
        element = ELEMENTS[each["element"]].of(lang)
        out.append(f"{state} {each['id']}  {each['due']}  {each['owner']}  [{element}]  {each['problem']}")
        out.append(f"      → {each['action']}" + (f"  ⚑ {each['repeats']}" if each["repeats"] else ""))
        if each["done"]:
            out.append(f"      ✓ {each['evidence']} {each['verified']}".rstrip())
    return out


COMMANDS: list[click.Command] = [observe, answer, rate, hotwash, action]
