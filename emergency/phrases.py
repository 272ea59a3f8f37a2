"""What the operator reads, in zh and en side by side. Light: the command line imports it at every start."""

from __future__ import annotations

PHRASES: dict[str, tuple[str, str]] = {
    "opened": ("已启动 {code} {title},{place},{severity}。", "{code} started: {title}, {place}, {severity}."),
    "joined": (
        "已并入 {code}:同一地点已有人报过,指挥已知。",
        "Joined {code}: this place was reported already; command is told.",
    ),
    "drill": ("这是演练,不会打给真实电话。", "This is a drill; no real telephone is called."),
    "by_server": ("服务在运行:消息由它发出,超时由它盯着。", "The server is running: it sends and watches the timers."),
    "drill_at_server": (
        "演练消息显示在运行 emergency serve 的窗口里。",
        "The messages of the drill are shown where `emergency serve` runs.",
    ),
    "nobody_watches": (
        "注意:没有服务在运行!没人盯超时,也收不到回复。请立即运行: emergency serve",
        "WARNING: no server is running. NOBODY watches timers or replies. Start it now: emergency serve",
    ),
    "no_provider": (
        "没有短信和电话通道,{n} 人没有通知到,请用对讲机或当面通知:{names}。"
        "设好 TWILIO_ACCOUNT_SID、TWILIO_AUTH_TOKEN、TWILIO_FROM,30 分钟内启动 emergency serve 会补发。",
        "NOT TOLD ({n}), for there is no provider; tell them by radio or in person: {names}. "
        "Set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM; "
        "`emergency serve` sends it if it starts within 30 minutes.",
    ),
    "bad_provider": (
        "Twilio 设置有误,真实消息发不出去:",
        "The Twilio settings are wrong; nothing real can be sent:",
    ),
    "failed": ("{n} 人通知不到,请用对讲机或当面通知:", "NOT REACHED ({n}); tell them by radio or in person:"),
    "retried": ("{n} 人的消息还没有发出去,还在重试:", "NOT REACHED YET ({n}); it is tried again:"),
    "progress": ("已通知 {sent} 人,{queued} 人在排队。", "Told: {sent}; waiting their turn: {queued}."),
    "whole_site": (
        "没有说地点,按整个{site}启动。下次请说: --at 地点",
        "No place was given: this is for the whole of {site}. Say it next time: --at PLACE",
    ),
    "since": ("自", "since"),
    "command": ("指挥", "command"),
    "nobody": ("无人", "nobody"),
    "agency_commands": ("由{name}指挥", "{name} commands"),
    "roles": ("人员", "People"),
    "steps": ("任务", "Steps"),
    "say": ("要打的电话", "Calls to make"),
    "announce": ("广播词", "To announce"),
    "ask": ("要问清的事", "To find out"),
    "tell_fact": ("报:emergency fact {code} {fact}=…", "tell it: emergency fact {code} {fact}=..."),
    "next": ("接下来", "What comes next"),
    "checklist": ("解除前逐项确认", "To confirm before the stand-down"),
    "help": ("有人求助", "NEEDS HELP"),
    "due": ("限 {time}", "by {time}"),
    "late": ("已超时 {by}", "LATE by {by}"),
    "none_open": ("没有进行中的事件。", "No incident is open."),
    "unfilled": ("无人!", "NOBODY!"),
    "verified": ("日志完整:{n} 行,哈希链无缺。", "The log is whole: {n} lines, every hash holds."),
    "silence": ("(无须答复)", "(no answer needed)"),
    "watching": (
        "正在看 {code}(Ctrl-C 停止观看,事件照常进行)",
        "Watching {code} (Ctrl-C stops watching, not the incident)",
    ),
    "home_made": ("安装已建:{home}", "Installation made: {home}"),
    "sample_made": (
        "样例:{site},{people} 人,{plans} 个预案。号码都是虚构的。",
        "Sample: {site}, {people} people, {plans} playbooks. Every number is fictional.",
    ),
    "home_open": (
        "别人能看到 {home},里面有电话号码。请关上: chmod 700 {home}",
        "Others can look into {home}, which holds telephone numbers. Close it: chmod 700 {home}",
    ),
    "last_resort_hint": (
        "数据库不可用时仍可叫人:同一条命令加 --last-resort",
        "People can be called without the database: the same command with --last-resort",
    ),
    "no_last_drill": ("应急兜底不能用来演练。", "A last resort is no drill: leave out --drill."),
    "backed_up": (
        "已备份:{incidents} 个事件,{lines} 行,日志完整 → {file}",
        "Backed up and checked: {incidents} incidents, {lines} lines → {file}",
    ),
    "restored": (
        "已恢复:{incidents} 个事件,{lines} 行,日志完整。",
        "Restored and checked: {incidents} incidents, {lines} lines.",
    ),
    "kept": ("原来的数据库保存在 {file}", "The database that stood there is kept: {file}"),
    "recovered": ("补入 {n} 个事件:{codes}", "Brought into the log: {n} incidents ({codes})"),
    "site_made": ("{site}:{people} 人,{plans} 个预案。", "{site}: {people} people, {plans} playbooks."),
    "written": ("已写入 {file}", "Written: {file}"),
    "card_pages": ("注意:一页放不下,共 {n} 页。", "NOTE: it does not fit one page; it takes {n}."),
    "try_next": ("下一步:", "Next:"),
    "served": ("服务已启动:{address}  (Ctrl-C 停止)", "Serving at {address}  (Ctrl-C stops it)"),
    "no_twilio": (
        "没有 Twilio 账号:真实消息发不出去,会留在队列里。",
        "No Twilio account is set: real messages cannot leave; they wait in the outbox.",
    ),
    "polling": (
        "没有公网地址(EMERGENCY_PUBLIC_URL):回复每 4 秒取一次,电话不能按键。",
        "No public address (EMERGENCY_PUBLIC_URL): replies are fetched every 4 s, calls take no keys.",
    ),
    "imported": ("名册已生效:{n} 人。", "The roster is in force: {n} people."),
    "site_in_force": (
        "场所 {site} 已生效;进行中的事件仍用旧的。",
        "The site {site} is in force; open incidents keep the old one.",
    ),
    "unusable": ("这些预案现在用不了:", "These plans cannot be used now:"),
    "check_ok": ("{name}:没有问题。", "{name}: no mistakes."),
    "check_explored": ("    已走遍 {n} 种情形、{ways} 条路。", "    explored: {n} situations, {ways} ways."),
    "check_milestone": (
        "    {title}:最迟 {worst},目标 {target}({source})",
        "    {title}: at the latest {worst}, target {target} ({source})",
    ),
    "check_unbounded": ("没有上限", "never"),
    "warned": ("{n} 处提醒,没有错误。", "{n} warnings, no mistakes."),
    "mistakes": ("{n} 处错误。", "{n} mistakes."),
    "not_reached": ("还没有通知到({n} 人)", "not told yet ({n})"),
    "asked": ("已叫 {names}", "asked {names}"),
    "by_itself": ("{time} 自动", "by itself at {time}"),
    "seconds": ("{n} 秒", "{n} s"),
    "minutes": ("{n} 分钟", "{n} min"),
    "hours": ("{n} 小时", "{n} h"),
    "say_more": ("说全:{usage}", "say: {usage}"),
    "fact_needed": (
        "{word}:请写成 名称=值,例如 people=3。可报的情况见 emergency status 或 emergency playbook show",
        "'{word}': say FACT=VALUE, for example people=3. The facts stand in `emergency status` and "
        "`emergency playbook show`",
    ),
    "lacks_role": ("{shift} 班没有人能担任{role}", "nobody could be {role} on the shift '{shift}'"),
    "lacks_number": ("{person} 没有电话号码", "{person} has no telephone number"),
    "lacks_second": (
        "{person} 担任指挥类职务,只有一个号码",
        "{person} has a command role and one number only",
    ),
    "roster_name": ("名册", "the roster in force"),
    "plan_roles": ("叫谁", "Who is called"),
    "plan_facts": ("可报的情况", "Facts"),
    "plan_from": ("{level}起", "from {level}"),
    "owner": ("首问负责: {name}（指挥应答前不移交）", "{name} was told first and owns it until command has answered"),
    "armed": ("预备，待确认", "expected, not confirmed"),
    "armed_by": ("由 {parent} 引发，尚未叫任何人", "{parent} lets expect it; nobody was called yet"),
    "armed_hint": (
        "发生了: emergency confirm {code} --at 地点    没发生: emergency cancel {code}",
        "it came: emergency confirm {code} --at PLACE    it did not: emergency cancel {code}",
    ),
    "came_of": ("由此引发", "came of"),
    "came_true": ("已确认", "confirmed"),
    "plan_by_steps": ("按任务叫", "by their steps"),
    "nudge": ("催 {role}", "call {role} again"),
    "plan_after": ("{length}后", "after {length}"),
    "outcome_acknowledged": ("收到", "received"),
    "outcome_done": ("完成", "done"),
    "outcome_chosen": ("已答", "answered"),
    "outcome_declined": ("不能来,已改叫他人", "cannot; someone else is asked"),
    "outcome_help": ("求助", "NEEDS HELP"),
    "outcome_again": ("早已记下", "was noted before"),
    "outcome_over": ("此事已结束", "is over"),
    "outcome_which": ("不知答哪一项,未记", "which one? nothing noted"),
    "outcome_foreign": ("不是发给此人的,未记", "was not asked of this person; nothing noted"),
    "outcome_unread": ("没看懂;原话已记给指挥", "not understood; the words are kept as a note"),
    "outcome_nothing": ("没有待答的事", "nothing waits for an answer"),
    "outcome_wrong_key": ("没有这个选项,未记", "no such choice; nothing noted"),
    "outcome_opt_out": ("退订短信;号码不再收得到", "asked for no more texts"),
    "outcome_proved": ("电话测试成功", "this telephone proved itself"),
    "outcome_proved_before": ("电话测试早已成功", "this telephone had proved itself before"),
    "outcome_no_proof": (
        "不算电话测试的答复:要从那部电话发来",
        "proves nothing: the answer to a test must come from that telephone",
    ),
    "outcome_repeated": ("重复", "came before"),
    "outcome_unknown": ("未知号码", "unknown number"),
    "test_no_provider": (
        "没有短信和电话通道,无法测试电话:请设 TWILIO_ACCOUNT_SID、TWILIO_AUTH_TOKEN、TWILIO_FROM。",
        "No provider is set, so no telephone can be tested: set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM.",
    ),
    "test_no_sms": ("没有短信通道:请设 TWILIO_FROM。", "Texts cannot be sent: set TWILIO_FROM."),
    "test_no_voice": (
        "没有电话通道:请把 TWILIO_FROM 设为账号的一个号码。",
        "Calls cannot be made: set TWILIO_FROM to a number of the account.",
    ),
    "test_no_number": (
        "{person} 没有电话号码:补上后 emergency roster import 再测。",
        "{person} has no telephone number: add one and import the roster again.",
    ),
    "test_which_number": (
        "{person} 没有这个号码。--number 可选:{numbers}",
        "{person} has no such number. For --number there is: {numbers}",
    ),
    "test_alerts_first": (
        "真实警报正在发出,测试不与它争先。发完再测。",
        "Alerts of a real emergency are going out, and a test must not hold them up. Try again when they are out.",
    ),
    "test_line_needed": (
        "{person} 在进行中的真实事件里,试打会占线。改用 --channel sms,或事件结束后再测。",
        "{person} is called in an emergency that is open; a test call would keep the line busy. "
        "Use --channel sms, or wait until it is over.",
    ),
    "test_too_soon": (
        "{person} 刚测过,{n} 秒后再测。",
        "{person} was tested less than a minute ago; try again in {n} s.",
    ),
    "test_begins": (
        "测试 {person}:第 {n} 个号码 {number}(共 {of} 个)。这不是警报。",
        "Testing {person}: number {n} of {of}, {number}. This is no alert.",
    ),
    "test_code": ("等那部电话答复 {code}。", "The telephone is asked to reply {code}."),
    "test_waits": (
        "最多等 {n} 秒(Ctrl-C 停止等待;晚到的答复仍会记下)……",
        "Waiting up to {n} s (Ctrl-C stops the waiting; a later answer is still noted) ...",
    ),
    "test_taken": ("{n} 秒时平台收下", "taken by the provider after {n} s"),
    "test_delivered": ("{n} 秒时送达", "delivered after {n} s"),
    "test_picked_up": ("{n} 秒时通话结束", "picked up, and over after {n} s"),
    "test_answered": ("{n} 秒时答复", "answered after {n} s"),
    "test_failed": ("失败({reason})", "failed ({reason})"),
    "test_unclear": ("不知平台收下没有({reason})", "nobody knows whether the provider took it ({reason})"),
    "test_not_delivered": ("没有送达的回执", "no receipt that it was delivered"),
    "test_not_answered": ("没有答复", "no answer"),
    "test_one_way": ("答复回不来", "no answer can come back"),
    "test_do_opted_out": (
        "这个号码回过 STOP,运营商从此全拦。请 {person} 向我们的号码发 START,再测",
        "this number once answered STOP, and its carrier blocks everything since. "
        "Let {person} send START to our number, then test again",
    ),
    "test_do_credentials": (
        "核对 TWILIO_ACCOUNT_SID 和 TWILIO_AUTH_TOKEN",
        "check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN",
    ),
    "test_do_busy": ("占线,稍后再测", "the line was busy; test again later"),
    "test_do_no_answer": ("没人接,请 {person} 留意后再测", "nobody picked up; tell {person}, and test again"),
    "test_do_machine": (
        "是语音信箱接的:请 {person} 关掉它,或延长响铃",
        "a machine picked up: let {person} switch voicemail off, or let it ring longer",
    ),
    "test_do_failed": (
        "核对 {person} 的号码;数字是平台的错误码,可在平台网站查",
        "check the number of {person}; digits are the provider's error code, explained on its site",
    ),
    "test_do_unclear": (
        "查网络;问 {person} 收到没有,再测",
        "check the network; ask {person} what came, and test again",
    ),
    "test_do_stray": (
        "答复到了平台,没到我们这里。平台上该号码的来信地址须是 {hook}(POST)",
        "the answer is at the provider, but did not reach us. Under our number there, incoming messages must go to "
        "{hook} with POST",
    ),
    "test_do_fetch": (
        "答复到了平台,服务还没有取来(每 4 秒取一次):看 emergency doctor",
        "the answer is at the provider, and not fetched yet, which the server does every 4 s: see emergency doctor",
    ),
    "test_do_not_delivered": (
        "手机关机、不在服务区,或号码不对?问 {person},再测",
        "switched off, out of reach, or a wrong number? Ask {person}, and test again",
    ),
    "test_do_no_keys": (
        "按键回不来:要设 EMERGENCY_PUBLIC_URL,并运行 emergency serve",
        "keys cannot come back: that needs EMERGENCY_PUBLIC_URL and a running emergency serve",
    ),
    "test_do_one_way": (
        "这个国家的短信答复回不来。问 {person} 收到没有;答复用 --channel voice 测",
        "no text comes back from this country. Ask {person} whether it came; prove the answer with --channel voice",
    ),
    "test_do_no_key": (
        "接了但没有按 1:告诉 {person},再测",
        "picked up, but 1 was not pressed: tell {person}, and test again",
    ),
    "test_do_other_words": (
        "那部电话发来了别的话;请 {person} 只回 {code}(仍会记下)",
        "something else came from that telephone; ask {person} to reply {code} and nothing else (it is still noted)",
    ),
    "test_do_no_reply": (
        "问 {person} 看到没有,请回 {code}(仍会记下)",
        "ask {person} whether it was seen, and to reply {code} (it is still noted)",
    ),
    "acknowledged": ("已答", "answered"),
    "called": ("已叫", "called"),
    "assigned": ("已派", "assigned"),
    "done": ("完成", "done"),
    "open": ("待办", "open"),
    "given_up": ("已放弃", "given up"),
    "dropped": ("已撤", "dropped"),
    "on": ("在岗", "on shift"),
    "call": ("可召回", "on call"),
    "off": ("不在岗", "off"),
}


def phrase(key: str, lang: str, **values: object) -> str:
    """Return the words for *key* in *lang*, filled with *values*."""
    zh, en = PHRASES[key]
    return (zh if lang == "zh" else en).format(**values)
