"""`emergency links`: which links to answer by are out, and a new key to sign them with."""

from __future__ import annotations

from typing import Any

import click

from emergency.commands.base import Command, Session, json_option, pass_session, show


@click.command(cls=Command)
@click.option("--new-key", is_flag=True, help="Sign with a new key; done twice, all links that are out die. 换密钥。")
@json_option
@pass_session
def links(session: Session, /, new_key: bool, as_json: bool) -> None:
    """Links in texts to people who cannot text back: who opened one, who answered. 短信里的答复链接。

    \b
    emergency links
    emergency links --new-key
    """
    from emergency.links import listed

    app = session.app(real=False)
    engine = app.engine()
    try:
        if new_key:
            app.links.rotate()
            session.say("links_new_key")
        document = listed(engine, app.people.names(engine, session.lang))
        timezone = app.people.site(engine).timezone
    finally:
        engine.store.close()
    show(session, document, as_json, lambda: _lines(document["links"], timezone, session.lang))


def _lines(found: list[dict[str, Any]], timezone: str, lang: str) -> list[str]:
    from emergency.phrases import phrase
    from emergency.show import clock

    def moment(link: dict[str, Any], name: str) -> str:
        key = f"links_{name}" if link[name] else f"links_not_{name}"
        return phrase(key, lang, at=clock(link[name], timezone))

    return [
        phrase(
            "links_line",
            lang,
            code=link["code"],
            name=link["name"],
            made=clock(link["made"], timezone),
            opened=moment(link, "opened"),
            answered=moment(link, "answered"),
        )
        for link in found
    ] or [phrase("links_none", lang)]
