"""The plan's findings, the forecast beside the run, the actions agreed (sections 9 to 11)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from emergency.core.values import Text
from emergency.drills.scoring import length
from emergency.report.setting.blocks import Block, Cell, bad_if, para, table
from emergency.report.setting.setting import Setting
from emergency.report.values import BorneOut, PlanFinding, Waived
from emergency.report.words import ELEMENTS, SEVERITIES

ALIKE = 2
"""Findings of one check that are printed; of more, their number."""


def check(setting: Setting) -> Iterator[Block]:
    """Yield the findings of the plan's check: the open ones, then those that somebody answers for."""
    t, found = setting.t, setting.report.findings
    if found is None:
        yield para(t("未运行预案检查。", "The plan was not checked."))
        return
    day, is_open = setting.clock(setting.report.cover.made, "%Y-%m-%d"), sum(each.waived is None for each in found)
    yield para(
        t(
            f"按事件所用的预案版本、{day} 的名册和豁免检查:未决 {is_open} 项,豁免 {len(found) - is_open} 项。",
            f"The plan as it was run, checked against the roster and the waivers of {day}: {is_open} open, "
            f"{len(found) - is_open} waived.",
        )
    )
    if not found:
        return
    rows, of_kind = [], Counter((each.id, each.waived, each.borne_out) for each in found)
    shown: Counter[tuple[str, Waived | None, BorneOut | None]] = Counter()
    for each in found:
        kind = each.id, each.waived, each.borne_out
        shown[kind] += 1
        if shown[kind] > ALIKE:
            continue
        more = of_kind[kind] - ALIKE if shown[kind] == ALIKE else 0
        rest = t(f"(同类还有 {more} 条)", f" (and {more} more of this kind)") if more > 0 else ""
        level = setting.of(SEVERITIES.get(each.severity, Text(each.severity, each.severity)))
        says = Cell(setting.of(each.says) + rest)
        rows.append((Cell(each.id or "–"), Cell(level), says, _borne_out(setting, each), _state(setting, each)))
    head = (t("检查", "Check"), t("级别", "Level"), t("发现", "Finding"), t("这次", "This time"), t("状态", "State"))
    yield table(head, rows, (0.7, 0.8, 3.9, 1.2, 1.8))


def _borne_out(setting: Setting, finding: PlanFinding) -> Cell:
    """Return whether this course confirmed or refuted a finding."""
    seen = finding.borne_out
    if seen is None:
        return Cell("–")
    if seen.yes:
        return Cell(setting.t("得到印证", "confirmed"), seen.refs[:ALIKE], "bad")
    return Cell(setting.t("未出现", "refuted"), seen.refs[:ALIKE], "good")


def _state(setting: Setting, finding: PlanFinding) -> Cell:
    """Return whether a finding is open, or who answers for it until when, and why."""
    waived = finding.waived
    if waived is None:
        return Cell(setting.t("未决", "open"), (), bad_if(finding.severity == "error"))
    by = setting.of(waived.by)
    return Cell(
        setting.t(
            f"已豁免:{by}负责至 {waived.until}:{waived.reason}",
            f"waived: {by} answers for it until {waived.until}: {waived.reason}",
        )
    )


def forecast(setting: Setting) -> Iterator[Block]:
    """Yield the forecast beside the one run that was seen."""
    t, forecast, together = setting.t, setting.report.forecast, setting.report.together
    if forecast is None:
        yield para(t("没有事先的推演预测。", "Nothing was forecast before."))
        return
    last = together.complete
    rows = [(Cell(t("推演次数", "Runs")), Cell(str(forecast.runs)))]
    if forecast.within is not None and forecast.probability is not None:
        name = t(f"预测 {length(forecast.within)} 内到齐的概率", f"Forecast: all within {length(forecast.within)}")
        rows.append((Cell(name), Cell(f"{forecast.probability:.0%}")))
    rows.append((Cell(t("实际到齐", "In fact all after")), Cell(setting.took(last), together.refs[-1:])))
    at = next((p for moment, p, _, _ in reversed(forecast.curve) if last is not None and moment <= last), None)
    if at is not None:
        name = t("预测中不晚于实际的比例", "Share of forecast runs that were no slower")
        rows.append((Cell(name), Cell(f"{at:.0%}")))
    if forecast.assumed is not None:
        rows.append((Cell(t("建立在假设上的输入", "Inputs that are assumed")), Cell(f"{forecast.assumed:.0%}")))
    yield table((), rows, (2, 3))
    yield para(t("一次实测既不证实也不推翻概率。", "One run neither proves nor refutes a probability."), "quiet")


def improvement(setting: Setting) -> Iterator[Block]:
    """Yield the actions: agreed now, and carried over."""
    t = setting.t
    if not setting.report.actions:
        yield para(
            t(
                "尚无整改措施。用 emergency drill action add 加入。",
                "No action yet. Add one: emergency drill action add",
            )
        )
        return
    head = (
        t("编号", "No."),
        t("来源", "From"),
        t("问题", "Problem"),
        t("要素", "Element"),
        t("措施", "Action"),
        t("负责", "Owner"),
        t("期限", "Due"),
        t("状态与证据", "State, evidence"),
    )
    rows = []
    for each in setting.report.actions:
        origin = each.origin + (t(" 结转", " carried") if each.carried else "")
        flag = t(f" ⚑重复({each.repeats})", f" ⚑ repeats {each.repeats}") if each.repeats else ""
        if each.done is not None:
            state = Cell(
                f"{t('完成', 'done')} {setting.clock(each.done, '%Y-%m-%d')} {each.evidence} {each.verified}".strip(),
                (),
                "good",
            )
        else:
            late = t("逾期", "OVERDUE") if each.overdue else t("未完成", "open")
            state = Cell(
                late + (t(",下次演练验证", "; verify in the next drill") if each.verify else ""),
                (),
                bad_if(each.overdue),
            )
        rows.append(
            (
                Cell(each.id, (each.ref,) if each.ref else ()),
                Cell(origin),
                Cell(each.problem + flag, (), bad_if(bool(each.repeats))),
                Cell(setting.of(ELEMENTS[each.element])),
                Cell(each.action),
                Cell(setting.of(each.owner)),
                Cell(each.due or "–"),
                state,
            )
        )
    yield table(head, rows, (0.8, 0.8, 2.1, 1.1, 2.1, 1.3, 1.1, 1.5))
