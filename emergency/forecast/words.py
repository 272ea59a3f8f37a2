"""The words of a forecast, in zh and en side by side; beside `phrases`, so that no other command loads them."""

from __future__ import annotations

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
        "这依据 {of} 个参数,其中 {assumed} 个是估计({share});都取差的一端是 {worse},都取好的一端是 {better}。",
        "It rests on {of} inputs, of which {assumed} ({share}) are assumed: {worse} with all of them at their worse"
        " ends, {better} at their better ends.",
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
    "roles_head": (
        "岗位:{within}内应答,一半/95% 的时刻,等到最后",
        "Role: answered within {within}, half/95 % by, last",
    ),
    "heads": ("{n} 人", "{n} heads"),
    "not_within": ("{horizon}内 {p} 不到", "{p} not within {horizon}"),
    "milestones_head": ("里程碑:按时,一半/95% 的时刻", "Milestone: in time, half/95 % by"),
    "target": ("目标 {target}[{source}]", "target {target} [{source}]"),
    "let_go": ("{p} 人未齐预案就已往下走", "plan went on with fewer in {p}"),
    "spared": ("{p} 的情形不需要", "not needed in {p}"),
    "breach": (
        "最先超时:{share} 的情形至少有一项超时,最常见的是 {target}({part});最早的 5% 在 {early} 前就超时。",
        "First to be missed: something is, in {share} of the runs, most often {target} ({part}); in the earliest 5 %"
        " it is by {early}.",
    ),
    "no_breach": ("没有一次推演超时。", "No target was missed in any run."),
    "story": ("其中一次({role}),第 {run} 号:", "One of those ({role}), run {run}:"),
    "beat_state": ("── {what}", "── {what}"),
    "beat_asked": ("叫 {person}:{step}", "{person} is asked: {step}"),
    "beat_lost": ("给 {person} 的短信一直没到", "the text to {person} did not arrive"),
    "beat_failed": ("打给 {person} 的电话没人接({why})", "call to {person}: no answer ({why})"),
    "beat_failed_text": ("给 {person} 的短信失败({why})", "text to {person} failed ({why})"),
    "beat_answered": ("{person} 应答", "{person} answers"),
    "beat_declined": ("{person} 说来不了", "{person} cannot come"),
    "beat_done": ("{person} 完成:{step}", "{person} has done: {step}"),
    "beat_late": ("超时:{step}", "late: {step}"),
    "beat_left_out": ("……(略 {n} 条)", "... ({n} more)"),
    "nobody": ("没有人", "nobody"),
    "without": (
        "{name}叫不醒时:{before} → {after}({delta} ± {half})。",
        "If {name} is asleep: {before} -> {after} ({delta} +- {half}).",
    ),
    "without_noise": (
        "{name}叫不醒时:{before} → {after},看不出差别(± {half})。",
        "If {name} is asleep: {before} -> {after}; no difference to be seen (+- {half}).",
    ),
    "waits": ("这时等的是{role},多半由{instead}接上。", "Then {role} waits, mostly for {instead}."),
    "waits_nobody": ("这时{role}多半没有人。", "Then {role} mostly stays empty."),
    "only": ("{share} 的情形里只有这一人能接。", "In {share} of the runs there was nobody else."),
    "people_head": ("谁最缺不得(同样的推演,这人不应答)", "Whom it hangs on (the same runs, this person silent)"),
    "changes_head": (
        "改一处能换来什么(同样的推演,改前改后)",
        "What one change would buy (the same runs, before and after)",
    ),
    "noise": ("看不出差别", "noise"),
    "change_deputy": ("让{name}做{role}的替补", "{name} becomes a deputy of {role}"),
    "change_train": ("让{name}考证后做{role}的替补", "{name} is licensed, a deputy of {role}"),
    "change_on_shift": ("{role}多排一人在岗:{name}", "one more on shift for {role}: {name}"),
    "change_call_soon": ("所有人 15 秒后就打电话", "everybody is called after 15 s"),
    "change_at_once": ("短信和电话同时发", "text and call at once"),
    "change_deputy_soon": ("60 秒就叫替补", "the deputy is asked after 60 s"),
    "change_second_provider": ("加一家短信运营商", "a second provider of texts"),
    "half_earlier": (",一半的时刻 {before} → {after}", "; half by {before} -> {after}"),
    "tornado_head": (
        "哪个参数最要紧(其余不变,取范围两端;* 有估计)",
        "Which input matters (each alone, at the ends of its range; * assumed)",
    ),
    "week_head": (
        "一周(每格一小时,{teams} 种不同的班,每种推演 {runs} 次)",
        "The week (a cell an hour; {teams} different teams, {runs} runs of each)",
    ),
    "week_key": ("图例", "Key"),
    "week_weakest": ("最弱:{when},{p}({low}-{high})", "Weakest: {when}, {p} ({low}-{high})"),
    "no_range": ("看不出", "none"),
    "page_title": ("预测 {plan} · {place}", "Forecast {plan} · {place}"),
    "page_method": (
        "由真正的引擎在虚拟时钟上推演,人按模型应答;95% 区间(Wilson)。一次推演不是一次事故,模型里大部分是估计。",
        "Played by the real engine on a virtual clock, people answering as the model says; 95 % intervals (Wilson)."
        " A run is no incident, and most of the model is assumed.",
    ),
    "page_curve": ("全部应答的概率", "Probability that all have answered"),
    "page_table": ("数据", "The same as figures"),
    "page_time": ("时刻", "time"),
    "page_written": ("已写入 {file}", "Written to {file}"),
    "at": ("{title} · {place} · {when} · {severity}", "{title} · {place} · {when} · {severity}"),
    "does_base": ("推演 …", "playing ..."),
    "does_band": ("参数取两端 …", "the ends of the assumptions ..."),
    "does_without": ("缺人 …", "somebody absent ..."),
    "does_tornado": ("逐个参数 …", "each input alone ..."),
    "does_who": ("逐个缺人 …", "each person absent ..."),
    "does_changes": ("逐个改动 …", "each change ..."),
    "does_week": ("一周各班 …", "the teams of the week ..."),
}


def word(key: str, lang: str, **values: object) -> str:
    """Return the words for *key* in *lang*, filled with *values*."""
    zh, en = WORDS[key]
    return (zh if lang == "zh" else en).format(**values)
