"""The words of a forecast, in zh and en side by side; beside `phrases`, so that no other command loads them."""

from __future__ import annotations

from emergency.phrases import filled

WORDS: dict[str, tuple[str, str]] = {
    "sentence": (
        "{within}内,{n} 个关键岗位共 {heads} 人全部应答的概率为 {p}({low}-{high},推演 {runs} 次)。",
        "Within {within} all {n} critical roles, {heads} people, will have answered with probability {p} ({low}-{high},"
        " {runs} runs).",
    ),
    "sentence_one": (
        "{within}内,关键岗位共 {heads} 人全部应答的概率为 {p}({low}-{high},推演 {runs} 次)。",
        "Within {within} the one critical role, {heads} in all, will have answered with probability {p} ({low}-{high},"
        " {runs} runs).",
    ),
    "went": (
        "人未齐而预案已往下走的也算进来:{p}({low}-{high})。",
        "Counting also the runs in which the plan went on with fewer: {p} ({low}-{high}).",
    ),
    "rule_named": (
        "这里的关键岗位是指定的;预案要几人,就要几人都应答。",
        "Critical here: the roles that were named; every head that the plan calls must answer.",
    ),
    "slowest": ("最慢:{role},{share} 的情形里等到最后。", "Slowest: {role}, waited for last in {share} of the runs."),
    "assumed": (
        "这依据关于人和通信的 {of} 个参数,其中 {assumed} 个({share})是估计,没有人测过;"
        "都取差的一端是 {worse},都取好的一端是 {better}。",
        "It rests on {of} figures about people and telephones, of which {assumed} ({share}) are assumed: nobody has"
        " measured them. With all of those at their worse ends it is {worse}, at their better ends {better}.",
    ),
    "empty": (
        "注意:{role} 要 {heads} 人,现有名册只排得出 {filled} 人;缺的人算作未应答,补上之前不可能到齐。",
        "NOTE: {role} needs {heads}, the roster fills {filled}; whoever is missing counts as not answering, so all can"
        " only have answered once the seat is filled.",
    ),
    "times": ("一半的情形在 {p50} 前齐,95% 在 {p95}。", "Half of the runs are complete by {p50}, 95 % by {p95}."),
    "times_never": (
        "一半的情形在 {p50} 前齐;{horizon}内仍不齐的占 {never}。",
        "Half of the runs are complete by {p50}; {never} are not within {horizon}.",
    ),
    "never_half": (
        "{horizon}内仍不齐的占 {never},一半都到不了。",
        "{never} of the runs are not complete within {horizon}: not even half.",
    ),
    "stopped_narrow": (
        "推演 {runs} 次后停:区间半宽 {half} 已不超过 {target}(每 {batch} 次看一眼)。种子 {seed}。",
        "Stopped after {runs} runs: half the interval, {half}, is within {target} (looked at every {batch})."
        " Seed {seed}.",
    ),
    "stopped_runs": (
        "推演 {runs} 次全部做完,区间半宽 {half}。种子 {seed}。",
        "All {runs} runs were played; half the interval is {half}. Seed {seed}.",
    ),
    "loose": (
        "括号里是 95% 的区间。没有写区间的百分比出自同样的推演,误差至多 {points} 个百分点。",
        "In brackets: the range in which a figure lies at 95 %. A percentage without one is of the same runs, and at"
        " most {points} points off.",
    ),
    "role": ("岗位", "Role"),
    "within": ("{within}内应答", "within {within}"),
    "half_by": ("一半在此前", "half by"),
    "most_by": ("95%在此前", "95 % by"),
    "slowest_in": ("最慢占", "slowest in"),
    "heads": ("{n} 人", "{n} heads"),
    "never": ("{p}不到", "{p} never"),
    "never_means": ("不到:{horizon}内没有。", "never: not within {horizon}."),
    "let_go": (
        "人未齐而预案已往下走:{roles}。",
        "The plan went on with fewer: {roles}.",
    ),
    "share_of": ("{name} {p}", "{name} in {p}"),
    "milestone": ("里程碑", "Milestone"),
    "in_time": ("按时", "in time"),
    "target": ("目标", "target"),
    "spared": ("不需要的情形不算:{each}。", "Runs that did not need it are left out: {each}."),
    "breach": (
        "最先超时:{share}({range})的推演至少有一项超时。最先的那项多半是“{target}”({part});"
        "其中二十次有一次在 {early} 前就超时。",
        'First to be missed: in {share} ({range}) of the runs a target is missed, the first of all mostly "{target}"'
        " ({part}). In one of twenty of them that is by {early}.",
    ),
    "no_breach": ("没有一次推演超时。", "No target was missed in any run."),
    "story": ("举一例({role},第 {run} 号推演):", "For example ({role}, run {run}):"),
    "beat_state": ("── {what}", "── {what}"),
    "beat_asked": ("叫 {person}:{step}", "{person} is asked: {step}"),
    "beat_lost": ("给 {person} 的短信一直没到", "the text to {person} did not arrive"),
    "beat_failed": ("打给 {person} 的电话没打通({why})", "call to {person} in vain ({why})"),
    "beat_failed_text": ("给 {person} 的短信失败({why})", "the text to {person} failed ({why})"),
    "beat_answered": ("{person} 应答", "{person} answers"),
    "beat_declined": ("{person} 说来不了", "{person} cannot come"),
    "beat_done": ("{person} 完成:{step}", "{person} has done: {step}"),
    "beat_late": ("超时:{step}", "late: {step}"),
    "beat_left_out": ("……(略 {n} 条)", "... ({n} more)"),
    "nobody": ("没有人", "nobody"),
    "difference": ("{delta}({low} 至 {high})", "{delta} ({low} to {high})"),
    "unclear": ("看不出({low} 至 {high})", "unclear ({low} to {high})"),
    "unclear_means": (
        "看不出:区间跨 0,推演说不出有没有用,不要为它花钱。",
        "unclear: the range holds 0, so the runs do not say that it helps. Buy nothing for it.",
    ),
    "without": (
        "{name}叫不醒时:{before} → {after},{difference}。",
        "If {name} is asleep: {before} → {after}, {difference}.",
    ),
    "without_noise": (
        "{name}叫不醒时:{before} → {after},看不出差别({low} 至 {high})。",
        "If {name} is asleep: {before} → {after}; no difference to be seen ({low} to {high}).",
    ),
    "waits": ("这时等的是{role},多半由{instead}接上。", "Then {role} waits, mostly for {instead}."),
    "waits_nobody": ("这时{role}多半没有人。", "Then {role} mostly stays empty."),
    "only": (
        "{share}({range})的推演里只有这一人能接。",
        "In {share} ({range}) of the runs there was nobody else.",
    ),
    "without_head": ("缺了这些人", "Without them"),
    "people_head": ("谁最缺不得(同样的推演,这人不应答)", "Whom it hangs on (the same runs, this person silent)"),
    "people_rest": ("缺了也看不出差别的:{names}。", "No difference to be seen without: {names}."),
    "person": ("缺谁", "Without"),
    "before_after": ("从 → 到", "from → to"),
    "changes_by": ("差别", "difference"),
    "then_waits": ("等的岗位:接上的人", "who waits: for whom"),
    "only_one": ("只有这人能接", "nobody else in"),
    "changes_head": (
        "改一处能换来什么(同样的 {runs} 次推演,改前改后)",
        "What one change would buy (the same {runs} runs, before and after)",
    ),
    "change": ("改什么", "Change"),
    "change_deputy": ("让{name}做{role}的替补", "{name} becomes a deputy of {role}"),
    "change_train": ("让{name}考证后做{role}的替补", "{name} is licensed, a deputy of {role}"),
    "change_on_shift": ("{role}多排一人在岗:{name}", "one more on shift for {role}: {name}"),
    "change_call_soon": ("所有人 15 秒后就打电话", "everybody is called after 15 s"),
    "change_at_once": ("短信和电话同时发", "text and call at once"),
    "change_deputy_soon": ("60 秒就叫替补", "the deputy is asked after 60 s"),
    "change_second_provider": ("加一家短信运营商", "a second provider of texts"),
    "tornado_head": (
        "哪个参数最要紧(其余不变,取范围两端,各推演 {runs} 次,误差至多 {points} 个百分点)",
        "Which figure matters (each alone at the ends of its range, {runs} runs each, at most {points} points off)",
    ),
    "tornado_means": (
        "~:没有人测过的估计。范围和出处: emergency drill people",
        "~: assumed, nobody has measured it. Ranges and sources: emergency drill people",
    ),
    "tornado_rest": ("其余 {n} 个看不出差别。", "Of {n} more no difference is to be seen."),
    "figure": ("参数", "Figure"),
    "low_end": ("低端", "low end"),
    "high_end": ("高端", "high end"),
    "week_head": (
        "一周:{within}内全部应答的概率(每格一小时;{teams} 种不同的班,各推演 {runs} 次,误差至多 {points} 个百分点)",
        "The week: probability that all have answered within {within} (a cell an hour; {teams} different teams, {runs}"
        " runs of each, at most {points} points off)",
    ),
    "week_key": ("图例", "Key"),
    "week_weakest": (
        "最弱:{when},{p}({low}-{high}),一周里同样的班有 {hours} 小时",
        "Weakest: {when}, {p} ({low}-{high}); the same team stands for {hours} hours of the week",
    ),
    "moment": ("时段", "Moment"),
    "page_title": ("多久能叫齐人?{plan} · {place}", "How soon will everybody have answered? {plan} · {place}"),
    "page_method": (
        "由真正的引擎在虚拟时钟上推演,人按模型应答,没有发出任何消息。一次推演不是一次事故。",
        "Played by the real engine on a virtual clock, people answering as the model says; nothing was sent. A run is"
        " no incident.",
    ),
    "page_curve": ("全部应答的概率", "Probability that all have answered"),
    "page_curve_of": ("{name}:{within}内 {p}", "{name}: {p} within {within}"),
    "page_key": (
        "横轴:接报后 分:秒。实线:概率;浅色:95% 区间。红虚线:问的时刻或目标。",
        "Across: minutes and seconds after the report. Line: probability; shaded: its range at 95 %. Red, dashed: the"
        " time asked about, or the target.",
    ),
    "page_ends": ("橙色:估计都取差的、好的一端。", "Orange: with all that is assumed at its worse and better ends."),
    "page_table": ("数据", "The same as figures"),
    "page_time": ("时刻", "time"),
    "page_probability": ("概率", "probability"),
    "page_range": ("95% 区间", "range at 95 %"),
    "page_roles": ("各岗位", "Role by role"),
    "page_milestones": ("各里程碑", "Milestones"),
    "page_breach": ("最先超时", "What is missed first"),
    "page_written": ("已写入 {file}", "Written to {file}"),
    "at": ("{title} · {place} · {when} · {severity}", "{title} · {place} · {when} · {severity}"),
    "does_base": ("推演 …", "playing ..."),
    "does_band": ("估计取差、好两端 …", "all that is assumed at its worse and better ends ..."),
    "does_without": ("缺人 …", "somebody absent ..."),
    "does_tornado": ("逐个参数 …", "each figure alone ..."),
    "does_who": ("逐个缺人 …", "each person absent ..."),
    "does_changes": ("逐个改动 …", "each change ..."),
    "does_week": ("一周各班 …", "the teams of the week ..."),
}


def word(key: str, lang: str, **values: object) -> str:
    """Return the words for *key* in *lang*, filled with *values*."""
    return filled(WORDS[key], lang, **values)
