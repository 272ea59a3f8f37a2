"""Every check: its id, how grave it is at worst, and what it looks for. `docs/checks.md` is the page of these."""

from __future__ import annotations

from typing import Literal

from emergency.core.values import Text

Gravity = Literal["error", "warning", "info"]

CHECKS: dict[str, tuple[Gravity, Text]] = {
    "P00": ("error", Text("文件写法有误。", "The file is not written as a plan is.")),
    "P01": ("error", Text("缺少必有的部分。", "A part that every plan has is missing.")),
    "P02": ("error", Text("写到的名字并不存在。", "A name stands for nothing.")),
    "P03": ("error", Text("写法不完整或互相矛盾。", "Something is written by half, or against itself.")),
    "P04": ("error", Text("时限没有出处。", "A time without a source.")),
    "P05": ("error", Text("数目或时长超出范围。", "A number or a length is out of its range.")),
    "P06": ("error", Text("占用了程序自己的名字。", "A name that the program itself uses.")),
    "P07": ("error", Text("值与事实的类型不符。", "A value is none of the fact's type.")),
    "F00": ("warning", Text("情形太多,未能全部走遍。", "There were too many situations to walk through all of them.")),
    "F01": ("error", Text("状态或任务永远不会出现。", "A state or step can never occur.")),
    "F02": ("error", Text("死路:没有出口的状态。", "A dead end: a state without a way out.")),
    "F03": ("error", Text("循环没有出口。", "A circle without a way out.")),
    "F04": ("warning", Text("结束时还有任务在进行。", "Something is left running at the end.")),
    "F05": ("error", Text("汇合条件永远不成立。", "A join that can never hold.")),
    "F06": ("error", Text("同一情形有两条出路,先后不明。", "Two ways out of one situation, in no order.")),
    "F07": ("error", Text("条件永远成立或永远不成立。", "A guard that always or never holds.")),
    "F08": ("warning", Text("用到的事实没有人报告。", "A fact that is asked for and never told.")),
    "F09": (
        "error",
        Text("到不了解除,或解除不通知所有人。", "The stand-down is not reached, or does not reach everyone."),
    ),
    "F10": ("error", Text("早期状态不能取消或判误报。", "An early state cannot be cancelled or found a false alarm.")),
    "F11": ("error", Text("只有人能推动而无时限的状态。", "A state that only a person can leave, without a time.")),
    "F12": ("error", Text("超时回到原状态且什么都不做。", "A timeout that leads back and does nothing.")),
    "F13": ("warning", Text("不可逆的行动没有确认规则。", "An irreversible action without a rule that confirms it.")),
    "F14": ("info", Text("互相冲突的行动。", "Actions that get in each other's way.")),
    "G01": ("info", Text("每条路都要经过的状态。", "States that every way passes.")),
    "T01": ("error", Text("任务时限晚于阶段或法定时限。", "A step is due after its state or the law ends.")),
    "T02": ("error", Text("相继的时限加起来超过目标。", "Times one after the other add up to more than the target.")),
    "T03": ("error", Text("逐级上报来不及。", "The ladder takes longer than there is time.")),
    "T04": ("warning", Text("提醒间隔短于通道延迟。", "Reminders come faster than a message arrives.")),
    "T08": ("warning", Text("法定计时没有负责人或起点。", "A legal clock without an owner or a start.")),
    "R01": ("error", Text("某班次没有人能担任某角色。", "Nobody can take a role on some shift.")),
    "R03": ("warning", Text("某角色只靠一人。", "A role hangs on one person.")),
    "R04": ("error", Text("不得兼任的角色只能由同一批人担任。", "Roles that must be kept apart need the same people.")),
    "R05": ("warning", Text("一人担任过多角色。", "One person holds too many roles.")),
    "R06": ("error", Text("替补成圈,或替补就是本人。", "Deputies go in a circle, or the deputy is the holder.")),
    "R07": ("error", Text("上报名单为空,或止于无人的角色。", "The ladder is empty, or ends where nobody is.")),
    "R09": ("warning", Text("第一人选和替补都不在楼内。", "Holder and first deputy are both off site.")),
    "R10": ("error", Text("所需人数多于名册所有。", "More heads are needed than the roster gives.")),
    "R11": ("error", Text("要应答的人数多于叫到或在场的人。", "More must answer than are called, or than are there.")),
    "R13": ("info", Text("可缺席人数 k。", "The number k of people who may be absent.")),
    "R14": ("warning", Text("两个预案同时只能靠同一人。", "Two plans at once need the same only person.")),
    "R15": ("info", Text("两个预案同时启动时人手不够一人一岗。", "Two plans at once leave not everyone one place.")),
    "C01": ("error", Text("没有电话号码。", "No telephone number.")),
    "C03": ("warning", Text("紧急角色只有一个号码。", "An urgent role with one number only.")),
    "C04": ("error", Text("外部单位的号码无法拨打。", "The number of an agency cannot be dialled.")),
    "C06": ("warning", Text("缺少必备外部单位的号码。", "An agency that every mall needs is missing.")),
    "M01": (
        "error",
        Text("最长时短信超过一条(提醒)或被截断(错误)。", "At its longest an SMS takes two pieces, or is cut off."),
    ),
    "M02": ("error", Text("缺少翻译,或两种语言填的值不同。", "A translation is missing, or names other values.")),
    "M03": ("error", Text("演练字样出现在真实消息里。", "Words of a drill in a real message.")),
    "M04": ("error", Text("回复的词有歧义。", "A word of reply means two things.")),
    "M07": ("warning", Text("一次要求三件以上的事。", "More than three actions at once.")),
    "M08": ("warning", Text("语音超过 20 秒。", "A call longer than 20 seconds.")),
    "M09": ("error", Text("回复的词被运营商当成退订。", "A word of reply is an opt-out to carriers.")),
    "W01": ("error", Text("豁免缺少署名、理由或期限。", "A waiver lacks a name, a reason or an end.")),
    "W02": ("error", Text("豁免已到期。", "A waiver has ended.")),
    "W03": ("warning", Text("豁免已无对应的问题。", "A waiver covers nothing.")),
}
