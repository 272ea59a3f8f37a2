"""`emergency doctor`: what would go wrong tonight, found before the fire; each finding says what to do about it."""

from __future__ import annotations

import asyncio
import math
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any, Literal

import msgspec

from emergency import proof
from emergency.app import App
from emergency.core.languages import BUILT_IN
from emergency.core.playbook import Playbook
from emergency.core.segments import segments
from emergency.core.site import Site
from emergency.core.values import Text
from emergency.core.wording import Line, plan_keys, render_sms
from emergency.engine import Engine
from emergency.errors import EmergencyError, PermanentFailure, SettingsError, TemporaryFailure
from emergency.notify import Abilities, AnswersForItself, Hooks, Notifier
from emergency.phones import Weak, book, weak
from emergency.roster import Roster
from emergency.server import HEARTBEAT, watched
from emergency.still_you import SETTING, quota_of_a_day, rhythm
from emergency.store.drills import Books

Level = Literal["ok", "warning", "error"]
LEAST_DISK = 200_000_000
"""Bytes; a year of incidents takes less than a tenth of that (practice)."""
CLOCKS_APART = timedelta(seconds=30)
BACKUP_AGE = timedelta(days=7)
PROOF_AGE = timedelta(days=90)
"""How long an answered test says something of a telephone: people change numbers and phones (practice)."""
MISTAKES_SHOWN = 3
"""Of one plan; `playbook check` shows them all."""
SLOW_WAVE = timedelta(minutes=2)
"""Longer than this to reach everybody is worth a warning: the first rung of the ladder is one minute (practice)."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing looked at. do: what to do about it; empty when all is well."""

    id: str
    level: Level
    says: Text
    do: Text = Text("", "")


def examine(
    app: App, hooks: Hooks | None, post: Callable[[str, bytes, dict[str, str]], int] | None = None
) -> list[Finding]:
    """Return everything that was looked at, the worst first.

    Args:
        post: sends a form to an address and returns the status; for the public address. None: not tried.
    """
    found: list[Finding] = []
    try:
        engine = app.engine()
    except EmergencyError as error:
        says = Text(f"存储打不开:{error.of('zh')}", f"the store cannot be opened: {error}")
        do = Text(
            "用 emergency restore 恢复备份;紧急时用 trigger --last-resort",
            "restore a backup; in need, trigger --last-resort",
        )
        return [Finding(id="store", level="error", says=says, do=do), *_disk(app)]
    try:
        found += [*_store(engine), *_disk(app), *_server(engine), *_backup(engine), *_numbers(app, engine)]
        found += [*_countries(app, engine), *_proofs(app, engine), *_questions(app, engine)]
        found += [*_per_number(app), *_approval(app, engine)]
        found += [*_messages(app, engine), *_capacity(app, engine)]
        found += [*_languages(app, engine), *_drills(app, engine)]
        found += [*_programme(app, engine), *_rehearsals(app)]
    finally:
        engine.store.close()
    found += asyncio.run(_provider(app))
    found += [*_public_address(app, hooks, post), *_links(app, post)]
    order = {"error": 0, "warning": 1, "ok": 2}
    return sorted(found, key=lambda f: (order[f.level], f.id))


def _good(id: str, zh: str, en: str) -> Finding:
    return Finding(id=id, level="ok", says=Text(zh, en))


def _store(engine: Engine) -> Iterator[Finding]:
    found = engine.store.integrity()
    broken: list[EmergencyError] = []
    rows = engine.store.all_incidents()
    books = [subject for (subject,) in engine.store._all("booked_subjects")]
    chains = [(engine.store.verify, row.id) for row in rows] + [(Books(engine.store).verify, id) for id in books]
    for verify, id in chains:
        try:
            verify(id)
        except EmergencyError as error:
            broken.append(error)
    if found != "ok" or broken:
        file = [found] if found != "ok" else []
        zh, en = ("; ".join([*(error.of(lang) for error in broken), *file]) for lang in ("zh", "en"))
        do = Text(
            "停止服务,用 emergency restore 恢复备份", "stop the server and restore a backup: emergency restore FILE"
        )
        yield Finding(id="store", level="error", says=Text(f"存储损坏:{zh}", f"the store is damaged: {en}"), do=do)
    else:
        yield _good(
            "store",
            f"存储完好,{len(rows)} 个事件的日志都完整",
            f"the store is whole, and so are the logs of {len(rows)} incidents",
        )


