"""The annexes A to E: every line of the log, how it was rated, what is not known, privacy, names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence, Set

from emergency.core.gaps import TOO_LONG
from emergency.drills.critical import RULE
from emergency.drills.scoring import RULES, length
from emergency.report.setting.blocks import Block, Cell, para, points, table
from emergency.report.setting.setting import Setting
from emergency.report.values import Raw
from emergency.report.words import NONE

METHOD: tuple[tuple[str, str], ...] = (
    (
        "每项目标由程序按日志自动评级;评估员可带姓名和理由改评,两者并列。总评取已检验目标中最差的一项。",
        "Each objective is rated from the log; an evaluator may set another rating with name and reason, and both are "
        "shown. The whole is rated as the worst objective that was tested.",
    ),
    (
        "要求“全部按时”的目标(预案推出的 R、T,以及其他情景的应对 X),按各项计:一项也没做到为 U;有一项始终未做到,"
        "或一半以上超时,为 M;少数超时为 S;全部按时为 P。四个等级出自 HSEEP 2020,界限为经验值。",
        "An objective that several things be done, all in time (R and T of the plan, X of the other injects), is rated "
        "by them: none ever done U; one never done, or more than half late, M; fewer late S; all in time P. The four "
        "ratings are those of HSEEP 2020, where they part is practice.",
    ),
    (
        f"{RULE.zh}。预测、演练评级与应答曲线同此规则(经验值)。",
        f"{RULE.en[0].upper()}{RULE.en[1:]}. Forecast, ratings and curves go by this one rule (practice).",
    ),
    (
        "岗位:从未应答为 U,有任务未做或一半以上超时为 M,少数超时为 S,否则 P。演练暂停的时间不计入任何用时。",
        "A role that never answered is U, one with a step missed or more than half of them late M, with fewer late S, "
        "else P. Time in which the drill stood still counts nowhere.",
    ),
    (
        f"岗位空缺:到结束仍无人,或超过 {length(TOO_LONG)} 才有人(程序的上报时限,经验值),"
        "才列为主要问题(只计有任务的时间);不久即补上的写在原因里。",
        f"A place that stayed empty to the end, or for more than {length(TOO_LONG)} (when the program calls on "
        "somebody above; practice) while it had something to do, is a main problem; one that was soon taken stands "
        "among the causes.",
    ),
    (
        "给出中位数和最差值,不单独给平均值;未应答的呼叫按截尾计入(Kaplan-Meier),不剔除。",
        "Medians and worst cases, never means alone; calls that were not answered count as censored (Kaplan-Meier).",
    ),
    (
        "#45 指日志第 45 行,B12 指评估簿第 12 行,R7 指点名第 7 行。封面的校验值是日志最后一行的散列,可用所示命令核对。",
        "#45 is line 45 of the log, B12 entry 12 of the book, R7 line 7 of the roll call. The head on the cover is the "
        "hash of the last line of the log; the command beside it compares.",
    ),
)


def raw(setting: Setting, cited: Set[str] | None = None) -> Iterator[Block]:
    """Yield every line of the log but timers, of the roll call and of the book.

    cited: the lines that the report names. Where they are given, traffic that is not among them is left out, and it is
    said how much, and where all of it is.
    """
    every = setting.report.raw
    shown = [each for each in every if cited is None or not each.traffic or each.ref in cited]
    yield para(_how_much(setting, shown), "quiet")
    rows = [
        (
            Cell(each.ref),
            Cell(setting.clock(each.at, "%m-%d %H:%M:%S")),
            Cell(setting.of(each.kind)),
            Cell(setting.of(each.says)),
        )
        for each in shown
    ]
    head = ("#", setting.t("时间", "At"), setting.t("事项", "What"), setting.t("内容", "Words"))
    yield Block(kind="raw", head=head, rows=tuple(rows), wide=(0.6, 1.3, 1.3, 6))


def _how_much(setting: Setting, shown: Sequence[Raw]) -> str:
    """Return how many lines there are, what is left out, and where all of it is to be found."""
    cover, every = setting.report.cover, setting.report.raw
    timers = cover.lines - sum(each.ref.startswith("#") for each in every)
    listed = {each.ref for each in shown}
    left = Counter(setting.of(each.kind) for each in every if each.ref not in listed)
    kinds = setting.t("、", ", ").join(f"{kind} {n}" for kind, n in left.most_common())
    said = setting.t(
        f"日志共 {cover.lines} 行,其中定时 {timers} 行不列。",
        f"The log has {cover.lines} lines; {timers} are timers, not listed. ",
    )
    if left:
        said += setting.t(
            f"这里列出 {len(shown)} 行:正文引用的,以及改变过程的(阶段、级别、岗位、任务结果、情况、失败的消息)。"
            f"另有 {left.total()} 行往来略去({kinds}),见 HTML 版。",
            f"Listed here are {len(shown)}: those that the report names, and those that turned the course (states, "
            "levels, roles, outcomes of steps, facts, messages that failed). "
            f"{left.total()} lines of traffic are left out ({kinds}); the HTML has them. ",
        )
    return said + setting.t(
        f"全部:emergency log {cover.code} --all;最后一行的校验值 {cover.head}。",
        f"All of it: emergency log {cover.code} --all; the hash of its last line is {cover.head}.",
    )


def method(setting: Setting) -> Iterator[Block]:
    """Yield how it was rated."""
    t = setting.t
    yield table(
        (t("评级", "Rating"), t("规则", "Rule")),
        [(Cell(mark), Cell(setting.of(rule))) for mark, rule in RULES],
        (1, 6),
    )
    for zh, en in METHOD:
        yield para(t(zh, en))


def gaps(setting: Setting) -> Iterator[Block]:
    """Yield what is not known."""
    yield points(map(setting.line, setting.report.gaps), setting.of(NONE))


def privacy(setting: Setting) -> Iterator[Block]:
    """Yield what the report holds of people."""
    yield para(
        setting.t(
            "正文只有岗位和编号,没有姓名和电话号码;姓名只在限阅附录中,按需生成。个人应答时间用于改进组织,不用于处分。"
            "人员信息可按规定删除,日志的校验值不受影响。",
            "The body holds roles and numbers of its own, no names and no telephone numbers; names stand in a "
            "restricted annex that is only made on request. Individual times serve to improve, not to punish. "
            "People can be forgotten without breaking the chain of the log.",
        )
    )


def names(setting: Setting) -> Iterator[Block]:
    """Yield who is who."""
    t = setting.t
    yield para(
        t(
            "限阅:仅供授权人员,不得随报告外发。",
            "Restricted: for those entitled alone; not to be passed on with the report.",
        ),
        "bad",
    )
    rows = [
        (Cell(setting.of(each.label)), Cell(setting.of(each.name)), Cell(setting.of(each.role)))
        for each in setting.report.named
    ]
    yield table((t("编号", "Label"), t("姓名", "Name"), t("岗位", "Role")), rows, (2, 2, 2))
