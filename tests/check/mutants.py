"""Ways to break a plan, each by a program: what is changed, where, and why a checker must see it.

A mutator yields mutants of a plan: the broken plan, the path of what was broken, and the other places that would be as
right to name. It breaks only where its rule says that the plan is wrong afterwards; what stays sound is no mutant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple

from msgspec.structs import replace

from emergency.check.plan import Proof
from emergency.core import playbook as p
from emergency.core.playbook import simple
from emergency.core.values import Text

WRONG = "qqzx"
MINUTE = timedelta(minutes=1)


class Mutant(NamedTuple):
    """A broken plan. at: the path of what was broken; also: other places that may be named as well."""

    plan: p.Playbook
    at: tuple[Any, ...]
    also: tuple[tuple[Any, ...], ...] = ()


Mutator = Callable[[p.Playbook, Proof], Iterator[Mutant]]
MUTATORS: dict[str, Mutator] = {}
"""Every way to break the course of a plan. Its words and its people are broken in `mutants_people.py`."""


def mutator(make: Mutator) -> Mutator:
    """Keep a way to break plans under its name."""
    MUTATORS[make.__name__] = make
    return make


def with_state(plan: p.Playbook, name: str, **change: Any) -> p.Playbook:
    """The plan with one state changed."""
    return replace(plan, states=tuple(replace(s, **change) if s.name == name else s for s in plan.states))


def with_step(plan: p.Playbook, state: p.State, name: str, **change: Any) -> p.Playbook:
    """The plan with one step changed."""
    steps = tuple(replace(s, **change) if s.name == name else s for s in state.steps)
    return with_state(plan, state.name, steps=steps)


def with_leave(plan: p.Playbook, state: p.State, index: int, *new: p.Leave) -> p.Playbook:
    """The plan with one way out put otherwise, or several, or none in its place."""
    return with_state(plan, state.name, leave=(*state.leave[:index], *new, *state.leave[index + 1 :]))


def each_leave(plan: p.Playbook) -> Iterator[tuple[p.State, int, p.Leave, tuple[Any, ...]]]:
    """Every way out with its state, number and path."""
    for state in plan.states:
        for index, leave in enumerate(state.leave):
            yield state, index, leave, ("states", state.name, "leave", index)


def each_step(plan: p.Playbook) -> Iterator[tuple[p.State, p.Step, tuple[Any, ...]]]:
    """Every step with its state and path."""
    for state in plan.states:
        for step in state.steps:
            yield state, step, ("states", state.name, "steps", step.name)


def within(guard: p.Guard, change: Callable[[Any], Any]) -> p.Guard | None:
    """The guard with its first single question that *change* can change, or None."""
    if isinstance(guard, p.AnyOf | p.AllOf):
        for n, part in enumerate(guard.guards):
            new = change(part)
            if new is not None:
                return replace(guard, guards=(*guard.guards[:n], new, *guard.guards[n + 1 :]))
        return None
    if isinstance(guard, p.NotOf):
        new = change(guard.guard)
        return replace(guard, guard=new) if new is not None else None
    return change(guard)


def misspelt(field: str, *kinds: type) -> Callable[[Any], Any]:
    """A change that misspells one field of the given kinds of question."""
    return lambda g: replace(g, **{field: WRONG}) if isinstance(g, kinds) and getattr(g, field) is not None else None


FACTS = (p.FactIs, p.FactOver, p.FactUnder, p.FactMissing, p.FactTold, p.FactReaches, p.TimeLeftUnder)


def guards_of(plan: p.Playbook, change: Callable[[Any], Any]) -> Iterator[Mutant]:
    """Mutants in which one guard of a way out or of a step is changed."""
    for state, index, leave, at in each_leave(plan):
        if leave.when is not None and (new := within(leave.when, change)) is not None:
            yield Mutant(with_leave(plan, state, index, replace(leave, when=new)), (*at, "when"))
    for state, step, at in each_step(plan):
        if step.when is not None and (new := within(step.when, change)) is not None:
            yield Mutant(with_step(plan, state, step.name, when=new), (*at, "when"))


# ---- names ----------------------------------------------------------------------------------------------------------


@mutator
def misspell_a_target(plan, proof):
    """A way out leads to a state that is none."""
    for state, index, leave, at in each_leave(plan):
        if leave.to is not None:
            yield Mutant(with_leave(plan, state, index, replace(leave, to=leave.to[:-1] + "q")), (*at, "to"))


@mutator
def misspell_a_fact(plan, proof):
    """A guard asks for a fact that nobody declared."""
    yield from guards_of(plan, misspelt("fact", *FACTS))


@mutator
def misspell_a_step(plan, proof):
    """A guard asks for a step that its state has not."""
    yield from guards_of(plan, misspelt("step", p.StepIs))


@mutator
def misspell_an_answer(plan, proof):
    """A guard asks for an answer that the decision does not offer."""
    yield from guards_of(plan, misspelt("answer", p.StepIs))


@mutator
def misspell_a_strand(plan, proof):
    """A guard asks for a strand that no step is in."""
    yield from guards_of(plan, misspelt("strand", p.StrandDone))


@mutator
def misspell_a_clock(plan, proof):
    """A guard asks for a clock that the plan has not."""
    yield from guards_of(plan, misspelt("clock", p.ClockOver))


@mutator
def misspell_who_says_it(plan, proof):
    """A way out waits for the word of somebody who is nobody."""
    yield from guards_of(plan, misspelt("role", p.SaidBy))


@mutator
def misspell_a_value(plan, proof):
    """A guard compares a fact with a value that it never has."""

    def change(guard: Any) -> Any:
        fact = plan.fact(guard.fact) if isinstance(guard, p.FactIs) else None
        return replace(guard, value=WRONG) if fact is not None and fact.type in ("choice", "yes_no") else None

    yield from guards_of(plan, change)


@mutator
def misspell_a_role(plan, proof):
    """A step is for a role that the plan does not call."""
    for state, step, at in each_step(plan):
        yield Mutant(with_step(plan, state, step.name, role=WRONG), (*at, "role"))


@mutator
def misspell_an_agency(plan, proof):
    """A step calls an agency that the plan has not."""
    for state, step, at in each_step(plan):
        if step.call is not None:
            yield Mutant(with_step(plan, state, step.name, call=WRONG), (*at, "call"))


@mutator
def misspell_a_report(plan, proof):
    """A step reports a fact that nobody declared."""
    for state, step, at in each_step(plan):
        if step.reports:
            yield Mutant(with_step(plan, state, step.name, reports=(WRONG, *step.reports[1:])), (*at, "reports", 0))


@mutator
def misspell_a_milestone(plan, proof):
    """A milestone counts to a step, state or call that there is not."""
    for n, each in enumerate(plan.milestones):
        key = next(k for k in ("call", "step", "state") if getattr(each, k) is not None)
        new = (*plan.milestones[:n], replace(each, **{key: WRONG}), *plan.milestones[n + 1 :])
        yield Mutant(replace(plan, milestones=new), ("milestones", each.name))


@mutator
def misspell_a_beginning(plan, proof):
    """An incident begins in a state that is none."""
    for n, each in enumerate(plan.begins):
        new = (*plan.begins[:n], replace(each, state=WRONG), *plan.begins[n + 1 :])
        yield Mutant(replace(plan, begins=new), ("begin", n), (("states", each.state),))


@mutator
def misspell_where_lateness_goes(plan, proof):
    """A late step goes to a state that is none."""
    for state, step, at in each_step(plan):
        if any(isinstance(o, p.Go) for o in step.late):
            late = tuple(p.Go(WRONG) if isinstance(o, p.Go) else o for o in step.late)
            yield Mutant(with_step(plan, state, step.name, late=late), (*at, "late"))


# ---- what is missing ------------------------------------------------------------------------------------------------


@mutator
def drop_every_wait(plan, proof):
    """A state says nothing any more for when everybody is silent."""
    for state in plan.states:
        if not state.final:
            leave = tuple(each for each in state.leave if each.after is None)
            yield Mutant(with_state(plan, state.name, leave=leave), ("states", state.name))


@mutator
def drop_every_way_out(plan, proof):
    """A state can only be waited in."""
    for state in plan.states:
        if any(each.to for each in state.leave):
            press = p.Nudge(role=plan.roles[0].role, do=Text("催", "press"))
            nudge = p.Leave(after=5 * MINUTE, source="practice", alert=press)
            steps = tuple(replace(step, late=p.DEFAULT_LATE) for step in state.steps)
            yield Mutant(with_state(plan, state.name, leave=(nudge,), steps=steps), ("states", state.name))


@mutator
def drop_every_way_into(plan, proof):
    """No way leads into a state any more."""
    begins = {begin.state for begin in plan.begins} | {plan.initial}
    for state in plan.states:
        if state.name in begins or state.ends in ("false_alarm", "cancelled"):
            continue
        states = tuple(
            replace(
                s,
                leave=tuple(each for each in s.leave if each.to != state.name),
                steps=tuple(replace(x, late=tuple(o for o in x.late if o != p.Go(state.name))) for x in s.steps),
            )
            for s in plan.states
        )
        yield Mutant(replace(plan, states=states), ("states", state.name))


@mutator
def drop_the_final_mark(plan, proof):
    """No state is final."""
    for state in plan.states:
        if state.final:
            yield Mutant(with_state(plan, state.name, final=False), ("states",))


@mutator
def drop_the_end(plan, proof):
    """No state stands down, or none says that it was nothing."""
    for kinds in (("stand_down",), ("false_alarm", "cancelled")):
        states = tuple(replace(s, ends=None) if s.ends in kinds else s for s in plan.states)
        yield Mutant(replace(plan, states=states), ("states",))


@mutator
def tell_nobody(plan, proof):
    """An end tells nobody."""
    for state in plan.states:
        if state.ends is not None:
            yield Mutant(with_state(plan, state.name, tells=False), ("states", state.name))


@mutator
def drop_a_source(plan, proof):
    """A time target does not say whose rule it is."""
    for state, step, at in each_step(plan):
        if step.done is not None:
            yield Mutant(with_step(plan, state, step.name, source=""), at)
    for state, index, leave, at in each_leave(plan):
        if leave.after is not None:
            yield Mutant(with_leave(plan, state, index, replace(leave, source="")), at)


@mutator
def drop_an_answer(plan, proof):
    """A decision loses an answer that a guard waits for."""
    for state, step, at in each_step(plan):
        asked = {
            g.answer
            for leave in state.leave
            for g in simple(leave.when)
            if isinstance(g, p.StepIs) and g.step == step.name
        }
        for answer in step.decision:
            if answer.name in asked:
                left = tuple(each for each in step.decision if each is not answer)
                yield Mutant(with_step(plan, state, step.name, decision=left), at)


@mutator
def drop_what_is_reported(plan, proof):
    """Nobody is asked any more for a fact that a guard needs."""
    read = {
        name
        for state in plan.states
        for leave in state.leave
        for g in simple(leave.when)
        for key in ("fact", "other")
        if isinstance(name := getattr(g, key, None), str)
    }
    begun = {getattr(g, "fact", None) for begin in plan.begins for g in simple(begin.when)}
    before = {f.says for f in proof.findings}
    for fact in sorted(read - begun):
        states = tuple(
            replace(
                s,
                steps=tuple(
                    replace(
                        x,
                        reports=tuple(f for f in x.reports if f != fact),
                        decision=tuple(
                            replace(a, tells={k: v for k, v in a.tells.items() if k != fact}) for a in x.decision
                        ),
                    )
                    for x in s.steps
                ),
            )
            for s in plan.states
        )
        if fact != "battery_minutes" and not any(f"fact '{fact}' is asked here" in says for says in before):
            yield Mutant(replace(plan, states=states), ("facts", fact), (("states",), ("severity",)))


@mutator
def nobody_can_call_it_off(plan, proof):
    """No way leads from the beginning to a false alarm."""
    nothing = {s.name for s in plan.states if s.ends in ("false_alarm", "cancelled")}
    first = next((b.state for b in plan.begins if b.when is None), plan.initial)
    state = plan.state(first)
    leave = tuple(each for each in state.leave if each.to not in nothing)
    if leave != state.leave:
        yield Mutant(with_state(plan, first, leave=leave), ("states", first))


@mutator
def ask_the_deputy_too_late(plan, proof):
    """A call that is due within two minutes has nobody else to ask before."""
    for state, step, at in each_step(plan):
        if step.call is not None and step.done is not None and step.done < 2 * MINUTE:
            yield Mutant(with_step(plan, state, step.name, late=(p.Remind(),)), (*at, "late"))


# ---- ways that cannot be taken --------------------------------------------------------------------------------------


@mutator
def shadow_a_way(plan, proof):
    """An earlier way out takes every situation of a later one."""
    for state, index, leave, at in each_leave(plan):
        others = [s.name for s in plan.states if s.name not in (leave.to, state.name) and not s.final]
        said = any(isinstance(g, p.SaidBy) for g in simple(leave.when))
        if leave.to is not None and leave.when is not None and not said and others:
            wide = replace(leave, to=others[0])
            yield Mutant(with_leave(plan, state, index, wide, leave), (*at[:2], "leave"))


@mutator
def ask_the_impossible(plan, proof):
    """A guard wants a fact to be yes and no at once."""
    for state, index, leave, at in each_leave(plan):
        fact = next((g for g in simple(leave.when) if isinstance(g, p.FactIs)), None)
        if leave.to is not None and fact is not None:
            both = p.AllOf((fact, p.FactIs(fact.fact, other_value(plan, fact))))
            if both.guards[1].value is not None:
                yield Mutant(with_leave(plan, state, index, replace(leave, when=both)), (*at, "when"))


def other_value(plan: p.Playbook, guard: p.FactIs) -> Any:
    """Another value that the fact may have, or None."""
    fact = plan.fact(guard.fact)
    if fact is None or fact.type not in ("yes_no", "choice"):
        return None
    return next((v for v in (fact.choices or ("yes", "no")) if v != guard.value), None)


@mutator
def ask_for_two_answers(plan, proof):
    """A join waits for two answers of one decision that is taken once."""
    for state, index, leave, at in each_leave(plan):
        asked = next((g for g in simple(leave.when) if isinstance(g, p.StepIs) and g.answer is not None), None)
        step = next((s for s in state.steps if asked is not None and s.name == asked.step), None)
        if leave.to is None or step is None or step.every is not None or step.per is not None or len(step.decision) < 2:
            continue
        two = p.AllOf(tuple(p.StepIs(step.name, a.name) for a in step.decision[:2]))
        yield Mutant(with_leave(plan, state, index, replace(leave, when=two)), (*at, "when"))


@mutator
def wait_longer_than_the_state(plan, proof):
    """A guard or a step waits for a stay that the state's own time cuts off."""
    for state in plan.states:
        ends = min((e.after for e in state.leave if e.to is not None and e.after is not None), default=None)
        if ends is None:
            continue
        late = p.ClockOver("state", ends + MINUTE)
        for step in state.steps:
            if step.when is None:
                at = ("states", state.name, "steps", step.name, "when")
                yield Mutant(with_step(plan, state, step.name, when=late), at)
        for index, leave in enumerate(state.leave):
            if leave.to is not None and leave.when is not None:
                at = ("states", state.name, "leave", index)
                yield Mutant(with_leave(plan, state, index, replace(leave, when=late)), at)