def _programme(app: App, engine: Engine) -> Iterator[Finding]:
    """What drills are owed and not held, whom to tell of those to come, and which came out worse than before."""
    from emergency.programme.look import look

    for note in look(app, engine):
        yield Finding(id="drills", level="warning" if note.do.en else "ok", says=note.says, do=note.do)


def _rehearsals(app: App) -> Iterator[Finding]:
    """Whether the store of rehearsals can be read, and how large it is."""
    from emergency.drills.live.readiness import rehearsals

    for says, do in rehearsals(app.settings):
        yield Finding(id="rehearsals", level="warning" if do.en else "ok", says=says, do=do)


def _disk(app: App) -> Iterator[Finding]:
    home = app.settings.home
    free = shutil.disk_usage(home if home.exists() else home.parent).free
    if free < LEAST_DISK:
        do = Text("清出空间;磁盘满了什么都记不下", "make room; on a full disk nothing can be recorded")
        yield Finding(
            id="disk",
            level="error",
            says=Text(f"磁盘只剩 {free // 10**6} MB", f"only {free // 10**6} MB of disk are left"),
            do=do,
        )
    else:
        yield _good("disk", f"磁盘剩 {free // 10**9} GB", f"{free // 10**9} GB of disk are free")


def _server(engine: Engine) -> Iterator[Finding]:
    beat = engine.store.heartbeat(HEARTBEAT)
    if watched(engine) and beat is not None:
        if beat[2]:
            do = Text("看服务的终端或日志", "look at the server's terminal or journal")
            yield Finding(
                id="heartbeat",
                level="error",
                says=Text(f"服务有麻烦:{beat[2]}", f"the server is in trouble: {beat[2]}"),
                do=do,
            )
        else:
            yield _good("heartbeat", "服务在运行", "the server is running")
        return
    do = Text(
        "运行 emergency serve(装成系统服务,见 docs/guides/systemd.md)",
        "run emergency serve (as a service: docs/guides/systemd.md)",
    )
    says = Text("没有服务在运行:没人盯超时和回复", "no server is running: nobody watches timers or replies")
    yield Finding(id="heartbeat", level="error", says=says, do=do)


def _backup(engine: Engine) -> Iterator[Finding]:
    last = engine.store.heartbeat("backup")
    do = Text("运行 emergency backup 文件", "run: emergency backup FILE")
    if last is None:
        yield Finding(id="backup", level="warning", says=Text("从未备份", "there was never a backup"), do=do)
    elif engine.clock.now() - last[0] > BACKUP_AGE:
        days = (engine.clock.now() - last[0]).days
        yield Finding(
            id="backup",
            level="warning",
            says=Text(f"上次备份在 {days} 天前", f"the last backup is {days} days old"),
            do=do,
        )
    else:
        yield _good("backup", "备份是近七天的", "the last backup is younger than a week")


def _numbers(app: App, engine: Engine) -> Iterator[Finding]:
    people = app.people.roster(engine).people
    silent = [p.id for p in people.values() if not p.numbers]
    if silent:
        listed = ", ".join(silent[:5])
        do = Text("补上号码后 emergency roster import", "add numbers and import the roster again")
        says = Text(
            f"{len(silent)} 人没有号码:{listed}", f"no number: {listed} ({len(silent)} of {len(people)} people)"
        )
        yield Finding(id="numbers", level="error", says=says, do=do)
    else:
        yield _good("numbers", f"{len(people)} 人都有号码", f"all {len(people)} people have a number")


