"""From an installation to a picture, a card, a new plan: finds the plan and the site, and writes the file."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import msgspec

from emergency.app import App
from emergency.core.playbook import Playbook
from emergency.core.site import Site
from emergency.errors import CommandRefused, Mistakes, StoreError
from emergency.phrases import unwritable
from emergency.picture.sketch import Worst

AN_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
UNFIT = re.compile(r"[\x00-\x1f\x7f]|\{\{|\{%|\{#")
"""What a title may not hold: no control characters, no code of a template."""


class Made(msgspec.Struct, frozen=True):
    """What a command made: the bytes of a file, and how many pages a print of it takes."""

    data: bytes
    pages: int = 1


def chart(app: App, name: str, lang: str, format: str) -> Made:
    """Return the chart of a plan, `svg` or `mermaid`. Raises Mistakes."""
    plan, site = _find(app, name)
    if format == "mermaid":
        from emergency.picture.mermaid import draw_mermaid

        return Made(draw_mermaid(plan, site, lang).encode())
    from emergency.picture.chart import draw_chart

    return Made(draw_chart(plan, site, lang, worst_cases(plan, site)).encode())


def worst_cases(plan: Playbook, site: Site) -> Worst:
    """Return what the check of a plan computes: when its milestones are reached, and states, if all are silent."""
    from emergency.check.plan import prove

    proof = prove(plan, site)
    entered: dict[str, timedelta] = {}
    first = next((each for each in proof.silence if each.state == plan.initial), None)
    at = timedelta(0)
    for way in first.ways if first is not None else ():
        at += way.stay
        entered.setdefault(way.to, at)
    return Worst(milestones={each.name: each.worst for each in proof.milestones}, entered=entered)


def run_card(app: App, name: str, role: str, lang: str, format: str) -> Made:
    """Return the run card of a role, `html` or `pdf`. Raises Mistakes, or CommandRefused where PDF cannot be made."""
    from emergency.picture.card import card
    from emergency.picture.paper import as_html, as_pdf

    plan, site = _find(app, name)
    made = card(plan, site, role, lang)
    if format == "pdf":
        return Made(*as_pdf(made))
    page, pages = as_html(made)
    return Made(page.encode(), pages)


def new(app: App, id: str, code: str | None, title_zh: str | None, title_en: str | None) -> Path:
    """Write a plan to begin with into the installation and return its file; nothing is ever overwritten.

    Raises:
        Mistakes: the id, the code or a title cannot be. CommandRefused: there is such a plan already.
    """
    from emergency.picture.template import CODES, free_code, new_plan

    if not AN_ID.fullmatch(id):
        raise Mistakes(
            f"'{id}' is no id; use lower-case letters, digits and _ (at most 40)",
            f"“{id}”不能作预案编号;请用小写字母、数字和 _(最多 40 个)",
        )
    files = app.library.files()
    if id in files:
        raise CommandRefused(
            f"there is a plan '{id}' already: {files[id]}; copy it and change the copy, or choose another id",
            f"已有预案“{id}”:{files[id]}。请复制一份再改,或换个编号",
        )
    engine = app.engine()
    plans, _ = app.library.load_all(engine, app.people.site(engine))
    engine.store.close()
    taken = {plan.code: plan.id for plan in plans.values()}
    code = code or free_code(taken, id) or CODES[0]
    if len(code) != 1 or code not in CODES:
        raise Mistakes(
            f"'{code}' is no code; one capital letter, but not I, O, X or Z",
            f"“{code}”不能作字母代号;请写一个大写字母,I、O、X、Z 除外",
        )
    if code in taken and free_code(taken, id) is not None:
        free = ", ".join(each for each in CODES if each not in taken)
        raise Mistakes(
            f"the code {code} is that of '{taken[code]}'; free: {free}", f"代号 {code} 已归“{taken[code]}”;可用:{free}"
        )
    titles = (title_zh or f"新预案 {id}", title_en or id.replace("_", " ").capitalize())
    for title in titles:
        if not title.strip() or UNFIT.search(title):
            raise Mistakes(
                f"'{title[:40]}' is no title; one line of plain words", f"“{title[:40]}”不能作标题;请写一行普通文字"
            )
    return _write(app.library.own / f"{id}.yaml", new_plan(id, code, *titles))


def write(path: Path, data: bytes) -> None:
    """Write a file that somebody asked for by name. Raises StoreError."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise StoreError(*unwritable(path, error)) from error


def _write(path: Path, text: str) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise CommandRefused(f"{path} is there already; nothing was changed", f"{path} 已存在;未作改动") from None
    except OSError as error:
        raise StoreError(*unwritable(path, error)) from error
    return path


def _find(app: App, name: str) -> tuple[Playbook, Site]:
    """Return the plan that *name* means (an id, another of its names, or a file), and the site in force."""
    engine = app.engine()
    try:
        site = app.people.site(engine)
        if name.endswith((".yaml", ".yml")) or "/" in name:
            return app.library.read(Path(name), site), site
        return app.library.named(engine, name, site), site
    finally:
        engine.store.close()
