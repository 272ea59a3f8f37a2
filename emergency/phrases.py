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
    "nobody_watches": (
        "注意:没有服务在运行。第一批消息已由本命令发出,但没人盯超时和回复。请立即运行: emergency serve",
        "WARNING: no server is running. This command sent the first wave itself, but NOBODY watches timers or replies. "
        "Start it now: emergency serve",
    ),
    "no_provider": (
        "没有短信和电话通道:{n} 条消息未能发出,请用对讲机或当面通知。"
        "设置 TWILIO_ACCOUNT_SID、TWILIO_AUTH_TOKEN、TWILIO_FROM 后由 emergency serve 补发。",
        "No provider: {n} messages could not be handed over; tell people by radio or in person. "
        "Set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM, and `emergency serve` sends them.",
    ),
    "failed": ("{n} 条消息发不出去:", "{n} messages could not be handed over:"),
    "progress": (
        "消息:{sent} 条已交出,{queued} 条在排队。",
        "Messages: {sent} handed over, {queued} waiting their turn.",
    ),
    "state": ("阶段", "state"),
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
    "expected": ("可能引发", "Look out for"),
    "help": ("有人求助", "NEEDS HELP"),
    "due": ("限 {time}", "by {time}"),
    "late": ("已超时 {by}", "LATE by {by}"),
    "none_open": ("没有进行中的事件。", "No incident is open."),
    "closed": ("已归档", "closed"),
    "unfilled": ("无人!", "NOBODY!"),
    "verified": ("日志完整:{n} 行,哈希链无缺。", "The log is whole: {n} lines, every hash holds."),
    "answer": ("答复", "Answer"),
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
    "check_ok": ("{name}:没有问题。", "{name}: no mistakes."),
    "mistakes": ("{n} 处问题,什么都没有改动。", "{n} mistakes; nothing was changed."),
    "confirm_number": ("确认:--check {n}", "confirm: --check {n}"),
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
