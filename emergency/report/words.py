"""The words of a report for what the program knows by a name of its own."""

from __future__ import annotations

from collections.abc import Mapping

from emergency.core.values import Text
from emergency.drills.scoring import STATUS_WORDS, UNKNOWN

NONE = Text("无", "none")
TITLES: dict[str, Text] = {
    "result": Text("2 一页结论", "2 Result on one page"),
    "overview": Text("3 概况", "3 Overview"),
    "injects": Text("4 情景与注入", "4 Scenario and injects"),
    "timeline": Text("5 时间线", "5 Timeline"),
    "notification": Text("6 通知与应答", "6 Notification"),
    "roles": Text("7 岗位记分", "7 Role scorecards"),
    "analysis": Text("8 按目标分析", "8 Analysis by objective"),
    "check": Text("9 预案检查", "9 Plan check"),
    "forecast": Text("10 预测与实际", "10 Forecast and fact"),
    "improvement": Text("11 整改计划", "11 Improvement plan"),
    "annexes": Text("12 附件(中国格式)", "12 Annexes in the Chinese forms"),
    "raw": Text("附录A 原始记录", "Annex A Raw events"),
    "method": Text("附录B 方法与评级规则", "Annex B Method and rating rules"),
    "gaps": Text("附录C 数据缺口", "Annex C Data gaps"),
    "privacy": Text("附录D 隐私说明", "Annex D Privacy"),
    "names": Text("附录E 人员对照(限阅)", "Annex E Names (restricted)"),
}
"""The sections in their order; section 1 is the cover."""
KINDS: dict[str, Text] = {
    "real": Text("真实事件", "real incident"),
    "simulated": Text("模拟推演(虚拟人员)", "simulated drill (played people)"),
    "screen": Text("演练(消息只显示,不打电话)", "drill on the screen (no telephone rings)"),
    "tabletop": Text("桌面演练", "tabletop drill"),
    "callout": Text("通知演练(真实电话)", "call-out drill (real telephones)"),
    "full": Text("实战演练", "full drill"),
}
NOTICES: dict[str, Text] = {
    "announced": Text("预先告知", "announced"),
    "window": Text("告知时段,不告知时刻", "period known, minute hidden"),
    "trusted_agents": Text("仅少数人知晓", "trusted agents only"),
    "": UNKNOWN,
}
OVER: dict[str, Text] = {
    "stand_down": Text("已解除", "stood down"),
    "false_alarm": Text("误报", "false alarm"),
    "cancelled": Text("取消", "cancelled"),
    "aborted": Text("中途中止", "broken off"),
    "stopped": Text("演练结束", "ENDEX"),
    "open": Text("尚未结束(中间稿)", "still open (draft)"),
}
STATUSES: Mapping[str, Text] = {
    **{str(key): word for key, word in STATUS_WORDS.items()},
    "released": Text("已注入", "released"),
    "skipped": Text("跳过", "skipped"),
    "not_released": Text("未发生", "not released"),
    "adhoc": Text("临时加入", "ad hoc"),
    "contingency": Text("导控补救", "contingency"),
    "open": Text("未完成", "open"),
    "moved_on": Text("阶段已过", "plan moved on"),
}
CAUSES: dict[str, Text] = {
    "no_number": Text("没有号码", "no number"),
    "failed": Text("消息失败(号码错误或停用等)", "message failed (wrong or dead number, ...)"),
    "no_receipt": Text("无送达回执", "no receipt"),
    "no_reply": Text("已送达,未回复", "delivered, no reply"),
    "declined": Text("拒绝", "declined"),
    "not_sent": Text("未发出", "not sent"),
}
STAGES: dict[str, Text] = {
    "planned": Text("计划发出", "planned"),
    "submitted": Text("已提交", "submitted"),
    "accepted": Text("运营商接受", "accepted"),
    "delivered": Text("送达回执", "delivered"),
    "called": Text("已发出的请求", "requests sent out"),
    "replied": Text("有回复", "replied"),
    "valid": Text("有效应答", "valid answer"),
    "arrived": Text("到场(点名)", "arrived (roll call)"),
}
CHANNELS: dict[str, Text] = {"sms": Text("短信", "texts"), "voice": Text("电话", "calls")}
UNITS: dict[str, Text] = {"messages": Text("条", "messages"), "calls": Text("项", "requests")}
ELEMENTS: dict[str, Text] = {
    "planning": Text("预案", "planning"),
    "organisation": Text("组织", "organisation"),
    "equipment": Text("装备", "equipment"),
    "training": Text("培训", "training"),
    "exercise": Text("演练", "exercise"),
}
TOPICS: dict[str, Text] = {
    "well": Text("做得好", "went well"),
    "badly": Text("做得不好", "went badly"),
    "change": Text("应改变", "to change"),
    "safety": Text("安全", "safety"),
}
NOTE_KINDS: dict[str, Text] = {
    "observed": Text("观察", "observed"),
    "hotwash": Text("讲评", "hot wash"),
    "answered": Text("评估问题", "evaluator"),
}
SEVERITIES: dict[str, Text] = {
    "error": Text("错误", "error"),
    "warning": Text("提醒", "warning"),
    "info": Text("说明", "note"),
}
VERDICTS: dict[str, Text] = {
    "strength": Text("亮点", "strength"),
    "improve": Text("待改进", "area for improvement"),
    "untested": Text("未检验", "not tested"),
}
CAPABILITIES: dict[str, Text] = {
    "milestone": Text("里程碑", "milestones"),
    "notification": Text("通知", "notification"),
    "operations": Text("处置", "operations"),
    "command": Text("指挥", "command"),
    "communications": Text("通信", "communications"),
    "coordination": Text("协调", "coordination"),
    "evacuation": Text("疏散", "evacuation"),
    "rescue": Text("救援", "rescue"),
    "public_information": Text("信息发布", "public information"),
    "course": Text("处置进程", "course"),
    "succession": Text("接替", "succession"),
    "restraint": Text("克制", "restraint"),
    "tasks": Text("任务", "tasks"),
    "two_at_once": Text("两事并发", "two at once"),
}
INJECTS: dict[str, Text] = {
    "person.unreachable": Text("人员失联", "cannot be reached"),
    "person.late": Text("人员迟到", "is late"),
    "person.declines": Text("人员拒绝", "declines"),
    "person.wrong_number": Text("号码错误", "wrong number"),
    "person.nonsense": Text("答非所问", "answers nonsense"),
    "person.false_ack": Text("应答而不行动", "acknowledges and does nothing"),
    "person.claims_command": Text("另有人自称指挥", "claims command"),
    "channel.outage": Text("通道中断", "channel out"),
    "channel.slow": Text("通道缓慢", "channel slow"),
    "channel.voicemail": Text("语音信箱接听", "voicemail answers"),
    "channel.busy": Text("占线", "busy"),
    "asset.failure": Text("设施失效", "asset fails"),
    "event.secondary": Text("次生事件", "secondary event"),
    "fact.told": Text("报告情况", "a fact is told"),
    "decision.answer": Text("作出决定", "a decision is taken"),
    "order.transition": Text("下令转换阶段", "the plan is ordered on"),
    "message.inbound": Text("来电来信", "a message comes in"),
}
TARGETS: dict[str, Text] = {
    "sms": Text("短信", "text messages"),
    "voice": Text("电话", "calls"),
    "command": Text("指挥", "whoever commands"),
    "": Text("", ""),
}
PAUSES: dict[str, Text] = {
    "director": Text("导调暂停", "paused by the director"),
    "unsafe": Text("安全暂停", "paused: unsafe act"),
    "help": Text("求助暂停", "paused: help asked"),
    "real": Text("真实事件", "paused: real incident"),
    "red": Text("紧急停止", "red command"),
    "restored": Text("恢复备份后暂停", "paused: a backup was restored"),
    "phrase": Text("安全暗语", "paused: safety phrase"),
}
BOOK_WORDS: dict[str, Text] = {
    "Planned": Text("计划", "planned"),
    "NoticeConfirmed": Text("告知已确认", "notice confirmed"),
    "Released": Text("批准实施", "released"),
    "Begun": Text("演练开始", "STARTEX"),
    "InjectReleased": Text("情景发生", "inject released"),
    "InjectSkipped": Text("情景跳过", "inject skipped"),
    "Contingent": Text("导控补救", "contingency"),
    "Paused": Text("暂停", "paused"),
    "Resumed": Text("继续", "resumed"),
    "Sped": Text("变速", "speed"),
    "Aborted": Text("中止", "broken off"),
    "Ended": Text("演练结束", "ENDEX"),
    "LineRestored": Text("线路恢复", "line restored"),
    "Closed": Text("归档", "closed"),
    "Observed": Text("观察", "observed"),
    "Answered": Text("评估答复", "evaluator"),
    "Rated": Text("人工评定", "rated by a person"),
    "HotWash": Text("讲评", "hot wash"),
    "Action": Text("整改措施", "action"),
    "ActionDone": Text("整改完成", "action done"),
}
FIELDS: dict[str, Text] = {
    "about": Text("对象", "about"), "action": Text("措施", "action"), "adhoc": Text("临时", "ad hoc"),
    "because": Text("原因", "because"), "begins": Text("开始", "begins"), "by": Text("由", "by"),
    "carried": Text("验证", "verifies"), "code": Text("编号", "code"), "director": Text("导调", "director"),
    "do": Text("做", "do"), "due": Text("期限", "due"), "element": Text("要素", "element"),
    "evidence": Text("证据", "evidence"), "id": Text("编号", "no."), "if_not": Text("若未", "if not"),
    "incident": Text("事件", "incident"), "inject": Text("情景", "inject"), "kind": Text("种类", "kind"),
    "maximum": Text("最长", "at most"), "met": Text("做到", "met"), "objective": Text("目标", "objective"),
    "observers": Text("观察员", "observers"), "other": Text("另一事件", "other"), "owner": Text("负责", "owner"),
    "participants": Text("参加", "participants"), "photo": Text("照片", "photo"), "planned": Text("计划", "planned"),
    "playbook": Text("预案", "plan"), "problem": Text("问题", "problem"), "question": Text("问题", "question"),
    "rating": Text("评级", "rating"), "reason": Text("理由", "reason"), "repeats": Text("重复", "repeats"),
    "scenario": Text("情景", "scenario"), "speed": Text("速度", "speed"), "tapped": Text("记于", "noted"),
    "target": Text("对象", "target"), "text": Text("内容", "words"), "to": Text("给", "to"),
    "topic": Text("事项", "about"), "unsafe": Text("不安全", "unsafe"), "until": Text("至", "until"),
    "verified": Text("验证于", "verified in"), "verify": Text("须验证", "to be verified"), "who": Text("谁", "who"),
}  # fmt: skip
"""What the fields of the book hold."""