@mutator
def wait_twice_as_long(plan, proof):
    """Two ways out wait for the same time, or one waits behind the other."""
    for state, index, leave, at in each_leave(plan):
        if leave.to is None or leave.after is None:
            continue
        other = next((s.name for s in plan.states if s.name not in (leave.to, state.name)), None)
        if other is not None:
            for after in (leave.after, leave.after + MINUTE):
                new = replace(leave, to=other, after=after)
                yield Mutant(with_leave(plan, state, index, leave, new), (*at[:3], index + 1))


@mutator
def contradict_a_rule(plan, proof):
    """A rule of severity can never hold."""
    for n, rule in enumerate(plan.raises):
        over = next((g for g in simple(rule.when) if isinstance(g, p.FactOver)), None)
        if over is not None:
            never = p.AllOf((over, p.FactUnder(over.fact, over.value)))
            new = (*plan.raises[:n], replace(rule, when=never), *plan.raises[n + 1 :])
            yield Mutant(replace(plan, raises=new), ("severity", "raise", n))


@mutator
def begin_always_in_the_first_line(plan, proof):
    """A beginning without a question stands before others."""
    if len(plan.begins) > 1 or (plan.begins and plan.begins[0].when is not None):
        first = replace(plan.begins[-1], when=None)
        new = (first, *(b for b in plan.begins if b.when is not None))
        yield Mutant(replace(plan, begins=new), ("begin",))


