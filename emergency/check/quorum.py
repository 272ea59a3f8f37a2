"""Steps that want several people to answer: so many are called at all, and so many are there at every hour (R11)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from emergency.core import playbook as p
from emergency.core.check import Finding, Path
from emergency.core.values import Text

FIX = Text("减少 quorum,或多叫几人", "lower `quorum`, or call more people")


def wanted(plan: p.Playbook) -> Iterator[tuple[Path, p.Step]]:
    """Yield every step that names a quorum, with the path of it."""
    for state in plan.states:
        for step in state.steps:
            if step.quorum:
                yield ("states", state.name, "steps", step.name, "quorum"), step


def more_than_are_called(plan: p.Playbook) -> Iterator[Finding]:
    """Yield quorums that the plan itself can never reach: each holder has one ladder, and each ladder finds one."""
    heads = {call.role: call.heads for call in plan.roles}
    for path, step in wanted(plan):
        called = 1 if step.per is not None else heads.get(step.role, 1)
        if step.call_out == "each" and step.quorum > called:
            yield Finding(
                path,
                f"this waits for {step.quorum} of '{step.role}' to answer, and the plan asks {called}",
                "error",
                "R11",
                f"这里等 {step.quorum} 名 {step.role} 应答,预案只叫 {called} 名",
                fix=FIX,
            )


def more_than_are_there(
    plan: p.Playbook, shifts: Sequence[tuple[Text, Mapping[str, Sequence[str]]]]
) -> Iterator[Finding]:
    """Yield quorums for which a shift has too few people who could take the role, deputies among them.

    Args:
        shifts: each with its name, and role to the people who could take it.
    """
    for path, step in wanted(plan):
        counts = [(len(able.get(step.role, ())), words) for words, able in shifts]
        short = [(count, words) for count, words in counts if count < step.quorum]
        if not short:
            continue
        there, least = min(short, key=lambda each: each[0])
        zh = "、".join(words.zh for _, words in short)
        en = ", ".join(words.en for _, words in short)
        yield Finding(
            path,
            f"this waits for {step.quorum} of '{step.role}' to answer; the roster gives {there} on: {en}",
            "error",
            "R11",
            f"这里等 {step.quorum} 名 {step.role} 应答,名册在以下班次只有 {there} 人:{zh}",
            (
                Text(f"{least.zh} 启动预案", f"{least.en}: the plan is started"),
                Text(f"能应答的只有 {there} 人", f"{there} can answer, and no more"),
            ),
            Text("减少 quorum,或给该班次更多人此角色", "lower `quorum`, or give the role to more people of that shift"),
        )
