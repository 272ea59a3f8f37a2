"""People who are played: what the model says of everybody, drawn for one run of a drill.

Every throw has a name (`dice.throw`): seed, run, person, what is asked, how often it was asked before. So nobody's
throws depend on another's, nor on what was asked when; two plans that are compared meet the same people
(common random numbers).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from statistics import NormalDist

from emergency.core.incident import ASKING, BESIDE, Alert, Incident, StepRun
from emergency.drills.dice import throw
from emergency.drills.people import Act, Arrival, Route
from emergency.drills.players.model import BY_SHIFT, Model, is_night
from emergency.drills.scenario import Override

ABROAD = "off_duty_day"
"""The profile of somebody whom nobody has put in one: a person who joined the roster while the drill ran."""
_normal = NormalDist().inv_cdf


def lognormal(median: float, sigma: float, u: float) -> float:
    """Return the length below which a share *u* of a log-normal lies; 0 where its median is."""
    return median * math.exp(sigma * _normal(u))


class Played:
    """Everybody of a drill (`people.Players`), drawn from the model; each person when first asked for."""

    def __init__(
        self,
        model: Model,
        profiles: Mapping[str, str],
        seed: int,
        run: int = 0,
        overrides: Sequence[Override] = (),
        decisions: Mapping[str, str] | None = None,
        *,
        teams: Mapping[str, str] | None = None,
    ) -> None:
        """Take the figures of *model* for the people in *profiles* (person to profile).

        Args:
            run: which of many runs with this seed. overrides: what single people do whatever the model says.
            decisions: step to the answer that is given; a step that is not named gets its first.
            teams: person to who is reachable or not together with them; without, those of one profile.
        """
        self.model = model
        self._profiles = profiles
        self._overrides = {each.person: each for each in overrides}
        self._decisions = decisions or {}
        self._teams = teams or {}
        self._stream = f"{seed}/{run}"
        self._players: dict[str, _Player] = {}
        self._shared: dict[str, float] = {}
        self._turns: dict[tuple[str, str], tuple[int, float]] = {}
        self._turns_of: dict[tuple[str, str, str | None], int] = {}
        self._remote: dict[tuple[str, str], bool] = {}
        self._begins: datetime | None = None

    def route(self, person: str, channel: str, delivery: str, at: datetime) -> Route:
        """Return what becomes of a message handed over at *at*: the way of a text, or who picks up a call."""
        if self._begins is None:
            self._begins = at
        player = self._player(person)
        return player.rings(delivery, at, self._begins) if channel == "voice" else player.is_sent()

    def hears(self, arrival: Arrival) -> Sequence[Act]:
        """Return what the person does about a text or a call: one look at all that it asks, then the work."""
        incident, at, player = arrival.incident, arrival.at, self._player(arrival.person)
        asked = [alert for alert in arrival.alerts if alert.kind in ASKING and alert.status == "open"]
        begins = incident.opened if self._begins is None else min(self._begins, incident.opened)
        moment = player.answers(arrival, begins) if asked else None
        if moment is None:
            return ()
        if player.declines:
            return [Act(moment - at, "decline", alert.id) for alert in asked if player.is_sooner(alert.id, at, moment)]
        acts: list[Act] = []
        for alert in asked:
            sooner = player.is_sooner(alert.id, at, moment)
            if sooner or arrival.channel == "voice":  # whoever listens to a call presses its key whatever they wrote
                acts.append(Act(moment - at, "ack", alert.id))
            if sooner:
                acts.extend(self._work(player, incident, alert, at, moment))
        return acts

    def _player(self, person: str) -> _Player:
        if person not in self._players:
            override = self._overrides.get(person)
            said = override.profile if override is not None and override.profile != BY_SHIFT else ""
            profile = said or self._profiles.get(person, ABROAD)
            team = self._shared_luck(self._teams.get(person, profile))
            self._players[person] = _Player(self.model, profile, person, f"{self._stream}/{person}", team, override)
        return self._players[person]

    def _shared_luck(self, team: str) -> float:
        if team not in self._shared:
            self._shared[team] = _normal(throw(f"{self._stream}/team/{team}"))
        return self._shared[team]

    def _work(self, player: _Player, incident: Incident, alert: Alert, at: datetime, moment: datetime) -> Sequence[Act]:
        run = incident.steps.get(alert.step or "")
        if run is None or run.status != "open" or run.name in BESIDE:
            return ()
        turn, seconds = self._length(incident, run)
        if player.only_says_so(run, turn):
            return ()
        begins = moment if self._by_telephone(incident, run.role) else player.is_there(incident, moment)
        done = begins + timedelta(seconds=seconds)
        return (Act(done - at, "done", alert.id, self._answer(incident, run)),)

    def _length(self, incident: Incident, run: StepRun) -> tuple[int, float]:
        """Return how often this step was begun before, and the seconds it takes this time, whoever does it."""
        key = (incident.id, run.id)
        if key not in self._turns:
            same = (incident.playbook.id, run.name, run.zone)
            turn = self._turns_of[same] = self._turns_of.get(same, -1) + 1
            w = self.model.of_world
            target = (run.due - run.started).total_seconds() if run.due is not None else 0.0
            median = w("work_share") * target if target > 0 else w("work_untimed_s")
            task = f"work/{incident.playbook.id}/{run.name}/{run.zone}"
            u = throw(f"{self._stream}/{task}/{turn}")
            self._turns[key] = turn, lognormal(median, w("work_sigma"), u)
        return self._turns[key]

    def _by_telephone(self, incident: Incident, role: str) -> bool:
        """Whether whoever holds *role* need not be in the building: command never need (as the roster has it)."""
        key = (incident.id, role)
        if key not in self._remote:
            duty = incident.site.duty(role)
            self._remote[key] = duty.command or duty.remote
        return self._remote[key]

    def _answer(self, incident: Incident, run: StepRun) -> str:
        step = incident.plan_of(run)
        if step is None or not step.decision:
            return ""
        return self._decisions.get(step.name) or step.decision[0].name


class _Player:
    """One person of one run."""

    def __init__(
        self, model: Model, profile: str, person: str, stream: str, team: float, override: Override | None
    ) -> None:
        self.habits = habits = model.habits(profile, person)
        self.stream = stream
        self.first = override.first_ack if override else None
        self.never = bool(override and override.never)
        together = model.of_world("team_correlation")
        luck = math.sqrt(together) * team + math.sqrt(1 - together) * _normal(throw(f"{stream}/available"))
        self.reachable = self.first is not None or luck < _quantile(habits.available)
        self.replies = self.first is not None or throw(f"{stream}/replies") < habits.replies_by_text
        self.declines = self.first is None and throw(f"{stream}/declines") < habits.declines
        self.delay = lognormal(habits.reply_median_s, habits.reply_sigma, throw(f"{stream}/delay"))
        self.texts = self.calls = 0
        self.nth: dict[str, int] = {}
        self.reads: datetime | None = None
        self.answered: datetime | None = None
        self.there: datetime | None = None
        self.waiting: dict[str, datetime] = {}

    def is_sent(self) -> Route:
        """Return the way of a text."""
        n, h = self.texts, self.habits
        self.texts += 1
        u = throw(f"{self.stream}/text/{n}")
        if self.first is not None:
            return Route(timedelta(seconds=min(h.text_median_s, lognormal(h.text_median_s, h.text_sigma, u))))
        if u < h.text_lost:
            return Route(timedelta(0), silent=True)
        u = (u - h.text_lost) / (1 - h.text_lost)
        seconds = lognormal(h.text_median_s, h.text_sigma, u)
        return Route(timedelta(seconds=seconds), unheeded=self.never or not self.reachable or not self.replies)

    def rings(self, delivery: str, at: datetime, begins: datetime) -> Route:
        """Return who picks up a call: the person, nobody, a machine."""
        n, h = self.calls, self.habits
        self.calls += 1
        self.nth[delivery] = n
        if self._picks_up(n, at, begins):
            return Route(timedelta(seconds=h.ring_s))
        machine = throw(f"{self.stream}/machine/{n}") < h.voicemail
        return Route(timedelta(seconds=h.unanswered_s), fails="machine" if machine else "no_answer")

    def _picks_up(self, n: int, at: datetime, begins: datetime) -> bool:
        if self.never or not self.reachable:
            return False
        if self.first is not None:
            return at + timedelta(seconds=self.habits.call_s) >= begins + self.first
        return throw(f"{self.stream}/call/{n}") < self.habits.answers_call

    def answers(self, arrival: Arrival, begins: datetime) -> datetime | None:
        """Return when this person answers what has just arrived, or None."""
        if self.never or not self.reachable:
            return None
        moment = self._presses(arrival) if arrival.channel == "voice" else self._writes(arrival)
        if self.first is not None and self.answered is None:
            moment = max(arrival.at, begins + self.first)
        if moment is not None:
            self.answered = moment if self.answered is None else min(moment, self.answered)
        return moment

    def _presses(self, arrival: Arrival) -> datetime | None:
        h = self.habits
        n = self.nth.get(arrival.delivery, self.calls)
        if self.first is None and throw(f"{self.stream}/key/{n}") >= h.presses_key:
            return None
        return arrival.at + timedelta(seconds=max(1.0, h.call_s - h.ring_s))

    def _writes(self, arrival: Arrival) -> datetime | None:
        """Return when a text is answered: whoever takes the telephone up reads all that has come until then."""
        member = arrival.incident.members.get(arrival.person)
        if not self.replies or (member is not None and not member.two_way):
            return None
        if self.reads is None or self.reads < arrival.at:
            attentive = self.answered is not None and self.answered <= arrival.at
            delay = self.delay * self.habits.attentive if attentive else self.delay
            self.reads = arrival.at + timedelta(seconds=delay)
        return self.reads

    def is_sooner(self, alert: str, at: datetime, moment: datetime) -> bool:
        """Return whether an answer at *moment* comes before one that is still to come; it is the one that counts."""
        coming = self.waiting.get(alert)
        if coming is not None and at <= coming <= moment:
            return False
        self.waiting[alert] = moment
        return True

    def only_says_so(self, run: StepRun, turn: int) -> bool:
        """Return whether this person acknowledges the step and does nothing about it."""
        if self.first is not None:
            return False
        return throw(f"{self.stream}/false/{run.name}/{run.zone}/{turn}") < self.habits.false_ack

    def is_there(self, incident: Incident, moment: datetime) -> datetime:
        """Return when somebody who has answered at *moment* can begin: at once, or when they have come."""
        h = self.habits
        if not h.travel_median_s:
            return moment
        if self.there is None:
            seconds = lognormal(h.travel_median_s, h.travel_sigma, throw(f"{self.stream}/travel"))
            hour = (moment.astimezone(UTC) + timedelta(minutes=incident.offset)).hour
            self.there = moment + timedelta(seconds=seconds * (h.night_turnout if is_night(hour) else 1.0))
        return max(moment, self.there)


def _quantile(share: float) -> float:
    """Return below which value of a normal a *share* lies; for all and nobody, too."""
    if share <= 0:
        return -math.inf
    return _normal(share) if share < 1 else math.inf
