"""The words of the program itself, zh and en side by side: templates, reasons, marks. `wording.py` fills them.

Further languages come by catalogues whose keys are the English words exactly as they stand here.
"""

from __future__ import annotations

from emergency.core.values import Text

PLAYED = Text("切勿拨打!报导演组:{{agency}}", "Do NOT dial! Tell control: {{agency}}")
PLAYED_SHORT = Text("切勿拨打!报导演组", "Tell control only")
"""What a step that calls an agency asks for in a drill: outside agencies are played, never dialled."""
TEMPLATES: dict[str, Text] = {
    "sms": Text(
        "【{{sign}}】{{mark}}{{body}}{{mark}}",
        "[{{sign}}] {{mark}}{{body}}{{endmark}}",
    ),
    "task": Text(
        "{{code}}{{headline}},{{place}}{{zone}}。你:{{role}}。{{do}}。{{reply}}",
        "{{code}} {{headline}}, {{place}}{{zone}}. You: {{role}}. {{do}}. {{reply}}",
    ),
    "tasks": Text(
        "{{code}}{{headline}},{{place}}。"
        "{% for t in tasks %}{{t.ref}}{{t.role}}{{t.zone}}:{{t.do}};{% endfor %}{{reply}}",
        "{{code}} {{headline}}, {{place}}. "
        "{% for t in tasks %}{{t.ref}} {{t.role}}{{t.zone}}: {{t.do}}; {% endfor %}{{reply}}",
    ),
    "stand_by": Text(
        "{{code}}{{headline}},{{place}}。你:{{role}}。{{do}}。{{reply}}",
        "{{code}} {{headline}}, {{place}}. You: {{role}}. {{do}}. {{reply}}",
    ),
    "update": Text(
        "{{code}}更新:{{state}},{{place}},{{severity}}。", "{{code}} update: {{state}}, {{place}}, {{severity}}."
    ),
    "taken": Text("{{ref}}已由{{about}}接手,你不必再去。", "{{ref}} is taken by {{about}}; you need not go."),
    "enough": Text(
        "{{ref}}人已够({{about}}等),你不必再去。", "{{ref}} has enough people, {{about}} among them; you need not go."
    ),
    "passed_on": Text("{{code}}:{{role}}现由{{about}}担任。", "{{code}}: {{role}} is now {{about}}."),
    "gap": Text(
        "{{code}}{{headline}}:{{role}}无人到位!请另派人。", "{{code}} {{headline}}: nobody for {{role}}! Send someone."
    ),
    "help": Text("{{code}}{{about}}求助!请立即联系。", "{{code}} {{about}} needs help! Reach them now."),
    "duress": Text(
        "{{code}}{{about}}说了胁迫暗语!勿联系本人,即报110。",
        "{{code}}: {{about}} used the duress word! Do not contact them; call the police.",
    ),
    "tell": Text("{{code}}通知:{{text}}", "{{code}}: {{text}}"),
    "merged": Text("{{code}}又接报:{{where}}。{{text}}", "{{code}}: reported again: {{where}}. {{text}}"),
    "note": Text("{{code}}{{about}}说:{{text}}", "{{code}} {{about}} says: {{text}}"),
    "expect": Text("{{code}}:可能引发{{about}}。", "{{code}}: expect {{about}}."),
    # a person wanted twice, and who follows at a change of shift
    "relief": Text(
        "{{code}}{{headline}},{{place}}。{{do}}:{{role}},接替{{about}}。{{reply}}",
        "{{code}} {{headline}}, {{place}}. {{do}}: {{role}}, from {{about}}. {{reply}}",
    ),
    "relief_command": Text(
        "{{code}}{{headline}},{{place}},{{severity}},{{state}}。请接替{{about}}任指挥({{role}})。{{reply}}",
        "{{code}} {{headline}}, {{place}}, {{severity}}, {{state}}. Take over command from {{about}} ({{role}}). "
        "{{reply}}",
    ),
    "may_go": Text(
        "{{code}}:{{role}}已由{{about}}接班,你可以下班。", "{{code}}: {{about}} has {{role}} now; you may go."
    ),
    "no_relief": Text("{{code}}:到点无人接班,{{moves}},留任。", "{{code}}: nobody relieves {{moves}}; they stay."),
    "released": Text("{{code}}放你去{{other}}。", "{{code}}: you are released to {{other}}."),
    "called_away": Text("{{code}}:{{other}}调走{{moves}}。", "{{code}}: called away to {{other}}: {{moves}}."),
    "comes": Text("{{code}}:{{who}}从{{other}}调来。", "{{code}}: {{who}}: here from {{other}}."),
    "keeps": Text("{{code}}:{{other}}留用{{moves}}。", "{{code}}: {{other}} keeps {{moves}}."),
    "wanted": Text(
        "{{code}}:{{other}}也要{{who}},仍归你。", "{{code}}: {{other}} wants {{who}} too; they stay with you."
    ),
    "lent": Text("{{code}}:{{who}}兼顾{{other}}。", "{{code}}: {{who}}: for {{other}} as well."),
    "more": Text("另{{n}}项", "{{n}} more"),
    "move_on": Text("{{who}}({{role}}由{{here}}接)", "{{who}} ({{role}}: {{here}})"),
    "move_gap": Text("{{who}}({{role}}:无人!)", "{{who}} ({{role}}: NOBODY)"),
    "move_both": Text("{{who}}({{role}}:两头兼)", "{{who}} ({{role}}: both)"),
    "move_stays": Text("{{who}}任{{role}}", "{{who}} ({{role}})"),
    "stand_down": Text(
        "{{code}}{{headline}}解除,{{place}}。撤岗,保护现场。",
        "{{code}} {{headline}}: stood down, {{place}}. Leave your post.",
    ),
    "false_alarm": Text(
        "{{code}}{{headline}}:误报,{{place}}。恢复正常。",
        "{{code}} {{headline}}: false alarm, {{place}}. Back to normal.",
    ),
    "cancelled": Text(
        "{{code}}{{headline}}:已取消,{{place}}。不必到岗。",
        "{{code}} {{headline}}: cancelled, {{place}}. No need to come.",
    ),
    "reply": Text(
        "复{{ref}}+1收到{% for k in keys %}{{k.key}}{{k.label}}{% endfor %}",
        "Reply {{ref}}1 got it{% for k in keys %}, {{k.key}} {{k.label}}{% endfor %}",
    ),
    "reply_many": Text(
        "复{{code}}+1都收到;2完成3不能带字母,如{{ref}}2",
        "Reply {{code}}1 got all; 2 done, 3 cannot with letter: {{ref}}2",
    ),
    "no_reply": Text("接到电话请按1", "Answer our call with 1"),
    "answer_at": Text("点开答复 {{link}}", "Answer: {{link}}"),
    "voice_task": Text(
        "{{sign}}应急。编号{{spoken}}。{{headline}},{{place}}{{zone}}。"
        "{% for t in tasks %}您是{{t.role}}{{t.zone}}。{{t.do}}。{% endfor %}"
        "{% if keys %}收到按1{% for k in keys %},{{k.label}}按{{k.key}}{% endfor %}。需要帮助按9。{% endif %}",
        "{{sign}} emergency {{spoken}}. {{headline}}, {{place}}{{zone}}. "
        "{% for t in tasks %}You are {{t.role}}{{t.zone}}. {{t.do}}. {% endfor %}"
        "{% if keys %}Press 1 received{% for k in keys %}, {{k.key}} {{k.label}}{% endfor %}, 9 for help.{% endif %}",
    ),
    "voice_more": Text("另有{{n}}项,见短信。", "{{n}} more: see your texts. "),
    "voice_all": Text("收到按1。", "Press 1 received."),
    "voice_tell": Text("{{sign}}应急。{{body}}", "{{sign}} emergency. {{body}}"),
    # what is said of a drill beside what it plays; all of it between drill marks
    "real_help": Text(
        "{{code}}中{{about}}报告真实情况!立即联系本人;属实即按真实预案启动。",
        "{{about}} reports something REAL in {{code}}! Reach them now; if it is so, start the real plan.",
    ),
    "drill_real": Text(
        "{{code}}停止:有真实情况!请按不带此标记的通知行动,没收到就听广播。",
        "{{code}} is stopped: something REAL has happened! Do what messages without this mark say, or the speakers.",
    ),
    "drill_still": Text(
        "{{code}}暂停。请停在原处,注意安全,等候通知。",
        "{{code}} is stopped. Stay where you are, be safe, wait for word.",
    ),
    "drill_on": Text("{{code}}继续。", "{{code}} goes on."),
    "drill_over_real": Text(
        "{{code}}已终止:有真实情况!请按真实预案行动,听从广播指挥。",
        "{{code}} is broken off: something REAL has happened! Follow the real plan and the speakers.",
    ),
    "drill_off": Text(
        "{{code}}已中止,全部动作停止。此后任何警报按真实处理。",
        "{{code}} is broken off; stop all you do for it. Any alarm from now on is real.",
    ),
    "endex": Text(
        "{{code}}结束,全部动作停止。此后任何警报按真实处理。谢谢!",
        "{{code}} has ended; stop all you do for it. Any alarm from now on is real. Thank you!",
    ),
    "voice_drill": Text("演练,演练。{{body}}以上是演练。", "Drill, drill, drill. {{body}} This was a drill."),
    # a roll call: asked of ten thousand, so every word counts
    "roll": Text(
        "{{code}}{{again}}点名:你安全吗?{{headline}},{{place}}。"
        "{% if link %}点开答:{{link}}{% elif two_way %}复{{code}}+1平安,2求助,3不在现场"
        "{% else %}报给楼层负责人{% endif %}",
        "{{code}} {{again}}roll call: are you safe? {{headline}}, {{place}}. "
        "{% if link %}Answer: {{link}}{% elif two_way %}Reply {{code}} 1 safe, 2 need help, 3 not here"
        "{% else %}Tell your warden{% endif %}",
    ),
    "roll_again": Text("再次", "2nd "),
    "roll_last": Text("最后一次", "last "),
    "voice_roll": Text(
        "{{sign}}点名。{{headline}},{{place}}。您安全吗?平安按1,需要帮助按2,不在现场按3。",
        "{{sign}} roll call. {{headline}}, {{place}}. Are you safe? Press 1 if you are safe, 2 if you need help, "
        "3 if you are not on site.",
    ),
    "roll_safe": Text(
        "{{code}}已记:平安。要改请再复{{code}}+2或3。", "{{code}}: noted, safe. To change it reply {{code}} 2 or 3."
    ),
    "roll_help": Text(
        "{{code}}已记:求助,已报指挥。脱险后复{{code}}+1。",
        "{{code}}: noted, you need help. Command is told. When safe reply {{code}} 1.",
    ),
    "roll_away": Text(
        "{{code}}已记:不在现场。要改请再复{{code}}+1或2。",
        "{{code}}: noted, not here. To change it reply {{code}} 1 or 2.",
    ),
    "roll_over": Text(
        "点名{{code}}已结束;答复仍记下了。", "Roll call {{code}} is over; your answer was noted all the same."
    ),
    "roll_closed": Text("点名{{code}}已结束。", "Roll call {{code}} is over."),
    "roll_unread": Text(
        "没看懂。{{code}}点名:复{{code}}+1平安,2求助,3不在现场",
        "Not understood. Roll call: reply {{code}} 1 safe, 2 need help, 3 not here",
    ),
    "roll_which": Text("点名:你安全吗", "roll call: are you safe"),
    # to the director of a drill that is over: what nobody hears is real
    "line_open": Text(
        "{{code}}已结束,但{{text}}尚未确认恢复联网!请核实并登记。",
        "{{code}} is over, but {{text}} has NOT confirmed that the line is restored. Check it, and enter it.",
    ),
    # a test of one telephone, neither emergency nor drill (`doctor --send-test`)
    "test": Text(
        "【测试】这是测试,没有紧急情况,也不是演练。{% if code %}请回复{{code}}{% else %}不必回复{% endif %}。【测试】",
        "TEST only. No emergency, no drill. "
        "{% if code %}Please reply {{code}}{% else %}No reply needed{% endif %}. TEST",
    ),
    "voice_test": Text(
        "测试,测试。{{sign}}试打电话。没有紧急情况,也不是演练。{% if keys %}听到请按1。{% endif %}以上是测试。",
        "Test, test. {{sign}} tries this telephone. No emergency, no drill. "
        "{% if keys %}Press 1 if you hear this. {% endif %}This was a test.",
    ),
    # whether a number is still theirs, asked once a month: a test, and marked as one
    "still": Text(
        "【测试】没有紧急情况,也不是演练。{{name}},这还是您的号码吗?是请回复{{code}}。【测试】",
        "TEST only. No emergency, no drill. Still you, {{name}}? Please reply {{code}}. TEST",
    ),
    "voice_still": Text(
        "测试,测试。{{sign}}核对号码。没有紧急情况,也不是演练。这还是{{name}}的电话吗?是请按1。以上是测试。",
        "Test, test. {{sign}} checks its numbers. No emergency, no drill. Is this still the telephone of {{name}}? "
        "Press 1 if it is. This was a test.",
    ),
    "test_ok": Text(
        "测试成功,这部电话能收能复。没有紧急情况。{{more}}",
        "Test passed: this phone receives and answers. No emergency. {{more}}",
    ),
    "test_more": Text(
        "其他内容未记;要报告请另发一条,不带{{ref}}。", "The rest was not noted; to report, write again without {{ref}}."
    ),
    # answers to what somebody sent us
    "got": Text("{{ref}}已记:收到。{{more}}", "{{ref}}: noted, received. {{more}}"),
    "got_more": Text("完成复{{ref}}+2,不能复{{ref}}+3", "When done reply {{ref}}2, if you cannot {{ref}}3"),
    "finished": Text("{{ref}}已记:完成。", "{{ref}}: noted, done."),
    "chosen": Text("{{ref}}已记:{{text}}。", "{{ref}}: noted, {{text}}."),
    "declined": Text("{{ref}}已记:不能。已改叫他人。", "{{ref}}: noted, you cannot. We ask someone else."),
    "helped": Text("{{code}}已记:求助,已报指挥。", "{{code}}: noted, you need help. Command is told."),
    "again": Text("{{ref}}早已记下,不必再发。", "{{ref}} was noted before; nothing more to do."),
    "over": Text("{{ref}}已结束:{{text}}。", "{{ref}} is over: {{text}}."),
    "which": Text(
        "有{{n}}项待复,请带编号:{% for t in tasks %}{{t.ref}} {{t.do}};{% endfor %}如{{ref}}{{key}}",
        "{{n}} things are open, say which: {% for t in tasks %}{{t.ref}} {{t.do}}; {% endfor %}e.g. {{ref}}{{key}}",
    ),
    "foreign": Text(
        "{{ref}}不是发给你的,未记。请看清编号。", "{{ref}} was not sent to you; nothing done. Check the code."
    ),
    "unread": Text(
        "没看懂,已转指挥。请复编号+数字,如{{ref}}1",
        "Not understood; command sees it. Reply code and digit, e.g. {{ref}}1",
    ),
    "nothing": Text("现在没有要你答复的事。", "Nothing waits for your answer now."),
    "wrong_key": Text("{{ref}}没有选项{{key}}。可选:{{text}}", "{{ref}} has no choice {{key}}. There is: {{text}}"),
}

