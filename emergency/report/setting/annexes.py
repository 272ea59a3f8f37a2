"""The five forms that a Chinese file of a drill holds: evaluation sheet, evaluation report, summary, return to the
regulator, list of signatures and pictures. Their order follows what AQ/T 9009 and GB/T 46792 ask a file to contain;
what nobody recorded is left blank to be filled in by hand, or printed 不详, never 0."""

from __future__ import annotations

from collections.abc import Iterator

from emergency.drills.scoring import STATUS_WORDS
from emergency.report.setting.blocks import Block, Cell, head_of, para, points, table
from emergency.report.setting.setting import Setting
from emergency.report.values import Report
from emergency.report.words import KINDS, NOTICES, OVER

BLANK = "________"


def annexes(setting: Setting) -> Iterator[Block]:
    """Yield the five forms, in Chinese whatever the language of the report."""
    if setting.lang == "en":
        yield para(
            "These forms go to Chinese authorities and stand in Chinese: evaluation sheet, evaluation report, "
            "summary, return to the regulator, list of signatures and pictures.",
            "quiet",
        )
    report, zh = setting.report, Setting(setting.report, "zh")
    what = "演练" if report.cover.drill else "处置"
    yield from _sheet(report, zh, what)
    yield from _evaluation(report, zh, what)
    yield from _summary(report, zh, what)
    yield from _return(report, zh, what)
    yield from _lists(report)


def _sheet(report: Report, zh: Setting, what: str) -> Iterator[Block]:
    yield head_of(f"12.1 {what}评估表")
    rows = []
    for score in report.scores:
        measured, rated = Cell(score.measured.zh, score.evidence[:2]), Cell(zh.rated(score.rating))
        rows.append((Cell(score.id), Cell(score.text.zh), measured, rated))
        for each in score.found[:12]:
            rows.append(
                (
                    Cell(""),
                    Cell(f"{each.id} {each.text.zh}" + ("(关键)" if each.critical else "")),
                    Cell(zh.dash(each.seconds), each.evidence[:1]),
                    Cell(STATUS_WORDS[each.status].zh),
                )
            )
    yield table(("序号", "评估项目", "实测", "评估结果"), rows, (0.7, 4, 1.6, 2))
    yield table((), [(Cell("评估人员(签字)"), Cell(BLANK), Cell("日期"), Cell(BLANK))], (1.4, 2, 0.7, 2))


def _evaluation(report: Report, zh: Setting, what: str) -> Iterator[Block]:
    cover = report.cover
    yield head_of(f"12.2 {what}评估报告")
    yield para(
        f"一、基本情况:{cover.site.zh},{cover.place.zh},{cover.title.zh};"
        f"{zh.clock(cover.began)} 开始,{zh.clock(cover.ended)} 结束;"
        f"形式:{KINDS[cover.kind].zh}" + (f";告知方式:{NOTICES[cover.notice].zh}" if cover.drill else "") + "。"
    )
    yield para("二、评估依据与方法:本单位预案、演练目标、系统日志自动记录、观察员记录;评级规则见附录B。")
    yield para(f"三、总体结论:{zh.whole()}。")
    yield para("四、取得的成效:")
    yield points(map(zh.line, report.strengths), "记录中没有")
    yield para("五、发现的问题:")
    yield points(map(zh.line, report.problems), "记录中没有")
    yield para("六、改进建议:见第11节整改计划;尚无措施的目标见附录C。")
    yield para(Cell(f"评估组组长(签字):{BLANK}    日期:{BLANK}"))


def _summary(report: Report, zh: Setting, what: str) -> Iterator[Block]:
    cover, found = report.cover, report.waiting
    yield head_of(f"12.3 {what}总结报告")
    states = " → ".join(band.name.zh for band in report.timeline.states)
    yield para(
        f"一、{what}概要:{cover.title.zh},{cover.place.zh},历时 {zh.took(report.timeline.length)},"
        f"{OVER[cover.over].zh}。"
    )
    yield para(f"二、经过:{states}。")
    yield para(
        f"三、通知与应答:下达 {found.orders} 次,应答 {found.answered} 次,中位 {zh.took(found.median)},"
        f"最慢 {zh.took(found.slowest)}。"
    )
    yield para("四、主要问题与经验教训:")
    words = [Cell(note.text, (note.ref,)) for note in report.notes if note.kind == "hotwash" and note.text]
    yield points([*map(zh.line, report.problems), *words[:6]], "记录中没有")
    done = sum(action.done is not None for action in report.actions)
    yield para(
        f"五、整改:{len(report.actions)} 项措施,已完成 {done} 项。" if report.actions else "五、整改:尚未确定措施。"
    )


def _return(report: Report, zh: Setting, what: str) -> Iterator[Block]:
    cover = report.cover
    alerted = next((line.text.zh for name, line in report.overview if "被呼叫" in name.zh), "不详")
    yield head_of(f"12.4 {what}情况报送表")
    pairs = (
        ("单位名称", cover.site.zh),
        ("单位地址", cover.address.zh),
        (f"{what}名称", cover.title.zh),
        (f"{what}时间", f"{zh.clock(cover.began)} 至 {zh.clock(cover.ended)}"),
        (f"{what}地点", cover.place.zh),
        (f"{what}形式", KINDS[cover.kind].zh),
        ("依据预案", f"{cover.playbook} · {cover.revision}"),
        ("可调人员 / 被呼叫 / 有应答", alerted),
        ("总体评价", zh.whole()),
        ("主要问题", ";".join(line.text.zh.rstrip("。") for line in report.problems) or "记录中没有"),
        ("整改措施", ";".join(action.action for action in report.actions if not action.carried) or "尚未确定"),
        ("记录校验值", cover.head),
        ("填报人", BLANK),
        ("审批人", BLANK),
        ("报送单位与日期", BLANK),
    )
    yield table((), [(Cell(name), Cell(value)) for name, value in pairs], (1.3, 5))
    if cover.drill:
        yield para(
            "依据:《生产安全事故应急条例》第八条,商场等人员密集场所应当至少每半年组织一次应急预案演练,并将演练情况报送"
            "所在地县级以上负有安全生产监督管理职责的部门。模拟推演和桌面演练是否计入,以当地主管部门意见为准。",
            "quiet",
        )


def _lists(report: Report) -> Iterator[Block]:
    yield head_of("12.5 签到及影像清单")
    names = {each.label.zh: each.name.zh for each in report.named}
    labels = list(dict.fromkeys(text.zh.split("(")[0] for card in report.cards for text in card.holders))
    rows = [(Cell(label), Cell(names.get(label, "")), Cell(BLANK), Cell(BLANK)) for label in labels]
    yield table(("人员", "姓名", "签字", "时间"), rows, (2, 1.5, 1.5, 1.5))
    photos = [note for note in report.notes if note.kind == "observed"]
    yield para(f"观察记录 {len(photos)} 条。照片、录像、录音:{BLANK}" if photos else f"照片、录像、录音:{BLANK}")