def _countries(app: App, engine: Engine) -> Iterator[Finding]:
    """What the sender can do for the people of each country: told by text, told by call, and how they can answer."""
    able = {n.channel: n.abilities for n in reversed(_real(app))}
    if not able:
        return
    sms, voice = able.get("sms"), able.get("voice")
    if voice is None:
        do = Text("把 TWILIO_FROM 设为账号里能打电话的号码", "set TWILIO_FROM to a number of the account that can call")
        says = Text("打不了电话:短信没人答时没有第二招", "no calls: whoever overlooks a text is not rung")
        yield Finding(id="calls", level="warning", says=says, do=do)
    for code, people in sorted(_by_country(app.people.roster(engine)).items()):
        texts = sms is not None and sms.two_way and code not in sms.one_way_countries
        keys = voice is not None and voice.keypad
        links = sms is not None and not texts and app.links.possible
        by_text, by_call = _texts(sms, texts, links), _can(voice, keys)
        zh = f"+{code} 的 {len(people)} 人:短信{by_text.zh},电话{by_call.zh}"
        en = f"+{code} ({len(people)} in the roster): texts {by_text.en}, calls {by_call.en}"
        if links:
            yield _good(f"country_{code}", zh, en)
        elif not texts and not keys:
            who = ", ".join(people[:MISTAKES_SHOWN]) + ("…" if len(people) > MISTAKES_SHOWN else "")
            do = Text(
                f"他们答复不了({who}):设 EMERGENCY_PUBLIC_URL,短信里就有答复链接;"
                "再把 TWILIO_FROM 设为能打电话的号码,接电话也能按键",
                f"they cannot answer at all ({who}): set EMERGENCY_PUBLIC_URL, and texts carry a link to answer by; "
                "with TWILIO_FROM set to a number that can call, keys in calls come back too",
            )
            yield Finding(id=f"country_{code}", level="error", says=Text(zh, en), do=do)
        elif not texts:
            do = Text(
                "设 EMERGENCY_PUBLIC_URL,短信里就有答复链接;此前请他们接电话按键,"
                "用 --send-test 人员 --channel voice 试",
                "set EMERGENCY_PUBLIC_URL, and texts carry a link to answer by; until then they answer calls with "
                "keys; try it: emergency doctor --send-test PERSON --channel voice",
            )
            yield Finding(id=f"country_{code}", level="warning", says=Text(zh, en), do=do)
        else:
            yield _good(f"country_{code}", zh, en)


def _per_number(app: App) -> Iterator[Finding]:
    """What one telephone may get, and countries where words or calls need somebody's leave first."""
    for channel, zh, en in (("sms", "短信", "texts"), ("voice", "电话", "calls")):
        able = next((n.abilities for n in _real(app) if n.channel == channel), None)
        if able is None:
            continue
        counts = [(able.per_number.minute, "每分钟", "a minute"), (able.per_number.hour, "每小时", "an hour")]
        counts.append((able.per_number.day, "每天", "a day"))
        said = [(most, every_zh, every_en) for most, every_zh, every_en in counts if most]
        limits_zh = "、".join(f"{every_zh}{most}" for most, every_zh, _ in said) or "不限"
        limits_en = ", ".join(f"{most} {every_en}" for most, _, every_en in said) or "no limit"
        yield _good(f"per_number_{channel}", f"同一号码的{zh}:{limits_zh}", f"{en} to one number: {limits_en}")


def _approval(app: App, engine: Engine) -> Iterator[Finding]:
    """Countries of the roster where free words are refused: every text must have been approved before."""
    able = next((n.abilities for n in _real(app) if n.channel == "sms"), None)
    here = _by_country(app.people.roster(engine))
    for code in sorted(set(here) & (able.no_free_text_countries if able is not None else frozenset())):
        do = Text(
            "先在供应商处报备签名和模板;报不下来就设 TWILIO_NO_TEXTS,改打电话",
            "have signature and templates approved by the provider; without that set TWILIO_NO_TEXTS: calls go instead",
        )
        says = Text(
            f"+{code} 的 {here[code]} 人:短信须先报备模板,电话须先报审",
            f"+{code} ({here[code]} in the roster): texts need approved templates, and calls need leave",
        )
        yield Finding(id=f"approval_{code}", level="warning", says=says, do=do)


def _by_country(roster: Roster) -> dict[str, list[str]]:
    """Return calling code to the people whose first number has it."""
    import phonenumbers

    found: dict[str, list[str]] = {}
    for person in roster.people.values():
        if person.numbers:
            found.setdefault(str(phonenumbers.parse(person.numbers[0]).country_code), []).append(person.id)
    return found


def _texts(able: Abilities | None, answers: bool, links: bool) -> Text:
    if links:
        return Text("能发,点链接答复", "go out, and are answered by the link in them")
    return _can(able, answers)


def _can(able: Abilities | None, answers: bool) -> Text:
    if able is None:
        return Text("发不出", "are not possible")
    return Text("能发能复", "go out and come back") if answers else Text("只能发,答复回不来", "go out only")


