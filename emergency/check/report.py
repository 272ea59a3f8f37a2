"""What was found, as lines for a person, as a document, and as SARIF 2.1.0 for editors and CI."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from emergency.check.catalogue import CHECKS
from emergency.check.waivers import dotted
from emergency.core.values import Text

if TYPE_CHECKING:
    from emergency.check.plan import Proof
    from emergency.check.run import Found

Document = dict[str, Any]
WORDS = {
    "error": Text("", ""),
    "warning": Text("提醒: ", "warning: "),
    "info": Text("说明: ", "note: "),
    "waived": Text("已豁免: ", "waived: "),
}
LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def sentence(found: Found, lang: str) -> str:
    """Return the plain sentence of a finding."""
    finding = found.finding
    return finding.zh if lang == "zh" and finding.zh else finding.says


def line(found: Found, lang: str) -> str:
    """Return a finding as one line: how much it weighs, where it stands, what is wrong, and the id of the check."""
    where = f"{found.file}:{found.line}: " if found.line else f"{found.file}: " if found.file else ""
    id = f" [{found.finding.id}]" if found.finding.id else ""
    return f"{WORDS[found.counts].of(lang)}{where}{sentence(found, lang)}{id}"


def lines(found: Found, lang: str) -> list[str]:
    """Return a finding with its story, what to do about it, and who answers for it."""
    out, finding = [line(found, lang)], found.finding
    if finding.trace:
        out.append("    " + " → ".join(step.of(lang) for step in finding.trace))
    if found.waiver is not None:
        w = found.waiver
        out.append(
            Text(
                f"    {w.name} 负责至 {w.until}:{w.reason}", f"    {w.name} answers for it until {w.until}: {w.reason}"
            ).of(lang)
        )
    elif finding.fix is not None:
        out.append(Text("    改法:", "    to do: ").of(lang) + finding.fix.of(lang))
    return out


def both(text: Text) -> Document:
    """Return a text in both languages."""
    return {"zh": text.zh, "en": text.en}


def document(found: Found, lang: str) -> Document:
    """Return a finding as a document."""
    finding, waiver = found.finding, found.waiver
    return {
        "id": finding.id,
        "severity": finding.severity,
        "plan": found.plan,
        "file": found.file,
        "line": found.line,
        "path": dotted(finding.path),
        "says": finding.says,
        "zh": finding.zh or finding.says,
        "text": line(found, lang),
        "trace": [both(step) for step in finding.trace],
        "fix": both(finding.fix) if finding.fix else None,
        "waived": {"name": waiver.name, "reason": waiver.reason, "until": str(waiver.until)} if waiver else None,
    }


def proof_document(proof: Proof) -> Document:
    """Return what was proved: how many situations were walked through, and the worst case of each milestone."""
    return {
        "explored": msgspec.to_builtins(proof.explored),
        "milestones": [
            {
                "name": each.name,
                "title": both(each.title),
                "target_s": each.target.total_seconds(),
                "worst_s": None if each.worst is None else each.worst.total_seconds(),
                "source": each.source,
                "story": [both(step) for step in each.story],
            }
            for each in proof.milestones
        ],
    }


# SARIF


def sarif(found: Iterable[Found], version: str, uri: Callable[[str], str], lang: str = "en") -> Document:
    """Return the findings as a SARIF 2.1.0 log of one run.

    Args:
        uri: turns the name of a file into a URI, relative to the place the command was given where that is possible.
    """
    all_ = list(found)
    ids = list(dict.fromkeys(each.finding.id or "P00" for each in all_))
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "emergency playbook check",
                        "semanticVersion": version,
                        "rules": [_rule(id, lang) for id in ids],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(each, ids, uri, lang) for each in all_],
            }
        ],
    }


def _rule(id: str, lang: str) -> Document:
    severity, words = CHECKS.get(id, ("error", Text(id, id)))
    return {
        "id": id,
        "shortDescription": {"text": words.of(lang)},
        "fullDescription": {"text": f"{words.zh} {words.en}"},
        "help": {"text": f"docs/checks.md: {id}"},
        "defaultConfiguration": {"level": LEVELS[severity]},
    }


def _result(found: Found, ids: Sequence[str], uri: Callable[[str], str], lang: str) -> Document:
    finding = found.finding
    id = finding.id or "P00"
    here = {
        "physicalLocation": {
            "artifactLocation": {"uri": uri(found.file)},
            "region": {"startLine": max(1, found.line)},
        }
    }
    result: Document = {
        "ruleId": id,
        "ruleIndex": ids.index(id),
        "level": LEVELS[finding.severity],
        "message": {"text": sentence(found, lang) + (f" ({finding.fix.of(lang)})" if finding.fix else "")},
        "locations": [here],
        "partialFingerprints": {"planCheckPath/v1": f"{found.plan}:{id}:{dotted(finding.path)}"},
    }
    if finding.trace:
        steps = [{"location": {**here, "message": {"text": step.of(lang)}}} for step in finding.trace]
        result["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    if found.waiver is not None:
        why = f"{found.waiver.name}, until {found.waiver.until}: {found.waiver.reason}"
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": why}]
    return result


def summary(found: Sequence[Found], lang: str) -> Iterator[str]:
    """Yield how many findings there are of each weight."""
    for counts, words in (
        ("error", Text("错误", "mistakes")),
        ("warning", Text("提醒", "warnings")),
        ("info", Text("说明", "notes")),
        ("waived", Text("已豁免", "waived")),
    ):
        number = sum(each.counts == counts for each in found)
        if number:
            yield Text(f"{number} 处{words.zh}", f"{number} {words.en}").of(lang)