@mutator
def want_two_people_as_one(plan, proof):
    """A way out wants the word of two people who would have to be one."""
    for state, index, leave, at in each_leave(plan):
        said = list(dict.fromkeys(g for g in simple(leave.when) if isinstance(g, p.SaidBy)))
        if len(said) > 1:
            new = replace(leave, when=p.AllOf(tuple(said[:2])))
            yield Mutant(with_leave(plan, state, index, new), (*at, "when"))


# ---- round and round ------------------------------------------------------------------------------------------------


@mutator
def close_a_loop(plan, proof):
    """Two states pass an incident on to one another by the same fact, in no time."""
    for state, _, leave, at in each_leave(plan):
        fact = next((g for g in simple(leave.when) if isinstance(g, p.FactIs) and not g.dwell), None)
        if leave.to is None or fact is None or plan.state(leave.to).final or leave.to == state.name:
            continue
        there = plan.state(leave.to)
        back = with_state(plan, there.name, leave=(p.Leave(to=state.name, when=fact), *there.leave))
        here = back.state(state.name)
        new = with_state(back, state.name, leave=(p.Leave(to=there.name, when=fact), *here.leave))
        yield Mutant(new, at, (("states", state.name), ("states", there.name)))


@mutator
def go_round_in_silence(plan, proof):
    """Silence leads back to where it came from."""
    for found in proof.silence:
        if len(found.ways) == 0 or found.rests == found.state or plan.state(found.rests).final:
            continue
        end = plan.state(found.rests)
        back = p.Leave(to=found.ways[0].start, after=MINUTE, source="practice")
        ring = {way.to for way in found.ways} | {found.state}
        new = with_state(plan, end.name, leave=(*end.leave, back))
        yield Mutant(new, ("states", end.name), tuple(("states", name) for name in sorted(ring)))