def _proofs(app: App, engine: Engine) -> Iterator[Finding]:
    if not _real(app):
        return
    roster, now = app.people.roster(engine), engine.clock.now()
    tests = proof.latest(engine, roster, now - PROOF_AGE)
    silent = [(row.person, row.channel) for row in tests if row.answered_at is None]
    proved = {row.person for row in tests if row.answered_at is not None}
    zh = f"{PROOF_AGE.days} 天内,{len(roster.people)} 人中有 {len(proved)} 人的电话试通过"
    en = f"{len(proved)} of {len(roster.people)} people have answered a test within {PROOF_AGE.days} days"
    do = Text("emergency doctor --send-test 人员,先试自己", "run: emergency doctor --send-test PERSON, yourself first")
    if silent:
        listed = ", ".join(f"{person} ({channel})" for person, channel in silent[:5])
        ways = {"sms": "短信", "voice": "电话"}
        listed_zh = "、".join(f"{person}({ways[channel]})" for person, channel in silent[:5])
        says = Text(f"{zh};最近一次没有答复的:{listed_zh}", f"{en}; the last test was not answered by: {listed}")
        yield Finding(id="proofs", level="warning", says=says, do=do)
    elif not proved:
        yield Finding(id="proofs", level="warning", says=Text(zh, en), do=do)
    else:
        yield _good("proofs", zh, en)


def _questions(app: App, engine: Engine) -> Iterator[Finding]:
    """Whether numbers are asked about by themselves, and who did not answer."""
    if not _real(app):
        return
    try:
        wanted = rhythm(app.settings.env)
    except SettingsError as error:
        do = Text(f"改正 {SETTING}", f"mend {SETTING}")
        yield Finding(id="questions", level="error", says=Text(error.of("zh"), str(error)), do=do)
        return
    roster = app.people.roster(engine)
    known = book(engine, roster, app.desktop.reach_of("real").one_way)
    lost = [each for each in weak(roster, known, engine.clock.now()) if each.state in ("failed", "silent")]
    if lost:
        yield _lost(lost)
    elif not wanted.on:
        yield _good("questions", f"不自动核对号码({SETTING})", f"numbers are not asked about by themselves ({SETTING})")
    else:
        most = quota_of_a_day(sum(len(p.numbers) for p in roster.people.values()), wanted.a_day)
        yield _good(
            "questions",
            f"服务每月自动核对每个号码,每天最多 {most} 个",
            f"the server asks about each number once a month, {most} a day at most",
        )


def _lost(lost: Sequence[Weak]) -> Finding:
    listed = ", ".join(dict.fromkeys(each.person for each in lost[:5])) + ("…" if len(lost) > 5 else "")
    return Finding(
        id="questions",
        level="warning",
        says=Text(
            f"{len(lost)} 个号码打不通或两次没有答复:{listed}",
            f"numbers that failed, or did not answer twice: {len(lost)} ({listed})",
        ),
        do=Text("当面核对号码,改正后导入名册", "ask them in person, and mend the roster"),
    )


def _messages(app: App, engine: Engine) -> Iterator[Finding]:
    site = app.people.site(engine)
    plans, bad = app.library.load_all(engine, site)
    for error in bad:
        do = Text("emergency playbook check 后改正", "mend it; see: emergency playbook check")
        yield Finding(id="playbook", level="error", says=_first_mistakes(error), do=do)
    spoken = sorted({*BUILT_IN, *(p.language for p in app.people.roster(engine).people.values())})
    long = [f"{plan.id}/{name} ({lang})" for plan in plans.values() for name, lang in too_long(plan, site, spoken)]
    if long:
        do = Text("缩短 do、headline 或地点简称", "shorten do, headline or the place's short name")
        shown = ", ".join(long[:6]) + ("…" if len(long) > 6 else "")
        says = Text(
            f"{len(long)} 条首发短信会超过一段:{shown}", f"{len(long)} first texts may need two pieces: {shown}"
        )
        yield Finding(id="length", level="warning", says=says, do=do)
    elif plans:
        yield _good(
            "length",
            f"{len(plans)} 个预案的首发短信都在一段之内",
            f"the first texts of {len(plans)} plans fit one piece each",
        )


def _first_mistakes(error: EmergencyError) -> Text:
    zh, en = ("\n    ".join(error.of(lang).splitlines()[:MISTAKES_SHOWN]) for lang in ("zh", "en"))
    more = len(str(error).splitlines()) - MISTAKES_SHOWN
    return Text(zh, en) if more <= 0 else Text(f"{zh}\n    ……还有 {more} 处", f"{en}\n    ... and {more} more")


