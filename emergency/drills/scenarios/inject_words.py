"""An inject in words: who or what it is about, what it does, and how far. Pure; names are handed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from emergency.core.playbook import Playbook
from emergency.core.site import Site
from emergency.core.values import SEVERITY_WORDS, Severity, Text
from emergency.drills.rehearsals.masks import length
from emergency.drills.scenario import Inject

Named = Callable[[str], str]
DEVICES = {"sms": Text("短信", "SMS"), "voice": Text("电话", "calls")}
FAILURES = {
    "reject": Text("当场拒发", "refused at once"),
    "delay": Text("迟到", "late"),
    "accept_without_receipt": Text("收下却无回执", "taken, and never receipted"),
    "rate_limit": Text("每分钟只过几条", "a few a minute get through"),
}
FORMS = {
    "until": Text("到{value}为止", "until {value}"),
    "late": Text("迟 {value}", "by {value}"),
    "by": Text("由{value}", "by {value}"),
    "channels": Text("{value}", "{value}"),
    "reply": Text("“{value}”", "“{value}”"),
    "reason": Text("理由:{value}", "because: {value}"),
    "failure": Text("{value}", "{value}"),
    "affects": Text("涉及 {value}", "affects {value}"),
    "playbook": Text("{value}", "{value}"),
    "severity": Text("{value}", "{value}"),
    "value": Text("{value}", "{value}"),
    "answer": Text("{value}", "{value}"),
    "to": Text("转为“{value}”", "to “{value}”"),
    "check": Text("清单逐项已确认", "every line of the checklist confirmed"),
}
YES_NO = {"yes": Text("是", "yes"), "no": Text("否", "no")}
END = Text("演练结束", "the end")


class Words:
    """Puts the target and the params of injects into words.

    names: roster id to name. plan, site: what states, agencies and places are called; without them, by their ids.
    """

    def __init__(self, names: Mapping[str, str], lang: str, plan: Playbook | None, site: Site | None) -> None:
        self.names = names
        self.lang = lang
        self.plan = plan
        self.site = site

    def target(self, word: str) -> str:
        """Return what a target is called: channel, person, role, agency, place or fact; else as it stands."""
        if word in DEVICES:
            return DEVICES[word].of(self.lang)
        if word == "command":
            return Text("指挥", "who commands").of(self.lang)
        return self.names.get(word) or self._of_the_plan(word) or self._of_the_site(word) or word

    def _of_the_plan(self, word: str) -> str:
        fact = self.plan.fact(word) if self.plan is not None else None
        return fact.ask.of(self.lang) if fact is not None else ""

    def _of_the_site(self, word: str) -> str:
        if self.site is None:
            return ""
        if word.startswith("role."):
            return self.site.duty(word.removeprefix("role.")).title.of(self.lang)
        agency = self.site.agency(word)
        if agency is not None:
            return agency.name.of(self.lang)
        return next((place.name.of(self.lang) for place in self.site.places if place.id == word), "")

    def params(self, inject: Inject) -> str:
        """Return the params in words, in their order, with commas; nothing where there are none."""
        return ", ".join(self._param(inject.kind, name, value) for name, value in inject.params.items())

    def _param(self, kind: str, name: str, value: str) -> str:
        form = "late" if name == "by" and kind in ("person.late", "channel.slow", "channel.outage") else name
        said = self._value(form, value)
        return FORMS[form].of(self.lang).format(value=said) if form in FORMS else said

    def _value(self, form: str, value: str) -> str:
        match form:
            case "until":
                return END.of(self.lang) if value == "end" else _clock(value)
            case "late":
                return _clock(value)
            case "to":
                return self._state(value)
            case "severity" if value in Severity.__members__:
                return SEVERITY_WORDS[Severity[value]].of(self.lang)
            case "failure" if value in FAILURES:
                return FAILURES[value].of(self.lang)
            case "value" if value in YES_NO:
                return YES_NO[value].of(self.lang)
            case "channels" | "affects" | "by":
                return Text("、", ", ").of(self.lang).join(self.target(each.strip()) for each in value.split(","))
        return value

    def _state(self, name: str) -> str:
        states = self.plan.states if self.plan is not None else ()
        return next((state.title.of(self.lang) for state in states if state.name == name), name)


def _clock(value: str) -> str:
    """Return a length as a clock shows it: 10m is 10:00."""
    try:
        seconds = int(length(value).total_seconds())
    except ValueError:
        return value
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60:02d}:{rest % 60:02d}"