@mutator
def never_come_to_the_end(plan, proof):
    """The last way to the final state leads back into the plan."""
    finals = {s.name for s in plan.states if s.final}
    states = tuple(
        replace(s, leave=tuple(replace(e, to=plan.initial) if e.to in finals else e for e in s.leave))
        for s in plan.states
    )
    yield Mutant(replace(plan, states=states), ("states",))


@mutator
def leave_an_answer_without_a_way(plan, proof):
    """One answer of a decision leads nowhere, and neither does time nor a word."""
    for state in plan.states:
        step = next(
            (s for s in state.steps if len(s.decision) > 1 and s.every is None and s.per is None and not s.when), None
        )
        if state.final or step is None:
            continue
        nudge = p.Leave(after=5 * MINUTE, source="practice", alert=p.Nudge(role=step.role, do=Text("催", "press")))
        to = next((leave.to for leave in state.leave if leave.to is not None), None)
        if to is None:
            continue
        only = p.Leave(to=to, when=p.StepIs(step.name, step.decision[0].name))
        steps = tuple(replace(s, late=p.DEFAULT_LATE) for s in state.steps)
        yield Mutant(with_state(plan, state.name, leave=(only, nudge), steps=steps), ("states", state.name))


# ---- times ----------------------------------------------------------------------------------------------------------