def too_long(plan: Playbook, site: Site, languages: Sequence[str] = BUILT_IN) -> Iterator[tuple[str, str]]:
    """Yield (step, language) of first texts that need more than one piece at the longest-named place."""
    for language in languages:
        places = [p.short.of(language) for p in site.places if p.kind in (plan.place, "site")]
        place = max(places, key=len, default="")
        for state in plan.states:
            headline = (state.headline or plan.title).of(language)
            for step in state.steps:
                line = Line(
                    kind="task",
                    language=language,
                    mode="real",
                    code=f"{plan.code}99",
                    sign=site.signature.of(language),
                    ref=f"{plan.code}99AA",
                    values={
                        "headline": headline,
                        "place": place,
                        "role": site.duty(step.role).title.of(language),
                        "do": step.do.of(language),
                        "zone": "",
                    },
                    keys=plan_keys(step, language),
                )
                if segments(render_sms([line], {}, {})) > 1:
                    yield f"{state.name}.{step.name}", language


def _languages(app: App, engine: Engine) -> Iterator[Finding]:
    """What is missing of the languages that the roster names beside zh and en."""
    from emergency.languages.survey import unready

    for id, says, do in unready(app, engine):
        yield Finding(id=id, level="warning", says=says, do=do)


def _drills(app: App, engine: Engine) -> Iterator[Finding]:
    """Whether drills on real telephones are possible; one that should be over; a line that nobody has restored."""
    from emergency.drills.live.readiness import waiting

    if any("live_drill" in n.abilities.modes for n in app.notifiers):
        yield _good(
            "drills",
            "可以做真实通信演练,发送方与真实警报分开",
            "drills on real telephones are possible, by a sender of their own",
        )
    else:
        yield _good(
            "drills",
            "不能做真实通信演练;要做就设 TWILIO_DRILL_FROM,须与 TWILIO_FROM 不同",
            "no drills on real telephones; for those set TWILIO_DRILL_FROM, another than TWILIO_FROM",
        )
    for id, says, do in waiting(engine):
        yield Finding(id=id, level="error", says=says, do=do)


def _capacity(app: App, engine: Engine) -> Iterator[Finding]:
    people = len(app.people.roster(engine).people)
    for notifier in _real(app):
        rate = notifier.abilities.per_second
        took = timedelta(seconds=people / rate)
        device = Text("条短信", "text") if notifier.channel == "sms" else Text("通电话", "call")
        many = "" if rate == 1 else "s"
        zh = f"{people:,} 人,每秒 {rate:g} {device.zh},全部叫到要 {_length(took).zh}"
        en = f"{people:,} people at {rate:g} {device.en}{many} a second take {_length(took).en}"
        if took > SLOW_WAVE:
            do = Text(
                "用短号码或 Messaging Service,并设 TWILIO_SMS_PER_SECOND",
                "use a short code or a Messaging Service, and set the rate",
            )
            yield Finding(id="capacity", level="warning", says=Text(zh, en), do=do)
        else:
            yield _good("capacity", zh, en)


def _length(length: timedelta) -> Text:
    seconds = math.ceil(length.total_seconds())
    if seconds < 120:
        return Text(f"{seconds} 秒", f"{seconds} s")
    minutes = math.ceil(seconds / 60)
    return Text(f"{minutes} 分钟", f"{minutes} minutes")


def _real(app: App) -> list[Notifier]:
    return [n for n in app.notifiers if "real" in n.abilities.modes]


async def _provider(app: App) -> list[Finding]:
    real = _real(app)
    if not real:
        do = Text("设置 TWILIO_ACCOUNT_SID 等,见 README", "set TWILIO_ACCOUNT_SID and its fellows; see the README")
        return [
            Finding(
                id="provider", level="error", says=Text("没有真实通道", "no provider: nothing real can be sent"), do=do
            )
        ]
    found = []
    for notifier in real:
        if isinstance(notifier, AnswersForItself):
            found.append(await _ask(notifier, app))
    for notifier in real:
        await notifier.close()
    return found