REASONS: dict[str, Text] = {
    "done": Text("已完成", "it is done"),
    "taken": Text("他人已接手", "someone else has it"),
    "left_state": Text("阶段已过", "the plan has moved on"),
    "ended": Text("事件已解除", "the emergency has ended"),
    "declined": Text("你已说不能", "you said you cannot"),
    "relieved": Text("已换人", "someone relieved you"),
    "called_away": Text("你已调往另一事件", "another incident has you"),
}

KEY_WORDS: dict[str, Text] = {"2": Text("完成", "done"), "3": Text("不能", "cannot")}
YES_NO: dict[str, Text] = {"yes": Text("是", "yes"), "no": Text("否", "no")}
ASKED = frozenset({"task", "stand_by", "relief", "relief_command"})
"""What a message asks of somebody; all else only tells."""
ELSEWHERE = frozenset({"released", "called_away", "comes", "keeps", "wanted", "lent"})
"""What speaks of another incident, by its code."""
COMMAND = Text("指挥", "command")
"""What was handed over when it is no role of the site."""
MARK = Text("【演练】", "DRILL ")
END_MARK = Text("【演练】", " DRILL")
ROOM = 60
"""Characters kept free around a body for what stands before and after it: brackets and drill marks."""
DIGITS = Text("零一二三四五六七八九", "0123456789")
FIRST_ANSWER_KEY = 4
MOST_LISTED = 5
"""Whom a text names of those whom two incidents want; the console shows all (practice)."""
MOST_SPOKEN = 2
"""Tasks of one incident that a call says; it is said twice and should not pass 25 s (reference, voice calls)."""
STANDING_BY = Text("待命,听指令", "Stand by for orders")
TAKE_OVER = Text("请接班", "Take over")
TAKE_COMMAND = Text("请接任指挥", "Take over command")
COMMANDING = Text("你任指挥,请看情况下令", "You command: see, and give orders")
STAND_BY = Text("待命", "stand by")
ANSWER_ONLY = Text("只需答复,不要行动", "Only answer, do nothing")
"""What a call-out asks of whoever holds a role, also of who commands."""
