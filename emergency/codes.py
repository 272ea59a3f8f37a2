"""What a log calls by a word of its own, as people read it: in the lines of a terminal, and in a report."""

from __future__ import annotations

from emergency.core.values import Text

WORDS: dict[str, Text] = {
    "console": Text("控制台", "console"),
    "script": Text("情景", "script"),
    "system": Text("系统", "system"),
    "sms": Text("短信", "text"),
    "voice": Text("电话", "call"),
    "yes": Text("是", "yes"),
    "no": Text("否", "no"),
    "stand_by": Text("待命", "stand by"),
    "nudge": Text("催办", "reminder"),
    "relieve": Text("接班", "take over"),
    "task": Text("任务", "step"),
    "update": Text("通报", "update"),
    "taken": Text("他人已接", "taken by another"),
    "enough": Text("人已够", "enough people"),
    "passed_on": Text("已转交", "passed on"),
    "gap": Text("空岗", "empty role"),
    "help": Text("求助", "help"),
    "tell": Text("通知", "told"),
    "ended": Text("已结束", "over"),
    "merged": Text("并案", "reported again"),
    "note": Text("记录", "note"),
    "expect": Text("可能引发", "may follow"),
    "relief": Text("接班", "change of shift"),
    "released": Text("免去", "released"),
    "called_away": Text("调走", "called away"),
    "comes": Text("前来", "comes"),
    "keeps": Text("留下", "stays"),
    "wanted": Text("两处要人", "wanted twice"),
    "lent": Text("借调", "lent"),
    "may_go": Text("可离开", "may go"),
    "silence": Text("无应答", "no answer"),
    "undelivered": Text("未送达", "not delivered"),
    "declined": Text("拒绝", "declined"),
    "no_way": Text("无法联系", "no way to reach"),
    "late": Text("超时", "late"),
    "done": Text("已完成", "done"),
    "left_state": Text("阶段已过", "plan moved on"),
    "told": Text("已告知", "told"),
    "relieved": Text("已接班", "relieved"),
    "given_up": Text("放弃", "given up"),
    "scenario": Text("情景结束", "end of the scenario"),
    "maximum": Text("时间到", "time is up"),
    "duress": Text("胁迫", "duress"),
    "no_relief": Text("无人接班", "nobody to take over"),
    "real_help": Text("真实求助", "a real cry for help"),
    "drill_real": Text("有真实事件", "something real began"),
    "drill_still": Text("演练停下", "the drill stands still"),
    "drill_on": Text("演练继续", "the drill goes on"),
    "drill_over_real": Text("演练因真实事件结束", "the drill is over: something is real"),
    "drill_off": Text("演练终止", "the drill is broken off"),
    "endex": Text("演练结束", "the drill is over"),
    "real": Text("有真实事件", "something real"),
    "phrase": Text("说了真实警情暗语", "the words for something real"),
    "red": Text("红色命令", "the red command"),
    "unsafe": Text("不安全", "unsafe"),
    "director": Text("导演", "the director"),
    "restored": Text("恢复了备份", "a backup was restored"),
    "killed": Text("程序被强行中断", "the program was cut off"),
    "muster": Text("点名", "roll call"),
    "link": Text("链接", "link"),
}
"""What the log calls by a word of its own: why, how, what for."""
REASONS: dict[str, Text] = {
    "no_answer": Text("无应答", "no answer"),
    "machine": Text("语音信箱接听", "voicemail picked up"),
    "busy": Text("占线", "busy"),
    "expired": Text("已过时", "out of date"),
    "number_limit": Text("该号码已达上限", "this telephone had its share"),
    "opted_out": Text("对方已退订", "the person has opted out"),
    "credentials": Text("运营商账户被拒", "the provider refused the account"),
    "number_not_in_use": Text("空号", "number not in use"),
    "bad_number": Text("号码不对", "bad number"),
    "canceled": Text("呼叫被取消", "call cancelled"),
    "drill_mark": Text("真实消息里有演练标记", "a drill mark in a real message"),
    "exit": Text("程序中断", "the program was cut off"),
    "failed": Text("未送达", "not delivered"),
    "forgotten": Text("资料已删除", "the person was forgotten"),
    "never_contact": Text("情景禁止联系此号", "the scenario forbids this number"),
    "no_connection": Text("网络不通", "no connection"),
    "no_drill_mark": Text("演练消息缺演练标记", "a drill's message without its mark"),
    "no_number": Text("没有号码", "no number"),
    "no_provider": Text("没有通道", "no provider"),
    "no_voice": Text("没有该语言的语音", "no voice for the language"),
    "provider cannot be asked": Text("平台不通,不知是否已发", "the provider cannot be asked whether it went"),
    "provider_down": Text("平台不通", "the provider is down"),
    "store": Text("数据库出错", "store error"),
    "undelivered": Text("未送达", "not delivered"),
    "withheld": Text("演练中扣下未发", "held back in a drill"),
    "wrong_channel": Text("通道不符", "wrong channel"),
    "wrong_mode": Text("通道不符", "wrong channel"),
}
"""Why a message failed, by the first word of the reason; a provider's own code stands as it is."""


def why_not_sent(reason: str, lang: str) -> str:
    """Return the reason of a failed message as people read it in Chinese; in English it stands as it is. What a
    provider says by a number of its own keeps that."""
    if lang != "zh":
        return reason
    word, _, rest = reason.partition(" ")
    if reason in REASONS:
        return REASONS[reason].zh
    known = f"平台错误码 {word}" if word.isdecimal() else REASONS[word].zh if word in REASONS else word
    return f"{known} {rest}".rstrip()