async def _ask(notifier: AnswersForItself, app: App) -> Finding:
    try:
        theirs = await notifier.examine()
    except PermanentFailure:
        do = Text("核对 TWILIO_ACCOUNT_SID 和 TWILIO_AUTH_TOKEN", "check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN")
        return Finding(
            id="provider",
            level="error",
            says=Text("短信平台不认账号", "the provider does not accept our account"),
            do=do,
        )
    except TemporaryFailure as error:
        do = Text("查网络、代理和防火墙", "check the network, the proxy and the firewall")
        says = Text(f"连不上短信平台({error.reason})", f"the provider cannot be reached ({error.reason})")
        return Finding(id="provider", level="error", says=says, do=do)
    apart = abs(app.clock.now() - theirs)
    if apart > CLOCKS_APART:
        do = Text("打开网络校时(NTP)", "switch on network time (NTP)")
        says = Text(
            f"本机时钟与平台差 {_length(apart).zh}", f"this machine's clock is {_length(apart).en} off the provider's"
        )
        return Finding(id="clock", level="error", says=says, do=do)
    return _good("provider", "短信平台认账号,时钟一致", "the provider accepts our account, and the clocks agree")


def _public_address(
    app: App, hooks: Hooks | None, post: Callable[[str, bytes, dict[str, str]], int] | None
) -> list[Finding]:
    url = app.settings.public_url
    if url is None or hooks is None:
        if not _real(app):
            return []
        do = Text(
            "设 EMERGENCY_PUBLIC_URL;没有也行,回复每 4 秒取一次",
            "set EMERGENCY_PUBLIC_URL; without it replies are fetched every 4 s",
        )
        return [
            Finding(
                id="address",
                level="warning",
                says=Text("没有公网地址,电话不能按键", "no public address: calls take no keys"),
                do=do,
            )
        ]
    if post is None:
        return []
    path = f"/hooks/{hooks.name}/status/doctor/1"
    form = [("MessageSid", "SM" + "0" * 32), ("MessageStatus", "delivered")]
    body = "&".join(f"{k}={v}" for k, v in form).encode()
    headers = {hooks.signature_header: hooks.sign(path, form), "Content-Type": "application/x-www-form-urlencoded"}
    status = post(url + path, body, headers)
    if status == 404:  # signed, read, and rightly no delivery of ours
        return [_good("address", "公网地址通,签名对", "the public address answers and signatures agree")]
    if status == 403:
        do = Text(
            "EMERGENCY_PUBLIC_URL 须与平台里填的一字不差",
            "EMERGENCY_PUBLIC_URL must be exactly what the provider posts to",
        )
        return [
            Finding(
                id="address",
                level="error",
                says=Text("公网地址通,但签名不对", "the address answers, but refuses the signature"),
                do=do,
            )
        ]
    do = Text(
        "查域名、证书、端口转发,并确认服务在运行", "check name, certificate and forwarding, and that the server runs"
    )
    says = Text(
        f"公网地址不通({status or '无回应'})", f"the public address does not lead to us ({status or 'no answer'})"
    )
    return [Finding(id="address", level="error", says=says, do=do)]


def _links(app: App, post: Callable[[str, bytes, dict[str, str]], int] | None) -> Iterator[Finding]:
    """Whether links can be signed, and whether they lead to us: a proxy may pass on the hooks and nothing else."""
    if not app.links.possible:
        return
    try:
        app.links.examine()
    except SettingsError as error:
        do = Text(f"{error.of('zh')};在此之前短信里没有答复链接", f"until then texts carry no link: {error}")
        says = Text("答复链接的密钥用不了", "the key that links are signed with cannot be used")
        yield Finding(id="links", level="error", says=says, do=do)
        return
    if post is None:
        return
    status = post(f"{app.settings.public_url}/a", b"", {})
    if status == 204:
        yield _good("links", "短信里的答复链接打得开", "links in texts lead to us")
        return
    do = Text("让代理把 /a 和 /a/… 也转给本服务", "let the proxy pass /a and /a/... on to the server too")
    says = Text(
        f"短信里的答复链接打不开({status or '无回应'})", f"links in texts do not lead to us ({status or 'no answer'})"
    )
    yield Finding(id="links", level="error", says=says, do=do)


def post_form(url: str, body: bytes, headers: dict[str, str]) -> int:
    """Post a form and return the status; 0 when nobody answers within five seconds."""
    import urllib.error
    import urllib.request

    if not url.startswith(("http://", "https://")):
        return 0
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")  # noqa: S310 - checked above
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def document(findings: list[Finding]) -> dict[str, Any]:
    """Return the findings for JSON."""
    return {"findings": [msgspec.to_builtins(f) for f in findings], "errors": sum(f.level == "error" for f in findings)}