@mutator
def lengthen_a_wait_over_a_milestone(plan, proof):
    """A wait on the silent way to a milestone is longer than its target."""
    for reached in proof.milestones:
        if not reached.silent:
            continue
        here = next((s.state for s in proof.silence if s.state == plan.initial), None)
        for found in proof.silence:
            if found.state != here:
                continue
            for way in found.ways:
                state = plan.state(way.start)
                for index, leave in enumerate(state.leave):
                    passed = any(line.en.endswith(f"-> {way.to}") for line in reached.story)
                    if leave.to == way.to and leave.after == way.stay and passed:
                        new = with_leave(plan, state, index, replace(leave, after=reached.target + leave.after))
                        yield Mutant(new, ("states", state.name), (("milestones", reached.name),))


@mutator
def lengthen_the_step_of_a_milestone(plan, proof):
    """The step that a milestone counts to has longer than the milestone."""
    for each, reached in zip(plan.milestones, proof.milestones, strict=True):
        if not reached.silent:
            continue
        states = tuple(
            replace(
                s,
                steps=tuple(
                    replace(x, done=each.within + MINUTE)
                    if x.done and (x.name == each.step or (each.call and x.call == each.call))
                    else x
                    for x in s.steps
                ),
            )
            for s in plan.states
        )
        if each.state is None:
            yield Mutant(replace(plan, states=states), ("milestones", each.name), (("states",),))


@mutator
def lengthen_a_legal_time(plan, proof):
    """A step of the law has longer than the law."""
    for state, step, at in each_step(plan):
        if step.source in ("L1.9", "L18.17") and step.done is not None:
            yield Mutant(with_step(plan, state, step.name, done=step.done + timedelta(days=31)), (*at, "done"))


