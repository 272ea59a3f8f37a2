"""Reading TwiML: a document becomes a list of verbs, or is refused with the reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.etree import ElementTree


class BadTwiml(Exception):
    """The document is not TwiML that this fake understands."""


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb: its name, its attributes, its text, and the verbs inside it."""

    name: str
    attributes: dict[str, str]
    text: str
    inner: list[Verb] = field(default_factory=list)

    def get(self, name: str, default: str = "") -> str:
        """Return an attribute, or *default* where it is not given."""
        return self.attributes.get(name, default)

    def number(self, name: str, default: float) -> float:
        """Return an attribute as a number.

        Raises:
            BadTwiml: it is not one.

        """
        text = self.get(name, str(default))
        try:
            return float(text)
        except ValueError:
            raise BadTwiml(f"<{self.name} {name}={text!r}> is not a number") from None


VOICE_VERBS = frozenset({"Say", "Gather", "Redirect", "Hangup", "Pause", "Reject"})
SMS_VERBS = frozenset({"Message", "Redirect"})

_INNER = {"Gather": frozenset({"Say", "Pause"}), "Message": frozenset({"Body", "Media"})}


def parse(document: str, verbs: frozenset[str]) -> list[Verb]:
    """Return the verbs of *document*, which may use those named in *verbs*.

    Raises:
        BadTwiml: not XML, no <Response> around it, or a verb that is not among *verbs*.

    """
    if "<!DOCTYPE" in document or "<!ENTITY" in document:
        raise BadTwiml("a document type is not allowed")
    try:
        root = ElementTree.fromstring(document.strip())
    except ElementTree.ParseError as error:
        raise BadTwiml(f"not XML: {error}") from error
    if root.tag != "Response":
        raise BadTwiml(f"the outermost element is <{root.tag}>, not <Response>")
    return [_verb(element, verbs) for element in root]


def _verb(element: ElementTree.Element, allowed: frozenset[str]) -> Verb:
    if element.tag not in allowed:
        raise BadTwiml(f"<{element.tag}> is not a verb that may stand here")
    if element.tag in {"Say", "Body"}:  # marked-up speech: its words count
        return Verb(element.tag, dict(element.attrib), " ".join("".join(element.itertext()).split()))
    inner = [_verb(child, _INNER.get(element.tag, frozenset())) for child in element]
    return Verb(element.tag, dict(element.attrib), (element.text or "").strip(), inner)
