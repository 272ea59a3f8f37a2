"""The scorecards, and each objective in words (sections 7 and 8)."""

from __future__ import annotations

from collections.abc import Iterator

from emergency.drills.scoring import UNKNOWN
from emergency.report.setting.blocks import Block, Cell, bad_if, head_of, para, table
from emergency.report.setting.setting import Setting
from emergency.report.words import NOTE_KINDS, TOPICS, VERDICTS


def roles(setting: Setting) -> Iterator[Block]:
    """Yield the scorecards, the most critical role first."""
    t = setting.t
    head = (
        t("岗位", "Role"),
        t("担任", "Held by"),
        t("应答/被叫", "Answered / called"),
        t("首个应答", "First answer"),
        t("到齐应答", "All answered"),
        t("到场(点名)", "Arrived (roll call)"),
        t("任务 按时·超时·未做", "Steps in time · late · missed"),
        t("换人", "Hand-overs"),
        t("评级", "Rating"),
    )
    rows = []
    for card in setting.report.cards:
        star = "★ " if card.critical else ""
        there = f" ({card.there}/{card.heads})" if 0 < card.there < card.heads else ""
        rows.append(
            (
                Cell(star + setting.of(card.title), card.refs[:2]),
                Cell(", ".join(map(setting.of, card.holders)) or setting.of(UNKNOWN)),
                Cell(f"{card.answered}/{card.asked}"),
                Cell(setting.took(card.first)),
                Cell(setting.took(card.manned)),
                Cell(setting.took(card.arrived) + there, (card.counted,) if card.counted else ()),
                Cell(f"{card.in_time} · {card.late} · {card.missed}"),
                Cell(str(card.handovers)),
                Cell(card.rating or "–", (), bad_if(card.rating in ("M", "U"))),
            )
        )
    yield table(head, rows, (1.8, 2.4, 0.9, 0.9, 0.9, 1.1, 1.3, 0.8, 0.6))
    yield para(
        t(
            "按重要性排序:指挥岗位,开局即需的关键岗位(★),再按启用级别和限时任务数。评级规则见附录B。",
            "Ranked by how critical they are: command, then those the plan begins with (★), then the level they "
            "are called at and their timed steps. Rating rules: annex B.",
        ),
        "quiet",
    )


def analysis(setting: Setting) -> Iterator[Block]:
    """Yield each objective: expected, happened, why, what followed."""
    t = setting.t
    for each in setting.report.analysis:
        score = each.score
        title = f"{score.id} {setting.of(score.text)} — {score.rating or '–'} · {setting.of(VERDICTS[each.verdict])}"
        yield head_of(title)
        names = (t("期望", "Expected"), t("实际", "Happened"), t("原因", "Why"), t("后果", "Consequence"))
        lists = (each.expected, each.happened, each.why, each.consequence)
        rows = [
            (Cell(name), setting.line(line)) if number == 0 else (Cell(""), setting.line(line))
            for name, lines in zip(names, lists, strict=True)
            for number, line in enumerate(lines)
        ]
        yield table((), rows, (0.8, 5))
    yield from _notes(setting)


def _notes(setting: Setting) -> Iterator[Block]:
    """Yield what observers and players wrote."""
    t = setting.t
    if not setting.report.notes:
        return
    yield head_of(t("观察与讲评记录", "Observations and hot wash"))
    rows = []
    for note in setting.report.notes:
        about = TOPICS.get(note.topic) or setting.report.role_titles.get(note.topic)
        topic = setting.of(about) if about is not None else note.topic
        unsafe = t("不安全!", "UNSAFE! ") if note.unsafe else ""
        unsafe += t("(补送)", "(sent later) ") if note.later else ""
        rows.append(
            (
                Cell(setting.clock(note.at, "%H:%M:%S"), (note.ref,)),
                Cell(setting.of(NOTE_KINDS[note.kind])),
                Cell(topic),
                Cell(setting.of(note.by)),
                Cell(unsafe + note.text, (), bad_if(note.unsafe)),
                Cell(note.rating or "–"),
            )
        )
    head = (
        t("时间", "At"),
        t("种类", "Kind"),
        t("事项", "About"),
        t("记录人", "By"),
        t("内容", "Words"),
        t("评", "Rating"),
    )
    yield table(head, rows, (1, 0.9, 1.2, 1.4, 4, 0.6))