@mutator
def wait_for_nothing(plan, proof):
    """A wait is no time at all, or reminds nobody."""
    for state, index, leave, at in each_leave(plan):
        if leave.after is not None:
            yield Mutant(with_leave(plan, state, index, replace(leave, after=timedelta(0))), (*at, "after"))
            if leave.to is None:
                yield Mutant(with_leave(plan, state, index, replace(leave, alert=None)), at)


@mutator
def remind_before_the_message_is_there(plan, proof):
    """A reminder follows after a few seconds."""
    for state, index, leave, at in each_leave(plan):
        if leave.to is None and leave.after is not None:
            new = replace(leave, after=timedelta(seconds=20))
            yield Mutant(with_leave(plan, state, index, new), (*at, "after"))


@mutator
def start_a_clock_by_nobody(plan, proof):
    """A clock counts from a moment that nobody tells."""
    for clock in plan.clocks:
        facts = tuple(replace(f, unless_told=None) if f.name == clock.since else f for f in plan.facts)
        states = tuple(
            replace(
                s, steps=tuple(replace(x, reports=tuple(f for f in x.reports if f != clock.since)) for x in s.steps)
            )
            for s in plan.states
        )
        yield Mutant(
            replace(plan, facts=facts, states=states), ("clocks", clock.name), (("states",), ("facts", clock.since))
        )


@mutator
def give_a_fact_a_wrong_type(plan, proof):
    """A fact that is compared with numbers is a text."""
    numbers = {
        g.fact
        for leave in (leave for s in plan.states for leave in s.leave)
        for g in simple(leave.when)
        if isinstance(g, p.FactOver | p.FactUnder)
    }
    for fact in sorted(numbers):
        facts = tuple(replace(f, type="text", unless_told=None) if f.name == fact else f for f in plan.facts)
        yield Mutant(replace(plan, facts=facts), ("facts", fact), (("states",), ("severity",)))


# ---- what need not be wrong -----------------------------------------------------------------------------------------
# These breakages are mistakes in one place and sound in another. The rule beside each says which is which; what the
# rule calls sound is no mutant, for a plan that does less, or the same in another order, is a plan all the same.

EQUIVALENT = {
    "remove_a_way_out": "another way leads to the same state, the state keeps a wait, and nothing is called off less",
    "swap_a_guard": "the state has a step, with such an answer, as the guard asks for",
    "drop_a_default": "the state still reminds somebody, so that silence is heard",
}
"""For each of these kinds, when the breakage leaves a plan as sound as it was."""


@mutator
def remove_a_way_out(plan, proof):
    """One way out is gone, and it was the only one into a state, or the last wait."""
    for state, index, leave, at in each_leave(plan):
        new = with_leave(plan, state, index)
        last_wait = leave.after is not None and not any(e.after is not None for e in new.state(state.name).leave)
        into = {e.to for s in new.states for e in s.leave if s.name != e.to}
        into |= {o.state for s in new.states for x in s.steps for o in x.late if isinstance(o, p.Go)}
        into |= {begin.state for begin in plan.begins} | {plan.initial}
        into |= {s.name for s in plan.states if s.ends in ("false_alarm", "cancelled")}
        if last_wait or (leave.to is not None and leave.to not in into):
            yield Mutant(new, at, (("states", leave.to), ("states",)) if not last_wait else ())


@mutator
def swap_a_guard(plan, proof):
    """A guard stands in a state that has no such step."""
    asking = [
        (state.name, leave.when)
        for state, _, leave, _ in each_leave(plan)
        if any(isinstance(g, p.StepIs) for g in simple(leave.when))
    ]
    for n, (state, index, leave, at) in enumerate(each_leave(plan)):
        if leave.when is None or not asking:
            continue
        _, guard = asking[n % len(asking)]
        steps = {step.name: {a.name for a in step.decision} for step in state.steps}
        wanted = [g for g in simple(guard) if isinstance(g, p.StepIs)]
        if any(g.step not in steps or (g.answer is not None and g.answer not in steps[g.step]) for g in wanted):
            yield Mutant(with_leave(plan, state, index, replace(leave, when=guard)), (*at, "when"))


@mutator
def drop_a_default(plan, proof):
    """A decision has no answer for silence any more."""
    for state, index, leave, at in each_leave(plan):
        decides = any(step.decision for step in state.steps)
        if decides and leave.to is not None and leave.after is not None:
            new = with_leave(plan, state, index)
            if not any(e.after is not None for e in new.state(state.name).leave):
                yield Mutant(new, at)
