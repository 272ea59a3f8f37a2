"""What the operator reads, in zh and en side by side. Light: the command line imports it at every start."""

from __future__ import annotations

import errno

PHRASES: dict[str, tuple[str, str]] = {
    "stands_still": ("已停下", "STANDS STILL"),
    "stopped_drills": (
        "演练已全部停下:{codes}。只有导演能让它继续: emergency drill resume 编号 --by 导演",
        "Stopped: {codes}. Only the director lets a drill go on: emergency drill resume CODE --by DIRECTOR",
    ),
    "aborted_drills": (
        "演练已终止:{codes}。已通知收到过的人。",
        "Broken off: {codes}. Those whom it had reached are told.",
    ),
    "no_drill_goes_on": (
        "没有打电话的演练在进行(已停下的不动)。桌面推演和模拟推演,如有,已冻结。",
        "No drill goes on in this store (what stood still already does). A table or a rehearsal that runs is frozen.",
    ),
    "stop_marked": (
        "存储写不进,停止标记已放好:演练不再发出任何消息。请用对讲机喊停。",
        "The store cannot be written, but the stop marker is in place: no drill sends anything. Say stop on the radio.",
    ),
    "stop_failed": (
        "停不下来:存储和标记都写不进。请用对讲机喊停,并停掉 emergency serve。",
        "NOT stopped: neither the store nor the marker can be written. Say stop on the radio, and end emergency serve.",
    ),
    "stop_unmarked": (
        "停止标记写不进:本机其他窗口里的推演请手动停(Ctrl-C)。",
        "The stop marker cannot be written: end rehearsals in other windows of this machine by hand (Ctrl-C).",
    ),
    "in_book": ("已记入 {code} 的评估簿:{ref}。", "Written into the book of {code}: {ref}."),
    "observed_frozen": (
        "{code} 已冻结:有不安全行为。只有导演可以继续。",
        "{code} stands still: an unsafe act. Only the director lets it go on.",
    ),
    "observed_planned": (
        "{code} 还没有开始,没有什么可停的;已记下。不能照此开始的话: emergency drill abort {code} --reason 理由",
        "{code} has not begun, so nothing was stopped; it is noted. If it must not begin like this: "
        "emergency drill abort {code} --reason TEXT",
    ),
    "observed_over": (
        "{code} 已经结束,没有什么可停的;已记下。现在仍有危险就当场制止,并按真实事件上报: emergency trigger",
        "{code} is over, so nothing was stopped; it is noted. If there is danger now, stop it on the spot and report "
        "it as real: emergency trigger",
    ),
    "observed_real": (
        "{code} 是真实事件,不会停下;已记下。请当场制止,并告诉指挥。",
        "{code} is real and does not stop; it is noted. Stop the act on the spot, and tell command.",
    ),
    "no_actions": ("没有未完成的整改措施。", "No corrective action is open."),
    "report_written": ("报告已写入 {file}({kb} kB)。", "The report is in {file} ({kb} kB)."),
    "opened": ("已启动 {code} {title},{place},{severity}。", "{code} started: {title}, {place}, {severity}."),
    "joined": (
        "已并入 {code}:同一地点已有人报过,指挥已知。",
        "Joined {code}: this place was reported already; command is told.",
    ),
    "schedule_removed": (
        "已取消 {code}({scenario});办过的、已列入计划的都保留。",
        "{code} ({scenario}) is taken out; what was held and planned by it stays.",
    ),
    "calendar_written": ("日历已写入 {path}。", "The calendar is in {path}."),
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
    "wanted_twice": ("两处都要的人", "Wanted twice"),
    "board_gap": (
        "{wants} 无人可用,人在 {keeps}: {who}",
        "{wants} has NOBODY, {keeps} has them: {who}",
    ),
    "board_on": ("{wants} 已由别人顶上,人在 {keeps}: {who}", "{wants} has somebody else, {keeps} has them: {who}"),
    "board_both": ("{wants} 和 {keeps} 两头兼: {who}", "{wants} and {keeps}, both: {who}"),
    "wanted_on": (
        "{person}({role}):{keeps} 留用,{wants} 由 {here}",
        "{person} ({role}): {keeps} keeps; {wants} has {here}",
    ),
    "wanted_both": ("{person}({role}):{keeps} 和 {wants} 两头兼", "{person} ({role}): for {keeps} and {wants}, both"),
    "wanted_gap": (
        "{person}({role}):{keeps} 留用,{wants} 无人!",
        "{person} ({role}): {keeps} keeps; {wants} has NOBODY",
    ),
    "steps": ("任务", "Steps"),
    "say": ("要打的电话", "Calls to make"),
    "played": ("(演练:由导演组扮演,切勿拨打)", "(drill: played by control, do NOT dial)"),
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
    "roll_verified": ("点名 {code} 完整:{n} 行。", "Roll call {code} is whole: {n} lines."),
    "verified": ("日志完整:{n} 行,哈希链无缺。", "The log is whole: {n} lines, every hash holds."),
    "book_verified": ("演练记录 {code} 完整:{n} 条。", "The book of {code} is whole: {n} entries."),
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
    "last_resort_sent": (
        "{code}:已发出 {sent} 条,{failed} 条没发出。没人盯超时,也收不到回复:请用对讲机接着指挥。",
        "{code}: {sent} messages handed over, {failed} not. Nobody watches timers or replies: go on by radio.",
    ),
    "last_resort_after": ("数据库恢复后,请运行:emergency recover", "When the store works again: emergency recover"),
    "no_journal": (
        "记录文件写不进({why});请把下面几行抄下来:",
        "the journal cannot be written ({why}); copy these lines by hand:",
    ),
    "no_more_journal": (
        "记录文件再也写不进({why});请把下面几行抄下来:",
        "the journal cannot be written any more ({why}); copy these lines by hand:",
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
    "backed_up_rehearsals": ("推演记录也已备份:{n} 次 → {file}", "The rehearsals too: {n} of them → {file}"),
    "restored_still": (
        "备份里的演练已冻结:{codes}。世界已往前走,确认后再 emergency drill resume,或 abort",
        "Drills of the backup stand still: {codes}. The world has moved on: look, then emergency drill resume or abort",
    ),
    "restored_broken_off": (
        "备份里的演练已过最长时间,已中止:{codes}",
        "Drills of the backup whose longest time is up were broken off: {codes}",
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
    "roster_added": ("加入 {who}", "comes: {who}"),
    "roster_left": ("离开 {who}", "leaves: {who}"),
    "roster_changed": ("变更 {who}:{what}", "changes: {who}: {what}"),
    "roster_lost": ("{who} 不再担任:{roles}", "{who} has no more: {roles}"),
    "roster_in_incident": (
        "注意:{who} 正在事件 {code} 中担任 {roles}",
        "mind: {who} is in the incident {code} as {roles}",
    ),
    "roster_same": ("名册没有变化。", "Nothing changes in the roster."),
    "roster_more": ("……另有 {n} 条(--json 看全部)", "... and {n} more (--json for all)"),
    "roster_sure": ("按此更新名册?", "Put this in force?"),
    "roster_kept": ("没有改动。", "Nothing was changed."),
    "roster_undone": (
        "已撤销第 {n} 次变更,名册现为 {people} 人;再次 undo 即恢复。",
        "Change {n} is undone, the roster has {people} people; undo once more to have it back.",
    ),
    "roster_no_history": ("还没有变更记录。", "No change is on record yet."),
    "roster_in_force": ("现行", "in force"),
    "roster_people": ("{n} 人", "{n} people"),
    "roster_exported": (
        "已写入 {file}:{n} 人,含完整号码,只有本用户可读;用后删除。",
        "Written to {file}: {n} people with whole numbers; only you can read it. Delete it after use.",
    ),
    "roster_exported_masked": (
        "已写入 {file}:{n} 人,号码打码,仅供查看;要能再导入请加 --numbers。",
        "Written to {file}: {n} people, numbers masked, for reading; to import it again, export with --numbers.",
    ),
    "field_name_zh": ("中文名", "Chinese name"),
    "field_name_en": ("英文名", "English name"),
    "field_language": ("语言", "language"),
    "field_numbers": ("号码", "numbers"),
    "field_roles": ("角色", "roles"),
    "field_shift": ("班次", "shift"),
    "field_on_call": ("待命", "on call"),
    "field_zone": ("区域", "zone"),
    "field_standby": ("待命班次", "standby"),
    "field_positions_zh": ("职务", "position in Chinese"),
    "field_positions_en": ("职务(英)", "position"),
    "field_employer": ("单位", "employer"),
    "field_licences": ("证书", "licences"),
    "field_leave": ("请假", "leave"),
    "field_swaps": ("换班", "swaps"),
    "field_since": ("入职", "since"),
    "field_until": ("离职", "until"),
    "site_in_force": (
        "场所 {site} 已生效;进行中的事件仍用旧的。",
        "The site {site} is in force; open incidents keep the old one.",
    ),
    "unusable": ("这些预案现在用不了:", "These plans cannot be used now:"),
    "scenario_pinned": ("{file}:已写入预案版本 {revision}", "{file}: pinned to revision {revision} of its plan"),
    "scenarios_left_out": (
        "另有 {n} 个随程序附带的情景写给示例商场,未检查。",
        "{n} more came with the program for the sample mall; they were left out.",
    ),
    "msel_read": ("已把 {n} 个注入写入 {file}", "{n} injects were written into {file}"),
    "check_ok": ("{name}:没有问题。", "{name}: no mistakes."),
    "check_explored": ("    已走遍 {n} 种情形、{ways} 条路。", "    explored: {n} situations, {ways} ways."),
    "check_milestone": (
        "    {title}:最迟 {worst},目标 {target}({source})",
        "    {title}: at the latest {worst}, target {target} ({source})",
    ),
    "check_unbounded": ("没有上限", "never"),
    "warning_mark": ("提醒: ", "warning: "),
    "warned": ("{n} 处提醒,没有错误。", "{n} warnings, no mistakes."),
    "mistakes": ("{n} 处错误。", "Mistakes: {n}."),
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
    "lacks_role": ("{shift}没有人能担任{role}", "nobody could be {role} on the shift '{shift}'"),
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
    "roll_call": ("点名", "roll call"),
    "roll_open": ("{time} 开始", "since {time}"),
    "roll_closed": ("{time} 结束", "closed at {time}"),
    "roll_over": ("已结束", "closed"),
    "roll_safe": ("{of} 人中 {n} 人平安", "{n} of {of} safe"),
    "roll_help": ("{n} 人求助", "{n} need help"),
    "roll_missing": ("{n} 人没有消息", "{n} missing"),
    "roll_away": ("{n} 人不在现场", "{n} not on site"),
    "roll_unasked": (
        "其中 {n} 人还没有问到,正在陆续询问",
        "{n} of them not asked yet; they are asked as fast as the sender takes it",
    ),
    "roll_unreachable": (
        "其中 {n} 人没有电话号码,问不到:请当面点名",
        "{n} of them have no telephone number: look for them in person",
    ),
    "roll_help_title": ("求助", "Need help"),
    "roll_missing_title": ("没有消息", "Missing"),
    "roll_zones": ("各层", "Floors"),
    "roll_groups": (
        "不记名人数(只看清场,不算平安)",
        "People without names (their zone is swept; they are never counted safe)",
    ),
    "roll_heads": ("另有不记名 {n} 人", "{n} more without names"),
    "roll_mark_open": ("未清", "not swept"),
    "roll_mark_swept": ("已清", "swept"),
    "roll_mark_given_up": ("已放弃", "given up"),
    "roll_more": (
        "……还有 {n} 人: emergency muster {code} missing",
        "... and {n} more: emergency muster {code} missing",
    ),
    "roll_did_opened": (
        "点名 {code} 已开始,应到 {n} 人,正在询问。",
        "Roll call {code} is open: {n} people are expected, and are being asked.",
    ),
    "roll_did_reopened": (
        "点名 {code} 已重新开始,应到 {n} 人。",
        "Roll call {code} is open again: {n} people are expected.",
    ),
    "roll_did_closed": (
        "点名 {code} 已结束,结果已记入日志。",
        "Roll call {code} is closed; how it ended stands in the log.",
    ),
    "roll_did_nothing": ("点名 {code},现状:", "Roll call {code}, as it stands:"),
    "roll_added": ("名单 {rows} 行,新增 {n} 人。", "The list has {rows} rows; {n} people were added."),
    "roll_noted": ("已记: {name},{answer}。", "Noted: {name}, {answer}."),
    "roll_step": ("任务 {step} 随之结束。", "Step {step} has ended with that."),
    "roll_pages": (
        "注意:一页放不下,共 {n} 页;总数和各层在第一页。",
        "NOTE: it does not fit one page and takes {n}; totals and floors stand on the first.",
    ),
    "roll_no_provider": (
        "没有短信和电话通道,谁也没有问到:请当面或用对讲机点名。"
        "设好 TWILIO_ACCOUNT_SID、TWILIO_AUTH_TOKEN、TWILIO_FROM。",
        "NOBODY WAS ASKED, for there is no provider: call the roll by radio or in person. "
        "Set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM.",
    ),
    "roll_nobody_asks": (
        "注意:没有服务在运行!没人再次询问,也收不到答复。请立即运行: emergency serve",
        "WARNING: no server is running. NOBODY is asked again and no answer comes in. Start it now: emergency serve",
    ),
    "outcome_roll_safe": ("点名:平安", "roll call: safe"),
    "outcome_roll_help": ("点名:求助", "roll call: NEEDS HELP"),
    "outcome_roll_unread": ("点名:没看懂,未记", "roll call: not understood; nothing noted"),
    "outcome_roll_away": ("点名:不在现场", "roll call: not on site"),
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
    "test_do_number_not_in_use": (
        "平台或运营商说没有这个号码:请向 {person} 核对,改名册,导入后再测",
        "there is no such telephone, the provider or the carrier says: check the number with {person}, "
        "put it right in the roster, import it and test again",
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
    # whether a number is still theirs
    "asked_numbers": (
        "已问 {n} 个号码,没问成 {left} 个。答复会自动记下,看 emergency ready。",
        "Asked about {n} numbers, not about {left}. Answers are noted as they come: see emergency ready.",
    ),
    "asked_line": ("{person} 第 {n} 个号码({way})", "{person}, number {n} ({way})"),
    "ask_hours": (
        "现在不是工作日 {opens}-{closes},不打扰人。确要现在问:加 --anyway",
        "It is not {opens}-{closes} of a working day, and nobody should be disturbed. To ask all the same: --anyway",
    ),
    "ask_not_now": (
        "真实事件进行中,不核对号码。事件结束后再问。",
        "A real emergency is open, and no telephone should ring for less. Ask when it is over.",
    ),
    # readiness
    "ready_now": ("现在", "Now"),
    "ready_verdict": ("{when}:{of} 个预案中 {able} 个人员齐备。", "{when}: {able} of {of} plans can be run."),
    "ready_no_hole": ("到{day}为止没有空缺。", "No hole until {day}."),
    "ready_first": ("最早的空缺:{span}", "First hole: {span}"),
    "ready_falls": ("只能由上级{name}兼顾", "falls to {name}, of the next higher role"),
    "ready_do": (
        "安排换班(roster swap)、给该班的人加此角色,或设待命",
        "swap somebody in (roster swap), give the role to one of that shift, or put one on call",
    ),
    "ready_by_plan": ("按预案,{when},启动级别", "By plan, {when}, at the level each starts at"),
    "ready_holes": ("启动级别的空缺,到{day}", "Holes at the start level, until {day}"),
    "ready_other_holes": ("启动级别的其他空缺,到{day}", "Other holes at the start level, until {day}"),
    "ready_warnings": ("只在红色级才有的空缺(提醒)", "Holes at red only (warnings)"),
    "ready_changes": ("换班后的变化", "Who comes after each change of shift"),
    "ready_daily": ("每天 {hours}", "every day {hours}"),
    "ready_weekly": ("每{days} {hours}", "every {days} {hours}"),
    "ready_some": ("{span} 等 {n} 次", "{span} and {n} times in all"),
    "ready_on": ("{since}起", "from {since} on"),
    "ready_plans": ("{n} 个预案", "{n} plans"),
    "ready_unusable": ("用不了,看 emergency playbook check {plan}", "cannot be used: emergency playbook check {plan}"),
    "hole_opens": ("这样会有 {n} 处无人:", "This leaves nobody ({n}):"),
    "hole_refused": (
        '未记。请先找人顶班(emergency roster swap);一定要这样:加 --anyway "理由"',
        'Nothing was changed. Find somebody first (emergency roster swap), or say why not: --anyway "REASON"',
    ),
    "hole_noted": ("已照办,理由已记:{reason}", "Done all the same; the reason is on record: {reason}"),
    "ready_every_plan": ("所有预案", "every plan"),
    "ready_more": ("还有 {n} 处:emergency ready --all", "{n} more: emergency ready --all"),
    "ready_days": ("{n}天", "{n}d"),
    "ready_phones": (
        "电话:{of} 个号码中 {good} 个在 90 天内应答过",
        "Telephones: {good} of {of} numbers answered within 90 days",
    ),
    "phones_failed": ("打不通 {n}", "{n} failed"),
    "phones_silent": ("两次没有答复 {n}", "{n} did not answer twice"),
    "phones_never": ("从未试过 {n}", "{n} never answered"),
    "phones_stale": ("超过 90 天 {n}", "{n} older than 90 days"),
    "phones_due": ("超过 35 天 {n}", "{n} older than 35 days"),
    "phones_do": ("emergency roster ask --stale,或当面核对", "emergency roster ask --stale, or ask them in person"),
    "way_sms": ("短信", "SMS"),
    "way_voice": ("电话", "TEL"),
    "who_then": ("其后:", "then:"),
    "would_forget": (
        "{person}:{numbers} 个号码、{rosters} 份名册、{words} 段文字会被删除",
        "{person} would be forgotten. Numbers: {numbers}; rosters that hold them: {rosters}; pieces of words: {words}",
    ),
    "forgot": (
        "已删除:{rosters} 份名册、{words} 段文字、{messages} 条消息、{tests} 次试机。今后显示为“(已删除{number})”",
        "Forgotten. Rosters: {rosters}; pieces of words: {words}; messages: {messages}; tests: {tests}. "
        'Shown from now on as "(forgotten {number})"',
    ),
    "forget_log": (
        "日志一字不改,其中 {log_lines} 行仍记着这个编号(不是姓名和号码)",
        "No log is changed. Lines that go on naming the roster id, and neither name nor number: {log_lines}",
    ),
    "forget_backups": (
        "够不到的地方:以前的备份,已写出的报告,短信运营商的记录,导入名册用的文件。请一并处理",
        "Out of reach: backups and reports made before, the provider's own records, files that rosters are imported "
        "from",
    ),
    "forget_file": ("    仍在文件里,请改:{file}", "    may still stand in this file, change it: {file}"),
    "forget_unclean": (
        "有别的程序正在读库:删掉的内容稍后才从磁盘上消失(停一次 emergency serve)",
        "Another process reads the store: what was forgotten leaves the disk later (stop emergency serve once)",
    ),
    "forget_yes": (
        "什么都没有改。确认请加 --yes: emergency roster forget {person} --yes",
        "Nothing was changed. To do it: emergency roster forget {person} --yes",
    ),
    "language_row": (
        "{language} 程序用语 {own},全部 {all},{people} 人,{calls}",
        "{language} own words {own}, all {all}, {people} people, {calls}",
    ),
    "language_called": ("可打电话", "calls too"),
    "language_not_called": ("电话用英语", "calls in English"),
    "language_template": (
        "{n} 条文本写入 {file}。译好存为 语言.po,放进安装目录的 languages/",
        "{n} texts written to {file}. Save the translation as LANGUAGE.po in languages/ of the installation",
    ),
    "language_counts": (
        "{language}:{of} 条中有 {have} 条(本文件 {used} 条,另有 {unknown} 条无人用)",
        "{language}: {have} of {of} texts (this file: {used}, and {unknown} that nothing says)",
    ),
    "language_missing": ("    缺:{words}", "    missing: {words}"),
    "links_none": ("没有可用的答复链接。", "No link to answer by is in use."),
    "links_new_key": (
        "已换密钥。已发出的链接仍可用;再换一次,它们就作废。",
        "The key is new. Links that are out still work; after a second change they do not.",
    ),
    "links_line": ("{code} {name}:{made} 发出,{opened},{answered}", "{code} {name}: sent {made}, {opened}, {answered}"),
    "links_opened": ("{at} 打开", "opened {at}"),
    "links_not_opened": ("未打开", "not opened"),
    "links_answered": ("{at} 答复", "answered {at}"),
    "links_not_answered": ("未在此答复", "not answered here"),
    "rehearsed": (
        "{code}:推演了 {minutes} 分钟,{texts} 条短信,{calls} 个电话,{people} 人。没有打给任何真实电话。",
        "{code}: {minutes} minutes played, {texts} texts, {calls} calls, {people} people. No real telephone rang.",
    ),
    "rehearsal_kept": (
        "已存为 {code}(日志 {lines} 行,哈希链完整)。再看: emergency log {code}",
        "Kept as {code} (a log of {lines} lines, every hash holds). Again: emergency log {code}",
    ),
    "rehearsal_left": ("上次被强行中断的推演已存为 {code}。", "A rehearsal that was cut off is kept as {code}."),
    "rehearsal_not_kept": ("没有保存。", "It was not kept."),
    "rehearsal_frozen": (
        "真实事件 {real} 进行中:推演停止。请按真实预案行动: emergency status {real}",
        "A REAL INCIDENT is open: {real}. The rehearsal stops here. Follow what is real: emergency status {real}",
    ),
    "no_drills": ("还没有演练过。", "No drill was held yet."),
    "scenarios_head": ("情景", "Scenarios"),
    "drills_head": ("演练", "Drills"),
    "objectives_head": ("目标", "Objectives"),
    "drill_planned": ("已计划", "planned"),
    "drill_running": ("进行中", "running"),
    "drill_paused": ("已停下", "stands still"),
    "drill_over": ("已结束", "over"),
    "drill_closed": ("已归档", "closed"),
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


TROUBLE: dict[int, str] = {
    errno.ENOENT: "没有这个文件或文件夹",
    errno.ENOTDIR: "路径中有一段不是文件夹",
    errno.EISDIR: "这是文件夹,不是文件",
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.EROFS: "磁盘是只读的",
    errno.ENOSPC: "磁盘已满",
    errno.ENAMETOOLONG: "名字太长",
    errno.EADDRINUSE: "端口已被别的程序占用",
    errno.EADDRNOTAVAIL: "这台机器没有这个地址",
}
"""What the system says of a file, in Chinese."""


def trouble_zh(error: OSError) -> str:
    """Return why a file could not be opened, in Chinese; as the system says it where we have no words."""
    return TROUBLE.get(error.errno or 0, error.strerror or str(error))


def unreadable(path: object, error: OSError) -> tuple[str, str]:
    """Return that *path* cannot be read, and why: in en and in zh, in the order errors take them."""
    return f"{path} cannot be read: {error.strerror}", f"{path} 读不出:{trouble_zh(error)}"


def unwritable(path: object, error: OSError) -> tuple[str, str]:
    """Return that *path* cannot be written, why, and the way out: in en and in zh, in the order errors take them."""
    return (
        f"{path} cannot be written: {error.strerror}. Name a file in a folder that is there and that you may write to",
        f"{path} 写不进:{trouble_zh(error)}。请写到已有的、有权写入的文件夹里",
    )


def no_leave(path: object) -> tuple[str, str]:
    """Return that *path* may not be written, and where to look: in en and in zh, in the order errors take them."""
    return (
        f"{path} may not be written; check who owns it and its folder",
        f"{path} 没有写入权限;请核对它和所在文件夹的属主",
    )


def phrase(key: str, lang: str, **values: object) -> str:
    """Return the words for *key* in *lang*, filled with *values*."""
    return filled(PHRASES[key], lang, **values)


def filled(words: tuple[str, str], lang: str, /, **values: object) -> str:
    """Return the words, which stand in zh and en, in *lang*, filled with *values*."""
    zh, en = words
    return (zh if lang == "zh" else en).format(**values)
